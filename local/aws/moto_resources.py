"""The types of resource that moto's CloudFormation lacks, or takes only a part of.

Three kinds: those that moto has a service for and no type (`MODELS`); those of moto's that lose properties on the way
(`FINISH` puts these right); and those that moto has nothing for, which are written down and told apart
(`RECORDED_ONLY`).
"""

from __future__ import annotations

import json
from collections.abc import Callable
from secrets import token_hex, token_urlsafe
from typing import Any

from moto.apigateway.models import apigateway_backends
from moto.awslambda.models import EventSourceMapping, LambdaFunction, lambda_backends
from moto.cloudfront.models import cloudfront_backends
from moto.cloudwatch.models import Dimension, Metric, MetricDataQuery, MetricStat, cloudwatch_backends
from moto.core.common_models import CloudFormationModel
from moto.ec2.models import ec2_backends
from moto.iam.models import Role, iam_backends
from moto.rds.models import rds_backends
from moto.s3.models import FakeBucket, PublicAccessBlock, s3_backends
from moto.secretsmanager.models import secretsmanager_backends
from moto.secretsmanager.utils import random_password
from moto.sns.models import sns_backends
from moto.sqs.models import Queue, sqs_backends

Json = dict[str, Any]
# Each is called with the resource, its properties, the account and the region.
Finish = Callable[[Any, Json, str, str], None]
Remove = Callable[[Any, Json, str, str], None]

SUFFIX_BYTES = 6
MASTER_PASSWORD_BYTES = 24
PASSWORD_LENGTH = 32
IDENTIFIER_LENGTH_MAX = 63
IDENTIFIER_END = 12
PARTITION = "aws"

# Types that moto has no service for, or none that a rehearsal would notice, each with its name property if it has one.
# What is declared is kept, `Ref` and `GetAtt` answer plausibly, and nothing else comes of it.
RECORDED_ONLY = {
    "AWS::ApiGateway::Account": "",
    "AWS::ApiGateway::ApiKey": "Name",
    "AWS::ApiGateway::Authorizer": "",
    "AWS::ApiGateway::BasePathMapping": "",
    "AWS::ApiGateway::Deployment": "",
    "AWS::ApiGateway::DomainName": "DomainName",
    "AWS::ApiGateway::GatewayResponse": "",
    "AWS::ApiGateway::Method": "",
    "AWS::ApiGateway::Model": "Name",
    "AWS::ApiGateway::RequestValidator": "",
    "AWS::ApiGateway::Resource": "",
    "AWS::ApiGateway::Stage": "StageName",
    "AWS::ApiGateway::UsagePlan": "",
    "AWS::ApiGateway::UsagePlanKey": "",
    "AWS::ApplicationAutoScaling::ScalableTarget": "",
    "AWS::ApplicationAutoScaling::ScalingPolicy": "",
    "AWS::Backup::BackupPlan": "",
    "AWS::Backup::BackupSelection": "",
    "AWS::Backup::BackupVault": "BackupVaultName",
    "AWS::Budgets::Budget": "",
    "AWS::CE::AnomalyMonitor": "",
    "AWS::CE::AnomalySubscription": "",
    "AWS::CertificateManager::Certificate": "",
    "AWS::CloudFront::CachePolicy": "",
    "AWS::CloudFront::CloudFrontOriginAccessIdentity": "",
    "AWS::CloudFront::Function": "",
    "AWS::CloudFront::OriginAccessControl": "",
    "AWS::CloudFront::OriginRequestPolicy": "",
    "AWS::CloudFront::ResponseHeadersPolicy": "",
    "AWS::CloudTrail::Trail": "TrailName",
    "AWS::CloudWatch::AnomalyDetector": "",
    "AWS::CloudWatch::CompositeAlarm": "AlarmName",
    "AWS::CodeDeploy::Application": "ApplicationName",
    "AWS::CodeDeploy::DeploymentConfig": "DeploymentConfigName",
    "AWS::CodeDeploy::DeploymentGroup": "DeploymentGroupName",
    "AWS::EC2::NetworkAcl": "",
    "AWS::EC2::NetworkAclEntry": "",
    "AWS::EC2::SecurityGroupEgress": "",
    "AWS::EC2::SubnetNetworkAclAssociation": "",
    "AWS::IAM::OIDCProvider": "",
    "AWS::Lambda::EventInvokeConfig": "",
    "AWS::Logs::LogStream": "LogStreamName",
    "AWS::Logs::MetricFilter": "FilterName",
    "AWS::Logs::QueryDefinition": "",
    "AWS::Logs::SubscriptionFilter": "FilterName",
    "AWS::RDS::DBProxyTargetGroup": "",
    "AWS::RDS::EventSubscription": "SubscriptionName",
    "AWS::ResourceGroups::Group": "Name",
    "AWS::SNS::TopicPolicy": "",
    "AWS::Scheduler::Schedule": "Name",
    "AWS::Scheduler::ScheduleGroup": "Name",
    "AWS::SecretsManager::ResourcePolicy": "",
    "AWS::SecretsManager::RotationSchedule": "",
    "AWS::SecretsManager::SecretTargetAttachment": "",
    "AWS::WAFv2::IPSet": "",
    "AWS::WAFv2::LoggingConfiguration": "",
    "AWS::WAFv2::WebACL": "",
    "AWS::WAFv2::WebACLAssociation": "",
    "AWS::XRay::Group": "",
    "AWS::XRay::SamplingRule": "",
}


