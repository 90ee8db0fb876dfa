"""The template: AWS's linter, and what must be true of the parts that moto has no model of."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from include.aws import template
from include.aws.template import PATH, Resolver, load
from sparkify.metrics import PUBLISH

RESOURCES = load()["Resources"]


def properties(name):
    return RESOURCES[name]["Properties"]


def there(**parameters):
    """The logical ids of what a stack with these parameters has."""
    resolve = Resolver(load(), parameters)
    conditions = load()["Conditions"]
    return {
        name
        for name, resource in RESOURCES.items()
        if "Condition" not in resource or resolve.holds(conditions[resource["Condition"]])
    }


def test_the_linter_has_nothing_to_say_of_either_variant(tmp_path):
    """It follows both branches of every condition, which is shown by an error in each."""
    wrong = PATH.read_text().replace("ManageAdminPassword:", "ManageAdmin:").replace("DBName:", "DatabaseName:")
    broken = tmp_path / "broken.yaml"
    broken.write_text(wrong)
    linter = Path(sys.executable).with_name("cfn-lint")
    options = ["--include-checks", "I", "--regions", "eu-central-1", "--format", "parseable"]
    done = subprocess.run([linter, *options, "--", PATH, broken], capture_output=True, text=True, check=False)
    assert done.stderr == ""
    said = [line for line in done.stdout.splitlines() if line.strip()]
    assert [line for line in said if not line.startswith(str(broken))] == []
    for name in ("ManageAdmin", "DatabaseName"):
        assert [line for line in said if f"'{name}' was unexpected" in line]


def test_serverless_is_what_a_stack_has_unless_told_otherwise():
    assert {"Namespace", "Workgroup"} <= there()
    assert not [name for name in there() if RESOURCES[name]["Type"].startswith("AWS::Redshift::")]
    provisioned = there(Warehouse="provisioned")
    assert {"Cluster", "ClusterSubnetGroup", "ClusterParameterGroup"} <= provisioned
    assert not [name for name in provisioned if RESOURCES[name]["Type"].startswith("AWS::RedshiftServerless::")]
    assert there() ^ provisioned == {
        "Namespace", "Workgroup", "Cluster", "ClusterSubnetGroup", "ClusterParameterGroup"
    }  # fmt: skip


def test_serverless_is_private_in_three_subnets_and_takes_tls_only():
    workgroup = properties("Workgroup")
    assert workgroup["PubliclyAccessible"] is False
    assert workgroup["EnhancedVpcRouting"] is True
    assert workgroup["SubnetIds"] == [{"Ref": "SubnetA"}, {"Ref": "SubnetB"}, {"Ref": "SubnetC"}]
    zones = [properties(subnet["Ref"])["AvailabilityZone"]["Fn::Select"][0] for subnet in workgroup["SubnetIds"]]
    assert sorted(zones) == [0, 1, 2]
    assert workgroup["SecurityGroupIds"] == [{"Ref": "WarehouseSecurityGroup"}]
    assert {"ParameterKey": "require_ssl", "ParameterValue": "true"} in workgroup["ConfigParameters"]


def test_a_provisioned_cluster_takes_tls_only():
    assert properties("Cluster")["ClusterParameterGroupName"] == {"Ref": "ClusterParameterGroup"}
    parameters = properties("ClusterParameterGroup")["Parameters"]
    assert {"ParameterName": "require_ssl", "ParameterValue": "true"} in parameters


@pytest.mark.parametrize(
    ("name", "managed"), [("Namespace", "ManageAdminPassword"), ("Cluster", "ManageMasterPassword")]
)
def test_no_password_is_in_the_template_or_in_its_outputs(name, managed):
    assert properties(name)[managed] is True
    assert not {"AdminUserPassword", "MasterUserPassword"} & set(properties(name))
    assert not [parameter for parameter in load()["Parameters"] if "password" in parameter.lower()]
    assert "secret" not in json.dumps(load()["Outputs"]).lower()


@pytest.mark.parametrize("name", ["Namespace", "Cluster"])
def test_the_warehouse_may_be_the_copy_role_and_no_other(name):
    assert properties(name)["IamRoles"] == [{"Fn::GetAtt": ["CopyRole", "Arn"]}]


def test_what_is_lost_with_the_stack_is_kept_as_a_snapshot():
    assert properties("Namespace")["FinalSnapshotName"]
    assert RESOURCES["Cluster"]["DeletionPolicy"] == RESOURCES["Cluster"]["UpdateReplacePolicy"] == "Snapshot"


def test_the_work_bucket_is_encrypted_private_and_takes_tls_only():
    bucket = properties("WorkBucket")
    (rule,) = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert rule["ServerSideEncryptionByDefault"]["SSEAlgorithm"] == "AES256"
    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    (statement,) = properties("WorkBucketPolicy")["PolicyDocument"]["Statement"]
    assert (statement["Effect"], statement["Principal"], statement["Action"]) == ("Deny", "*", "s3:*")
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_manifests_expire_and_the_journal_of_alerts_does_not():
    """The names are those of the code that writes them."""
    from sparkify.alerts.state import located
    from sparkify.macros import IDENTIFIER

    resolve = Resolver(load(), {})
    rules = properties("WorkBucket")["LifecycleConfiguration"]["Rules"]
    (prefix,) = [resolve(rule["Prefix"]) for rule in rules if "ExpirationInDays" in rule]
    assert prefix == "manifests/sparkify_run_"
    assert IDENTIFIER.fullmatch(prefix.removeprefix("manifests/") + "0" * 12)
    assert not located("s3://work/manifests", "sparkify")[1].startswith(prefix)


def test_the_alarm_counts_publications_and_takes_silence_for_a_failure():
    alarm = properties("NoPublication")
    assert (alarm["Statistic"], alarm["ComparisonOperator"], alarm["Threshold"]) == (
        "Sum", "LessThanThreshold", 1
    )  # fmt: skip
    assert alarm["TreatMissingData"] == "breaching"
    assert alarm["AlarmActions"] == alarm["OKActions"] == [{"Ref": "AlertTopic"}]
    assert "Dimensions" not in alarm, "the agent's own aggregate has none"


def test_the_agents_configuration_makes_the_metric_that_the_alarm_watches():
    agent = json.loads((PATH.parent / "cloudwatch-agent.json").read_text())
    defaults = {name: found.get("Default") for name, found in load()["Parameters"].items()}
    assert agent["metrics"]["namespace"] == defaults["MetricNamespace"]
    assert [] in agent["metrics"]["aggregation_dimensions"]
    assert agent["metrics"]["metrics_collected"]["statsd"]["service_address"].startswith("127.0.0.1:")
    # Airflow's prefix; the agent joins the parts of a name by underscores (Telegraf: statsd, `metric_separator`)
    assert f"airflow.{PUBLISH.name}".replace(".", "_") == defaults["MetricName"]


def test_only_the_alarm_may_publish_besides_who_has_a_policy_and_it_may_use_the_key():
    publish, deny = properties("AlertTopicPolicy")["PolicyDocument"]["Statement"]
    assert publish["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
    assert publish["Condition"] == {"ArnEquals": {"aws:SourceArn": {"Fn::GetAtt": ["NoPublication", "Arn"]}}}
    assert (deny["Effect"], deny["Condition"]) == ("Deny", {"Bool": {"aws:SecureTransport": "false"}})
    _, use = properties("AlertKey")["KeyPolicy"]["Statement"]
    name = properties("NoPublication")["AlarmName"]["Fn::Sub"]
    assert use["Condition"]["ArnEquals"]["aws:SourceArn"]["Fn::Sub"].endswith(f":alarm:{name}")


def test_the_outputs_of_both_variants_are_those_that_the_command_reads():
    outputs = load()["Outputs"]
    assert outputs["Workgroup"]["Condition"] == "IsServerless"
    assert outputs["Cluster"]["Condition"] == "IsProvisioned"
    user = outputs["DatabaseUser"]["Value"]
    role = {"AirflowRoleName": "worker"}
    assert Resolver(load(), role)(user) == "IAMR:worker"
    assert Resolver(load(), {**role, "Warehouse": "provisioned"})(user) == "sparkify_airflow"


def test_a_value_that_is_missing_is_named():
    with pytest.raises(KeyError, match="SourceBucket"):
        template.statements("CopyRole", {"AWS::Partition": "aws"})
