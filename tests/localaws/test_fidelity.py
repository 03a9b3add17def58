"""docs/fidelity.md names tests that exist, and every test of the mapping is named in it."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
NAMED = set(re.findall(r"`(test_\w+)`", (ROOT / "docs" / "fidelity.md").read_text("utf-8")))
INSIDE = {  # tests of ours that hold no rule of AWS's
    "test_a_value_of_the_wrong_type_is_refused",
    "test_a_window_remembers_which_records_it_was_given",
    "test_an_open_window_survives_disable_and_enable",
    "test_backoff_doubles_from_a_second_up_to_twelve",
    "test_reading_nothing_moves_the_checkpoint_only_when_nothing_is_unfinished",
    "test_a_deleted_stream_that_comes_back_is_read_again",
    "test_a_deleted_stream_ends_nothing_else",
    "test_a_long_window_takes_its_time",
    "test_a_records_age_passes_at_the_same_pace",
    "test_the_servers_end_waits_for_nothing",
    "test_mappings_of_queues_are_still_there",
    "test_a_mapping_is_enabled_once_its_destination_can_be_told",
    "test_what_was_prepared_is_there_for_every_destination_of_its_kind",
}


def names(pattern: str) -> set[str]:
    return {
        node.name
        for path in (ROOT / "tests").rglob(pattern)
        for node in ast.parse(path.read_text("utf-8")).body
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    }


def test_every_test_that_is_named_exists() -> None:
    assert names("test_*.py") >= NAMED


def test_every_rule_of_the_mapping_is_named() -> None:
    assert names("mapping/test_*.py") - INSIDE <= NAMED
    assert names("mapping/test_*.py") >= INSIDE
