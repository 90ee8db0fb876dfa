"""Statements as tokens: their structure, and edits that leave everything else byte for byte."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from include.sandbox.redshift.errors import RedshiftError, syntax_error
from include.sandbox.redshift.sql.lexer import Token, tokens

END = Token("end", "", 0, 0)
# Clients send the same statements again and again. Longer ones are data, and would fill the memory.
REMEMBERED = 1 << 13  # characters


@dataclass
class Statement:
    """One statement of a text, as tokens.

    Args:
        text: the whole text that the client sent.
        tokens: the statement's tokens, without the semicolon.
        edits: replacements of parts of the text, by start and end offset.
    """

    text: str
    tokens: Sequence[Token]
    edits: dict[tuple[int, int], str] = field(default_factory=dict)

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
        """Replaces the tokens from `first` to `last`, both included."""
        self.edits[self[first].start, self[last].end] = text

    def insert(self, index: int, text: str) -> None:
        """Puts text before a token; at the end of the statement when there is no such token."""
        at = self.tokens[index].start if index < len(self.tokens) else self.tokens[-1].end
        self.edits[at, at] = self.edits.get((at, at), "") + text

    def append(self, index: int, text: str) -> None:
        """Puts text right behind a token, once."""
        at = self.tokens[index].end
        if not self.edits.get((at, at), "").startswith(text):
            self.edits[at, at] = text + self.edits.get((at, at), "")

    def remove(self, first: int, last: int) -> None:
        """Takes tokens out, leaving a blank."""
        self.replace(first, last, " ")

    def render(self, first: int = 0, last: int | None = None) -> str:
        """Returns the text of a range of tokens (both ends included), edited."""
        if not self.tokens or (last is not None and last < first):
            return ""
        start, stop = self[first].start, self.tokens[-1 if last is None else last].end
        parts, at = [], start
        for (begin, end), text in sorted(self.edits.items()):
            if begin >= at and end <= stop:
                parts += [self.text[at:begin], text]
                at = end
        return "".join([*parts, self.text[at:stop]])

    def source(self, first: int, last: int) -> str:
        """Returns the client's own text of a range of tokens."""
        return self.text[self[first].start : self[last].end]

    def closing(self, index: int) -> int:
        """Returns the index of the parenthesis that closes the one at `index`.

        Raises:
            RedshiftError: there is none.
        """
        depth = 0
        for at in range(index, len(self)):
            if self[at].is_symbol("("):
                depth += 1
            elif self[at].is_symbol(")"):
                depth -= 1
                if depth == 0:
                    return at
        raise self.error(len(self) - 1)

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
    found = _remembered(text) if len(text) <= REMEMBERED else _cut(text)
    return [Statement(text, tokens) for tokens in found]


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
