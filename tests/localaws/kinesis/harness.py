"""A Kinesis in this process, whose time stands still until a test lets it pass."""

import asyncio
import base64
from collections.abc import Coroutine
from types import TracebackType
from typing import Any, Self, TypeVar

import orjson

from tests.localaws.fakes import ACCOUNT, BEGIN, REGION, FakeMetrics, HandClock
from workbook.localaws.api.http import Request, Response
from workbook.localaws.interfaces import StreamSource
from workbook.localaws.kinesis.service import KinesisService

T = TypeVar("T")


class AwsError(Exception):
    """An error response of the API."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.status, self.code, self.message = status, code, message


class Kinesis:
    """The service behind its HTTP requests; use it in ``with``.

    ``kinesis("PutRecord", StreamName=...)`` sends JSON as a client does; it returns the answer.

    Args:
        limits: whether throughput limits hold.
        moment: the time when it begins, in seconds since the epoch.
    """

    def __init__(self, limits: bool = True, moment: float = BEGIN) -> None:
        self.clock = HandClock(moment=moment)
        self.metrics = FakeMetrics()
        self.service = KinesisService(self.clock, self.metrics, limits=limits)
        self._runner = asyncio.Runner()
        self.run(self._start())

    async def _start(self) -> None:
        self.service.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.run(self.service.close())
        self._runner.close()

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        return self._runner.run(coroutine)

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self.run(self.clock.advance(seconds))

    def send(
        self, operation: str, body: bytes, content_type: str = "application/x-amz-json-1.1"
    ) -> Response:
        scope = f"k/20260101/{REGION}/kinesis/aws4_request"
        headers = {
            "x-amz-target": f"Kinesis_20131202.{operation}",
            "content-type": content_type,
            "authorization": f"AWS4-HMAC-SHA256 Credential={scope}",
        }
        return self.run(self.service.respond(Request("POST", "/", "", headers, body)))

    def __call__(self, operation: str, **parameters: Any) -> Any:
        response = self.send(operation, orjson.dumps(parameters, default=_encode))
        answer: Any = orjson.loads(response.body) if response.body else None
        if response.status != 200:
            message = answer.get("message", answer.get("Message", ""))  # as botocore does
            raise AwsError(response.status, answer["__type"], message)
        return answer

    def create(self, name: str = "s", shards: int = 1, **parameters: Any) -> str:
        """Create a stream and wait until it is ACTIVE; return its name."""
        if "StreamModeDetails" not in parameters:
            parameters["ShardCount"] = shards
        self("CreateStream", StreamName=name, **parameters)
        self.advance(1)
        return name

    def put(self, *texts: str, name: str = "s", key: str = "k", **parameters: Any) -> list[str]:
        """Put a record for each string, one by one; return their sequence numbers."""
        return [
            self("PutRecord", StreamName=name, PartitionKey=key, Data=text.encode(), **parameters)[
                "SequenceNumber"
            ]
            for text in texts
        ]

    def iterator(
        self, kind: str = "TRIM_HORIZON", shard: int = 0, name: str = "s", **parameters: Any
    ) -> str:
        answer = self(
            "GetShardIterator",
            StreamName=name,
            ShardId=f"shardId-{shard:012d}",
            ShardIteratorType=kind,
            **parameters,
        )
        return str(answer["ShardIterator"])

    def get(self, iterator: str, **parameters: Any) -> Any:
        """Return the response of GetRecords, with data as strings."""
        answer = self("GetRecords", ShardIterator=iterator, **parameters)
        for record in answer["Records"]:
            record["Data"] = base64.b64decode(record["Data"]).decode()
        return answer

    def texts(
        self, kind: str = "TRIM_HORIZON", shard: int = 0, name: str = "s", **parameters: Any
    ) -> list[str]:
        """Return the data of all records from a position on."""
        answer = self.get(self.iterator(kind, shard, name, **parameters))
        return [record["Data"] for record in answer["Records"]]

    def shards(self, name: str = "s", **parameters: Any) -> list[dict[str, Any]]:
        answer = self("ListShards", StreamName=name, **parameters)
        return list(answer["Shards"])

    def source(self, arn: str | None = None) -> StreamSource:
        """Return the stream, as event source mappings see it."""
        return self.service.source(arn or self.arn())

    def arn(self, name: str = "s") -> str:
        return f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/{name}"


def _encode(value: bytes) -> str:
    return base64.b64encode(value).decode()
