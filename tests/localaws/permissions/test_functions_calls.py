"""A function may do what its role allows; everything else is denied in AWS's words."""

import json
import uuid
from typing import Any

import pytest

from tests.localaws.permissions.aws import Function, Role, allow
from workbook.target import Aws

REGION, ACCOUNT = "us-east-1", "123456789012"


@pytest.fixture(scope="module")
def function(local: Aws) -> Function:
    return Function(local, Role(local))


@pytest.fixture(scope="module")
def stream(local: Aws) -> str:
    name = f"s-{uuid.uuid4().hex[:12]}"
    kinesis = local.client("kinesis")
    kinesis.create_stream(StreamName=name, ShardCount=1)
    kinesis.get_waiter("stream_exists").wait(StreamName=name, WaiterConfig={"Delay": 1})
    return name


def put(function: Function, stream: str) -> dict[str, Any]:
    return function.call("kinesis", "put_record", StreamName=stream, Data="d", PartitionKey="k")


def test_what_the_role_does_not_allow_is_denied(function: Function, stream: str) -> None:
    """[SEEN] Kinesis returns 400."""
    function.role.allow()
    arn = f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/{stream}"
    assert put(function, stream) == {
        "Code": "AccessDeniedException",
        "Message": f"User: {function.session} is not authorized to perform: kinesis:PutRecord on "
        f"resource: {arn} because no identity-based policy allows the kinesis:PutRecord action",
        "Status": 400,
    }


def test_granting_and_revoking_permissions_takes_effect_at_once(
    function: Function, stream: str
) -> None:
    arn = f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/{stream}"
    function.role.allow(allow("kinesis:PutRecord", arn))
    assert "Answer" in put(function, stream)
    function.role.allow(allow("kinesis:PutRecord", arn + "2"))
    assert put(function, stream)["Code"] == "AccessDeniedException"


def test_a_denial_overrides_an_allow(function: Function, stream: str) -> None:
    """[SEEN]"""
    function.role.allow(
        allow("kinesis:*", "*"), {"Effect": "Deny", "Action": "kinesis:PutRecord", "Resource": "*"}
    )
    assert put(function, stream)["Message"].endswith(
        f"stream/{stream} with an explicit deny in an identity-based policy"
    )


DENIED = [
    # service, method, parameters; then AWS's code and status, the action and the resource
    (
        ("kinesis", "list_streams", {}),
        ("AccessDeniedException", 400, "kinesis:ListStreams", "*"),
    ),
    (
        ("lambda", "invoke", {"FunctionName": "g"}),
        (
            "AccessDeniedException",
            403,
            "lambda:InvokeFunction",
            f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:g",
        ),
    ),
    (
        ("lambda", "get_event_source_mapping", {"UUID": "0" * 36}),
        (
            "AccessDeniedException",
            403,
            "lambda:GetEventSourceMapping",
            f"arn:aws:lambda:{REGION}:{ACCOUNT}:event-source-mapping:{'0' * 36}",
        ),
    ),
    (
        ("sqs", "send_message", {"QueueUrl": f"http://q/{ACCOUNT}/q", "MessageBody": "m"}),
        ("AccessDenied", 403, "sqs:sendmessage", f"arn:aws:sqs:{REGION}:{ACCOUNT}:q"),
    ),
    (
        ("sns", "publish", {"TopicArn": f"arn:aws:sns:{REGION}:{ACCOUNT}:t", "Message": "m"}),
        ("AuthorizationError", 403, "SNS:Publish", f"arn:aws:sns:{REGION}:{ACCOUNT}:t"),
    ),
    (
        ("s3", "get_object", {"Bucket": "bbb", "Key": "k/1 2"}),
        ("AccessDenied", 403, "s3:GetObject", '"arn:aws:s3:::bbb/k/1 2"'),
    ),
    (
        ("s3", "list_objects_v2", {"Bucket": "bbb"}),
        ("AccessDenied", 403, "s3:ListBucket", '"arn:aws:s3:::bbb"'),
    ),
    (
        ("dynamodb", "put_item", {"TableName": "t", "Item": {"k": {"S": "1"}}}),
        (
            "AccessDeniedException",
            400,
            "dynamodb:PutItem",
            f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/t",
        ),
    ),
    (
        ("logs", "create_log_group", {"logGroupName": "g"}),
        (
            "AccessDeniedException",
            400,
            "logs:CreateLogGroup",
            f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:g:log-stream:",
        ),
    ),
    (
        ("cloudwatch", "put_metric_data", {"Namespace": "n", "MetricData": [{"MetricName": "m"}]}),
        ("AccessDenied", 403, "cloudwatch:PutMetricData", None),
    ),
    (
        ("events", "put_events", {"Entries": [{"Source": "s", "DetailType": "t", "Detail": "{}"}]}),
        (
            "AccessDeniedException",
            400,
            "events:PutEvents",
            f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/default",
        ),
    ),
    (
        ("firehose", "put_record", {"DeliveryStreamName": "d", "Record": {"Data": "x"}}),
        (
            "AccessDeniedException",
            400,
            "firehose:PutRecord",
            f"arn:aws:firehose:{REGION}:{ACCOUNT}:deliverystream/d",
        ),
    ),
    (
        ("iam", "get_role", {"RoleName": "r"}),
        ("AccessDenied", 403, "iam:GetRole", "role r"),
    ),
    (
        ("ssm", "get_parameter", {"Name": "/a/b"}),
        (
            "AccessDeniedException",
            400,
            "ssm:GetParameter",
            f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/a/b",
        ),
    ),
    (
        ("secretsmanager", "get_secret_value", {"SecretId": "a/b"}),
        ("AccessDeniedException", 400, "secretsmanager:GetSecretValue", "a/b"),
    ),
    (
        ("stepfunctions", "list_state_machines", {}),
        ("AccessDeniedException", 400, "states:ListStateMachines", None),
    ),
]


