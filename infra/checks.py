"""What must be true of every CloudFormation template of ours. Each check returns what is wrong, in sentences.

A linter knows whether a template is valid; these know what we want of one: nothing public, nothing in clear, nothing
lost with a stack, no right wider than its use. A template is checked as it is written: of an `!If` all branches count.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from ipaddress import ip_network
from pathlib import Path
from typing import Any, NamedTuple

import yaml

TEMPLATES = Path(__file__).resolve().parent / "templates"

Template = Mapping[str, Any]
Check = Callable[[Template], list[str]]

NO_VALUE = {"Ref": "AWS::NoValue"}

RETAINED = frozenset(("Retain", "RetainExceptOnCreate"))
# What may happen to data when its resource goes, by what holds it.
KEPT: Mapping[str, frozenset[str]] = {
    "AWS::KMS::Key": RETAINED,
    "AWS::RDS::DBCluster": frozenset(("Retain", "Snapshot")),
    "AWS::S3::Bucket": RETAINED,
    "AWS::SecretsManager::Secret": RETAINED,
}
# The properties that encrypt what a resource holds; all of them are needed.
ENCRYPTED: Mapping[str, tuple[str, ...]] = {
    "AWS::RDS::DBCluster": ("StorageEncrypted", "KmsKeyId"),
    "AWS::S3::Bucket": ("BucketEncryption",),
    "AWS::SecretsManager::Secret": ("KmsKeyId",),
    "AWS::SNS::Topic": ("KmsMasterKeyId",),
}
PRIVATE_NETWORKS = tuple(
    map(ip_network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "127.0.0.0/8", "fc00::/7", "::1/128"))
)
PUBLIC_ACCESS_BLOCK = ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")

# The conditions that bind a statement to callers we know, and how: any other operator would only seem to.
BINDING_OPERATORS = frozenset(("StringEquals", "ArnEquals", "ArnLike"))
BINDING_KEYS = (
    "aws:PrincipalAccount",
    "aws:PrincipalOrgID",
    "aws:SourceAccount",
    "aws:SourceArn",
    "aws:SourceVpce",
    "kms:EncryptionContext:",
)

SECRET_NAME = re.compile(r"(password|passphrase|secret|secret_?string|token|private_?key|encryption_?key)$", re.I)
SECRET_VALUE = re.compile(
    r"\b(AKIA|ASIA)[0-9A-Z]{16}\b"  # an access key of AWS
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----"
    r"|://[^/\s:@${]+:[^/\s:@${]+@"  # a URL with a user and a password
    r"|\bwhsec_[A-Za-z0-9+/=]{16,}"
)
RESOLVED_LATER = "{{resolve:"  # CloudFormation fetches the value; the template does not hold it


# Reading


class _Loader(yaml.SafeLoader):
    """YAML with CloudFormation's short tags, made into the long form: `!Ref Key` is {"Ref": "Key"}."""


def _short_tag(loader: _Loader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    value: Any
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        assert isinstance(node, yaml.MappingNode)
        value = loader.construct_mapping(node, deep=True)
    if suffix == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}": value}


def _word(loader: _Loader, node: yaml.ScalarNode) -> Any:
    return loader.construct_scalar(node)


_Loader.add_multi_constructor("!", _short_tag)
# A policy's "2012-10-17" and a template's version are words, quoted or not.
_Loader.add_constructor("tag:yaml.org,2002:timestamp", _word)


def parse(text: str) -> Template:
    """The template with every function in its long form."""
    template = yaml.load(text, Loader=_Loader)  # noqa: S506 - it is a SafeLoader
    if not isinstance(template, dict):
        raise ValueError("A template is a mapping.")
    return template


def load(path: Path) -> Template:
    return parse(path.read_text(encoding="utf-8"))


# Walking


class Resource(NamedTuple):
    name: str
    type: str
    properties: Mapping[str, Any]
    whole: Mapping[str, Any]


