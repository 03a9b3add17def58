"""Filter patterns of CloudWatch Logs [CWL:FilterAndPatternSyntax]."""

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.localaws.functions.lambda_functions import refused
from workbook.localaws.integrations.log_patterns import InvalidPatternError, compile_pattern
from workbook.target import Aws

LINE = '127.0.0.1 - frank [10/Oct/2000:13:25:15 -0700] "GET /index.html HTTP/1.0" 404 1534'
DOCUMENT = (
    '{"level": "ERROR", "latency": 1500, "a": {"b": [1, "x"]}, "ok": false, "none": null,'
    ' "ip": "123.45.6.7"}'
)
ABOUT_JSON = [
    ('{ $.level = "ERROR" }', True),
    ("{ $.level = ERROR }", True),
    ('{ $.level = "ERR*" }', True),
    ('{ $.level != "ERROR" }', False),
    ('{ $.level = "INFO" }', False),
    ("{ $.latency > 1000 }", True),
    ("{ $.latency >= 1.5e3 }", True),
    ("{ $.latency < 1500 }", False),
    ("{ $.latency = 1500 }", True),
    ('{ $.a.b[1] = "x" }', True),
    ("{ $.a.b[0] = 1 }", True),
    ('{ $.a = "*" }', False),  # an object
    ("{ $.a.b[7] = 1 }", False),
    ("{ $.ok IS FALSE }", True),
    ("{ $.ok IS TRUE }", False),
    ("{ $.none IS NULL }", True),
    ("{ $.other NOT EXISTS }", True),
    ("{ $.level NOT EXISTS }", False),
    ('{ $.other != "x" }', False),  # which does not exist
    ("{ $.ip = %123\\.45\\.6\\.[0-9]+% }", True),
    ('{ $.level = "INFO" && $.latency > 1000 || $.ok IS FALSE }', True),
    ('{ $.level = "INFO" && ($.latency > 1000 || $.ok IS FALSE) }', False),
]
ABOUT_FIELDS = [
    ("[ip, user, name, time, request, status, size]", True),
    ("[ip, user, name, time, request, status]", False),
    ("[ip, user, name, time, request, status = 404, size]", True),
    ("[ip, user, name, time, request, status = 4*, size > 1000]", True),
    ("[ip, user, name, time, request, status = 5*, size]", False),
    ('[ip, user, name, time, request = "*index.html*", status, size]', True),
    ("[..., status = 4*, size]", True),
    ("[ip, ..., size > 2000]", False),
    ("[ip, ..., status = 404 || status = 500, size]", True),
    ("[ip, ..., status != 404 && status != 500, size]", False),
    ("[ip, ..., name=%fr.nk%, time, request, status, size]", True),
]
ABOUT_TERMS = [
    ("", "anything", True),
    (" ", "anything", True),
    ('""', "anything", True),
    ("ERROR", "an ERROR", True),
    ("error", "an ERROR", False),
    ("ERROR time", "ERROR: no time", True),
    ("ERROR time", "ERROR: no disk", False),
    ('"no time"', "ERROR: no time", True),
    ('"time no"', "ERROR: no time", False),
    ("?ERROR ?WARN", "WARN plain", True),
    ("?ERROR ?WARN", "fine", False),
    ("-ERROR", "fine", True),
    ("-ERROR", "an ERROR", False),
    ("WARN -ERROR", "WARN and ERROR", False),
    ('-"two words"', "with two words", False),
    ("%E[RO]+%", "an ERROR", True),
    ('%a% "%b% %c% %d%"', "a %b% %c% %d%", True),
    ('"a \\"quoted\\" word"', 'a "quoted" word', True),
]


@pytest.mark.parametrize(("pattern", "message", "matches"), ABOUT_TERMS)
def test_patterns_of_terms_phrases_and_signs(pattern: str, message: str, matches: bool) -> None:
    assert compile_pattern(pattern)(message) is matches


@pytest.mark.parametrize(("pattern", "matches"), ABOUT_JSON)
def test_patterns_for_json(pattern: str, matches: bool) -> None:
    assert compile_pattern(pattern)(DOCUMENT) is matches
    assert not compile_pattern(pattern)("no JSON")


@pytest.mark.parametrize(("pattern", "matches"), ABOUT_FIELDS)
def test_patterns_for_space_delimited_fields(pattern: str, matches: bool) -> None:
    assert compile_pattern(pattern)(LINE) is matches