@pytest.mark.parametrize(("call", "denied"), DENIED, ids=lambda case: "-".join(map(str, case[:2])))
def test_each_service_denies_in_its_own_words(
    function: Function, call: tuple[str, str, dict[str, Any]], denied: tuple[Any, ...]
) -> None:
    """[SEEN] SQS in lower case, SNS in capitals, S3 in quotes, some without a resource."""
    function.role.allow()
    service, method, parameters = call
    code, status, action, resource = denied
    place = "" if resource is None else f" on resource: {resource}"
    answer = function.call(service, method, **parameters)
    assert (answer["Code"], answer["Status"]) == (code, status)
    assert answer["Message"] == (
        f"User: {function.session} is not authorized to perform: {action}{place} "
        f"because no identity-based policy allows the {action} action"
    )


def test_a_denied_head_request_has_no_message(function: Function) -> None:
    function.role.allow()
    denied = function.call("s3", "head_object", Bucket="bbb", Key="k")
    assert (denied["Code"], denied["Status"]) == ("403", 403)


def test_what_is_allowed_reaches_the_service(function: Function, local: Aws) -> None:
    function.role.allow(
        allow("sqs:SendMessage", f"arn:aws:sqs:{REGION}:{ACCOUNT}:*"),
        allow("cloudwatch:PutMetricData", "*"),
        allow("s3:PutObject", "arn:aws:s3:::*/in/*"),
        allow("logs:*", f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:mine:*"),
    )
    url = local.client("sqs").create_queue(QueueName=f"q-{uuid.uuid4().hex}")["QueueUrl"]
    assert "Answer" in function.call("sqs", "send_message", QueueUrl=url, MessageBody="m")
    data = {"Namespace": "n", "MetricData": [{"MetricName": "m", "Value": 1}]}
    assert "Answer" in function.call("cloudwatch", "put_metric_data", **data)
    bucket = f"b-{uuid.uuid4().hex}"
    local.client("s3").create_bucket(Bucket=bucket)
    assert "Answer" in function.call("s3", "put_object", Bucket=bucket, Key="in/a b", Body="x")
    assert "Code" in function.call("s3", "put_object", Bucket=bucket, Key="out", Body="x")
    assert "Answer" in function.call("logs", "create_log_group", logGroupName="mine")


def test_an_aws_managed_policy(function: Function, local: Aws, stream: str) -> None:
    """The documents are moto's."""
    function.role.allow()
    arn = "arn:aws:iam::aws:policy/service-role/AWSLambdaKinesisExecutionRole"
    iam = local.client("iam")
    iam.attach_role_policy(RoleName=function.role.name, PolicyArn=arn)
    try:
        assert "Answer" in function.call("kinesis", "describe_stream_summary", StreamName=stream)
        assert "Code" in put(function, stream)
    finally:
        iam.detach_role_policy(RoleName=function.role.name, PolicyArn=arn)
    assert "Code" in function.call("kinesis", "describe_stream_summary", StreamName=stream)


def test_the_default_version_of_a_managed_policy_applies(
    function: Function, local: Aws, stream: str
) -> None:
    function.role.allow()
    iam = local.client("iam")

    def document(action: str) -> str:
        return json.dumps({"Version": "2012-10-17", "Statement": allow(action, "*")})

    policy = iam.create_policy(
        PolicyName=f"p-{uuid.uuid4().hex}", PolicyDocument=document("s3:GetObject")
    )["Policy"]["Arn"]
    iam.attach_role_policy(RoleName=function.role.name, PolicyArn=policy)
    try:
        assert "Code" in put(function, stream)
        iam.create_policy_version(
            PolicyArn=policy, PolicyDocument=document("kinesis:PutRecord"), SetAsDefault=True
        )
        assert "Answer" in put(function, stream)
    finally:
        iam.detach_role_policy(RoleName=function.role.name, PolicyArn=policy)


def test_a_permissions_boundary(function: Function, local: Aws, stream: str) -> None:
    function.role.allow(allow("kinesis:*", "*"))
    iam = local.client("iam")
    boundary = iam.create_policy(
        PolicyName=f"p-{uuid.uuid4().hex}",
        PolicyDocument=json.dumps(
            {"Version": "2012-10-17", "Statement": [allow("kinesis:Get*", "*")]}
        ),
    )["Policy"]["Arn"]
    iam.put_role_permissions_boundary(RoleName=function.role.name, PermissionsBoundary=boundary)
    try:
        assert put(function, stream)["Message"].endswith(
            "because no permissions boundary allows the kinesis:PutRecord action"
        )
    finally:
        iam.delete_role_permissions_boundary(RoleName=function.role.name)
    assert "Answer" in put(function, stream)


def test_a_queues_policy_can_allow_a_role_by_name(function: Function, local: Aws) -> None:
    function.role.allow()
    sqs, name = local.client("sqs"), f"q-{uuid.uuid4().hex}"
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    statement = allow("sqs:SendMessage", f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}")
    statement |= {"Principal": {"AWS": function.role.arn}}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    assert "Answer" in function.call("sqs", "send_message", QueueUrl=url, MessageBody="m")


def test_a_buckets_policy_can_deny_a_role(function: Function, local: Aws) -> None:
    function.role.allow(allow("s3:*", "*"))
    s3, bucket = local.client("s3"), f"b-{uuid.uuid4().hex}"
    s3.create_bucket(Bucket=bucket)
    statement = allow("s3:PutObject", f"arn:aws:s3:::{bucket}/*")
    statement |= {"Effect": "Deny", "Principal": "*"}
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(policy))
    denied = function.call("s3", "put_object", Bucket=bucket, Key="k", Body="x")
    assert denied["Message"].endswith("with an explicit deny in a resource-based policy")
    s3.put_object(Bucket=bucket, Key="k", Body=b"the user may do everything")


