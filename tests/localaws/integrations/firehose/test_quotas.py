"""The quotas of direct puts."""

import pytest

from workbook.localaws.integrations.firehose import quotas
from workbook.localaws.integrations.firehose.quotas import MIB, Quotas


def test_a_delivery_stream_has_quotas_of_bytes_records_and_calls_a_second() -> None:
    """[FH:limits] What exceeds them is refused; a second later there is room again."""
    found = Quotas("eu-central-1")
    assert found.admit([MIB // 2, MIB // 2, 1], 0.0) == 2
    assert found.admit([1], 0.5) == 0
    assert found.admit([1], 1.0) == 1
    assert found.admit([0] * 100_001, 2.0) == 100_000
    assert [found.admit([1], 3.0) for _ in range(1_000)] == [1] * 1_000
    assert found.admit([1], 3.0) is None


@pytest.mark.parametrize(("region", "mib"), [("us-east-1", 5), ("eu-central-1", 1)])
def test_large_regions_have_higher_quotas(region: str, mib: int) -> None:
    """[FH:limits]"""
    assert quotas.of_a_second(region).size == mib * MIB
