"""COPY of JSON: what loads, as what, and what is said about the rest."""

from __future__ import annotations

import bz2
import gzip
import json
from collections.abc import Callable
from datetime import datetime, timezone
from decimal import Decimal
from typing import Any

import psycopg2
import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

Load = Callable[..., list[tuple[Any, ...]]]


@pytest.fixture
def load(cluster: Any, schema: str, connection: Any) -> Load:
    """Creates a table, loads one object into it, returns the table's rows."""

    def load(columns: str, body: str | bytes, options: str = "", named: str = "") -> list[tuple[Any, ...]]:
        cursor = connection.cursor()
        cursor.execute(f"DROP TABLE IF EXISTS t; CREATE TABLE t ({columns})")
        source = cluster.put(f"{schema}/data", body)
        options = options if "JSON" in options.upper() else f"JSON 'auto' {options}"
        cursor.execute(f"COPY t {named} FROM '{source}' IAM_ROLE '{cluster.role}' {options}")
        cursor.execute("SELECT * FROM t")
        return list(cursor.fetchall())

    return load


def errors(connection: Any) -> list[tuple[Any, ...]]:
    cursor = connection.cursor()
    cursor.execute("""SELECT line_number, trim(colname), err_code, trim(err_reason) FROM stl_load_errors
                      WHERE query = pg_last_copy_id() ORDER BY line_number""")
    return list(cursor.fetchall())


@pytest.mark.parametrize(
    "body", ['{"a":1}\n{"a":2}', '{"a":1}{"a":2}', '{\n "a" : 1\n}\n\n {\n"a":2}\n', '{"a":1}\r\n{"a":2}\r\n']
)
def test_m4_records_are_found_however_they_are_laid_out(load: Load, body: str) -> None:
    assert load("a int", body) == [(1,), (2,)]


@pytest.mark.parametrize(
    ("column", "value", "code"),
    [
        ("bool", r'"\ud800"', 1210), ("bool", r'"\u0000"', 1210), ("int", r'"\u0000"', 1207),
        ("date", r'"\u0000"', 1205), ("int", "1" * 5000, 1222),
        ("float", "1e400", 1208), ("float", "1e-400", 1208), ("real", "1e39", 1208),
        ("float", '"\uff11"', 1208), ("time", '"\uff110:00:00"', 1206),
        ("time", '"25:00:00"', 1206), ("time", '"10:60"', 1206),
    ],
)  # fmt: skip
def test_what_no_type_can_hold_is_a_load_error_and_no_more(
    load: Load, connection: Any, column: str, value: str, code: int
) -> None:
    assert load(f"n int, a {column}", f'{{"n": 1, "a": {value}}}\n{{"n": 2}}', "MAXERROR 2") == [(2, None)]
    assert [(line, name, found) for line, name, found, _ in errors(connection)] == [(1, "a", code)]


def test_a_column_named_as_json_would_escape_it(load: Load) -> None:
    assert load('"a""b" int, "c\\d" int, e int', r'{"a\"b": 1, "c\\d": 2, "e": 3}') == [(1, 2, 3)]


def test_text_ends_at_a_nul_among_many_lines(load: Load) -> None:
    lines = [
        r'{"n": 1, "v": "\\u0000"}',
        r'{"n": 2, "v": "abc\u0000d"}',
        r'{"n": 3, "v": "\u0000"}',
        '{"n": 4, "v": "e"}',
    ]
    assert sorted(load("n int, v varchar", "\n".join(lines * 2))) == sorted(
        [(1, r"\u0000"), (2, "abc"), (3, ""), (4, "e")] * 2
    )


TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12) | st.sampled_from(
    [
        "",
        " ",
        "null",
        "NULL",
        "\\N",
        "\\.",
        "\\",
        '"',
        '\\"',
        '""',
        ",",
        "\t",
        "\n",
        "\r\n",
        "\b\f\v\x01\x7f",
        "[1]",
        "\\n",
        "é",
    ]
)


