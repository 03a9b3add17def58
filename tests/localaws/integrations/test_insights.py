"""Queries of CloudWatch Logs Insights [CWL]: the result of each command; also through boto3."""

import json
import time
import uuid
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from tests.localaws.functions.lambda_functions import create, invoke
from workbook.localaws.integrations.insights import discovery, query
from workbook.localaws.integrations.insights.expressions import MalformedQueryError
from workbook.target import Aws

START = datetime(2026, 1, 30, 10, 0, tzinfo=UTC).timestamp()
MESSAGES = (
    '{"tail": "N1", "delay": 5, "route": {"from": "JFK"}, "stops": ["BOS"]}',
    '{"tail": "N2", "delay": 30, "route": {"from": "LGA"}}',
    "ERROR [N3] delay=45 minutes: late",
    '{"tail": "N1", "delay": 12.5, "route": {"from": "JFK"}}',
)


def rows(source: str) -> list[dict[str, str]]:
    """The result for one message a minute, without pointers."""
    events = [
        discovery.of_json(message)
        | {
            "@timestamp": int(START * 1000) + 60_000 * minute,
            "@message": message,
            "@logStream": "s",
            "@ptr": str(minute),
        }
        for minute, message in enumerate(MESSAGES)
    ]
    found = query.parse(source).run(events)
    return [{name: value for name, value in row if name != "@ptr"} for row in found]


def column(source: str, name: str) -> list[str | None]:
    return [row.get(name) for row in rows(source)]


def test_a_query_returns_time_and_message_newest_first() -> None:
    """[CWL:CWL_QuerySyntax] The order without sort is not documented [?]."""
    assert [row["@message"] for row in rows("limit 2")] == [MESSAGES[3], MESSAGES[2]]
    assert rows("limit 1")[0]["@timestamp"] == "2026-01-30 10:03:00.000"


@pytest.mark.parametrize(
    ("condition", "tails"),
    [
        ('tail = "N1"', ["N1", "N1"]),
        ('tail != "N1"', ["N2"]),
        ("delay < 12.5", ["N1"]),
        ("delay >= 12.5", ["N1", "N2"]),
        ('tail = "N1" and delay > 6 or tail = "N2"', ["N1", "N2"]),
        ('not (tail = "N1" or delay = 7)', [None, "N2"]),
        ('tail in ["N2", "N7"]', ["N2"]),
        ('tail not in ["N2", "N7"]', ["N1", None, "N1"]),
        ('@message like "LGA"', ["N2"]),
        ("@message like /(?i)lga|error/", [None, "N2"]),
        ('route.from not like "LG"', ["N1", None, "N1"]),
        ("route.from =~ /^J/", ["N1", "N1"]),
        ('stops.0 = "BOS"', ["N1"]),
        ("isPresent(tail) and delay * 2 > 20", ["N1", "N2"]),
        ("strlen(tail) = 2 and toupper(tail) = 'N2'", ["N2"]),
        ("strcontains(tail, '2')", ["N2"]),
        ("strlen(tail) > 2", []),
        ("trim(tail, 'N') = 2", ["N2"]),
        ("ltrim(tail, 'N') = 2 and rtrim(tail, '2') = 'N'", ["N2"]),
        ("substr(tail, 1) = 2 and substr(tail, 0, 1) = 'N'", ["N2"]),
        ("replace(tail, 'N', 'M') = 'M2'", ["N2"]),
        ("greatest(delay, 20) = 30 and least(delay, 20) = 20", ["N2"]),
        ("sqrt(delay * delay) = 30", ["N2"]),
    ],
)
def test_filter_keeps_the_rows_that_match(condition: str, tails: list[str | None]) -> None:
    """[CWL:CWL_QuerySyntax] Fields of JSON are discovered, nested ones by dotted path."""
    assert column(f"fields tail | filter {condition}", "tail") == tails


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        (
            'parse @message "ERROR [*] delay=* minutes" as plane, late',
            {"plane": "N3", "late": "45"},
        ),
        ('parse "delay=* *" as late, rest', {"late": "45", "rest": "minutes: late"}),
        (r"parse @message /delay=(?<late>\d+)|nothing/", {"late": "45"}),
    ],
)
def test_parse_extracts_fields_from_a_message(command: str, expected: dict[str, str]) -> None:
    """[CWL:CWL_QuerySyntax-Parse] By a glob, or by named groups."""
    names = ", ".join(expected)
    source = f"{command} | filter late > 44 | display {names}"
    assert rows(source) == [expected]


