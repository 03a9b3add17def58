"""Prefixes of object keys: their expressions, checked and evaluated [FH:s3-prefixes]."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from workbook.localaws.integrations.firehose import times

EXPRESSION = re.compile(r"!\{(\w+):([^{}]*)\}")
TIMESTAMP, FIREHOSE = "timestamp", "firehose"
FROM_QUERY, FROM_LAMBDA = "partitionKeyFromQuery", "partitionKeyFromLambda"
ERROR_TYPE, RANDOM = "error-output-type", "random-string"
BY_HOUR = "!{timestamp:yyyy/MM/dd/HH/}"
LONGEST = 512  # characters, after evaluation


@dataclass(frozen=True, slots=True)
class Moment:
    """The values of the expressions in an object's prefix.

    Args:
        time: the arrival of the oldest record, in the prefix's time zone.
        chance: eleven random characters, for ``random-string``.
        keys: partition keys by namespace and name.
        error_type: such as ``processing-failed``; empty for an object of good records.
    """

    time: datetime
    chance: str
    keys: Mapping[tuple[str, str], str]
    error_type: str = ""


def evaluate(prefix: str, moment: Moment) -> str:
    """Return a prefix with its expressions replaced; all its times are the same instant."""

    def value(expression: re.Match[str]) -> str:
        namespace, name = expression.groups()
        if namespace == TIMESTAMP:
            return times.render(name, moment.time)
        if namespace == FIREHOSE:
            return moment.error_type if name == ERROR_TYPE else moment.chance
        return moment.keys[namespace, name]

    return EXPRESSION.sub(value, prefix)


def complete(prefix: str, *, is_partitioned: bool) -> str:
    """Return the prefix of good records, with what Firehose appends to it.

    If it contains no time, the hour of the oldest record is appended. With dynamic partitioning, it
    stays as it is [?].
    """
    return prefix if is_partitioned or _has(prefix, TIMESTAMP) else prefix + BY_HOUR


def complete_error(error_prefix: str, prefix: str) -> str:
    """Return the prefix of failed records, given the settings for both.

    If it is left out, it is the other prefix. If it contains no expression, the error type and the
    hour are appended [? if only the error prefix is given].
    """
    given = error_prefix or prefix
    if EXPRESSION.search(given):
        return given
    return f"{given}!{{{FIREHOSE}:{ERROR_TYPE}}}/{BY_HOUR}"


def used_keys(prefix: str) -> tuple[tuple[str, str], ...]:
    """Return the partition keys in a prefix, by namespace and name."""
    found = dict.fromkeys(EXPRESSION.findall(prefix))
    return tuple(one for one in found if one[0] in (FROM_QUERY, FROM_LAMBDA))


def check(prefix: str, error_prefix: str, *, is_partitioned: bool) -> None:
    """Check both prefixes.

    Raises:
        ValueError: a prefix is not valid; the message says why.
    """
    for field, text in (("Prefix", prefix), ("ErrorOutputPrefix", error_prefix)):
        _check_expressions(field, text)
        if len(text) > LONGEST and not EXPRESSION.search(text):
            raise ValueError(f"{field} must not be longer than {LONGEST} characters")
    if EXPRESSION.search(prefix) and not error_prefix:
        raise ValueError(
            "ErrorOutputPrefix cannot be null or empty when Prefix contains expressions"
        )
    if (FIREHOSE, ERROR_TYPE) in EXPRESSION.findall(prefix):
        raise ValueError(f"Prefix cannot contain !{{{FIREHOSE}:{ERROR_TYPE}}}")
    found = EXPRESSION.findall(error_prefix)
    if found and (FIREHOSE, ERROR_TYPE) not in found:
        raise ValueError(f"ErrorOutputPrefix must contain !{{{FIREHOSE}:{ERROR_TYPE}}}")
    for namespace in (FROM_QUERY, FROM_LAMBDA):
        if _has(error_prefix, namespace):
            raise ValueError(f"ErrorOutputPrefix cannot contain !{{{namespace}:...}}")
        if _has(prefix, namespace) and not is_partitioned:
            raise ValueError(
                f"Prefix can contain !{{{namespace}:...}} only with dynamic partitioning enabled"
            )


def _check_expressions(field: str, text: str) -> None:
    if "!{" in EXPRESSION.sub("", text):
        raise ValueError(f"{field}: !{{ may only begin an expression !{{namespace:value}}")
    for namespace, name in EXPRESSION.findall(text):
        if namespace == TIMESTAMP:
            try:
                times.check(name)
            except ValueError as unknown:
                raise ValueError(f"{field}: {unknown}") from None
        elif namespace == FIREHOSE:
            if name not in (ERROR_TYPE, RANDOM):
                raise ValueError(f"{field}: !{{{namespace}:{name}}} is unknown")
        elif namespace not in (FROM_QUERY, FROM_LAMBDA):
            raise ValueError(f"{field}: the namespace {namespace} is unknown")
        elif not name:
            raise ValueError(f"{field}: !{{{namespace}:}} names no partition key")


def _has(prefix: str, namespace: str) -> bool:
    return any(space == namespace for space, _ in EXPRESSION.findall(prefix))
