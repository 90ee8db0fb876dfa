"""COPY of delimited text and CSV (AWS: copy-parameters-data-format, copy-parameters-data-conversion)."""

from __future__ import annotations

import bz2
import csv
import gzip
import io
import time
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any

import psycopg2
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from include.sandbox.redshift.copy.dialect import Dialect
from include.sandbox.redshift.copy.fields import FieldError
from include.sandbox.redshift.copy.text_reader import LONGEST_RECORD, TextReader

Load = Callable[..., list[tuple[Any, ...]]]
TWO = "a int, b varchar(20)"


@pytest.fixture
def load(cluster: Any, schema: str, connection: Any) -> Load:
    """Creates a table, loads one object into it, returns the table's rows."""

    def load(columns: str, body: str | bytes, options: str = "", named: str = "") -> list[tuple[Any, ...]]:
        cursor = connection.cursor()
        cursor.execute(f"DROP TABLE IF EXISTS t; CREATE TABLE t ({columns})")
        source = cluster.put(f"{schema}/data", body)
        cursor.execute(f"COPY t {named} FROM '{source}' IAM_ROLE '{cluster.role}' {options}")
        cursor.execute("SELECT * FROM t")
        return list(cursor.fetchall())

    return load


def errors(connection: Any, columns: str = "line_number, err_code, trim(err_reason)") -> list[tuple[Any, ...]]:
    cursor = connection.cursor()
    cursor.execute(f"SELECT {columns} FROM stl_load_errors WHERE query = pg_last_copy_id() ORDER BY line_number")
    return list(cursor.fetchall())


def read(text: str | bytes, dialect: Dialect, skip: int = 0) -> list[Any]:
    body = text if isinstance(text, bytes) else text.encode("utf-8", "surrogateescape")
    return [record.fields for record in TextReader(io.BytesIO(body), dialect, skip)]


@pytest.mark.parametrize(
    ("options", "body", "rows"),
    [
        ("", "1|x\n2|\n", [(1, "x"), (2, "")]),
        ("", "1|x\r\n2|y z", [(1, "x"), (2, "y z")]),
        ("", "|\\N\n\\N|\\\\N\n", [(None, None), (None, "\\\\N")]),
        ("", '1|"x"\n', [(1, '"x"')]),
        ("DELIMITER ','", "1,x\n", [(1, "x")]),
        ("DELIMITER AS '\\t'", "1\tx\n", [(1, "x")]),
        ("DELIMITER '\\\\t'", "1\tx\n", [(1, "x")]),
        ("DELIMITER '\\011'", "1\tx\n", [(1, "x")]),
        ("DELIMITER '|~|'", "1|~|x|y\n", [(1, "x|y")]),
        ("FORMAT AS DELIMITER '^'", "1^x\n", [(1, "x")]),
        ("NULL AS 'none'", "1|none\nnone|\\N\n", [(1, None), (None, "\\N")]),
        ("NULL ''", "1|\n", [(1, None)]),
        ("NULL AS '\\0'", "1|\0\n", [(1, None)]),
        ("NULL AS '\\\\N'", "1|\\N\n", [(1, None)]),
        ("EMPTYASNULL", "1|\n", [(1, None)]),
        ("BLANKSASNULL", "1|  \n", [(1, None)]),
        ("TRIMBLANKS", "1|x  \n", [(1, "x")]),
        ("TRUNCATECOLUMNS", f"1|{'x' * 21}\n", [(1, "x" * 20)]),
        ("FILLRECORD", "1\n2|x\n", [(1, ""), (2, "x")]),
        ("FILLRECORD EMPTYASNULL", "1\n", [(1, None)]),
        ("IGNOREBLANKLINES", "\n1|x\n\r\n2|y\n\n", [(1, "x"), (2, "y")]),
        ("IGNOREHEADER 2", "a|b\n-\n1|x\n", [(1, "x")]),
        ("IGNOREHEADER AS 9", "a|b\n", []),
        ("ENCODING UTF8", "1|é\n", [(1, "é")]),
        ("ENCODING AS 'utf8'", "1|x\n", [(1, "x")]),
        ("ESCAPE", "1|a\\|b\n2|a\\\nb\n3|a\\\\b\\n\n4|\\N\n5|\\\\N\n",
         [(1, "a|b"), (2, "a\nb"), (3, "a\\bn"), (4, None), (5, None)]),
        ("ESCAPE", "1|a\\\r\\\nb\r\n", [(1, "a\r\nb")]),
        ("REMOVEQUOTES", "1|\"a|b\"\n2|'Black'\n3|Blue'\n'4'|' '\n5|' 'x' '\n6|\"\"\n",
         [(1, "a|b"), (2, "Black"), (3, "Blue'"), (4, " "), (5, " 'x' "), (6, "")]),
        ("REMOVEQUOTES ESCAPE", "1|'A Night\\'s Dream'\n2|'a\\'|b'\n",
         [(1, "A Night's Dream"), (2, "a'|b")]),
        ("CSV", '1,x\n2,"a,b"\n"3","say ""hi"""\n4,""\n5,\n',
         [(1, "x"), (2, "a,b"), (3, 'say "hi"'), (4, ""), (5, "")]),
        ("CSV", '1,"a\nb"\r\n2,"c\r\nd"\n', [(1, "a\nb"), (2, "c\r\nd")]),
        ("csv", '1 , "x" \n2, y \n', [(1, "x"), (2, " y ")]),
        ("FORMAT AS CSV", '1,"\\N"\n2,\\N\n', [(1, None), (2, None)]),
        ("FORMAT CSV QUOTE AS '%'", "1,%a,%%\"%\n", [(1, 'a,%"')]),
        ("CSV DELIMITER '\t'", '1\t"a\tb"\n', [(1, "a\tb")]),
        ("delimiter '|' IgnoreHeader 1 Csv quote as '''' NULL AS 'x'", "a|b\n1|'|'\n2|x", [(1, "|"), (2, None)]),
    ],
)  # fmt: skip
def test_m13_text_options(load: Load, options: str, body: str, rows: list[Any]) -> None:
    assert load(TWO, body, options) == rows


