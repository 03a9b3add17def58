"""Check that a request is signed. Any well-formed signature is accepted.

The secret behind a signature is not checked: everyone with an account here is its owner.
"""

import time
from datetime import UTC, datetime
from functools import cache

from workbook.localaws.api import json_rpc, protocols
from workbook.localaws.api.errors import ApiError
from workbook.localaws.api.http import Request, Response

SCHEMES = ("AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256")  # version 4, and 4A
TERMINATOR = "aws4_request"
NEEDED = ("Credential", "Signature", "SignedHeaders")
NO_TOKEN = "MissingAuthenticationToken"
INCOMPLETE, INVALID = "IncompleteSignature", "InvalidSignature"
QUERY_CODES = {INVALID: "SignatureDoesNotMatch"}  # in the query protocol
OPEN_TO_ALL = {"AssumeRoleWithWebIdentity", "AssumeRoleWithSAML"}  # by other tokens [BC]


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
        return _refused_scope(request, scheme, found["Credential"])
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
        refused = _refused_scope(request, query["x-amz-algorithm"], query["x-amz-credential"])
        return refused or _expired(request, _end(query))
    if {"awsaccesskeyid", "signature"} <= query.keys():  # version 2
        end = query.get("expires", "")
        return _expired(request, float(end) if end.isdecimal() else None)
    if _is_signed_form(request) or protocols.action(request) in OPEN_TO_ALL:
        return None
    return _error(request, NO_TOKEN, "Request is missing Authentication Token")


def _refused_scope(request: Request, scheme: str, credential: str) -> Response | None:
    """Refuse a signature whose place or time cannot be read, or whose region AWS does not have."""
    scope = credential.split("/")
    if len(scope) != (4 if scheme == SCHEMES[1] else 5):
        words = "Credential must have exactly 5 slash-delimited elements, e.g. "
        words += f"keyid/date/region/service/term, got {credential!r}"
        return _error(request, INCOMPLETE, words)
    if scope[-1] != TERMINATOR:
        words = f"Credential should be scoped with a valid terminator: {TERMINATOR!r}, "
        return _error(request, INVALID, f"{words}not {scope[-1]!r}.")
    if request.region in _regions():
        return None
    words = f"Credential should be scoped to a valid region, not '{request.region}'."
    return _error(request, INVALID, words)


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
