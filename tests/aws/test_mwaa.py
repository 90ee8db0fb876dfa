"""What a managed Airflow is given works as it would lie there: one folder of DAGs, plugins elsewhere."""

import json
import subprocess
import sys
from zipfile import ZipFile

import pytest
from packaging.requirements import Requirement

from include.aws.__main__ import main
from include.aws.mwaa import ON_WORKER, bundle

PARSE = """
import json
from airflow.dag_processing.dagbag import DagBag
bag = DagBag("dags")
print(json.dumps({"errors": bag.import_errors, "tasks": {name: len(dag.tasks) for name, dag in bag.dags.items()}}))
"""


@pytest.fixture
def worker(tmp_path):
    """A worker's folder, laid out as MWAA does it: `dags` is the folder of DAGs, `plugins` the unpacked archive."""
    dags, plugins, _ = bundle(tmp_path / "build")
    home = tmp_path / "airflow"
    home.mkdir()
    dags.rename(home / "dags")
    with ZipFile(plugins) as archive:
        archive.extractall(home / "plugins")
    return home


def test_airflow_parses_both_dags_without_the_repository(worker):
    environment = {
        "AIRFLOW_HOME": str(worker),
        "AIRFLOW__CORE__DAGS_FOLDER": str(worker / "dags"),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(worker / "plugins"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{worker}/airflow.db",
        "PATH": "/usr/bin:/bin",
    }
    command = [sys.executable, "-c", PARSE]
    done = subprocess.run(command, env=environment, cwd=worker, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["errors"] == {}
    assert set(found["tasks"]) == {"sparkify", "sparkify_maintenance"}
    assert found["tasks"]["sparkify"] > 10


def test_providers_are_installed_as_they_are_pinned(tmp_path):
    dags, _, requirements = bundle(tmp_path)
    first, *lines = requirements.read_text().splitlines()
    assert first == f'--constraint "{ON_WORKER}"'
    assert {Requirement(line).name for line in lines} >= {
        "apache-airflow-providers-amazon", "apache-airflow-providers-common-sql", "apache-airflow-providers-slack"
    }  # fmt: skip
    constraints = (dags / "constraints.txt").read_text().splitlines()
    assert set(lines) <= set(constraints)
    assert not [line for line in constraints if Requirement(line).extras], "pip takes no extras in constraints"


def test_the_same_files_make_the_same_archive(tmp_path, capsys):
    assert main(["mwaa", str(tmp_path / "one")]) == 0
    assert str(tmp_path / "one" / "plugins.zip") in capsys.readouterr().out
    bundle(tmp_path / "two")
    assert (tmp_path / "one" / "plugins.zip").read_bytes() == (tmp_path / "two" / "plugins.zip").read_bytes()
    with ZipFile(tmp_path / "one" / "plugins.zip") as archive:
        names = archive.namelist()
    assert {".airflowignore", "sparkify/star.py"} <= set(names)
    assert not [name for name in names if "__pycache__" in name]
