"""The live view: what it asks of AWS, its knobs, the picture it leaves, and what it puts back."""

import base64
import inspect
import io
from collections.abc import Callable, Iterator
from typing import Any

import nbformat
import numpy as np
import pytest
from ipykernel.comm.comm import BaseComm
from ipykernel.kernelbase import Kernel
from nbclient import NotebookClient
from PIL import Image, ImageColor

from workbook import deployment, flights, live, target
from workbook.events import flight_event
from workbook.live import monitoring
from workbook.live.charts import STYLES, LiveCharts, charts
from workbook.live.mapping import WatchedMapping
from workbook.live.sampler import PERIODS, Sampler
from workbook.target import Aws

NAMES = (deployment.INPUT_STREAM, deployment.FUNCTION, deployment.OUTPUT_STREAM)


@pytest.fixture(scope="module")
def deployed() -> Iterator[tuple[Aws, str]]:
    """A local AWS with the pipeline, and its mapping's UUID."""
    with target.connect(target.LOCAL) as aws:
        yield aws, deployment.deploy(aws, shards=2)


@pytest.fixture
def aws(deployed: tuple[Aws, str]) -> Aws:
    return deployed[0]


def until(condition: Callable[[], bool]) -> None:
    """Wait for a condition; fails when it does not come about."""
    deployment.wait_until("what the test is about", condition)


def put(aws: Aws, records: int) -> None:
    data = flights.encode(flight_event())
    entries = [{"Data": data, "PartitionKey": f"key {n}"} for n in range(records)]
    aws.client("kinesis").put_records(StreamName=NAMES[0], Records=entries)


def monitored(aws: Aws) -> bool:
    answer = aws.client("kinesis").describe_stream_summary(StreamName=NAMES[0])
    levels = answer["StreamDescriptionSummary"]["EnhancedMonitoring"]
    return any(monitoring.METRIC in level["ShardLevelMetrics"] for level in levels)


def sampled(sampler: Sampler, name: str, least: float) -> float:
    """Sample until the figure's sum over all periods is ``least``; gives the sum."""

    def there() -> bool:
        sampler.sample()
        return bool(sampler.frame()[name].sum() * sampler.period >= least)

    until(there)
    return float(sampler.frame()[name].sum() * sampler.period)


# --- figures


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
    """A function without any concurrency is throttled."""
    lambda_ = aws.client("lambda")
    sampler = Sampler(aws, *NAMES)
    lambda_.put_function_concurrency(FunctionName=NAMES[1], ReservedConcurrentExecutions=0)
    put(aws, 1)
    assert sampled(sampler, "throttled invocations", 1) >= 1
    lambda_.delete_function_concurrency(FunctionName=NAMES[1])
    assert sampled(sampler, "batches in flight", 1) >= 1


def test_what_was_not_measured_is_none_or_unknown(aws: Aws) -> None:
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
    assert np.isnan(sampler.series("shardId-000000000000")[-1])  # nobody measures it
    assert "0 errors" in sampler.in_words()


def test_on_aws_figures_are_by_the_minute_and_late_ones_are_asked_for_again(aws: Aws) -> None:
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


# --- knobs


def test_ipykernel_routes_what_a_control_sends_as_the_panel_expects() -> None:
    """The panel turns this off for its controls, or they would wait for the cell that runs."""
    name = "_reply_subshell_for"
    assert hasattr(BaseComm, name)
    assert f'getattr(comm, "{name}", None)' in inspect.getsource(Kernel.shell_channel_thread_main)


def test_a_change_is_through_when_the_mapping_has_it(deployed: tuple[Aws, str]) -> None:
    mapping = WatchedMapping(*deployed)
    mapping.change(BatchSize=321)
    mapping.change(MaximumBatchingWindowInSeconds=2)
    seen = mapping.settings()
    assert (seen["BatchSize"], seen["MaximumBatchingWindowInSeconds"]) == (321, 2)
    assert seen["State"] == "Enabled"


def test_a_knob_changes_the_mapping_and_says_so(deployed: tuple[Aws, str]) -> None:
    panel = live.Panel(deployed[0])
    panel._knobs["ParallelizationFactor"].value = 4
    until(lambda: panel._status.text == "The mapping has ParallelizationFactor=4.")
    assert WatchedMapping(*deployed).settings()["ParallelizationFactor"] == 4


