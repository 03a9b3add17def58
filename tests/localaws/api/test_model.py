"""The reader of botocore's models: which operation a request calls, with which parameters."""

import re
from base64 import b64encode
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any
from urllib.parse import quote

import orjson
import pytest
from botocore.loaders import Loader
from hypothesis import assume, given
from hypothesis import strategies as st

from workbook.localaws.api import model
from workbook.localaws.api.errors import ApiError
from workbook.localaws.api.http import Request
from workbook.localaws.api.model import Model

OPERATIONS = Loader().load_service_model("lambda", "service-2")["operations"]
ROLE = "arn:aws:iam::123456789012:role/r"
FUNCTION = {"FunctionName": "f", "Role": ROLE, "Code": {}}
RUNTIMES = (
    "nodejs20.x, python3.14, provided.al2023, python3.12, python3.13, nodejs24.x, nodejs22.x, "
    "java25, python3.10, python3.11, java21, ruby3.3, ruby3.4, ruby3.2, python3.8, python3.9, "
    "java17, nodejs16.x, dotnet10, dotnet8, java11, dotnet6, nodejs18.x, provided.al2, java8.al2"
)


def refusal(api: Model, operation: str, parameters: object) -> tuple[str, str]:
    with pytest.raises(ApiError) as refused:
        api.read(operation, parameters)
    return refused.value.code, refused.value.message


def words(operation: str, **parameters: object) -> str:
    """Return Lambda's error messages, without the count before them."""
    code, message = refusal(model.lambda_(), operation, parameters)
    assert code == "ValidationException"
    count, _, rest = message.partition(" detected: ")
    assert count == "1 validation error"
    return rest


def request(method: str, path: str, body: bytes = b"", query: str = "", **headers: str) -> Request:
    return Request(method, path, query, headers, body)


def called(sent: Request) -> str | None:
    return model.lambda_().operation(sent)


# --- Lambda's words


