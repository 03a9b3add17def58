"""Prices and limits: one complete table, which the workbench respects."""

import pytest

from workbook import prices, producer, reader


def test_every_figure_has_a_row_with_its_unit_and_aws_page() -> None:
    figures = {
        name
        for name, value in vars(prices).items()
        if name.isupper() and isinstance(value, int | float)
    } - {"MIB", "MILLION"}
    table = prices.table()
    assert set(table.index) == figures
    for name in figures:
        unit = str(table.loc[name, "unit"])
        per = 1e6 if "million" in unit else 1e3 if "thousand" in unit else 1
        assert table.loc[name, "value"] == pytest.approx(per * getattr(prices, name))
    assert table["page"].str.match(r"https://(docs\.)?aws\.amazon\.com/").all()
    for column in ("unit", "about", "read_in"):
        assert table[column].map(bool).all()


def test_a_services_prices_and_its_limits_can_be_shown_with_their_date() -> None:
    table = prices.table()
    for show, kind in ((prices.costs, "price"), (prices.limits, "limit")):
        for service in ("Kinesis", "Lambda"):
            shown = show(service)
            assert list(shown.columns) == [f"{kind} ({prices.CHECKED})", "unit"]
            assert len(shown) == ((table["kind"] == kind) & (table["service"] == service)).sum()
    call = prices.limits("Kinesis").loc["in one PutRecords call"]
    assert list(call) == [500, "records"]
    with pytest.raises(ValueError, match=r"one of Kinesis, Lambda, .*not 'S3'"):
        prices.limits("S3")


def test_the_workbench_respects_the_limits() -> None:
    assert prices.CALL_RECORDS == producer.MAX_RECORDS
    assert prices.CALL_BYTES == producer.MAX_BYTES
    assert prices.READ_RECORDS == reader.PAGE_RECORDS


def test_a_bill_has_each_item_at_its_price() -> None:
    assert prices.bill().sum() == 0
    bill = prices.bill(shard_hours=2, put_units=1e6, requests=1e6, gb_seconds=1e6)
    assert list(bill.round(4)) == [0.03, 0.014, 0.2, 16.6667]