def test_the_switch_disables_and_enables(deployed: tuple[Aws, str]) -> None:
    panel = live.Panel(deployed[0])
    panel.start()
    for before, state in (("Disable", "Disabled"), ("Enable", "Enabled")):
        until(lambda word=before: panel._switch.description == f"{word} the mapping")
        panel._switch.click()
        until(lambda word=state: WatchedMapping(*deployed).settings()["State"] == word)
    panel.stop()


def test_a_refusal_is_shown_in_awss_words_and_the_knob_goes_back(
    deployed: tuple[Aws, str],
) -> None:
    """The widget's own bounds lie within AWS's: a value outside comes from nowhere else."""
    panel = live.Panel(deployed[0])
    present = panel._knobs["BatchSize"].value
    panel._knobs["BatchSize"].max = 20_000
    panel._knobs["BatchSize"].value = 10_001
    until(lambda: "did not change to BatchSize=10001" in panel._status.text)
    assert "ValidationException" in panel._status.text
    panel.start()
    until(lambda: panel._knobs["BatchSize"].value == present)
    panel.stop()


def test_a_change_by_a_cell_reaches_the_knob(deployed: tuple[Aws, str]) -> None:
    panel = live.Panel(deployed[0])
    panel.start()
    WatchedMapping(*deployed).change(BatchSize=77)
    until(lambda: panel._knobs["BatchSize"].value == 77)
    panel.stop()


# --- from start to stop


def test_monitoring_is_as_it_was_after_the_panel(aws: Aws) -> None:
    assert not monitored(aws)
    with live.Panel(aws):
        until(lambda: monitored(aws))
    assert not monitored(aws)
    shards = {"StreamName": NAMES[0], "ShardLevelMetrics": [monitoring.METRIC]}
    aws.client("kinesis").enable_enhanced_monitoring(**shards)
    with live.Panel(aws) as panel:
        until(lambda: not panel.frame().empty)
    assert monitored(aws)
    aws.client("kinesis").disable_enhanced_monitoring(**shards)


@pytest.mark.parametrize("missing", ["stream", "function", "output"])
def test_a_pipeline_that_is_not_there_is_named_with_the_fix(aws: Aws, missing: str) -> None:
    with pytest.raises(live.NoPipelineError, match=r"'nowhere'.*deployment\.deploy\(aws\)"):
        live.Panel(aws, **{missing: "nowhere"})


def test_a_missing_mapping_is_named_with_the_fix(aws: Aws) -> None:
    with pytest.raises(live.NoPipelineError, match="there is no mapping from 'processed_stream'"):
        live.Panel(aws, stream=NAMES[2])


def test_a_panel_whose_pipeline_goes_away_says_so_and_ends() -> None:
    with target.connect(target.LOCAL) as aws:
        deployment.deploy(aws)
        panel = live.Panel(aws)
        panel.start()
        until(lambda: not panel.frame().empty)
        deployment.clean_up(aws)
        panel._thread.join()
        assert panel._status.text.startswith("Stopped, since the pipeline is gone: ")
        panel.stop()


def test_a_new_panel_ends_the_one_before(aws: Aws) -> None:
    """The cell that shows it may be run again and again."""
    first, second = live.Panel(aws), live.Panel(aws)
    first.start()
    until(lambda: monitored(aws))
    second.start()
    assert first._status.text == "Stopped; panel.start() continues."
    until(lambda: monitored(aws))
    second.stop()
    assert not monitored(aws)


def test_a_panel_starts_again_at_once_after_its_button_ended_it(aws: Aws) -> None:
    panel = live.Panel(aws)
    panel.start()
    panel._stop.click()
    panel.start()
    assert panel._status.text.startswith("Watching")
    seen = len(panel.frame())
    until(lambda: len(panel.frame()) > seen)
    panel.stop()


def test_the_last_second_before_a_stop_is_in_the_figures(aws: Aws) -> None:
    with live.Panel(aws) as panel:
        until(lambda: not panel.frame().empty)
        put(aws, 20)
    assert panel.frame()["records in"].sum() == 20


def test_a_stopped_panel_starts_again_with_what_it_had(aws: Aws) -> None:
    panel = live.Panel(aws)
    panel.start()
    until(lambda: not panel.frame().empty)
    panel.stop()
    assert panel._status.text == "Stopped; panel.start() continues."
    before = panel.frame()
    panel.start()
    until(lambda: len(panel.frame()) > len(before))
    panel.stop()
    assert panel.frame().index[0] == before.index[0]


# --- charts and picture


