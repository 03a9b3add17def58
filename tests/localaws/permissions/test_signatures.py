"""Requests without a signature, or with an incomplete one, over HTTP."""

from typing import Any

import boto3
import pytest
import urllib3
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError

from tests.localaws.functions.lambda_functions import create_role
from workbook.localaws.api.http import signed_query
from workbook.target import REGION, Aws

TOKEN = "Missing Authentication Token"  # in current protocols
REQUEST = "Request is missing Authentication Token"  # in older ones
NO_TOKEN = "MissingAuthenticationToken"


def unsigned(aws: Aws, service: str) -> Any:
    """Return a client that signs nothing."""
    return boto3.Session().client(
        service,  # type: ignore[call-overload]
        region_name=REGION,
        endpoint_url=aws.endpoint_url,
        config=Config(signature_version=UNSIGNED, retries={"total_max_attempts": 1}, proxies={}),
    )


@pytest.mark.parametrize(
    ("service", "operation", "status", "code", "message"),
    [
        ("kinesis", "list_streams", 400, f"{NO_TOKEN}Exception", TOKEN),
        ("dynamodb", "list_tables", 400, f"{NO_TOKEN}Exception", REQUEST),
        ("lambda", "list_functions", 403, f"{NO_TOKEN}Exception", TOKEN),
        ("sts", "get_caller_identity", 403, NO_TOKEN, REQUEST),
        ("sqs", "list_queues", 403, NO_TOKEN, REQUEST),
        ("s3", "list_buckets", 403, "AccessDenied", "Access Denied"),
    ],
)
def test_unsigned_requests_are_refused_in_the_services_format(
    local: Aws, service: str, operation: str, status: int, code: str, message: str
) -> None:
    """[KL, SEEN] Kinesis and DynamoDB, STS; Lambda and S3 have their own formats."""
    with pytest.raises(ClientError) as refused:
        getattr(unsigned(local, service), operation)()
    answer = refused.value.response
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == status
    assert answer["Error"]["Code"] == code
    assert answer["Error"]["Message"] == message


@pytest.mark.parametrize(
    ("header", "message"),
    [
        (
            "AWS4-HMAC-SHA256 Credential=k/20260101/us-east-1/kinesis/aws4_request",
            "Authorization header requires 'Signature' parameter. Authorization header requires "
            "'SignedHeaders' parameter. Authorization=AWS4-HMAC-SHA256 "
            "Credential=k/20260101/us-east-1/kinesis/aws4_request",
        ),
        (
            "AWS4-HMAC-SHA256 Credential=k/us-east-1, SignedHeaders=host, Signature=0",
            "Credential must have exactly 5 slash-delimited elements, e.g. "
            "keyid/date/region/service/term, got 'k/us-east-1'",
        ),
    ],
)
def test_the_error_for_an_incomplete_header_names_what_is_missing(
    local: Aws, header: str, message: str
) -> None:
    """[KL]"""
    answer = urllib3.request(
        "POST",
        f"{local.endpoint_url}/",
        headers={"authorization": header, "x-amz-target": "Kinesis_20131202.ListStreams"},
        body=b"{}",
    )
    assert answer.status == 400
    assert answer.json() == {"__type": "IncompleteSignatureException", "message": message}


def test_the_error_for_an_incomplete_url_names_what_is_missing(local: Aws) -> None:
    """[KL]"""
    scope = "X-Amz-Credential=k%2F20260101%2Fus-east-1%2Fkinesis%2Faws4_request"
    answer = urllib3.request(
        "POST",
        f"{local.endpoint_url}/?X-Amz-Algorithm=AWS4-HMAC-SHA256&{scope}",
        headers={"x-amz-target": "Kinesis_20131202.ListStreams"},
        body=b"{}",
    )
    assert answer.status == 400
    message = (
        "AWS query-string parameters must include 'X-Amz-Signature'. AWS query-string parameters "
        "must include 'X-Amz-SignedHeaders'. Re-examine the query-string parameters."
    )
    assert answer.json() == {"__type": "IncompleteSignatureException", "message": message}


def test_the_scope_in_a_signed_url_must_be_complete(local: Aws) -> None:
    """[KL]"""
    query = signed_query(REGION, "sqs").replace("%2Faws4_request", "")
    answer = urllib3.request("GET", f"{local.endpoint_url}/?Action=ListQueues&{query}")
    assert answer.status == 403
    assert b"<Code>IncompleteSignature</Code>" in answer.data


@pytest.mark.parametrize(
    ("service", "operation", "status", "code"),
    [
        ("kinesis", "list_streams", 400, "InvalidSignatureException"),
        ("lambda", "list_functions", 403, "InvalidSignatureException"),
        ("dynamodb", "list_tables", 400, "InvalidSignatureException"),
        ("sns", "list_topics", 403, "SignatureDoesNotMatch"),
        ("sqs", "list_queues", 403, "SignatureDoesNotMatch"),
        ("cloudformation", "list_stacks", 403, "SignatureDoesNotMatch"),
    ],
)
def test_a_region_that_aws_does_not_have_is_refused(
    local: Aws, service: str, operation: str, status: int, code: str
) -> None:
    """[SEEN] Whichever part handles the service."""
    client = boto3.Session("k", "s").client(  # a stranger, with other keys
        service,  # type: ignore[call-overload]
        region_name="mars-1",
        endpoint_url=local.endpoint_url,
        config=Config(retries={"total_max_attempts": 1}, proxies={}),
    )
    with pytest.raises(ClientError) as refused:
        getattr(client, operation)()
    answer = refused.value.response
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == status
    assert answer["Error"]["Code"] == code
    words = "Credential should be scoped to a valid region, not 'mars-1'."
    assert answer["Error"]["Message"] == words