@pytest.mark.parametrize(
    ("operation", "parameters", "expected"),
    [
        (
            "CreateFunction",
            {**FUNCTION, "Role": "r1"},
            "Value 'r1' at 'role' failed to satisfy constraint: Member must satisfy regular "
            r"expression pattern: arn:(aws[a-zA-Z-]*)?:iam::\d{12}:role/?[a-zA-Z_0-9+=,.@\-_/]+",
        ),
        (
            "CreateFunction",
            {**FUNCTION, "Architectures": ["X86_64"]},
            "Value '[X86_64]' at 'architectures' failed to satisfy constraint: Member must satisfy "
            "constraint: [Member must satisfy enum value set: [x86_64, arm64], Member must not be "
            "null]",
        ),
        (
            "CreateFunction",
            {**FUNCTION, "Architectures": ["x86_64", "arm64"]},
            "Value '[x86_64, arm64]' at 'architectures' failed to satisfy constraint: Member must "
            "have length less than or equal to 1",
        ),
        (
            "CreateFunction",
            {**FUNCTION, "SnapStart": {"ApplyOn": "invalidOption"}},
            "Value 'invalidOption' at 'snapStart.applyOn' failed to satisfy constraint: Member "
            "must satisfy enum value set: [PublishedVersions, None]",
        ),
        (
            "CreateFunction",
            {**FUNCTION, "VpcConfig": {"SubnetIds": ["bad"]}},
            "Value '[bad]' at 'vpcConfig.subnetIds' failed to satisfy constraint: Member must "
            "satisfy constraint: [Member must have length less than or equal to 1024, Member must "
            "have length greater than or equal to 0, Member must satisfy regular expression "
            "pattern: subnet-[0-9a-z]*]",
        ),
        (
            "CreateAlias",
            {
                "FunctionName": "f",
                "Name": "a",
                "FunctionVersion": "1",
                "RoutingConfig": {"AdditionalVersionWeights": {"2": 2}},
            },
            "Value '{2=2.0}' at 'routingConfig.additionalVersionWeights' failed to satisfy "
            "constraint: Map value must satisfy constraint: [Member must have value less than or "
            "equal to 1.0, Member must have value greater than or equal to 0.0, Member must not be "
            "null]",
        ),
        (
            "CreateAlias",
            {
                "FunctionName": "f",
                "Name": "a",
                "FunctionVersion": "1",
                "RoutingConfig": {"AdditionalVersionWeights": {"$LATEST": 0.5}},
            },
            "Value '{$LATEST=0.5}' at 'routingConfig.additionalVersionWeights' failed to satisfy "
            "constraint: Map keys must satisfy constraint: [Member must have length less than or "
            "equal to 1024, Member must have length greater than or equal to 1, Member must "
            "satisfy regular expression pattern: [0-9]+]",
        ),
        (
            "CreateAlias",
            {"FunctionName": "f", "Name": "2024", "FunctionVersion": "1"},
            "Value '2024' at 'name' failed to satisfy constraint: Member must satisfy regular "
            "expression pattern: (?!^[0-9]+$)([a-zA-Z0-9-_]+)",
        ),
        (
            "PublishLayerVersion",
            {"LayerName": "l", "Content": {}, "CompatibleRuntimes": ["other", "nodejs20.x"]},
            "Value '[other, nodejs20.x]' at 'compatibleRuntimes' failed to satisfy constraint: "
            f"Member must satisfy enum value set: [{RUNTIMES}]",
        ),
        (
            "PutProvisionedConcurrencyConfig",
            {"FunctionName": "f", "Qualifier": "1", "ProvisionedConcurrentExecutions": 0},
            "Value '0' at 'provisionedConcurrentExecutions' failed to satisfy constraint: Member "
            "must have value greater than or equal to 1",
        ),
        (
            "UntagResource",
            {"Resource": "arn:aws:lambda:us-east-1:123456789012:function:f"},
            "Value null at 'tagKeys' failed to satisfy constraint: Member must not be null",
        ),
        (
            "ListFunctions",
            {"FunctionVersion": "invalid"},
            "Value 'invalid' at 'functionVersion' failed to satisfy constraint: Member must "
            "satisfy enum value set: [ALL]",
        ),
        (
            "CreateFunctionUrlConfig",
            {"FunctionName": "f", "AuthType": "NONE", "InvokeMode": "UNKNOWN"},
            "Value 'UNKNOWN' at 'invokeMode' failed to satisfy constraint: Member must satisfy "
            "enum value set: [RESPONSE_STREAM, BUFFERED]",
        ),
        (
            "PutFunctionRecursionConfig",
            {"FunctionName": "f", "RecursiveLoop": "InvalidValue"},
            "Value 'InvalidValue' at 'recursiveLoop' failed to satisfy constraint: Member must "
            "satisfy enum value set: [Terminate, Allow]",
        ),
    ],
)
def test_errors_are_in_lambdas_words(
    operation: str, parameters: dict[str, Any], expected: str
) -> None:
    """[OBS] As recorded, to the letter."""
    assert words(operation, **parameters) == expected


@pytest.mark.parametrize(
    ("name", "most"), [("n" * 65, 64), ("123456789012:function:" + "n" * 140, 140)]
)
def test_a_new_functions_name_has_64_characters_and_its_arn_140(name: str, most: int) -> None:
    """[OBS] The model has 140 for both."""
    assert words("CreateFunction", **{**FUNCTION, "FunctionName": name}) == (
        f"Value '{name}' at 'functionName' failed to satisfy constraint: Member must have length "
        f"less than or equal to {most}"
    )
    assert model.lambda_().read("DeleteFunction", {"FunctionName": "n" * 65})


