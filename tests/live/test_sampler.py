"""The live view's requests to CloudWatch, and the figures that it keeps."""

from typing import Any

import numpy as np
import pytest

from tests import sources
from tests.live.watching import NAMES, put, sampled, until
from tests.localaws.functions.lambda_functions import create
from workbook import deployment, live, target
from workbook.live import monitoring
from workbook.live.charts import LiveCharts, charts
from workbook.live.sampler import PERIODS, Sampler
from workbook.target import Aws


def test_every_record_in_is_counted_once(aws: Aws) -> None:
    sampler = Sampler(aws, *NAMES)
    put(aws, 40)
    put(aws, 60)
    assert sampled(sampler, "records in", 100) == 100


def test_ages_are_known_by_shard_while_monitoring_is_on(aws: Aws) -> None:
    watched = monitoring.Monitoring(aws, NAMES[0])
    watched.turn_on()
    sampler = Sampler(aws, *NAMES)
    shards = ["shardId-000000000000", "shardId-000000000001"]

    def known() -> bool:
        sampler.sample()
        return bool(sampler.names and sampler.frame()[shards].notna().any().all())

    until(known)
    assert sampler.ages == ["iterator age", *shards]
    assert (sampler.frame()[shards].min() >= 0).all()
    watched.restore()


def test_throttles_and_batches_are_counted(aws: Aws) -> None:
    """A function with no concurrency is throttled."""
    lambda_ = aws.client("lambda")
    sampler = Sampler(aws, *NAMES)
    lambda_.put_function_concurrency(FunctionName=NAMES[1], ReservedConcurrentExecutions=0)
    put(aws, 1)
    assert sampled(sampler, "throttled invocations", 1) >= 1
    lambda_.delete_function_concurrency(FunctionName=NAMES[1])
    assert sampled(sampler, "batches in flight", 1) >= 1


def test_a_figure_that_was_not_measured_is_0_or_unknown(aws: Aws) -> None:
    sampler = Sampler(aws, *NAMES)
    assert sampler.in_words() == "no figures yet"
    assert sampler.frame().empty

    def begun() -> bool:
        sampler.sample()
        return not sampler.frame().empty

    until(begun)
    assert len(sampler.series("errors")) == PERIODS
    assert np.isnan(sampler.series("errors")[0])  # before it began
    assert sampler.series("errors")[-1] == 0
    assert np.isnan(sampler.series("shardId-000000000000")[-1])  # not measured
    assert "0 errors" in sampler.in_words()


def test_on_aws_figures_are_per_minute_and_late_ones_are_requested_again(aws: Aws) -> None:
    real = Aws(target.REAL, target._dummy_session(), aws.endpoint_url)
    sampler = Sampler(real, *NAMES)
    assert (sampler.period, sampler.tick) == (60, 60)
    asked: list[Any] = []
    sampler._cloudwatch.meta.events.register(
        "provide-client-params.cloudwatch.GetMetricData",
        lambda params, **_: asked.append(params),
    )
    sampler.sample()
    sampler.sample()
    for call in asked:
        assert (call["EndTime"] - call["StartTime"]).total_seconds() >= 15 * 60
        assert {query["MetricStat"]["Period"] for query in call["MetricDataQueries"]} == {60}
    assert len(asked) == 2


def test_in_time_lapse_a_period_is_a_real_second() -> None:
    with target.connect(target.LOCAL, speed=60) as aws:
        deployment.deploy(aws)
        sampler = Sampler(aws, *NAMES)
        assert (sampler.period, sampler.tick) == (60, 2)
        put(aws, 30)
        assert sampled(sampler, "records in", 30) == pytest.approx(30)
        assert charts(sampler)[3].title == "Errors and throttles in each 60 seconds"


def test_a_stream_that_services_write_to_is_watched(aws: Aws) -> None:
    """Its function writes to no stream, so there is no output to watch."""
    stream, arn = sources.feed(aws)
    function = create(aws, sources.READER)
    aws.client("lambda").create_event_source_mapping(
        EventSourceArn=arn, FunctionName=function, StartingPosition="LATEST"
    )
    panel = live.Panel(aws, stream=stream, function=function, output=None)
    sampler = panel._sampler
    aws.client("dynamodb").put_item(TableName=stream, Item={"id": {"S": "2"}})
    sampled(sampler, "records in", 1)
    assert not [name for name in sampler.names if name.endswith("out")]
    assert [line.label for line in charts(sampler)[0].lines] == ["in"]
    assert "out" not in sampler.in_words()
    alt = LiveCharts(sampler, stream).still()[0]["text/plain"]
    assert "Records in: " in alt
    assert "Records out" not in alt
