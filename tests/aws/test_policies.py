"""Who may do what: the policies as they are, as moto enforces them, and against what the pipeline really asks for."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timezone
from fnmatch import fnmatchcase

import httpx
import pytest
from botocore.exceptions import ClientError

from include.aws.template import load, statements
from include.sandbox.aws import NAMES, SOURCE_BUCKET, WORK_BUCKET
from sparkify.alerts.state import located, read
from sparkify.objects import Store
from tests.aws.conftest import PARAMETERS

TOPIC = "arn:aws:sns:us-west-2:123456789012:alerts"
POLICIES = {
    (name, warehouse): statements(
        name,
        {**NAMES, "Warehouse": warehouse, "AlertTopic": TOPIC, "Workgroup.Workgroup.WorkgroupArn": "arn:aws:workgroup"},
    )
    for name in ("CopyRole", "AirflowPolicy")
    for warehouse in ("serverless", "provisioned")
}
LISTS = "s3:ListBucket"


def listed(value):
    return value if isinstance(value, list) else [value]


def allowed(policy, action, resource, **context):
    """As IAM evaluates it, for the two conditions that our policies have; there is no Deny among them."""
    return any(
        action in listed(one["Action"])
        and any(fnmatchcase(resource, pattern) for pattern in listed(one["Resource"]))
        and all(
            context.get(key) is not None and any(fnmatchcase(context[key], pattern) for pattern in listed(patterns))
            for conditions in one.get("Condition", {}).values()
            for key, patterns in conditions.items()
        )
        for one in policy
    )


@pytest.mark.parametrize("policy", POLICIES.values(), ids=map(" ".join, POLICIES))
def test_every_action_is_named_and_every_resource_but_that_of_metrics_is_ours(policy):
    for one in policy:
        assert one["Effect"] == "Allow"
        assert not [action for action in listed(one["Action"]) if "*" in action]
        if "*" in listed(one["Resource"]):
            assert one["Action"] == "cloudwatch:PutMetricData", "it knows no resources"
            assert one["Condition"] == {"StringEquals": {"cloudwatch:namespace": "Sparkify"}}


def test_nothing_is_managed_by_aws_and_no_identity_gets_a_wildcard():
    text = json.dumps(load()["Resources"])
    assert "FullAccess" not in text
    assert "arn:aws:iam::aws:policy" not in text
    assert [name for name, found in load()["Resources"].items() if "ManagedPolicyArns" in found["Properties"]] == []


@pytest.mark.parametrize("name", ["CopyRole", "AirflowPolicy"])
@pytest.mark.parametrize(
    ("action", "key", "expected"),
    [
        ("s3:GetObject", f"{SOURCE_BUCKET}/log_data/2018/12/2018-12-01-events.json", True),
        ("s3:GetObject", f"{SOURCE_BUCKET}/song_data/A/A/A/TRAAAAK128F9318786.json", True),
        ("s3:GetObject", f"{SOURCE_BUCKET}/log_json_path.json", True),
        ("s3:GetObject", f"{SOURCE_BUCKET}/log_json_path.json.bak", False),
        ("s3:GetObject", f"{SOURCE_BUCKET}/log_data_private/x.json", False),
        ("s3:GetObject", f"{SOURCE_BUCKET}/finance/x.json", False),
        ("s3:PutObject", f"{SOURCE_BUCKET}/log_data/x.json", False),
        ("s3:DeleteObject", f"{SOURCE_BUCKET}/log_data/x.json", False),
        ("s3:GetObject", f"{WORK_BUCKET}/manifests/sparkify_run_1/events.manifest", True),
        ("s3:PutObject", f"{WORK_BUCKET}/manifests/sparkify_run_1/events.manifest", True),
        ("s3:PutObject", f"{WORK_BUCKET}/elsewhere/x", False),
        ("s3:GetObject", f"{WORK_BUCKET}/elsewhere/x", False),
        ("s3:DeleteObject", f"{WORK_BUCKET}/manifests/x", False),
    ],
)
def test_objects_are_read_below_the_sources_and_written_below_the_work_prefix_only(name, action, key, expected):
    assert allowed(POLICIES[name, "serverless"], action, f"arn:aws:s3:::{key}") is expected


@pytest.mark.parametrize("name", ["CopyRole", "AirflowPolicy"])
@pytest.mark.parametrize(
    ("prefix", "expected"),
    [("log_data/", True), ("song_data/", True), ("log_json_path.json", True), ("", False), ("log_data", False)],
)
def test_the_source_is_listed_by_its_prefixes_only(name, prefix, expected):
    policy = POLICIES[name, "serverless"]
    assert allowed(policy, LISTS, f"arn:aws:s3:::{SOURCE_BUCKET}", **{"s3:prefix": prefix}) is expected
    assert not allowed(policy, LISTS, f"arn:aws:s3:::{SOURCE_BUCKET}"), "a listing without a prefix has none"


def test_a_key_of_the_source_may_be_used_to_read_if_there_is_one():
    policy = load()["Resources"]["SourceKeyPolicy"]
    assert policy["Condition"] == "HasSourceKey"
    assert policy["Properties"]["Roles"] == [{"Ref": "CopyRole"}, {"Ref": "AirflowRoleName"}]
    key = "arn:aws:kms:us-west-2:123456789012:key/source"
    assert statements("SourceKeyPolicy", {"SourceKeyArn": key}) == [
        {"Sid": "DecryptSource", "Effect": "Allow", "Action": "kms:Decrypt", "Resource": key}
    ]


def test_copy_does_not_list_the_whole_work_bucket_and_airflow_does():
    """It must be told that there is no journal yet, and a request for an object has no prefix."""
    assert not allowed(POLICIES["CopyRole", "serverless"], LISTS, f"arn:aws:s3:::{WORK_BUCKET}")
    assert allowed(POLICIES["AirflowPolicy", "serverless"], LISTS, f"arn:aws:s3:::{WORK_BUCKET}")


def test_airflow_signs_in_to_its_own_warehouse_as_its_own_user():
    serverless, provisioned = POLICIES["AirflowPolicy", "serverless"], POLICIES["AirflowPolicy", "provisioned"]
    assert allowed(serverless, "redshift-serverless:GetCredentials", "arn:aws:workgroup")
    assert not allowed(serverless, "redshift:GetClusterCredentials", "arn:aws:workgroup")
    at = "arn:aws:redshift:us-west-2:123456789012"
    assert allowed(provisioned, "redshift:GetClusterCredentials", f"{at}:dbuser:sandbox/sparkify_airflow")
    assert not allowed(provisioned, "redshift:GetClusterCredentials", f"{at}:dbuser:sandbox/awsuser")
    assert not allowed(provisioned, "redshift:CreateClusterUser", f"{at}:dbuser:sandbox/sparkify_airflow")


@contextmanager
def enforced(account) -> Iterator[None]:
    """Moto looks at policies from now on; it knows no conditions, so that what is listed is shown elsewhere."""
    address = f"{account.endpoint}/moto-api/reset-auth"
    before = httpx.post(address, content="0", timeout=60).json()["PREVIOUS_INITIAL_NO_AUTH_ACTION_COUNT"]
    try:
        yield
    finally:
        httpx.post(address, content=str(before), timeout=60)


def test_the_copy_role_of_a_stack_reads_the_sources_and_writes_the_work_prefix_only(account, stack):
    source, work = PARAMETERS["SourceBucket"], stack.outputs["Work"].split("/")[2]
    admin = account.client("s3")
    for key in ("log_data/2018/x.json", "song_data/A/x.json", "log_json_path.json", "finance/x.json"):
        admin.put_object(Bucket=source, Key=key, Body=b"{}")
    given = account.client("sts").assume_role(RoleArn=stack.outputs["CopyRole"], RoleSessionName="copy")["Credentials"]
    s3 = account.client(
        "s3",
        aws_access_key_id=given["AccessKeyId"],
        aws_secret_access_key=given["SecretAccessKey"],
        aws_session_token=given["SessionToken"],
    )
    with enforced(account):
        for key in ("log_data/2018/x.json", "song_data/A/x.json", "log_json_path.json"):
            assert s3.get_object(Bucket=source, Key=key)["Body"].read() == b"{}"
        s3.put_object(Bucket=work, Key="manifests/unloaded", Body=b"")
        s3.get_object(Bucket=work, Key="manifests/unloaded")
        for refused in (
            lambda: s3.get_object(Bucket=source, Key="finance/x.json"),
            lambda: s3.put_object(Bucket=source, Key="log_data/2018/x.json", Body=b""),
            lambda: s3.delete_object(Bucket=source, Key="log_data/2018/x.json"),
            lambda: s3.put_object(Bucket=work, Key="elsewhere", Body=b""),
            lambda: s3.delete_object(Bucket=work, Key="manifests/unloaded"),
        ):
            with pytest.raises(ClientError, match="AccessDenied"):
                refused()


ACTIONS = {"ListObjectsV2": LISTS, "GetObject": "s3:GetObject", "PutObject": "s3:PutObject"}


def test_airflow_may_do_all_that_the_pipeline_asks_of_s3(account, monkeypatch):
    """The pipeline's own code runs against moto, and each of its requests is held against the policy."""
    for name, value in (("ENDPOINT_URL", account.endpoint), ("ACCESS_KEY_ID", "a"), ("SECRET_ACCESS_KEY", "b")):
        monkeypatch.setenv(f"AWS_{name}", value)
    monkeypatch.setenv("AIRFLOW_CONN_SPARKIFY_AWS", '{"conn_type": "aws", "extra": {"region_name": "us-west-2"}}')
    admin = account.client("s3")
    admin.create_bucket(Bucket=WORK_BUCKET, CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
    for key in ("log_data/2018/12/2018-12-01-events.json", "song_data/A/x.json", "log_json_path.json"):
        admin.put_object(Bucket=SOURCE_BUCKET, Key=key, Body=b"{}")
    source, work = f"s3://{SOURCE_BUCKET}", f"s3://{WORK_BUCKET}/manifests"
    asked = []
    store = Store.of("sparkify_aws")
    store.client.meta.events.register(
        "provide-client-params.s3", lambda params, model, **_: asked.append((model, params))
    )
    day = datetime(2018, 12, 1, tzinfo=timezone.utc)
    (log,) = store.daily(f"{source}/log_data/", "%Y/%m/%Y-%m-%d-events.json", [day])
    assert list(store.lines(log)) == [b"{}"]
    assert not store.is_empty(f"{source}/song_data/")
    assert store.dated(f"{source}/log_data/", "%Y/%m/%Y-%m-%d-events.json") == {day: log}
    assert store.read(f"{source}/log_json_path.json", "needed") == b"{}"
    store.write_manifest(f"{work}/sparkify_run_1/events.manifest", store.under(f"{source}/song_data/", "*.json"))
    read(store.client, *located(work, "sparkify"))
    assert {model.name for model, _ in asked} == set(ACTIONS)
    for model, params in asked:
        resource = "/".join(part for part in (f"arn:aws:s3:::{params['Bucket']}", params.get("Key")) if part)
        context = {"s3:prefix": params["Prefix"]} if "Prefix" in params else {}
        assert allowed(POLICIES["AirflowPolicy", "serverless"], ACTIONS[model.name], resource, **context), params
