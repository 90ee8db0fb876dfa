"""UNLOAD's grammar: everything after TO in any order, every option known or refused (AWS: r_UNLOAD)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from include.sandbox.redshift.copy import options as common
from include.sandbox.redshift.copy.authorization import Authorization
from include.sandbox.redshift.copy.options import Grammar, Options
from include.sandbox.redshift.errors import SYNTAX_ERROR, RedshiftError, unsupported
from include.sandbox.redshift.plan import Plan
from include.sandbox.redshift.sql.identifiers import name_of
from include.sandbox.redshift.sql.statement import Statement, split

MEGABYTE = 1 << 20
SIZES = {"mb": MEGABYTE, "gb": 1 << 30}
SMALLEST, LARGEST = 5 * MEGABYTE, int(6.2 * (1 << 30))
# Redshift has them, the sandbox does not.
MISSING = {"fixedwidth", "kms_key_id", "master_symmetric_key", "rowgroupsize"}
TEXT_ONLY = {"delimiter", "fixedwidth", "addquotes", "escape", "null", "header"}
EXCLUDED = {
    "parquet": TEXT_ONLY | {"gzip", "bzip2", "zstd", "csv", "json"},
    "json": TEXT_ONLY | {"csv"},
    "csv": {"fixedwidth", "escape", "addquotes"},
    "cleanpath": {"allowoverwrite"},
}


@dataclass(frozen=True)
class UnloadCommand:
    """An UNLOAD command, read and checked.

    Args:
        query: the query, for PostgreSQL.
        target: the S3 URL that the names of all files start with.
        authorization: how S3 is reached.
        format: text, csv, json or parquet.
        region: AWS region of the bucket; None for the cluster's.
        compression: gzip, bzip2, zstd, or None.
        delimiter: what separates the fields of a line.
        header: whether each file begins with the columns' names.
        add_quotes: whether each field stands in quotation marks.
        escape: whether special characters of text columns get a backslash.
        null: what stands for NULL.
        manifest: whether there is a manifest.
        verbose: whether it tells sizes and types.
        parallel: whether files are named by slice.
        overwrite: whether existing files are replaced.
        clean: whether what is there is removed first.
        largest: bytes a file may have.
        extension: what the names end with; None for the compression's or the format's own.
        partition: columns by whose values files lie in folders.
        include: whether these columns stand in the files too.
        encrypted: whether S3 is asked to encrypt the files; else, and with AUTO, it does as the bucket says.
    """

    query: str
    target: str
    authorization: Authorization
    format: str
    region: str | None
    compression: str | None
    delimiter: str
    header: bool
    add_quotes: bool
    escape: bool
    null: str
    manifest: bool
    verbose: bool
    parallel: bool
    overwrite: bool
    clean: bool
    largest: int
    extension: str | None
    partition: tuple[str, ...]
    include: bool
    encrypted: bool


def unload_command(statement: Statement, translate: Callable[[Statement], Plan]) -> Plan:
    """Reads UNLOAD ('query') TO 's3://…' authorization [options].

    Args:
        statement: the statement.
        translate: what translates the query.

    Raises:
        RedshiftError: an option is unknown, missing, given twice or in conflict, or not done in the sandbox.
    """
    expected = [statement[1].is_symbol("("), statement[2].kind == "string", statement[3].is_symbol(")"),
                statement[4].is_word("to"), statement[5].kind == "string"]  # fmt: skip
    if not all(expected):
        raise statement.error(1 + expected.index(False))
    options = _UnloadOptions(statement, 6)
    GRAMMAR.read(options)
    command = options.command(_query(statement[2].value, translate), statement[5].value)
    return Plan(statement.render(), "UNLOAD", load=command)


def _query(text: str, translate: Callable[[Statement], Plan]) -> str:
    statements = split(text)
    if len(statements) != 1:
        raise RedshiftError("UNLOAD takes one query", SYNTAX_ERROR)
    (inner,) = statements
    if inner.verb not in ("SELECT", "WITH") and not inner[0].is_symbol("("):
        raise inner.error(0)
    _refuse_limit(inner)
    plan = translate(inner)
    if plan.locks or plan.before or plan.after or plan.load:
        raise unsupported("UNLOAD of a statement that is no query")
    return plan.sql


def _refuse_limit(query: Statement) -> None:
    """The outer SELECT takes no LIMIT (AWS: r_UNLOAD, usage notes), nor TOP, which is the same."""
    depth = 0
    for token in query.tokens:
        depth += token.is_symbol("(") - token.is_symbol(")")
        if depth == 0 and token.is_word("limit", "top"):
            raise unsupported("Limit clause", hint="nest it: SELECT … FROM (SELECT … LIMIT n)")


@dataclass
class _UnloadOptions(Options):
    """UNLOAD's options read so far."""

    partition: tuple[str, ...] = ()
    include: bool = False
    encrypted: bool = False
    verbose: bool = False
    parallel: bool = True
    largest: int = LARGEST

    def command(self, query: str, target: str) -> UnloadCommand:
        if not target.startswith("s3://") or not target.removeprefix("s3://").partition("/")[0]:
            raise RedshiftError(f"'{target}' is not an S3 path (s3://bucket/prefix)", "22023")
        for word, others in EXCLUDED.items():
            self.exclude(word, others)
        formats = [word for word in ("csv", "json", "parquet") if word in self.given]
        given = self.given
        return UnloadCommand(
            query, target, self.authorized(), formats[0] if formats else "text", given.get("region"),
            self.compression(), self._delimiter(), "header" in given, "addquotes" in given, "escape" in given,
            given.get("null", ""), "manifest" in given, self.verbose, self.parallel, "allowoverwrite" in given,
            "cleanpath" in given, self.largest, given.get("extension"), self.partition, self.include,
            self.encrypted,
        )  # fmt: skip

    def _delimiter(self) -> str:
        delimiter = self.given.get("delimiter", "," if "csv" in self.given else "|")
        if len(delimiter) != 1 or not delimiter.isascii() or delimiter in '\n\r\0"\\':
            raise RedshiftError("DELIMITER takes a single ASCII character", "22023")
        return delimiter


