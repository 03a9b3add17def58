"""Run moto, with every AWS service that the local AWS does not implement itself, on one thread.

moto is not safe for concurrent calls: four clients at once lose records. So every call into it,
requests and direct calls alike, runs on one worker thread, one at a time.
"""

import asyncio
import logging
import os
import re
from collections import defaultdict
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from typing import Any, ParamSpec, TypeVar

import orjson

from workbook.localaws.api import protocols
from workbook.localaws.api.http import Request, Response, authorization
from workbook.localaws.moto import faults

LONG_POLL_SECONDS = 0.1  # between checks of a queue during a long poll
MOST_CHECKS = 100  # a second, of all long polls together: each takes about a millisecond
MOST_SECONDS = 20  # of a long poll [BC]
NOT_SUPPORTED = {  # which moto would store, but which would never do anything
    "aoss": "OpenSearch Serverless",
    "apigateway": "API Gateway",
    "appflow": "AppFlow",
    "athena": "Athena",
    "datasync": "DataSync",
    "dms": "Database Migration Service",
    "elasticmapreduce": "EMR",
    "emr-containers": "EMR on EKS",
    "emr-serverless": "EMR Serverless",
    "es": "OpenSearch Service",
    "iot": "IoT Core",
    "iotdata": "IoT Core",
    "kafka": "Managed Streaming for Apache Kafka",
    "kafkaconnect": "MSK Connect",
    "kinesisanalytics": "Managed Service for Apache Flink",
    "kinesisvideo": "Kinesis Video Streams",
    "mq": "Amazon MQ",
    "osis": "OpenSearch Ingestion",
    "pipes": "EventBridge Pipes",
    "redshift": "Redshift",
    "redshift-data": "Redshift",
    "redshift-serverless": "Redshift",
    "s3tables": "S3 Tables",
    "scheduler": "EventBridge Scheduler",
    "timestream": "Timestream",
    "timestream-influxdb": "Timestream",
}
GLUE_RUNS = re.compile(  # operations of Glue beyond the Data Catalog
    r"\.\w*(Job|Crawler|Trigger|Workflow|DevEndpoint|Session|Statement|Blueprint|MLT|Integration)"
)
INSTEAD = {"athena": "query the files with DuckDB, as in notebook 14"}
FLASKS_PAGE = b"<!doctype html>"  # Flask's own, if moto lacks the operation

log = logging.getLogger(__name__)

P = ParamSpec("P")
T = TypeVar("T")