@pytest.mark.parametrize(("name", "most"), [("Timeout", 900), ("MemorySize", 10_240)])
def test_functions_have_lower_limits_than_managed_instances(name: str, most: int) -> None:
    """[DG:gettingstarted-limits] The model has those of Managed Instances."""
    api = model.lambda_()
    assert api.read("CreateFunction", {**FUNCTION, name: most})[name] == most
    assert words("CreateFunction", **{**FUNCTION, name: most + 1}) == (
        f"Value '{most + 1}' at '{name[0].lower() + name[1:]}' failed to satisfy constraint: "
        f"Member must have value less than or equal to {most}"
    )


def test_secret_values_are_not_shown() -> None:
    """[BC] The model marks environment variables as sensitive."""
    message = words("CreateFunction", **FUNCTION, Environment={"Variables": {"1A": "secret"}})
    assert message.startswith("Value at 'environment.variables' failed to satisfy constraint: Map ")
    assert "secret" not in message


def test_all_violations_are_reported_at_once() -> None:
    """[OBS]"""
    wrong = {"EventSourceArn": "stream", "BatchSize": 0, "StartingPosition": "NOWHERE"}
    _, message = refusal(model.lambda_(), "CreateEventSourceMapping", wrong)
    assert message.startswith("4 validation errors detected: Value 'stream' at 'eventSourceArn' ")
    assert message.count("; Value ") == 3


def test_at_most_ten_violations_are_reported() -> None:
    """[KL]"""
    entries = [{"Data": "", "PartitionKey": "k" * 257}] * 11
    _, message = refusal(model.kinesis(), "PutRecords", {"StreamName": "s", "Records": entries})
    assert message.startswith("10 validation errors detected: ")
    assert "'records.10.member.partitionKey'" in message
    assert "'records.11.member.partitionKey'" not in message


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"Timeout": "3"}, "STRING_VALUE can not be converted to an Integer"),
        ({"Timeout": True}, "TRUE_VALUE can not be converted to an Integer"),
        ({"Timeout": float("nan")}, "NUMBER_VALUE can not be converted to an Integer"),
        ({"Timeout": 2.0**70}, "NUMBER_VALUE can not be converted to an Integer"),
        ({"Role": 5}, "NUMBER_VALUE can not be converted to a String"),
        ({"Publish": 1}, "NUMBER_VALUE can not be converted to a Boolean"),
        ({"Role": ["r"]}, "Start of list found where not expected"),
        ({"Role": {}}, "Start of structure or map found where not expected."),
        ({"Layers": "l"}, "Expected list or null"),
        ({"Layers": [{}]}, "Start of structure or map found where not expected."),
        ({"Tags": "t"}, "Expected map or null"),
        ({"Code": "c"}, "Expected null"),
        ({"Code": []}, "Start of list found where not expected"),
    ],
)
def test_values_of_a_wrong_type_in_lambdas_words(parameters: dict[str, Any], message: str) -> None:
    """As recorded from similar APIs; Lambda's own messages were not recorded."""
    answer = refusal(model.lambda_(), "CreateFunction", {**FUNCTION, **parameters})
    assert answer == ("SerializationException", message)


# --- Kinesis' words


