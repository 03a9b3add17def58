"""A change that is refused changes nothing: the function stays as it was."""

import uuid
from typing import Any

import pytest

from tests.localaws.functions.lambda_functions import (
    create,
    impatient,
    invoke,
    known,
    refused,
    settle,
    zipped,
)
from workbook.target import Aws

CODE = "def handler(event, context):\n    return 1\n"
OTHER = zipped(app="def handler(event, context):\n    return 2\n")
DAMAGED = OTHER[:40] + bytes([OTHER[40] ^ 1]) + OTHER[41:]
NO_LAYER = "arn:aws:lambda:us-east-1:123456789012:layer:missing:1"


@pytest.fixture(scope="module")
def function(local: Aws) -> str:
    """A function with a version, an alias and settings of asynchronous invocations."""
    name = create(local, CODE, Publish=True)
    settle(local, name)
    client = local.client("lambda")
    client.create_alias(FunctionName=name, Name="live", FunctionVersion="1")
    client.put_function_event_invoke_config(FunctionName=name, MaximumRetryAttempts=1)
    return name


@pytest.mark.parametrize(
    ("operation", "parameters"),
    [
        pytest.param("update_function_code", {"ZipFile": b"no zip"}, id="no zip"),
        pytest.param("update_function_code", {"ZipFile": DAMAGED}, id="a zip with a flipped bit"),
        pytest.param(
            "update_function_code",
            {"S3Bucket": "there-is-no-such-bucket", "S3Key": "k"},
            id="no bucket",
        ),
        pytest.param("update_function_code", {"ZipFile": OTHER, "DryRun": True}, id="a dry run"),
        pytest.param(
            "update_function_code", {"ZipFile": OTHER, "RevisionId": "1"}, id="another revision"
        ),
        pytest.param(
            "update_function_code",
            {"ZipFile": OTHER, "Architectures": ["z80"]},
            id="an unknown architecture",
        ),
        pytest.param(
            "update_function_configuration",
            {"Timeout": 9, "Layers": [NO_LAYER]},
            id="an unknown layer",
        ),
        pytest.param(
            "update_function_configuration",
            {"Timeout": 9, "Role": "arn:aws:iam::123456789012:role/missing"},
            id="an unknown role",
        ),
        pytest.param(
            "update_function_configuration",
            {"Timeout": 9, "Environment": {"Variables": {"AB": "a\0b"}}},
            id="a NUL",
        ),
        pytest.param(
            "update_function_configuration",
            {"Timeout": 9, "Handler": "a\0b"},
            id="a NUL in the handler",
        ),
        pytest.param(
            "update_function_configuration", {"Timeout": 9, "MemorySize": 1}, id="too little memory"
        ),
        pytest.param(
            "update_function_configuration",
            {"Timeout": 9, "EphemeralStorage": {"Size": 1}},
            id="too little storage",
        ),
        pytest.param("publish_version", {"CodeSha256": "other"}, id="another digest"),
        pytest.param("publish_version", {"RevisionId": "other"}, id="another revision to publish"),
        pytest.param("delete_function", {"Qualifier": "1"}, id="a version with an alias"),
        pytest.param(
            "put_function_concurrency", {"ReservedConcurrentExecutions": -5}, id="a reserve below 0"
        ),
        pytest.param(
            "put_function_concurrency",
            {"ReservedConcurrentExecutions": 901},
            id="a reserve that leaves too little",
        ),
        pytest.param(
            "put_function_event_invoke_config", {"MaximumRetryAttempts": 3}, id="too many retries"
        ),
        pytest.param(
            "put_function_event_invoke_config",
            {"DestinationConfig": {"OnFailure": {"Destination": "arn:aws:ec2:::thing"}}},
            id="a destination of another kind",
        ),
        pytest.param(
            "update_function_event_invoke_config",
            {"MaximumEventAgeInSeconds": 59},
            id="too short an age",
        ),
        pytest.param(
            "create_alias", {"Name": "new", "FunctionVersion": "7"}, id="an alias of no version"
        ),
        pytest.param(
            "create_alias",
            {
                "Name": "new",
                "FunctionVersion": "1",
                "RoutingConfig": {"AdditionalVersionWeights": {"7": 0.5}},
            },
            id="an alias that splits to no version",
        ),
        pytest.param(
            "update_alias",
            {"Name": "live", "RoutingConfig": {"AdditionalVersionWeights": {"7": 0.5}}},
            id="an alias that would split to no version",
        ),
        pytest.param(
            "update_alias",
            {"Name": "live", "Description": "other", "RevisionId": "1"},
            id="an alias' other revision",
        ),
    ],
)
def test_a_refused_call_changes_nothing(
    local: Aws, function: str, operation: str, parameters: dict[str, Any]
) -> None:
    call = getattr(impatient(local), operation)
    before = known(local, function)
    if parameters.get("DryRun"):
        call(FunctionName=function, **parameters)
    else:
        answer = refused(call, FunctionName=function, **parameters)
        assert 400 <= answer["ResponseMetadata"]["HTTPStatusCode"] < 500
    assert known(local, function) == before
    assert "Concurrency" not in before["function"]
    assert invoke(local, function)[1] == 1
    assert invoke(local, function, Qualifier="live")[1] == 1


