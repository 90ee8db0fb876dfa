"""Which tables there are and their columns, as the SQL says that creates them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

Tables = Mapping[str, Sequence[str]]

COMMENT = re.compile(r"--[^\n]*")
SCHEMA = re.compile(r"\{\{ (\w+)\(\) \}\}")
INCLUDE = re.compile(r"\{% set (\w+) = (\w+)\(\) ~ '(\.\w+)' %\}\{% include '([^']+)' %\}")
CREATE = re.compile(r"\bcreate table (?:if not exists )?(\S+) \(")
ADD_COLUMN = re.compile(r"\balter table (\S+) add column (\w+)")
OF_TABLES = {"primary", "foreign", "unique", "constraint"}  # what else stands between the commas of CREATE TABLE


def key_of(table: str) -> str:
    """The name by which a table is looked up: its schema's macro and its own name, e.g. ``run.songplays``."""
    return SCHEMA.sub(r"\1", table).replace('"', "")


def declared_tables(folder: Path, files: Sequence[str]) -> Tables:
    """Read the columns of all tables from the SQL that creates them.

    It knows what that SQL uses: CREATE TABLE with columns or LIKE, ALTER TABLE ... ADD COLUMN, and files that are
    included with the table's name as a variable. Every process that parses the DAG does this, and to compile and render
    the templates would take longer than to import all of this package.

    Args:
        folder: below which the files are.
        files: templates, in the order in which they are run.

    Returns:
        The columns, in order, by table name as :func:`key_of` writes it.
    """
    tables: dict[str, list[str]] = {}
    for file in files:
        sql = SCHEMA.sub(r"\1", COMMENT.sub("", _with_includes(folder, file)))
        for found in CREATE.finditer(sql):
            tables[key_of(found[1])] = list(_columns(sql[found.end() :], tables))
        for table, column in ADD_COLUMN.findall(sql):
            tables[key_of(table)].append(column)
    return tables


def _with_includes(folder: Path, file: str) -> str:
    def included(found: re.Match[str]) -> str:
        variable, schema, table, other = found.groups()
        return (folder / other).read_text().replace(f"{{{{ {variable} }}}}", f"{schema}{table}")

    return INCLUDE.sub(included, (folder / file).read_text())


def _columns(after: str, tables: Tables) -> Iterator[str]:
    """The columns of a table.

    Args:
        after: the SQL after the parenthesis that begins their list.
        tables: those that are known already.
    """
    listed, depth = "", 1
    for character in after:
        depth += (character == "(") - (character == ")")
        if depth == 0:
            break
        if depth == 1 and character != ")":
            listed += character
    for item in listed.split(","):
        first, *rest = item.split()
        if first == "like":
            yield from tables[key_of(rest[0])]
        elif first not in OF_TABLES:
            yield first
