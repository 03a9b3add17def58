"""Every AWS service that the local AWS does not model itself: moto, on a thread of its own.

moto is not safe for concurrent calls: four clients at once lose records.  So all that enters it,
requests and direct calls alike, goes through one worker thread, one at a time.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from typing import Any, ParamSpec, TypeVar

import orjson

from workbook.localaws.api.http import Request, Response

LONG_POLL_SECONDS = 0.1  # between two looks into a queue that somebody waits for

P = ParamSpec("P")
T = TypeVar("T")


class Worker:
    """moto's WSGI application and backends, on their thread.

    Make it on the loop that its callers run on.
    """

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="moto")
        self._loop = asyncio.get_running_loop()
        self._starting: asyncio.Future[None] | None = None
        self._application: Any = None
        self._before: dict[str, list[Callable[[], None]]] = defaultdict(list)

    def start(self, prepare: Callable[[], None]) -> None:
        """Have the thread begin with ``prepare``; calls wait until it is done.

        If it fails, they fail with its error.
        """
        self._starting = self._loop.run_in_executor(self._thread, prepare)

    def before(self, service: str, prepare: Callable[[], None]) -> None:
        """Have ``prepare`` run on the thread before the first request to a service.

        For what takes seconds to import and most sessions never need.
        """
        self._before[service].append(prepare)

    async def call(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run ``function`` on moto's thread; for code on the loop that needs moto's state."""
        if self._starting is not None:
            await asyncio.shield(self._starting)  # one caller that gives up must not stop it
        return await self._loop.run_in_executor(self._thread, partial(function, *args, **kwargs))

    def on_loop(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Run ``coroutine`` on the loop and wait; for our backends, called on moto's thread."""
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result()

    async def respond(self, request: Request) -> Response:
        """Answer a request as moto's server does."""
        if request.target == "AmazonSQS.ReceiveMessage":
            return await self._receive_messages(request)
        return await self.call(self._respond, request)

    async def _receive_messages(self, request: Request) -> Response:
        """Long polling [BC]: moto would sleep on its thread, and nothing else be answered."""
        parameters = orjson.loads(request.body)
        deadline = self._loop.time() + float(parameters.get("WaitTimeSeconds") or 0)
        body = orjson.dumps(parameters | {"WaitTimeSeconds": 0})
        while True:
            response = await self.call(self._respond, replace(request, body=body))
            found = response.status != 200 or orjson.loads(response.body).get("Messages")
            if found or self._loop.time() >= deadline:
                return response
            await asyncio.sleep(LONG_POLL_SECONDS)

    def _respond(self, request: Request) -> Response:
        for prepare in self._before.pop(request.service, []):
            prepare()
        if self._application is None:
            from moto.moto_server.werkzeug_app import (
                DomainDispatcherApplication,
                create_backend_app,
            )

            self._application = DomainDispatcherApplication(create_backend_app)
        from werkzeug.test import EnvironBuilder, run_wsgi_app

        builder = EnvironBuilder(
            path=request.path,
            query_string=request.query,
            method=request.method,
            headers=list(request.headers.items()),
            data=request.body,
        )
        parts, status, headers = run_wsgi_app(
            self._application, builder.get_environ(), buffered=True
        )
        return Response(int(status.split(" ", 1)[0]), dict(headers), b"".join(parts))

    def close(self) -> None:
        """Let the call under way end, and take no more."""
        self._thread.shutdown(wait=False, cancel_futures=True)