class Model(CloudFormationModel):
    """What all of ours have in common: `type`, the property that names it, and a physical id."""

    type = ""
    name_property = ""
    replaced = True  # a change makes it anew, unless the class says how it changes

    def __init__(self, physical_id: str, properties: Json, account_id: str, region: str) -> None:
        self.physical_resource_id = physical_id
        self.properties = properties
        self.account_id = account_id
        self.region = region

    @classmethod
    def cloudformation_type(cls) -> str:
        return cls.type

    @classmethod
    def cloudformation_name_type(cls) -> str:
        return cls.name_property

    @classmethod
    def has_cfn_attr(cls, attr: str) -> bool:
        return True

    @classmethod
    def create_from_cloudformation_json(
        cls, resource_name: str, cloudformation_json: Json, account_id: str, region_name: str, **_: Any
    ) -> Model:
        made = cls(resource_name, cloudformation_json["Properties"], account_id, region_name)
        made.create()
        return made

    def create(self) -> None:
        """Makes it in moto's service; may set `physical_resource_id`."""

    def change(self, properties: Json) -> None:
        """For classes with `replaced = False`."""
        raise NotImplementedError

    def attribute(self, name: str) -> Any:
        raise NotImplementedError

    def get_cfn_attribute(self, attribute_name: str) -> Any:
        return self.attribute(attribute_name)

    @classmethod
    def update_from_cloudformation_json(
        cls,
        original_resource: Model,
        new_resource_name: str,
        cloudformation_json: Json,
        account_id: str,
        region_name: str,
    ) -> Model:
        original_resource.change(cloudformation_json["Properties"])
        original_resource.properties = cloudformation_json["Properties"]
        return original_resource

    def is_created(self) -> bool:
        return True


class Record(Model):
    """Written down, and nothing else."""

    replaced = False

    @property
    def arn(self) -> str:
        service = self.type.split("::")[1].lower()
        kind = self.type.split("::")[2].lower()
        return f"arn:{PARTITION}:{service}:{self.region}:{self.account_id}:{kind}/{self.physical_resource_id}"

    def create(self) -> None:
        if not self.name_property or self.name_property not in self.properties:
            self.physical_resource_id = f"{self.physical_resource_id}-{token_hex(SUFFIX_BYTES)}".lower()
        if self.type in ("AWS::CertificateManager::Certificate", "AWS::IAM::OIDCProvider"):
            self.physical_resource_id = self.arn

    def change(self, properties: Json) -> None:
        pass

    def attribute(self, name: str) -> Any:
        if name.endswith("Arn"):
            return self.arn
        if name.endswith(("DomainName", "Address", "Endpoint")):
            label = self.physical_resource_id.rsplit("-", 1)[-1].lower()
            return f"{label}.cloudfront.net" if "CloudFront" in self.type else f"{label}.{self.region}.amazonaws.com"
        if name.endswith("HostedZoneId"):
            return "Z2FDTNDATAQYW2"
        return self.physical_resource_id


def _record(kind: str, name_property: str) -> type[Record]:
    return type(kind.replace("::", ""), (Record,), {"type": kind, "name_property": name_property})


# What moto has a service for