@pytest.mark.parametrize(
    ("operation", "parameters", "expected"),
    [
        (
            "RemoveTagsFromStream",
            {"StreamName": "s", "TagKeys": ["a", "k" * 129, "b"]},
            f"Value '[a, {'k' * 129}, b]' at 'tagKeys' failed to satisfy constraint: Member must "
            "satisfy constraint: [Member must have length less than or equal to 128, Member must "
            "have length greater than or equal to 1]",
        ),
        (
            "AddTagsToStream",
            {"StreamName": "s", "Tags": {}},
            "Value '{}' at 'tags' failed to satisfy constraint: Member must have length greater "
            "than or equal to 1",
        ),
        (
            "AddTagsToStream",
            {"StreamName": "s", "Tags": {"k" * 129: "v"}},
            f"Value '{{{'k' * 129}=v}}' at 'tags' failed to satisfy constraint: Map keys must "
            "satisfy constraint: [Member must have length less than or equal to 128, Member must "
            "have length greater than or equal to 1]",
        ),
        (
            "AddTagsToStream",
            {"StreamName": "s", "Tags": {"k": "v" * 257}},
            f"Value '{{k={'v' * 257}}}' at 'tags' failed to satisfy constraint: Map value must "
            "satisfy constraint: [Member must have length less than or equal to 256, Member must "
            "have length greater than or equal to 0]",
        ),
        (
            "PutRecords",
            {"StreamName": "s", "Records": [None]},
            "Value null at 'records.1.member' failed to satisfy constraint: Member must not be "
            "null",
        ),
    ],
)
def test_kinesis_words_for_lists_and_maps(
    operation: str, parameters: dict[str, Any], expected: str
) -> None:
    """[KL]"""
    assert refusal(model.kinesis(), operation, parameters) == (
        "ValidationException",
        f"1 validation error detected: {expected}",
    )


@pytest.mark.parametrize(
    ("blob", "reason"),
    [
        ("23456", "Base64 encoded length is expected a multiple of 4 bytes but found: 5"),
        ("=+/=", "Invalid Base64 character: '='"),
        ("ab?d", "Invalid Base64 character: '?'"),
        ("äbcd", "Invalid Base64 character: 'ä'"),
        ("+/+=", "Invalid last non-pad Base64 character dectected"),
        ("+/==", "Invalid last non-pad Base64 character dectected"),
    ],
)
def test_a_blob_must_be_base64(blob: str, reason: str) -> None:
    """[KL] In AWS's spelling."""
    record = {"StreamName": "s", "PartitionKey": "k", "Data": blob}
    assert refusal(model.kinesis(), "PutRecord", record) == (
        "SerializationException",
        f"'{blob}' can not be converted to a Blob: {reason}",
    )


# --- values


@given(st.binary(max_size=50))
def test_blobs_are_read_as_bytes(data: bytes) -> None:
    for sent in (b64encode(data).decode(), data):
        read = model.kinesis().read("PutRecord", {"PartitionKey": "k", "Data": sent})
        assert read["Data"] == data


def test_numbers_are_truncated_to_integers() -> None:
    """[KL]"""
    assert model.kinesis().read("GetRecords", {"ShardIterator": "i", "Limit": 5.9})["Limit"] == 5


def test_timestamps_are_seconds_and_may_be_sent_as_milliseconds() -> None:
    wanted = {"ShardId": "shardId-0", "ShardIteratorType": "AT_TIMESTAMP"}
    for sent in (1_700_000_000, 1_700_000_000.0, 1_700_000_000_000):
        read = model.kinesis().read("GetShardIterator", {**wanted, "Timestamp": sent})
        assert read["Timestamp"] == 1_700_000_000.0


def test_unknown_members_and_nulls_are_ignored() -> None:
    """[KL]"""
    sent = {"StreamName": "s", "Nonsense": [1], "Limit": None}
    assert model.kinesis().read("DescribeStream", sent) == {"StreamName": "s"}


def test_digits_are_ascii_and_tags_may_be_in_any_script() -> None:
    """[BC] Java's patterns."""
    api = model.lambda_()
    assert words("CreateFunction", **{**FUNCTION, "Role": ROLE.replace("1", "१")})
    arn = "arn:aws:lambda:us-east-1:123456789012:function:f"
    tags = {"größe": "大\u00a01"}
    assert api.read("TagResource", {"Resource": arn, "Tags": tags})["Tags"] == tags
    assert words("TagResource", Resource=arn, Tags={"a!": "b"})


# --- requests


