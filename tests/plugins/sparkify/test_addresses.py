"""One reading of an address in S3, however a person has written it."""

import pytest
from airflow.sdk.exceptions import AirflowFailException

from include.sandbox.aws import SOURCE_BUCKET, WORK_BUCKET
from sparkify.addresses import base, split


@pytest.mark.parametrize("url", ["", "/data", "s3:/b/k", "https://b/k", "s3://"])
def test_what_is_no_address_is_refused(url):
    with pytest.raises(AirflowFailException, match=r"expected s3://bucket/prefix"):
        split(url)


def test_a_key_may_hold_what_urls_give_a_meaning():
    assert split("s3://b/a/what?#1.json") == ("b", "a/what?#1.json")


def test_a_slash_more_is_part_of_the_key_as_it_is_to_copy():
    assert split("s3://b//a//x/") == ("b", "/a//x/")


@pytest.mark.parametrize("written", ["s3://data", "s3://data/", "s3://data//", " S3://data/\n"])
def test_a_bucket_is_written_with_or_without_slashes(written):
    assert base(written, "sparkify_source") == "s3://data"


@pytest.mark.parametrize("written", ["s3://data/a/b", "s3://data//a/b/", "s3://data/a///b//"])
def test_so_is_a_prefix(written):
    assert base(written, "sparkify_source") == "s3://data/a/b"


@pytest.mark.parametrize(
    "written",
    ["", "data", "data/a", "/data", "s3:/data", "s3:///a", "https://data.s3.amazonaws.com", "arn:aws:s3:::data"],
)
def test_a_variable_that_is_no_address_is_named_with_what_to_write(written):
    with pytest.raises(AirflowFailException, match=r"The Variable sparkify_work is .* set it to s3://bucket or"):
        base(written, "sparkify_work")


def test_slashes_in_variables_change_nothing_of_what_is_loaded(pipeline, folder, expected):
    pipeline.upload(folder)
    pipeline.variables |= {
        "sparkify_source": f"s3://{SOURCE_BUCKET}//{pipeline.name}//",
        "sparkify_work": f"s3://{WORK_BUCKET}/{pipeline.name}/work/",
    }
    pipeline.run().all()
    assert pipeline.published() == expected()
