"""Every SQL template renders with the macros that the DAG gives it, and is Redshift's."""

import json
import re
from pathlib import Path
from types import SimpleNamespace

import pytest
import sqlfluff
from airflow.sdk.definitions._internal.templater import SandboxedEnvironment
from jinja2 import FileSystemLoader

from sparkify.macros import MACROS

ROOT = Path(__file__).parents[2]
SQL = ROOT / "include" / "sql"
TEMPLATES = sorted(SQL.rglob("*.sql"))
KEPT = [f"bind.{kind}_days" for kind in ("resolved", "quarantine", "results", "runs", "books")]
CONTEXT = {
    "run_id": "manual__1",
    "dag_run": SimpleNamespace(dag_id="sparkify", run_id="manual__1"),
    "var": {"value": {}},
    "params": {},
    "events": "#recent_events",
    **MACROS,
}


def rendered(path):
    return SandboxedEnvironment(loader=FileSystemLoader(SQL)).from_string(path.read_text()).render(CONTEXT)


def bound(sql):
    """The SQL with a text in place of each value that is bound."""
    return re.sub(r"%\((\w+)\)s", r"'\1'", sql)


def test_there_are_templates():
    folders = {"check", "create", "load", "maintain", "observe", "publish", "reports", "stale"}
    assert {path.parent.name for path in TEMPLATES} == folders


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_it_renders_and_parses_as_redshift(path):
    sql = rendered(path)
    assert "{{" not in sql
    sqlfluff.parse(bound(sql), dialect="redshift", config_path=str(ROOT / ".sqlfluff"))


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_values_are_bound_and_published_tables_are_never_truncated(path):
    text = path.read_text()
    names = set(re.findall(r"\{\{(.*?)\}\}", text))
    assert {name.strip() for name in names} <= {
        "star()", "run()", "reader_role()", "bind.start", "bind.end", "bind.start_ms", "bind.end_ms", "bind.run_id",
        "bind.since", "bind.only", "bind.day", *KEPT, "events", "fresh_hours", "not_older('staged', 'known')",
        "keeps_contract",
    }  # fmt: skip
    assert not re.search(r"\btruncate\b", text, re.IGNORECASE), "it commits on Redshift (AWS: r_TRUNCATE)"


def test_staging_columns_are_in_the_order_of_the_jsonpaths(tmp_path):
    from include.sandbox import sample

    sample.generate(tmp_path, days=1)
    paths = json.loads((tmp_path / "log_json_path.json").read_text())["jsonpaths"]
    keys = [re.fullmatch(r"\$\['(\w+)'\]", path).group(1).lower() for path in paths]
    ddl = rendered(SQL / "create" / "run_schema.sql")
    body = re.search(r"\.staging_events \((.*?)\n\)", ddl, re.DOTALL).group(1)
    assert [line.split()[0] for line in body.strip().splitlines()] == keys