@pytest.mark.parametrize(
    "pattern",
    [
        "a-b",
        "{ $.a = }",
        "{ a = 1 }",
        "{ $.a",
        "[a, ..., b, ...]",
        "{ ($.a = 1 }",
        "%(a)%",
        '"a',
        "[]",
        "%a% %b% %c%",
    ],
)
def test_an_invalid_log_pattern_is_refused(pattern: str) -> None:
    with pytest.raises(InvalidPatternError):
        compile_pattern(pattern)


@given(st.text(alphabet='{}[]()$.?-%"\\ab1*=<>!&|, ', max_size=30), st.text(max_size=20))
def test_any_pattern_is_read_or_refused(pattern: str, message: str) -> None:
    try:
        test = compile_pattern(pattern)
    except InvalidPatternError:
        return
    assert test(message) in (True, False)


def test_filter_log_events_returns_only_matching_events(local: Aws) -> None:
    logs, name = local.client("logs"), "patterns"
    logs.create_log_group(logGroupName=name)
    logs.create_log_stream(logGroupName=name, logStreamName="s")
    now = int(local.now() * 1000)
    events = [{"timestamp": now, "message": text} for text in ("fine", DOCUMENT, LINE)]
    logs.put_log_events(logGroupName=name, logStreamName="s", logEvents=events)
    for pattern, message in (('{ $.level = "ERROR" }', DOCUMENT), ("[..., s = 404, n]", LINE)):
        found = logs.filter_log_events(logGroupName=name, filterPattern=pattern)["events"]
        assert [event["message"] for event in found] == [message]
    error = refused(logs.filter_log_events, logGroupName=name, filterPattern="a-b")
    assert error["Error"] == {
        "Code": "InvalidParameterException",
        "Message": "Invalid character(s) in term 'a-b'",
    }


def test_filter_log_events_finds_groups_and_streams_in_pages(local: Aws) -> None:
    """[BC] By name or ARN, by stream names or their prefix; in order of time, or back."""
    logs, name = local.client("logs"), "paged"
    logs.create_log_group(logGroupName=name)
    now = int(local.now() * 1000)
    for place, stream in enumerate(("a/1", "a/2", "b/1")):
        logs.create_log_stream(logGroupName=name, logStreamName=stream)
        events = [{"timestamp": now + place + 10 * n, "message": f"{n}{stream}"} for n in range(2)]
        logs.put_log_events(logGroupName=name, logStreamName=stream, logEvents=events)
    (group,) = logs.describe_log_groups(logGroupNamePrefix=name)["logGroups"]
    oldest = ["0a/1", "0a/2", "0b/1", "1a/1", "1a/2", "1b/1"]
    for parameters, expected in (
        ({"logGroupIdentifier": group["arn"].removesuffix(":*")}, oldest),
        ({"logGroupIdentifier": name, "startFromHead": False}, oldest[::-1]),
        ({"logGroupName": name, "logStreamNamePrefix": "a/"}, ["0a/1", "0a/2", "1a/1", "1a/2"]),
        ({"logGroupName": name, "logStreamNames": ["b/1"]}, ["0b/1", "1b/1"]),
        ({"logGroupName": name, "startTime": now + 10, "endTime": now + 11}, ["1a/1", "1a/2"]),
    ):
        pages = logs.get_paginator("filter_log_events").paginate(
            **parameters, PaginationConfig={"PageSize": 2}
        )
        found = [event["message"] for page in pages for event in page["events"]]
        assert found == expected


@pytest.mark.parametrize(
    "given",
    [
        {"logStreamNames": ["s"], "logStreamNamePrefix": "s"},
        {"logGroupIdentifier": "refusing"},
        {"nextToken": "none"},
        {"limit": 10_001},
        {"filterPattern": "a" * 1025},
    ],
    ids=lambda given: ", ".join(given),
)
def test_filter_log_events_refuses_invalid_parameters(local: Aws, given: dict[str, Any]) -> None:
    """[BC]"""
    logs, name = local.client("logs"), "refusing"
    with suppress(logs.exceptions.ResourceAlreadyExistsException):
        logs.create_log_group(logGroupName=name)
    error = refused(logs.filter_log_events, logGroupName=name, **given)
    assert error["Error"]["Code"] == "InvalidParameterException"


def test_filter_log_events_refuses_a_missing_log_stream(local: Aws) -> None:
    """[SEEN]"""
    logs, name = local.client("logs"), "streamless"
    logs.create_log_group(logGroupName=name)
    error = refused(logs.filter_log_events, logGroupName=name, logStreamNames=["none"])
    assert error["Error"] == {
        "Code": "ResourceNotFoundException",
        "Message": "The specified log stream does not exist.",
    }
