"""How a delimited text file is written (AWS: copy-parameters-data-format, copy-parameters-data-conversion)."""

from __future__ import annotations

from dataclasses import dataclass

from include.sandbox.redshift.errors import SYNTAX_ERROR, RedshiftError


@dataclass(frozen=True)
class Dialect:
    r"""The options that say how fields stand in a line; the defaults are those of COPY without a format.

    Args:
        delimiter: what separates fields, one character or more.
        quote: CSV's quotation mark; None for text that is not CSV.
        escape: a backslash takes away the special meaning of what follows.
        remove_quotes: quotation marks around a field are not part of it.
        null: a field that reads so is NULL.
        fill: fields that are missing at the end of a line are empty.
        ignore_blank: blank lines are passed over.
    """

    delimiter: str = "|"
    quote: str | None = None
    escape: bool = False
    remove_quotes: bool = False
    null: str = "\\N"
    fill: bool = False
    ignore_blank: bool = False

    def __post_init__(self) -> None:
        """Checks that lines can be told apart into fields.

        Raises:
            RedshiftError: two of the characters are the same, or one of them ends a line.
        """
        special = [("DELIMITER", self.delimiter), ("QUOTE", self.quote)]
        if self.quote is not None and len(self.quote) != 1:
            raise RedshiftError("QUOTE takes one character", "22023")
        if not self.delimiter:
            raise RedshiftError("DELIMITER takes at least one character", "22023")
        for name, value in special:
            if value is not None and ("\n" in value or "\r" in value or "\0" in value):
                raise RedshiftError(f"{name} cannot be a newline, a carriage return or NUL", "22023")
        if "\n" in self.null:
            # AWS: copy-parameters-data-conversion, NULL AS: the newline delimits lines.
            raise RedshiftError("NULL AS cannot hold a newline", "22023")
        if self.quote is not None and self.quote in self.delimiter:
            raise RedshiftError("DELIMITER and QUOTE cannot be the same", SYNTAX_ERROR)
        if self.escape and "\\" in self.delimiter:
            raise RedshiftError("DELIMITER cannot be a backslash when ESCAPE is given", SYNTAX_ERROR)
