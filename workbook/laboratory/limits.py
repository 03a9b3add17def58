"""Limits for the values of an experiment, so that what AWS would refuse is refused beforehand."""

import json
import math
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

REPORTS = "ReportBatchItemFailures"
SURROGATE = re.compile("[\ud800-\udfff]")  # half a character, which cannot be sent
NAME = re.compile(r"[a-zA-Z]\w+", re.ASCII)  # of an environment variable [BC]
MAX_VARIABLES = 4 * 1024  # bytes of all environment variables, as JSON [OBS]
OURS = 1024  # of these, reserved for the variables that the experiment sets
RESERVED = (  # variables that Lambda sets [DG:configuration-envvars]
    *("_HANDLER", "_X_AMZN_TRACE_ID", "AWS_DEFAULT_REGION", "AWS_REGION", "AWS_EXECUTION_ENV"),
    *("AWS_LAMBDA_FUNCTION_NAME", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE"),
    *("AWS_LAMBDA_FUNCTION_VERSION", "AWS_LAMBDA_INITIALIZATION_TYPE"),
    *("AWS_LAMBDA_LOG_GROUP_NAME", "AWS_LAMBDA_LOG_STREAM_NAME", "AWS_ACCESS_KEY"),
    *("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"),
    *("AWS_LAMBDA_RUNTIME_API", "LAMBDA_TASK_ROOT", "LAMBDA_RUNTIME_DIR"),
)


def is_whole(value: Any, least: float, most: float = math.inf) -> bool:
    """Return whether a value is an int from ``least`` to ``most``."""
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most


def is_number(value: Any, least: float, most: float = math.inf) -> bool:
    """Return whether a value is a finite number from ``least`` to ``most``."""
    is_real = isinstance(value, int | float) and not isinstance(value, bool)
    return is_real and math.isfinite(value) and least <= value <= most


def is_rate(value: Any) -> bool:
    """Return whether a value is a number above 0, or infinite."""
    return isinstance(value, int | float) and not isinstance(value, bool) and value > 0


MAPPING: Mapping[str, tuple[str, Callable[[Any], bool]]] = {  # [BC], DG:services-kinesis-parameters
    "BatchSize": ("a whole number, 1 to 10,000", lambda value: is_whole(value, 1, 10_000)),
    "BisectBatchOnFunctionError": ("True or False", lambda value: isinstance(value, bool)),
    "FunctionResponseTypes": (f"[] or [{REPORTS!r}]", lambda value: value in ([], [REPORTS])),
    "MaximumBatchingWindowInSeconds": (
        "a whole number, 0 to 300",
        lambda value: is_whole(value, 0, 300),
    ),
    "MaximumRecordAgeInSeconds": (
        "-1, or a whole number, 60 to 604,800",
        lambda value: is_whole(value, -1, -1) or is_whole(value, 60, 604_800),
    ),
    "MaximumRetryAttempts": (
        "a whole number, -1 to 10,000",
        lambda value: is_whole(value, -1, 10_000),
    ),
    "ParallelizationFactor": ("a whole number, 1 to 10", lambda value: is_whole(value, 1, 10)),
    "StartingPosition": (
        "'TRIM_HORIZON' or 'LATEST'",
        lambda value: value in ("TRIM_HORIZON", "LATEST"),
    ),
}


def check_mapping(settings: Mapping[str, Any]) -> None:
    """Refuse settings of a mapping that an experiment cannot have.

    Raises:
        ValueError: a setting is not allowed; the message names it.
    """
    unknown = ", ".join(sorted(map(str, settings.keys() - MAPPING.keys())))
    if unknown:
        raise ValueError(
            f"mapping must not have {unknown}; an experiment may set {', '.join(sorted(MAPPING))}"
        )
    for name, value in settings.items():
        wanted, is_good = MAPPING[name]
        if not is_good(value):
            raise ValueError(f"mapping: {name} must be {wanted}, not {value!r}")


def check_variables(
    variables: Mapping[str, Any], taken: Sequence[str], where: str = "environment"
) -> None:
    """Refuse environment variables that a function cannot have.

    Args:
        variables: the environment variables.
        taken: the names of variables that the experiment sets.
        where: the name of the field, for messages.

    Raises:
        ValueError: a variable is not allowed; the message names it.
    """
    if not isinstance(variables, Mapping):
        raise ValueError(f"{where} must be variables by name, as in a dict, not {variables!r}")
    for name, value in variables.items():
        if name in taken:
            raise ValueError(f"{where} must not have {name}: the workbook sets it")
        if name in RESERVED:
            raise ValueError(f"{where} must not have {name}: Lambda sets it")
        if not isinstance(name, str) or not NAME.fullmatch(name):
            raise ValueError(
                f"{where}: the name {name!r} must be a letter, and then one or more letters, "
                "digits or _"
            )
        if not isinstance(value, str) or SURROGATE.search(value):
            raise ValueError(f"{where}: {name} must be a string, not {value!r}")
    size = len(json.dumps(dict(variables), ensure_ascii=False).encode())
    if size > MAX_VARIABLES - OURS:
        raise ValueError(
            f"{where} has {size:,} bytes as JSON; at most {MAX_VARIABLES - OURS:,} are possible"
        )