class Secret(Model):
    type = "AWS::SecretsManager::Secret"
    name_property = "Name"
    replaced = False

    def create(self) -> None:
        backend = secretsmanager_backends[self.account_id][self.region]
        made = json.loads(
            backend.create_secret(
                name=self.physical_resource_id,
                secret_string=self._text(self.properties),
                secret_binary=None,
                description=self.properties.get("Description"),
                tags=self.properties.get("Tags", []),
                kms_key_id=self.properties.get("KmsKeyId"),
                client_request_token=None,
                replica_regions=[],
                force_overwrite=False,
            )
        )
        self.physical_resource_id = made["ARN"]

    def change(self, properties: Json) -> None:
        # AWS writes a value again only when its declaration changed: the one that was filled in since is kept.
        value = ("SecretString", "GenerateSecretString")
        if any(properties.get(one) != self.properties.get(one) for one in value):
            secretsmanager_backends[self.account_id][self.region].put_secret_value(
                self.physical_resource_id, self._text(properties) or "", "", "", ["AWSCURRENT"]
            )

    def delete(self, account_id: str, region: str) -> None:
        secretsmanager_backends[account_id][region].delete_secret(self.physical_resource_id, None, True)

    def attribute(self, name: str) -> Any:
        return self.physical_resource_id  # Id is the only one

    @staticmethod
    def _text(properties: Json) -> str | None:
        generate = properties.get("GenerateSecretString")
        if generate is None:
            return properties.get("SecretString")
        password = random_password(
            int(generate.get("PasswordLength", PASSWORD_LENGTH)),
            generate.get("ExcludeCharacters", ""),
            generate.get("ExcludeNumbers", False),
            generate.get("ExcludePunctuation", False),
            generate.get("ExcludeUppercase", False),
            generate.get("ExcludeLowercase", False),
            generate.get("IncludeSpace", False),
            generate.get("RequireEachIncludedType", True),
        )
        if "GenerateStringKey" not in generate:
            return password
        return json.dumps(
            json.loads(generate.get("SecretStringTemplate", "{}")) | {generate["GenerateStringKey"]: password}
        )


# How RDS's own calls name what a cluster declares.
CLUSTER_SETTINGS = {
    "Engine": "engine",
    "EngineVersion": "engine_version",
    "EngineMode": "engine_mode",
    "DatabaseName": "database_name",
    "MasterUsername": "master_username",
    "MasterUserPassword": "master_user_password",
    "ManageMasterUserPassword": "manage_master_user_password",
    "DBSubnetGroupName": "db_subnet_group_name",
    "DBClusterParameterGroupName": "db_cluster_parameter_group_name",
    "VpcSecurityGroupIds": "vpc_security_group_ids",
    "StorageEncrypted": "storage_encrypted",
    "KmsKeyId": "kms_key_id",
    "Port": "port",
    "BackupRetentionPeriod": "backup_retention_period",
    "DeletionProtection": "deletion_protection",
    "CopyTagsToSnapshot": "copy_tags_to_snapshot",
    "EnableIAMDatabaseAuthentication": "enable_iam_database_authentication",
    "EnableHttpEndpoint": "enable_http_endpoint",
}


class DBCluster(Model):
    type = "AWS::RDS::DBCluster"
    name_property = "DBClusterIdentifier"
    replaced = False

    def create(self) -> None:
        self.physical_resource_id = _identifier(self.physical_resource_id)
        kept = {
            ours: _told(self.properties[theirs])
            for theirs, ours in CLUSTER_SETTINGS.items()
            if theirs in self.properties
        }
        if "Port" in self.properties:
            kept["port"] = int(self.properties["Port"])
        scaling = self.properties.get("ServerlessV2ScalingConfiguration")
        if scaling:
            kept["serverless_v2_scaling_configuration"] = {
                "min_capacity": scaling["MinCapacity"],
                "max_capacity": scaling["MaxCapacity"],
            }
        backend = rds_backends[self.account_id][self.region]
        self.cluster = backend.create_db_cluster({"db_cluster_identifier": self.physical_resource_id, **kept})
        self.cluster.status = "available"
        if self.properties.get("ManageMasterUserPassword"):
            # moto's password is the same for everybody.
            words = {"username": self.properties["MasterUsername"], "password": token_urlsafe(MASTER_PASSWORD_BYTES)}
            secretsmanager_backends[self.account_id][self.region].put_secret_value(
                self.cluster.master_user_secret.secret_arn, json.dumps(words), "", "", ["AWSCURRENT"]
            )

    def change(self, properties: Json) -> None:
        self.cluster.deletion_protection = _told(properties.get("DeletionProtection", False))
        self.cluster.backup_retention_period = properties.get("BackupRetentionPeriod", 1)
        scaling = properties.get("ServerlessV2ScalingConfiguration")
        if scaling:
            self.cluster.serverless_v2_scaling_configuration = {
                "min_capacity": scaling["MinCapacity"],
                "max_capacity": scaling["MaxCapacity"],
            }

    def delete(self, account_id: str, region: str) -> None:
        rds_backends[account_id][region].delete_db_cluster(self.physical_resource_id)

    def attribute(self, name: str) -> Any:
        secret = getattr(self.cluster, "master_user_secret", None)
        return {
            "Endpoint.Address": self.cluster.endpoint,
            "Endpoint.Port": str(self.cluster.port),
            "ReadEndpoint.Address": self.cluster.reader_endpoint,
            "DBClusterArn": self.cluster.db_cluster_arn,
            "DBClusterResourceId": self.cluster.db_cluster_resource_id,
            "MasterUserSecret.SecretArn": secret.secret_arn if secret else "",
        }[name]


