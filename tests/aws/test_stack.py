"""A stack with a provisioned cluster is created, changed and deleted in moto; its outputs lead an Airflow to it."""

import inspect
import json
import sqlite3
import subprocess
import sys
from contextlib import closing

import pytest
import redshift_connector
from airflow.models.connection import Connection
from airflow.providers.amazon.aws.hooks.redshift_sql import RedshiftSQLHook

from include.aws.__main__ import main
from include.aws.stack import Stack, StackError
from tests.aws.conftest import AIRFLOW_ROLE, REGION

SERVERLESS = {
    "Host": "sparkify.123456789012.us-west-2.redshift-serverless.amazonaws.com",
    "Port": "5439",
    "Database": "dev",
    "DatabaseUser": f"IAMR:{AIRFLOW_ROLE}",
    "Workgroup": "sparkify",
    "SourceBucket": "lake",
    "LogPrefix": "app/log_data/",
    "Work": "s3://work/manifests",
    "CopyRole": "arn:aws:iam::123456789012:role/copy",
    "Schema": "sparkify",
    "AlertTopic": "arn:aws:sns:us-west-2:123456789012:alerts",
}


def group(account, name):
    (found,) = account.client("ec2").describe_security_groups(GroupIds=[name])["SecurityGroups"]
    return found


def test_the_cluster_is_private_encrypted_and_open_to_airflow_only(account, stack):
    (cluster,) = account.client("redshift").describe_clusters()["Clusters"]
    assert cluster["Endpoint"] == {"Address": stack.outputs["Host"], "Port": int(stack.outputs["Port"])}
    assert (cluster["PubliclyAccessible"], cluster["Encrypted"], cluster["EnhancedVpcRouting"]) == (False, True, True)
    (warehouse,) = cluster["VpcSecurityGroups"]
    (rule,) = group(account, warehouse["VpcSecurityGroupId"])["IpPermissions"]
    assert (rule["IpProtocol"], rule["FromPort"], rule["ToPort"], rule["IpRanges"]) == ("tcp", 5439, 5439, [])
    assert [pair["GroupId"] for pair in rule["UserIdGroupPairs"]] == [stack.outputs["AirflowSecurityGroup"]]


def test_the_network_has_three_zones_and_no_way_to_the_internet(account, stack):
    ec2 = account.client("ec2")
    vpc = [{"Name": "vpc-id", "Values": [stack.outputs["Vpc"]]}]
    subnets = ec2.describe_subnets(Filters=vpc)["Subnets"]
    assert {one["SubnetId"] for one in subnets} == set(stack.outputs["Subnets"].split(","))
    assert len({one["AvailabilityZone"] for one in subnets}) == 3
    routes = [route for table in ec2.describe_route_tables(Filters=vpc)["RouteTables"] for route in table["Routes"]]
    assert {route.get("GatewayId") for route in routes} <= {"local"} | {
        one["VpcEndpointId"] for one in ec2.describe_vpc_endpoints()["VpcEndpoints"]
    }
    assert ec2.describe_internet_gateways()["InternetGateways"] == []
    assert ec2.describe_nat_gateways()["NatGateways"] == []


def test_airflows_role_gets_the_policy_and_the_topic_is_encrypted_by_a_key_of_its_own(account, stack):
    attached = account.client("iam").list_attached_role_policies(RoleName=AIRFLOW_ROLE)["AttachedPolicies"]
    assert [one["PolicyName"].split("-")[:2] for one in attached] == [["sparkify", "AirflowPolicy"]]
    topic = account.client("sns").get_topic_attributes(TopicArn=stack.outputs["AlertTopic"])["Attributes"]
    (key,) = account.client("kms").list_keys()["Keys"]
    assert topic["KmsMasterKeyId"] == key["KeyId"]
    assert account.client("kms").get_key_rotation_status(KeyId=key["KeyId"])["KeyRotationEnabled"]


def test_an_update_changes_the_cluster_in_place_and_a_deletion_leaves_the_work_bucket_only(account, stack):
    there = inventory(account)
    before = account.deploy("other")
    assert inventory(account)["clusters"] - there["clusters"] == {before.outputs["Cluster"]}
    after = account.deploy("other", NumberOfNodes="1", NodeType="ra3.xlplus", SourceBucket="other-source")
    assert dict(after.outputs) == {**before.outputs, "SourceBucket": "other-source"}
    (cluster,) = account.client("redshift").describe_clusters(ClusterIdentifier=after.outputs["Cluster"])["Clusters"]
    assert (cluster["NodeType"], cluster["NumberOfNodes"]) == ("ra3.xlplus", 1)
    account.client("cloudformation").delete_stack(StackName="other")
    bucket = after.outputs["Work"].split("/")[2]
    assert inventory(account) == {**there, "buckets": there["buckets"] | {bucket}}