@pytest.mark.parametrize(
    ("column", "value", "loaded"),
    [
        ("int", " 42 ", 42), ("bigint", "", None), ("numeric(8,2)", "20.259", Decimal("20.25")),
        ("boolean", "t", True), ("timestamp", "2018-11-01 01:02:03", datetime(2018, 11, 1, 1, 2, 3)),
        ("date", "", None), ("char(4)", "ab", "ab  "), ("double precision", "1e3", 1000.0),
    ],
)  # fmt: skip
def test_m7_text_becomes_its_columns_type(load: Load, column: str, value: str, loaded: object) -> None:
    assert load(f"n int, a {column}", f"1|{value}\n") == [(1, loaded)]


@pytest.mark.parametrize("named", ["(b, a)", ""])
def test_text_fields_go_into_the_columns_by_position(load: Load, named: str) -> None:
    columns = "a int, b varchar, c int DEFAULT 7" if named else "b varchar, a int"
    assert load(columns, "x|1\n", named=named) == ([(1, "x", 7)] if named else [("x", 1)])


@pytest.mark.parametrize(
    ("options", "line", "code", "reason"),
    [
        ("", "1;x", 1201, "Delimiter not found"), ("", "1|2", 1203, "Delimiter not found"),
        ("", "1|x|2|3", 1202, "Extra column(s) found"), ("", "", 1211, "Input line contained no data"),
        ("CSV", "1,aaaa\"zz,3", 1214, "Invalid quote formatting for CSV"),
        ("CSV", '1,"a"b,3', 1214, "Invalid quote formatting for CSV"),
        ("CSV", '1,"a,3', 1214, "Invalid quote formatting for CSV"),
        ("REMOVEQUOTES", "1|'a|3", 1216, "No ending quotation mark (') for REMOVEQUOTES"),
        ("", "x|y|3", 1207, "Invalid digit, Value 'x', Pos 0, Type: Integer"),
        # A number in text is text: only JSON has whole numbers with a point.
        ("", "1.0|y|3", 1207, "Invalid digit, Value '.', Pos 1, Type: Integer"),
        ("", f"1|{'é' * 11}|3", 1204, "String length exceeds DDL length"),
        ("", "1|y|\\N", 1213, "Missing data for not-null field"),
        ("FILLRECORD", "1|y", 1213, "Missing data for not-null field"),
    ],
)  # fmt: skip
def test_m13_a_line_that_does_not_load_is_kept_as_it_stands(
    load: Load, connection: Any, options: str, line: str, code: int, reason: str
) -> None:
    good = "1,x,2" if options == "CSV" else "1|x|2"
    body = gzip.compress(f"{good}\n{line}\n".encode(), mtime=0)
    with pytest.raises(psycopg2.InternalError, match=r"Load into table 't' failed\.  Check 'stl_load_errors'"):
        load(f"{TWO}, c int NOT NULL", body, f"GZIP {options}")
    assert errors(connection) == [(2, code, reason)]
    assert errors(connection, "trim(raw_line)") == [(line.replace("é", "."),)]


