"""The mapping as the panel changes it."""

from workbook.live.mapping import WatchedMapping
from workbook.target import Aws


def test_a_change_returns_when_it_is_in_effect(deployed: tuple[Aws, str]) -> None:
    mapping = WatchedMapping(*deployed)
    mapping.change(BatchSize=321)
    mapping.change(MaximumBatchingWindowInSeconds=2)
    seen = mapping.settings()
    assert (seen["BatchSize"], seen["MaximumBatchingWindowInSeconds"]) == (321, 2)
    assert seen["State"] == "Enabled"
