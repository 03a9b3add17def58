"""Prefixes of objects."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from workbook.localaws.integrations.firehose import prefixes, times
from workbook.localaws.integrations.firehose.prefixes import Moment

TIME = datetime(2018, 8, 27, 10, 30, 5, 120_000, tzinfo=UTC)


def evaluated(
    prefix: str, error_type: str = "", keys: dict[tuple[str, str], str] | None = None
) -> str:
    return prefixes.evaluate(prefix, Moment(TIME, "5abf82daaa5", keys or {}, error_type))


@pytest.mark.parametrize(
    ("given", "key"),
    [
        ("", "2018/08/27/10/"),
        ("flights/", "flights/2018/08/27/10/"),
        ("flights", "flights2018/08/27/10/"),
        ("y=!{timestamp:yyyy}/", "y=2018/"),
        ("r=!{firehose:random-string}/", "r=5abf82daaa5/2018/08/27/10/"),
    ],
)
def test_a_prefix_without_a_time_gets_the_hour(given: str, key: str) -> None:
    """[FH:s3-prefixes]"""
    assert evaluated(prefixes.complete(given, is_partitioned=False)) == key


@pytest.mark.parametrize(
    ("error", "prefix", "key"),
    [
        ("", "", "processing-failed/2018/08/27/10/"),
        ("", "flights/", "flights/processing-failed/2018/08/27/10/"),
        ("failed/!{firehose:error-output-type}/", "", "failed/processing-failed/"),
        ("failed/", "x/", "failed/processing-failed/2018/08/27/10/"),
    ],
)
def test_failed_records_have_a_prefix_with_the_error_type(
    error: str, prefix: str, key: str
) -> None:
    """[FH:s3-prefixes]"""
    assert evaluated(prefixes.complete_error(error, prefix), "processing-failed") == key


def test_partition_keys_are_part_of_the_prefix() -> None:
    """[FH:s3-prefixes]"""
    prefix = "c=!{partitionKeyFromQuery:carrier}/d=!{partitionKeyFromLambda:day}/"
    keys = {("partitionKeyFromQuery", "carrier"): "UA", ("partitionKeyFromLambda", "day"): "1"}
    assert evaluated(prefix, keys=keys) == "c=UA/d=1/"


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("yyyy/MM/dd/HH", "2018/08/27/10"),
        ("yy-M-d", "18-8-27"),
        ("MMM MMMM E EEEE", "Aug August Mon Monday"),
        ("DDD", "239"),
        ("h a mm:ss.SSS", "10 AM 30:05.120"),
        ("'year='yyyy", "year=2018"),
        ("yyyy''MM", "2018'08"),
    ],
)
def test_times_are_formatted_as_in_java(pattern: str, text: str) -> None:
    """[FH:s3-prefixes] Java's DateTimeFormatter."""
    times.check(pattern)
    assert times.render(pattern, TIME) == text


def test_a_custom_time_zone_applies_to_the_prefix() -> None:
    """[BC] CustomTimeZone"""
    moment = Moment(TIME.astimezone(ZoneInfo("Asia/Tokyo")), "", {})
    assert prefixes.evaluate("!{timestamp:yyyy/MM/dd/HH/}", moment) == "2018/08/27/19/"


@pytest.mark.parametrize(
    ("prefix", "error", "words"),
    [
        ("!{timestamp:yyyy}", "", "ErrorOutputPrefix cannot be null or empty when Prefix contains"),
        ("!{firehose:error-output-type}", "x", "Prefix cannot contain !{firehose:error-output"),
        ("", "!{timestamp:yyyy}", "ErrorOutputPrefix must contain !{firehose:error-output-type}"),
        ("", "!{firehose:error-output-type}!{partitionKeyFromQuery:k}", "ErrorOutputPrefix cannot"),
        ("!{partitionKeyFromQuery:k}", "!{firehose:error-output-type}", "only with dynamic"),
        ("!{timestamp:yyyy", "e", "!{ may only begin an expression"),
        ("!{timestamp:YYYY}", "!{firehose:error-output-type}", "the letter Y"),
        ("!{firehose:other}", "!{firehose:error-output-type}", "!{firehose:other} is unknown"),
        ("!{date:yyyy}", "!{firehose:error-output-type}", "the namespace date is unknown"),
        ("x" * 513, "", "not be longer than 512"),
    ],
)
def test_prefixes_that_contradict_the_rules_are_refused(
    prefix: str, error: str, words: str
) -> None:
    """[FH:s3-prefixes]"""
    with pytest.raises(ValueError, match="Prefix") as refused:
        prefixes.check(prefix, error, is_partitioned=False)
    assert words in str(refused.value)
