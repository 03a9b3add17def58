"""Samples of CloudWatch's metrics for the live view.

A sample covers a period: a second on the local AWS, a real second in time-lapse, a minute on AWS,
whose metrics are per minute and some minutes late. At each tick, every two real seconds on the
local AWS, one GetMetricData call requests the periods that have ended since the last call.
"""

import math
import time
from datetime import UTC, datetime
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from workbook.live import monitoring
from workbook.target import Aws

PERIODS = 60  # kept and shown
TICK = 2.0  # real seconds; at one second, the live view would use twice as much of a core
AWS_PERIOD = 60  # seconds
AWS_LATE = 15  # periods requested again on AWS, where metrics are late
RECENT = 5  # periods for which an age counts as present
MOST_SHARDS = 490  # their queries and the others fit into the 500 of a GetMetricData call
AGE = "iterator age"  # of the function's batches
THROTTLED = "WriteProvisionedThroughputExceeded"


class Metric(NamedTuple):
    """A metric in CloudWatch; ``scale`` converts its unit to the one shown."""

    namespace: str
    metric: str
    statistic: str
    dimensions: dict[str, str]
    scale: float = 1.0


class NoPipelineError(LookupError):
    """A part of the pipeline does not exist; the message names it and the fix."""


class Sampler:
    """The figures of one pipeline in the last 60 periods.

    Args:
        aws: where the pipeline runs.
        stream: the name of the input stream.
        function: the name of the function.
        output: the name of the output stream; None if the function writes to no stream.
    """

    def __init__(self, aws: Aws, stream: str, function: str, output: str | None) -> None:
        self.period = AWS_PERIOD if aws.is_real else math.ceil(max(1.0, aws.speed))
        self.tick = AWS_PERIOD if aws.is_real else TICK  # in real seconds
        self.names: list[str] = []  # of the figures, in order
        self._aws = aws
        self._stream = stream
        self._again = AWS_LATE * self.period if aws.is_real else 0
        self._kinesis, self._cloudwatch = aws.client("kinesis"), aws.client("cloudwatch")
        lambda_ = {"FunctionName": function}
        streams = {"in": stream} if output is None else {"in": stream, "out": output}
        self._counts = {  # figures that are 0 where nothing was measured
            **{
                f"records {way}": Metric(
                    "AWS/Kinesis", "IncomingRecords", "Sum", {"StreamName": name}, 1 / self.period
                )
                for way, name in streams.items()
            },
            "batches in flight": Metric("AWS/Lambda", "ConcurrentExecutions", "Maximum", lambda_),
            "errors": Metric("AWS/Lambda", "Errors", "Sum", lambda_),
            "throttled invocations": Metric("AWS/Lambda", "Throttles", "Sum", lambda_),
            **{
                f"throttled records {way}": Metric(
                    "AWS/Kinesis", THROTTLED, "Sum", {"StreamName": name}
                )
                for way, name in streams.items()
            },
        }
        self._age = Metric("AWS/Lambda", "IteratorAge", "Maximum", lambda_, 0.001)
        self._rows: dict[int, dict[str, float]] = {}  # by the start of their periods
        self._asked = self._begun = self._last_ended() - self.period - self._again
        self._newest = self._begun - self.period

    def sample(self) -> None:
        """Request the periods that have ended since the last call.

        Raises:
            ClientError: AWS refused; ResourceNotFoundException, if the stream does not exist.
        """
        end = self._last_ended()
        start = max(self._asked - self._again, end - PERIODS * self.period)
        if start >= end:
            return
        figures = self._figures()
        self.names = list(figures)
        pages = self._cloudwatch.get_paginator("get_metric_data").paginate(
            MetricDataQueries=[
                _query(f"f{number}", figure, self.period)
                for number, figure in enumerate(figures.values())
            ],
            StartTime=datetime.fromtimestamp(start, UTC),
            EndTime=datetime.fromtimestamp(end, UTC),
        )
        for page in pages:
            for result in page["MetricDataResults"]:
                self._keep(int(result["Id"][1:]), result, figures)
        self._asked = end
        self._newest = max(self._rows, default=start) if self._aws.is_real else end - self.period
        for old in [at for at in self._rows if at <= self._newest - PERIODS * self.period]:
            del self._rows[old]

    def await_period(self) -> None:
        """Wait until the present period ends; on the local AWS, at most a real second."""
        end = self._last_ended() + self.period
        while (left := end - self._aws.now()) > 0:
            time.sleep(left / self._aws.speed)

    def _last_ended(self) -> int:
        """Return the end of the last complete period."""
        return int(self._aws.now()) // self.period * self.period

    def _figures(self) -> dict[str, Metric]:
        pages = self._kinesis.get_paginator("list_shards").paginate(StreamName=self._stream)
        shards = [shard["ShardId"] for page in pages for shard in page["Shards"]]
        ages = {
            shard: Metric(
                "AWS/Kinesis",
                monitoring.METRIC,
                "Maximum",
                {"StreamName": self._stream, "ShardId": shard},
                0.001,
            )
            for shard in shards[-MOST_SHARDS:]
        }
        return {**self._counts, AGE: self._age, **ages}

    def _keep(self, number: int, result: Any, figures: dict[str, Metric]) -> None:
        name = self.names[number]
        for at, value in zip(result["Timestamps"], result["Values"], strict=True):
            start = int(at.timestamp()) // self.period * self.period
            self._rows.setdefault(start, {})[name] = value * figures[name].scale

    # --- results

    @property
    def counts(self) -> list[str]:
        """Return the names of the figures that are 0 where nothing was measured."""
        return list(self._counts)

    @property
    def ages(self) -> list[str]:
        """Return the names of the iterator ages: the function's, then that of each shard."""
        return [name for name in self.names if name not in self._counts]

    def starts(self) -> npt.NDArray[np.int64]:
        """Return the start of each of the 60 periods, in seconds since the Unix epoch."""
        return self._newest + self.period * np.arange(1 - PERIODS, 1)

    def series(self, name: str) -> npt.NDArray[np.float64]:
        """Return a figure in each of the 60 periods.

        Records are per second; batches, errors and throttles per period; ages in seconds. The value
        is NaN before the first sample, and where an age is unknown.
        """
        nothing = 0.0 if name in self._counts else math.nan
        return np.array(
            [
                self._rows.get(start, {}).get(name, nothing) if start >= self._begun else math.nan
                for start in self.starts().tolist()
            ]
        )

    def frame(self) -> pd.DataFrame:
        """Return every figure as a column, as ``series`` does, by the periods' starts (UTC)."""
        starts = self.starts()
        data = {name: self.series(name) for name in self.names}
        index = pd.to_datetime(starts, unit="s", utc=True).rename("period")
        return pd.DataFrame(data, index)[starts >= self._begun]

    def in_words(self) -> str:
        """Return the latest period in one line, with the errors and throttles of all periods."""
        if not self.names:
            return "no figures yet"
        latest = {name: self.series(name)[-1] for name in self._counts}
        sums = {name: np.nansum(self.series(name)) for name in self._counts}
        throttles = sum(sums[name] for name in sums if name.startswith("throttled"))
        rates = [
            f"{name.removeprefix('records ')} {latest[name]:,.0f}/s"
            for name in self._counts
            if name.startswith("records")
        ]
        return (
            f"{', '.join(rates)}, "
            f"oldest {self._oldest()}, {latest['batches in flight']:.0f} in flight, "
            f"{sums['errors']:,.0f} errors, {throttles:,.0f} throttles"
        )

    def _oldest(self) -> str:
        recent = np.concatenate([self.series(name)[-RECENT:] for name in self.ages])
        known = recent[~np.isnan(recent)]
        return f"{known.max():,.1f} s" if known.size else "unknown"


def _query(identity: str, figure: Metric, period: int) -> dict[str, Any]:
    return {
        "Id": identity,
        "MetricStat": {
            "Metric": {
                "Namespace": figure.namespace,
                "MetricName": figure.metric,
                "Dimensions": [
                    {"Name": name, "Value": value} for name, value in figure.dimensions.items()
                ],
            },
            "Period": period,
            "Stat": figure.statistic,
        },
    }