def test_a_refused_layer_is_not_kept(local: Aws) -> None:
    client = local.client("lambda")
    name = f"layer-{uuid.uuid4().hex[:8]}"
    error = refused(client.publish_layer_version, LayerName=name, Content={"ZipFile": DAMAGED})
    assert error["Error"]["Message"].startswith("Could not unzip uploaded file.")
    assert client.list_layer_versions(LayerName=name)["LayerVersions"] == []
    content = {"S3Bucket": "there-is-no-such-bucket", "S3Key": "k"}
    error = refused(client.publish_layer_version, LayerName=name, Content=content)
    assert "S3 Error Code: NoSuchBucket" in error["Error"]["Message"]
    published = client.publish_layer_version(LayerName=name, Content={"ZipFile": OTHER})
    assert published["Version"] == 1


def test_invalid_layers_of_a_function_are_refused(local: Aws) -> None:
    """[OBS] At most five, one version of each, all in its region."""
    client = local.client("lambda")
    name = f"layer-{uuid.uuid4().hex[:8]}"
    first, second = (
        client.publish_layer_version(LayerName=name, Content={"ZipFile": OTHER})["LayerVersionArn"]
        for _ in range(2)
    )
    function = create(local, CODE)
    settle(local, function)
    cases = {
        f"Layer version {NO_LAYER} does not exist.": [NO_LAYER],
        "Cannot reference more than 5 layers.": [
            NO_LAYER.replace("missing", f"missing{n}") for n in range(6)
        ],
        "Two different versions of the same layer are not allowed to be referenced in the same "
        f"function. {first} and {second} are versions of the same layer.": [first, second],
        "Layers are not in the same region as the function. Layers are expected to be in region "
        "us-east-1.": [first.replace("us-east-1", "eu-west-1")],
    }
    for message, layers in cases.items():
        error = refused(client.update_function_configuration, FunctionName=function, Layers=layers)
        assert error["Error"] == {"Code": "InvalidParameterValueException", "Message": message}


def test_functions_keep_a_deleted_layer(local: Aws) -> None:
    """[BC] DeleteLayerVersion: functions that use the layer continue to use it."""
    client = local.client("lambda")
    layer = client.publish_layer_version(
        LayerName=f"layer-{uuid.uuid4().hex[:8]}",
        Content={"ZipFile": zipped(**{"python/one.py": "value = 1"})},
    )
    code = "import one\ndef handler(event, context): return one.value"
    name = create(local, code, Layers=[layer["LayerVersionArn"]])
    layer_name = layer["LayerArn"].rpartition(":")[2]
    client.delete_layer_version(LayerName=layer_name, VersionNumber=1)
    settle(local, name)
    client.update_function_configuration(FunctionName=name, Description="other")
    assert invoke(local, name)[1] == 1