@given(rows=st.lists(st.tuples(TEXTS | st.none(), TEXTS | st.none()), min_size=1, max_size=30), escaped=st.booleans())
@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_text_arrives_as_it_is(load: Load, rows: list[tuple[str | None, str | None]], escaped: bool) -> None:
    lines = [json.dumps({"n": n, "a": a, "b": b}, ensure_ascii=escaped) for n, (a, b) in enumerate(rows)]
    loaded = load("n int, a varchar(65535), b varchar(65535)", "\n".join(lines))
    assert sorted(loaded) == [(n, *row) for n, row in enumerate(rows)]


@pytest.mark.parametrize(
    ("column", "value", "loaded"),
    [
        ("varchar", '"a"', "a"), ("varchar", "112", "112"), ("varchar", "1.50", "1.50"), ("varchar", "true", "true"),
        ("varchar", '""', ""), ("varchar", "null", None), ("varchar", '{"x": [1, "y"]}', '{"x":[1,"y"]}'),
        ("varchar", r'"a\\b\n\t\"\u00e9"', 'a\\b\n\t"é'), ("varchar", r'"\ud83d\ude00"', "😀"),
        ("varchar", r'"ab\u0000cd"', "ab"), ("varchar", r'"\\N"', "\\N"), ("varchar", '" x "', " x "),
        ("int", '""', None), ("int", '" "', None), ("int", '"42"', 42), ("int", "-7", -7), ("int", "null", None),
        ("bigint", "1541022995796.0", 1541022995796), ("bigint", "1.5e3", 1500), ("smallint", "32767", 32767),
        ("numeric(8,2)", "20.259", Decimal("20.25")), ("numeric(8,2)", "-20.259", Decimal("-20.25")),
        ("numeric", "3.9", Decimal(3)), ("double precision", "166.71302", 166.71302), ("double precision", '""', None),
        ("boolean", "true", True), ("boolean", '"f"', False), ("boolean", "0", False),
        ("timestamp", '"2018-11-01 01:02:03.5"', datetime(2018, 11, 1, 1, 2, 3, 500000)),
        ("date", '"2018-11-01"', datetime(2018, 11, 1).date()), ("char(4)", '"ab"', "ab  "),
    ],
)  # fmt: skip
def test_m7_a_value_becomes_its_columns_type(load: Load, column: str, value: str, loaded: object) -> None:
    assert load(f"a {column}", f'{{"a": {value}}}') == [(loaded,)]


@pytest.mark.parametrize(
    ("column", "value", "code", "reason"),
    [
        ("int", '"a"', 1207, "Invalid digit, Value 'a', Pos 0, Type: Integer"),
        ("int", "1.5", 1207, "Invalid digit, Value '.', Pos 1, Type: Integer"),
        ("bigint", "9223372036854775808", 1222,
         "Overflow (Long valid range -9223372036854775808 to 9223372036854775807)"),
        ("varchar(3)", '"éé"', 1204, "String length exceeds DDL length"),
        ("char(3)", '"abcd"', 1204, "Char length exceeds DDL length"),
        ("char(9)", '"é"', 1220,
         "Multibyte character not supported for CHAR (Hint: Try using VARCHAR). Invalid char: c3 a9"),
        ("varchar", r'"\u0000a"', 1218, "Invalid null byte - field longer than 1 byte"),
        ("int NOT NULL", "null", 1213, "Missing data for not-null field"),
        ("boolean", '"perhaps"', 1210, "Invalid value for BOOLEAN: perhaps"),
        ("numeric(4,2)", "100", 1209, "Overflow (numeric value is out of range for DECIMAL(4, 2))"),
        ("double precision", '"x1"', 1208, "Invalid digit, Value 'x', Pos 0, Type: Double"),
        ("timestamp", '"2018-11-01T01:02:03Z"', 1206, "Invalid timestamp format or value [YYYY-MM-DD HH:MI:SS]"),
        ("date", '"2018-02-30"', 1205, "Invalid date format or value [YYYY-MM-DD]"),
    ],
)  # fmt: skip
def test_m8_a_value_that_does_not_fit_is_named(
    load: Load, connection: Any, column: str, value: str, code: int, reason: str
) -> None:
    with pytest.raises(psycopg2.InternalError) as failed:
        load(
            f"n int, a {column}",
            f'{{"n": 1}}{{"n":\n2, "a": {value}}}' if "NOT" not in column else f'\n{{"a": {value}}}',
        )
    message = "Load into table 't' failed.  Check 'stl_load_errors' system table for details."
    assert failed.value.diag.message_primary == message
    assert errors(connection) == [(2, "a", code, reason[:100])]


