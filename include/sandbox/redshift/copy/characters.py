"""CHAR and VARCHAR: lengths in bytes, invalid UTF-8, NUL, blanks (AWS: multi-byte-character-load-errors)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from include.sandbox.redshift.copy.fields import Converter, FieldError, raw

if TYPE_CHECKING:
    from include.sandbox.redshift.copy.convert import Conversion


def character_converter(fixed: bool, limit: int, conversion: Conversion) -> Converter:
    """Returns the converter of a CHAR (`fixed`) or VARCHAR column of `limit` bytes."""
    too_long = f"{'Char' if fixed else 'String'} length exceeds DDL length"
    trim, special = conversion.trim_blanks and not fixed, conversion.blanks_as_null or conversion.empty_as_null

    def characters(value: Any) -> str | None:
        if value is None:
            return None
        text = value if isinstance(value, str) else raw(value)
        if not text.isascii():
            text = _valid(text, fixed, conversion.replacement)
        if "\0" in text:
            text = _cut_at_nul(text)
        if trim:
            text = text.rstrip(" ")
        if special and _is_null(text, conversion):
            return None
        if len(text) * 4 > limit and (len(text) > limit or len(text.encode()) > limit):
            if not conversion.truncate:
                raise FieldError(1204, too_long)
            text = text.encode()[:limit].decode("utf-8", "ignore")
        return text

    return characters


def _is_null(text: str, conversion: Conversion) -> bool:
    return (conversion.empty_as_null and not text) or (conversion.blanks_as_null and bool(text) and text.isspace())


def _cut_at_nul(text: str) -> str:
    """A value ends at its first NUL, unless it starts with it."""
    if text[0] == "\0" and len(text) > 1:
        raise FieldError(1218, "Invalid null byte - field longer than 1 byte")
    return text.partition("\0")[0]


def _valid(text: str, fixed: bool, replacement: str | None) -> str:
    """Refuses or replaces what is no character: bytes that are not UTF-8 arrive as lone surrogates."""
    if fixed:
        wrong = next(i for i, c in enumerate(text) if ord(c) > 127)
        shown = (
            text[wrong : wrong + 4].encode("utf-8", "surrogateescape" if _escaped(text) else "surrogatepass").hex(" ")
        )
        raise FieldError(
            1220, f"Multibyte character not supported for CHAR (Hint: Try using VARCHAR). Invalid char: {shown}", wrong
        )
    try:
        text.encode()
    except UnicodeEncodeError as error:
        if replacement is None:
            raise _invalid(text, error.start) from None
        # A surrogate of the input's own stands for three bytes, an escaped one for the one byte it was.
        return "".join(
            replacement * (1 if "\udc80" <= c <= "\udcff" else 3) if "\ud800" <= c <= "\udfff" else c for c in text
        )
    return text


def _escaped(text: str) -> bool:
    return all("\udc80" <= c <= "\udcff" for c in text if "\ud800" <= c <= "\udfff")


def _invalid(text: str, at: int) -> FieldError:
    code = ord(text[at])
    if not 0xDC80 <= code <= 0xDCFF:
        return _utf8_error(chr(code).encode("utf-8", "surrogatepass").hex(" "), 3, at)
    byte = code - 0xDC00
    # AWS: 1 means more than four bytes, 2 an incomplete sequence, 3 a byte out of range.
    kind = 1 if byte >= 0xF8 else 2 if 0xC2 <= byte <= 0xF4 else 3
    return _utf8_error(f"{byte:02x}", kind, at)


def _utf8_error(shown: str, kind: int, at: int) -> FieldError:
    text = "String contains invalid or unsupported UTF-8 codepoints. Bad UTF-8 hex sequence"
    return FieldError(1220, f"{text}: {shown} (error {kind})", at)
