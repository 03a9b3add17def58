"""The panel: its controls, its start and stop, and what it restores."""

import inspect

import pytest
from ipykernel.comm.comm import BaseComm
from ipykernel.kernelbase import Kernel

from tests.live.watching import NAMES, monitored, put, until
from workbook import deployment, live, target
from workbook.live import monitoring
from workbook.live.mapping import WatchedMapping
from workbook.target import Aws


def test_ipykernel_routes_what_a_control_sends_as_the_panel_expects() -> None:
    """The panel turns this off for its controls, which would wait for the running cell."""
    name = "_reply_subshell_for"
    assert hasattr(BaseComm, name)
    assert f'getattr(comm, "{name}", None)' in inspect.getsource(Kernel.shell_channel_thread_main)


def test_a_knob_changes_the_mapping_and_says_so(deployed: tuple[Aws, str]) -> None:
    panel = live.Panel(deployed[0])
    panel._knobs["ParallelizationFactor"].value = 4
    until(lambda: panel._status.text == "The mapping has ParallelizationFactor=4.")
    assert WatchedMapping(*deployed).settings()["ParallelizationFactor"] == 4


def test_the_switch_disables_and_enables(deployed: tuple[Aws, str]) -> None:
    panel = live.Panel(deployed[0])
    panel.start()
    mapping = WatchedMapping(*deployed)
    until(lambda: panel._switch.description == "Disable the mapping")
    panel._switch.click()
    until(lambda: mapping.settings()["State"] == "Disabled")
    until(lambda: panel._switch.description == "Enable the mapping")
    panel._switch.click()
    until(lambda: mapping.settings()["State"] == "Enabled")
    panel.stop()


def test_a_refusal_is_shown_in_awss_words_and_the_knob_is_reset(
    deployed: tuple[Aws, str],
) -> None:
    """The widget's own limits are within AWS's: a value outside them comes from elsewhere."""
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
def test_the_error_for_a_missing_pipeline_names_it_and_the_fix(aws: Aws, missing: str) -> None:
    with pytest.raises(live.NoPipelineError, match=r"'nowhere'.*deployment\.deploy\(aws\)"):
        live.Panel(aws, **{missing: "nowhere"})


def test_the_error_for_a_missing_mapping_names_it_and_the_fix(aws: Aws) -> None:
    with pytest.raises(live.NoPipelineError, match="there is no mapping from 'processed_stream'"):
        live.Panel(aws, stream=NAMES[2])


def test_a_panel_says_that_its_pipeline_is_gone_and_stops() -> None:
    with target.connect(target.LOCAL) as aws:
        deployment.deploy(aws)
        panel = live.Panel(aws)
        panel.start()
        until(lambda: not panel.frame().empty)
        deployment.clean_up(aws)
        assert panel._thread is not None
        panel._thread.join()
        assert panel._status.text.startswith("Stopped, since the pipeline is gone: ")
        panel.stop()


def test_a_new_panel_stops_the_previous_one(aws: Aws) -> None:
    """The cell that shows a panel may be run repeatedly."""
    first, second = live.Panel(aws), live.Panel(aws)
    first.start()
    until(lambda: monitored(aws))
    second.start()
    assert first._status.text == "Stopped; panel.start() continues."
    until(lambda: monitored(aws))
    second.stop()
    assert not monitored(aws)


def test_a_panel_can_start_again_right_after_its_button_stopped_it(aws: Aws) -> None:
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