def test_a_denial_whose_condition_is_false_has_no_effect(function: Function, local: Aws) -> None:
    """The statement of CDK's ``enforceSSL``; on AWS, SDKs use TLS."""
    function.role.allow(allow("s3:*", "*"))
    s3, bucket = local.client("s3"), f"b-{uuid.uuid4().hex}"
    s3.create_bucket(Bucket=bucket)
    statement = allow("s3:*", f"arn:aws:s3:::{bucket}/*") | {"Effect": "Deny", "Principal": "*"}
    statement |= {"Condition": {"Bool": {"aws:SecureTransport": "false"}}}
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(policy))
    assert "Answer" in function.call("s3", "put_object", Bucket=bucket, Key="k", Body="x")
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")


def test_a_streams_policy_can_allow_a_role_by_name(
    function: Function, local: Aws, stream: str
) -> None:
    function.role.allow()
    kinesis = local.client("kinesis")
    arn = f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/{stream}"
    statement = allow("kinesis:PutRecord", arn) | {"Principal": {"AWS": function.role.arn}}
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    kinesis.put_resource_policy(ResourceARN=arn, Policy=json.dumps(policy))
    assert "Answer" in put(function, stream)
    kinesis.delete_resource_policy(ResourceARN=arn)
    assert "Code" in put(function, stream)