def test_invalid_destinations_of_a_functions_events_are_refused(local: Aws) -> None:
    """[OBS] Not to a function that does not exist, and not to itself."""
    client = local.client("lambda")
    name = create(local, CODE)
    own = client.get_function_configuration(FunctionName=name)["FunctionArn"]
    for arn, message in (
        (own, "You can't specify the function as a destination for itself."),
        (own.replace(name, "missing"), None),
        (own.replace("us-east-1", "zz-nowhere-1"), None),
        (own.replace("function", "layer"), None),
        ("arn:aws:sqs:us-east-1:123456789012:q.fifo", None),
        ("arn:aws:kinesis:us-east-1:123456789012:stream/s", None),
        ("arn:aws:sqs:eu-west-1:123456789012:q", None),
        ("arn:aws:events:eu-west-1:123456789012:event-bus/default", None),
        ("arn:aws-cn:sns:us-east-1:123456789012:t", None),
        ("arn:aws:sqs:us-east-1::q", None),
        ("arn:aws:s3:us-east-1:123456789012:b", None),
        (
            "arn:aws:sqs:us-east-1:999999999999:q",
            "The function's execution role does not have permissions to call SendMessage on "
            "arn:aws:sqs:us-east-1:999999999999:q",
        ),
    ):
        error = refused(
            client.put_function_event_invoke_config,
            FunctionName=name,
            DestinationConfig={"OnFailure": {"Destination": arn}},
        )
        expected = message or f"The destination ARN {arn} is invalid."
        assert error["Error"]["Message"] == expected
    bucket = "arn:aws:s3:::b"
    error = refused(
        client.put_function_event_invoke_config,
        FunctionName=name,
        DestinationConfig={"OnSuccess": {"Destination": bucket}},  # buckets get failures only
    )
    assert error["Error"]["Message"] == f"The destination ARN {bucket} is invalid."


def test_a_partial_vpc_config_does_not_break_lists(local: Aws) -> None:
    client = local.client("lambda")
    name = create(local, CODE)
    settle(local, name)
    client.update_function_configuration(FunctionName=name, VpcConfig={"SubnetIds": ["subnet-1"]})
    found = client.get_function_configuration(FunctionName=name)["VpcConfig"]
    assert (found["SubnetIds"], found["SecurityGroupIds"]) == (["subnet-1"], [])
    assert client.list_functions()["Functions"]


def test_dead_letters_stay_in_the_functions_region_and_account(local: Aws) -> None:
    """[SEEN for the account, ? for the region]"""
    client, name = local.client("lambda"), create(local, CODE)
    client.get_waiter("function_active_v2").wait(FunctionName=name)
    for arn, message in (
        ("arn:aws:sqs:eu-west-1:123456789012:q", "in the region us-east-1"),
        ("arn:aws-cn:sns:us-east-1:123456789012:t", "in the region us-east-1"),
        ("arn:aws:sns:us-east-1:999999999999:t", "not have permissions to call Publish on SNS"),
    ):
        error = refused(
            client.update_function_configuration,
            FunctionName=name,
            DeadLetterConfig={"TargetArn": arn},
        )
        assert error["Error"]["Code"] == "InvalidParameterValueException"
        assert message in error["Error"]["Message"]


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("us-east-1", "eu-west-1", "ResourceNotFoundException"),
        ("123456789012", "999999999999", "AccessDeniedException"),
        ("arn:aws:", "arn:aws-cn:", "ResourceNotFoundException"),
    ],
)
def test_tags_of_functions_elsewhere_are_out_of_reach(
    local: Aws, old: str, new: str, code: str
) -> None:
    """[OBS] As every other operation on them."""
    client, name = local.client("lambda"), create(local, CODE)
    arn = client.get_function_configuration(FunctionName=name)["FunctionArn"].replace(old, new)
    for call, asked in (
        (client.list_tags, {}),
        (client.tag_resource, {"Tags": {"k": "v"}}),
        (client.untag_resource, {"TagKeys": ["k"]}),
    ):
        assert refused(call, Resource=arn, **asked)["Error"]["Code"] == code
