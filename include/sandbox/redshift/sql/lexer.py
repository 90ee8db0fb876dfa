"""Cuts a text into tokens, one at a time, exactly where PostgreSQL's lexer does (PostgreSQL: sql-syntax-lexical).

Exactly: where the two differed, a part of a statement that looks like a comment or literal here would be run there.
sqlglot's Redshift tokenizer was the first choice; it takes the parameters in `($1,$2)` for a dollar-quoted string.
"""

from __future__ import annotations

import re
import string
from collections.abc import Iterator
from typing import NamedTuple

from include.sandbox.redshift.errors import SYNTAX_ERROR, RedshiftError, unsupported

# Every character beyond ASCII is a letter to PostgreSQL: blanks, digits and punctuation too.
LETTER, DIGIT = r"[A-Za-z_\x80-\U0010ffff]", r"[0-9A-Za-z_\x80-\U0010ffff]"
# What stands before a token is skipped with it. At each place some branch matches, so that nothing is ever given back.
BLANK = r"[ \t\n\r\f\v]*"
TOKEN = re.compile(
    rf"""{BLANK}(?:--[^\n\r]*{BLANK})*(?:
      (?P<comment>/\*)
    | (?P<escaped>[uU]&['"])
    | (?P<bits>[bBxX]')
    | (?P<string>[eEnN]?'[^'\\]*(?:(?:'' | \\.)[^'\\]*)*')
    | (?P<dollar>\$(?:{LETTER}{DIGIT}*)?\$)
    | (?P<quoted>"[^"]*(?:""[^"]*)*")
    | (?P<parameter>\$[0-9]+)
    | (?P<number>(?:[0-9]+(?:\.[0-9]*)? | \.[0-9]+)(?:[eE][+-]?[0-9]+)?)
    | (?P<word>\#?{LETTER}(?:{DIGIT} | \$)*)
    | (?P<symbol>:: | \|\| | .)
    | (?P<end>\Z))""",
    re.VERBOSE | re.DOTALL,
)
# Redshift has neither (AWS: c_unsupported-postgresql-datatypes).
REFUSED = {"escaped": "a constant or name with Unicode escapes (U&)", "bits": "a bit string constant"}
ASCII_LOWER = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)
COMMENT = re.compile(r"/\*|\*/")
ESCAPE = re.compile(r"''|\\(.)", re.DOTALL)
ESCAPED = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f"}


class Token(NamedTuple):
    """A word, quoted identifier, literal or symbol, with its place in the text.

    Args:
        kind: one of `word`, `quoted`, `string`, `number`, `parameter`, `symbol`.
        value: its meaning: lower-case word, unescaped literal, the identifier without quotes.
        start: offset of its first character.
        end: offset behind its last one.
    """

    kind: str
    value: str
    start: int
    end: int

    def is_word(self, *words: str) -> bool:
        """Whether it is one of these unquoted words, given in lower case."""
        return self.kind == "word" and self.value in words

    def is_symbol(self, *symbols: str) -> bool:
        """Whether it is one of these symbols."""
        return self.kind == "symbol" and self.value in symbols

    @property
    def is_name(self) -> bool:
        """Whether it can name something."""
        return self.kind in ("word", "quoted")


def tokens(text: str) -> Iterator[Token]:
    """Yields the tokens of a text, comments left out.

    Raises:
        RedshiftError: a literal, a quoted name or a comment is not closed.
    """
    at = 0
    while found := TOKEN.match(text, at):
        kind = str(found.lastgroup)
        source, (start, at) = found[kind], found.span(kind)
        if kind in REFUSED:
            raise unsupported(REFUSED[kind])
        if kind == "comment":
            at = _comment_end(text, start)
        elif kind == "dollar":
            end = text.find(source, at)
            if end < 0:
                raise _unterminated("dollar-quoted string", text, start)
            yield Token("string", text[at:end], start, end + len(source))
            at = end + len(source)
        elif kind == "symbol" and source in "'\"":
            raise _unterminated("quoted string" if source == "'" else "quoted identifier", text, start)
        elif kind == "end":
            return
        else:
            yield Token(kind, _value(kind, source), start, at)


def lower(name: str) -> str:
    """Folds a name as PostgreSQL does: ASCII letters only."""
    return name.lower() if name.isascii() else name.translate(ASCII_LOWER)


def _value(kind: str, text: str) -> str:
    if kind == "word":
        return lower(text)
    if kind == "quoted":
        return text[1:-1].replace('""', '"')
    if kind == "string":
        inner = text[text.index("'") + 1 : -1]
        return ESCAPE.sub(lambda found: ESCAPED.get(found[1], found[1]) if found[1] else "'", inner)
    return text


def _comment_end(text: str, start: int) -> int:
    """Returns the offset behind a comment; comments nest."""
    depth = 0
    for mark in COMMENT.finditer(text, start):
        depth += 1 if mark[0] == "/*" else -1
        if depth == 0:
            return mark.end()
    raise _unterminated("/* comment", text, start)


def _unterminated(what: str, text: str, start: int) -> RedshiftError:
    return RedshiftError(f'unterminated {what} at or near "{text[start : start + 30]}"', SYNTAX_ERROR)