def test_stats_aggregates_by_fields_and_periods() -> None:
    """[CWL:CWL_QuerySyntax-Stats]"""
    assert rows("stats count(*), count(delay), count_distinct(tail) as planes") == [
        {"count(*)": "4", "count(delay)": "3", "planes": "2"}
    ]
    source = (
        "filter ispresent(delay) | stats sum(delay) as s, avg(delay), min(delay), max(delay),"
        " pct(delay, 50) by tail | sort s desc"
    )
    assert rows(source) == [
        {
            "tail": "N2",
            "s": "30",
            "avg(delay)": "30",
            "min(delay)": "30",
            "max(delay)": "30",
            "pct(delay, 50)": "30",
        },
        {
            "tail": "N1",
            "s": "17.5",
            "avg(delay)": "8.75",
            "min(delay)": "5",
            "max(delay)": "12.5",
            "pct(delay, 50)": "5",
        },
    ]
    assert rows("stats count(*) by bin(2m) as t | sort t asc | limit 1") == [
        {"t": "2026-01-30 10:00:00.000", "count(*)": "2"}
    ]
    assert rows("stats earliest(delay), latest(delay) by tail | filter tail = 'N1'") == [
        {"tail": "N1", "earliest(delay)": "5", "latest(delay)": "12.5"}
    ]
    assert column("stats count(*) by tail | sort count(*) desc, tail", "count(*)")[0] == "2"


def test_sort_dedup_and_display() -> None:
    """[CWL:CWL_QuerySyntax] Rows without a field come last, and dedup keeps them."""
    assert column("fields tail | sort delay asc", "tail") == ["N1", "N1", "N2", None]
    assert column("fields tail | sort tail desc, delay desc", "tail") == ["N2", "N1", "N1", None]
    assert column("fields tail, delay | dedup tail", "delay") == ["12.5", None, "30"]
    assert rows("fields tail, delay / 2 as half | display half | filter half = 15") == [
        {"half": "15"}
    ]
    assert rows("# all of it\nfields delay+1 | sort delay desc | limit 1") == [{"delay+1": "31"}]


@pytest.mark.parametrize(
    ("source", "named"),
    [
        ("pattern @message", "pattern"),
        ("fields strange(tail)", "strange"),
        ("stats stddev(delay)", "stddev"),
        ("stats tail", "aggregation"),
        ("stats sum()", "wrong number of arguments for sum: 0, not 1"),
        ("stats count(tail, delay)", "wrong number of arguments for count: 2, not 0 to 1"),
        ("stats pct(delay)", "wrong number of arguments for pct: 1, not 2"),
        ("stats pct(delay, 101)", "percentage from 0 to 100"),
        ("stats pct(delay, tail)", "percentage from 0 to 100"),
        ("stats avg(count(*))", "not another aggregation"),
        ("stats count(*) by sum(delay)", "belong to stats"),
        ("fields strlen(tail, delay)", "wrong number of arguments for strlen: 2, not 1"),
        ("fields strcontains(tail)", "wrong number of arguments for strcontains: 1, not 2"),
        ("fields trim(tail, 'N', 1)", "wrong number of arguments for trim: 3, not 1 to 2"),
        ("fields coalesce()", "wrong number of arguments for coalesce: 0, not 1 or more"),
        ("filter count(*) > 1", "belong to stats"),
        ("sort max(delay)", "belong to stats"),
        ("filter tail", "condition, not tail"),
        ("filter tail = 'N1' or delay + 1", "condition"),
        ("filter tail like delay", "unexpected symbol found delay"),
        ("stats count(*) by bin(0m)", "bin"),
        ("dedup tail | sort tail", "only limit may follow dedup"),
        ("filter " + "(" * 5000, "deeply"),
        ("fields count(*)", "stats"),
        ("filter tail ==", "unexpected"),
        ('filter tail = "N1', "unexpected"),
        ("fields", "unexpected end"),
        ("fields tail tail", "unexpected symbol found tail"),
        ("limit 10001", "10001"),
        ("parse @message 'a * b *' as one", "2 wildcards"),
        ("parse @message /(/", "regular expression"),
        ("stats count(*) by bin(5)", "bin"),
        ("fields tail | ", "support the command"),
    ],
)
def test_unsupported_queries_are_refused_by_name(source: str, named: str) -> None:
    with pytest.raises(MalformedQueryError, match=named):
        rows(source)