@pytest.mark.parametrize(
    ("method", "path", "query", "operation"),
    [
        ("GET", "/2015-03-31/functions", "", "ListFunctions"),
        ("GET", "/2015-03-31/functions/", "MaxItems=5", "ListFunctions"),
        ("POST", "/2015-03-31/functions", "", "CreateFunction"),
        ("POST", "/2015-03-31/functions/f/invocations", "", "Invoke"),
        ("GET", "/2015-03-31/functions/f/aliases/a", "", "GetAlias"),
        ("DELETE", "/2015-03-31/functions/f/policy/s", "", "RemovePermission"),
        ("GET", "/2018-10-31/layers", "find=LayerVersion&Arn=a", "GetLayerVersionByArn"),
        ("GET", "/2018-10-31/layers", "", "ListLayers"),
        ("GET", "/2019-09-30/functions/f/provisioned-concurrency", "List=ALL", None),
        ("GET", "/2019-09-30/functions/f/provisioned-concurrency", "Qualifier=1", None),
        ("GET", "/2017-03-31/tags/arn%3Aaws%3Alambda%2F", "", "ListTags"),
        ("PATCH", "/2015-03-31/functions/f/invocations", "", ""),
        ("GET", "/bucket/functions/f/invocations", "", ""),
        ("GET", "/", "", ""),
    ],
)
def test_an_operation_is_found_by_method_path_and_query(
    method: str, path: str, query: str, operation: str | None
) -> None:
    """[BC]"""
    if operation is None:
        listed = "List=" in query
        operation = f"{'List' if listed else 'Get'}ProvisionedConcurrencyConfig{'s' * listed}"
    assert called(request(method, path, query=query)) == (operation or None)


def test_every_operation_is_found_at_its_own_path() -> None:
    """[BC] No operation hides another."""
    for name, operation in OPERATIONS.items():
        path, _, query = operation["http"]["requestUri"].partition("?")
        sent = request(
            operation["http"]["method"], path.replace("{", "").replace("}", ""), b"", query
        )
        assert called(sent) == name


def test_parameters_come_from_path_query_headers_and_body() -> None:
    """[BC]"""
    api = model.lambda_()
    name = "arn:aws:lambda:us-east-1:123456789012:function:f"
    body = orjson.dumps({"MaximumRetryAttempts": 1, "FunctionName": "not this one"})
    path = f"/2019-09-25/functions/{quote(name, safe='')}/event-invoke-config"
    sent = request("PUT", path, body, "Qualifier=live")
    assert api.read_request("PutFunctionEventInvokeConfig", sent) == {
        "FunctionName": name,
        "Qualifier": "live",
        "MaximumRetryAttempts": 1,
    }
    sent = request("GET", "/2015-03-31/functions", b"ignored", "MaxItems=5&Marker=")
    assert api.read_request("ListFunctions", sent) == {"MaxItems": 5, "Marker": ""}
    sent = request("DELETE", "/2017-03-31/tags/" + quote(name), b"", "tagKeys=a&tagKeys=b")
    assert api.read_request("UntagResource", sent)["TagKeys"] == ["a", "b"]
    headers = {"x-amz-invocation-type": "Event"}
    sent = request("POST", "/2015-03-31/functions/f/invocations", b"{broken", **headers)
    assert api.read_request("Invoke", sent) == {
        "FunctionName": "f",
        "InvocationType": "Event",
        "Payload": b"{broken",
    }


@pytest.mark.parametrize(
    ("query", "code", "problem"),
    [
        ("MaxItems=10001", "ValidationException", "less than or equal to 10000"),
        ("MaxItems=-1", "ValidationException", "greater than or equal to 1"),
        ("MaxItems=--5", "SerializationException", "STRING_VALUE can not be converted"),
        ("MaxItems=0.5", "SerializationException", "STRING_VALUE can not be converted"),
        ("MaxItems=%EF%BC%95", "SerializationException", "STRING_VALUE can not be converted"),
        ("MaxItems=" + "9" * 5000, "SerializationException", "STRING_VALUE can not be converted"),
        ("MasterRegion=%ff", "ValidationException", "at 'masterRegion' failed"),
    ],
)
def test_invalid_query_values_are_refused(query: str, code: str, problem: str) -> None:
    sent = request("GET", "/2015-03-31/functions", b"", query)
    with pytest.raises(ApiError) as refused:
        model.lambda_().read_request("ListFunctions", sent)
    assert refused.value.code == code
    assert problem in refused.value.message