def inventory(account):
    redshift, ec2, iam = account.client("redshift"), account.client("ec2"), account.client("iam")
    groups = redshift.describe_cluster_subnet_groups()["ClusterSubnetGroups"]
    parameters = redshift.describe_cluster_parameter_groups()["ParameterGroups"]
    return {
        "clusters": {one["ClusterIdentifier"] for one in redshift.describe_clusters()["Clusters"]},
        "subnet groups": {one["ClusterSubnetGroupName"] for one in groups},
        "parameter groups": {one["ParameterGroupName"] for one in parameters},
        "networks": {one["VpcId"] for one in ec2.describe_vpcs()["Vpcs"]},
        "endpoints": {one["VpcEndpointId"] for one in ec2.describe_vpc_endpoints()["VpcEndpoints"]},
        "route tables": {one["RouteTableId"] for one in ec2.describe_route_tables()["RouteTables"]},
        "subnets": {one["SubnetId"] for one in ec2.describe_subnets()["Subnets"]},
        "security groups": {one["GroupId"] for one in ec2.describe_security_groups()["SecurityGroups"]},
        "roles": {one["RoleName"] for one in iam.list_roles()["Roles"]},
        "policies": {one["PolicyName"] for one in iam.list_policies(Scope="Local")["Policies"]},
        "topics": {one["TopicArn"] for one in account.client("sns").list_topics()["Topics"]},
        "buckets": {one["Name"] for one in account.client("s3").list_buckets()["Buckets"]},
    }


def test_the_command_prints_what_airflow_reads_and_no_password(account, stack, monkeypatch, capsys):
    monkeypatch.setenv("AWS_ENDPOINT_URL", account.endpoint)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "root")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret-of-the-caller")
    assert main(["connections", "sparkify", "--region", REGION]) == 0
    printed = capsys.readouterr().out
    assert "secret-of-the-caller" not in printed
    assert "password" not in printed
    settings = dict(line.split("=", 1) for line in printed.splitlines())
    found = Connection.from_json(settings["AIRFLOW_CONN_SPARKIFY_REDSHIFT"])
    assert (found.conn_type, found.host, found.port) == ("redshift", stack.outputs["Host"], 5439)
    assert (found.login, found.password, found.schema) == ("sparkify_airflow", None, "dev")
    for name in ("AIRFLOW_CONN_SPARKIFY_AWS", "AIRFLOW_CONN_AWS_DEFAULT"):
        amazon = Connection.from_json(settings[name])
        assert (amazon.conn_type, amazon.extra_dejson) == ("aws", {"region_name": REGION})
    assert settings["AIRFLOW_VAR_SPARKIFY_WORK"] == stack.outputs["Work"]
    assert settings["AIRFLOW_VAR_SPARKIFY_SOURCE"] == "s3://sparkify-source"


def test_airflows_hook_signs_in_by_iam_with_these_connections(account, stack, monkeypatch):
    for line in stack.environment():
        name, value = line.split("=", 1)
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_ENDPOINT_URL", account.endpoint)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "root")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "root")
    address = RedshiftSQLHook(redshift_conn_id="sparkify_redshift")._get_conn_params()
    assert (address["user"], address["host"]) == ("IAM:sparkify_airflow", stack.outputs["Host"])
    assert len(address["password"]) == 32


@pytest.mark.parametrize("warehouse", ["provisioned", "serverless"])
def test_the_driver_knows_all_that_the_connection_tells_it(stack, warehouse):
    told = stack if warehouse == "provisioned" else Stack(REGION, SERVERLESS)
    extra = told.connections["sparkify_redshift"]["extra"]
    inspect.signature(redshift_connector.connect).bind(**extra)  # TypeError for what it does not know
    assert extra["iam"] is True
    assert ("serverless_work_group" in extra) == (warehouse == "serverless")
    assert ("cluster_identifier" in extra) == (warehouse == "provisioned")


def test_a_source_may_be_a_folder_of_its_bucket():
    assert Stack(REGION, SERVERLESS).variables["sparkify_source"] == "s3://lake/app"


IMPORTS = """
import json, sys
from airflow.cli import cli_parser
for command in json.loads(sys.argv[1]):
    options = cli_parser.get_parser().parse_args(command)
    options.func(options)
"""


def test_airflow_imports_what_is_written(tmp_path):
    files = Stack(REGION, SERVERLESS).write(tmp_path / "settings")
    database = tmp_path / "airflow.db"
    environment = {
        "AIRFLOW_HOME": str(tmp_path), "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{database}",
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False", "PATH": "/usr/bin:/bin",
    }  # fmt: skip
    commands = [["db", "migrate"], *([name, "import", str(path)] for name, path in files.items())]
    command = [sys.executable, "-c", IMPORTS, json.dumps(commands)]
    done = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    with closing(sqlite3.connect(database)) as connection:
        found = connection.execute("select conn_type, host, port from connection where conn_id = 'sparkify_redshift'")
        assert found.fetchall() == [("redshift", SERVERLESS["Host"], 5439)]
        assert connection.execute("select count(*) from variable").fetchone()[0] == 6
        assert connection.execute("select slots from slot_pool where pool = 'redshift'").fetchall() == [(5,)]


def test_a_stack_that_does_not_exist_is_said_to_be_missing(account, monkeypatch, capsys):
    monkeypatch.setenv("AWS_ENDPOINT_URL", account.endpoint)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "root")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "root")
    assert main(["connections", "absent", "--region", REGION]) == 1
    assert "Stack 'absent' in us-west-2 cannot be read" in capsys.readouterr().err
    assert main(["connections", "absent"]) == 1
    assert "No region is known" in capsys.readouterr().err


def test_a_stack_of_another_template_is_refused(account):
    formation = account.client("cloudformation")
    body = {"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}
    formation.create_stack(StackName="other", TemplateBody=json.dumps(body))
    with pytest.raises(StackError, match=r"does not name a warehouse.*template\.yaml"):
        Stack.read(formation, "other")
