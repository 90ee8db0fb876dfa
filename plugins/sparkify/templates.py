"""The templates of `include/sql` outside of any run: Airflow renders those that tasks run."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from sparkify.macros import MACROS

SQL = Path(__file__).parents[2] / "include" / "sql"


def rendered(name: str, star: Callable[[], str], **names: object) -> str:
    """The SQL of a template.

    Args:
        name: below `include/sql`.
        star: the macro that tells the schema of the published tables.
        names: what it names beside the macros.
    """
    return _environment().get_template(name).render({**MACROS, "star": star, **names})


@cache
def _environment() -> Environment:
    return Environment(loader=FileSystemLoader(SQL), undefined=StrictUndefined)  # noqa: S701 - it renders SQL
