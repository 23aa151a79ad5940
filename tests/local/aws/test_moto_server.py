"""moto's server with the types that our templates are made of."""

from __future__ import annotations

import io
import json
from typing import Any
from zipfile import ZipFile, ZipInfo

import pytest
from botocore.exceptions import ClientError

from local.aws import moto_resources, moto_server, moto_stacks
from tests.aws import REGION, Cloud

ACCOUNT = "123456789012"
ROLE = {
    "Type": "AWS::IAM::Role",
    "Properties": {
        "RoleName": "functions",
        "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": []},
        "Policies": [{"PolicyName": "one", "PolicyDocument": {"Statement": []}}],
    },
}
FUNCTION = {
    "Type": "AWS::Lambda::Function",
    "Properties": {
        "FunctionName": "works",
        "Runtime": "python3.11",
        "Handler": "app.work",
        "Role": {"Fn::GetAtt": ["Role", "Arn"]},
        "Code": {"S3Bucket": "bundles", "S3Key": {"Ref": "BundleKey"}},
        "Architectures": ["arm64"],
        "MemorySize": 512,
        "Timeout": 30,
        "ReservedConcurrentExecutions": 5,
        "TracingConfig": {"Mode": "Active"},
        "Environment": {"Variables": {"COLOUR": "blue", "QUEUE": {"Ref": "Work"}}},
    },
}
DEAD = {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "work-dead"}}
WORK = {
    "Type": "AWS::SQS::Queue",
    "Properties": {
        "QueueName": "work",
        "VisibilityTimeout": 180,
        "MessageRetentionPeriod": 345600,
        "RedrivePolicy": {"deadLetterTargetArn": {"Fn::GetAtt": ["Dead", "Arn"]}, "maxReceiveCount": 5},
    },
}
MAPPING = {
    "Type": "AWS::Lambda::EventSourceMapping",
    "Properties": {
        "EventSourceArn": {"Fn::GetAtt": ["Work", "Arn"]},
        "FunctionName": {"Ref": "Live"},
        "BatchSize": 10,
        "MaximumBatchingWindowInSeconds": 0,
        "FunctionResponseTypes": ["ReportBatchItemFailures"],
        "ScalingConfig": {"MaximumConcurrency": 5},
    },
}


def _application(version: str = "One") -> dict[str, Any]:
    """As an application's: a new bundle comes with a version of another name."""
    resources = {"Role": ROLE, "Function": FUNCTION, "Dead": DEAD, "Work": WORK, "Mapping": MAPPING}
    alias = {"FunctionName": {"Ref": "Function"}, "Name": "live"}
    return json.loads(  # type: ignore[no-any-return]  # a copy that a test may change
        json.dumps(
            {
                "Parameters": {"BundleKey": {"Type": "String"}},
                "Resources": {
                    **resources,
                    f"Version{version}": {
                        "Type": "AWS::Lambda::Version",
                        "Properties": {"FunctionName": {"Ref": "Function"}},
                    },
                    "Live": {
                        "Type": "AWS::Lambda::Alias",
                        "Properties": alias | {"FunctionVersion": {"Fn::GetAtt": [f"Version{version}", "Version"]}},
                    },
                },
            }
        )
    )


@pytest.fixture(name="aws")
def _with_bundles(empty_cloud: Cloud) -> Cloud:
    aws = empty_cloud
    s3 = aws.client("s3")
    s3.create_bucket(Bucket="bundles", CreateBucketConfiguration={"LocationConstraint": REGION})
    for name in ("one.zip", "two.zip"):
        content = io.BytesIO()
        with ZipFile(content, "w") as file:
            file.writestr(ZipInfo("app.py"), name)
        s3.put_object(Bucket="bundles", Key=name, Body=content.getvalue())
    return aws


def _deploy(aws: Cloud, template: dict[str, Any], bundle: str = "one.zip") -> str:
    return aws.apply("app", template, {"BundleKey": bundle})


# What an application is made of


