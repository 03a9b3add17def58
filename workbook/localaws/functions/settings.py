"""What the Lambda API accepts in a function's settings, and in which words it refuses."""

import json
import re
from collections.abc import Mapping
from typing import Any

from workbook.localaws.api.errors import ApiError
from workbook.localaws.functions import interpreters, package

MAX_VARIABLES_BYTES = 4096
ENUM = (*interpreters.PROVIDED, *interpreters.SUPPORTED)
RANGES = {"Timeout": (1, 900), "MemorySize": (128, 10_240)}
REGION = r"(eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}"
TEXTS = {  # most characters, pattern [BC]
    "FunctionName": (
        140,
        rf"(arn:(aws[a-zA-Z-]*)?:lambda:)?({REGION}:)?(\d{{12}}:)?(function:)?"
        r"([a-zA-Z0-9-_]+)(:(\$LATEST|[a-zA-Z0-9-_]+))?",
    ),
    "Role": (10_000, r"arn:(aws[a-zA-Z-]*)?:iam::\d{12}:role/?[a-zA-Z_0-9+=,.@\-_/]+"),
    "Handler": (128, r"[^\s]+"),
    "Description": (256, ""),
}
MAX_NAME = 64  # the pattern's length is for a whole ARN [BC]
ARCHITECTURES = ("x86_64", "arm64")
VARIABLE_NAME = "[a-zA-Z]([a-zA-Z0-9_])+"  # so of two characters at least [BC]
RESERVED = frozenset(
    {
        "_HANDLER",
        "_X_AMZN_TRACE_ID",
        "AWS_DEFAULT_REGION",
        "AWS_REGION",
        "AWS_EXECUTION_ENV",
        "AWS_LAMBDA_FUNCTION_NAME",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
        "AWS_LAMBDA_FUNCTION_VERSION",
        "AWS_LAMBDA_INITIALIZATION_TYPE",
        "AWS_LAMBDA_LOG_GROUP_NAME",
        "AWS_LAMBDA_LOG_STREAM_NAME",
        "AWS_ACCESS_KEY",
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "AWS_LAMBDA_RUNTIME_API",
        "LAMBDA_TASK_ROOT",
        "LAMBDA_RUNTIME_DIR",
    }
)


def check_new(settings: Mapping[str, Any]) -> None:
    """Check CreateFunction.

    Raises:
        ApiError: naming the setting that is wrong.
    """
    if settings.get("PackageType", "Zip") != "Zip":
        raise ApiError(
            "InvalidParameterValueException",
            "The local AWS runs functions from zips; container images (PackageType Image) need "
            "Docker.",
        )
    if not settings.get("Runtime") or not settings.get("Handler"):
        raise ApiError(
            "InvalidParameterValueException",
            "Runtime and Handler are mandatory parameters for functions created with deployment "
            "packages.",
        )
    check(settings)
    check_source(settings.get("Code") or {})


def check_source(code: Mapping[str, Any]) -> None:
    """Check that a request says where the code is.

    Raises:
        ApiError: it does not.
    """
    if not code.get("ZipFile") and not code.get("S3Bucket"):
        raise ApiError(
            "InvalidParameterValueException", "Please provide a source for function code."
        )


def check(settings: Mapping[str, Any]) -> None:
    """Check what CreateFunction and UpdateFunctionConfiguration share.

    Raises:
        ApiError: naming the setting that is wrong.
    """
    runtime = settings.get("Runtime")
    if runtime is not None and runtime not in ENUM:
        raise ApiError(
            "InvalidParameterValueException",
            f"Value {runtime} at 'runtime' failed to satisfy constraint: Member must satisfy enum "
            f"value set: [{', '.join(ENUM)}] or be a valid ARN",
        )
    check_constraints(settings)
    check_variables((settings.get("Environment") or {}).get("Variables") or {})


