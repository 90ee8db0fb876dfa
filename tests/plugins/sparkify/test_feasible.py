"""What cannot work is an import error of the DAG that asks for it."""

import pytest
from airflow.dag_processing.dagbag import DagBag
from airflow.sdk import DAG

from sparkify.contracts import EVENTS
from sparkify.feed import Feed
from sparkify.operators.stage_to_redshift import StageToRedshiftOperator
from sparkify.quarantine import Quarantine

QUARANTINE = Quarantine("s.quarantine", "s.rejected", "s.broken", "100", "0.1")
HOURLY = """
from airflow.sdk import DAG
from sparkify.operators.stage_to_redshift import StageToRedshiftOperator

with DAG("hourly_objects", schedule=None):
    StageToRedshiftOperator(
        task_id="stage", conn_id="w", table="s.t", source="s3://b/", manifest="s3://b/m", iam_role="default",
        key_format="%Y/%m/%d/%H.json",
    )
"""


def stage(**arguments):
    with DAG("any", schedule=None):
        return StageToRedshiftOperator(
            task_id="stage",
            conn_id="w",
            table="s.t",
            source="s3://b/",
            manifest="s3://b/m",
            iam_role="default",
            **arguments,
        )


def test_keys_by_hour_are_an_import_error_that_says_what_to_write(tmp_path):
    """They are formatted from midnight: every other hour would be published empty."""
    (tmp_path / "hourly.py").write_text(HOURLY)
    bag = DagBag(tmp_path)
    assert bag.dags == {}
    (said,) = bag.import_errors.values()
    assert "%Y/%m/%d/%H.json" in said
    assert "leave key_format out and give a pattern" in said


@pytest.mark.parametrize("code", [*"HIMSfpcXTRrs", "-H", "Ec"])
def test_no_key_is_formatted_from_a_time_of_day(code):
    with pytest.raises(ValueError, match="finer than a day"):
        stage(key_format=f"%Y-%m-%d-%{code}.json")


@pytest.mark.parametrize("key_format", ["%Y/%m/%d.json", "%G-W%V-%u.json", "%F", "%y%j", "100%%/%b %d, %Y", "x.json"])
def test_whole_days_may_be_written_in_any_way(key_format):
    assert stage(key_format=key_format).key_format == key_format


@pytest.mark.parametrize(
    "how",
    [
        *({"copy_options": [option]} for option in ("gzip", "GZIP", "Bzip2", "lzop", "zstd", "format as parquet")),
        *({"file_format": name} for name in ("parquet", "Parquet", "ORC", "avro 'auto'")),
        {"copy_options": ["compupdate off gzip"]},
    ],
)
@pytest.mark.parametrize(
    "what", [{"feed": Feed()}, {"feed": EVENTS, "quarantine": QUARANTINE}, {"quarantine": QUARANTINE}]
)
def test_records_that_are_not_plain_text_cannot_be_looked_into(how, what):
    with pytest.raises(ValueError, match=r"cannot be used with .*Leave out feed and quarantine"):
        stage(**how, **what)
    assert stage(**{"file_format": "json", **how}, feed=None)


@pytest.mark.parametrize("columnar", ["parquet", "ORC"])
def test_columnar_files_take_few_of_the_parameters_of_copy(columnar):
    for options, name in ((["compupdate off"], "COMPUPDATE"), (["MaxError 5"], "MAXERROR"), (["gzip"], "GZIP")):
        with pytest.raises(ValueError, match=f"^{name} cannot be used with {columnar.upper()}"):
            stage(file_format=columnar, copy_options=["statupdate off", *options])
    with pytest.raises(ValueError, match=r"region='', and copy the objects"):
        stage(file_format=columnar, region="{{ var.value.sparkify_region }}")
    assert stage(file_format=columnar, copy_options=["statupdate off", "FILLRECORD"], region="")


def test_words_in_quotes_are_no_options():
    assert stage(feed=EVENTS, copy_options=["null as 'gzip'", "timeformat 'it''s parquet'"])