class DBInstance(Model):
    """Of a cluster, or alone."""

    type = "AWS::RDS::DBInstance"
    name_property = "DBInstanceIdentifier"
    replaced = False

    def create(self) -> None:
        self.physical_resource_id = _identifier(self.physical_resource_id)
        given = {
            "db_cluster_identifier": self.properties.get("DBClusterIdentifier"),
            "db_instance_class": self.properties["DBInstanceClass"],
            "engine": self.properties.get("Engine"),
            "engine_version": self.properties.get("EngineVersion"),
            "db_name": self.properties.get("DBName"),
            "allocated_storage": self.properties.get("AllocatedStorage"),
            "master_username": self.properties.get("MasterUsername"),
            "manage_master_user_password": self.properties.get("ManageMasterUserPassword"),
            "publicly_accessible": self.properties.get("PubliclyAccessible", False),
        }
        backend = rds_backends[self.account_id][self.region]
        self.instance = backend.create_db_instance(
            {
                "db_instance_identifier": self.physical_resource_id,
                **{name: value for name, value in given.items() if value is not None},
            }
        )

    def change(self, properties: Json) -> None:
        self.instance.db_instance_class = properties["DBInstanceClass"]

    def delete(self, account_id: str, region: str) -> None:
        rds_backends[account_id][region].delete_db_instance(self.physical_resource_id)

    def attribute(self, name: str) -> Any:
        secret = getattr(self.instance, "master_user_secret", None)
        return {
            "Endpoint.Address": self.instance.address,
            "Endpoint.Port": str(self.instance.port),
            "DBInstanceArn": self.instance.db_instance_arn,
            "DbiResourceId": self.instance.dbi_resource_id,
            "MasterUserSecret.SecretArn": secret.secret_arn if secret else "",
        }[name]


class DBClusterParameterGroup(Model):
    type = "AWS::RDS::DBClusterParameterGroup"
    name_property = "DBClusterParameterGroupName"
    replaced = False

    def create(self) -> None:
        self.physical_resource_id = _identifier(self.physical_resource_id)
        group = rds_backends[self.account_id][self.region].create_db_cluster_parameter_group(
            db_cluster_parameter_group_name=self.physical_resource_id,
            db_parameter_group_family=self.properties["Family"],
            description=self.properties["Description"],
            tags=self.properties.get("Tags", []),
        )
        self._set(group, self.properties)

    def change(self, properties: Json) -> None:
        backend = rds_backends[self.account_id][self.region]
        self._set(backend.describe_db_cluster_parameter_groups(self.physical_resource_id)[0], properties)

    @staticmethod
    def _set(group: Any, properties: Json) -> None:
        group.update_cluster_parameters(
            [{"ParameterName": name, "ParameterValue": value} for name, value in properties["Parameters"].items()]
        )

    def delete(self, account_id: str, region: str) -> None:
        rds_backends[account_id][region].delete_db_cluster_parameter_group(self.physical_resource_id)


