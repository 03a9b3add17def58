"""docs/stacks.md lists what is supported."""

from pathlib import Path

import pytest

from workbook.localaws.stacks.supported import KINDS

TEXT = (Path(__file__).parents[3] / "docs" / "stacks.md").read_text("utf-8")


@pytest.mark.parametrize("name", sorted(KINDS))
def test_every_resource_type_is_in_the_table(name: str) -> None:
    (row,) = [line for line in TEXT.splitlines() if line.startswith((f"| {name} |", f"| {name}, "))]
    properties = row.split("|")[2].strip()
    kind = KINDS[name]
    expected = "any" if kind.ANY_PROPERTY else ", ".join(sorted(kind.PROPERTIES))
    assert properties == expected
