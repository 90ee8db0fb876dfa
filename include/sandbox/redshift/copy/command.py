"""COPY's grammar: everything after FROM in any order, every option known or refused (AWS: r_COPY)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from include.sandbox.redshift.copy import options as common
from include.sandbox.redshift.copy.authorization import Authorization
from include.sandbox.redshift.copy.convert import Conversion
from include.sandbox.redshift.copy.dialect import Dialect
from include.sandbox.redshift.copy.options import Grammar, Options
from include.sandbox.redshift.errors import SYNTAX_ERROR, RedshiftError, unsupported
from include.sandbox.redshift.plan import Plan
from include.sandbox.redshift.sql.identifiers import name_of, qualified
from include.sandbox.redshift.sql.statement import Statement

LARGEST_MAXERROR = 100_000
UNLIMITED = 1 << 62
# Redshift has them, the sandbox does not.
MISSING = {
    "fixedwidth", "shapefile", "avro", "orc", "lzop", "encrypted", "readratio", "ssh", "master_symmetric_key",
    "explicit_ids", "simplify", "kms_key_id",
}  # fmt: skip
TEXT_ONLY = {"csv", "delimiter", "quote", "escape", "removequotes", "null", "fillrecord", "ignoreblanklines"}
FORMATS = {"json", "csv", "delimiter", "parquet"}
# AWS: copy-parameters-data-format: what JSON cannot be combined with, CSV likewise.
NOT_WITH_JSON, NOT_WITH_CSV = TEXT_ONLY | {"parquet"}, {"escape", "removequotes"}
# AWS: copy-usage_notes-copy-from-columnar. dlt also sends REGION and MAXERROR 0 with Parquet (dlt: impl/redshift).
WITH_PARQUET = {
    "format", "parquet", "acceptinvchars", "fillrecord", "iam_role", "access_key_id", "credentials", "statupdate",
    "manifest", "region", "maxerror", "serializetojson",
}  # fmt: skip


@dataclass(frozen=True)
class CopyCommand:
    """A COPY command, read and checked.

    Args:
        table: the target, as SQL.
        name: its bare name, for messages.
        columns: the column list; None for all columns.
        source: the S3 URL: a key prefix, or a manifest.
        authorization: how S3 is reached.
        jsonpaths: `auto`, `auto ignorecase`, `noshred`, or the S3 URL of a jsonpaths file; empty for another format.
        manifest: whether the source is a manifest.
        region: AWS region of the source; None for the cluster's.
        compression: gzip, bzip2, zstd, or None.
        max_errors: the load fails when it meets this many errors.
        ignore_header: physical lines skipped at the start of each file.
        noload: check only.
        conversion: how values are converted.
        format: JSON, Text or Parquet, as the load views name them (AWS: r_STL_LOAD_COMMITS).
        dialect: how a text file is written.
        serialize: whether nested columns of Parquet become SUPER.
    """

    table: str
    name: str
    columns: tuple[str, ...] | None
    source: str
    authorization: Authorization
    jsonpaths: str
    manifest: bool
    region: str | None
    compression: str | None
    max_errors: int
    ignore_header: int
    noload: bool
    conversion: Conversion
    format: str = "JSON"
    dialect: Dialect = field(default_factory=Dialect)
    serialize: bool = False


def copy_command(statement: Statement) -> Plan:
    """Reads COPY table [(columns)] FROM 's3://…' authorization [options].

    Raises:
        RedshiftError: an option is unknown, missing, given twice or in conflict, or not done in the sandbox.
    """
    if not statement[1].is_name:
        raise statement.error(1)
    table, at = qualified(statement, 1)
    name = name_of(statement[at - 1])
    columns = None
    if statement[at].is_symbol("("):
        columns = tuple(name_of(statement[first]) for first, _ in statement.arguments(at))
        at = statement.closing(at) + 1
    if not statement[at].is_word("from") or statement[at + 1].kind != "string":
        raise statement.error(at + 1)
    options = _CopyOptions(statement, at + 2)
    GRAMMAR.read(options)
    command = options.command(table, name, columns, statement[at + 1].value)
    return Plan(statement.render(), "COPY", locks=(table,), load=command)


@dataclass
class _CopyOptions(Options):
    """COPY's options read so far."""

    conversion: Conversion = field(default_factory=Conversion)

    def command(self, table: str, name: str, columns: tuple[str, ...] | None, source: str) -> CopyCommand:
        if not source.startswith("s3://"):
            raise unsupported(f"COPY from {source.split(':')[0]}: in the sandbox")
        self._check()
        kind = "JSON" if "json" in self.given else "Parquet" if "parquet" in self.given else "Text"
        return CopyCommand(
            table, name, columns, source, self.authorized(), self.given.get("json", ""), "manifest" in self.given,
            self.given.get("region"), self.compression(),
            UNLIMITED if "ignoreallerrors" in self.given else max(1, int(self.given.get("maxerror", "0"))),
            int(self.given.get("ignoreheader", "0")), "noload" in self.given, self.conversion, kind, self._dialect(),
            "serializetojson" in self.given,
        )  # fmt: skip

    def _check(self) -> None:
        """Refuses what cannot go together."""
        self.exclude("json", NOT_WITH_JSON)
        self.exclude("csv", NOT_WITH_CSV)
        self.exclude("parquet", self.given.keys() - WITH_PARQUET)
        if self.given.get("parquet") is not None and int(self.given.get("maxerror", "0")) > 1:
            raise unsupported("COPY option MAXERROR with PARQUET")
        if "serializetojson" in self.given and "parquet" not in self.given:
            raise unsupported("COPY option SERIALIZETOJSON without PARQUET")
        if "quote" in self.given and "csv" not in self.given:
            raise RedshiftError("QUOTE needs CSV", SYNTAX_ERROR)
        if "maxerror" in self.given and "ignoreallerrors" in self.given:
            raise RedshiftError("MAXERROR and IGNOREALLERRORS cannot be used together", SYNTAX_ERROR)

    def _dialect(self) -> Dialect:
        csv = "csv" in self.given
        return Dialect(
            self.given.get("delimiter", "," if csv else "|"), self.given.get("quote", '"') if csv else None,
            "escape" in self.given, "removequotes" in self.given, self.given.get("null", "\\N"),
            "fillrecord" in self.given, "ignoreblanklines" in self.given,
        )  # fmt: skip

    def convert(self, **changes: object) -> None:
        self.conversion = replace(self.conversion, **changes)  # type: ignore[arg-type] # each reader gives its own