def test_a_shard_iterator_identifies_the_stream(function: Function, stream: str) -> None:
    arn = f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/{stream}"
    function.role.allow(allow(["kinesis:GetShardIterator", "kinesis:GetRecords"], arn))
    shard = {"ShardId": "shardId-000000000000", "ShardIteratorType": "LATEST"}
    got = function.call("kinesis", "get_shard_iterator", StreamName=stream, **shard)
    iterator = got["Answer"]["ShardIterator"]
    assert "Answer" in function.call("kinesis", "get_records", ShardIterator=iterator)
    function.role.allow(allow("kinesis:GetRecords", arn + "2"))
    denied = function.call("kinesis", "get_records", ShardIterator=iterator)
    assert f"kinesis:GetRecords on resource: {arn} because" in denied["Message"]


def test_a_key_can_be_used_only_as_its_own_policy_allows(function: Function, local: Aws) -> None:
    """The default key policy leaves it to the roles' policies; another may name the role."""
    kms = local.client("kms")
    key = kms.create_key()["KeyMetadata"]
    kms.create_alias(AliasName=f"alias/{function.name}", TargetKeyId=key["KeyId"])
    secret = {"KeyId": f"alias/{function.name}", "Plaintext": "x"}
    function.role.allow()
    assert key["Arn"] in function.call("kms", "encrypt", **secret)["Message"]
    function.role.allow(allow("kms:Encrypt", key["Arn"]))
    assert "Answer" in function.call("kms", "encrypt", **secret)
    statement = allow("kms:*", "*") | {"Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:role/other"}}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    kms.put_key_policy(KeyId=key["KeyId"], PolicyName="default", Policy=policy)
    denied = function.call("kms", "encrypt", **secret)
    assert denied["Message"].endswith(
        "because no resource-based policy allows the kms:Encrypt action"
    )


def test_the_caller_is_the_roles_session(function: Function) -> None:
    """[OBS] Whatever the role allows."""
    function.role.allow({"Effect": "Deny", "Action": "*", "Resource": "*"})
    answer = function.call("sts", "get_caller_identity")["Answer"]
    assert answer["Arn"] == function.session
    assert answer["Account"] == ACCOUNT
    assert answer["UserId"] == f"{function.role.id}:{function.name}"


def test_assuming_a_role_gives_its_permissions_and_no_others(
    function: Function, local: Aws, stream: str
) -> None:
    other = Role(
        local,
        allow("kinesis:PutRecord", "*"),
        trust={
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Principal": {"AWS": function.role.arn},
                    "Action": "sts:AssumeRole",
                }
            ],
        },
    )
    session = {"RoleArn": other.arn, "RoleSessionName": "ss"}
    function.role.allow()
    assert "Answer" in function.call("sts", "assume_role", **session)  # its trust is enough
    keys = local.client("sts").assume_role(**session)["Credentials"]
    import boto3

    assumed = boto3.client(
        "kinesis",
        region_name=REGION,
        endpoint_url=local.endpoint_url,
        aws_access_key_id=keys["AccessKeyId"],
        aws_secret_access_key=keys["SecretAccessKey"],
        aws_session_token=keys["SessionToken"],
    )
    assumed.put_record(StreamName=stream, Data=b"d", PartitionKey="k")
    with pytest.raises(assumed.exceptions.AccessDeniedException) as denied:
        assumed.describe_stream(StreamName=stream)
    arn = f"arn:aws:sts::{ACCOUNT}:assumed-role/{other.name}/ss"
    assert f"User: {arn} is not authorized" in str(denied.value)


def test_a_role_that_does_not_trust_the_function_cannot_be_assumed(
    function: Function, local: Aws
) -> None:
    """[SEEN] Without a reason at its end."""
    other = Role(local)
    function.role.allow(allow("sts:AssumeRole", "*"))
    denied = function.call("sts", "assume_role", RoleArn=other.arn, RoleSessionName="ss")
    assert (denied["Code"], denied["Status"]) == ("AccessDenied", 403)
    assert denied["Message"] == (
        f"User: {function.session} is not authorized to perform: sts:AssumeRole "
        f"on resource: {other.arn}"
    )


def test_a_missing_role_cannot_be_assumed(local: Aws) -> None:
    sts = local.client("sts")
    with pytest.raises(sts.exceptions.ClientError, match="sts:AssumeRole on resource: arn"):
        sts.assume_role(RoleArn=f"arn:aws:iam::{ACCOUNT}:role/no", RoleSessionName="ss")


def test_credentials_of_a_deleted_role_are_invalid(local: Aws, stream: str) -> None:
    function = Function(local, Role(local, allow("kinesis:*", "*")))
    assert "Answer" in put(function, stream)
    function.role.delete()
    denied = put(function, stream)
    assert denied["Code"] == "UnrecognizedClientException"
    assert denied["Message"] == "The security token included in the request is invalid."