@pytest.mark.parametrize("region", ["eu-central-2", "ap-southeast-6", "us-gov-west-1"])
def test_every_region_of_aws_exists(local: Aws, region: str) -> None:
    """[BC] Including those that moto does not have yet."""
    for service, operation in (("sqs", "list_queues"), ("logs", "describe_log_groups")):
        client: Any = boto3.Session("k", "s").client(
            service,  # type: ignore[call-overload]
            region_name=region,
            endpoint_url=local.endpoint_url,
            config=Config(retries={"total_max_attempts": 1}, proxies={}),
        )
        assert getattr(client, operation)()["ResponseMetadata"]["HTTPStatusCode"] == 200


@pytest.mark.parametrize(
    ("target", "body", "code"),
    [
        ("Kinesis_20131202.ListStreams", b"{", "SerializationException"),
        ("Kinesis_20131202.Nonsense", b"{", "SerializationException"),
        ("Kinesis_20131202.Nonsense", b"{}", "UnknownOperationException"),
        ("Kinesis_20131202.ListStreams", b"{}", f"{NO_TOKEN}Exception"),
    ],
)
def test_kinesis_reads_body_and_operation_before_the_signature(
    local: Aws, target: str, body: bytes, code: str
) -> None:
    """[KL]"""
    headers = {"x-amz-target": target, "content-type": "application/x-amz-json-1.1"}
    answer = urllib3.request("POST", f"{local.endpoint_url}/", headers=headers, body=body)
    assert (answer.status, answer.json()["__type"]) == (400, code)


def test_a_role_has_an_arn(local: Aws) -> None:
    """[SEEN] A refused role blocks nothing, as one of its sessions would."""
    with pytest.raises(ClientError, match="Request ARN is invalid"):
        local.client("sts").assume_role(RoleArn="x" * 20, RoleSessionName="session")
    assert local.client("sts").get_caller_identity()["Account"] == "123456789012"


def test_presigned_urls_of_s3_work(local: Aws) -> None:
    s3 = local.client("s3")
    s3.create_bucket(Bucket="presigned")
    place = {"Bucket": "presigned", "Key": "one"}
    put = urllib3.request("PUT", s3.generate_presigned_url("put_object", place), body=b"1")
    got = urllib3.request("GET", s3.generate_presigned_url("get_object", place))
    assert (put.status, got.status, got.data) == (200, 200, b"1")


def test_a_form_signed_for_s3_can_upload(local: Aws) -> None:
    s3 = local.client("s3")
    s3.create_bucket(Bucket="uploads")
    form = s3.generate_presigned_post("uploads", "one")
    fields = {**form["fields"], "file": ("one", b"1")}
    assert urllib3.request("POST", form["url"], fields=fields).status == 204
    assert s3.get_object(Bucket="uploads", Key="one")["Body"].read() == b"1"


@pytest.mark.parametrize("version", ["s3", "s3v4"])
def test_a_presigned_url_of_s3_expires(local: Aws, version: str) -> None:
    """[SEEN]"""
    s3: Any = boto3.Session("k", "s").client(
        "s3",
        region_name=REGION,
        endpoint_url=local.endpoint_url,
        config=Config(signature_version=version, proxies={}),
    )
    place = {"Bucket": "presigned", "Key": "late"}
    answer = urllib3.request("PUT", s3.generate_presigned_url("put_object", place, ExpiresIn=-1))
    assert answer.status == 403
    assert b"<Code>AccessDenied</Code><Message>Request has expired</Message>" in answer.data


def test_a_form_is_signed_for_s3_only(local: Aws) -> None:
    """Other services do not know such forms."""
    answer = urllib3.request(
        "POST",
        f"{local.endpoint_url}/?Action=CreateQueue&QueueName=by-form",
        fields={"policy": "p", "x-amz-signature": "s"},
    )
    assert answer.status == 403
    assert b"<Code>MissingAuthenticationToken</Code>" in answer.data


def test_a_scope_ends_with_its_term(local: Aws) -> None:
    """[SEEN]"""
    query = signed_query(REGION, "sqs").replace("aws4_request", "aws5_request")
    answer = urllib3.request("GET", f"{local.endpoint_url}/?Action=ListQueues&{query}")
    assert answer.status == 403
    words = "Credential should be scoped with a valid terminator: 'aws4_request', not "
    assert words.encode() in answer.data.replace(b"&#x27;", b"'")


def test_a_query_of_sqs_may_be_signed_in_its_url(local: Aws) -> None:
    query = f"Action=CreateQueue&QueueName=by-query&{signed_query(REGION, 'sqs')}"
    assert urllib3.request("GET", f"{local.endpoint_url}/?{query}").status == 200
    urls = local.client("sqs").list_queues(QueueNamePrefix="by-query")["QueueUrls"]
    assert len(urls) == 1


def test_a_web_identity_needs_no_signature(local: Aws) -> None:
    """[BC] Its operation has the authentication "none": its token is sufficient."""
    answer = local.client("sts").assume_role_with_web_identity(
        RoleArn=create_role(local), RoleSessionName="web", WebIdentityToken="token"
    )
    assert answer["Credentials"]["AccessKeyId"].startswith("ASIA")
