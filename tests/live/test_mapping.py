"""The mapping as the panel changes it."""

from workbook.live.mapping import WatchedMapping
from workbook.target import Aws


def test_a_change_is_through_when_the_mapping_has_it(deployed: tuple[Aws, str]) -> None:
    mapping = WatchedMapping(*deployed)
    mapping.change(BatchSize=321)
    mapping.change(MaximumBatchingWindowInSeconds=2)
    seen = mapping.settings()
    assert (seen["BatchSize"], seen["MaximumBatchingWindowInSeconds"]) == (321, 2)
    assert seen["State"] == "Enabled"