def _format(options: _UnloadOptions) -> None:
    GRAMMAR.format(options, {"csv", "json", "parquet"})


def _manifest(options: _UnloadOptions) -> None:
    options.verbose = options.skip("verbose")


def _encrypted(options: _UnloadOptions) -> None:
    """Without a key of the client's it is S3's own encryption (awswrangler sends it so: _unload)."""
    options.encrypted = not options.skip("auto")


def _parallel(options: _UnloadOptions) -> None:
    options.parallel = not options.skip("off", "false")
    if options.parallel:
        options.skip("on", "true")


def _largest(options: _UnloadOptions) -> None:
    options.skip("as")
    token = options.statement[options.at]
    if token.kind != "number":
        raise options.statement.error(options.at)
    options.at += 1
    unit = SIZES.get(options.statement[options.at].value, MEGABYTE)
    options.skip(*SIZES)
    options.largest = int(float(token.value) * unit)
    if not SMALLEST <= options.largest <= LARGEST:
        raise RedshiftError("MAXFILESIZE must be between 5 MB and 6.2 GB", "22023")


def _partition(options: _UnloadOptions) -> None:
    statement = options.statement
    if not options.skip("by") or not statement[options.at].is_symbol("("):
        raise statement.error(options.at)
    names = statement.arguments(options.at)
    if not names or any(first != last or not statement[first].is_name for first, last in names):
        raise statement.error(options.at + 1)
    options.partition = tuple(name_of(statement[first]) for first, _ in names)
    options.at = statement.closing(options.at) + 1
    options.include = options.skip("include")


def _extension(options: _UnloadOptions) -> None:
    options.given["extension"] = options.text()


READERS: dict[str, Callable[[_UnloadOptions], None]] = {
    **common.COMMON, "format": _format, "csv": common.nothing, "json": common.nothing, "parquet": common.nothing,
    "partition": _partition, "manifest": _manifest, "header": common.nothing,
    "delimiter": common.characters("delimiter"), "null": common.characters("null"), "addquotes": common.nothing,
    "escape": common.nothing, "allowoverwrite": common.nothing, "cleanpath": common.nothing, "parallel": _parallel,
    "maxfilesize": _largest, "extension": _extension, "encrypted": _encrypted,
}  # fmt: skip
GRAMMAR = Grammar(READERS, MISSING)
