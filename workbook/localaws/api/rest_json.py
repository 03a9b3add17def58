"""Responses of REST APIs that use JSON, as Lambda's does."""

from collections.abc import Mapping
from typing import Any

import orjson

from workbook.localaws.api import http
from workbook.localaws.api.errors import ApiError
from workbook.localaws.api.http import Response

JSON = "application/json"


def answer(status: int, body: Mapping[str, Any]) -> Response:
    """Return a JSON response."""
    return Response(status, headers(), orjson.dumps(body))


def no_content() -> Response:
    """Return the response of an operation without output: status 204, no body."""
    return Response(204, {"x-amzn-requestid": headers()["x-amzn-requestid"]})


def error(problem: ApiError) -> Response:
    """Return an error response as Lambda does [OBS].

    The key is ``Message`` in its 404s, otherwise ``message``; a ValidationException has no
    ``Type``.
    """
    name = "Message" if problem.status == 404 else "message"
    body = {**problem.fields, name: problem.message}
    if problem.code != "ValidationException":
        body["Type"] = "User"
    return Response(
        problem.status, {**headers(), "x-amzn-errortype": problem.code}, orjson.dumps(body)
    )


def headers() -> dict[str, str]:
    """Return the headers of every response with a body."""
    return http.headers(JSON)