def check_constraints(settings: Mapping[str, Any]) -> None:
    """Check lengths, patterns and ranges, all at once [BC].

    Raises:
        ApiError: naming every setting that is wrong.
    """
    problems = []
    for name, (longest, pattern) in TEXTS.items():
        text = settings.get(name)
        if name == "FunctionName" and text and ":" not in text:
            longest = MAX_NAME
        if text is not None and len(text) > longest:
            rule = f"have length less than or equal to {longest}"
            problems.append(_problem(name, text, rule))
        if text and pattern and re.fullmatch(pattern, text) is None:
            problems.append(_problem(name, text, f"satisfy regular expression pattern: {pattern}"))
    for name, (least, most) in RANGES.items():
        value = settings.get(name)
        if value is not None and int(value) < least:
            problems.append(_problem(name, value, f"have value greater than or equal to {least}"))
        if value is not None and int(value) > most:
            problems.append(_problem(name, value, f"have value less than or equal to {most}"))
    problems += _architecture_problems(settings.get("Architectures") or [])
    variables = (settings.get("Environment") or {}).get("Variables") or {}
    if not all(re.fullmatch(VARIABLE_NAME, name) for name in variables):
        problems.append(
            "Value at 'environment.variables' failed to satisfy constraint: Map keys must satisfy "
            f"constraint: [Member must satisfy regular expression pattern: {VARIABLE_NAME}]"
        )
    if problems:
        count = f"{len(problems)} validation error{'s' * (len(problems) > 1)} detected: "
        raise ApiError("ValidationException", count + "; ".join(problems))


def _architecture_problems(given: list[str]) -> list[str]:
    shown, problems = f"[{', '.join(given)}]", []
    if len(given) > 1:
        problems.append(_problem("Architectures", shown, "have length less than or equal to 1"))
    if not set(given) <= set(ARCHITECTURES):
        rule = f"Member must satisfy enum value set: [{', '.join(ARCHITECTURES)}]"
        rule = f"satisfy constraint: [{rule}, Member must not be null]"
        problems.append(_problem("Architectures", shown, rule))
    return problems


def _problem(name: str, value: object, rule: str) -> str:
    member = name[0].lower() + name[1:]
    return f"Value '{value}' at '{member}' failed to satisfy constraint: Member must {rule}"


def check_variables(variables: Mapping[str, str]) -> None:
    """Check a function's environment variables: at most 4 KB as JSON [OBS], none of Lambda's own.

    Raises:
        ApiError: they are too many, or one is reserved.
    """
    unable = (
        "Lambda was unable to configure your environment variables because the environment "
        "variables you have provided "
    )
    taken = [name for name in variables if name in RESERVED]
    if taken:
        raise ApiError(
            "InvalidParameterValueException",
            f"{unable}contains reserved keys that are currently not supported for modification. "
            f"Reserved keys used in this request: {', '.join(taken)}",
        )
    text = json.dumps(variables, separators=(",", ":"), ensure_ascii=False)
    if len(text.encode()) > MAX_VARIABLES_BYTES:
        raise ApiError(
            "InvalidParameterValueException",
            f"{unable}exceeded the 4KB limit. String measured: {text}",
        )


def check_code(code: bytes) -> None:
    """Check a zip, as CreateFunction and UpdateFunctionCode do [OBS].

    Raises:
        ApiError: it is too large, or no package.
    """
    if len(code) > package.MAX_ZIPPED_BYTES:
        raise ApiError(
            "RequestEntityTooLargeException",
            f"Zipped size must be smaller than {package.MAX_ZIPPED_BYTES} bytes",
            413,
        )
    try:
        package.check(code)
    except package.BadPackageError as problem:
        raise ApiError("InvalidParameterValueException", str(problem)) from None


def no_such_key() -> ApiError:
    """What is answered when the zip is not in S3."""
    return ApiError(
        "InvalidParameterValueException",
        "Error occurred while GetObject. S3 Error Code: NoSuchKey. S3 Error Message: The specified "
        "key does not exist.",
    )


def check_revision(given: str | None, present: str) -> None:
    """Check a RevisionId that a request may carry [BC].

    Raises:
        ApiError: it is not the present one.
    """
    if given and given != present:
        raise ApiError(
            "PreconditionFailedException",
            "The Revision Id provided does not match the latest Revision Id. Call the "
            "GetFunction/GetAlias API to retrieve the latest Revision Id",
            412,
        )


def logging_config(settings: Mapping[str, Any] | None, name: str) -> dict[str, str]:
    """LoggingConfig in full, with AWS's defaults [OBS]."""
    given = dict(settings or {})
    config = {"LogFormat": given.get("LogFormat", "Text")}
    if config["LogFormat"] == "JSON":
        config["ApplicationLogLevel"] = given.get("ApplicationLogLevel", "INFO")
        config["SystemLogLevel"] = given.get("SystemLogLevel", "INFO")
    config["LogGroup"] = given.get("LogGroup", f"/aws/lambda/{name}")
    return config
