"""Sparkify's AWS account: buckets, role, users with their policies, topic and inbox; and clients for it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

import boto3

from include.aws.template import statements
from include.sandbox.state import REGION

if TYPE_CHECKING:
    from mypy_boto3_iam import IAMClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import ObjectTypeDef

SOURCE_BUCKET = "sparkify-source"
WORK_BUCKET = "sparkify-work"
ROLE = "sparkify-copy"
ACCOUNT = "123456789012"  # that moto plays
ROLE_ARN = f"arn:aws:iam::{ACCOUNT}:role/{ROLE}"
# What the template's policies are about, as the sandbox has it.
NAMES = {
    "AWS::Partition": "aws", "AWS::Region": REGION, "AWS::AccountId": ACCOUNT,
    "Warehouse": "provisioned", "Cluster": "sandbox", "SourceBucket": SOURCE_BUCKET, "WorkBucket": WORK_BUCKET,
    "WorkBucket.Arn": f"arn:aws:s3:::{WORK_BUCKET}", "AlertKey.Arn": f"arn:aws:kms:{REGION}:{ACCOUNT}:key/alerts",
}  # fmt: skip
TOPIC = "sparkify-alerts"
INBOX = "sparkify-alerts-inbox"


def provision(endpoint: str, root: Mapping[str, str]) -> dict[str, str]:
    """Makes buckets, role, users with access keys, topic and inbox, as an administrator of a real account would.

    What the role and the pipeline may do is what the CloudFormation template says; moto keeps it and does not enforce
    it.

    Args:
        endpoint: URL of the stand-in.
        root: the account's own keys, as boto3 names them.

    Returns:
        endpoint, region, role_arn, topic_arn, inbox_url, and the access keys of the pipeline (access_key_id,
        secret_access_key), of the app that writes the source bucket (app_…), of the Redshift service (redshift_…) and
        of the account (root_…).
    """
    clients = {name: client(name, endpoint, **root) for name in ("s3", "iam", "sns", "sqs")}
    there = {bucket["Name"] for bucket in clients["s3"].list_buckets()["Buckets"]}
    for bucket in {SOURCE_BUCKET, WORK_BUCKET} - there:
        clients["s3"].create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
    iam: IAMClient = clients["iam"]
    trust = _policy([_allow("sts:AssumeRole", Principal={"Service": "redshift.amazonaws.com"})])
    iam.create_role(RoleName=ROLE, AssumeRolePolicyDocument=trust)
    iam.put_role_policy(RoleName=ROLE, PolicyName="copy", PolicyDocument=_policy(statements("CopyRole", NAMES)))
    topic = clients["sns"].create_topic(Name=TOPIC)["TopicArn"]
    inbox = clients["sqs"].create_queue(QueueName=INBOX)["QueueUrl"]
    queue = clients["sqs"].get_queue_attributes(QueueUrl=inbox, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    clients["sns"].subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue, Attributes={"RawMessageDelivery": "true"})
    key, secret = _user(iam, "sparkify-pipeline", statements("AirflowPolicy", {**NAMES, "AlertTopic": topic}))
    source = f"arn:aws:s3:::{SOURCE_BUCKET}"
    app = [_allow("s3:ListBucket", Resource=source), _allow(["s3:GetObject", "s3:PutObject"], Resource=f"{source}/*")]
    app_key, app_secret = _user(iam, "sparkify-app", app)
    assume = _allow(["iam:GetRole", "sts:AssumeRole"], Resource="*")
    service_key, service_secret = _user(iam, "redshift-service", [assume])
    return {
        "endpoint": endpoint, "region": REGION, "role_arn": ROLE_ARN, "topic_arn": topic, "inbox_url": inbox,
        "access_key_id": key, "secret_access_key": secret,
        "app_access_key_id": app_key, "app_secret_access_key": app_secret,
        "redshift_access_key_id": service_key, "redshift_secret_access_key": service_secret,
        **{f"root_{name.removeprefix('aws_')}": value for name, value in root.items()},
    }  # fmt: skip


def root_keys(aws: Mapping[str, str]) -> dict[str, str]:
    """Returns the account's own keys, as boto3 names them, from what `provision` returned."""
    return {f"aws_{name}": aws[f"root_{name}"] for name in ("access_key_id", "secret_access_key")}


def client(service: str, endpoint: str, **keys: Any) -> Any:
    """Returns a boto3 client of the stand-in for a service such as `s3`; keys as boto3 names them."""
    # One call's type for five services would need a cast at every use instead of here.
    return boto3.Session().client(service, endpoint_url=endpoint, region_name=REGION, **keys)  # type: ignore[call-overload]


def objects_below(s3: S3Client, bucket: str, prefix: str = "") -> Iterator[ObjectTypeDef]:
    """Yields what S3 lists below a prefix, in the order of the keys."""
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        yield from page.get("Contents", [])


def queued(aws: Mapping[str, str]) -> list[tuple[datetime, str]]:
    """Returns what SNS has delivered to the alert inbox and when, and leaves it there."""
    sqs = client("sqs", aws["endpoint"], **root_keys(aws))
    found: list[tuple[datetime, str]] = []
    receipts: list[str] = []
    asked = {"MaxNumberOfMessages": 10, "AttributeNames": ["SentTimestamp"]}
    while received := sqs.receive_message(QueueUrl=aws["inbox_url"], **asked).get("Messages", []):
        for message in received:
            sent = int(message["Attributes"]["SentTimestamp"]) / 1000
            found.append((datetime.fromtimestamp(sent, timezone.utc), message["Body"]))
        receipts += [message["ReceiptHandle"] for message in received]
    for receipt in receipts:
        sqs.change_message_visibility(QueueUrl=aws["inbox_url"], ReceiptHandle=receipt, VisibilityTimeout=0)
    return found


def _user(iam: IAMClient, name: str, allowed: list[dict[str, Any]]) -> tuple[str, str]:
    iam.create_user(UserName=name)
    iam.put_user_policy(UserName=name, PolicyName="least-privilege", PolicyDocument=_policy(allowed))
    created = iam.create_access_key(UserName=name)["AccessKey"]
    return created["AccessKeyId"], created["SecretAccessKey"]


def _allow(actions: str | list[str], **rest: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": actions, **rest}


def _policy(allowed: list[dict[str, Any]]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": allowed})
