"""Check that a request is signed. Any well-formed signature is accepted.

The secret behind a signature is not checked: everyone with an account here is its owner. A scope
that no client of the service would form is refused: other services name all that is wrong [KL], S3
the first thing [SEEN].
"""

import re
import time
from datetime import UTC, datetime
from functools import cache
from typing import NamedTuple

from workbook.localaws.api import json_rpc, model, protocols
from workbook.localaws.api.errors import ApiError
from workbook.localaws.api.http import DEFAULT_REGION, Request, Response

SCHEMES = ("AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256")  # version 4, and 4A
TERMINATOR = "aws4_request"
NEEDED = ("Credential", "Signature", "SignedHeaders")
NO_TOKEN = "MissingAuthenticationToken"
INCOMPLETE, INVALID, UNKNOWN = "IncompleteSignature", "InvalidSignature", "UnrecognizedClient"
# In the query protocol.
QUERY_CODES = {INVALID: "SignatureDoesNotMatch", UNKNOWN: "InvalidClientTokenId"}
OPEN_TO_ALL = {"AssumeRoleWithWebIdentity", "AssumeRoleWithSAML"}  # by other tokens [BC]
# What requests with these prefixes of X-Amz-Target are signed for [BC].
SIGNED_FOR = {
    "AWSEvents": "events",
    "AmazonSQS": "sqs",
    "DynamoDB_20120810": "dynamodb",
    "Firehose_20150804": "firehose",
    "GraniteServiceVersion20100801": "monitoring",
    "Kinesis_20131202": "kinesis",
    "Logs_20140328": "logs",
}
DATE = re.compile(r"\d{8}", re.ASCII)
BAD_REQUEST = 400


class Scope(NamedTuple):
    """The parts of a credential: who signed a request, when, and for what."""

    key: str
    date: str
    region: str
    service: str
    terminator: str


def refusal(request: Request) -> Response | None:
    """Return AWS's refusal of an unsigned request; None if the request is signed."""
    header = request.headers.get("authorization", "")
    scheme, _, rest = header.partition(" ")
    if scheme in SCHEMES:
        found = dict(part.strip().partition("=")[::2] for part in rest.split(","))
        missing = [name for name in NEEDED if not found.get(name)]
        if missing:
            needs = [f"Authorization header requires {name!r} parameter." for name in missing]
            words = f"{' '.join(needs)} Authorization={header}"
            return _error(request, INCOMPLETE, words)
        moment = request.headers.get("x-amz-date", "")
        return _refused_scope(request, scheme, found["Credential"], moment)
    if scheme == "AWS" and ":" in rest:  # version 2, which old clients of S3 speak
        return None
    query = {name.lower(): value for name, value in request.parameters.items() if value}
    if query.keys() & {f"x-amz-{name}".lower() for name in ("Algorithm", *NEEDED)}:
        names = [f"X-Amz-{name}" for name in ("Algorithm", *NEEDED)]
        missing = [name for name in names if name.lower() not in query]
        if missing:
            needs = [f"AWS query-string parameters must include {name!r}." for name in missing]
            words = f"{' '.join(needs)} Re-examine the query-string parameters."
            return _error(request, INCOMPLETE, words)
        scheme, moment = query["x-amz-algorithm"], query.get("x-amz-date", "")
        refused = _refused_scope(request, scheme, query["x-amz-credential"], moment)
        return refused or _expired(request, _end(query))
    if {"awsaccesskeyid", "signature"} <= query.keys():  # version 2
        end = query.get("expires", "")
        return _expired(request, float(end) if end.isdecimal() else None)
    if _is_signed_form(request) or protocols.action(request) in OPEN_TO_ALL:
        return None
    return _error(request, NO_TOKEN, "Request is missing Authentication Token")


def _refused_scope(request: Request, scheme: str, credential: str, moment: str) -> Response | None:
    """Refuse a credential that names nobody, or whose scope is not that of the request.

    Args:
        request: the request.
        scheme: the version of the signature; 4A has no region in its scope.
        credential: what the signature gives as its credential.
        moment: when the request was signed, as it says, in ISO 8601; empty if it does not say.
    """
    parts = credential.split("/")
    if scheme == SCHEMES[1]:
        parts.insert(2, request.region)
    is_s3 = request.service in ("", "s3") and protocols.called(request)[1] == protocols.REST_XML
    if len(parts) != len(Scope._fields):
        if is_s3:
            words = 'the Credential is mal-formed; expecting "<YOUR-AKID>/YYYYMMDD/REGION/SERVICE'
            return _malformed(request, f'{words}/{TERMINATOR}".')
        words = "Credential must have exactly 5 slash-delimited elements, e.g. "
        words += f"keyid/date/region/service/term, got {credential!r}"
        return _error(request, INCOMPLETE, words)
    scope = Scope(*parts)
    faults = _s3_faults(scope, moment) if is_s3 else _faults(request, scope, moment)
    if faults and is_s3:
        return _malformed(request, faults[0])
    if faults:
        return _error(request, INVALID, " ".join(faults))
    if not scope.key:
        return _error(request, UNKNOWN, "The security token included in the request is invalid.")
    return None


