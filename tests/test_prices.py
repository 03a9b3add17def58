"""Prices and limits: one table, in which nothing is missing, and which the bench keeps to."""

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
        unit = table.loc[name, "unit"]
        per = 1e6 if "million" in unit else 1e3 if "thousand" in unit else 1
        assert table.loc[name, "value"] == pytest.approx(per * getattr(prices, name))
    assert table["page"].str.match(r"https://(docs\.)?aws\.amazon\.com/").all()
    assert table[["unit", "about", "read_in"]].map(len).gt(0).all(axis=None)


def test_prices_and_limits_can_be_had_apart() -> None:
    assert prices.table("price")["unit"].str.startswith("USD").all()
    assert not prices.table("limit")["unit"].str.contains("USD").any()
    assert len(prices.table("price")) + len(prices.table("limit")) == len(prices.table())
    with pytest.raises(ValueError, match="kind must be 'price' or 'limit', not 'fee'"):
        prices.table("fee")  # type: ignore[arg-type]


def test_the_bench_keeps_to_the_limits() -> None:
    assert prices.CALL_RECORDS == producer.MAX_RECORDS
    assert prices.CALL_BYTES == producer.MAX_BYTES
    assert prices.READ_RECORDS == reader.PAGE_RECORDS


def test_a_bill_has_each_item_at_its_price() -> None:
    assert prices.bill().sum() == 0
    bill = prices.bill(shard_hours=2, put_units=1e6, requests=1e6, gb_seconds=1e6)
    assert list(bill.round(4)) == [0.03, 0.014, 0.2, 16.6667]
