"""The exercises of notebook 12 judge answers by records of the form that the local AWS writes."""

import gzip
import json

from workbook.exercises.lesson_12 import checks
from workbook.localaws.integrations import log_documents, table_changes


def test_log_records_have_the_form_of_a_subscriptions() -> None:
    one = {"id": "1", "timestamp": 1_767_225_600_001, "message": "late\n"}
    written = log_documents.data_message(
        "123456789012", "/aws/lambda/lesson-12-desk", "one", "late", [one]
    )
    tried = checks._record("DATA_MESSAGE", "late\n")
    assert json.loads(gzip.decompress(tried)) == json.loads(gzip.decompress(written))


def test_control_messages_have_the_form_of_a_subscriptions() -> None:
    written = json.loads(gzip.decompress(log_documents.control_message("Kinesis stream", 1)))
    told = written["logEvents"][0]["message"]
    tried = json.loads(gzip.decompress(checks._record(checks.CONTROL, told)))
    tried["logEvents"][0]["timestamp"] = 1
    assert tried == written


def test_ids_of_changes_are_in_another_order_than_the_changes() -> None:
    assert checks._ON["eventID"] < checks._NEW["eventID"]


def test_changes_have_the_form_of_a_tables() -> None:
    old, new = checks._image("IAH", "2"), checks._image("MIA")
    for name, before, after in (
        ("INSERT", None, new),
        ("MODIFY", old, new),
        ("REMOVE", old, None),
    ):
        written = table_changes.record(
            region="us-east-1",
            table="lesson-12-planes",
            keys={"plane": new["plane"]},
            old=before,
            new=after,
            size=40,
            seconds=1_767_225_600.5,
            precision=table_changes.MICROSECOND,
        )
        assert written is not None
        tried = checks._change(name, 500_000, before, after)
        assert {**tried, "eventID": ""} == {**json.loads(written), "eventID": ""}