class DBProxy(Model):
    type = "AWS::RDS::DBProxy"
    name_property = "DBProxyName"
    replaced = False

    def create(self) -> None:
        self.physical_resource_id = _identifier(self.physical_resource_id)
        self.proxy = rds_backends[self.account_id][self.region].create_db_proxy(
            db_proxy_name=self.physical_resource_id,
            engine_family=self.properties["EngineFamily"],
            auth=[],  # moto reads it in another spelling
            role_arn=self.properties["RoleArn"],
            vpc_subnet_ids=self.properties["VpcSubnetIds"],
            vpc_security_group_ids=self.properties.get("VpcSecurityGroupIds"),
            require_tls=self.properties.get("RequireTLS", False),
            idle_client_timeout=self.properties.get("IdleClientTimeout"),
            debug_logging=self.properties.get("DebugLogging", False),
            tags=self.properties.get("Tags", []),
        )

    def change(self, properties: Json) -> None:
        self.proxy.require_tls = properties.get("RequireTLS", False)
        self.proxy.idle_client_timeout = properties.get("IdleClientTimeout", 1800)

    def delete(self, account_id: str, region: str) -> None:
        rds_backends[account_id][region].delete_db_proxy(self.physical_resource_id)

    def attribute(self, name: str) -> Any:
        arn = f"arn:{PARTITION}:rds:{self.region}:{self.account_id}:db-proxy:{self.proxy.unique_id}"
        return {"Endpoint": self.proxy.endpoint, "VpcId": self.proxy.vpc_id, "DBProxyArn": arn}[name]


class Version(Model):
    """Stays when its resource goes: moto counts versions by how many there are."""

    type = "AWS::Lambda::Version"

    def create(self) -> None:
        backend = lambda_backends[self.account_id][self.region]
        function = backend.publish_version(self.properties["FunctionName"], self.properties.get("Description", ""))
        self.version = str(function.version)  # type: ignore[union-attr]
        self.physical_resource_id = function.function_arn  # type: ignore[union-attr]

    def attribute(self, name: str) -> Any:
        return {"Version": self.version, "FunctionArn": self.physical_resource_id}[name]


class Alias(Model):
    type = "AWS::Lambda::Alias"
    replaced = False

    def create(self) -> None:
        self._delete()  # moto remembers the aliases of a function that is gone
        alias = lambda_backends[self.account_id][self.region].create_alias(
            self.properties["Name"],
            _function_name(self.properties["FunctionName"]),
            str(self.properties["FunctionVersion"]),
            self.properties.get("Description", ""),
            self.properties.get("RoutingConfig", ""),
        )
        self.physical_resource_id = alias.arn

    def change(self, properties: Json) -> None:
        lambda_backends[self.account_id][self.region].update_alias(
            properties["Name"],
            _function_name(properties["FunctionName"]),
            str(properties["FunctionVersion"]),
            properties.get("Description", ""),
            properties.get("RoutingConfig", ""),
        )

    def delete(self, account_id: str, region: str) -> None:
        self._delete()

    def _delete(self) -> None:
        backend = lambda_backends[self.account_id][self.region]
        aliases = backend._lambdas._get_function_aliases(_function_name(self.properties["FunctionName"]))
        aliases.pop(self.properties["Name"], None)

    def attribute(self, name: str) -> Any:
        return self.physical_resource_id  # AliasArn is the only one


class Permission(Model):
    type = "AWS::Lambda::Permission"

    def create(self) -> None:
        function = lambda_backends[self.account_id][self.region].get_function(self.properties["FunctionName"])
        self.sid = token_hex(SUFFIX_BYTES)
        self._policy = function.policy
        self._policy.add_statement(raw=json.dumps(self.properties | {"StatementId": self.sid}))

    def delete(self, account_id: str, region: str) -> None:
        self._policy.statements = [one for one in self._policy.statements if one.get("Sid") != self.sid]


class Alarm(Model):
    type = "AWS::CloudWatch::Alarm"
    name_property = "AlarmName"
    replaced = False

    def create(self) -> None:
        self._put(self.properties)

    def change(self, properties: Json) -> None:
        self._put(properties)

    def _put(self, properties: Json) -> None:
        put = cloudwatch_backends[self.account_id][self.region].put_metric_alarm
        self.alarm = put(
            name=self.physical_resource_id,
            namespace=properties.get("Namespace", ""),
            metric_name=properties.get("MetricName", ""),
            comparison_operator=properties["ComparisonOperator"],
            evaluation_periods=int(properties["EvaluationPeriods"]),
            period=int(properties.get("Period", 60)),
            threshold=float(properties.get("Threshold", 0)),
            statistic=properties.get("Statistic", ""),
            extended_statistic=properties.get("ExtendedStatistic"),
            description=properties.get("AlarmDescription", ""),
            dimensions=properties.get("Dimensions", []),
            alarm_actions=properties.get("AlarmActions", []),
            ok_actions=properties.get("OKActions", []),
            insufficient_data_actions=properties.get("InsufficientDataActions", []),
            datapoints_to_alarm=properties.get("DatapointsToAlarm"),
            treat_missing_data=properties.get("TreatMissingData"),
            metric_data_queries=[self._query(one) for one in properties.get("Metrics", [])],
        )

    @staticmethod
    def _query(declared: Json) -> MetricDataQuery:
        stat = declared.get("MetricStat", {})
        about = stat.get("Metric", {})
        metric = Metric(
            metric_name=about.get("MetricName", ""),
            namespace=about.get("Namespace", ""),
            dimensions=[Dimension(one["Name"], one["Value"]) for one in about.get("Dimensions", [])],
        )
        return MetricDataQuery(
            query_id=declared["Id"],
            label=declared.get("Label", ""),
            period=str(declared.get("Period", 60)),
            return_data=str(declared.get("ReturnData", True)).lower(),
            expression=declared.get("Expression"),
            metric_stat=MetricStat(metric, str(stat["Period"]), stat["Stat"], stat.get("Unit")) if stat else None,
        )

    def delete(self, account_id: str, region: str) -> None:
        cloudwatch_backends[account_id][region].delete_alarms([self.physical_resource_id])

    def attribute(self, name: str) -> Any:
        return f"arn:{PARTITION}:cloudwatch:{self.region}:{self.account_id}:alarm:{self.physical_resource_id}"