def test_m4_keys_match_column_names_exactly_or_in_any_case(load: Load) -> None:
    body = '{"firstName": "Ana", "level": "free", "extra": {"deep": 1}}'
    assert load("firstname varchar, level varchar", body) == [(None, "free")]
    assert load("firstname varchar, level varchar", body, "JSON 'auto ignorecase'") == [("Ana", "free")]


def test_m4_a_column_left_out_of_the_list_gets_its_default(load: Load) -> None:
    assert load("a int DEFAULT 5, b int, c int IDENTITY(1,1)", '{"b":2}', named="(b)")[0][:2] == (5, 2)
    assert load("a int DEFAULT 5, b int", '{"b":2}') == [(None, 2)]


def test_m5_a_top_level_array_is_one_record_and_no_object(load: Load, connection: Any) -> None:
    with pytest.raises(psycopg2.InternalError):
        load("a int", '[{"a":1},\n{"a":2}]')
    assert errors(connection) == [(2, "", 1216, "Invalid JSONPath format: Member is not an object.")]


def test_m5_what_stands_between_records_is_an_error_each(load: Load, connection: Any) -> None:
    assert load("a int", '{"a":1},{"a":2}\nx\n{"a":3}', "MAXERROR 9") == [(1,), (2,), (3,)]
    assert [line for line, *_ in errors(connection)] == [1, 2]


def test_m11_maxerror_fails_at_its_number_and_skips_below(load: Load, connection: Any) -> None:
    body = '{"a":"x"}\n{"a":1}\n{"a":"y"}\n{"a":2}\n'
    assert load("a int", body, "MAXERROR 3") == [(1,), (2,)]
    assert connection.notices[-1].strip() == (
        "INFO:  Load into table 't' completed, 2 record(s) could not be loaded.  "
        "Check 'stl_load_errors' system table for details."
    )
    assert load("a int", body, "IGNOREALLERRORS") == [(1,), (2,)]
    for options in ("MAXERROR 2", "MAXERROR 1", "MAXERROR 0", ""):
        with pytest.raises(psycopg2.InternalError, match="Load into table 't' failed"):
            load("a int", body, options)


def test_m11_noload_reports_errors_and_leaves_the_table(schema: str, load: Load, connection: Any) -> None:
    body = '{"a":1}\n{"a":"x"}\n'
    assert load("a int", body, "MAXERROR 2") == [(1,)]
    cursor = connection.cursor()
    copy = f"COPY t FROM 's3://bucket/{schema}/data' IAM_ROLE default JSON 'auto' NOLOAD"
    with pytest.raises(psycopg2.InternalError, match="Load into table 't' failed"):
        cursor.execute(copy)
    assert [(line, code) for line, _, code, _ in errors(connection)] == [(2, 1207)]
    cursor.execute(f"{copy} MAXERROR 2; SELECT a FROM t")
    assert cursor.fetchall() == [(1,)]


