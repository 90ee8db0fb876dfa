"""Statements as tokens: their structure, and edits that leave everything else byte for byte."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any, TypeVar

from include.sandbox.redshift.errors import TOO_COMPLEX, RedshiftError, syntax_error
from include.sandbox.redshift.sql.lexer import Token, tokens

Found = TypeVar("Found")
END = Token("end", "", 0, 0)
# Clients send the same statements again and again. Longer ones are data, and would fill the memory.
REMEMBERED = 1 << 13  # characters
# What all edits of a statement may write together. A long statement is far below it: it has 16 MB (AWS: r_INSERT_30).
MOST_WRITTEN = 1 << 26
NOTHING = -1, ""


@dataclass
class Statement:
    """One statement of a text, as tokens.

    Whatever looks at a part of it takes time by the length of that part alone: where parentheses end and which queries
    there are is found out once.

    Args:
        text: the whole text that the client sent.
        tokens: the statement's tokens, without the semicolon.
    """

    text: str
    tokens: Sequence[Token]
    _replaced: dict[int, tuple[int, str]] = field(default_factory=dict)  # by first token: the last one, and the text
    _before: dict[int, str] = field(default_factory=dict)
    _behind: dict[int, str] = field(default_factory=dict)
    _written: int = 0
    _known: dict[Callable[[Statement], Any], Any] = field(default_factory=dict)

    def __getitem__(self, index: int) -> Token:
        """Returns a token, or the end token past either end."""
        return self.tokens[index] if 0 <= index < len(self.tokens) else END

    def __len__(self) -> int:
        return len(self.tokens)

    @property
    def verb(self) -> str:
        """The first word, upper case."""
        return self[0].value.upper() if self[0].kind == "word" else ""

    def replace(self, first: int, last: int, text: str) -> None:
        """Replaces the tokens from `first` to `last`, both included.

        Raises:
            RedshiftError: the statement grows beyond all measure, as where each step doubles what it is given.
        """
        self._written += len(text)
        if self._written > MOST_WRITTEN:
            raise RedshiftError("the statement is too complex: the sandbox would write out too much", TOO_COMPLEX)
        self._replaced[first] = last, text

    def insert(self, index: int, text: str) -> None:
        """Puts text before a token; at the end of the statement when there is no such token."""
        if index < len(self):
            self._before[index] = self._before.get(index, "") + text
        else:
            self._behind[len(self) - 1] = self._behind.get(len(self) - 1, "") + text

    def append(self, index: int, text: str) -> None:
        """Puts text right behind a token, once."""
        if not self._behind.get(index, "").startswith(text):
            self._behind[index] = text + self._behind.get(index, "")

    def remove(self, first: int, last: int) -> None:
        """Takes tokens out, leaving a blank."""
        self.replace(first, last, " ")

    def render(self, first: int = 0, last: int | None = None) -> str:
        """Returns the text of a range of tokens (both ends included), edited."""
        last = len(self) - 1 if last is None else last
        if not self.tokens or last < first:
            return ""
        start, stop = self[first].start, self.tokens[last].end
        if not (self._replaced or self._before or self._behind):
            return self.text[start:stop]
        parts, at, index = list[str](), start, first
        while index <= last:
            end, text = self._replaced.get(index, NOTHING)
            replaced = index <= end <= last
            if replaced or index in self._before:
                begin = self[index].start
                parts += [self.text[at:begin], self._before.get(index, "")]
                at = begin
            if replaced:
                parts.append(text)
                index, at = end, self[end].end
            if index in self._behind:
                parts += [self.text[at : self[index].end], self._behind[index]]
                at = self[index].end
            index += 1
        return "".join([*parts, self.text[at:stop]])

    def source(self, first: int, last: int) -> str:
        """Returns the client's own text of a range of tokens."""
        return self.text[self[first].start : self[last].end]

    def closing(self, index: int) -> int:
        """Returns the index of the parenthesis that closes the next one that opens at `index` or behind it.

        Raises:
            RedshiftError: there is none.
        """
        while index < len(self) and not self[index].is_symbol("(", ")"):
            index += 1
        if not self[index].is_symbol("(") or index not in self._partners:
            raise self.error(len(self) - 1)
        return self._partners[index]

    def opening(self, index: int) -> int:
        """Returns the index of the parenthesis that the one at `index` closes, or -1."""
        return self._partners.get(index, -1) if self[index].is_symbol(")") else -1

    def within(self, index: int) -> int:
        """Returns the index of the innermost parenthesis that is open before a token, or -1."""
        return self._within[index]

    @cached_property
    def _partners(self) -> dict[int, int]:
        found, opened = dict[int, int](), list[int]()
        for at, token in enumerate(self.tokens):
            if token.is_symbol("("):
                opened.append(at)
            elif opened and token.is_symbol(")"):
                found[at] = opened.pop()
                found[found[at]] = at
        return found

    @cached_property
    def _within(self) -> list[int]:
        found, opened = list[int](), [-1]
        for at, token in enumerate(self.tokens):
            found.append(opened[-1])
            if token.is_symbol("("):
                opened.append(at)
            elif token.is_symbol(")") and len(opened) > 1:
                opened.pop()
        return found

    def level(self, first: int, last: int) -> Iterator[int]:
        """Yields the tokens between two that are in no parenthesis within them; of a parenthesis, where it opens."""
        at = first
        while at <= last:
            yield at
            at = self.closing(at) + 1 if self[at].is_symbol("(") else at + 1

    def commas(self, first: int, last: int) -> list[tuple[int, int]]:
        """Returns the first and last token of each item between two tokens, at the commas outside parentheses."""
        found, start = [], first
        for at in self.level(first, last):
            if self[at].is_symbol(","):
                found.append((start, at - 1))
                start = at + 1
        return [*found, (start, last)]

    def arguments(self, index: int) -> list[tuple[int, int]]:
        """Returns the first and last token of each comma-separated item in the parenthesis at `index`."""
        close = self.closing(index)
        return self.commas(index + 1, close - 1) if close > index + 1 else []

    def known(self, find: Callable[[Statement], Found]) -> Found:
        """Returns what a function finds out about the tokens of the whole statement; it is called once."""
        if find not in self._known:
            self._known[find] = find(self)
        found: Found = self._known[find]
        return found

    def error(self, index: int) -> RedshiftError:
        """Returns the syntax error at a token, in Redshift's form."""
        token = self.tokens[min(index, len(self) - 1)]
        start = max(0, token.start - 20)
        line = self.text.count("\n", 0, token.start) + 1
        return syntax_error(self.text[token.start : token.end], self.text[start : token.end], line)


def split(text: str) -> list[Statement]:
    """Splits a text into statements at its semicolons; comments and literals are left alone.

    Raises:
        RedshiftError: a literal or comment is not closed, or there is a NUL, which would end the text for PostgreSQL.
    """
    return [Statement(text, tokens) for tokens in _pieces(text)]


def statement_at(text: str, start: int) -> Statement:
    """Returns the statement of a text whose first token is at an offset."""
    found = _pieces(text)
    return Statement(text, found[bisect_left(found, start, key=lambda tokens: tokens[0].start)])


def _pieces(text: str) -> list[Sequence[Token]]:
    return _remembered(text) if len(text) <= REMEMBERED else _cut(text)


def _cut(text: str) -> list[Sequence[Token]]:
    if "\0" in text:
        raise RedshiftError("invalid byte sequence: 0x00", "22021")
    statements = [list[Token]()]
    for token in tokens(text):
        if token.value == ";" and token.kind == "symbol":
            statements.append([])
        else:
            statements[-1].append(token)
    return [tuple(found) for found in statements if found]


_remembered = lru_cache(maxsize=256)(_cut)
