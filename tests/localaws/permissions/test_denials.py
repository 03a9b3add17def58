"""Denials in the formats of the protocols, and requests read in each of them."""

import json
from typing import Any
from urllib.parse import urlencode

import cbor2
import pytest

from workbook.localaws.api import protocols
from workbook.localaws.api.http import Request
from workbook.localaws.moto import calls
from workbook.localaws.permissions import denials
from workbook.localaws.permissions.actions import Access
from workbook.localaws.permissions.denials import Denial
from workbook.localaws.permissions.evaluator import Decision

USER = "arn:aws:sts::123456789012:assumed-role/r/f"
SCOPE = "AWS4-HMAC-SHA256 Credential=ASIA/20260101/eu-west-1/{}/aws4_request, Signature=s"


def request(service: str = "", body: bytes = b"", path: str = "/", **headers: str) -> Request:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    method = named.pop("method", "POST")
    query = named.pop("query", "")
    return Request(method, path, query, {"authorization": SCOPE.format(service), **named}, body)


def denied(action: str, resource: str | None, *decision: Any) -> Denial:
    return Denial(USER, Access(action, resource), Decision(*decision))


@pytest.mark.parametrize(
    ("kind", "is_explicit", "reason"),
    [
        ("identity-based policy", False, "because no identity-based policy allows the a:B action"),
        ("identity-based policy", True, "with an explicit deny in an identity-based policy"),
        ("resource-based policy", True, "with an explicit deny in a resource-based policy"),
        ("permissions boundary", False, "because no permissions boundary allows the a:B action"),
        ("session policy", False, "because no session policy allows the a:B action"),
    ],
)
def test_the_message_says_which_kind_of_policy_denies(
    kind: str, is_explicit: bool, reason: str
) -> None:
    message = denied("a:B", "arn", kind, is_explicit).message
    assert message == f"User: {USER} is not authorized to perform: a:B on resource: arn {reason}"


A_DENIAL = denied("kinesis:PutRecord", "arn", "identity-based policy")


def test_json_1_1() -> None:
    response = denials.respond(A_DENIAL, "firehose", protocols.JSON, request())
    body = json.loads(response.body)
    assert response.status == 400
    assert body == {"__type": "AccessDeniedException", "message": A_DENIAL.message}


def test_json_1_0_names_the_shape_in_full() -> None:
    """[KL] And DynamoDB uses ``Message``."""
    sent = request(content_type="application/x-amz-json-1.0")
    response = denials.respond(A_DENIAL, "dynamodb", protocols.JSON, sent)
    assert json.loads(response.body) == {
        "__type": "com.amazon.coral.service#AccessDeniedException",
        "Message": A_DENIAL.message,
    }


def test_json_of_a_service_that_formerly_used_the_query_protocol() -> None:
    sent = request(content_type="application/x-amz-json-1.0")
    response = denials.respond(A_DENIAL, "sqs", protocols.JSON, sent)
    assert response.status == 403
    assert response.headers["x-amzn-query-error"] == "AccessDenied;Sender"


def test_cbor() -> None:
    response = denials.respond(A_DENIAL, "cloudwatch", protocols.CBOR, request())
    assert response.headers["smithy-protocol"] == "rpc-v2-cbor"
    assert cbor2.loads(response.body)["message"] == A_DENIAL.message


def test_rest_json() -> None:
    response = denials.respond(A_DENIAL, "lambda", protocols.REST_JSON, request())
    assert response.status == 403
    assert response.headers["x-amzn-errortype"] == "AccessDeniedException"
    assert json.loads(response.body) == {"Message": A_DENIAL.message}


def test_query_is_xml_with_the_message_escaped() -> None:
    denial = denied("iam:GetRole", "<&>", "identity-based policy")
    response = denials.respond(denial, "iam", protocols.QUERY, request())
    assert response.status == 403
    assert b"<Type>Sender</Type><Code>AccessDenied</Code><Message>User" in response.body
    assert b"on resource: &lt;&amp;&gt; because" in response.body


