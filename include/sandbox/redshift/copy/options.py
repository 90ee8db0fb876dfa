"""What the options of COPY and UNLOAD have in common: how they are read, and the authorization."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from include.sandbox.redshift.copy.authorization import Authorization, from_text
from include.sandbox.redshift.errors import SYNTAX_ERROR, RedshiftError, unsupported
from include.sandbox.redshift.sql.statement import Statement

COMPRESSIONS = ("gzip", "bzip2", "zstd")
ESCAPE = re.compile(r"\\([0-7]{1,3}|.)", re.DOTALL)
MEANING = {"t": "\t", "n": "\n", "r": "\r", "b": "\b", "f": "\f", "v": "\v", "N": "\\N"}


@dataclass
class Options:
    """The options read so far.

    Args:
        statement: the COPY or UNLOAD.
        at: the next token.
        given: the options met, with their values.
        authorization: how S3 is reached, once it is known.
    """

    statement: Statement
    at: int
    given: dict[str, str] = field(default_factory=dict)
    authorization: Authorization | None = None

    @property
    def verb(self) -> str:
        """COPY or UNLOAD."""
        return self.statement.verb

    def once(self, word: str) -> None:
        """Notes an option.

        Raises:
            RedshiftError: it was given before.
        """
        if word in self.given and word != "format":
            raise RedshiftError(f"conflicting or redundant options: {word.upper()} is given twice", SYNTAX_ERROR)
        self.given.setdefault(word, "")

    def text(self) -> str:
        """Takes `[AS] 'text'`."""
        self.skip("as")
        if self.statement[self.at].kind != "string":
            raise self.statement.error(self.at)
        self.at += 1
        return self.statement[self.at - 1].value

    def characters(self) -> str:
        r"""Takes `[AS] 'text'` in which a backslash means what COPY says: `\t`, `\ddd` (octal), `\N` (AWS: r_COPY)."""
        self.text()
        token = self.statement[self.at - 1]
        source = self.statement.text[token.start : token.end]
        if not source.startswith("'"):
            return token.value
        return ESCAPE.sub(_meaning, source[1:-1].replace("''", "'").replace("\\\\", "\\"))

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
        """Sets the authorization.

        Raises:
            RedshiftError: there is one already.
        """
        if self.authorization is not None:
            raise RedshiftError(f"{self.verb} takes one authorization only", SYNTAX_ERROR)
        self.authorization = authorization

    def authorized(self) -> Authorization:
        """Returns the authorization.

        Raises:
            RedshiftError: there is none.
        """
        if self.authorization is None:
            raise RedshiftError(
                f"{self.verb} needs an authorization: IAM_ROLE, ACCESS_KEY_ID or CREDENTIALS", SYNTAX_ERROR
            )
        return self.authorization

    def compression(self) -> str | None:
        """Returns gzip, bzip2, zstd or None.

        Raises:
            RedshiftError: several are given.
        """
        found = [word for word in COMPRESSIONS if word in self.given]
        if len(found) > 1:
            raise RedshiftError(f"{self.verb} takes one compression only", SYNTAX_ERROR)
        return found[0] if found else None

    def exclude(self, word: str, others: set[str]) -> None:
        """Refuses what cannot be combined with an option, by name.

        Raises:
            RedshiftError: one of them is given.
        """
        for other in self.given:
            if other in others and word in self.given:
                raise unsupported(f"{self.verb} option {other.upper()} with {word.upper()}")


Given = TypeVar("Given", bound=Options)


@dataclass(frozen=True)
class Grammar(Generic[Given]):
    """The options that a statement takes, in any order and case.

    Args:
        readers: what reads each option that the sandbox does.
        missing: options that Redshift has and the sandbox has not.
    """

    readers: dict[str, Callable[[Given], None]]
    missing: set[str]

    def read(self, options: Given) -> None:
        """Reads all options.

        Raises:
            RedshiftError: an option is unknown, given twice, or not done in the sandbox.
        """
        statement = options.statement
        while options.at < len(statement):
            if statement[options.at].is_word("with") and statement[options.at + 1].is_word("credentials"):
                options.at += 1
            word = statement[options.at].value if statement[options.at].kind == "word" else ""
            if word in self.missing:
                raise unsupported(f"{options.verb} option {word.upper()} in the sandbox")
            if word not in self.readers:
                raise statement.error(options.at)
            options.once(word)
            options.at += 1
            self.readers[word](options)

    def format(self, options: Given, formats: set[str]) -> None:
        """Checks what follows FORMAT [AS]; the format's own word is read next."""
        options.skip("as")
        word = options.statement[options.at].value
        if word in self.missing:
            raise unsupported(f"{options.verb} FORMAT {word.upper()} in the sandbox")
        if not options.statement[options.at].is_word(*formats):
            raise options.statement.error(options.at)


def role(options: Options) -> None:
    """Reads IAM_ROLE's value."""
    if options.skip("default"):
        return options.authorize(Authorization(default_role=True))
    return options.authorize(Authorization(roles=tuple(options.text().split(","))))


def key(options: Options) -> None:
    """Reads what follows ACCESS_KEY_ID."""
    identifier = options.text()
    if not options.skip("secret_access_key"):
        raise options.statement.error(options.at)
    secret = options.text()
    token = options.text() if options.skip("session_token") else None
    options.authorize(Authorization(key=identifier, secret=secret, token=token))


def credentials(options: Options) -> None:
    """Reads CREDENTIALS' value."""
    options.authorize(from_text(options.text()))


def keep(name: str, largest: int) -> Callable[[Options], None]:
    """Returns what reads a number of at most `largest`."""

    def read(options: Options) -> None:
        options.given[name] = options.number(largest)

    return read


def characters(name: str) -> Callable[[Options], None]:
    """Returns what reads a text of special characters."""

    def read(options: Options) -> None:
        options.given[name] = options.characters()

    return read


def region(options: Options) -> None:
    """Reads REGION's value."""
    options.given["region"] = options.text()


def nothing(options: Options) -> None:
    """Reads a word that says it all."""


# AWS: copy-parameters-authorization; UNLOAD takes the same (AWS: r_UNLOAD).
COMMON: dict[str, Callable[[Options], None]] = {
    "iam_role": role, "access_key_id": key, "credentials": credentials, "region": region,
    "gzip": nothing, "bzip2": nothing, "zstd": nothing,
}  # fmt: skip


def _meaning(found: re.Match[str]) -> str:
    if found[1].isdigit():
        return chr(int(found[1], 8) & 0xFF) if found[1][0] in "01234567" else found[1]
    return MEANING.get(found[1], found[1])