class Statement(NamedTuple):
    """One that allows, of a policy anywhere in a resource."""

    resource: Resource
    path: tuple[str, ...]  # where in the resource's properties
    body: Mapping[str, Any]

    @property
    def name(self) -> str:
        sid = self.body.get("Sid")
        return f"{self.resource.name} ({sid})" if sid else self.resource.name


def resources(template: Template, *types: str) -> list[Resource]:
    """The resources of these types, or all."""
    return [
        Resource(name, whole["Type"], whole.get("Properties") or {}, whole)
        for name, whole in (template.get("Resources") or {}).items()
        if not types or whole["Type"] in types
    ]


def branches(value: Any) -> Iterator[Any]:
    """What the value may become: itself, or what either side of its `!If` may become."""
    if isinstance(value, dict) and set(value) == {"Fn::If"}:
        _, then, otherwise = value["Fn::If"]
        yield from branches(then)
        yield from branches(otherwise)
    elif value != NO_VALUE:
        yield value


def items(value: Any) -> Iterator[Any]:
    """What a list, or one that stands for a list, may hold."""
    for branch in branches(value):
        if isinstance(branch, list):
            for item in branch:
                yield from branches(item)
        elif branch is not None:
            yield branch


def walk(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every value in the value, with the keys that lead to it."""
    yield path, value
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from walk(inner, (*path, str(key)))
    elif isinstance(value, list):
        for inner in value:
            yield from walk(inner, path)


def allowing(template: Template) -> list[Statement]:
    """Every statement that allows something, wherever it stands."""
    return [
        Statement(resource, path, value)
        for resource in resources(template)
        for path, value in walk(resource.properties)
        if isinstance(value, Mapping) and value.get("Effect") == "Allow"
    ]


# Network


def inbound_from_anywhere(template: Template) -> list[str]:
    """Who may come in is a security group or a private network; nothing else is known when this is read."""
    rules = [
        (group.name, rule)
        for group in resources(template, "AWS::EC2::SecurityGroup")
        for rule in items(group.properties.get("SecurityGroupIngress"))
    ]
    rules += [(rule.name, rule.properties) for rule in resources(template, "AWS::EC2::SecurityGroupIngress")]
    return [
        f"{name} lets in {_shown(source)}: name a security group or a private network."
        for name, rule in rules
        for key in ("CidrIp", "CidrIpv6")
        for source in branches(rule.get(key))
        if source is not None and not _is_private(source)
    ]


def outbound_unsaid(template: Template) -> list[str]:
    """A group that says nothing of the ways out gets one to everywhere, as does one that allows every protocol."""
    found = []
    for group in resources(template, "AWS::EC2::SecurityGroup"):
        rules = list(items(group.properties.get("SecurityGroupEgress")))
        if not rules:
            found.append(f"{group.name} says nothing of SecurityGroupEgress, so it may send everything everywhere.")
        found += [
            f"{group.name} may send every protocol to {_shown(target)}."
            for rule in rules
            for key in ("CidrIp", "CidrIpv6")
            for target in branches(rule.get(key))
            if target is not None and str(rule.get("IpProtocol")) == "-1" and not _is_private(target)
        ]
    return found


def public_places(template: Template) -> list[str]:
    """Databases, subnets and buckets that give themselves to the internet."""
    found = []
    for instance in resources(template, "AWS::RDS::DBInstance"):
        if instance.properties.get("PubliclyAccessible") is not False:
            found.append(f"{instance.name} does not say PubliclyAccessible: false.")
    for cluster in resources(template, "AWS::RDS::DBCluster"):
        if cluster.properties.get("PubliclyAccessible", False) is not False:
            found.append(f"{cluster.name} is PubliclyAccessible.")
    for subnet in resources(template, "AWS::EC2::Subnet"):
        if subnet.properties.get("MapPublicIpOnLaunch", False) is not False:
            found.append(f"{subnet.name} gives public addresses to what is started in it.")
    for bucket in resources(template, "AWS::S3::Bucket"):
        if bucket.properties.get("AccessControl", "Private") != "Private":
            found.append(f"{bucket.name} has an AccessControl that is not Private.")
        if "WebsiteConfiguration" in bucket.properties:
            found.append(f"{bucket.name} is a website, which is served in clear and to everybody.")
    return found


# Rights


def wide_actions(template: Template) -> list[str]:
    """Rights are named one by one. A key's policy alone hands its account everything, as IAM is to decide further."""
    found = []
    for statement in allowing(template):
        if "NotAction" in statement.body:
            found.append(f"{statement.name} allows all but some actions: name the ones that it needs.")
        if _is_key_policy(statement) and _principals(statement.body) == [("AWS", "account root")]:
            continue
        found += [
            f"{statement.name} allows {_shown(action)}: name the actions that it needs."
            for action in items(statement.body.get("Action"))
            if not isinstance(action, str) or "*" in action
        ]
    return found


def wide_resources(template: Template) -> list[str]:
    """`Resource: "*"` means "this key" in a key's policy, and everything there is in any other."""
    found = []
    for statement in allowing(template):
        if "NotResource" in statement.body:
            found.append(f"{statement.name} allows something on all but some resources: name the ones that it needs.")
        if not _is_key_policy(statement) and "*" in items(statement.body.get("Resource")):
            found.append(f'{statement.name} allows something on Resource "*": name what it needs.')
    return found


def open_to_strangers(template: Template) -> list[str]:
    """Whoever a resource's policy lets in is of this account: by name, or by a condition.

    AWS's services count as strangers: one acts for other accounts too, and says for which when it is asked.
    """
    found = []
    for statement in allowing(template):
        if "NotPrincipal" in statement.body:
            found.append(f"{statement.name} lets in all but some: name whom it means.")
        if "AssumeRolePolicyDocument" in statement.path:
            strangers = [who for who in _principals(statement.body) if who[1] == "*"]
        else:
            strangers = [who for who in _principals(statement.body) if who[1] == "*" or who[0] == "Service"]
        if strangers and not _is_bound(statement.body):
            names = ", ".join("everybody" if name == "*" else name for _, name in strangers)
            found.append(f"{statement.name} lets in {names} without a condition that names our account or resource.")
    return found


# Data


def unencrypted(template: Template) -> list[str]:
    """What is kept is encrypted, and what is sent to the database is."""
    found = []
    for resource in resources(template):
        found += [
            f"{resource.name} does not set {name}, so it is not encrypted as we want it."
            for name in ENCRYPTED.get(resource.type, ())
            if resource.properties.get(name) in (None, False, "", {})
        ]
    for key in resources(template, "AWS::KMS::Key"):
        if key.properties.get("EnableKeyRotation") is not True:
            found.append(f"{key.name} does not rotate (EnableKeyRotation).")
    for proxy in resources(template, "AWS::RDS::DBProxy"):
        if proxy.properties.get("RequireTLS") is not True:
            found.append(f"{proxy.name} does not RequireTLS.")
    return found


def lost_with_the_stack(template: Template) -> list[str]:
    """What holds data says what becomes of it, both when the stack goes and when it is replaced."""
    return [
        f"{resource.name} holds data: its {policy} must be {' or '.join(sorted(KEPT[resource.type]))},"
        f" and is {resource.whole.get(policy, 'not there')}."
        for resource in resources(template, *KEPT)
        for policy in ("DeletionPolicy", "UpdateReplacePolicy")
        if resource.whole.get(policy) not in KEPT[resource.type]
    ]


def logs_for_ever(template: Template) -> list[str]:
    return [
        f"{group.name} has no RetentionInDays, so it keeps its logs for ever."
        for group in resources(template, "AWS::Logs::LogGroup")
        if not group.properties.get("RetentionInDays")
    ]


def unlocked_buckets(template: Template) -> list[str]:
    """Every bucket blocks public access in all four ways and refuses whoever comes without TLS."""
    found = []
    tls_only = {
        json.dumps(policy.properties.get("Bucket"))
        for policy in resources(template, "AWS::S3::BucketPolicy")
        if any(_refuses_clear_text(statement) for _, statement in walk(policy.properties))
    }
    for bucket in resources(template, "AWS::S3::Bucket"):
        block = bucket.properties.get("PublicAccessBlockConfiguration") or {}
        found += [f"{bucket.name} does not set {name}." for name in PUBLIC_ACCESS_BLOCK if block.get(name) is not True]
        if json.dumps({"Ref": bucket.name}) not in tls_only:
            found.append(f"{bucket.name} has no policy that refuses requests without TLS.")
    return found


def secrets_in_clear(template: Template) -> list[str]:
    """Secrets are generated or fetched: no parameter brings one, no property spells one, no text looks like one."""
    found = [
        f"The parameter {name} brings a secret: let AWS generate it, or fetch it where it is used."
        for name in template.get("Parameters") or {}
        if SECRET_NAME.search(name)
    ]
    for resource in resources(template):
        for path, value in walk(resource.whole):
            text = value.get("Fn::Sub") if isinstance(value, Mapping) else value
            if not isinstance(text, str) or not text:
                continue
            where = ".".join((resource.name, *path))
            if path and SECRET_NAME.search(path[-1]) and RESOLVED_LATER not in text and "${" not in text:
                found.append(f"{where} spells a secret.")
            elif SECRET_VALUE.search(text):
                found.append(f"{where} looks like a secret.")
            elif path and path[-1] == "SecretStringTemplate":
                found += [f"{where} spells {name}." for name in json.loads(text) if SECRET_NAME.search(name)]
    found += [
        f"The default of the parameter {name} looks like a secret."
        for name, parameter in (template.get("Parameters") or {}).items()
        if SECRET_VALUE.search(str(parameter.get("Default", "")))
    ]
    return found


def missing_outputs(template: Template, names: Iterable[str]) -> list[str]:
    """What other stacks and the deployment read by name."""
    return [f"There is no output {name}." for name in names if name not in (template.get("Outputs") or {})]


CHECKS: tuple[Check, ...] = (
    inbound_from_anywhere,
    outbound_unsaid,
    public_places,
    wide_actions,
    wide_resources,
    open_to_strangers,
    unencrypted,
    lost_with_the_stack,
    logs_for_ever,
    unlocked_buckets,
    secrets_in_clear,
)


def findings(template: Template) -> list[str]:
    """What is wrong with the template, by every check that holds for all of them."""
    return [sentence for check in CHECKS for sentence in check(template)]


# What the checks share


def _is_private(network: Any) -> bool:
    """Whether all of it is in private networks or this machine; what only a parameter knows is not."""
    if isinstance(network, dict):
        return bool(network.get("Fn::GetAtt", ("", ""))[1] == "CidrBlock")  # a network's own addresses
    here = ip_network(str(network), strict=False)
    return any(here.version == ours.version and here.subnet_of(ours) for ours in PRIVATE_NETWORKS)  # type: ignore[arg-type]


def _is_key_policy(statement: Statement) -> bool:
    return statement.resource.type == "AWS::KMS::Key"


def _principals(body: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Whom a statement lets in, as kind and name; the account's root, however it is written, as one name."""
    found = []
    for principal in branches(body.get("Principal")):
        named = principal.items() if isinstance(principal, Mapping) else [("AWS", principal)]
        for kind, names in named:
            for name in items(names):
                text = name.get("Fn::Sub", "") if isinstance(name, Mapping) else name
                of_account = isinstance(text, str) and text.endswith(":iam::${AWS::AccountId}:root")
                found.append((kind, "account root" if of_account else _shown(name)))
    return found


def _is_bound(body: Mapping[str, Any]) -> bool:
    return any(
        key.startswith(BINDING_KEYS) and all(value not in ("*", "") for value in items(values))
        for operator, tests in (body.get("Condition") or {}).items()
        if operator in BINDING_OPERATORS
        for key, values in tests.items()
    )


def _refuses_clear_text(statement: Any) -> bool:
    return (
        isinstance(statement, Mapping)
        and statement.get("Effect") == "Deny"
        and statement.get("Principal") == "*"
        and statement.get("Action") == "s3:*"
        and str(((statement.get("Condition") or {}).get("Bool") or {}).get("aws:SecureTransport")).lower() == "false"
    )


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