@pytest.mark.parametrize(
    ("columns", "body", "options", "expected"),
    [
        ("a varchar(3)", '{"a":"éé"}', "TRUNCATECOLUMNS", [("é",)]),
        ("a varchar", '{"a":""}', "EMPTYASNULL", [(None,)]),
        ("a varchar", '{"a":"  "}', "BLANKSASNULL", [(None,)]),
        ("a varchar", '{"a":"x  "}', "TRIMBLANKS", [("x",)]),
        ("a numeric(8,2)", '{"a":20.259}', "ROUNDEC", [(Decimal("20.26"),)]),
        ("a date", '{"a":"soon"}', "ACCEPTANYDATE", [(None,)]),
        ("a varchar", b'{"a":"x\xffy\xe9"}', "ACCEPTINVCHARS AS '#'", [("x#y#",)]),
        ("a timestamp", '{"a":1541022995796}', "TIMEFORMAT 'epochmillisecs'",
         [(datetime(2018, 10, 31, 21, 56, 35, 796000),)]),
        ("a timestamp", '{"a":1541022995}', "TIMEFORMAT AS 'epochsecs'", [(datetime(2018, 10, 31, 21, 56, 35),)]),
        ("a timestamp", '{"a":"2018-11-01T01:02:03.25Z"}', "timeformat 'auto'",
         [(datetime(2018, 11, 1, 1, 2, 3, 250000),)]),
        ("a timestamptz", '{"a":"0012-11-01 01:02:03+00"}', "TIMEFORMAT 'auto'",
         [(datetime(12, 11, 1, 1, 2, 3, tzinfo=timezone.utc),)]),
        ("a timestamptz", '{"a":"2018-11-01 01:02:03-08"}', "TIMEFORMAT 'auto'",
         [(datetime(2018, 11, 1, 9, 2, 3, tzinfo=timezone.utc),)]),
        ("a timestamp", '{"a":"01.11.2018 14:05"}', "TIMEFORMAT 'DD.MM.YYYY HH:MI'", [(datetime(2018, 11, 1, 14, 5),)]),
        ("a date", '{"a":"11/01/2018"}', "DATEFORMAT 'MM/DD/YYYY'", [(datetime(2018, 11, 1).date(),)]),
        ("a int", 'header\n{"a":1}', "IGNOREHEADER 1", [(1,)]),
        ("a int", '{"a":1}', "NOLOAD", []),
        ("a int", '{"a":1}', "COMPUPDATE OFF STATUPDATE ON REGION 'us-west-2' manifest_free", None),
        ("a int", gzip.compress(b'{"a":1}', mtime=0), "GZIP", [(1,)]),
        ("a int", bz2.compress(b'{"a":1}'), "bzip2", [(1,)]),
        ("a int", zstandard.compress(b'{"a":1}'), "ZSTD", [(1,)]),
        ("a int", '{"a":1}', "statupdate off Json 'auto' MaxError As 7 /* ; */ compupdate preset", [(1,)]),
    ],
)  # fmt: skip
def test_m7_options_convert_values_as_documented(
    load: Load, columns: str, body: str | bytes, options: str, expected: list[Any] | None
) -> None:
    if expected is None:
        with pytest.raises(psycopg2.errors.SyntaxError, match="manifest_free"):
            load(columns, body, options)
    else:
        assert load(columns, body, options) == expected


@pytest.mark.parametrize(
    ("options", "state", "names"),
    [
        ("JSON 'auto' NULL AS 'x'", "0A000", "NULL"), ("FORMAT AS PARQUET", "0A000", "PARQUET"),
        ("JSON 'auto' DELIMITER ','", "0A000", "DELIMITER"), ("FORMAT JSON 'auto' ENCRYPTED", "0A000", "ENCRYPTED"),
        ("JSON 'noshred'", "XX000", "noshred"), ("JSON 'auto' FAST", "42601", "FAST"),
        ("JSON 'auto' GZIP BZIP2", "42601", "compression"), ("JSON 'auto' GZIP GZIP", "42601", "GZIP"),
        ("JSON 'auto' MAXERROR 1 IGNOREALLERRORS", "42601", "IGNOREALLERRORS"),
        ("JSON 'auto' MAXERROR 100001", "42601", "100001"), ("JSON 'paths.json'", "22023", "paths.json"),
        ("JSON 'auto' CREDENTIALS 'aws_iam_role=arn:aws:iam::1:role/x'", "42601", "one authorization"),
    ],
)  # fmt: skip
def test_m13_an_option_that_cannot_be_done_is_refused_by_name(load: Load, options: str, state: str, names: str) -> None:
    with pytest.raises(psycopg2.Error, match=names) as refused:
        load("a int", '{"a":1}', options)
    assert refused.value.pgcode == state


