"""Addresses in S3, read in one way by whoever lists, reads, writes or has COPY read what is there."""

from __future__ import annotations

import re

from airflow.sdk.exceptions import AirflowFailException

ADDRESS = re.compile(r"s3://([^/]+)(?:/(.*))?", re.DOTALL)
# As a person may write it: any case of the scheme, spaces around it, slashes too many (AWS: bucketnamingrules; older
# buckets may have capitals and underscores).
WRITTEN = re.compile(r"s3://([\w.-]{3,255})((?:/[^\x00-\x1f]*)?)", re.IGNORECASE | re.ASCII)


def split(url: str) -> tuple[str, str]:
    """Take ``s3://bucket/key`` apart, as COPY does: a slash more is part of the key.

    Returns:
        The bucket, and the key or prefix, which may be empty.

    Raises:
        AirflowFailException: it is not an address in S3.
    """
    parts = ADDRESS.fullmatch(url)
    if parts is None:
        raise AirflowFailException(f"{url!r} is not an address in S3: expected s3://bucket/prefix.")
    return parts[1], parts[2] or ""


def base(written: str, variable: str) -> str:
    """Read the address below which objects are, from a Variable that a person wrote.

    Args:
        written: ``s3://bucket`` or ``s3://bucket/prefix``, with any number of slashes between its parts and at its end.
        variable: the name of the Variable, for the message.

    Returns:
        The address with single slashes and none at its end, so that ``/key`` can be added.

    Raises:
        AirflowFailException: it is not an address in S3.
    """
    parts = WRITTEN.fullmatch(str(written).strip())
    if parts is None:
        raise AirflowFailException(
            f"The Variable {variable} is {written!r}, which is not an address in S3: set it to s3://bucket or "
            f"s3://bucket/prefix, e.g. by `airflow variables set {variable} s3://my-bucket`."
        )
    return "/".join([f"s3://{parts[1]}", *filter(None, parts[2].split("/"))])
