"""Functions that PostgreSQL lacks, or that mean something else there: each as its page of AWS's has it, or refused."""

from __future__ import annotations

from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

import psycopg2
import pytest

# Three rows: the last has no name and no price.
ROWS = (
    """(SELECT 1 AS a, 'x'::varchar AS b, 2.50 AS n UNION ALL SELECT 2, 'y', 3.75 UNION ALL SELECT 3, NULL, NULL) t"""
)
ALL = "ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING"


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("date_trunc('month', date '2018-02-28')", datetime(2018, 2, 1)),
        ("date_trunc('month', '2018-02-28')", datetime(2018, 2, 1)),
        ("datediff(hour, time '10:00', time '12:30')", 2),
        ("dateadd(minute, 5, time '10:00')", time(10, 5)),
        ("next_day('2014-08-20', 'Tuesday')", date(2014, 8, 26)),  # AWS: r_NEXT_DAY
        ("next_day(date '2014-08-26', 'tu')", date(2014, 9, 2)),
        ("crc32('Amazon Redshift')", "f2726906"),  # AWS: crc32-function
        ("concat('a', concat('b', 1))", "ab1"),
        ("concat('a', NULL)", None),  # AWS: r_CONCAT
        ("regexp_substr('a=1', 'a=([0-9])', 1, 1, 'e')", "1"),  # AWS: REGEXP_SUBSTR
        ("regexp_substr('a=1', 'a=', 1, 1, 'e')", "a="),
        ("convert(integer, '5') + 1", 6),  # AWS: CONVERT_function
        ("convert(varchar(2), 'abc')", "ab"),
        ("try_cast('x' AS integer)", None),  # AWS: r_TRY_CAST
        ("try_cast('5' AS numeric(4, 1))", Decimal(5)),
        ("replicate('ab', 2)", "abab"),
        ("textlen('héé')", 3),
        ("is_valid_json('{\"a\": 1}')", True),
        ("is_valid_json('{a}')", False),
        ("is_valid_json_array('[1, 2]')", True),
        ("json_array_length('[11,12,13', true)", None),  # AWS: JSON_ARRAY_LENGTH
        ("json_extract_array_element_text('[1,2]', 1, true)", "2"),
        ("json_extract_path_text('{\"a\":{\"b\":1}}', 'a', 'b', true)", "1"),
        ("json_extract_path_text('{', 'a', 'b', true)", None),
        ("split_to_array('a|b', '|')", '["a","b"]'),
        ("get_array_length(split_to_array('a,b'))", 2),
        ("is_object(json_parse('{}')) AND NOT is_array(json_parse('{}'))", True),
        ("is_scalar(NULL)", False),  # AWS: query-super
    ],
)
def test_m17_a_function_of_redshifts_has_its_value(owner: Any, expression: str, value: object) -> None:
    owner.execute(f"SELECT {expression}")
    assert owner.fetchone()[0] == value


@pytest.mark.parametrize(("sql", "value"), [("SELECT 'a' || %s", 1), ("SELECT %s || 1", "a")])
def test_m17_a_bound_value_beside_text_is_text(cluster: Any, schema: str, sql: str, value: object) -> None:
    cursor = cluster.connector().cursor()
    cursor.execute(sql, (value,))
    assert cursor.fetchone() == ["a1"]


@pytest.mark.parametrize(
    ("expression", "values"),
    [
        # AWS: r_AVG: whole numbers stay whole, decimals keep their scale.
        ("avg(a)", [2]),
        ("avg(n)", [Decimal("3.12")]),
        ("avg(a::float8)", [2.0]),
        ("avg(a::bigint) OVER (ORDER BY a ROWS UNBOUNDED PRECEDING)", [1, 1, 2]),
        # AWS: r_STDDEV_functions, r_VARIANCE_functions: DOUBLE PRECISION, whatever it is of.
        ("stddev(a)", [1.0]),
        ("stddev_samp(n)", [pytest.approx(0.8838834764831844)]),
        ("stddev_pop(DISTINCT a::bigint)", [pytest.approx(0.816496580927726)]),
        ("variance(a::float4)", [1.0]),
        ("var_samp(n) OVER ()", [0.78125] * 3),
        ("pg_catalog.var_pop(a) OVER (ORDER BY a ROWS UNBOUNDED PRECEDING)", [0.0, 0.25, pytest.approx(2 / 3)]),
        ("median(a)", [Decimal(2)]),
        ("median(n) OVER (PARTITION BY 1)", [Decimal("3.125")] * 3),
        ("percentile_cont(0.5) WITHIN GROUP (ORDER BY n)", [Decimal("3.125")]),
        ("approximate percentile_disc(0.5) WITHIN GROUP (ORDER BY a)", [2]),
        ("percentile_cont(0.25) WITHIN GROUP (ORDER BY a DESC) OVER ()", [Decimal("2.5")] * 3),
        ("percentile_disc(0.5) WITHIN GROUP (ORDER BY a) OVER (PARTITION BY a)", [1, 2, 3]),
        ("ratio_to_report(a) OVER ()", [1 / 6, 2 / 6, 3 / 6]),
        ("listagg(b, ',') WITHIN GROUP (ORDER BY a DESC) OVER ()", ["y,x"] * 3),
        ("first_value(b IGNORE NULLS) OVER (ORDER BY a DESC ROWS UNBOUNDED PRECEDING)", ["y", "y", None]),
        ("first_value(b) IGNORE NULLS OVER (ORDER BY a DESC ROWS UNBOUNDED PRECEDING)", ["y", "y", None]),
        ("last_value(b IGNORE NULLS) OVER (ORDER BY a " + ALL + ")", ["y"] * 3),
        ("last_value(b) RESPECT NULLS OVER (ORDER BY a " + ALL + ")", [None] * 3),
        ("lag(b) IGNORE NULLS OVER (ORDER BY a)", [None, "x", "y"]),
        ("lag(b, 2) IGNORE NULLS OVER (ORDER BY a)", [None, None, "x"]),
        ("lead(b) IGNORE NULLS OVER (ORDER BY a)", ["y", None, None]),
        ("lead(b, 1) RESPECT NULLS OVER (ORDER BY a)", ["y", None, None]),
        ("nth_value(b, 2) IGNORE NULLS OVER (ORDER BY a DESC " + ALL + ")", ["x"] * 3),
        ("CASE WHEN a > 0 THEN nvl(lag(b) IGNORE NULLS OVER (ORDER BY a), '-') END", ["-", "x", "y"]),
    ],
)
def test_m17_aggregates_and_window_functions(owner: Any, expression: str, values: list[Any]) -> None:
    order = "ORDER BY a" if " OVER (" in expression else ""
    owner.execute(f"SELECT {expression} AS x FROM {ROWS} {order}")
    assert [value for (value,) in owner.fetchall()] == values