def test_ec2_has_its_own_error_format() -> None:
    response = denials.respond(A_DENIAL, "ec2", protocols.EC2, request())
    assert b"<Errors><Error><Code>UnauthorizedOperation</Code>" in response.body


def test_s3s_response_to_a_head_request_has_no_body() -> None:
    response = denials.respond(A_DENIAL, "s3", protocols.REST_XML, request())
    assert b"<Code>AccessDenied</Code><Message>User: " in response.body
    head = denials.respond(A_DENIAL, "s3", protocols.REST_XML, request(method="HEAD"))
    assert (head.status, head.body) == (403, b"")


def read(sent: Request) -> tuple[str, str, str, dict[str, Any]]:
    target = calls.read(sent)
    found = target.call
    return target.protocol, found.service, found.operation, dict(found.parameters)


def test_a_call_in_json_is_read() -> None:
    sent = request(
        "sqs",
        b'{"QueueUrl": "u", "MessageBody": "m"}',
        x_amz_target="AmazonSQS.SendMessage",
        content_type="application/x-amz-json-1.0",
    )
    expected = {"QueueUrl": "u", "MessageBody": "m"}
    assert read(sent) == ("json", "sqs", "SendMessage", expected)


def test_a_call_in_the_query_protocol_is_read() -> None:
    body = urlencode({"Action": "GetRole", "Version": "2010-05-08", "RoleName": "r"}).encode()
    sent = request("iam", body, content_type="application/x-www-form-urlencoded; charset=utf-8")
    assert read(sent) == ("query", "iam", "GetRole", {"RoleName": "r"})


def test_a_call_in_rest_is_read_by_its_path() -> None:
    sent = request("s3", path="/bucket/a%20b/c", method="GET", query="versionId=1")
    protocol, service, operation, parameters = read(sent)
    assert (protocol, service, operation) == ("rest-xml", "s3", "GetObject")
    assert parameters == {"Bucket": "bucket", "Key": "a b/c", "VersionId": "1"}
    sent = request("lambda", b"1", "/2015-03-31/functions/f/invocations", query="Qualifier=q")
    assert read(sent)[2:] == ("Invoke", {"FunctionName": "f", "Qualifier": "q", "Payload": b"1"})


def test_a_call_in_cbor_is_read() -> None:
    sent = request(
        "monitoring",
        cbor2.dumps({"Namespace": "n"}),
        "/service/GraniteServiceVersion20100801/operation/PutMetricData",
        smithy_protocol="rpc-v2-cbor",
    )
    assert read(sent) == (protocols.CBOR, "cloudwatch", "PutMetricData", {"Namespace": "n"})


def test_the_target_distinguishes_services_that_sign_with_the_same_name() -> None:
    sent = request("dynamodb", b"{}", x_amz_target="DynamoDBStreams_20120810.ListStreams")
    assert read(sent)[1:3] == ("dynamodbstreams", "ListStreams")


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff", b'{"QueueUrl": 1}'])
def test_the_operation_is_known_even_if_the_body_cannot_be_read(body: bytes) -> None:
    sent = request("sqs", body, x_amz_target="AmazonSQS.SendMessage")
    assert read(sent)[1:3] == ("sqs", "SendMessage")


def test_an_unknown_service_or_operation_has_no_name() -> None:
    assert read(request("nothing", b"{}"))[2] == ""
    assert read(request("lambda", b"{}", "/no/such/path"))[2] == ""
    assert read(request("sqs", b"{}", x_amz_target="AmazonSQS.Nothing"))[2] == "Nothing"


def test_a_signed_url_contains_its_access_key() -> None:
    sent = Request(
        "GET", "/b/k", "X-Amz-Credential=ASIA1%2F20260101%2Fus-east-1%2Fs3%2Faws4_request", {}, b""
    )
    assert sent.access_key == "ASIA1"
    assert sent.has_temporary_key
