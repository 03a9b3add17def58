"""Requests without a signature, or with an incomplete one, over HTTP."""

from functools import partial
from typing import Any
from urllib.parse import urlencode

import boto3
import pytest
import urllib3
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError

from tests.localaws.functions.lambda_functions import create_role
from workbook.localaws.api.http import signed_query
from workbook.target import REGION, Aws

ask = partial(urllib3.request, timeout=60)  # by default, 3 s, which moto's start may take
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
    answer = ask(
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
    answer = ask(
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
    answer = ask("GET", f"{local.endpoint_url}/?Action=ListQueues&{query}")
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


SCOPE = "k/20260101/us-east-1/{}/aws4_request"
LIST_STREAMS = {"x-amz-target": "Kinesis_20131202.ListStreams"}
LIST_TABLES = {
    "x-amz-target": "DynamoDB_20120810.ListTables",
    "content-type": "application/x-amz-json-1.0",
}
FUNCTIONS_PATH = "/2015-03-31/functions"
REGION_FAULT = "Credential should be scoped to a valid region, not 'c'."
TERMINATOR_FAULT = (
    "Credential should be scoped with a valid terminator: 'aws4_request', not 'aws5_request'."
)
DATE_FAULT = (
    "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: "
    "{!r} != '20130609', from '20130609T095204Z'."
)
SERVICE_FAULT = "Credential should be scoped to correct service: {!r}."


def refused_scope(aws: Aws, path: str, credential: str, **headers: str) -> Any:
    """Send a request with this credential; return the status and the error."""
    signed = f"AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders=host, Signature=0"
    method = "POST" if path == "/" else "GET"
    return ask(
        method,
        f"{aws.endpoint_url}{path}",
        headers={"authorization": signed, **headers},
        body=b"{}" if path == "/" else b"",
    )


@pytest.mark.parametrize(
    ("headers", "credential", "message"),
    [
        (LIST_STREAMS, "k/20130609/c/kinesis/aws4_request", REGION_FAULT),
        (LIST_STREAMS, "k/20130609/us-east-1/sqs/aws4_request", SERVICE_FAULT.format("kinesis")),
        (LIST_STREAMS, "k/20130609/us-east-1/kinesis/aws5_request", TERMINATOR_FAULT),
        (LIST_STREAMS, "k/2013/us-east-1/kinesis/aws4_request", DATE_FAULT.format("2013")),
        (LIST_STREAMS, "k/20130610/us-east-1/kinesis/aws4_request", DATE_FAULT.format("20130610")),
        (
            LIST_TABLES,
            "a/b/c/d/aws5_request",
            " ".join(
                [
                    REGION_FAULT,
                    SERVICE_FAULT.format("dynamodb"),
                    TERMINATOR_FAULT,
                    DATE_FAULT.format("b"),
                ]
            ),
        ),
    ],
)
def test_the_scope_of_a_signature_must_be_that_of_the_request(
    local: Aws, headers: dict[str, str], credential: str, message: str
) -> None:
    """[KL] The error names all that is wrong."""
    answer = refused_scope(local, "/", credential, **headers, **{"x-amz-date": "20130609T095204Z"})
    assert answer.status == 400
    error = {name.lower(): value for name, value in answer.json().items()}
    assert error["__type"].rpartition("#")[2] == "InvalidSignatureException"
    assert error["message"] == message


def test_lambdas_paths_are_signed_for_lambda(local: Aws) -> None:
    """[KL]"""
    answer = refused_scope(local, FUNCTIONS_PATH, SCOPE.format("sqs"))
    assert answer.status == 403
    assert answer.headers["x-amzn-errortype"] == "InvalidSignatureException"
    assert answer.json() == {"Message": SERVICE_FAULT.format("lambda")}


@pytest.mark.parametrize(
    ("credential", "fault"),
    [
        (
            "k/us-east-1",
            'the Credential is mal-formed; expecting "&lt;YOUR-AKID&gt;/YYYYMMDD/REGION/SERVICE/'
            'aws4_request".',
        ),
        (
            "k/2013/us-east-1/s3/aws4_request",
            'incorrect date format "2013". This date in the credential must be in the format '
            '"yyyyMMdd".',
        ),
        (
            "k/20130610/us-east-1/s3/aws4_request",
            'Invalid credential date "20130610". This date is not the same as X-Amz-Date: '
            '"20130609".',
        ),
        (
            "k/20130609/mars-1/s3/aws4_request",
            "the region 'mars-1' is wrong; expecting 'us-east-1'",
        ),
        (
            "k/20130609/us-east-1/s3/aws5_request",
            'incorrect terminal "aws5_request". This endpoint uses "aws4_request".',
        ),
        (
            "/20130609/us-east-1/s3/aws4_request",
            "a non-empty Access Key (AKID) must be provided in the credential.",
        ),
    ],
)
def test_s3_names_the_first_fault_of_a_scope(local: Aws, credential: str, fault: str) -> None:
    """[SEEN] In a header or in a URL."""
    moment = "20130609T095204Z"
    in_header = refused_scope(local, "/bucket/key", credential, **{"x-amz-date": moment})
    query = urlencode(
        {
            "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
            "X-Amz-Credential": credential,
            "X-Amz-Date": moment,
            "X-Amz-SignedHeaders": "host",
            "X-Amz-Signature": "0",
        }
    )
    in_url = ask("GET", f"{local.endpoint_url}/bucket/key?{query}")
    assert (in_header.status, in_url.status) == (400, 400)
    for answer, code, begin in (
        (in_header, "AuthorizationHeaderMalformed", "The authorization header is malformed; "),
        (
            in_url,
            "AuthorizationQueryParametersError",
            "Error parsing the X-Amz-Credential parameter; ",
        ),
    ):
        error = f"<Code>{code}</Code><Message>{begin}{fault}</Message>"
        assert error in answer.data.decode()


@pytest.mark.parametrize(
    ("path", "service", "headers"),
    [
        ("/", "kinesis", LIST_STREAMS),
        ("/", "dynamodb", LIST_TABLES),
        (FUNCTIONS_PATH, "lambda", {}),
        ("/?Action=ListQueues", "sqs", {}),
        ("/", "s3", {}),
    ],
)
def test_any_well_formed_signature_is_accepted(
    local: Aws, path: str, service: str, headers: dict[str, str]
) -> None:
    """Whatever its key, date and signature are, and whether it says when it was made."""
    for credential in (SCOPE.format(service), SCOPE.format(service).replace("k/", "A-Key_1/")):
        for moment in ({}, {"x-amz-date": "20260101T235959Z"}):
            signed = f"AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders=host, Signature=f0"
            answer = ask(
                "POST" if headers else "GET",
                f"{local.endpoint_url}{path}",
                headers={"authorization": signed, **headers, **moment},
                body=b"{}" if headers else b"",
            )
            assert answer.status == 200, answer.data


def test_a_credential_without_a_key_is_unknown(local: Aws) -> None:
    """[SEEN] As one that does not exist."""
    answer = refused_scope(local, "/", SCOPE.format("kinesis").removeprefix("k"), **LIST_STREAMS)
    assert answer.status == 400
    assert answer.json() == {
        "__type": "UnrecognizedClientException",
        "message": "The security token included in the request is invalid.",
    }


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
    answer = ask("POST", f"{local.endpoint_url}/", headers=headers, body=body)
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
    put = ask("PUT", s3.generate_presigned_url("put_object", place), body=b"1")
    got = ask("GET", s3.generate_presigned_url("get_object", place))
    assert (put.status, got.status, got.data) == (200, 200, b"1")


def test_a_form_signed_for_s3_can_upload(local: Aws) -> None:
    s3 = local.client("s3")
    s3.create_bucket(Bucket="uploads")
    form = s3.generate_presigned_post("uploads", "one")
    fields = {**form["fields"], "file": ("one", b"1")}
    assert ask("POST", form["url"], fields=fields).status == 204
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
    answer = ask("PUT", s3.generate_presigned_url("put_object", place, ExpiresIn=-1))
    assert answer.status == 403
    assert b"<Code>AccessDenied</Code><Message>Request has expired</Message>" in answer.data


def test_a_form_is_signed_for_s3_only(local: Aws) -> None:
    """Other services do not know such forms."""
    answer = ask(
        "POST",
        f"{local.endpoint_url}/?Action=CreateQueue&QueueName=by-form",
        fields={"policy": "p", "x-amz-signature": "s"},
    )
    assert answer.status == 403
    assert b"<Code>MissingAuthenticationToken</Code>" in answer.data


def test_a_scope_ends_with_its_term(local: Aws) -> None:
    """[SEEN]"""
    query = signed_query(REGION, "sqs").replace("aws4_request", "aws5_request")
    answer = ask("GET", f"{local.endpoint_url}/?Action=ListQueues&{query}")
    assert answer.status == 403
    words = "Credential should be scoped with a valid terminator: 'aws4_request', not "
    assert words.encode() in answer.data.replace(b"&#x27;", b"'")


def test_a_query_of_sqs_may_be_signed_in_its_url(local: Aws) -> None:
    query = f"Action=CreateQueue&QueueName=by-query&{signed_query(REGION, 'sqs')}"
    assert ask("GET", f"{local.endpoint_url}/?{query}").status == 200
    urls = local.client("sqs").list_queues(QueueNamePrefix="by-query")["QueueUrls"]
    assert len(urls) == 1


def test_a_web_identity_needs_no_signature(local: Aws) -> None:
    """[BC] Its operation has the authentication "none": its token is sufficient."""
    answer = local.client("sts").assume_role_with_web_identity(
        RoleArn=create_role(local), RoleSessionName="web", WebIdentityToken="token"
    )
    assert answer["Credentials"]["AccessKeyId"].startswith("ASIA")
