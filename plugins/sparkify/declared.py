"""Which tables and views there are, as the SQL says that creates them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

Tables = Mapping[str, Mapping[str, str]]

COMMENT = re.compile(r"--[^\n]*")
SCHEMA = re.compile(r"\{\{ (\w+)\(\) \}\}")
INCLUDE = re.compile(r"\{% set (\w+) = (\w+)\(\) ~ '(\.\w+)' %\}\{% include '([^']+)' %\}")
CREATE = re.compile(r"\bcreate table (?:if not exists )?(\S+) \(")
ADD_COLUMN = re.compile(r"\balter table (\S+) add column (\w+) ([^;]+)")
VIEW = re.compile(r"\bcreate (?:or replace )?view [^;]+")
OF_TABLES = {"primary", "foreign", "unique", "constraint"}  # what else stands between the commas of CREATE TABLE
AFTER_TYPE = re.compile(r" (?:not null|null|default|encode|distkey|sortkey|primary key|unique|references)\b.*")


def key_of(table: str) -> str:
    """The name by which a table is looked up: its schema's macro and its own name, e.g. ``run.songplays``."""
    return SCHEMA.sub(r"\1", table).replace('"', "")


@dataclass(frozen=True)
class Declared:
    """The tables and views of some files, read when they are asked for.

    It knows what that SQL uses: CREATE VIEW, CREATE TABLE with columns or LIKE, ALTER TABLE ... ADD COLUMN, and files
    that are included with the table's name as a variable. Every process that parses the DAG does this, and to compile
    and render the templates would take longer than to import all of this package.

    Attributes:
        folder: below which the files are.
        files: templates, in the order in which they are run.
    """

    folder: Path
    files: Sequence[str]

    @cached_property
    def tables(self) -> Tables:
        """The types of all columns, in order, by table name as :func:`key_of` writes it."""
        tables: dict[str, dict[str, str]] = {}
        for sql in self._scripts:
            named = SCHEMA.sub(r"\1", sql)
            for found in CREATE.finditer(named):
                tables[key_of(found[1])] = dict(_columns(named[found.end() :], tables))
            for table, column, declaration in ADD_COLUMN.findall(named):
                tables[key_of(table)][column] = _type(declaration)
        return tables

    def views(self, schemas: Mapping[str, str]) -> list[str]:
        """The statements that create the views.

        Args:
            schemas: their names, by the macros that name them; a view of another schema is left out.
        """
        of = [found[0] for sql in self._scripts for found in VIEW.finditer(sql)]
        return [
            SCHEMA.sub(lambda macro: schemas[macro[1]], sql) for sql in of if set(SCHEMA.findall(sql)) <= set(schemas)
        ]

    @cached_property
    def _scripts(self) -> list[str]:
        return [COMMENT.sub("", _with_includes(self.folder, file)) for file in self.files]


def _with_includes(folder: Path, file: str) -> str:
    def included(found: re.Match[str]) -> str:
        variable, schema, table, other = found.groups()
        return (folder / other).read_text().replace(f"{{{{ {variable} }}}}", f"{schema}{table}")

    return INCLUDE.sub(included, (folder / file).read_text())


def _columns(after: str, tables: Tables) -> Iterator[tuple[str, str]]:
    """The columns of a table, and their types.

    Args:
        after: the SQL after the parenthesis that begins their list.
        tables: those that are known already.
    """
    for item in _items(after):
        first, *rest = item.split()
        if first == "like":
            yield from tables[key_of(rest[0])].items()
        elif first not in OF_TABLES:
            yield first, _type(" ".join(rest))


def _items(after: str) -> Iterator[str]:
    """What stands between the commas of a list, up to the parenthesis that ends it."""
    item, depth = "", 1
    for character in after:
        depth += (character == "(") - (character == ")")
        if depth == 0:
            break
        if depth == 1 and character == ",":
            yield item
            item = ""
        else:
            item += character
    yield item


def _type(declaration: str) -> str:
    """A column's type, of all that is declared of it."""
    return AFTER_TYPE.sub("", " ".join(declaration.split()))
