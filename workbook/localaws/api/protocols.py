"""Find what a request calls from its headers and path, and format errors in its protocol."""

import logging
import uuid
from urllib.parse import parse_qsl
from xml.sax.saxutils import escape

import orjson

from workbook.localaws.api import model
from workbook.localaws.api.http import Request, Response

FORBIDDEN = 403
INTERNAL = 500
TOO_LARGE = 413
JSON, REST_JSON, QUERY, EC2, REST_XML = "json", "rest-json", "query", "ec2", "rest-xml"
CBOR = "smithy-rpc-v2-cbor"
FORM = "application/x-www-form-urlencoded"
# Prefixes of X-Amz-Target for services whose errors have their own format.
TARGETS = {
    "Kinesis_20131202": "kinesis",
    "DynamoDB_20120810": "dynamodb",
    "AmazonSQS": "sqs",
    "GraniteServiceVersion20100801": "cloudwatch",
}
log = logging.getLogger(__name__)


def called(request: Request) -> tuple[str, str, str]:
    """Return a request's service, protocol and operation; the service is empty if it is unknown.

    This reads only what every request has, so it also works for requests that cannot be read.
    """
    if request.target:
        prefix, _, operation = request.target.rpartition(".")
        return TARGETS.get(prefix, request.service), JSON, operation
    if request.headers.get("smithy-protocol"):
        return request.service, CBOR, request.path.rpartition("/")[2]
    operation = model.lambda_().operation(request) or ""
    if operation and request.service != "s3":  # whose buckets may have such names
        return "lambda", REST_JSON, operation
    operation = action(request)
    if operation:
        return request.service, QUERY, operation
    return "s3", REST_XML, f"{request.method} {request.path}"


def action(request: Request) -> str:
    """Return the operation named in a call of the query protocol; empty if there is none."""
    pairs = parse_qsl(request.query)
    if request.headers.get("content-type", "").startswith(FORM):
        pairs += parse_qsl(request.body.decode("utf-8", "replace"))
    return next((value for name, value in pairs if name == "Action"), "")


def fault(request: Request, reason: BaseException) -> Response:
    """Return the response to a fault of the local AWS; write the reason to standard error."""
    service, protocol, operation = called(request)
    log.error("%s failed", operation, exc_info=reason)
    message = f"The local AWS failed at {operation}: {reason!r}"
    code = {REST_JSON: "ServiceException", REST_XML: "InternalError"}.get(
        protocol, "InternalFailure"
    )
    return error(service, protocol, request, code, message, INTERNAL)


def too_large(request: Request, most: int) -> Response:
    """Return the response to a request whose body is larger than any operation accepts."""
    service, protocol, operation = called(request)
    code = "EntityTooLarge" if protocol == REST_XML else "RequestEntityTooLargeException"
    message = f"Request must be smaller than {most} bytes for the {operation} operation"
    return error(service, protocol, request, code, message, TOO_LARGE)


def error(
    service: str, protocol: str, request: Request, code: str, message: str, status: int = 0
) -> Response:
    """Return an error in the format of a service.

    Args:
        service: botocore's name of the service called.
        protocol: botocore's name of the protocol used.
        request: the request.
        code: the error code.
        message: the error message, in AWS's words.
        status: the HTTP status; by default, the one for a refused request.
    """
    identity = str(uuid.uuid4())
    if protocol == REST_XML:
        headers = {"content-type": "application/xml", "x-amz-request-id": identity}
        body = b"" if request.method == "HEAD" else _s3_error(code, message, identity)
        return Response(status or FORBIDDEN, headers, body)
    headers = {"x-amzn-requestid": identity}
    if protocol in (QUERY, EC2):
        text = _xml_error(code, message, identity, is_ec2=protocol == EC2)
        return Response(status or FORBIDDEN, {**headers, "content-type": "text/xml"}, text)
    if protocol == REST_JSON:
        headers |= {"content-type": "application/json", "x-amzn-errortype": code}
        return Response(status or FORBIDDEN, headers, orjson.dumps({"Message": message}))
    version = request.headers.get("content-type", "application/x-amz-json-1.1")
    usual = 400
    if service in ("sqs", "cloudwatch"):  # they keep the error names of the query protocol
        headers["x-amzn-query-error"] = f"{code};Sender"
        usual = FORBIDDEN
    if protocol == CBOR:
        from cbor2 import dumps  # late: few clients use it

        headers |= {"content-type": "application/cbor", "smithy-protocol": "rpc-v2-cbor"}
        return Response(status or usual, headers, dumps({"__type": code, "message": message}))
    shape = f"com.amazon.coral.service#{code}" if version.endswith("1.0") else code
    answer = {"__type": shape, "Message" if service == "dynamodb" else "message": message}
    return Response(status or usual, {**headers, "content-type": version}, orjson.dumps(answer))


def _s3_error(code: str, message: str, identity: str) -> bytes:
    text = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f"<Error><Code>{code}</Code><Message>{escape(message)}</Message>"
        f"<RequestId>{identity}</RequestId><HostId>{identity}</HostId></Error>"
    )
    return text.encode()


def _xml_error(code: str, message: str, identity: str, *, is_ec2: bool) -> bytes:
    inner = f"<Code>{code}</Code><Message>{escape(message)}</Message>"
    if is_ec2:
        text = f"<Response><Errors><Error>{inner}</Error></Errors>"
        return f"{text}<RequestID>{identity}</RequestID></Response>".encode()
    text = f"<ErrorResponse><Error><Type>Sender</Type>{inner}</Error>"
    return f"{text}<RequestId>{identity}</RequestId></ErrorResponse>".encode()
