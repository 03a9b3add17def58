"""AWS's messages for denied calls [SEEN], in the format of each protocol."""

from dataclasses import dataclass

from workbook.localaws.api.http import Request, Response
from workbook.localaws.api.protocols import EC2, QUERY, REST_XML, error
from workbook.localaws.permissions.actions import Access
from workbook.localaws.permissions.evaluator import Decision

INVALID_TOKEN = "The security token included in the request is invalid."  # [SEEN]
# Services whose messages omit the resource if the action has none.
_WITHOUT_STAR = {"cloudwatch", "s3"}


@dataclass(frozen=True, slots=True)
class Denial:
    """A denied request.

    Args:
        principal_arn: the caller's ARN.
        access: the denied access.
        decision: why it was denied.
    """

    principal_arn: str
    access: Access
    decision: Decision

    @property
    def message(self) -> str:
        """Return AWS's message."""
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
    """Return the response to a denied request.

    Args:
        denial: the denial.
        service: botocore's name of the service called.
        protocol: botocore's name of the protocol used.
        request: the request.
    """
    return error(service, protocol, request, _code(service, protocol), denial.message)


def _code(service: str, protocol: str) -> str:
    """Return the error's code, which differs between services and protocols."""
    if service == "sns":
        return "AuthorizationError"
    if protocol == EC2:
        return "UnauthorizedOperation"
    if protocol in (QUERY, REST_XML) or service in ("sqs", "cloudwatch"):
        return "AccessDenied"
    return "AccessDeniedException"
