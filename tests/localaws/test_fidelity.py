"""The documents name existing tests; docs/fidelity.md has all of the mapping, and all sources."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
NAMED = set(re.findall(r"`(test_\w+)`", (ROOT / "docs" / "fidelity.md").read_text("utf-8")))
PROSE = re.compile(r'"{3}.*?"{3}|#[^\n]*', re.DOTALL)  # docstrings and comments
CITED = re.compile(r"\[((?:(?!INFO)[A-Z]{2,5}|design rule|\?)(?::[\w-]+)?(?:, [\w:? -]+)*)\]")
INSIDE = {  # tests that check no rule of AWS
    "test_a_value_of_the_wrong_type_is_refused",
    "test_a_window_remembers_its_records",
    "test_an_open_window_survives_disable_and_enable",
    "test_backoff_doubles_from_a_second_up_to_twelve",
    "test_reading_nothing_moves_the_checkpoint_only_when_nothing_is_unfinished",
    "test_a_stream_that_is_created_again_is_read_again",
    "test_deleting_a_stream_stops_nothing_else",
    "test_a_long_window_ends_on_the_local_clock",
    "test_a_window_that_ended_while_the_laptop_slept_ends",
    "test_a_records_age_follows_the_local_clock",
    "test_stopping_the_server_waits_for_no_invocation",
    "test_after_a_fault_in_any_part_the_mapping_resumes_where_it_was",
    "test_a_fault_at_the_start_of_polling_does_not_end_it",
    "test_after_an_internal_fault_reading_resumes_at_the_checkpoint",
    "test_stopping_does_not_wait_for_a_part_that_fails",
    "test_an_update_retries_at_once",
    "test_any_settings_are_accepted_or_refused",
    "test_data_nested_too_deeply_counts_as_not_json",
    "test_a_pattern_nested_too_deeply_is_refused",
    "test_mappings_of_queues_exist_too",
    "test_errors_of_a_queues_mapping_have_the_usual_format",
}


PROMISED = set(re.findall(r"`(test_\w+)`", (ROOT / "docs" / "security.md").read_text("utf-8")))


def names(pattern: str) -> set[str]:
    return {
        node.name
        for path in (ROOT / "tests").rglob(pattern)
        for node in ast.parse(path.read_text("utf-8")).body
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    }


def test_every_test_in_the_tables_exists() -> None:
    assert names("test_*.py") >= NAMED | PROMISED


def test_every_test_of_the_mapping_is_in_the_tables() -> None:
    assert names("mapping/test_*.py") - INSIDE <= NAMED
    assert names("mapping/test_*.py") >= INSIDE


def citations() -> Iterator[tuple[str, str]]:
    """Yield each source cited by the local AWS and its tests, and where."""
    for folder in ("workbook/localaws", "tests/localaws"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            for text in PROSE.findall(path.read_text("utf-8")):
                for cited in CITED.findall(text):
                    for one in cited.split(", "):
                        yield one.partition(":")[0], f"{path.relative_to(ROOT)}: [{cited}]"


def test_every_cited_source_is_explained() -> None:
    table = (ROOT / "docs" / "fidelity.md").read_text("utf-8").partition("\n## ")[0]
    explained = {
        name.partition(":")[0]
        for row in re.findall(r"^\| ([^|]+) \|", table, re.MULTILINE)
        for name in row.split(", ")
    }
    unknown = {place for source, place in citations() if source not in explained}
    assert unknown == set()
    assert {"BC", "DG", "KD", "OBS", "KL"} <= {source for source, _ in citations()}