def test_a_function_is_what_it_declares(aws: Cloud) -> None:
    assert _deploy(aws, _application()) == "CREATE_COMPLETE", aws.reasons("app")
    functions = aws.client("lambda")
    found = functions.get_function_configuration(FunctionName="works")
    assert (found["MemorySize"], found["Timeout"], found["Architectures"]) == (512, 30, ["arm64"])
    assert found["TracingConfig"] == {"Mode": "Active"}
    assert found["Environment"]["Variables"]["COLOUR"] == "blue"
    assert found["Environment"]["Variables"]["QUEUE"] == f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/work"
    assert functions.get_function_concurrency(FunctionName="works")["ReservedConcurrentExecutions"] == 5


def test_another_bundle_is_another_version_behind_the_alias(aws: Cloud) -> None:
    _deploy(aws, _application())
    functions = aws.client("lambda")
    one = functions.get_function_configuration(FunctionName="works", Qualifier="live")
    template = _application("Two")
    template["Resources"]["Function"]["Properties"]["Environment"] = {"Variables": {"COLOUR": "red"}}
    assert _deploy(aws, template, "two.zip") == "UPDATE_COMPLETE", aws.reasons("app")
    two = functions.get_function_configuration(FunctionName="works", Qualifier="live")
    assert (one["Version"], two["Version"]) == ("1", "2")
    assert one["CodeSha256"] != two["CodeSha256"]
    assert two["Environment"]["Variables"] == {"COLOUR": "red"}


