"""A Kinesis of one's own, in this process, whose time stands still until it is told to pass."""

import asyncio
import base64
from collections import Counter

import orjson

from workbook.localaws.api.http import Request
from workbook.localaws.clock import Clock
from workbook.localaws.kinesis.service import KinesisService
from workbook.localaws.metrics import Metrics

ACCOUNT = "123456789012"
REGION = "us-east-1"


class HandClock(Clock):
    """Time that passes only by ``advance``."""

    def __init__(self):
        super().__init__()
        self.moment = 1_700_000_000.0
        self._sleepers = []

    def now(self):
        return self.moment

    async def sleep(self, seconds):
        awake = asyncio.get_running_loop().create_future()
        self._sleepers.append((self.moment + seconds, awake))
        await awake

    def advance(self, seconds):
        self.moment += seconds
        due = [one for one in self._sleepers if one[0] <= self.moment]
        self._sleepers = [one for one in self._sleepers if one[0] > self.moment]
        for _, awake in due:
            if not awake.done():
                awake.set_result(None)


class NoMoto:
    """Stands in for moto's thread: nothing here needs it."""

    async def call(self, function, *args):
        return None

    def before_cloudformation(self, prepare):
        """Nobody asks for CloudFormation."""


class RecordedMetrics(Metrics):
    """Keeps the sum of every metric by name and dimensions."""

    def __init__(self, clock, services):
        super().__init__(clock, services)
        self.sums = Counter()

    def put(self, region, namespace, name, value, unit, **dimensions):
        super().put(region, namespace, name, value, unit, **dimensions)
        self.sums[name, *dimensions.values()] += value


class AwsError(Exception):
    """An error that the API answered with."""

    def __init__(self, status, code, message):
        super().__init__(f"{code}: {message}")
        self.status, self.code, self.message = status, code, message


class Kinesis:
    """The service behind its HTTP requests; use it in ``with``.

    ``kinesis("PutRecord", StreamName=...)`` sends JSON as a client does and gives the JSON answer.
    """

    def __init__(self, limits=True):
        self.clock = HandClock()
        self._runner = asyncio.Runner()
        self.service = self._runner.run(self._start(limits))

    async def _start(self, limits):
        self.metrics = RecordedMetrics(self.clock, NoMoto())
        return KinesisService(self.clock, NoMoto(), self.metrics, limits=limits)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._runner.run(self.service.close())
        self._runner.close()

    def send(self, operation, body, content_type="application/x-amz-json-1.1"):
        scope = f"k/20260101/{REGION}/kinesis/aws4_request"
        headers = {
            "x-amz-target": f"Kinesis_20131202.{operation}",
            "content-type": content_type,
            "authorization": f"AWS4-HMAC-SHA256 Credential={scope}",
        }
        return self.run(self.service.respond(Request("POST", "/", "", headers, body)))

    def run(self, coroutine):
        return self._runner.run(coroutine)

    def __call__(self, operation, **parameters):
        response = self.send(operation, orjson.dumps(parameters, default=_encode))
        answer = orjson.loads(response.body) if response.body else None
        if response.status != 200:
            raise AwsError(response.status, answer["__type"], answer.get("message", ""))
        return answer

    def create(self, name="s", shards=1, **parameters):
        """Make a stream and wait until it is ACTIVE; gives its name."""
        if "StreamModeDetails" not in parameters:
            parameters["ShardCount"] = shards
        self("CreateStream", StreamName=name, **parameters)
        self.clock.advance(1)
        return name

    def put(self, *texts, name="s", key="k", **parameters):
        """Put a record for each text, one by one; gives their sequence numbers."""
        return [
            self("PutRecord", StreamName=name, PartitionKey=key, Data=text.encode(), **parameters)[
                "SequenceNumber"
            ]
            for text in texts
        ]

    def iterator(self, kind="TRIM_HORIZON", shard=0, name="s", **parameters):
        return self(
            "GetShardIterator",
            StreamName=name,
            ShardId=f"shardId-{shard:012d}",
            ShardIteratorType=kind,
            **parameters,
        )["ShardIterator"]

    def get(self, iterator, **parameters):
        """What GetRecords answers, with data as text."""
        answer = self("GetRecords", ShardIterator=iterator, **parameters)
        for record in answer["Records"]:
            record["Data"] = base64.b64decode(record["Data"]).decode()
        return answer

    def texts(self, kind="TRIM_HORIZON", shard=0, name="s", **parameters):
        """The data of all records from a position on."""
        answer = self.get(self.iterator(kind, shard, name, **parameters))
        return [record["Data"] for record in answer["Records"]]

    def shards(self, name="s", **parameters):
        return self("ListShards", StreamName=name, **parameters)["Shards"]

    def source(self, arn=None):
        """The stream as event source mappings read it; called on the loop, as they do."""
        return _OnLoop(self, self.service.source(arn or self.arn()))

    def arn(self, name="s"):
        return f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/{name}"


class _OnLoop:
    def __init__(self, kinesis, source):
        self._kinesis, self._source = kinesis, source

    def __getattr__(self, name):
        async def call(*args):
            return getattr(self._source, name)(*args)

        return lambda *args: self._kinesis.run(call(*args))


def _encode(value):
    return base64.b64encode(value).decode()
