from datetime import datetime, timezone

import airflow.providers.amazon.aws.hooks.base_aws  # noqa: F401 - before our own module, which it imports
import pytest

from sparkify.aws import moment


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2018-11-01T05:06:07.000Z", datetime(2018, 11, 1, 5, 6, 7, tzinfo=timezone.utc)),
        ("2018-11-01T05:06:07Z", datetime(2018, 11, 1, 5, 6, 7, tzinfo=timezone.utc)),
        ("2018-11-01T07:06:07.250+02:00", datetime(2018, 11, 1, 5, 6, 7, 250_000, tzinfo=timezone.utc)),
        ("Thu, 01 Nov 2018 05:06:07 GMT", datetime(2018, 11, 1, 5, 6, 7, tzinfo=timezone.utc)),
    ],
)
def test_times_are_read_as_aws_writes_them(text, expected):
    assert moment(text) == expected