@pytest.mark.parametrize(
    "expression",
    [
        "sum(a) OVER (ORDER BY a)",  # AWS: c_Window_functions wants a frame there
        "first_value(b) OVER (PARTITION BY a ORDER BY a)",
        "sum(a) OVER (ORDER BY a RANGE UNBOUNDED PRECEDING)",
        "sum(a) OVER (ORDER BY a GROUPS 1 PRECEDING)",
        "sum(a) OVER (ORDER BY a ROWS UNBOUNDED PRECEDING EXCLUDE CURRENT ROW)",
        "lag(a, 1, 0) OVER (ORDER BY a)",
        "ratio_to_report(a) OVER (ORDER BY a)",
        "listagg(DISTINCT b) OVER ()",
        "concat('a', 'b', 'c')",
        "from_hex('61')",
        "sha1('x')",
        "array(1, 2)",
        "hll(a)",
    ],
)
def test_m20_a_function_or_window_that_cannot_be_is_refused(owner: Any, expression: str) -> None:
    with pytest.raises(psycopg2.errors.FeatureNotSupported):
        owner.execute(f"SELECT {expression} FROM {ROWS}")


@pytest.mark.parametrize("window", ["", " OVER (PARTITION BY 1)"])
@pytest.mark.parametrize("function", ["median({})", "percentile_cont(0.5) WITHIN GROUP (ORDER BY {} DESC)"])
@pytest.mark.parametrize(
    ("of", "value"),
    [
        ("a", Decimal(2)),
        ("a::float4", 2.0),
        ("date '2018-11-01' + a", date(2018, 11, 3)),
        ("timestamp '2018-11-01' + a * interval '1 hour'", datetime(2018, 11, 1, 2)),
        ("nullif(a, a)", None),
    ],
)
def test_m17_a_percentile_has_the_type_of_its_values(
    owner: Any, of: str, value: object, function: str, window: str
) -> None:
    # AWS: r_PERCENTILE_CONT, r_WF_PERCENTILE_CONT, r_MEDIAN, r_WF_MEDIAN.
    owner.execute(f"SELECT {function.format(of)}{window} FROM {ROWS}")
    found = owner.fetchone()[0]
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize(
    ("expression", "name"),
    [
        ("extract(year FROM date '2018-11-01')", "date_part"),  # AWS: r_EXTRACT_function
        ("date_part(year, date '2018-11-01')", "pgdate_part"),  # AWS: r_DATE_PART_function
        ("dateadd(day, 1, '2018-11-01')", "date_add"),  # AWS: r_DATEADD_function
        ("datediff(day, '2018-11-01', '2018-11-02')", "date_diff"),  # AWS: r_DATEDIFF_function
        ("nvl(a, 1)", "coalesce"),
        ("current_user_id", "current_user_id"),
    ],
)
def test_m17_a_column_without_a_name_has_that_of_its_function(owner: Any, expression: str, name: str) -> None:
    for qualify in ("", "QUALIFY row_number() OVER (ORDER BY a) = 1"):
        owner.execute(f"SELECT {expression} FROM {ROWS} {qualify}")
        assert owner.description[0].name == name


def test_the_words_of_windows_may_be_names(owner: Any) -> None:
    owner.execute("SELECT over, hll FROM (SELECT 'lag(a) IGNORE NULLS OVER (' AS over, 2 AS hll) x")
    assert owner.fetchone() == ("lag(a) IGNORE NULLS OVER (", 2)
