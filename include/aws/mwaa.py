"""What a managed Airflow (Amazon MWAA) is given: a folder to put into its bucket, plugins and requirements."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

REPOSITORY = Path(__file__).parents[2]
DAGS, PLUGINS, REQUIREMENTS, CONSTRAINTS = "sparkify", "plugins.zip", "requirements.txt", "constraints.txt"
# Where MWAA puts the folder of DAGs (AWS: configuring-dag-folder).
ON_WORKER = f"/usr/local/airflow/dags/{CONSTRAINTS}"
LEFT_OUT = ("__pycache__",)
EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest time that a zip file can tell: the same files make the same bytes


def bundle(folder: Path) -> list[Path]:
    """Writes all that MWAA needs, in place of what the folder held.

    The DAG finds its SQL beside its own folder, so that both lie in one folder of DAGs. Plugins are unpacked into
    Airflow's folder of plugins (AWS: configuring-dag-import-plugins). Providers are installed as we pin them: without
    constraints of ours MWAA would take its own (AWS: connections-packages).

    Args:
        folder: to be filled; made if missing.

    Returns:
        The folder of DAGs, the plugins and the requirements.
    """
    dags, plugins, requirements = folder / DAGS, folder / PLUGINS, folder / REQUIREMENTS
    shutil.rmtree(dags, ignore_errors=True)
    for part in ("dags", "include/sql"):
        shutil.copytree(REPOSITORY / part, dags / part, ignore=shutil.ignore_patterns(*LEFT_OUT))
    pins = (REPOSITORY / REQUIREMENTS).read_text()
    (dags / CONSTRAINTS).write_text(pins)
    providers = [line for line in pins.splitlines() if line.startswith("apache-airflow-providers-")]
    requirements.write_text("\n".join([f'--constraint "{ON_WORKER}"', *providers, ""]))
    with ZipFile(plugins, "w") as archive:
        for path in _files(REPOSITORY / "plugins"):
            info = ZipInfo(str(path.relative_to(REPOSITORY / "plugins")), EPOCH)
            info.external_attr = 0o644 << 16
            archive.writestr(info, path.read_bytes(), ZIP_DEFLATED)
    return [dags, plugins, requirements]


def _files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not set(LEFT_OUT) & set(path.parts):
            yield path
