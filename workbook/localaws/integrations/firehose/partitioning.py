"""Dynamic partitioning: the partition keys of a record [FH:dynamic-partitioning]."""

from collections.abc import Callable, Mapping
from typing import Any

from workbook.localaws.integrations.firehose import prefixes
from workbook.localaws.integrations.firehose.transformation import Failure

MOST_ACTIVE = 500  # partitions [FH:dynamic-partitioning]
FAILED = "DynamicPartitioning.MetadataExtractionFailed"  # [SEEN]
NULL = Failure(FAILED, "partitionKeys values must not be null or empty")  # [SEEN]
NOT_JSON = Failure(FAILED, "Non JSON record provided")  # [?]
EXCEEDED = Failure(
    "DynamicPartitioning.ActivePartitionLimitExceeded",  # [?]
    f"The limit of {MOST_ACTIVE} active partitions is exceeded",
)
EXCEEDED_TYPE = "activePartitionExceeded"  # in their prefix [FH:dynamic-partitioning]
Query = Callable[[bytes], Any]


def compiled(query: str) -> Query:
    """Return a compiled jq program.

    Raises:
        ValueError: the program is not valid.
    """
    import jq  # late: few delivery streams need it

    program = jq.compile(query)
    return lambda data: program.input_text(data.decode()).first()


def keys(
    wanted: tuple[tuple[str, str], ...],
    data: bytes,
    query: Query | None,
    of_function: Mapping[str, str],
) -> dict[tuple[str, str], str] | Failure:
    """Return the partition keys that a record's prefix needs, or why some are missing.

    Args:
        wanted: the namespace and name of each key.
        data: the record's data.
        query: a program that extracts keys from the data; None if there is none.
        of_function: the keys that the function returned with the record.
    """
    of_query: Mapping[str, Any] = {}
    if query is not None:
        try:
            found = query(data)
        except (ValueError, StopIteration):
            return NOT_JSON
        if not isinstance(found, dict):
            return NULL
        of_query = found
    all_keys = {prefixes.FROM_QUERY: of_query, prefixes.FROM_LAMBDA: of_function}
    made = {(space, name): _text(all_keys[space].get(name)) for space, name in wanted}
    return made if all(made.values()) else NULL


def _text(value: Any) -> str:
    if value is None or isinstance(value, dict | list):
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    return str(value)