def test_m13_bad_lines_are_skipped_below_maxerror(load: Load, connection: Any) -> None:
    body = "1|x\n2\n3|y|z\nq|r\n5|w\n"
    assert load(TWO, body, "MAXERROR 4") == [(1, "x"), (5, "w")]
    assert errors(connection) == [
        (2, 1201, "Delimiter not found"), (3, 1202, "Extra column(s) found"),
        (4, 1207, "Invalid digit, Value 'q', Pos 0, Type: Integer"),
    ]  # fmt: skip
    assert errors(connection, "trim(colname), trim(raw_field_value)")[2] == ("a", "q")
    with pytest.raises(psycopg2.InternalError):
        load(TWO, body, "MAXERROR 3")
    assert load(TWO, body, "IGNOREALLERRORS NOLOAD") == []


def test_invalid_utf8_in_text_is_refused_or_replaced(load: Load, connection: Any) -> None:
    with pytest.raises(psycopg2.InternalError):
        load(TWO, b"1|x\xa4\n")
    assert errors(connection)[0][1] == 1220
    assert load(TWO, b"1|x\xa4\n", "ACCEPTINVCHARS AS '^'") == [(1, "x^")]


@pytest.mark.parametrize(
    ("compress", "option"),
    [(lambda body: gzip.compress(body, mtime=0), "GZIP"), (bz2.compress, "BZIP2"), (zstandard.compress, "zstd")],
)
def test_m13_text_is_compressed_as_told(load: Load, compress: Callable[[bytes], bytes], option: str) -> None:
    plain = b"".join(b"%d|x\n" % n for n in range(5000))
    assert len(load(TWO, compress(plain), option)) == 5000
    with pytest.raises(psycopg2.InternalError, match=f"as {option.lower()} data"):
        load(TWO, plain, option)
    with pytest.raises(psycopg2.InternalError):  # compressed data read as text
        load(TWO, compress(plain))


@pytest.mark.parametrize(
    ("options", "state", "names"),
    [
        ("CSV ESCAPE", "0A000", "ESCAPE with CSV"), ("CSV REMOVEQUOTES", "0A000", "REMOVEQUOTES with CSV"),
        ("CSV FIXEDWIDTH 'a:1'", "0A000", "FIXEDWIDTH"), ("QUOTE '%'", "42601", "QUOTE needs CSV"),
        ("CSV JSON 'auto'", "0A000", "CSV with JSON"), ("JSON 'auto' FILLRECORD", "0A000", "FILLRECORD with JSON"),
        ("JSON 'auto' ESCAPE", "0A000", "ESCAPE with JSON"), ("JSON 'auto' NULL AS ''", "0A000", "NULL with JSON"),
        ("JSON 'auto' IGNOREBLANKLINES", "0A000", "IGNOREBLANKLINES with JSON"),
        ("JSON 'auto' REMOVEQUOTES", "0A000", "REMOVEQUOTES with JSON"),
        ("DELIMITER ',' DELIMITER ','", "42601", "DELIMITER is given twice"),
        ("CSV CSV", "42601", "CSV is given twice"),
        ("DELIMITER '\\n'", "22023", "DELIMITER"), ("DELIMITER ''", "22023", "DELIMITER"),
        ("CSV QUOTE ','", "42601", "DELIMITER and QUOTE"), ("CSV QUOTE 'ab'", "22023", "QUOTE takes one character"),
        ("NULL AS '\\n'", "22023", "NULL AS"), ("ESCAPE DELIMITER '\\\\'", "42601", "backslash"),
        ("EXPLICIT_IDS", "0A000", "EXPLICIT_IDS"), ("LZOP", "0A000", "LZOP"), ("AVRO 'auto'", "0A000", "AVRO"),
        ("FORMAT AS ORC", "0A000", "ORC"), ("ENCODING UTF16", "0A000", "ENCODING"),
        ("READRATIO 10", "0A000", "READRATIO"),
        ("FORMAT AS FAST", "42601", "FAST"), ("CSV FAST", "42601", "FAST"), ("GZIP ZSTD", "42601", "one compression"),
        ("MAXERROR 2 IGNOREALLERRORS", "42601", "IGNOREALLERRORS"),
        ("ACCESS_KEY_ID 'a' SECRET_ACCESS_KEY 'b'", "42601", "one authorization"),
    ],
)  # fmt: skip
def test_m13_options_that_conflict_or_are_unknown_are_refused(load: Load, options: str, state: str, names: str) -> None:
    with pytest.raises(psycopg2.Error, match=names) as refused:
        load(TWO, "1|x\n", options)
    assert refused.value.pgcode == state


