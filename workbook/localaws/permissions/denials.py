"""What AWS says to those who may not [SEEN], in the form of each protocol."""

import uuid
from dataclasses import dataclass
from xml.sax.saxutils import escape

import orjson

from workbook.localaws.api.http import Request, Response
from workbook.localaws.permissions.actions import Access
from workbook.localaws.permissions.evaluator import Decision

FORBIDDEN = 403
INVALID_TOKEN = "The security token included in the request is invalid."  # [SEEN]
JSON, REST_JSON, QUERY, EC2, REST_XML = "json", "rest-json", "query", "ec2", "rest-xml"
CBOR = "smithy-rpc-v2-cbor"
# Services whose messages leave out the resource of an action that has none.
_WITHOUT_STAR = {"cloudwatch", "s3"}


@dataclass(frozen=True, slots=True)
class Denial:
    """A refused request.

    Args:
        principal_arn: who asked.
        access: for what.
        decision: why it is refused.
    """

    principal_arn: str
    access: Access
    decision: Decision

    @property
    def message(self) -> str:
        """AWS's words."""
        service, _, name = self.access.action.partition(":")
        action = self.access.action
        if service == "sqs":
            action = action.lower()
        elif service == "sns":
            action = f"SNS:{name}"
        resource = self.access.shown or self.access.resource
        is_left_out = resource is None or (resource == "*" and service in _WITHOUT_STAR)
        place = "" if is_left_out else f" on resource: {resource}"
        kind = self.decision.denied_by
        if self.access.action == "sts:AssumeRole" and not self.decision.is_explicit:
            return f"User: {self.principal_arn} is not authorized to perform: {action}{place}"
        if self.decision.is_explicit:
            article = "an" if kind and kind[0] in "aeiou" else "a"
            reason = f"with an explicit deny in {article} {kind}"
        else:
            reason = f"because no {kind} allows the {action} action"
        return f"User: {self.principal_arn} is not authorized to perform: {action}{place} {reason}"


def respond(denial: Denial, service: str, protocol: str, request: Request) -> Response:
    """Return the answer to a refused request.

    Args:
        denial: why.
        service: botocore's name of the service that was called.
        protocol: botocore's name of the protocol in which it was called.
        request: the call.
    """
    return error(service, protocol, request, _code(service, protocol), denial.message)


def error(service: str, protocol: str, request: Request, code: str, message: str) -> Response:
    """Return an error as a service words it; for the arguments see ``respond``."""
    identity = str(uuid.uuid4())
    if protocol == REST_XML:
        headers = {"content-type": "application/xml", "x-amz-request-id": identity}
        body = b"" if request.method == "HEAD" else _s3_error(code, message, identity)
        return Response(FORBIDDEN, headers, body)
    headers = {"x-amzn-requestid": identity}
    if protocol in (QUERY, EC2):
        text = _xml_error(code, message, identity, is_ec2=protocol == EC2)
        return Response(FORBIDDEN, {**headers, "content-type": "text/xml"}, text)
    if protocol == REST_JSON:
        headers |= {"content-type": "application/json", "x-amzn-errortype": code}
        return Response(FORBIDDEN, headers, orjson.dumps({"Message": message}))
    version = request.headers.get("content-type", "application/x-amz-json-1.1")
    status = 400
    if service in ("sqs", "cloudwatch"):  # that once spoke the query protocol, with its names
        headers["x-amzn-query-error"] = f"{code};Sender"
        status = FORBIDDEN
    if protocol == CBOR:
        from cbor2 import dumps  # late: few clients speak it

        headers |= {"content-type": "application/cbor", "smithy-protocol": "rpc-v2-cbor"}
        return Response(status, headers, dumps({"__type": code, "message": message}))
    shape = f"com.amazon.coral.service#{code}" if version.endswith("1.0") else code
    answer = {"__type": shape, "Message" if service == "dynamodb" else "message": message}
    return Response(status, {**headers, "content-type": version}, orjson.dumps(answer))


def _code(service: str, protocol: str) -> str:
    """AWS's name of the error, which services and protocols give names of their own."""
    if service == "sns":
        return "AuthorizationError"
    if protocol == EC2:
        return "UnauthorizedOperation"
    if protocol in (QUERY, REST_XML) or service in ("sqs", "cloudwatch"):
        return "AccessDenied"
    return "AccessDeniedException"


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
