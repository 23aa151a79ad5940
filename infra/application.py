"""The application stack: what is laid over Chalice's own template by `chalice package --merge-template`.

Chalice knows the routes, jobs and schedules. Everything that a deployment needs beside them is here: which function
answers which route, queues with their dead letters, roles, logs, alarms, the web firewall, and how API Gateway answers
for itself. It follows from the handlers' own registry and the settings of the stage; nothing is listed twice.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from infra.stages import Size, Stage

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "functions"))

import app as handlers  # noqa: E402
from chalicelib import http, viewer  # noqa: E402
from chalicelib.http import Endpoint  # noqa: E402

from shared.jobs import HANDLER_SECONDS_MAX, KINDS  # noqa: E402

# One function for each, also where every route has its own.
SHARED_TAGS = ("Audit", "Operator", "Overview", "Session", "Team", "Test", "Webhook endpoints")
API_STAGE = "api"  # what stands behind the host in API Gateway's own URL
API_SECONDS = 29  # API Gateway's own limit
SCHEDULE_SECONDS = 60  # the sweep looks around for its whole minute
MIGRATE_SECONDS = 900  # the longest there is: an index on a large table takes long
ROTATE_SECONDS = 60
OPERATION_MB = 512
SCHEDULE_MB = 256  # the sweep sleeps most of every minute, and that is billed by memory
VISIBILITY = 6  # times the function's limit, as Lambda advises: a batch that is still retried is not shown twice
RECEIVES_MAX = 5  # a throttled batch counts as received too, so not fewer
QUEUE_DAYS, DEAD_LETTER_DAYS = 4, 14
BATCH = 10  # messages, of up to 100 jobs each
ROTATE_DAYS = 30
CHECKOUT_SHARE = 10  # of what one address may send in all, a tenth may be the checkout's public calls
DISTRIBUTION_SECRET = "{{resolve:secretsmanager:${GatewaySecretArn}:SecretString:DISTRIBUTION_SECRET}}"  # noqa: S105
PAY_PATH = "/api/v1/payments"
RELEASE_ALARM = "ServerErrorsAlarm"
MIGRATE = "Migrate"  # in a stack of its own: it runs before the rest is deployed
CERTIFICATES = "/etc/pki/tls/certs/ca-bundle.crt"  # Amazon's roots are among a Lambda's own; the proxy's is one

Json = dict[str, Any]


def group_of(endpoint: Endpoint) -> str:
    """Which routes share a function: those that may starve each other, since a busy function has no room for more."""
    if endpoint.caller == "checkout":
        return "checkout"
    if endpoint.waits:
        return "wait"
    if endpoint.method == "POST" and endpoint.tag in ("Orders", "Payments", "Refunds"):
        return "pay"
    if endpoint.method == "GET" and endpoint.caller == "secret":
        return "read"
    return "manage"


@dataclass(frozen=True, kw_only=True)
class Function:
    """One Lambda. `sends` says whether it may wake jobs, `pings` whether it asks after the queues."""

    logical: str
    name: str
    memory: int
    timeout: int
    reserved: int | None = None
    sends: bool = False
    pings: bool = False
    receives: str | None = None  # from the queue of this kind
    master: bool = False  # whether it reads the database's master secret
    rotates: bool = False
    routes: Sequence[Endpoint] = field(default_factory=tuple)


def functions(stage: Stage) -> list[Function]:
    """Every Lambda of the application stack and, last, the one that migrates."""
    sending = {
        "sends": True,
        "timeout": SCHEDULE_SECONDS,
        "memory": SCHEDULE_MB,
        "reserved": 1 if stage.reserve else None,
    }
    schedules = [
        Function(logical=camel(source.name), name=source.name, **sending)  # type: ignore[arg-type]
        for source in handlers.app.event_sources
        if hasattr(source, "schedule_expression")
    ]
    jobs = [
        Function(
            logical=camel(kind),
            name=kind,
            memory=stage.jobs[kind].memory,
            timeout=HANDLER_SECONDS_MAX,
            sends=True,
            receives=kind,
        )
        for kind in KINDS
    ]
    operations = [
        Function(
            logical="RotateDatabasePassword",
            name="rotate_database_password",
            memory=OPERATION_MB,
            timeout=ROTATE_SECONDS,
            master=True,
            rotates=True,
        ),
        Function(logical=MIGRATE, name="migrate", memory=OPERATION_MB, timeout=MIGRATE_SECONDS, master=True),
    ]
    return [*_api_functions(stage), *jobs, *schedules, *operations]


def _api_functions(stage: Stage) -> list[Function]:
    shares: dict[str, list[Endpoint]] = {}
    for endpoint in http.ENDPOINTS:
        name = {"one": "api", "groups": group_of(endpoint), "each": _name_of(endpoint)}[stage.functions]
        shares.setdefault(name, []).append(endpoint)
    return [_api_function(stage, name, routes) for name, routes in shares.items()]


def _api_function(stage: Stage, name: str, routes: Sequence[Endpoint]) -> Function:
    sizes: list[Size] = [stage.groups[group_of(endpoint)] for endpoint in routes]
    health = any(endpoint.path == "/health" for endpoint in routes)
    return Function(
        # Chalice makes one function for all routes, which goes on as the one that answers /health.
        logical="APIHandler" if health else f"Api{camel(name)}",
        name=name if name == "api" else f"api_{name}",
        memory=max(size.memory for size in sizes),
        timeout=API_SECONDS + 1,
        reserved=max(size.concurrency for size in sizes) if stage.reserve else None,
        sends=any(endpoint.method != "GET" for endpoint in routes),
        pings=health,
        routes=tuple(routes),
    )


def _name_of(endpoint: Endpoint) -> str:
    """Its own; what people look at now and then shares, since a stack has room for about sixty functions."""
    if endpoint.tag in SHARED_TAGS:
        return endpoint.tag.lower().replace(" ", "_")
    view = handlers.app.routes[endpoint.path][endpoint.method].view_function
    return str(view.__name__)


def camel(name: str) -> str:
    return "".join(part.capitalize() for part in name.replace("-", "_").split("_"))


# What is laid over Chalice's template


def extension(stage: Stage) -> Json:
    """To be merged into what `chalice package` makes for this stage."""
    made = functions(stage)
    resources: Json = {}
    for function in made:
        resources |= _function(stage, function)
    for kind in KINDS:
        resources |= _queue(stage, kind)
    resources |= _api(stage, made)
    resources |= _proxied()
    resources |= _rotation()
    resources |= _alarms(stage, made)
    return {"Parameters": PARAMETERS, "Resources": resources, "Outputs": _outputs(stage)}


PARAMETERS: Json = {
    name: {"Type": kind, "Description": description}
    for name, kind, description in (
        ("BundleBucket", "String", "Where the bundle of all functions is"),
        ("BundleKey", "String", "The bundle, named by its contents"),
        ("PrivateSubnetIds", "List<AWS::EC2::Subnet::Id>", "Where functions run"),
        ("FunctionSecurityGroupId", "AWS::EC2::SecurityGroup::Id", "What functions may reach"),
        ("DatabaseHost", "String", "The database proxy"),
        ("DatabaseClusterHost", "String", "The database itself, for migrations"),
        ("DatabaseName", "String", "The database's name"),
        ("DatabaseProxyName", "String", "The database proxy's name"),
        ("DatabaseClusterId", "String", "The database cluster's name"),
        ("DatabaseSecretArn", "String", "Name and password of the application's role"),
        ("MasterSecretArn", "String", "Name and password of the database's master"),
        ("GatewaySecretArn", "String", "The gateway's own secrets"),
        ("KeyArn", "String", "The key of secrets, logs and the database"),
        ("AlarmTopicArn", "String", "Who is told of alarms"),
    )
}


def _function(stage: Stage, function: Function) -> Json:
    name = f"{stage.stack()}-{function.name}"
    logs, role = f"{function.logical}Logs", f"{function.logical}Role"
    direct = function.master  # past the proxy, to the database itself
    variables: Json = {
        **_public_urls(stage),
        **stage.environment,
        "APP_ENV": "production" if stage.production else "development",
        "QUEUE_URL_PREFIX": {
            "Fn::Sub": f"https://sqs.${{AWS::Region}}.${{AWS::URLSuffix}}/${{AWS::AccountId}}/{stage.stack()}-"
        },
        "GATEWAY_SECRET_ARN": {"Ref": "GatewaySecretArn"},
        "DATABASE_SECRET_ARN": {"Ref": "DatabaseSecretArn"},
        "DATABASE_HOST": {"Ref": "DatabaseHost"},
        "DATABASE_NAME": {"Ref": "DatabaseName"},
        # The database's own certificate is from an authority that no Lambda knows; within the network it is encrypted.
        **({"PGSSLMODE": "require"} if direct else {"PGSSLMODE": "verify-full", "PGSSLROOTCERT": CERTIFICATES}),
    }
    if direct:
        variables |= {
            "MASTER_SECRET_ARN": {"Ref": "MasterSecretArn"},
            "DATABASE_CLUSTER_HOST": {"Ref": "DatabaseClusterHost"},
        }
    properties: Json = {
        "FunctionName": name,
        "CodeUri": {"Bucket": {"Ref": "BundleBucket"}, "Key": {"Ref": "BundleKey"}},
        "Role": {"Fn::GetAtt": [role, "Arn"]},
        "MemorySize": function.memory,
        "Timeout": function.timeout,
        "Environment": {"Variables": variables},
        "VpcConfig": {
            "SubnetIds": {"Ref": "PrivateSubnetIds"},
            "SecurityGroupIds": [{"Ref": "FunctionSecurityGroupId"}],
        },
    }
    if function.reserved is not None:
        properties["ReservedConcurrentExecutions"] = function.reserved
    if function.routes:
        properties |= {"Handler": "chalicelib.rest.answer", "Runtime": runtime(), "Architectures": ["x86_64"]}
        properties |= _shifted(stage, function)
    if function.receives is not None:
        properties["Events"] = _trigger(stage, function)
    elif function.timeout == SCHEDULE_SECONDS and not function.routes and not function.master:
        # The next minute's run is the second try.
        properties["EventInvokeConfig"] = {"MaximumRetryAttempts": 0, "MaximumEventAgeInSeconds": 60}
    return {
        function.logical: {"Type": "AWS::Serverless::Function", "DependsOn": logs, "Properties": properties},
        logs: {
            "Type": "AWS::Logs::LogGroup",
            "Properties": {
                "LogGroupName": f"/aws/lambda/{name}",
                "RetentionInDays": stage.log_retention_days,
                "KmsKeyId": {"Ref": "KeyArn"},
            },
        },
        role: _role(stage, function, logs),
    }


def _public_urls(stage: Stage) -> dict[str, str]:
    """Where browsers find the sites, as far as that is known before there are any."""
    hosts = {"CHECKOUT_PUBLIC_URL": stage.checkout_domain, "DASHBOARD_PUBLIC_URL": stage.dashboard_domain}
    return {name: f"https://{host}" for name, host in hosts.items() if host}


def runtime() -> str:
    """The one that Chalice takes, too: that of the Python which builds the bundle."""
    return f"python{sys.version_info.major}.{sys.version_info.minor}"


def _shifted(stage: Stage, function: Function) -> Json:
    """The new version takes over at once, or bit by bit while nothing alarms."""
    shifted: Json = {"AutoPublishAlias": "live"}
    if stage.traffic != "AllAtOnce":
        shifted["DeploymentPreference"] = {
            "Type": stage.traffic,
            "Alarms": [{"Ref": f"{function.logical}Errors"}, {"Ref": RELEASE_ALARM}],
        }
    return shifted


def _trigger(stage: Stage, function: Function) -> Json:
    assert function.receives is not None
    return {
        f"{function.logical}SqsEventSource": {
            "Type": "SQS",
            "Properties": {
                "Queue": {
                    "Fn::Sub": f"${{{function.logical}Queue.Arn}}"
                },  # as Chalice has it, so that this replaces it
                "BatchSize": BATCH,
                "MaximumBatchingWindowInSeconds": 0,
                "FunctionResponseTypes": ["ReportBatchItemFailures"],
                "ScalingConfig": {"MaximumConcurrency": stage.jobs[function.receives].concurrency},
            },
        }
    }


def _role(stage: Stage, function: Function, logs: str) -> Json:
    """What this one function may do, and nothing else."""
    secrets = [{"Ref": "GatewaySecretArn"}, {"Ref": "DatabaseSecretArn"}]
    if function.master:
        secrets.append({"Ref": "MasterSecretArn"})
    statements: list[Json] = [
        _allow(
            ["logs:CreateLogStream", "logs:PutLogEvents"],
            [{"Fn::Sub": f"arn:${{AWS::Partition}}:logs:${{AWS::Region}}:${{AWS::AccountId}}:log-group:${{{logs}}}:*"}],
        ),
        _allow(["secretsmanager:GetSecretValue"], secrets),
        _allow(
            ["kms:Decrypt", *(["kms:GenerateDataKey"] if function.rotates else [])],
            [{"Ref": "KeyArn"}],
            {"StringEquals": {"kms:ViaService": {"Fn::Sub": "secretsmanager.${AWS::Region}.${AWS::URLSuffix}"}}},
        ),
    ]
    queues = [{"Fn::GetAtt": [f"{camel(kind)}Queue", "Arn"]} for kind in KINDS]
    if function.sends:
        statements.append(_allow(["sqs:SendMessage"], queues))
    if function.pings:
        statements.append(_allow(["sqs:GetQueueAttributes"], queues))
    if function.receives is not None:
        own = [{"Fn::GetAtt": [f"{function.logical}Queue", "Arn"]}]
        statements.append(_allow(["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"], own))
    if function.rotates:
        actions = ["PutSecretValue", "DescribeSecret", "UpdateSecretVersionStage"]
        statements.append(_allow([f"secretsmanager:{action}" for action in actions], [{"Ref": "DatabaseSecretArn"}]))
    return {
        "Type": "AWS::IAM::Role",
        "Properties": {
            "Description": f"{function.name} of {stage.stack()}",
            "AssumeRolePolicyDocument": {
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Effect": "Allow",
                        "Principal": {"Service": "lambda.amazonaws.com"},
                        "Action": "sts:AssumeRole",
                    }
                ],
            },
            # A function in a network needs an interface there; AWS allows that for all of an account or not at all.
            "ManagedPolicyArns": [
                {"Fn::Sub": "arn:${AWS::Partition}:iam::aws:policy/service-role/AWSLambdaENIManagementAccess"}
            ],
            "Policies": [{"PolicyName": "own", "PolicyDocument": {"Version": "2012-10-17", "Statement": statements}}],
        },
    }


def _allow(actions: Sequence[str], resources: Sequence[Any], condition: Json | None = None) -> Json:
    statement: Json = {"Effect": "Allow", "Action": list(actions), "Resource": list(resources)}
    return statement | ({"Condition": condition} if condition else {})


def _queue(stage: Stage, kind: str) -> Json:
    queue, dead = f"{camel(kind)}Queue", f"{camel(kind)}DeadLetters"
    name = f"{stage.stack()}-{kind}"
    return {
        queue: {
            "Type": "AWS::SQS::Queue",
            "Properties": {
                "QueueName": name,
                "VisibilityTimeout": VISIBILITY * HANDLER_SECONDS_MAX,
                "MessageRetentionPeriod": QUEUE_DAYS * 24 * 3600,
                "ReceiveMessageWaitTimeSeconds": 20,
                "SqsManagedSseEnabled": True,
                "RedrivePolicy": {
                    "deadLetterTargetArn": {"Fn::GetAtt": [dead, "Arn"]},
                    "maxReceiveCount": RECEIVES_MAX,
                },
            },
        },
        dead: {
            "Type": "AWS::SQS::Queue",
            "Properties": {
                "QueueName": f"{name}-dead",
                "MessageRetentionPeriod": DEAD_LETTER_DAYS * 24 * 3600,
                "SqsManagedSseEnabled": True,
            },
        },
        f"{queue}Policy": {
            "Type": "AWS::SQS::QueuePolicy",
            "Properties": {
                "Queues": [{"Ref": queue}, {"Ref": dead}],
                "PolicyDocument": {
                    "Version": "2012-10-17",
                    "Statement": [
                        {
                            "Effect": "Deny",
                            "Principal": "*",
                            "Action": "sqs:*",
                            "Resource": [{"Fn::GetAtt": [queue, "Arn"]}, {"Fn::GetAtt": [dead, "Arn"]}],
                            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
                        }
                    ],
                },
            },
        },
    }


# API Gateway


def _api(stage: Stage, made: Sequence[Function]) -> Json:
    paths: Json = {}
    permissions: Json = {}
    for function in made:
        for endpoint in function.routes:
            paths.setdefault(endpoint.path, {})[endpoint.method.lower()] = _integration(function)
        if function.routes:
            permissions[f"{function.logical}InvokePermission"] = _permission(function)
    rest = next(function for function in made if function.pings)
    for methods in paths.values():
        # Whatever else is asked of a path: the handlers refuse it in their own words, and answer browsers' questions.
        methods["x-amazon-apigateway-any-method"] = {"responses": {}, **_integration(rest)}
    api: Json = {
        "Name": stage.stack(),
        "StageName": API_STAGE,
        "EndpointConfiguration": {"Type": "REGIONAL"},
        "OpenApiVersion": "2.0",
        "DefinitionBody": {
            "info": {"title": stage.stack()},
            "paths": paths,
            "x-amazon-apigateway-binary-media-types": [],
            "x-amazon-apigateway-gateway-responses": gateway_responses(production=stage.production),
        },
        "AccessLogSetting": {
            "DestinationArn": {"Fn::GetAtt": ["AccessLogs", "Arn"]},
            "Format": ACCESS_LOG,
        },
        "MethodSettings": [
            _method_settings(stage, "/*", "*", metrics=False),
            # Metrics by method cost by method: only where an alarm looks.
            _method_settings(stage, f"/{PAY_PATH.replace('/', '~1')}", "POST", metrics=True),
        ],
    }
    resources: Json = {
        "RestAPI": {"Type": "AWS::Serverless::Api", "DependsOn": "AccessLogsAccount", "Properties": api},
        "AccessLogs": {
            "Type": "AWS::Logs::LogGroup",
            "Properties": {
                "LogGroupName": f"/aws/apigateway/{stage.stack()}",
                "RetentionInDays": stage.log_retention_days,
                "KmsKeyId": {"Ref": "KeyArn"},
            },
        },
        # One for all of an account's APIs in a region, so both stay when a stage goes.
        "AccessLogsRole": {
            "Type": "AWS::IAM::Role",
            "DeletionPolicy": "Retain",
            "UpdateReplacePolicy": "Retain",
            "Properties": {
                "Description": f"API Gateway's access log of {stage.stack()}",
                "AssumeRolePolicyDocument": {
                    "Version": "2012-10-17",
                    "Statement": [
                        {
                            "Effect": "Allow",
                            "Principal": {"Service": "apigateway.amazonaws.com"},
                            "Action": "sts:AssumeRole",
                        }
                    ],
                },
                "ManagedPolicyArns": [
                    {
                        "Fn::Sub": "arn:${AWS::Partition}:iam::aws:policy/service-role/"
                        "AmazonAPIGatewayPushToCloudWatchLogs"
                    }
                ],
            },
        },
        "AccessLogsAccount": {
            "Type": "AWS::ApiGateway::Account",
            "DeletionPolicy": "Retain",
            "UpdateReplacePolicy": "Retain",
            "Properties": {"CloudWatchRoleArn": {"Fn::GetAtt": ["AccessLogsRole", "Arn"]}},
        },
        **permissions,
        **_firewall(stage),
    }
    if stage.api_domain:
        resources |= _domain(stage)
    return resources


def _method_settings(stage: Stage, path: str, method: str, *, metrics: bool) -> Json:
    return {
        "ResourcePath": path,
        "HttpMethod": method,
        "MetricsEnabled": metrics,
        "ThrottlingRateLimit": stage.throttle_per_second,
        "ThrottlingBurstLimit": stage.throttle_burst,
        "LoggingLevel": "OFF",  # it would log bodies, and those hold card numbers
        "DataTraceEnabled": False,
    }


ACCESS_LOG = json.dumps(
    {
        "request_id": "$context.requestId",
        "at": "$context.requestTime",
        "source": "$context.identity.sourceIp",
        "method": "$context.httpMethod",
        "route": "$context.resourcePath",
        "status": "$context.status",
        "bytes": "$context.responseLength",
        "duration_ms": "$context.responseLatency",
        "integration_ms": "$context.integrationLatency",
        "integration_error": "$context.integrationErrorMessage",
        "firewall": "$context.wafResponseCode",
    }
)


def _integration(function: Function) -> Json:
    alias = f"{function.logical}Aliaslive"  # what SAM calls the alias that it makes
    uri = (
        "arn:${AWS::Partition}:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${" + alias + "}/invocations"
    )
    return {
        "x-amazon-apigateway-integration": {
            "type": "aws_proxy",
            "httpMethod": "POST",
            "uri": {"Fn::Sub": uri},
            "timeoutInMillis": API_SECONDS * 1000,
            "passthroughBehavior": "when_no_match",
        }
    }


def _permission(function: Function) -> Json:
    source = "arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:${RestAPIId}/*"
    return {
        "Type": "AWS::Lambda::Permission",
        "Properties": {
            "FunctionName": {"Ref": f"{function.logical}Aliaslive"},
            "Action": "lambda:InvokeFunction",
            "Principal": "apigateway.amazonaws.com",
            "SourceArn": {"Fn::Sub": [source, {"RestAPIId": {"Ref": "RestAPI"}}]},
        },
    }


def gateway_responses(*, production: bool) -> Json:
    """What API Gateway answers by itself, in the shape that every error has."""
    try_again = "Something went wrong on our side. Try again."
    told = {
        "DEFAULT_4XX": (None, "BAD_REQUEST_ERROR", "API Gateway refused the request", "request_refused"),
        "DEFAULT_5XX": (None, "SERVER_ERROR", try_again, None),
        "MISSING_AUTHENTICATION_TOKEN": (404, "NOT_FOUND_ERROR", http.UNKNOWN_PATH, "not_found"),
        "REQUEST_TOO_LARGE": (413, "BAD_REQUEST_ERROR", "The body must have at most 65536 bytes", "body_too_large"),
        "THROTTLED": (429, "RATE_LIMIT_ERROR", "Too many requests. Try again in 1 s.", "rate_limited"),
        "WAF_FILTERED": (403, "BAD_REQUEST_ERROR", "The request was refused by the firewall", "refused_by_firewall"),
        "INTEGRATION_TIMEOUT": (
            504,
            "SERVER_ERROR",
            "The answer took too long; what was asked may have been done. Repeat it under the same Idempotency-Key.",
            "timeout",
        ),
        "INTEGRATION_FAILURE": (503, "SERVER_ERROR", "The gateway is busy; try again", "unavailable"),
    }
    usual = {name: f"'{value}'" for name, value in http.usual_headers("", production=production).items()}
    usual |= {"X-Request-Id": "context.requestId"}
    answers: Json = {}
    for name, (status, code, description, reason) in told.items():
        error = {"code": code, "description": description} | ({"reason": reason} if reason else {})
        answers[name] = {
            **({"statusCode": str(status)} if status else {}),
            "responseParameters": {
                **{f"gatewayresponse.header.{name}": value for name, value in usual.items() if name != "Content-Type"},
                **({"gatewayresponse.header.Retry-After": "'1'"} if status in (429, 503) else {}),
            },
            "responseTemplates": {
                "application/json": json.dumps({"error": error | {"request_id": "$context.requestId"}})
            },
        }
    return answers


def _firewall(stage: Stage) -> Json:
    too_many = {
        "error": {"code": "RATE_LIMIT_ERROR", "description": "Too many requests. Try again in a minute."}
        | {"reason": "rate_limited"}
    }
    limited = {
        "Block": {
            "CustomResponse": {
                "ResponseCode": 429,
                "CustomResponseBodyKey": "TooMany",
                "ResponseHeaders": [{"Name": "Retry-After", "Value": "60"}],
            }
        }
    }
    public = {
        "OrStatement": {
            "Statements": [
                *(_path("ENDS_WITH", end) for end in ("/public", *sorted(http.PAGES))),
                _path("CONTAINS", http.BANK_PATHS),
            ]
        }
    }
    # Calls that came through a site's distribution say for whom: those are counted by that, and not by CloudFront's few
    # addresses. The secret says that it was the distribution; who makes the other header up is counted by the source.
    handed_on = {
        "ByteMatchStatement": {
            "FieldToMatch": {"SingleHeader": {"Name": viewer.PROOF}},
            "PositionalConstraint": "EXACTLY",
            "SearchString": {"Fn::Sub": DISTRIBUTION_SECRET},
            "TextTransformations": [{"Priority": 0, "Type": "NONE"}],
        }
    }
    direct = {"NotStatement": {"Statement": handed_on}}
    by_source: Json = {"AggregateKeyType": "IP", "EvaluationWindowSec": 300}
    by_viewer: Json = by_source | {
        "AggregateKeyType": "FORWARDED_IP",
        "ForwardedIPConfig": {"HeaderName": viewer.ADDRESS, "FallbackBehavior": "MATCH"},
    }
    whole = {"Limit": stage.source_per_five_minutes}
    part = {"Limit": max(10, stage.source_per_five_minutes // CHECKOUT_SHARE)}
    of_checkout_direct = {"ScopeDownStatement": {"AndStatement": {"Statements": [public, direct]}}}
    of_checkout_handed_on = {"ScopeDownStatement": {"AndStatement": {"Statements": [public, handed_on]}}}
    counted = {
        "checkout-from-one-address": by_source | part | of_checkout_direct,
        "checkout-for-one-shopper": by_viewer | part | of_checkout_handed_on,
        "all-from-one-address": by_source | whole | {"ScopeDownStatement": direct},
        "all-for-one-viewer": by_viewer | whole | {"ScopeDownStatement": handed_on},
    }
    managed = ("AWSManagedRulesAmazonIpReputationList", "AWSManagedRulesKnownBadInputsRuleSet")
    rules = [
        *({"Name": name, "Statement": {"RateBasedStatement": by}, "Action": limited} for name, by in counted.items()),
        *(
            {
                "Name": name,
                "Statement": {"ManagedRuleGroupStatement": {"VendorName": "AWS", "Name": name}},
                "OverrideAction": {"None": {}},
            }
            for name in managed
        ),
    ]
    return {
        "Firewall": {
            "Type": "AWS::WAFv2::WebACL",
            "Properties": {
                "Name": stage.stack(),
                "Description": "Limits what one address may send",
                "Scope": "REGIONAL",
                "DefaultAction": {"Allow": {}},
                "CustomResponseBodies": {
                    "TooMany": {"ContentType": "APPLICATION_JSON", "Content": json.dumps(too_many)}
                },
                "VisibilityConfig": _visible(stage.stack()),
                "Rules": [
                    {**rule, "Priority": place, "VisibilityConfig": _visible(str(rule["Name"]))}
                    for place, rule in enumerate(rules)
                ],
            },
        },
        "FirewallAssociation": {
            "Type": "AWS::WAFv2::WebACLAssociation",
            "Properties": {
                "WebACLArn": {"Fn::GetAtt": ["Firewall", "Arn"]},
                "ResourceArn": {
                    "Fn::Sub": "arn:${AWS::Partition}:apigateway:${AWS::Region}::/restapis/${RestAPI}"
                    f"/stages/${{RestAPI{API_STAGE}Stage}}"
                },
            },
        },
    }


def _path(place: str, text: str) -> Json:
    return {
        "ByteMatchStatement": {
            "FieldToMatch": {"UriPath": {}},
            "PositionalConstraint": place,
            "SearchString": text,
            "TextTransformations": [{"Priority": 0, "Type": "URL_DECODE"}],
        }
    }


def _visible(name: str) -> Json:
    return {"CloudWatchMetricsEnabled": True, "SampledRequestsEnabled": False, "MetricName": name}


def _domain(stage: Stage) -> Json:
    return {
        "Domain": {
            "Type": "AWS::ApiGateway::DomainName",
            "Properties": {
                "DomainName": stage.api_domain,
                "RegionalCertificateArn": stage.api_certificate,
                "EndpointConfiguration": {"Types": ["REGIONAL"]},
                "SecurityPolicy": "TLS_1_2",
            },
        },
        "DomainMapping": {
            "Type": "AWS::ApiGateway::BasePathMapping",
            "Properties": {
                "DomainName": {"Ref": "Domain"},
                "RestApiId": {"Ref": "RestAPI"},
                "Stage": {"Ref": f"RestAPI{API_STAGE}Stage"},
            },
        },
    }


def _proxied() -> Json:
    """The proxy, pointed at the cluster: here, because it waits for a role to log in as, which the migrations made."""
    return {
        "DatabaseProxyTargets": {
            "Type": "AWS::RDS::DBProxyTargetGroup",
            "Properties": {
                "DBProxyName": {"Ref": "DatabaseProxyName"},
                "TargetGroupName": "default",  # the only one that a proxy has
                "DBClusterIdentifiers": [{"Ref": "DatabaseClusterId"}],
                "ConnectionPoolConfigurationInfo": {
                    "MaxConnectionsPercent": 80,  # the rest is for migrations, rotation and whoever has to look
                    "MaxIdleConnectionsPercent": 40,
                    "ConnectionBorrowTimeout": 5,  # s: as long as a function waits before its caller should come back
                },
            },
        }
    }


def _rotation() -> Json:
    return {
        "RotateDatabasePasswordInvokePermission": {
            "Type": "AWS::Lambda::Permission",
            "Properties": {
                "FunctionName": {"Ref": "RotateDatabasePassword"},
                "Action": "lambda:InvokeFunction",
                "Principal": "secretsmanager.amazonaws.com",
                "SourceAccount": {"Ref": "AWS::AccountId"},
            },
        },
        "DatabasePasswordRotation": {
            "Type": "AWS::SecretsManager::RotationSchedule",
            "DependsOn": "RotateDatabasePasswordInvokePermission",
            "Properties": {
                "SecretId": {"Ref": "DatabaseSecretArn"},
                "RotationLambdaARN": {"Fn::GetAtt": ["RotateDatabasePassword", "Arn"]},
                "RotationRules": {"AutomaticallyAfterDays": ROTATE_DAYS},
                "RotateImmediatelyOnUpdate": False,
            },
        },
    }


# Alarms


def _alarms(stage: Stage, made: Sequence[Function]) -> Json:
    found: Json = {}
    for kind in KINDS:
        queue, dead = f"{camel(kind)}Queue", f"{camel(kind)}DeadLetters"
        found[f"{dead}Alarm"] = _alarm(
            f"{stage.stack()}: {kind}: a message is dead. Its jobs are not lost; something kills their function.",
            "AWS/SQS",
            "ApproximateNumberOfMessagesVisible",
            {"QueueName": {"Fn::GetAtt": [dead, "QueueName"]}},
            above=0,
        )
        found[f"{queue}AgeAlarm"] = _alarm(
            f"{stage.stack()}: {kind}: messages wait for minutes. Its function is throttled or fails.",
            "AWS/SQS",
            "ApproximateAgeOfOldestMessage",
            {"QueueName": {"Fn::GetAtt": [queue, "QueueName"]}},
            above=300,
            statistic="Maximum",
        )
        # A batch that fails is not an error to Lambda: its messages come again.
        found |= _logged(
            stage,
            f"{camel(kind)}Failed",
            f"{camel(kind)}Logs",
            '"jobs failed"',
            f"{stage.stack()}: {kind}: batches fail. Its log says why.",
            of=(3, 5),
        )
    for function in made:
        if function.logical != MIGRATE:
            # What runs once a minute fails once a minute; of an API's many calls a few may be cut off.
            found[f"{function.logical}Errors"] = _alarm(
                f"{stage.stack()}: {function.name} dies, or runs out of time. Its log says why.",
                "AWS/Lambda",
                "Errors",
                {"FunctionName": {"Ref": function.logical}},
                above=5 if function.routes else 0,
                of=(1, 1) if function.routes or function.rotates else (3, 5),
            )
    found["SweepSilent"] = _alarm(
        f"{stage.stack()}: the sweep does not run. What no message told of stays undone.",
        "AWS/Lambda",
        "Invocations",
        {"FunctionName": {"Ref": "Sweep"}},
        above=0,
        below=1,
        of=(5, 5),
        missing="breaching",
    )
    api = {"ApiName": stage.stack(), "Stage": API_STAGE}
    # An endpoint that fails answers 500, which is no error to Lambda: this is what a new version is judged by.
    found[RELEASE_ALARM] = _alarm(
        f"{stage.stack()}: more than 2 % of requests are answered 5xx.",
        "AWS/ApiGateway",
        "5XXError",
        api,
        above=0.02,
        statistic="Average",
        of=(2, 2),
    )
    found["LatencyAlarm"] = _alarm(
        f"{stage.stack()}: one request in a hundred takes 3 s longer than the longest that callers may wait.",
        "AWS/ApiGateway",
        "IntegrationLatency",
        api,
        above=3000 + 1000 * int(stage.environment.get("PAYMENT_WAIT_SECONDS_MAX", "20")),
        percentile="p99",
        of=(5, 5),
    )
    pay = {**api, "Resource": PAY_PATH, "Method": "POST"}
    found["PayLatencyAlarm"] = _alarm(
        f"{stage.stack()}: one new payment in a hundred takes more than 3 s to be accepted.",
        "AWS/ApiGateway",
        "IntegrationLatency",
        pay,
        above=3000,
        percentile="p99",
        of=(5, 5),
    )
    # The schedule says how many payments it found without a live job: some outcome is unknown, or a job is dead.
    return found | _logged(
        stage,
        "UnknownOutcomes",
        "InquiriesLogs",
        '"without a live job"',
        f"{stage.stack()}: payments wait at the bank without a live job; inquiries keep finding some.",
        of=(4, 6),
    )


def _logged(stage: Stage, name: str, logs: str, pattern: str, description: str, *, of: tuple[int, int]) -> Json:
    """An alarm for lines of a log."""
    return {
        name: {
            "Type": "AWS::Logs::MetricFilter",
            "Properties": {
                "LogGroupName": {"Ref": logs},
                "FilterPattern": pattern,
                "MetricTransformations": [{"MetricNamespace": stage.stack(), "MetricName": name, "MetricValue": "1"}],
            },
        },
        f"{name}Alarm": _alarm(description, stage.stack(), name, {}, above=0, of=of),
    }


def _alarm(
    description: str,
    namespace: str,
    metric: str,
    dimensions: Mapping[str, Any],
    *,
    above: float,
    below: float | None = None,
    statistic: str = "Sum",
    percentile: str | None = None,
    of: tuple[int, int] = (1, 1),
    missing: str = "notBreaching",
) -> Json:
    """`of` is how many of how many minutes must be bad."""
    return {
        "Type": "AWS::CloudWatch::Alarm",
        "Properties": {
            "AlarmDescription": description,
            "Namespace": namespace,
            "MetricName": metric,
            "Dimensions": [{"Name": name, "Value": value} for name, value in dimensions.items()],
            **({"ExtendedStatistic": percentile} if percentile else {"Statistic": statistic}),
            "ComparisonOperator": "GreaterThanThreshold" if below is None else "LessThanThreshold",
            "Threshold": above if below is None else below,
            "Period": 60,
            "DatapointsToAlarm": of[0],
            "EvaluationPeriods": of[1],
            "TreatMissingData": missing,
            "AlarmActions": [{"Ref": "AlarmTopicArn"}],
            "OKActions": [{"Ref": "AlarmTopicArn"}],
        },
    }


def _outputs(stage: Stage) -> Json:
    # Paths of the API begin with a slash, so this ends without one.
    own = f"https://${{RestAPI}}.execute-api.${{AWS::Region}}.${{AWS::URLSuffix}}/{API_STAGE}"
    url = f"https://{stage.api_domain}" if stage.api_domain else None
    return {
        "EndpointURL": {"Value": {"Fn::Sub": url or own}},
        **({"DomainTarget": {"Value": {"Fn::GetAtt": ["Domain", "RegionalDomainName"]}}} if url else {}),
        "FirewallArn": {"Value": {"Fn::GetAtt": ["Firewall", "Arn"]}},
    }