def _faults(request: Request, scope: Scope, moment: str) -> list[str]:
    """Return what is wrong with a scope, in the order and words of AWS [KL]."""
    faults = []
    if scope.region not in _regions():
        faults.append(f"Credential should be scoped to a valid region, not {scope.region!r}.")
    right = _signed_for(request, scope.service)
    if scope.service != right:
        faults.append(f"Credential should be scoped to correct service: {right!r}.")
    if scope.terminator != TERMINATOR:
        words = f"Credential should be scoped with a valid terminator: {TERMINATOR!r}, "
        faults.append(f"{words}not {scope.terminator!r}.")
    if not _is_date(scope.date, moment):
        words = "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date "
        day = moment.partition("T")[0]
        faults.append(f"{words}from HTTP: {scope.date!r} != {day!r}, from {moment!r}.")
    return faults


def _s3_faults(scope: Scope, moment: str) -> list[str]:
    """Return what is wrong with a scope, in the words of S3 [SEEN]."""
    faults = []
    if not scope.key:
        faults.append("a non-empty Access Key (AKID) must be provided in the credential.")
    if not DATE.fullmatch(scope.date):
        words = f'incorrect date format "{scope.date}". This date in the credential must be in the '
        faults.append(f'{words}format "yyyyMMdd".')
    elif not _is_date(scope.date, moment):
        words = f'Invalid credential date "{scope.date}". This date is not the same as X-Amz-Date: '
        faults.append(f'{words}"{moment.partition("T")[0]}".')
    if scope.region not in _regions():
        faults.append(f"the region {scope.region!r} is wrong; expecting {DEFAULT_REGION!r}")
    if scope.terminator != TERMINATOR:
        words = f'incorrect terminal "{scope.terminator}". This endpoint uses "{TERMINATOR}".'
        faults.append(words)
    return faults


def _is_date(date: str, moment: str) -> bool:
    """Return whether a scope's date is one, and that of the request, if the request has one."""
    return bool(DATE.fullmatch(date)) and moment[:8] in ("", date)


def _signed_for(request: Request, service: str) -> str:
    """Return the service for which a request must be signed; any, if its form does not tell."""
    prefix = request.target.rpartition(".")[0]
    if prefix in SIGNED_FOR:
        return SIGNED_FOR[prefix]
    is_lambdas = not request.target and service != "s3" and model.lambda_().operation(request)
    return "lambda" if is_lambdas else service


def _malformed(request: Request, words: str) -> Response:
    """Return S3's refusal of a credential, which is in a header or in the query."""
    if "authorization" in request.headers:
        code, begin = "AuthorizationHeaderMalformed", "The authorization header is malformed; "
    else:
        code = "AuthorizationQueryParametersError"
        begin = "Error parsing the X-Amz-Credential parameter; "
    return protocols.error("s3", protocols.REST_XML, request, code, f"{begin}{words}", BAD_REQUEST)


def _end(query: dict[str, str]) -> float | None:
    """Return when a URL expires, in seconds since the epoch; None if it does not say."""
    try:
        begin = datetime.strptime(query.get("x-amz-date", ""), "%Y%m%dT%H%M%SZ")
        return begin.replace(tzinfo=UTC).timestamp() + int(query.get("x-amz-expires", ""))
    except ValueError:
        return None


def _expired(request: Request, end: float | None) -> Response | None:
    """Refuse an expired presigned URL of S3 [SEEN]; clients sign by real time."""
    service, protocol, _ = protocols.called(request)
    if service != "s3" or end is None or time.time() <= end:
        return None
    return protocols.error(service, protocol, request, "AccessDenied", "Request has expired")


@cache
def _regions() -> frozenset[str]:
    """Return AWS's regions [BC]."""
    from botocore.loaders import Loader  # late: only a process that serves requests needs this

    partitions = Loader().load_data("partitions")["partitions"]
    return frozenset(region for one in partitions for region in one["regions"])


def _is_signed_form(request: Request) -> bool:
    """Return whether a request is a form for uploading to S3; no other service has such forms."""
    if request.method != "POST" or protocols.called(request)[0] != "s3":
        return False
    is_form = request.headers.get("content-type", "").startswith("multipart/form-data")
    return is_form and b'name="policy"' in request.body and b"signature" in request.body.lower()


def _error(request: Request, code: str, message: str) -> Response:
    """Return an error in the format of the service called [KL, SEEN].

    REST calls of Lambda [?] and of S3 have their own formats.
    """
    service, protocol, _ = protocols.called(request)
    is_missing = code == NO_TOKEN
    is_json_1_0 = request.headers.get("content-type", "").endswith("1.0")
    if is_missing and protocol != protocols.QUERY and not is_json_1_0:
        message = "Missing Authentication Token"
    if protocol in (protocols.JSON, protocols.CBOR, protocols.REST_JSON):
        if service == "kinesis":
            problem = ApiError(f"{code}Exception", message)
            return json_rpc.error(json_rpc.format_of(request), problem)
        is_old = service in ("sqs", "cloudwatch")  # those keep the query protocol's names
        code = QUERY_CODES.get(code, code) if is_old else f"{code}Exception"
    elif protocol == protocols.REST_XML and is_missing:
        code, message = "AccessDenied", "Access Denied"
    else:
        code = QUERY_CODES.get(code, code)
    return protocols.error(service, protocol, request, code, message)