class Worker:
    """moto's WSGI application and backends, on their thread.

    Create it on the event loop of its callers.
    """

    def __init__(self) -> None:
        # moto's list of regions is older than botocore's; requests are checked before they get
        # here.
        os.environ["MOTO_ALLOW_NONEXISTENT_REGION"] = "true"
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="moto")
        self._loop = asyncio.get_running_loop()
        self._starting: asyncio.Future[None] | None = None
        self._application: Any = None
        self._before: dict[str, list[Callable[[], None]]] = defaultdict(list)
        self._publications: list[Callable[[], None]] = []
        self._polls = 0  # long polls in progress

    def start(self, prepare: Callable[[], None]) -> None:
        """Run ``prepare`` on the thread first; calls wait until it is done.

        If it fails, the calls raise its exception.
        """
        self._starting = self._loop.run_in_executor(self._thread, prepare)

    def before(self, service: str, prepare: Callable[[], None]) -> None:
        """Run ``prepare`` on the thread before the first request to a service.

        This is for code that takes seconds to import and that most sessions never need.
        """
        self._before[service].append(prepare)

    async def call(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run ``function`` on moto's thread; for code on the event loop that needs moto's state."""
        if self._starting is not None:
            await asyncio.shield(self._starting)  # a cancelled caller must not stop it

        def run() -> T:
            try:
                return function(*args, **kwargs)
            finally:
                self._publish()

        return await self._loop.run_in_executor(self._thread, run)

    def on_loop(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Run ``coroutine`` on the event loop and wait; for our backends, on moto's thread."""
        self._publish()
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result()

    def soon(self, function: Callable[P, object], *args: P.args, **kwargs: P.kwargs) -> None:
        """Run ``function`` on the event loop, without waiting; for our backends, on moto's thread.

        What one call of moto asks for so runs in that order, before its caller continues.
        """
        self._loop.call_soon_threadsafe(partial(function, *args, **kwargs))

    def publishes(self, publish: Callable[[], None]) -> None:
        """Run ``publish`` on the thread whenever its changes may become visible to others."""
        self._publications.append(publish)

    def _publish(self) -> None:
        for publish in self._publications:
            try:
                publish()
            except Exception:  # one request's leftovers must not break all others
                log.exception("cannot publish moto's state")

    async def respond(self, request: Request) -> Response:
        """Respond to a request as moto's server does."""
        if request.target == "AmazonSQS.ReceiveMessage":
            return await self._receive_messages(request)
        return await self.call(self._respond, request)

    async def _receive_messages(self, request: Request) -> Response:
        """Implement long polling [BC]: moto would sleep on its thread and block all other requests.

        A client that has disconnected receives no message, which would stay invisible for a while.
        """
        try:
            parameters = orjson.loads(request.body)
            seconds = parameters.get("WaitTimeSeconds") or 0
        except (orjson.JSONDecodeError, AttributeError):
            return await self.call(self._respond, request)
        if not isinstance(seconds, int) or not 0 <= seconds <= MOST_SECONDS:
            return await self.call(self._respond, request)  # moto has SQS' error for that
        deadline = self._loop.time() + seconds
        once = replace(request, body=orjson.dumps(parameters | {"WaitTimeSeconds": 0}))
        leaving = request.disconnected or asyncio.Event().wait
        gone = asyncio.ensure_future(leaving())
        self._polls += 1
        try:
            while True:
                response = await self.call(self._respond, once)
                found = response.status != 200 or orjson.loads(response.body).get("Messages")
                if found or self._loop.time() >= deadline:
                    return response
                pause = max(LONG_POLL_SECONDS, self._polls / MOST_CHECKS)
                await asyncio.wait([gone], timeout=min(pause, deadline - self._loop.time()))
                if gone.done():
                    return response
        finally:
            self._polls -= 1
            gone.cancel()

    def _respond(self, request: Request) -> Response:
        for prepare in self._before.pop(request.service, []):
            prepare()
        if request.service in NOT_SUPPORTED:
            service = request.service
            return faults.no_service(request, NOT_SUPPORTED[service], INSTEAD.get(service))
        if request.service == "glue" and GLUE_RUNS.search(request.target):
            return faults.no_service(request, "Glue beyond its Data Catalog")
        if self._application is None:
            from moto.moto_server.werkzeug_app import (
                DomainDispatcherApplication,
                create_backend_app,
            )

            self._application = DomainDispatcherApplication(create_backend_app)
        from werkzeug.test import EnvironBuilder, run_wsgi_app

        headers = dict(request.headers)
        if request.service and "authorization" not in headers:  # moto ignores the scope in a URL,
            headers["authorization"] = authorization(request.region, request.service)
        is_query = request.service not in ("", "s3") and protocols.action(request)
        if is_query and not request.body:  # and reads parameters only from a form
            headers["content-type"] = protocols.FORM
            request = replace(request, method="POST", query="", body=request.query.encode())
        builder = EnvironBuilder(
            path=request.path,
            query_string=request.query,
            method=request.method,
            headers=list(headers.items()),
            data=request.body,
            content_length=len(request.body),  # S3 requires it even of an empty body
        )
        try:
            parts, status, answered = run_wsgi_app(
                self._application, builder.get_environ(), buffered=True
            )
        except Exception as fault:
            return faults.answer(request, fault)
        body = b"".join(parts)
        is_empty = not body and status.startswith("404") and request.method != "HEAD"
        if is_empty or body.startswith(FLASKS_PAGE):
            return faults.no_operation(request)
        kept = {
            name: value
            for name, value in answered.items()
            if not name.lower().startswith("access-control-")  # web pages may not read it
        }
        return Response(int(status.split(" ", 1)[0]), kept, body)

    def close(self) -> None:
        """Finish the present call, and accept no more."""
        self._thread.shutdown(wait=False, cancel_futures=True)
