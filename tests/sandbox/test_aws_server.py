"""The AWS stand-in on its own: it keeps what it acknowledges, and answers nobody but those who sign."""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from include.sandbox.aws import SOURCE_BUCKET, client, root_keys
from include.sandbox.process import python_command, spawn, wait_ready

PIECE = 5 * 1024 * 1024  # the least that a part but the last may have (AWS: qfacts)
KEYS = [
    "a", "a/b", "A", "a/", "a//b", "/a", "a/../b", "..", ".", "a/./b", "x" * 1024, "é" * 512,
    "x" * 300 + "/" + "y" * 300, "tab\tand\x01control", "%", "%2F", "a%2Fb", "b+c d", "\u212b", "\u00c5",
    "~!*'();:@&=$,?#[]",
]  # fmt: skip


@contextmanager
def served(root: Path) -> Iterator[dict[str, str]]:
    """The stand-in in a process of its own, which is killed at the end; what it said of itself."""
    child = spawn(root, "aws", python_command("include.sandbox", "--state", str(root), "aws"))
    try:
        yield wait_ready(root, child, 60)
    finally:
        child.popen.kill()
        child.popen.wait()


def s3_of(aws: dict[str, str], **config: Any) -> Any:
    return client("s3", aws["endpoint"], **root_keys(aws), config=Config(retries={"total_max_attempts": 1}, **config))


def contents(s3: Any, bucket: str = SOURCE_BUCKET) -> dict[str, bytes]:
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket)
    keys = [found["Key"] for page in pages for found in page.get("Contents", [])]
    return {key: s3.get_object(Bucket=bucket, Key=key)["Body"].read() for key in keys}


def test_whatever_was_acknowledged_is_there_after_a_kill(tmp_path):
    with served(tmp_path) as aws:
        s3 = s3_of(aws)
        for key in KEYS:
            s3.put_object(Bucket=SOURCE_BUCKET, Key=key, Body=key.encode())
        s3.put_object(Bucket=SOURCE_BUCKET, Key="a", Body=b"replaced")
        s3.copy_object(Bucket=SOURCE_BUCKET, Key="copied", CopySource={"Bucket": SOURCE_BUCKET, "Key": "a/b"})
        upload = {"Bucket": SOURCE_BUCKET, "Key": "parts"}
        upload["UploadId"] = s3.create_multipart_upload(**upload)["UploadId"]
        parts = [
            {"PartNumber": n, "ETag": s3.upload_part(**upload, PartNumber=n, Body=piece)["ETag"]}
            for n, piece in ((1, b"1" * PIECE), (2, b"2"))
        ]
        s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": parts})
        for key in ("deleted", "deleted too"):
            s3.put_object(Bucket=SOURCE_BUCKET, Key=key, Body=b"")
        s3.delete_object(Bucket=SOURCE_BUCKET, Key="deleted")
        s3.delete_objects(Bucket=SOURCE_BUCKET, Delete={"Objects": [{"Key": "deleted too"}]})
        for bucket in ("made", "made-and-deleted"):
            s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
        s3.put_object(Bucket="made", Key="one", Body=b"1")
        s3.delete_bucket(Bucket="made-and-deleted")
        heads = {key: s3.head_object(Bucket=SOURCE_BUCKET, Key=key) for key in ("a", "parts")}
    with served(tmp_path) as aws:
        s3 = s3_of(aws)
        expected = {key: key.encode() for key in KEYS} | {"a": b"replaced", "copied": b"a/b"}
        assert contents(s3) == expected | {"parts": b"1" * PIECE + b"2"}
        assert contents(s3, "made") == {"one": b"1"}
        buckets = {bucket["Name"] for bucket in s3.list_buckets()["Buckets"]}
        assert buckets == {"made", "sparkify-source", "sparkify-work"}
        for key, head in heads.items():
            now = s3.head_object(Bucket=SOURCE_BUCKET, Key=key)
            assert (now["ETag"], now["LastModified"]) == (head["ETag"], head["LastModified"])


def test_a_full_disk_is_survived_and_told_and_nothing_is_acknowledged_that_is_not_kept(small_disk):
    with served(small_disk) as aws:
        s3 = s3_of(aws)
        s3.put_object(Bucket=SOURCE_BUCKET, Key="kept", Body=b"old")
        for key in ("kept", "new"):
            with pytest.raises(ClientError, match="no space left on device") as caught:
                s3.put_object(Bucket=SOURCE_BUCKET, Key=key, Body=b"x" * 4 * 1024 * 1024)
            assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 500
        s3.put_object(Bucket=SOURCE_BUCKET, Key="smaller", Body=b"y" * 1024 * 1024)
        before = contents(s3)
        assert before == {"kept": b"old", "smaller": b"y" * 1024 * 1024}
    with served(small_disk) as aws:
        assert contents(s3_of(aws)) == before


@pytest.fixture(scope="module")
def aws(tmp_path_factory) -> Iterator[dict[str, str]]:
    with served(tmp_path_factory.mktemp("aws")) as found:
        s3_of(found).put_object(Bucket=SOURCE_BUCKET, Key="secret", Body=b"secret")
        yield found