class BucketPolicy(Model):
    """Without the statements that are for some callers only: moto would apply them to everybody."""

    type = "AWS::S3::BucketPolicy"

    def create(self) -> None:
        self.physical_resource_id = self.properties["Bucket"]
        declared = self.properties["PolicyDocument"]
        statements = [one for one in declared["Statement"] if "Condition" not in one]
        policy = json.dumps(declared | {"Statement": statements}).encode()
        s3_backends[self.account_id][PARTITION].put_bucket_policy(self.physical_resource_id, policy)

    def delete(self, account_id: str, region: str) -> None:
        s3_backends[account_id][PARTITION].delete_bucket_policy(self.physical_resource_id)


class QueuePolicy(Model):
    type = "AWS::SQS::QueuePolicy"

    def create(self) -> None:
        for url in self.properties["Queues"]:
            queue = sqs_backends[self.account_id][self.region].get_queue(url.rsplit("/", 1)[-1])
            queue.policy = json.dumps(self.properties["PolicyDocument"])


class Subscription(Model):
    type = "AWS::SNS::Subscription"

    def create(self) -> None:
        backend = sns_backends[self.account_id][self.region]
        made = backend.subscribe(
            self.properties["TopicArn"], self.properties.get("Endpoint", ""), self.properties["Protocol"]
        )
        self.physical_resource_id = made.arn

    def delete(self, account_id: str, region: str) -> None:
        sns_backends[account_id][region].unsubscribe(self.physical_resource_id)


class RestApi(Model):
    """Its routes stay in the template: moto answers no calls of them."""

    type = "AWS::ApiGateway::RestApi"
    replaced = False

    def create(self) -> None:
        title = (self.properties.get("Body") or {}).get("info", {}).get("title")
        name = self.properties.get("Name") or title or self.physical_resource_id
        self.api = apigateway_backends[self.account_id][self.region].create_rest_api(
            name=name, description=self.properties.get("Description", "")
        )
        self.physical_resource_id = self.api.id

    def change(self, properties: Json) -> None:
        self.api.description = properties.get("Description", "")

    def delete(self, account_id: str, region: str) -> None:
        apigateway_backends[account_id][region].delete_rest_api(self.physical_resource_id)

    def attribute(self, name: str) -> Any:
        return {"RootResourceId": f"root-{self.api.id}", "RestApiId": self.api.id}[name]


class Distribution(Model):
    """Only what an invalidation needs: moto serves no files."""

    type = "AWS::CloudFront::Distribution"
    replaced = False

    def create(self) -> None:
        declared = self.properties["DistributionConfig"]
        origins = [{"Id": one["Id"], "DomainName": one["DomainName"]} for one in declared["Origins"]]
        behaviour = declared["DefaultCacheBehavior"]
        self.distribution, *_ = cloudfront_backends[self.account_id][PARTITION].create_distribution(
            {
                "CallerReference": self.physical_resource_id,
                "Comment": declared.get("Comment", ""),
                "Enabled": declared["Enabled"],
                "Origins": {"Items": origins, "Quantity": len(origins)},
                "DefaultCacheBehavior": {
                    "TargetOriginId": behaviour["TargetOriginId"],
                    "ViewerProtocolPolicy": behaviour["ViewerProtocolPolicy"],
                },
            },
            [],
        )
        self.physical_resource_id = self.distribution.id

    def change(self, properties: Json) -> None:
        pass

    def delete(self, account_id: str, region: str) -> None:
        cloudfront_backends[account_id][PARTITION].delete_distribution(self.physical_resource_id, True)

    def attribute(self, name: str) -> Any:
        return {"DomainName": self.distribution.domain_name, "Id": self.distribution.id}[name]


