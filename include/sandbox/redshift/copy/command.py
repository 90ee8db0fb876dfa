"""COPY's grammar: everything after FROM in any order, every option known or refused (AWS: r_COPY)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from include.sandbox.redshift.copy.authorization import Authorization, from_text
from include.sandbox.redshift.copy.convert import Conversion
from include.sandbox.redshift.errors import SYNTAX_ERROR, RedshiftError, unsupported
from include.sandbox.redshift.plan import Plan
from include.sandbox.redshift.sql.identifiers import name_of, qualified
from include.sandbox.redshift.sql.statement import Statement

LARGEST_MAXERROR = 100_000
UNLIMITED = 1 << 62
# Redshift has them, the sandbox does not; or they belong to formats it does not read yet.
MISSING = {
    "csv", "delimiter", "quote", "fixedwidth", "shapefile", "avro", "parquet", "orc", "lzop", "encrypted", "escape",
    "fillrecord", "ignoreblanklines", "removequotes", "null", "readratio", "ssh", "master_symmetric_key", "encoding",
    "explicit_ids", "serializetojson", "simplify", "kms_key_id",
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
        jsonpaths: `auto`, `auto ignorecase`, or the S3 URL of a jsonpaths file.
        manifest: whether the source is a manifest.
        region: AWS region of the source; None for the cluster's.
        compression: gzip, bzip2, zstd, or None.
        max_errors: the load fails when it meets this many errors.
        ignore_header: physical lines skipped at the start of each file.
        noload: check only.
        conversion: how values are converted.
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
    options = _Options(statement, at + 2)
    options.read()
    command = options.command(table, name, columns, statement[at + 1].value)
    return Plan(statement.render(), "COPY", locks=(table,), load=command)


@dataclass
class _Options:
    """The options read so far."""

    statement: Statement
    at: int
    given: dict[str, str] = field(default_factory=dict)
    conversion: Conversion = field(default_factory=Conversion)
    authorization: Authorization | None = None

    def read(self) -> None:
        while self.at < len(self.statement):
            if self.statement[self.at].is_word("with") and self.statement[self.at + 1].is_word("credentials"):
                self.at += 1
            word = self.statement[self.at].value if self.statement[self.at].kind == "word" else ""
            if word in MISSING:
                raise unsupported(f"COPY option {word.upper()} in the sandbox")
            if word not in READERS:
                raise self.statement.error(self.at)
            self._once(word)
            self.at += 1
            READERS[word](self)

    def command(self, table: str, name: str, columns: tuple[str, ...] | None, source: str) -> CopyCommand:
        if not source.startswith("s3://"):
            raise unsupported(f"COPY from {source.split(':')[0]}: in the sandbox")
        if self.authorization is None:
            raise RedshiftError("COPY needs an authorization: IAM_ROLE, ACCESS_KEY_ID or CREDENTIALS", SYNTAX_ERROR)
        if "json" not in self.given:
            raise unsupported("COPY without FORMAT JSON in the sandbox")
        if "maxerror" in self.given and "ignoreallerrors" in self.given:
            raise RedshiftError("MAXERROR and IGNOREALLERRORS cannot be used together", SYNTAX_ERROR)
        compressions = [word for word in ("gzip", "bzip2", "zstd") if word in self.given]
        if len(compressions) > 1:
            raise RedshiftError("COPY takes one compression only", SYNTAX_ERROR)
        return CopyCommand(
            table, name, columns, source, self.authorization, self.given["json"], "manifest" in self.given,
            self.given.get("region"), compressions[0] if compressions else None,
            UNLIMITED if "ignoreallerrors" in self.given else max(1, int(self.given.get("maxerror", "0"))),
            int(self.given.get("ignoreheader", "0")), "noload" in self.given, self.conversion,
        )  # fmt: skip

    def _once(self, word: str) -> None:
        if word in self.given and word not in ("format", "secret_access_key", "session_token"):
            raise RedshiftError(f"conflicting or redundant options: {word.upper()} is given twice", SYNTAX_ERROR)
        self.given.setdefault(word, "")

    def text(self) -> str:
        """Takes `[AS] 'text'`."""
        self.skip("as")
        if self.statement[self.at].kind != "string":
            raise self.statement.error(self.at)
        self.at += 1
        return self.statement[self.at - 1].value

    def number(self, largest: int) -> str:
        """Takes `[AS] n`."""
        self.skip("as")
        token = self.statement[self.at]
        if token.kind != "number" or not token.value.isdigit() or int(token.value) > largest:
            raise self.statement.error(self.at)
        self.at += 1
        return token.value

    def skip(self, *words: str) -> bool:
        """Takes one of some words if it is there."""
        found = self.statement[self.at].is_word(*words)
        self.at += found
        return found

    def authorize(self, authorization: Authorization) -> None:
        if self.authorization is not None:
            raise RedshiftError("COPY takes one authorization only", SYNTAX_ERROR)
        self.authorization = authorization

    def convert(self, **changes: object) -> None:
        self.conversion = replace(self.conversion, **changes)  # type: ignore[arg-type] # each reader gives its own


def _format(options: _Options) -> None:
    options.skip("as")
    word = options.statement[options.at].value
    if word in MISSING:
        raise unsupported(f"COPY FORMAT {word.upper()} in the sandbox")
    if word != "json":
        raise options.statement.error(options.at)


def _json(options: _Options) -> None:
    options.skip("as")
    value = options.text() if options.statement[options.at].kind == "string" else "auto"
    if value == "noshred":
        raise unsupported("COPY … JSON 'noshred' in the sandbox")
    if value not in ("auto", "auto ignorecase") and not value.startswith("s3://"):
        raise RedshiftError(
            f"'{value}' is neither 'auto', 'auto ignorecase' nor the S3 path of a JSONPaths file", "22023"
        )
    options.given["json"] = value


def _role(options: _Options) -> None:
    if options.skip("default"):
        return options.authorize(Authorization(default_role=True))
    return options.authorize(Authorization(roles=tuple(options.text().split(","))))


def _key(options: _Options) -> None:
    key = options.text()
    if not options.skip("secret_access_key"):
        raise options.statement.error(options.at)
    secret = options.text()
    token = options.text() if options.skip("session_token") else None
    options.authorize(Authorization(key=key, secret=secret, token=token))


def _credentials(options: _Options) -> None:
    options.authorize(from_text(options.text()))


def _invalid_characters(options: _Options) -> None:
    options.skip("as")
    mark = options.text() if options.statement[options.at].kind == "string" else "?"
    if len(mark) != 1 or not mark.isascii() or mark == "\0":
        raise RedshiftError("ACCEPTINVCHARS takes one ASCII character other than NUL", "22023")
    options.convert(replacement=mark)


def _without_effect(options: _Options) -> None:
    """COMPUPDATE and STATUPDATE: the sandbox has neither encodings nor statistics to update."""
    options.skip("on", "off", "true", "false", "preset")


def _keep(name: str, largest: int) -> Callable[[_Options], None]:
    def read(options: _Options) -> None:
        options.given[name] = options.number(largest)

    return read


def _region(options: _Options) -> None:
    options.given["region"] = options.text()


def _nothing(options: _Options) -> None:
    """A word that says it all."""


READERS: dict[str, Callable[[_Options], None]] = {
    "format": _format, "json": _json, "iam_role": _role, "access_key_id": _key, "credentials": _credentials,
    "manifest": _nothing, "gzip": _nothing, "bzip2": _nothing, "zstd": _nothing, "noload": _nothing,
    "ignoreallerrors": _nothing, "region": _region, "maxerror": _keep("maxerror", LARGEST_MAXERROR),
    "ignoreheader": _keep("ignoreheader", UNLIMITED), "comprows": _keep("comprows", 2**31 - 1),
    "compupdate": _without_effect, "statupdate": _without_effect, "acceptinvchars": _invalid_characters,
    "timeformat": lambda options: options.convert(time_format=options.text()),
    "dateformat": lambda options: options.convert(date_format=options.text()),
    "truncatecolumns": lambda options: options.convert(truncate=True),
    "blanksasnull": lambda options: options.convert(blanks_as_null=True),
    "emptyasnull": lambda options: options.convert(empty_as_null=True),
    "trimblanks": lambda options: options.convert(trim_blanks=True),
    "roundec": lambda options: options.convert(round_decimals=True),
    "acceptanydate": lambda options: options.convert(any_date=True),
}  # fmt: skip