def test_a_trigger_keeps_what_it_declares_and_follows_the_alias(aws: Cloud) -> None:
    _deploy(aws, _application())
    (found,) = aws.client("lambda").list_event_source_mappings()["EventSourceMappings"]
    assert found["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert found["ScalingConfig"] == {"MaximumConcurrency": 5}
    assert found["MaximumBatchingWindowInSeconds"] == 0
    assert found["FunctionArn"].endswith(":function:works:live")


def test_a_trigger_changes(aws: Cloud) -> None:
    _deploy(aws, _application())
    template = _application()
    template["Resources"]["Mapping"]["Properties"] |= {"ScalingConfig": {"MaximumConcurrency": 9}, "Enabled": False}
    _deploy(aws, template)
    (found,) = aws.client("lambda").list_event_source_mappings()["EventSourceMappings"]
    assert (found["ScalingConfig"]["MaximumConcurrency"], found["State"]) == (9, "Disabled")


def test_messages_wait_for_whoever_emulates_lambda(aws: Cloud) -> None:
    _deploy(aws, _application())
    sqs = aws.client("sqs")
    url = sqs.get_queue_url(QueueName="work")["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="wake")
    assert len(sqs.receive_message(QueueUrl=url)["Messages"]) == 1


def test_a_queue_changes(aws: Cloud) -> None:
    _deploy(aws, _application())
    template = _application()
    template["Resources"]["Work"]["Properties"] |= {"VisibilityTimeout": 60, "MessageRetentionPeriod": 600}
    template["Resources"]["Work"]["Properties"]["RedrivePolicy"]["maxReceiveCount"] = 2
    _deploy(aws, template)
    sqs = aws.client("sqs")
    url = sqs.get_queue_url(QueueName="work")["QueueUrl"]
    found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert (found["VisibilityTimeout"], found["MessageRetentionPeriod"]) == ("60", "600")
    assert json.loads(found["RedrivePolicy"])["maxReceiveCount"] == 2


def test_a_role_changes(aws: Cloud) -> None:
    _deploy(aws, _application())
    template = _application()
    template["Resources"]["Role"]["Properties"]["Policies"][0]["PolicyName"] = "two"
    _deploy(aws, template)
    assert aws.client("iam").list_role_policies(RoleName="functions")["PolicyNames"] == ["two"]


def test_a_schedule_has_its_targets(aws: Cloud) -> None:
    template = _application()
    target = {"Id": "sweep", "Arn": {"Fn::GetAtt": ["Function", "Arn"]}, "Input": "{}"}
    rule = {"Name": "sweep", "ScheduleExpression": "rate(1 minute)", "Targets": [target]}
    template["Resources"]["Sweep"] = {"Type": "AWS::Events::Rule", "Properties": rule}
    _deploy(aws, template)
    events = aws.client("events")
    assert events.describe_rule(Name="sweep")["ScheduleExpression"] == "rate(1 minute)"
    assert events.list_targets_by_rule(Rule="sweep")["Targets"][0]["Arn"].endswith(":function:works")


def test_what_is_the_same_is_left_alone(aws: Cloud) -> None:
    _deploy(aws, _application())
    assert _deploy(aws, _application()) == "FAILED"
    template = _application()
    template["Resources"]["Dead"]["Properties"]["VisibilityTimeout"] = 60
    assert _deploy(aws, template) == "UPDATE_COMPLETE"
    events = aws.client("cloudformation").describe_stack_events(StackName="app")["StackEvents"]
    changed = {event["LogicalResourceId"] for event in events if event["ResourceStatus"] == "UPDATE_COMPLETE"}
    assert changed == {"Dead", "app"}


def test_a_stack_that_goes_takes_everything_along_but_what_is_retained(aws: Cloud) -> None:
    template = _application()
    template["Resources"]["Dead"]["DeletionPolicy"] = "Retain"
    _deploy(aws, template)
    aws.client("cloudformation").delete_stack(StackName="app")
    assert aws.stacks() == []
    assert aws.client("lambda").list_functions()["Functions"] == []
    assert aws.client("lambda").list_event_source_mappings()["EventSourceMappings"] == []
    assert [url.rsplit("/", 1)[-1] for url in aws.client("sqs").list_queues()["QueueUrls"]] == ["work-dead"]
    with pytest.raises(ClientError, match="NoSuchEntity"):
        aws.client("iam").get_role(RoleName="functions")


# Secrets and databases


def _secret(**properties: Any) -> dict[str, Any]:
    secret = {"Type": "AWS::SecretsManager::Secret", "Properties": properties}
    return {"Resources": {"Secret": secret}, "Outputs": {"Arn": {"Value": {"Ref": "Secret"}}}}


def _value(aws: Cloud, arn: str) -> dict[str, str]:
    return dict(json.loads(aws.client("secretsmanager").get_secret_value(SecretId=arn)["SecretString"]))


def test_a_secret_is_generated_once(aws: Cloud) -> None:
    generate = {
        "SecretStringTemplate": '{"username": "gateway"}',
        "GenerateStringKey": "password",
        "PasswordLength": 48,
        "ExcludePunctuation": True,
    }
    aws.apply("secret", _secret(GenerateSecretString=generate))
    arn = aws.outputs("secret")["Arn"]
    first = _value(aws, arn)
    assert (first["username"], len(first["password"]), first["password"].isalnum()) == ("gateway", 48, True)
    assert aws.apply("secret", _secret(GenerateSecretString=generate, Description="new")) == "UPDATE_COMPLETE"
    assert _value(aws, arn) == first
    aws.apply("secret", _secret(GenerateSecretString=generate | {"PasswordLength": 20}))
    assert len(_value(aws, arn)["password"]) == 20


def test_a_cluster_has_a_password_of_its_own(aws: Cloud) -> None:
    cluster = {
        "Type": "AWS::RDS::DBCluster",
        "Properties": {
            "Engine": "aurora-postgresql",
            "MasterUsername": "owner",
            "ManageMasterUserPassword": True,
            "DeletionProtection": "false",  # as a parameter says it
        },
    }
    outputs = {
        "Secret": {"Value": {"Fn::GetAtt": ["Cluster", "MasterUserSecret.SecretArn"]}},
        "Host": {"Value": {"Fn::Sub": "${Cluster.Endpoint.Address}:${Cluster.Endpoint.Port}"}},
    }
    template = {"Resources": {"Cluster": cluster}, "Outputs": outputs}
    assert aws.apply("one", template) == "CREATE_COMPLETE", aws.reasons("one")
    assert aws.apply("two", template) == "CREATE_COMPLETE", aws.reasons("two")
    one, two = (_value(aws, aws.outputs(name)["Secret"]) for name in ("one", "two"))
    assert one["username"] == "owner"
    assert one["password"] != two["password"]
    assert aws.outputs("one")["Host"].endswith(f".{REGION}.rds.amazonaws.com:5432")
    aws.client("cloudformation").delete_stack(StackName="one")
    assert aws.stacks() == ["two"]


def test_a_database_in_a_stack_with_a_long_name_has_a_name_that_fits(aws: Cloud) -> None:
    instance = {"Type": "AWS::RDS::DBInstance", "Properties": {"DBInstanceClass": "db.serverless"}}
    instance["Properties"] |= {"Engine": "postgres", "MasterUsername": "owner", "AllocatedStorage": 20}  # type: ignore[operator]
    name = "a-stack-with-a-name-that-is-long-but-not-too-long"
    template = {"Resources": {"DatabaseInstanceA": instance, "DatabaseInstanceB": instance}}
    assert aws.apply(name, template) == "CREATE_COMPLETE", aws.reasons(name)
    found = aws.client("rds").describe_db_instances()["DBInstances"]
    assert len({one["DBInstanceIdentifier"] for one in found}) == 2


# What AWS refuses, and how it fails


def test_a_type_that_nobody_knows_fails(aws: Cloud) -> None:
    with pytest.raises(ClientError, match=r"Unrecognized resource types.*AWS::Odd::Thing"):
        aws.apply("odd", {"Resources": {"Odd": {"Type": "AWS::Odd::Thing"}}})


def test_resources_that_need_each_other_are_refused(aws: Cloud) -> None:
    one = {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": {"Ref": "Two"}}}
    two = {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": {"Ref": "One"}}}
    with pytest.raises(ClientError, match=r"Circular dependency between resources: \[One, Two\]"):
        aws.apply("circle", {"Resources": {"One": one, "Two": two}})


@pytest.mark.parametrize(
    ("parameters", "reason"),
    [
        ({}, "must have values"),
        ({"Colour": "blue", "Other": "1"}, "do not exist in the template"),
        ({"Colour": "Blue"}, "failed to satisfy constraint"),
    ],
)
def test_parameters_are_held_to_what_is_declared(aws: Cloud, parameters: dict[str, str], reason: str) -> None:
    declared = {"Colour": {"Type": "String", "AllowedPattern": "[a-z]+"}}
    with pytest.raises(ClientError, match=reason):
        aws.apply("colours", {"Parameters": declared, "Resources": {"Queue": DEAD}}, parameters)


def test_a_stack_that_fails_is_rolled_back_with_a_reason(aws: Cloud) -> None:
    template = _application()
    template["Resources"]["Function"]["Properties"]["Role"] = f"arn:aws:iam::{ACCOUNT}:role/nobody"
    assert _deploy(aws, template) == "ROLLBACK_COMPLETE"
    assert "cannot be assumed by Lambda" in aws.reasons("app")["Function"]
    assert aws.client("sqs").list_queues().get("QueueUrls", []) == []


def test_a_change_that_fails_is_put_back(aws: Cloud) -> None:
    _deploy(aws, _application())
    template = _application()
    template["Resources"]["Work"]["Properties"]["VisibilityTimeout"] = 60
    template["Resources"]["Mapping"]["Properties"]["FunctionName"] = "nobody"
    assert _deploy(aws, template) == "UPDATE_ROLLBACK_COMPLETE"
    sqs = aws.client("sqs")
    url = sqs.get_queue_url(QueueName="work")["QueueUrl"]
    found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["VisibilityTimeout"])["Attributes"]
    assert found["VisibilityTimeout"] == "180"


def test_a_change_set_tells_what_it_would_do_and_does_not_do_it(aws: Cloud) -> None:
    _deploy(aws, _application())
    template = _application("Two")
    del template["Resources"]["Mapping"]
    cloudformation = aws.client("cloudformation")
    cloudformation.create_change_set(
        StackName="app",
        ChangeSetName="look",
        ChangeSetType="UPDATE",
        TemplateBody=json.dumps(template),
        Parameters=[{"ParameterKey": "BundleKey", "ParameterValue": "two.zip"}],
    )
    found = cloudformation.describe_change_set(StackName="app", ChangeSetName="look")["Changes"]
    changes = {(one["ResourceChange"]["Action"], one["ResourceChange"]["LogicalResourceId"]) for one in found}
    assert changes == {
        ("Modify", "Function"),  # by its parameter alone
        ("Add", "VersionTwo"),
        ("Modify", "Live"),
        ("Remove", "VersionOne"),
        ("Remove", "Mapping"),
    }
    assert len(aws.client("lambda").list_versions_by_function(FunctionName="works")["Versions"]) == 2


# What is only written down


@pytest.mark.parametrize("kind", sorted(moto_resources.RECORDED_ONLY))
def test_what_is_only_written_down_can_be_named(kind: str) -> None:
    model = moto_resources.MODELS[kind]
    made = model.create_from_cloudformation_json("stack-Thing", {"Properties": {}}, ACCOUNT, REGION)
    assert made.physical_resource_id.lower().startswith(("stack-thing", "arn:aws:"))
    assert made.get_cfn_attribute("Arn").startswith("arn:aws:")
    assert "." in made.get_cfn_attribute("DomainName")


def test_what_is_only_written_down_is_listed(capsys: Any) -> None:
    assert moto_server.main(["--list"]) == 0
    assert capsys.readouterr().out.split() == sorted(moto_resources.RECORDED_ONLY)
    kinds = ["AWS::WAFv2::WebACL", "AWS::SQS::Queue", "AWS::WAFv2::WebACL"]
    assert moto_server.recorded_only(kinds) == ["AWS::WAFv2::WebACL"]


def test_what_is_only_written_down_stands_in_a_stack(aws: Cloud) -> None:
    usage = {"Type": "AWS::ApiGateway::UsagePlan", "Properties": {"Description": "one"}}
    template = {"Resources": {"Usage": usage}, "Outputs": {"Id": {"Value": {"Ref": "Usage"}}}}
    assert aws.apply("plan", template) == "CREATE_COMPLETE"
    before = aws.outputs("plan")["Id"]
    usage["Properties"] = {"Description": "two"}
    assert aws.apply("plan", template) == "UPDATE_COMPLETE"
    assert aws.outputs("plan")["Id"] == before


# The language of templates

SCOPE = {
    "AWS::Region": REGION,
    "AWS::NoValue": None,
    "Stage": "dev",
    "Subnets": ["a", "b"],
    "Sizes": {"dev": {"Memory": 512}},
}


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ({"Ref": "Stage"}, "dev"),
        ([{"Ref": "AWS::NoValue"}, 1], [1]),
        ({"A": {"Ref": "AWS::NoValue"}, "B": 1}, {"B": 1}),
        ({"Fn::Sub": "${Stage}/${!Literal}/${AWS::Region}"}, f"dev/${{Literal}}/{REGION}"),
        ({"Fn::Sub": ["${One}-${Stage}", {"One": {"Ref": "Stage"}}]}, "dev-dev"),
        ({"Fn::Join": [",", {"Ref": "Subnets"}]}, "a,b"),
        ({"Fn::Select": ["1", {"Ref": "Subnets"}]}, "b"),
        ({"Fn::Split": ["-", "a-b"]}, ["a", "b"]),
        ({"Fn::FindInMap": ["Sizes", {"Ref": "Stage"}, "Memory"]}, 512),
        ({"Fn::GetAZs": ""}, [f"{REGION}a", f"{REGION}b", f"{REGION}c"]),
        ({"Fn::Cidr": ["10.20.0.0/16", 2, 12]}, ["10.20.0.0/20", "10.20.16.0/20"]),
        ({"Fn::Base64": "x"}, "eA=="),
        ({"Fn::ToJsonString": {"A": {"Ref": "Stage"}}}, '{"A": "dev"}'),
    ],
)
def test_a_template_means_what_cloudformation_says(written: Any, meant: Any) -> None:
    assert moto_stacks.resolve(written, SCOPE) == meant


def test_the_short_form_is_the_long_one() -> None:
    text = """
Resources:
  One:
    Type: A
    Condition: C
    Properties:
      A: !GetAtt Two.Endpoint.Address
      B: !If [C, !Ref X, !Sub "${Y}"]
      C: !Not [!Condition D]
      Version: 2012-10-17
"""
    assert moto_stacks.parse(text)["Resources"]["One"]["Properties"] == {
        "A": {"Fn::GetAtt": ["Two", "Endpoint.Address"]},
        "B": {"Fn::If": ["C", {"Ref": "X"}, {"Fn::Sub": "${Y}"}]},
        "C": {"Fn::Not": [{"Condition": "D"}]},
        "Version": "2012-10-17",
    }