MODELS: dict[str, type[Model]] = {kind: _record(kind, name) for kind, name in RECORDED_ONLY.items()} | {
    model.type: model
    for model in (
        Secret,
        DBCluster,
        DBInstance,
        DBClusterParameterGroup,
        DBProxy,
        Version,
        Alias,
        Permission,
        Alarm,
        BucketPolicy,
        QueuePolicy,
        Subscription,
        RestApi,
        Distribution,
    )
}


def _identifier(name: str) -> str:
    """As RDS wants it: CloudFormation shortens the names that it makes, and keeps the end that tells them apart."""
    cut = IDENTIFIER_LENGTH_MAX - IDENTIFIER_END - 1
    short = name if len(name) <= IDENTIFIER_LENGTH_MAX else f"{name[:cut].rstrip('-')}-{name[-IDENTIFIER_END:]}"
    return short.lower()


def _told(value: Any) -> Any:
    """A parameter is text, also where it says true or false."""
    return {"true": True, "false": False}.get(value, value) if isinstance(value, str) else value


def _function_name(name_or_arn: str) -> str:
    return name_or_arn.split(":function:")[-1].split(":")[0]


# What moto's own types lose


def _finish_function(function: LambdaFunction, properties: Json, account_id: str, region: str) -> None:
    function.architectures = properties.get("Architectures", ["x86_64"])
    function.tracing_config = properties.get("TracingConfig") or {"Mode": "PassThrough"}
    function.ephemeral_storage = properties.get("EphemeralStorage", {}).get("Size", 512)
    function.kms_key_arn = properties.get("KmsKeyArn")
    function.environment_vars = properties.get("Environment", {}).get("Variables", {})
    function.tags = {tag["Key"]: tag["Value"] for tag in properties.get("Tags", [])}
    function.reserved_concurrency = properties.get("ReservedConcurrentExecutions")
    # What moto's update cannot put back to its default.
    function.memory_size = int(properties.get("MemorySize", 128))
    function.timeout = int(properties.get("Timeout", 3))
    function.layers = function._get_layers_data(properties.get("Layers", []))
    function._vpc_config = properties.get("VpcConfig")


def _finish_mapping(mapping: EventSourceMapping, properties: Json, account_id: str, region: str) -> None:
    # moto would run the function itself, in Docker, for each message.
    for queue in sqs_backends[account_id][region].queues.values():
        queue.lambda_event_source_mappings.clear()
    if properties["FunctionName"].startswith("arn:"):  # moto answers with the version that an alias stands for
        mapping.function_arn = properties["FunctionName"]
    mapping.scaling_config = properties.get("ScalingConfig")
    mapping.function_response_types = properties.get("FunctionResponseTypes")
    mapping.max_batch_window = int(properties.get("MaximumBatchingWindowInSeconds", 0))
    mapping.enabled = str(properties.get("Enabled", True)).lower() == "true"


def _finish_queue(queue: Queue, properties: Json, account_id: str, region: str) -> None:
    known = {name: value for name, value in properties.items() if name not in ("QueueName", "Tags")}
    attributes = {
        name: json.dumps(value) if isinstance(value, dict) else str(value)
        for name, value in ({"RedrivePolicy": {}} | known).items()
        if name != "RedriveAllowPolicy"
    }
    policy = queue.policy
    queue._set_attributes(attributes)
    queue.policy = policy  # a QueuePolicy's
    queue.tags = {tag["Key"]: tag["Value"] for tag in properties.get("Tags", [])}
    queue.told_attributes = {"QueueUrl": queue.physical_resource_id}  # type: ignore[attr-defined]


def _finish_role(role: Role, properties: Json, account_id: str, region: str) -> None:
    role.assume_role_policy_document = json.dumps(properties["AssumeRolePolicyDocument"], default=str)
    role.policies.clear()
    for policy in properties.get("Policies", []):
        role.put_policy(policy["PolicyName"], json.dumps(policy["PolicyDocument"], default=str))
    backend = iam_backends[account_id][PARTITION]
    for arn in properties.get("ManagedPolicyArns", []):
        # AWS's own policies are not loaded: they are thousands.
        if arn in backend.managed_policies and arn not in role.managed_policies:
            backend.attach_role_policy(arn, role.name)


