"""The templates are valid, and nothing in them is public, in clear, too wide or lost with a stack.

Each check is also shown the fault that it is there for, planted in a template of ours: one that finds nothing there
would find nothing anywhere.
"""

from __future__ import annotations

import copy
import functools
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from chalicelib import cookies, http, viewer

from infra import application, checks, secret, stages
from infra.web_files import NOT_FOUND
from local.embedded_postgres import SETTINGS
from shared import site_files

ROOT = Path(__file__).resolve().parent.parent.parent
TEMPLATES = sorted(checks.TEMPLATES.glob("*.yaml"))
CFN_LINT = "import sys; from cfnlint.runner import main; sys.exit(main())"
LINT_SECONDS = 120
NODE_SECONDS = 30
BODY_BYTES_MAX = 51_200  # of a template that is sent with the request (AWS, CloudFormation quotas)

OUTPUTS = {
    "foundation.yaml": (
        "VpcId",
        "PrivateSubnetIds",
        "FunctionSecurityGroupId",
        "DatabaseHost",
        "DatabaseClusterHost",
        "DatabaseName",
        "DatabaseSecretArn",
        "MasterSecretArn",
        "GatewaySecretArn",
        "KeyArn",
        "AlarmTopicArn",
        "ArtifactsBucket",
        "DatabaseClusterId",
    ),
    "web.yaml": (
        "CheckoutBucket",
        "CheckoutDistributionId",
        "CheckoutUrl",
        "DashboardBucket",
        "DashboardDistributionId",
        "DashboardUrl",
    ),
}

Edit = Callable[[Any], None]


@functools.cache
def as_written(name: str) -> checks.Template:
    return checks.load(checks.TEMPLATES / name)


def template(name: str) -> Any:
    return copy.deepcopy(as_written(name))


def properties(name: str, resource: str) -> Any:
    return template(name)["Resources"][resource]["Properties"]