def test_a_function_name_must_not_be_empty() -> None:
    """[BC] An empty part of a path is an empty name."""
    sent = request("GET", "/2015-03-31/functions//configuration")
    assert called(sent) == "GetFunctionConfiguration"
    with pytest.raises(ApiError, match="Value '' at 'functionName' failed to satisfy constraint"):
        model.lambda_().read_request("GetFunctionConfiguration", sent)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"{", "InvalidRequestContentException"),
        (b"\xff\xfe", "InvalidRequestContentException"),
        (b'{"Description": NaN}', "InvalidRequestContentException"),
        (b'{"Description": "\\ud800"}', "InvalidRequestContentException"),
        (b"[" * 2000, "InvalidRequestContentException"),
        (b"[]", "SerializationException"),
        (b'"x"', "SerializationException"),
        (b"null", "SerializationException"),
        (b"7", "SerializationException"),
        (b"{}", "ValidationException"),
        (b"", "ValidationException"),
    ],
)
def test_a_body_is_a_json_object(body: bytes, code: str) -> None:
    """[OBS] What cannot be parsed gets the same error as Invoke's payload."""
    sent = request("POST", "/2015-03-31/functions", body)
    with pytest.raises(ApiError) as refused:
        model.lambda_().read_request("CreateFunction", sent)
    assert (refused.value.code, refused.value.status) == (code, 400)
    if code == "InvalidRequestContentException":
        assert refused.value.message.startswith("Could not parse request body into json: ")


# --- hostile values

PLAIN = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from([10**400, -(10**400), 1e308, float("inf"), float("nan")])
    | st.floats()
    | st.text()
    | st.binary()
    | st.just(object())  # as CBOR's undefined
)
KEYS = st.text() | st.integers() | st.binary()
VALUES = st.recursive(
    PLAIN, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3)
)


def operations() -> Iterator[tuple[Model, str]]:
    for api in (model.kinesis(), model.lambda_()):
        for name in api.operations:
            yield api, name


def outcome(read: Callable[[], object]) -> str:
    """Return the code of the refusal; empty if there is none."""
    try:
        read()
    except ApiError as refused:
        return refused.code
    return ""


@given(st.data())
def test_any_parameters_are_read_or_refused(data: st.DataObject) -> None:
    """No value of JSON or CBOR, in place of any other, causes an internal error."""
    api, operation = data.draw(st.sampled_from(list(operations())))
    value = data.draw(VALUES)
    for sent in (value, dict.fromkeys(api.parameters(operation), value)):
        code = outcome(partial(api.read, operation, sent))
        assert code in ("", "SerializationException", "ValidationException")


@given(st.data(), st.binary(), st.text(), st.text())
def test_any_request_is_read_or_refused(
    data: st.DataObject, body: bytes, label: str, query: str
) -> None:
    api = model.lambda_()
    name = data.draw(st.sampled_from(sorted(api.operations)))
    http = OPERATIONS[name]["http"]
    path = re.sub("{.*?}", quote(label, safe=""), http["requestUri"].partition("?")[0])
    encoded = "&".join(f"{name}={quote(query)}" for name in api.parameters(name))
    headers = {"x-amz-invocation-type": query, "x-amz-log-type": query}
    sent = request(http["method"], path, body, encoded, **headers)
    operation = api.operation(sent)
    assume(operation)  # an empty label at the end is no label
    assert operation is not None
    assert outcome(lambda: api.read_request(operation, sent)) in (
        "",
        "InvalidRequestContentException",
        "SerializationException",
        "ValidationException",
    )