def test_m13_options_come_in_any_order_and_case_with_comments(cluster: Any, schema: str, load: Load) -> None:
    assert load("a int", "") == []
    source = cluster.put(f"{schema}/csv", gzip.compress(b"head\n1\n", mtime=0))
    connection = cluster.psycopg2(options=f"-csearch_path={schema}")
    cursor = connection.cursor()
    for order in (
        "gzip IGNOREHEADER as 1 -- the header\n iam_role '{role}' CSV",
        "Csv MaxError 0 /* ; ' */ CREDENTIALS 'aws_iam_role={role}' ignoreheader 1 Gzip Region 'us-west-2'",
    ):
        cursor.execute(f"COPY t FROM '{source}' {order.format(role=cluster.role)}")
    cursor.execute("SELECT a FROM t")
    assert cursor.fetchall() == [(1,), (1,)]


def test_the_views_name_the_format(load: Load, connection: Any) -> None:
    load(TWO, "1|x\n")
    cursor = connection.cursor()
    cursor.execute("SELECT trim(file_format) FROM stl_load_commits WHERE query = pg_last_copy_id()")
    assert cursor.fetchone() == ("Text",)
    cursor.execute("SELECT file_format, loaded_rows FROM sys_load_history WHERE query_id = pg_last_copy_id()")
    assert cursor.fetchone() == ("Text", 1)


# Nothing that ends a line for Python's csv and not for COPY, and no NULL.
CELLS = st.text(st.characters(codec="utf-8", exclude_characters="\0\r\\"), max_size=8)


@settings(max_examples=100)
@given(rows=st.lists(st.lists(CELLS, min_size=2, max_size=4), max_size=6), quoting=st.sampled_from([0, 1]))
def test_csv_is_read_as_python_writes_it(rows: list[list[str]], quoting: int) -> None:
    file = io.StringIO()
    csv.writer(file, lineterminator="\n", quoting=quoting).writerows(rows)  # type: ignore[arg-type] # minimal or all
    assert read(file.getvalue(), Dialect(",", '"')) == rows


@settings(max_examples=100)
@given(rows=st.lists(st.lists(CELLS, min_size=2, max_size=4), max_size=6), quote=st.sampled_from(["", "'", '"']))
def test_escaped_text_is_read_back(rows: list[list[str]], quote: str) -> None:
    """Text as UNLOAD … ESCAPE [ADDQUOTES] writes it (AWS: r_UNLOAD)."""

    def written(cell: str) -> str:
        special = "\n\\|" + (quote and "'\"")
        return quote + "".join("\\" + c if c in special else c for c in cell) + quote

    text = "".join("|".join(map(written, row)) + "\n" for row in rows)
    assert read(text, Dialect(escape=True, remove_quotes=bool(quote))) == rows


def test_a_line_may_have_four_megabytes_and_no_more() -> None:
    fits, longer = "x" * (LONGEST_RECORD - 1), "é" * (LONGEST_RECORD // 2)
    first, second, third = read(f"{fits}\n{longer}\nz\n", Dialect())
    assert first == [fits]
    assert isinstance(second, FieldError)
    assert third == ["z"]


def test_an_open_quotation_mark_ends_with_the_longest_record() -> None:
    first, *rest = read('a,"b\n' + "x" * LONGEST_RECORD + "\nc,d\n", Dialect(",", '"'))
    assert isinstance(first, FieldError)
    assert rest == [["c", "d"]]


WIDE = [
    (lambda n: '"a",' * n, Dialect(",", '"')), (lambda n: '"' + '""' * n + '"', Dialect(",", '"')),
    (lambda n: "\\\\|" * n, Dialect(escape=True)), (lambda n: "'a'|" * n, Dialect(remove_quotes=True)),
    (lambda n: "\\\n" * n, Dialect(escape=True)),
]  # fmt: skip


@pytest.mark.parametrize(("line", "dialect"), WIDE)
def test_a_long_record_takes_time_in_proportion_to_its_length(line: Callable[[int], str], dialect: Dialect) -> None:
    def seconds(size: int) -> float:
        text = line(size) + "\n"
        start = time.process_time()
        assert len(read(text, dialect)) == 1
        return time.process_time() - start

    assert seconds(80_000) < 10 * seconds(20_000)  # 4 times if in proportion, 16 times if by the square