@given(st.text("fieldsltr pa|@=<>\"'/()[],.*5m`#\n", max_size=40))
def test_any_query_is_read_or_refused(source: str) -> None:
    with suppress(MalformedQueryError):
        query.parse(source).run([])


@given(
    st.recursive(
        st.none() | st.integers() | st.text(),
        lambda one: st.lists(one) | st.dictionaries(st.text(), one),
    )
)
def test_fields_are_discovered_in_any_message(document: Any) -> None:
    """[CWL:CWL_AnalyzeLogData-discoverable-fields]"""
    fields = discovery.of_json(json.dumps({"a": document}))
    assert all(not isinstance(value, dict | list) for value in fields.values())


def test_boto3_starts_describes_and_reads_queries(local: Aws) -> None:
    """[OBS, BC] Seconds, inclusive; strings, with a pointer; DescribeQueries shows the source."""
    name = create(local, "def handler(event, context): print('flight', event)")
    for event in ("N1", "N2"):
        invoke(local, name, event)
    client, group = local.client("logs"), f"/aws/lambda/{name}"
    window: Any = {"startTime": int(time.time()) - 600, "endTime": int(time.time()) + 60}
    source = 'fields @timestamp, @message | filter @message like "flight" | sort @timestamp'
    started = client.start_query(logGroupName=group, queryString=source, **window)["queryId"]
    answer = client.get_query_results(queryId=started)
    assert answer["status"] == "Complete"
    found = [{one["field"]: one["value"] for one in row} for row in answer["results"]]
    assert [row["@message"].strip() for row in found] == ["flight N1", "flight N2"]
    assert all(list(row) == ["@timestamp", "@message", "@ptr"] for row in found)
    assert answer["statistics"]["recordsMatched"] == 2
    assert answer["statistics"]["recordsScanned"] > 2
    (told,) = client.describe_queries(logGroupName=group)["queries"]
    assert told["queryString"] == (
        f'SOURCE "{group}" START={window["startTime"]}000 END={window["endTime"]}999 | {source}'
    )
    with pytest.raises(ClientError, match="not running"):
        client.stop_query(queryId=started)
    source = 'filter @type = "REPORT" | stats count(*) as n, max(@memorySize) / 1000000 as mb'
    (arn,) = [
        one["arn"] for one in client.describe_log_groups(logGroupNamePrefix=group)["logGroups"]
    ]
    started = client.start_query(
        logGroupIdentifiers=[arn.removesuffix(":*")], queryString=source, **window
    )["queryId"]
    (row,) = client.get_query_results(queryId=started)["results"]
    assert {one["field"]: one["value"] for one in row} == {"n": "2", "mb": "128"}


def test_boto3_gets_awss_errors_for_queries(local: Aws) -> None:
    """[BC]"""
    client, group = local.client("logs"), f"g-{uuid.uuid4().hex}"
    client.create_log_group(logGroupName=group)
    window: Any = {"startTime": 0, "endTime": 1}
    with pytest.raises(client.exceptions.MalformedQueryException, match="anomaly"):
        client.start_query(logGroupName=group, queryString="anomaly", **window)
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        client.start_query(logGroupName="none", queryString="limit 1", **window)
    with pytest.raises(client.exceptions.InvalidParameterException, match="Exactly one"):
        client.start_query(queryString="limit 1", **window)
    with pytest.raises(client.exceptions.InvalidParameterException, match="SQL"):
        client.start_query(logGroupName=group, queryString="x", queryLanguage="SQL", **window)
    for problem in ({"limit": 10_001}, {"limit": 100_001}, {"queryString": "f" * 10_001}):
        with pytest.raises(client.exceptions.InvalidParameterException):
            client.start_query(
                logGroupName=group, **{"queryString": "limit 1", **window, **problem}
            )
    with pytest.raises(client.exceptions.InvalidParameterException, match="50"):
        client.start_query(logGroupNames=[group] * 51, queryString="limit 1", **window)
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        client.get_query_results(queryId="none")