def test_m8_invalid_utf8_is_a_load_error(load: Load, connection: Any) -> None:
    with pytest.raises(psycopg2.InternalError):
        load("a varchar", b'{"a":"x\xa4"}')
    text = "String contains invalid or unsupported UTF-8 codepoints. Bad UTF-8 hex sequence: a4 (error 3)"
    assert errors(connection) == [(1, "a", 1220, text)]


@pytest.mark.parametrize(("body", "options"), [(b'{"a":1}', "GZIP"), (b'{"a":1}', "BZIP2"), (b'{"a":1}', "ZSTD")])
def test_m13_a_file_that_is_not_compressed_as_told_fails(load: Load, schema: str, body: bytes, options: str) -> None:
    with pytest.raises(psycopg2.InternalError, match=f"s3://bucket/{schema}/data"):
        load("a int", body, options)


PATHS = ["$['userId']", "$['name']['first']", "$['tags'][1]"]
NESTED = '{"userId":"7","name":{"first":"Ana"},"tags":["x","y"]}\n{"name":{}, "tags":[1,2]}'


def test_m6_jsonpaths_are_positional(cluster: Any, schema: str, load: Load) -> None:
    for paths in (PATHS, ["$.userId", "$.name.first", "$.tags[1]"]):
        file = cluster.put(f"{schema}-paths.json", json.dumps({"jsonpaths": paths}))
        assert load("a int, b varchar, c varchar", NESTED, f"JSON '{file}'") == [(7, "Ana", "y"), (None, None, "2")]


def test_m6_jsonpaths_and_columns_must_be_as_many(cluster: Any, schema: str, load: Load) -> None:
    file = cluster.put(f"{schema}-paths.json", json.dumps({"jsonpaths": PATHS}))
    text = (r"Number of jsonpaths and the number of columns should match\. "
            r"JSONPath size: 3, Number of columns in table or column list: 2")  # fmt: skip
    with pytest.raises(psycopg2.InternalError, match=text):
        load("a int, b varchar", NESTED, f"JSON '{file}'")


def test_m6_a_missing_array_element_is_a_load_error(cluster: Any, schema: str, load: Load, connection: Any) -> None:
    file = cluster.put(f"{schema}-paths.json", '{"jsonpaths":["$[0]","$[2]"]}')
    assert load("a int, b int", "[1,2,3]\n[1,2]", f"JSON '{file}' MAXERROR 2") == [(1, 3)]
    assert errors(connection) == [(2, "b", 1216, "Invalid JSONPath format: Not an array or index out of range.")]


@pytest.mark.parametrize(
    "content",
    ['{"jsonpaths":["$[\'a\']","$.b"]}', '{"jsonpaths":["$.*","$.b"]}', '{"jsonpaths":["$.a",1]}',
     '{"jsonpaths":["$.a",""]}',
     '{"jsonpaths":["$.a"]}{"jsonpaths":["$.b"]}', '{"jsonpaths":"$.a"}', "[]", "{", '{"jsonpaths":["$..a","$.b"]}'],
)  # fmt: skip
def test_m6_a_malformed_jsonpaths_file_fails(cluster: Any, schema: str, load: Load, content: str) -> None:
    file = cluster.put(f"{schema}-paths.json", content)
    with pytest.raises(psycopg2.InternalError, match="JSONPath"):
        load("a int, b int", '{"a":1,"b":2}', f"JSON '{file}' MAXERROR 100")


def test_m6_a_jsonpaths_file_under_another_key_means_auto(cluster: Any, schema: str, load: Load) -> None:
    file = cluster.put(f"{schema}-paths.json", '{"paths":["$.x"]}')
    assert load("a int", '{"a":1,"x":2}', f"JSON '{file}'") == [(1,)]