def painted(drawn: LiveCharts, colour: str) -> int:
    """How many pixels of the picture have about this colour."""
    png = base64.b64decode(drawn.still()[0]["image/png"])
    image = np.array(Image.open(io.BytesIO(png)).convert("RGB"), int)
    return int((np.abs(image - ImageColor.getrgb(colour)).max(axis=2) < 20).sum())


def test_charts_and_the_pictures_text_have_the_samplers_figures(aws: Aws) -> None:
    sampler = Sampler(aws, *NAMES)
    drawn = LiveCharts(sampler, NAMES[0])
    put(aws, 30)
    sampled(sampler, "records in", 30)
    drawn.draw()
    frame = sampler.frame()
    assert [chart["title"]["text"] for chart in drawn.specifications] == [
        c.title for c in charts(sampler)
    ]
    shown = [row["in"] for row in drawn.figures[0] if row["in"] is not None]
    assert shown == list(frame["records in"])
    assert all(row["at the function"] is None for row in drawn.figures[1][:30])
    data, metadata = drawn.still()
    alt = data["text/plain"]
    assert f"over {len(frame)} periods of 1 s" in alt
    assert f"Latest: {sampler.in_words()}." in alt
    assert f"Records in: 30 in all, at most {frame['records in'].max():.0f} a second" in alt
    assert metadata["image/png"]["alt"] == alt


def test_lines_are_drawn_in_the_picture(aws: Aws) -> None:
    """Without data under the name that it looks for, Vega would draw axes and say nothing."""
    sampler = Sampler(aws, *NAMES)
    drawn = LiveCharts(sampler, NAMES[0])
    colour, _ = STYLES[0]
    before = painted(drawn, colour)
    put(aws, 30)

    def is_line() -> bool:
        sampler.sample()
        return len(sampler.frame()) > 5

    until(is_line)
    assert painted(drawn, colour) > before + 50


def test_the_very_first_figure_is_to_be_seen(aws: Aws) -> None:
    """As a dot: a line takes two."""
    colour, _ = STYLES[0]
    empty = painted(LiveCharts(Sampler(aws, *NAMES), NAMES[0]), colour)
    sampler = Sampler(aws, *NAMES)
    sampler.sample()
    assert not sampler.frame().empty
    assert painted(LiveCharts(sampler, NAMES[0]), colour) > empty


def test_a_picture_without_figures_says_so(aws: Aws) -> None:
    data, _ = LiveCharts(Sampler(aws, *NAMES), NAMES[0]).still()
    assert "no figures yet" in data["text/plain"]


def run(*cells: str) -> list[Any]:
    """Run a notebook that deploys a pipeline and does this; gives the outputs of the first cell."""
    deploy = (
        "from workbook import deployment, live, target\n"
        "aws = target.connect('local')\n"
        "uuid = deployment.deploy(aws)"
    )
    code = [nbformat.v4.new_code_cell(cell) for cell in (deploy, *cells, "aws.close()")]
    notebook = nbformat.v4.new_notebook(cells=code)
    NotebookClient(notebook, timeout=120).execute()
    outputs: list[Any] = notebook.cells[1].outputs
    return outputs


PANEL = "panel = live.Panel(aws)\npanel"


def test_a_stopped_panel_leaves_its_picture_in_the_notebook() -> None:
    said, picture = run(
        PANEL, "deployment.wait_until('figures', lambda: not panel.frame().empty)\npanel.stop()"
    )
    assert said["data"] == {"text/plain": "Stopped; panel.start() continues."}
    assert set(picture["data"]) == {"text/html", "image/png", "text/plain"}
    alt = picture["metadata"]["image/png"]["alt"]
    assert alt.startswith("Four line charts of the pipeline behind stream flights")
    assert alt == picture["data"]["text/plain"]


def test_a_notebook_that_is_saved_while_the_panel_runs_has_a_picture() -> None:
    until_drawn = (
        "deployment.wait_until('ten seconds', lambda: len(panel.frame()) >= 10)\n"
        "ticked = len(panel.frame())\n"
        "deployment.wait_until('another tick', lambda: len(panel.frame()) > ticked)"
    )
    widget, picture = run(PANEL, until_drawn)
    assert "application/vnd.jupyter.widget-view+json" in widget["data"]
    alt = picture["metadata"]["image/png"]["alt"]
    assert alt.startswith("Four line charts of the pipeline behind stream flights, over ")
    assert f'alt="{alt}"' in picture["data"]["text/html"]