def ask(aws: dict[str, str], path: str, method: str = "GET", body: bytes | None = None, **headers: str) -> Any:
    request = urllib.request.Request(f"{aws['endpoint']}{path}", body, headers, method=method)  # noqa: S310 - ours
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 - ours
            return answer.status, dict(answer.headers), answer.read()
    except urllib.error.HTTPError as error:
        return error.code, dict(error.headers), error.read()


@pytest.mark.parametrize(
    ("method", "path", "headers"),
    [
        ("GET", f"/{SOURCE_BUCKET}/secret", {}),
        ("GET", f"/{SOURCE_BUCKET}/secret", {"Origin": "https://evil.example"}),
        ("PUT", f"/{SOURCE_BUCKET}/secret", {"Origin": "null"}),
        ("DELETE", f"/{SOURCE_BUCKET}/secret", {}),
        ("OPTIONS", f"/{SOURCE_BUCKET}/secret", {"Origin": "https://evil.example"}),
        ("GET", "/", {}),
        ("POST", "/", {"Content-Type": "application/x-www-form-urlencoded"}),
        ("POST", "/moto-api/reset", {}),
        ("GET", "/moto-api/data.json", {}),
        ("GET", "/latest/meta-data/iam/security-credentials/", {}),
        ("GET", f"/{SOURCE_BUCKET}/secret", {"Authorization": "AWS root:c2lnbmF0dXJl"}),
        ("GET", f"/{SOURCE_BUCKET}/secret", {"Authorization": "AWS4-HMAC-SHA256 Credential=root, Signature=0"}),
    ],
)
def test_who_does_not_sign_is_refused_as_s3_does_and_no_origin_is_let_in(aws, method, path, headers):
    status, answered, body = ask(aws, path, method, b"overwritten" if method in {"PUT", "POST"} else None, **headers)
    assert status == 403
    assert b"<Code>AccessDenied</Code>" in body
    assert not [name for name in answered if name.lower().startswith("access-control")]
    assert contents(s3_of(aws)) == {"secret": b"secret"}


@pytest.mark.parametrize(("name", "why"), [("Origin", b"pages of other origins"), ("Host", b"evil.example:80")])
def test_a_signed_url_does_not_help_a_page_of_another_origin(aws, name, why):
    url = s3_of(aws, signature_version="s3v4").generate_presigned_url(
        "get_object", {"Bucket": SOURCE_BUCKET, "Key": "secret"}
    )
    path = url.removeprefix(aws["endpoint"])
    assert ask(aws, path)[::2] == (200, b"secret")
    status, _, body = ask(aws, path, **{name: "evil.example:80"})
    assert (status, why in body) == (403, True)
    assert ask(aws, path.replace("secret", "another"))[0] == 403


@pytest.mark.parametrize("code", ["SignatureDoesNotMatch", "InvalidAccessKeyId"])
@pytest.mark.parametrize(("service", "call"), [("s3", "list_buckets"), ("iam", "list_users"), ("sqs", "list_queues")])
def test_only_keys_that_were_given_out_are_known(aws, service, call, code):
    key = aws["root_access_key_id"] if code == "SignatureDoesNotMatch" else "AKIAIOSFODNN7EXAMPLE"
    stranger = client(service, aws["endpoint"], aws_access_key_id=key, aws_secret_access_key="x")
    with pytest.raises(ClientError) as caught:
        getattr(stranger, call)()
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403
    if service != "sqs":  # whose clients read no XML
        assert caught.value.response["Error"]["Code"] == code


def test_keys_of_a_role_and_unusual_requests_are_let_in(aws):
    sts = client("sts", aws["endpoint"], **root_keys(aws))
    given = sts.assume_role(RoleArn=aws["role_arn"], RoleSessionName="test")["Credentials"]
    s3 = client(
        "s3", aws["endpoint"], aws_access_key_id=given["AccessKeyId"], aws_secret_access_key=given["SecretAccessKey"],
        aws_session_token=given["SessionToken"],
    )  # fmt: skip
    s3.list_objects_v2(Bucket=SOURCE_BUCKET, Prefix="é +&=/", Delimiter="/", StartAfter="~")
    s3.put_object(Bucket=SOURCE_BUCKET, Key="é +&=~", Body=b"", Metadata={"a_b": "1", "c": "two  blanks"})
    assert s3.head_object(Bucket=SOURCE_BUCKET, Key="é +&=~")["Metadata"]["a_b"] == "1"
    s3.delete_object(Bucket=SOURCE_BUCKET, Key="é +&=~")


def test_motos_own_reset_is_shut_to_the_administrator_too(aws):
    """With the right signature: botocore's own, for another path of the stand-in."""

    request = AWSRequest("POST", f"{aws['endpoint']}/moto-api/reset", data=b"")
    SigV4Auth(Credentials(aws["root_access_key_id"], aws["root_secret_access_key"]), "sqs", "us-west-2").add_auth(
        request
    )
    status, _, _ = ask(aws, "/moto-api/reset", "POST", b"", **dict(request.headers))
    assert status == 403
    assert contents(s3_of(aws)) == {"secret": b"secret"}