def _format(options: _CopyOptions) -> None:
    GRAMMAR.format(options, FORMATS)


def _csv(options: _CopyOptions) -> None:
    if options.skip("quote"):
        options.once("quote")
        options.given["quote"] = options.characters()


def _json(options: _CopyOptions) -> None:
    options.skip("as")
    value = options.text() if options.statement[options.at].kind == "string" else "auto"
    if value not in ("auto", "auto ignorecase", "noshred") and not value.startswith("s3://"):
        raise RedshiftError(
            f"'{value}' is neither 'auto', 'auto ignorecase', 'noshred' nor the S3 path of a JSONPaths file", "22023"
        )
    options.given["json"] = value


def _invalid_characters(options: _CopyOptions) -> None:
    options.skip("as")
    mark = options.text() if options.statement[options.at].kind == "string" else "?"
    if len(mark) != 1 or not mark.isascii() or mark == "\0":
        raise RedshiftError("ACCEPTINVCHARS takes one ASCII character other than NUL", "22023")
    options.convert(replacement=mark)


def _encoding(options: _CopyOptions) -> None:
    options.skip("as")
    token = options.statement[options.at]
    if token.value.lower() != "utf8":
        raise unsupported(f"COPY ENCODING {token.value.upper()} in the sandbox", hint="use UTF8")
    options.at += 1


def _without_effect(options: _CopyOptions) -> None:
    """COMPUPDATE and STATUPDATE: the sandbox has neither encodings nor statistics to update."""
    options.skip("on", "off", "true", "false", "preset")


READERS: dict[str, Callable[[_CopyOptions], None]] = {
    **common.COMMON, "format": _format, "json": _json, "csv": _csv, "parquet": common.nothing,
    "delimiter": common.characters("delimiter"), "quote": common.characters("quote"), "null": common.characters("null"),
    "escape": common.nothing, "removequotes": common.nothing, "fillrecord": common.nothing,
    "ignoreblanklines": common.nothing, "manifest": common.nothing, "noload": common.nothing,
    "serializetojson": common.nothing, "ignoreallerrors": common.nothing,
    "maxerror": common.keep("maxerror", LARGEST_MAXERROR),
    "ignoreheader": common.keep("ignoreheader", UNLIMITED), "comprows": common.keep("comprows", 2**31 - 1),
    "compupdate": _without_effect, "statupdate": _without_effect,
    "encoding": _encoding, "acceptinvchars": _invalid_characters,
    "timeformat": lambda options: options.convert(time_format=options.text()),
    "dateformat": lambda options: options.convert(date_format=options.text()),
    "truncatecolumns": lambda options: options.convert(truncate=True),
    "blanksasnull": lambda options: options.convert(blanks_as_null=True),
    "emptyasnull": lambda options: options.convert(empty_as_null=True),
    "trimblanks": lambda options: options.convert(trim_blanks=True),
    "roundec": lambda options: options.convert(round_decimals=True),
    "acceptanydate": lambda options: options.convert(any_date=True),
}  # fmt: skip
GRAMMAR = Grammar(READERS, MISSING)
