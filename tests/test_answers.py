"""The published answers: right for the right data, and wrong for wrong data."""

from functools import partial

import duckdb
import pandas as pd
import pyarrow as pa

from workbook import answers, flights, lake


def test_every_published_answer_holds_on_the_data(year: pd.DataFrame) -> None:
    table = answers.check(year)
    assert len(table) == 28
    assert table["ok"].all()
    assert (table["ours"] == table["published"]).all()


def test_every_published_answer_holds_in_sql_too(year: pd.DataFrame) -> None:
    with duckdb.connect() as database:
        database.register("flights", pa.Table.from_pandas(year[list(answers.COLUMNS)]))
        table = answers.check_sql(partial(lake.row, database), year)
    pd.testing.assert_frame_equal(table, answers.check(year), check_exact=False)
    assert table["ok"].all()


def test_a_lost_flight_makes_an_answer_wrong(year: pd.DataFrame) -> None:
    table = answers.check(year.drop(index=1000)).set_index("question")
    assert not table.loc["flights", "ok"]
    assert not table.loc["flights in January", "ok"]
    assert table.loc["flights in June", "ok"]


def test_a_repeated_flight_makes_an_answer_wrong(year: pd.DataFrame) -> None:
    table = answers.check(pd.concat([year, year.tail(1)])).set_index("question")
    assert not table.loc["flights", "ok"]


def test_a_changed_delay_makes_an_answer_wrong(year: pd.DataFrame) -> None:
    mangled = year.assign(dep_delay=year["dep_delay"].fillna(0))
    table = answers.check(mangled).set_index("question")
    assert not table.loc["mean departure delay, minutes", "ok"]
    assert table.loc["flights", "ok"]


def test_a_question_without_all_its_flights_is_not_judged(year: pd.DataFrame) -> None:
    sent = year.head(5_000)  # the first days of January
    table = answers.check(sent, sent).set_index("question")
    assert table.loc["flights on 1 January", "ok"]
    assert table.drop(index="flights on 1 January")["ok"].isna().all()
    assert table.loc["flights in January", "needs"] == "all of January"
    assert table.loc["flights", "needs"] == "the whole year"


def test_losing_every_flight_makes_all_judged_answers_wrong(year: pd.DataFrame) -> None:
    sent = year.head(5_000)
    table = answers.check(sent.head(0), sent).set_index("question")
    assert not table.loc["flights on 1 January", "ok"]


def test_a_month_can_be_checked_by_itself() -> None:
    february = flights.load(month=2)
    table = answers.check(february, february)
    judged = table[table["ok"].notna()]
    assert len(judged) == 2
    assert judged["ok"].all()