def _finish_bucket(bucket: FakeBucket, properties: Json, account_id: str, region: str) -> None:
    bucket.versioning_status = properties.get("VersioningConfiguration", {}).get("Status")
    block = properties.get("PublicAccessBlockConfiguration")
    if block is not None:
        bucket.public_access_block = PublicAccessBlock(
            **{
                ours: str(block.get(theirs, False)).lower()
                for ours, theirs in (
                    ("block_public_acls", "BlockPublicAcls"),
                    ("ignore_public_acls", "IgnorePublicAcls"),
                    ("block_public_policy", "BlockPublicPolicy"),
                    ("restrict_public_buckets", "RestrictPublicBuckets"),
                )
            }
        )


def _finish_log_group(group: Any, properties: Json, account_id: str, region: str) -> None:
    group.retention_in_days = properties.get("RetentionInDays")
    group.told_attributes = {"Arn": f"{group.arn}:*"}  # as AWS answers GetAtt


FINISH: dict[str, Finish] = {
    "AWS::Lambda::Function": _finish_function,
    "AWS::Lambda::EventSourceMapping": _finish_mapping,
    "AWS::SQS::Queue": _finish_queue,
    "AWS::IAM::Role": _finish_role,
    "AWS::S3::Bucket": _finish_bucket,
    "AWS::Logs::LogGroup": _finish_log_group,
}


# What moto's own types cannot remove


def _remove_ingress(_: Any, properties: Json, account_id: str, region: str) -> None:
    source = properties.get("SourceSecurityGroupId")
    address = properties.get("CidrIp")
    ec2_backends[account_id][region].revoke_security_group_ingress(
        properties["GroupId"],
        properties["IpProtocol"],
        properties["FromPort"],
        properties["ToPort"],
        [{"CidrIp": address, "Description": properties.get("Description")}] if address else [],
        source_groups=[{"GroupId": source}] if source else [],
    )


def _ec2(remove: Callable[[Any, Any, Json], Any]) -> Remove:
    """What calls `remove` with the service, the resource and its properties."""
    return lambda resource, properties, account_id, region: remove(
        ec2_backends[account_id][region], resource, properties
    )


REMOVE: dict[str, Remove] = {
    "AWS::EC2::SecurityGroupIngress": _remove_ingress,
    "AWS::EC2::EIP": _ec2(lambda ec2, address, _: ec2.release_address(allocation_id=address.allocation_id)),
    "AWS::EC2::FlowLog": _ec2(lambda ec2, log, _: ec2.delete_flow_logs([log.id])),
    "AWS::EC2::InternetGateway": _ec2(lambda ec2, gateway, _: ec2.delete_internet_gateway(gateway.id)),
    "AWS::EC2::NatGateway": _ec2(lambda ec2, gateway, _: ec2.delete_nat_gateway(gateway.id)),
    "AWS::EC2::Route": _ec2(
        lambda ec2, _, route: ec2.delete_route(route["RouteTableId"], route["DestinationCidrBlock"])
    ),
    "AWS::EC2::RouteTable": _ec2(lambda ec2, table, _: ec2.delete_route_table(table.id)),
    "AWS::EC2::SubnetRouteTableAssociation": _ec2(
        lambda ec2, _, association: _dissociate(ec2, association["RouteTableId"], association["SubnetId"])
    ),
    "AWS::EC2::VPCEndpoint": _ec2(lambda ec2, endpoint, _: ec2.delete_vpc_endpoints([endpoint.id])),
    "AWS::EC2::VPCGatewayAttachment": _ec2(
        lambda ec2, _, attachment: ec2.detach_internet_gateway(attachment["InternetGatewayId"], attachment["VpcId"])
    ),
}
# Types of moto's that cannot change, and may be made anew without anybody who names them noticing.
REPLACED = {
    "AWS::EC2::FlowLog",
    "AWS::EC2::Route",
    "AWS::EC2::SecurityGroupIngress",
    "AWS::EC2::SubnetRouteTableAssociation",
    "AWS::EC2::VPCGatewayAttachment",
}
# Types of moto's whose change would give them another id: what they declare anew is left out.
KEPT = {"AWS::EC2::SecurityGroup"}


def _dissociate(ec2: Any, table_id: str, subnet_id: str) -> None:
    associations = ec2.get_route_table(table_id)._associations
    for association in [one for one, subnet in associations.items() if subnet == subnet_id]:
        del associations[association]
