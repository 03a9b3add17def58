"""Receive the responses of custom resources, at the ResponseURL of each request."""

import asyncio
import json
import logging
from typing import Any
from urllib.parse import quote, urlencode

from workbook.localaws.api.http import Request, Response

PREFIX = "cloudformation-custom-resource-response-"
MAX_BYTES = 4096
log = logging.getLogger(__name__)


class Answers:
    """The requests to custom resources that await a response.

    Args:
        endpoint_url: the local AWS's address, for functions.
    """

    def __init__(self, endpoint_url: str) -> None:
        self._endpoint_url = endpoint_url
        self._expected: dict[str, asyncio.Future[dict[str, Any]]] = {}

    def expect(
        self, stack_id: str, logical_id: str, identity: str
    ) -> tuple[str, "asyncio.Future[dict[str, Any]]"]:
        """Return the URL for a response, and a future for the response."""
        answer: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._expected[identity] = answer
        bucket = PREFIX + stack_id.split(":")[3].replace("-", "")
        key = quote(f"{stack_id}|{logical_id}|{identity}", safe="")
        signed = urlencode({"X-Amz-Algorithm": "AWS4-HMAC-SHA256", "X-Amz-Expires": "7200"})
        return f"{self._endpoint_url}/{bucket}/{key}?{signed}", answer

    def forget(self, identity: str) -> None:
        """Stop accepting a response to a request."""
        self._expected.pop(identity, None)

    @staticmethod
    def is_for(request: Request) -> bool:
        """Return whether a request is such a response."""
        return request.method == "PUT" and request.path.startswith(f"/{PREFIX}")

    def take(self, request: Request) -> Response:
        """Accept a response, as S3 accepts an object."""
        identity = request.segments[-1].rpartition("|")[2]
        expected = self._expected.get(identity)
        if expected is None or expected.done():
            return Response(200)  # S3 accepts any object
        try:
            answer = json.loads(request.body)
            if not isinstance(answer, dict):
                raise ValueError("not an object")
        except ValueError as problem:
            log.warning("A custom resource's response is not a JSON object: %s", problem)
            answer = {"Status": "FAILED", "Reason": "Response is not valid JSON"}
        if len(request.body) > MAX_BYTES:
            answer = {
                "Status": "FAILED",
                "Reason": f"Response object is too long. Its length is {len(request.body)} bytes; "
                f"the most is {MAX_BYTES}",
            }
        expected.set_result(answer)
        return Response(200)