def lint(*paths: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", CFN_LINT, "--include-checks", "I", "--", *map(str, paths)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=LINT_SECONDS, check=False)


# All templates


def test_the_linter_finds_nothing() -> None:
    found = lint(*TEMPLATES)
    assert found.returncode == 0, f"cfn-lint finds:\n{found.stdout}{found.stderr}"


def test_the_linter_would_find_a_property_that_does_not_exist(tmp_path: Path) -> None:
    wrong = tmp_path / "foundation.yaml"
    text = (checks.TEMPLATES / "foundation.yaml").read_text()
    wrong.write_text(text.replace("StorageEncrypted:", "StorageEncryption:"))
    found = lint(wrong)
    assert found.returncode != 0 and "StorageEncryption" in found.stdout, found.stdout


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_every_check_finds_nothing(path: Path) -> None:
    assert checks.findings(checks.load(path)) == []


@pytest.mark.parametrize("name", OUTPUTS)
def test_the_outputs_have_the_names_that_others_read(name: str) -> None:
    assert checks.missing_outputs(template(name), OUTPUTS[name]) == []


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_a_template_needs_no_bucket_to_be_sent(path: Path) -> None:
    """The foundation makes the bucket that larger ones would have to lie in."""
    size = len(path.read_bytes())
    assert size <= BODY_BYTES_MAX, f"{path.name} has {size} bytes; CloudFormation takes {BODY_BYTES_MAX} in a request"


# Each check finds its fault


def in_properties(resource: str, **values: Any) -> Edit:
    return lambda whole: whole["Resources"][resource]["Properties"].update(values)


def without(resource: str, *names: str) -> Edit:
    def edit(whole: Any) -> None:
        for name in names:
            del whole["Resources"][resource]["Properties"][name]

    return edit


def in_resource(resource: str, **values: Any) -> Edit:
    return lambda whole: whole["Resources"][resource].update(values)


def in_policy_of(resource: str, statement: int, **values: Any) -> Edit:
    """Changes a statement of the first policy of a resource, whatever the property is called."""

    def edit(whole: Any) -> None:
        held = whole["Resources"][resource]["Properties"]
        document = (
            held["Policies"][0]["PolicyDocument"]
            if "Policies" in held
            else held.get("KeyPolicy") or held.get("PolicyDocument")
        )
        changed = {**document["Statement"][statement], **values}
        document["Statement"][statement] = {name: value for name, value in changed.items() if value is not None}

    return edit


def with_parameter(name: str, **values: Any) -> Edit:
    return lambda whole: whole["Parameters"].update({name: {"Type": "String", **values}})


def with_resource(name: str, kind: str, **held: Any) -> Edit:
    return lambda whole: whole["Resources"].update({name: {"Type": kind, "Properties": held}})


FROM_ANYWHERE = {"IpProtocol": "tcp", "FromPort": 5432, "ToPort": 5432, "CidrIp": "0.0.0.0/0"}
TO_ANYWHERE = {"IpProtocol": "-1", "CidrIp": "0.0.0.0/0"}
TO_ANYWHERE_6 = {"IpProtocol": -1, "CidrIpv6": "::/0"}
SITE_BLOCK = {
    "BlockPublicAcls": True,
    "BlockPublicPolicy": False,
    "IgnorePublicAcls": True,
    "RestrictPublicBuckets": True,
}

# The check, the template, the fault, and words of the sentence that it must say.
FAULTS: list[tuple[checks.Check, str, Edit, str]] = [
    (
        checks.inbound_from_anywhere,
        "foundation.yaml",
        in_properties("FunctionSecurityGroup", SecurityGroupIngress=[FROM_ANYWHERE]),
        "FunctionSecurityGroup lets in 0.0.0.0/0",
    ),
    (
        checks.inbound_from_anywhere,
        "foundation.yaml",
        in_properties(
            "FunctionSecurityGroup", SecurityGroupIngress={"Fn::If": ["A", [FROM_ANYWHERE], checks.NO_VALUE]}
        ),
        "FunctionSecurityGroup lets in 0.0.0.0/0",
    ),
    (
        checks.inbound_from_anywhere,
        "foundation.yaml",
        in_properties("DatabaseFromProxy", CidrIp="128.0.0.0/1"),
        "DatabaseFromProxy lets in 128.0.0.0/1",
    ),
    (
        checks.inbound_from_anywhere,
        "foundation.yaml",
        in_properties("DatabaseFromProxy", CidrIpv6="::/0"),
        "DatabaseFromProxy lets in ::/0",
    ),
    (
        checks.inbound_from_anywhere,
        "foundation.yaml",
        in_properties("DatabaseFromProxy", CidrIp={"Ref": "VpcCidr"}),
        "DatabaseFromProxy lets in",
    ),
    (
        checks.outbound_unsaid,
        "foundation.yaml",
        without("DatabaseSecurityGroup", "SecurityGroupEgress"),
        "DatabaseSecurityGroup says nothing",
    ),
    (
        checks.outbound_unsaid,
        "foundation.yaml",
        in_properties("DatabaseSecurityGroup", SecurityGroupEgress=[TO_ANYWHERE]),
        "DatabaseSecurityGroup may send every protocol to 0.0.0.0/0",
    ),
    (
        checks.outbound_unsaid,
        "foundation.yaml",
        in_properties("DatabaseSecurityGroup", SecurityGroupEgress=[TO_ANYWHERE_6]),
        "DatabaseSecurityGroup may send every protocol to ::/0",
    ),
    (
        checks.public_places,
        "foundation.yaml",
        in_properties("DatabaseInstanceB", PubliclyAccessible=True),
        "DatabaseInstanceB does not say PubliclyAccessible: false",
    ),
    (
        checks.public_places,
        "foundation.yaml",
        in_properties("DatabaseCluster", PubliclyAccessible=True),
        "DatabaseCluster is PubliclyAccessible",
    ),
    (
        checks.public_places,
        "foundation.yaml",
        in_properties("PublicSubnetA", MapPublicIpOnLaunch=True),
        "PublicSubnetA gives public addresses",
    ),
    (
        checks.public_places,
        "web.yaml",
        in_properties("CheckoutFiles", AccessControl="PublicRead"),
        "CheckoutFiles has an AccessControl",
    ),
    (
        checks.public_places,
        "web.yaml",
        in_properties("CheckoutFiles", WebsiteConfiguration={"IndexDocument": "index.html"}),
        "CheckoutFiles is a website",
    ),
    (
        checks.wide_actions,
        "foundation.yaml",
        in_policy_of("ProxyRole", 0, Action="secretsmanager:*"),
        "ProxyRole allows secretsmanager:*",
    ),
    (
        checks.wide_actions,
        "web.yaml",
        in_policy_of("CheckoutFilesPolicy", 0, Action=["s3:GetObject", "s3:List*"]),
        "CheckoutFilesPolicy (OurDistributionReads) allows s3:List*",
    ),
    (
        checks.wide_actions,
        "foundation.yaml",
        in_policy_of("Key", 1, Action="kms:*"),
        "Key (LogGroupsOfThisAccount) allows kms:*",
    ),
    (
        checks.wide_actions,
        "foundation.yaml",
        in_policy_of("Key", 0, Principal={"AWS": "*"}),
        "Key (AccountDecidesByIam) allows kms:*",
    ),
    (
        checks.wide_actions,
        "foundation.yaml",
        in_policy_of("ProxyRole", 0, Action=None, NotAction="iam:PassRole"),
        "ProxyRole allows all but some actions",
    ),
    (
        checks.wide_resources,
        "foundation.yaml",
        in_policy_of("ProxyRole", 1, Resource="*"),
        'ProxyRole allows something on Resource "*"',
    ),
    (
        checks.wide_resources,
        "foundation.yaml",
        in_policy_of("FlowLogRole", 0, Resource={"Fn::If": ["A", ["*"], []]}),
        'FlowLogRole allows something on Resource "*"',
    ),
    (
        checks.wide_resources,
        "foundation.yaml",
        in_policy_of("ProxyRole", 1, Resource=None, NotResource="arn:aws:kms:::key/a"),
        "ProxyRole allows something on all but some",
    ),
    (
        checks.open_to_strangers,
        "foundation.yaml",
        in_policy_of("SqsEndpoint", 0, Condition=None),
        "SqsEndpoint (OurPeopleOurQueues) lets in everybody",
    ),
    (
        checks.open_to_strangers,
        "foundation.yaml",
        in_policy_of("AlarmTopicPolicy", 0, Condition={"StringLike": {"aws:SourceAccount": "*"}}),
        "AlarmTopicPolicy (AlarmsOfThisAccount) lets in cloudwatch.amazonaws.com",
    ),
    (
        checks.open_to_strangers,
        "foundation.yaml",
        in_policy_of("Key", 3, Condition={"ArnLike": {"aws:SourceArn": "*"}}),
        "Key (BudgetsOfThisAccount) lets in budgets.amazonaws.com",
    ),
    (
        checks.open_to_strangers,
        "web.yaml",
        in_policy_of("DashboardFilesPolicy", 0, Principal="*", Condition=None),
        "DashboardFilesPolicy (OurDistributionReads) lets in everybody",
    ),
    (
        checks.open_to_strangers,
        "web.yaml",
        in_policy_of("DashboardFilesPolicy", 0, Principal=None, NotPrincipal={"AWS": "1"}),
        "DashboardFilesPolicy (OurDistributionReads) lets in all but some",
    ),
    (
        checks.open_to_strangers,
        "foundation.yaml",
        lambda whole: whole["Resources"]["ProxyRole"]["Properties"]["AssumeRolePolicyDocument"]["Statement"][0].update(
            Principal={"AWS": "*"}
        ),
        "ProxyRole lets in everybody",
    ),
    (
        checks.unencrypted,
        "foundation.yaml",
        in_properties("DatabaseCluster", StorageEncrypted=False),
        "StorageEncrypted",
    ),
    (
        checks.unencrypted,
        "foundation.yaml",
        without("DatabaseCluster", "KmsKeyId"),
        "DatabaseCluster does not set KmsKeyId",
    ),
    (
        checks.unencrypted,
        "foundation.yaml",
        without("GatewaySecret", "KmsKeyId"),
        "GatewaySecret does not set KmsKeyId",
    ),
    (checks.unencrypted, "foundation.yaml", without("AlarmTopic", "KmsMasterKeyId"), "AlarmTopic does not set"),
    (
        checks.unencrypted,
        "web.yaml",
        without("AccessLogs", "BucketEncryption"),
        "AccessLogs does not set BucketEncryption",
    ),
    (checks.unencrypted, "foundation.yaml", without("Key", "EnableKeyRotation"), "Key does not rotate"),
    (checks.unencrypted, "foundation.yaml", in_properties("DatabaseProxy", RequireTLS=False), "does not RequireTLS"),
    (
        checks.lost_with_the_stack,
        "foundation.yaml",
        in_resource("DatabaseCluster", DeletionPolicy="Delete"),
        "DatabaseCluster holds data: its DeletionPolicy must be Retain or Snapshot, and is Delete",
    ),
    (
        checks.lost_with_the_stack,
        "foundation.yaml",
        lambda whole: whole["Resources"]["GatewaySecret"].pop("UpdateReplacePolicy"),
        "GatewaySecret holds data: its UpdateReplacePolicy must be Retain or RetainExceptOnCreate, and is not there",
    ),
    (checks.lost_with_the_stack, "foundation.yaml", in_resource("Key", DeletionPolicy="Delete"), "Key holds data"),
    (
        checks.lost_with_the_stack,
        "web.yaml",
        in_resource("AccessLogs", DeletionPolicy="Delete"),
        "AccessLogs holds data",
    ),
    (checks.logs_for_ever, "foundation.yaml", without("ProxyLogGroup", "RetentionInDays"), "ProxyLogGroup has no"),
    (
        checks.unlocked_buckets,
        "foundation.yaml",
        without("Artifacts", "PublicAccessBlockConfiguration"),
        "Artifacts does not set RestrictPublicBuckets",
    ),
    (
        checks.unlocked_buckets,
        "web.yaml",
        in_properties("DashboardFiles", PublicAccessBlockConfiguration=SITE_BLOCK),
        "DashboardFiles does not set BlockPublicPolicy",
    ),
    (
        checks.unlocked_buckets,
        "web.yaml",
        in_policy_of("DashboardFilesPolicy", 1, Condition={"Bool": {"aws:SecureTransport": "true"}}),
        "DashboardFiles has no policy that refuses",
    ),
    (
        checks.unlocked_buckets,
        "web.yaml",
        lambda whole: whole["Resources"].pop("AccessLogsPolicy"),
        "AccessLogs has no policy that refuses",
    ),
    (checks.secrets_in_clear, "foundation.yaml", with_parameter("JwtSecret", NoEcho=True), "The parameter JwtSecret"),
    (
        checks.secrets_in_clear,
        "foundation.yaml",
        with_parameter("Upstream", Default="postgresql://gateway:hunter2hunter2@db/payment_gateway"),
        "The default of the parameter Upstream looks like a secret",
    ),
    (
        checks.secrets_in_clear,
        "foundation.yaml",
        in_properties("DatabaseCluster", MasterUserPassword="hunter2hunter2"),
        "DatabaseCluster.Properties.MasterUserPassword spells a secret",
    ),
    (
        checks.secrets_in_clear,
        "foundation.yaml",
        in_properties("GatewaySecret", SecretString='{"a": "b"}'),
        "GatewaySecret.Properties.SecretString spells a secret",
    ),
    (
        checks.secrets_in_clear,
        "foundation.yaml",
        in_properties("GatewaySecret", GenerateSecretString={"SecretStringTemplate": '{"ENCRYPTION_KEY": "MDEy"}'}),
        "spells ENCRYPTION_KEY",
    ),
    (
        checks.secrets_in_clear,
        "foundation.yaml",
        with_resource(
            "Api",
            "AWS::Lambda::Function",
            Environment={"Variables": {"JWT_SECRET": {"Fn::Sub": "long enough to be one"}}},
        ),
        "Api.Properties.Environment.Variables.JWT_SECRET spells a secret",
    ),
    (
        checks.secrets_in_clear,
        "foundation.yaml",
        with_resource(
            "Api", "AWS::Lambda::Function", Environment={"Variables": {"URL": "postgresql://gateway:hunter2@db:5432/a"}}
        ),
        "Api.Properties.Environment.Variables.URL looks like a secret",
    ),
    (
        checks.secrets_in_clear,
        "web.yaml",
        in_resource("CheckoutFiles", Metadata={"Note": "AKIA" + "ABCDEFGHIJ234567"}),
        "CheckoutFiles.Metadata.Note looks like a secret",
    ),
]


@pytest.mark.parametrize(
    ("check", "name", "fault", "sentence"), FAULTS, ids=[f"{fault[0].__name__}-{fault[3]}" for fault in FAULTS]
)
def test_a_check_finds_the_fault_it_is_there_for(check: checks.Check, name: str, fault: Edit, sentence: str) -> None:
    faulty = template(name)
    fault(faulty)
    assert any(sentence in found for found in check(faulty)), f"it found {check(faulty)}"
    assert set(check(faulty)) <= set(checks.findings(faulty)), "the check is not among those that are run"


def test_every_check_has_a_fault_to_find() -> None:
    assert {fault[0] for fault in FAULTS} == set(checks.CHECKS)


def test_an_output_that_is_gone_is_missed() -> None:
    for name, outputs in OUTPUTS.items():
        renamed = template(name)
        renamed["Outputs"]["Other"] = renamed["Outputs"].pop(outputs[0])
        assert checks.missing_outputs(renamed, outputs) == [f"There is no output {outputs[0]}."]


def test_a_secret_that_is_fetched_is_not_in_clear() -> None:
    fetched = template("foundation.yaml")
    in_properties("DatabaseCluster", MasterUserPassword="{{resolve:secretsmanager:a:SecretString:password}}")(fetched)
    with_resource("Api", "AWS::Lambda::Function", Environment={"Variables": {"SECRET": {"Ref": "GatewaySecret"}}})(
        fetched
    )
    assert checks.secrets_in_clear(fetched) == []


def test_the_own_addresses_of_a_network_may_come_in() -> None:
    inside = template("foundation.yaml")
    for source in ("10.0.0.0/8", {"Fn::GetAtt": ["Vpc", "CidrBlock"]}):
        in_properties("DatabaseFromProxy", CidrIp=source)(inside)
        assert checks.inbound_from_anywhere(inside) == []


def test_short_tags_are_read_as_their_long_forms() -> None:
    text = """
        version: 2012-10-17
        a: !Ref Key
        b: !GetAtt Key.Arn
        c: !GetAtt Cluster.Endpoint.Address
        d: !If [Has, !Sub "${A}", !Ref "AWS::NoValue"]
        e: !And [!Condition Has, !Not [!Equals [!Ref A, ""]]]
        f: !Cidr {a: 1}
    """
    assert checks.parse(text) == {
        "version": "2012-10-17",
        "a": {"Ref": "Key"},
        "b": {"Fn::GetAtt": ["Key", "Arn"]},
        "c": {"Fn::GetAtt": ["Cluster", "Endpoint.Address"]},
        "d": {"Fn::If": ["Has", {"Fn::Sub": "${A}"}, {"Ref": "AWS::NoValue"}]},
        "e": {"Fn::And": [{"Condition": "Has"}, {"Fn::Not": [{"Fn::Equals": [{"Ref": "A"}, ""]}]}]},
        "f": {"Fn::Cidr": {"a": 1}},
    }
    with pytest.raises(ValueError, match="a mapping"):
        checks.parse("- a list")


# The foundation


def test_the_database_has_no_way_out() -> None:
    whole = template("foundation.yaml")
    isolated = {
        resource["Properties"]["RouteTableId"]["Ref"]
        for resource in whole["Resources"].values()
        if resource["Type"] == "AWS::EC2::SubnetRouteTableAssociation"
        and resource["Properties"]["SubnetId"]["Ref"].startswith("DatabaseSubnet")
    }
    routed = {
        resource["Properties"]["RouteTableId"]["Ref"]
        for resource in whole["Resources"].values()
        if resource["Type"] == "AWS::EC2::Route"
    }
    assert isolated == {"DatabaseRouteTable"} and not isolated & routed
    for resource, subnets in (("DatabaseSubnetGroup", "SubnetIds"), ("DatabaseProxy", "VpcSubnetIds")):
        held = whole["Resources"][resource]["Properties"][subnets]
        assert held == [{"Ref": "DatabaseSubnetA"}, {"Ref": "DatabaseSubnetB"}], f"{resource} is somewhere else"


def test_only_functions_reach_the_proxy_and_only_both_reach_the_database() -> None:
    ways = {
        (rule.properties["SourceSecurityGroupId"]["Fn::GetAtt"][0], rule.properties["GroupId"]["Fn::GetAtt"][0])
        for rule in checks.resources(template("foundation.yaml"), "AWS::EC2::SecurityGroupIngress")
    }
    assert ways == {
        ("FunctionSecurityGroup", "ProxySecurityGroup"),
        ("ProxySecurityGroup", "DatabaseSecurityGroup"),
        ("FunctionSecurityGroup", "DatabaseSecurityGroup"),
    }


def test_nobody_ever_knows_the_password_of_the_tables_owner() -> None:
    cluster = properties("foundation.yaml", "DatabaseCluster")
    assert cluster["ManageMasterUserPassword"] is True and "MasterUserPassword" not in cluster
    assert cluster["MasterUserSecret"] == {"KmsKeyId": {"Fn::GetAtt": ["Key", "Arn"]}}


def test_postgres_wants_tls_and_logs_no_values() -> None:
    parameters = properties("foundation.yaml", "DatabaseParameters")["Parameters"]
    assert parameters["rds.force_ssl"] == "1"
    assert parameters["log_statement"] == "none", "DDL shows the password that a role is given"
    assert parameters["log_parameter_max_length"] == parameters["log_parameter_max_length_on_error"] == "0"
    for name in ("log_error_verbosity", "log_min_error_statement"):
        assert parameters[name] == SETTINGS[name], f"{name} is another one than on one machine"
    engine = properties("foundation.yaml", "DatabaseCluster")["EngineVersion"]
    family = properties("foundation.yaml", "DatabaseParameters")["Family"]
    assert family == f"aurora-postgresql{engine.split('.')[0]}"


def test_the_proxy_reads_one_secret_and_decrypts_with_one_key() -> None:
    (policy,) = properties("foundation.yaml", "ProxyRole")["Policies"]
    rights = [(body["Action"], body["Resource"]) for body in policy["PolicyDocument"]["Statement"]]
    assert rights == [
        ("secretsmanager:GetSecretValue", {"Ref": "DatabaseSecret"}),
        ("kms:Decrypt", {"Fn::GetAtt": ["Key", "Arn"]}),
    ]
    (login,) = properties("foundation.yaml", "DatabaseProxy")["Auth"]
    assert login["SecretArn"] == {"Ref": "DatabaseSecret"}


def test_the_logs_that_rds_writes_go_to_groups_of_ours() -> None:
    """RDS names them after the cluster and the proxy, and would make its own without retention."""
    cluster, proxy = (properties("foundation.yaml", name) for name in ("DatabaseCluster", "DatabaseProxy"))
    groups = {
        f"/aws/rds/cluster/{cluster['DBClusterIdentifier']['Fn::Sub']}/{cluster['EnableCloudwatchLogsExports'][0]}",
        f"/aws/rds/proxy/{proxy['DBProxyName']['Fn::Sub']}",
    }
    ours = {
        group.properties["LogGroupName"]["Fn::Sub"]
        for group in checks.resources(template("foundation.yaml"), "AWS::Logs::LogGroup")
    }
    assert groups <= ours
    resources = template("foundation.yaml")["Resources"]
    assert resources["DatabaseCluster"]["DependsOn"] == "DatabaseLogGroup"
    assert resources["DatabaseProxy"]["DependsOn"] == "ProxyLogGroup"


def test_every_alarm_tells_somebody_and_says_what_it_means() -> None:
    alarms = checks.resources(template("foundation.yaml"), "AWS::CloudWatch::Alarm")
    assert alarms
    for alarm in alarms:
        assert alarm.properties["AlarmActions"] == [{"Ref": "AlarmTopic"}], f"{alarm.name} tells nobody"
        assert alarm.properties["AlarmDescription"].endswith("."), f"{alarm.name} does not say what it means"


def test_whoever_may_publish_to_the_topic_may_use_its_key() -> None:
    """Without the key, what is published to an encrypted topic is dropped, and nobody hears of it."""

    def services(document: Any) -> set[str]:
        return {
            body["Principal"]["Service"]
            for body in document["Statement"]
            if body["Effect"] == "Allow" and isinstance(body["Principal"].get("Service"), str)
        }

    publishers = services(properties("foundation.yaml", "AlarmTopicPolicy")["PolicyDocument"])
    assert publishers == {"cloudwatch.amazonaws.com", "budgets.amazonaws.com"}
    assert publishers <= services(properties("foundation.yaml", "Key")["KeyPolicy"])


# The sites


def content_security_policy(headers: str) -> dict[str, str]:
    held = properties("web.yaml", headers)["ResponseHeadersPolicyConfig"]["SecurityHeadersConfig"]
    policy = held["ContentSecurityPolicy"]["ContentSecurityPolicy"]
    text = policy["Fn::Sub"] if isinstance(policy, dict) else policy
    return {name: rest for name, _, rest in (part.strip().partition(" ") for part in text.split(";"))}


def custom_headers(headers: str) -> dict[str, tuple[str, bool]]:
    held = properties("web.yaml", headers)["ResponseHeadersPolicyConfig"]["CustomHeadersConfig"]["Items"]
    return {item["Header"]: (item["Value"], item["Override"]) for item in held}


def behaviours(distribution: str) -> dict[str, Any]:
    config = properties("web.yaml", distribution)["DistributionConfig"]
    return {"*": config["DefaultCacheBehavior"], **{each["PathPattern"]: each for each in config["CacheBehaviors"]}}


def by_the_api(distribution: str) -> dict[str, Any]:
    return {path: one for path, one in behaviours(distribution).items() if one["TargetOriginId"] == "api"}


def taken_by(distribution: str, path: str) -> str:
    """The pattern that CloudFront takes for a path: the first that fits."""
    patterns = [pattern for pattern in behaviours(distribution) if pattern != "*"]
    return next((one for one in patterns if re.fullmatch(re.escape(one).replace(r"\*", ".*"), path)), "*")


def test_nobody_frames_the_dashboard_or_a_file() -> None:
    for headers in ("DashboardHeaders", "CheckoutHeaders", "SdkHeaders"):
        assert content_security_policy(headers)["frame-ancestors"] == "'none'"
    held = properties("web.yaml", "DashboardHeaders")["ResponseHeadersPolicyConfig"]["SecurityHeadersConfig"]
    assert "FrameOptions" in held


def test_the_dashboards_page_has_the_headers_that_it_has_on_one_machine() -> None:
    served = dict(site_files.DASHBOARD_HEADERS)
    held = properties("web.yaml", "DashboardHeaders")["ResponseHeadersPolicyConfig"]["SecurityHeadersConfig"]
    assert held["ContentSecurityPolicy"]["ContentSecurityPolicy"] == served.pop("Content-Security-Policy")
    assert held["ReferrerPolicy"]["ReferrerPolicy"] == served.pop("Referrer-Policy")
    assert held["ContentTypeOptions"] and served.pop("X-Content-Type-Options")
    assert {name: (value, True) for name, value in served.items()}.items() <= custom_headers("DashboardHeaders").items()


def test_the_dashboard_has_the_api_below_its_own_host() -> None:
    paths = by_the_api("DashboardDistribution")
    assert paths.keys() == {"/api/*", "/health", "/openapi.json"}
    for path, behaviour in paths.items():
        assert "ResponseHeadersPolicyId" not in behaviour, f"{path}: the API says its own"
        assert behaviour["CachePolicyId"] == {"Ref": "NoCache"}, path
        assert behaviour["OriginRequestPolicyId"] == {"Ref": "DashboardCalls"}, path
        assert {"GET", "POST", "PUT", "DELETE"} <= set(behaviour["AllowedMethods"]), path
        assert behaviour["ViewerProtocolPolicy"] == "https-only", path
        assert [one["FunctionARN"] for one in behaviour["FunctionAssociations"]] == [
            {"Fn::GetAtt": ["ViewerAddress", "FunctionARN"]}
        ]
    config = properties("web.yaml", "DashboardCalls")["OriginRequestPolicyConfig"]
    assert set(config["CookiesConfig"]["Cookies"]) == {cookies.name(production=which) for which in (False, True)}
    passed = {name.lower() for name in config["HeadersConfig"]["Headers"]}
    assert passed >= {"origin", "sec-fetch-site", "content-type", "idempotency-key", "if-none-match", "x-background"}
    assert passed >= {http.SHOWN_MERCHANT, http.SHOWN_USER}
    assert "host" not in passed, "API Gateway knows its own host only"
    assert viewer.ADDRESS in passed and len(passed) <= 10, "CloudFront takes ten"
    api = next(one for one in properties("web.yaml", "DashboardDistribution")["DistributionConfig"]["Origins"][1:])
    assert (api["DomainName"], api["OriginPath"]) == ({"Ref": "ApiDomain"}, {"Ref": "ApiBasePath"})
    assert api["CustomOriginConfig"]["OriginProtocolPolicy"] == "https-only"


def test_the_checkouts_own_calls_and_pages_go_to_the_api_and_no_other() -> None:
    asked = set()
    for endpoint in http.ENDPOINTS:
        pattern = taken_by("CheckoutDistribution", re.sub(r"{\w+}", "x", endpoint.path))
        to_the_api = pattern in by_the_api("CheckoutDistribution")
        assert to_the_api == endpoint.of_checkout, f"{endpoint.path} is taken by {pattern}"
        asked |= {pattern} if to_the_api else set()
    assert by_the_api("CheckoutDistribution").keys() - asked <= {f"{http.BANK_PATHS}*"}, "nobody asks for these"
    for name in ("checkout.js", "checkout.mjs", "checkout.d.ts", "checkout-1.0.0-3fa94c0b.js", "sdk.json"):
        taken = behaviours("CheckoutDistribution")[taken_by("CheckoutDistribution", f"/{name}")]
        assert taken["ResponseHeadersPolicyId"] == {"Ref": "SdkHeaders"}, name


def test_what_the_api_says_of_its_pages_reaches_the_browser_as_it_was_said() -> None:
    for path, behaviour in by_the_api("CheckoutDistribution").items():
        assert "ResponseHeadersPolicyId" not in behaviour, f"{path}: who may frame a page is the API's to say"
        assert behaviour["CachePolicyId"] == {"Ref": "NoCache"}, path
        assert behaviour["OriginRequestPolicyId"] == {"Ref": "CheckoutCalls"}, path
        assert {"GET", "POST", "OPTIONS", "PUT", "DELETE"} <= set(behaviour["AllowedMethods"]), path
        assert [one["FunctionARN"] for one in behaviour["FunctionAssociations"]] == [
            {"Fn::GetAtt": ["ViewerAddress", "FunctionARN"]}
        ]
    assert properties("web.yaml", "NoCache")["CachePolicyConfig"]["MaxTTL"] == 0
    config = properties("web.yaml", "CheckoutCalls")["OriginRequestPolicyConfig"]
    assert config["QueryStringsConfig"] == {"QueryStringBehavior": "all"}
    assert config["CookiesConfig"] == {"CookieBehavior": "none"}
    passed = {name.lower() for name in config["HeadersConfig"]["Headers"]}
    assert passed == {"content-type", "idempotency-key", "x-api-key", viewer.ADDRESS}
    origins = properties("web.yaml", "CheckoutDistribution")["DistributionConfig"]["Origins"]
    (api,) = [origin for origin in origins if origin["Id"] == "api"]
    assert (api["DomainName"], api["OriginPath"]) == ({"Ref": "ApiDomain"}, {"Ref": "ApiBasePath"})
    assert api["CustomOriginConfig"]["OriginProtocolPolicy"] == "https-only"
    assert api["CustomOriginConfig"]["OriginSSLProtocols"] == ["TLSv1.2"]


@pytest.mark.parametrize("site", ["Checkout", "Dashboard"])
def test_a_distribution_proves_to_the_api_that_it_is_one_by_a_secret_that_no_template_spells(site: str) -> None:
    origins = properties("web.yaml", f"{site}Distribution")["DistributionConfig"]["Origins"]
    (sent,) = next(origin for origin in origins if origin["Id"] == "api")["OriginCustomHeaders"]
    assert sent["HeaderName"].lower() == viewer.PROOF
    assert sent["HeaderValue"] == {"Fn::Sub": application.DISTRIBUTION_SECRET}
    assert not [origin for origin in origins if origin["Id"] != "api" and "OriginCustomHeaders" in origin]
    assert application.DISTRIBUTION_SECRET.strip("{}").split(":")[-1] in secret.MEMBERS


def test_the_firewall_counts_people_by_themselves_only_where_a_distribution_says_who_they_are() -> None:
    rules = application.extension(stages.load("dev"))["Resources"]["Firewall"]["Properties"]["Rules"]
    counted = [rule["Statement"]["RateBasedStatement"] for rule in rules if "RateBasedStatement" in rule["Statement"]]
    proof = {
        "FieldToMatch": {"SingleHeader": {"Name": viewer.PROOF}},
        "PositionalConstraint": "EXACTLY",
        "SearchString": {"Fn::Sub": application.DISTRIBUTION_SECRET},
        "TextTransformations": [{"Priority": 0, "Type": "NONE"}],
    }
    handed_on = {"ByteMatchStatement": proof}
    direct = {"NotStatement": {"Statement": handed_on}}
    limits: dict[str, list[int]] = {"IP": [], "FORWARDED_IP": []}
    for one in counted:
        by = one["AggregateKeyType"]
        scope = one["ScopeDownStatement"]
        parts = scope.get("AndStatement", {"Statements": [scope]})["Statements"]
        assert (handed_on in parts, direct in parts) == ((False, True) if by == "IP" else (True, False))
        assert one.get("ForwardedIPConfig", {}).get("HeaderName") == (None if by == "IP" else viewer.ADDRESS)
        limits[by].append(one["Limit"])
    assert limits["IP"] == limits["FORWARDED_IP"] and len(limits["IP"]) == 2, "each call is counted by one of the two"


def test_what_api_gateway_answers_by_itself_has_the_headers_of_every_answer() -> None:
    usual = {name: f"'{value}'" for name, value in http.USUAL_IN_PRODUCTION.items() if name != "Content-Type"}
    for name, answer in application.gateway_responses(production=True).items():
        told = {key.rpartition(".")[2]: value for key, value in answer["responseParameters"].items()}
        assert usual.items() <= told.items() and told["X-Request-Id"] == "context.requestId", name
        assert http.JSON in answer["responseTemplates"], name
    assert "Strict-Transport-Security" not in str(application.gateway_responses(production=False))


@pytest.mark.parametrize("headers", ["CheckoutHeaders", "SdkHeaders"])
def test_a_file_has_the_headers_that_it_has_on_one_machine(headers: str) -> None:
    name = "checkout.js" if headers == "SdkHeaders" else "assets/page-B3xq9Zk1.js"
    served = site_files.headers(name)
    held = properties("web.yaml", headers)["ResponseHeadersPolicyConfig"]
    policy = held["SecurityHeadersConfig"]["ContentSecurityPolicy"]["ContentSecurityPolicy"]
    assert policy == served["Content-Security-Policy"]
    assert custom_headers(headers)["Cross-Origin-Resource-Policy"] == (served["Cross-Origin-Resource-Policy"], True)
    assert ("CorsConfig" in held) == ("Access-Control-Allow-Origin" in served)


def test_the_functions_at_the_edge_do_what_they_say() -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("there is no node here to run the functions with")

    def run(function: str, request: Any) -> Any:
        code = properties("web.yaml", function)["FunctionCode"]
        event = json.dumps({"request": request, "viewer": {"ip": "203.0.113.7"}})
        ran = subprocess.run(
            [node, "-e", f"{code}\nconsole.log(JSON.stringify(handler({event})))"],
            capture_output=True,
            text=True,
            timeout=NODE_SECONDS,
            check=True,
        )
        return json.loads(ran.stdout)

    forged = {"uri": "/checkout", "headers": {viewer.ADDRESS: {"value": "198.51.100.1"}}}
    assert run("ViewerAddress", forged)["headers"] == {viewer.ADDRESS: {"value": "203.0.113.7"}}
    assert run("CheckoutHome", {"uri": "/"})["headers"] == {"location": {"value": "/checkout"}}
    assert run("CheckoutHome", {"uri": "/a"}) == {"uri": "/a"}


def test_the_sdk_is_for_every_page_and_soon_replaced() -> None:
    cors = properties("web.yaml", "SdkHeaders")["ResponseHeadersPolicyConfig"]["CorsConfig"]
    assert cors["AccessControlAllowOrigins"] == {"Items": ["*"]} and cors["AccessControlAllowCredentials"] is False
    headers = custom_headers("SdkHeaders")
    assert headers["Cross-Origin-Resource-Policy"] == ("cross-origin", True)
    assert properties("web.yaml", "SdkCache")["CachePolicyConfig"]["MaxTTL"] == 300
    sdk = behaviours("CheckoutDistribution")[taken_by("CheckoutDistribution", "/checkout.js")]
    assert (sdk["CachePolicyId"], sdk["ResponseHeadersPolicyId"]) == ({"Ref": "SdkCache"}, {"Ref": "SdkHeaders"})
    assert sdk["ViewerProtocolPolicy"] == "https-only"


@pytest.mark.parametrize("site", ["Checkout", "Dashboard"])
def test_every_path_of_a_site_has_its_headers_and_tls(site: str) -> None:
    paths = behaviours(f"{site}Distribution")
    assets = "/dashboard/assets/*" if site == "Dashboard" else "/assets/*"
    assert paths.keys() >= {"*", assets}
    for path, behaviour in paths.items():
        assert behaviour["ViewerProtocolPolicy"] in ("redirect-to-https", "https-only"), path
        assert behaviour["Compress"] is True, path
        if behaviour["TargetOriginId"] == "files" and behaviour.get("ResponseHeadersPolicyId") != {"Ref": "SdkHeaders"}:
            # A path that is not there may be answered with a page: even under /assets it must be protected as one.
            assert behaviour["ResponseHeadersPolicyId"] == {"Ref": f"{site}Headers"}, path
    assert paths[assets]["CachePolicyId"] == {"Ref": "AssetCache"}
    config = properties("web.yaml", f"{site}Distribution")["DistributionConfig"]
    assert config["ViewerCertificate"]["Fn::If"][1]["MinimumProtocolVersion"] == "TLSv1.2_2021"
    assert config["HttpVersion"] == "http2and3"
    buckets = [origin for origin in config["Origins"] if "CustomOriginConfig" not in origin]
    assert [origin["OriginAccessControlId"] for origin in buckets] == [{"Ref": "OriginAccess"}]


@pytest.mark.parametrize("headers", ["CheckoutHeaders", "SdkHeaders", "DashboardHeaders"])
def test_no_header_tells_a_browser_to_keep_an_error_as_long_as_an_asset(headers: str) -> None:
    assert custom_headers(headers)["Cache-Control"] == ("no-cache", False)


def test_no_site_puts_a_page_over_what_the_api_says() -> None:
    def answers(site: str) -> Any:
        config = properties("web.yaml", f"{site}Distribution")["DistributionConfig"]
        return {one["ErrorCode"]: one for one in config["CustomErrorResponses"]}

    checkout = {code: (one["ResponseCode"], one["ResponsePagePath"]) for code, one in answers("Checkout").items()}
    assert checkout == {403: (404, f"/{NOT_FOUND}")}, "a 404 of the API is the page's to read"
    dashboard = answers("Dashboard")
    assert dashboard.keys() >= {403, 404, 500, 502, 503, 504}
    for code, one in dashboard.items():
        assert one == {"ErrorCode": code, "ErrorCachingMinTTL": 0}, "what one is refused is not shown to another"


def test_the_dashboards_page_is_at_the_addresses_that_it_has_on_one_machine() -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("there is no node here to run the function with")
    code = properties("web.yaml", "DashboardPaths")["FunctionCode"]
    moved = {"/": site_files.DASHBOARD_HOME, **site_files.DASHBOARD_MOVED}
    paths = [*moved, "/login", "/dashboard", "/dashboard/", "/dashboard/orders/order_1", "/login/", "/x", "/dashboards"]
    ask = f"console.log(JSON.stringify({json.dumps(paths)}.map((uri) => handler({{ request: {{ uri }} }}))))"
    ran = subprocess.run(
        [node, "-e", f"{code}\n{ask}"], capture_output=True, text=True, timeout=NODE_SECONDS, check=True
    )
    for path, answer in zip(paths, json.loads(ran.stdout), strict=True):
        file = site_files.dashboard_file(path)
        if path in moved:
            assert (answer["statusCode"], answer["headers"]) == (302, {"location": {"value": moved[path]}})
        elif file is not None:
            assert answer == {"uri": f"/{file}"}, path
        else:
            assert answer["statusCode"] == 404, path
