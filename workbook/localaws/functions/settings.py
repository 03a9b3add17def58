"""What the Lambda API accepts in a function's settings, and in which words it refuses."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from workbook.localaws.api.errors import ApiError
from workbook.localaws.destinations import delivery_action
from workbook.localaws.function_arn import parse_layer_version_arn
from workbook.localaws.functions import interpreters, package
from workbook.localaws.functions.configuration import LATEST

NOT_ASSUMABLE = "The role defined for the function cannot be assumed by Lambda."  # [SEEN]
MAX_VARIABLES_BYTES = 4096
MAX_LAYERS = 5
DESTINATIONS = ("sqs", "sns", "s3", "lambda", "events")  # of asynchronous invocations
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
    variables = (settings.get("Environment") or {}).get("Variables") or {}
    check_variables(variables)
    for name, text in (("Handler", settings.get("Handler")), *variables.items()):
        if "\0" in (text or ""):  # ours: no process can be given it
            raise _invalid(f"The value of '{name}' contains a NUL character.")


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


def not_in_s3(code: str, message: str) -> ApiError:
    """Return the error of code that is not where it should be in S3 [OBS].

    Args:
        code: S3's error.
        message: S3's words.
    """
    return _invalid(
        f"Error occurred while GetObject. S3 Error Code: {code}. S3 Error Message: {message}"
    )


def check_layers(arns: Sequence[str], region: str) -> None:
    """Check which layers a function of a region names [OBS].

    Raises:
        ApiError: they are too many, elsewhere, or versions of one layer.
    """
    if len(arns) > MAX_LAYERS:
        raise _invalid(f"Cannot reference more than {MAX_LAYERS} layers.")
    seen: dict[str, str] = {}
    for arn in arns:
        layer = parse_layer_version_arn(arn)
        if layer is None:
            raise no_such_layer(arn)
        if layer.region != region:
            raise _invalid(
                "Layers are not in the same region as the function. Layers are expected to be in "
                f"region {region}."
            )
        other = seen.setdefault(layer.arn, arn)
        if other != arn:
            raise _invalid(
                "Two different versions of the same layer are not allowed to be referenced in the "
                f"same function. {other} and {arn} are versions of the same layer."
            )


def no_such_layer(arn: str) -> ApiError:
    """Return the error of a layer version that does not exist [OBS]."""
    return _invalid(f"Layer version {arn} does not exist.")


def check_routing(version: str, weights: Mapping[str, float]) -> None:
    """Check how an alias splits invocations [DG:configuring-alias-routing]; the words are ours.

    Args:
        version: the alias' own.
        weights: of other versions.

    Raises:
        ApiError: it cannot do so.
    """
    if not weights:
        return
    if len(weights) > 1:
        raise _invalid("An alias routes invocations to two versions at most.")
    if LATEST in (version, *weights):
        raise _invalid(f"An alias that routes to two versions cannot route to {LATEST}.")
    if version in weights:
        raise _invalid(f"The alias already routes to version {version}.")


def destinations(config: Mapping[str, Any]) -> list[str]:
    """Return the destinations that an EventInvokeConfig names."""
    both = (config.get("DestinationConfig") or {}).values()
    return [one["Destination"] for one in both if one and one.get("Destination")]


def check_destination(arn: str) -> None:
    """Check what kind of thing a destination of asynchronous invocations is.

    Raises:
        ApiError: it can be none.
    """
    if arn.split(":")[2:3] not in [[service] for service in DESTINATIONS]:
        raise invalid_destination(arn)


def not_assumable() -> ApiError:
    """Return the error of a role that does not let Lambda assume it [SEEN]."""
    return _invalid(NOT_ASSUMABLE)


def may_not_deliver(arn: str) -> ApiError:
    """Return the error of a destination that the function's role may not deliver to [SEEN]."""
    action, _ = delivery_action(arn)
    return _invalid(
        f"The function's execution role does not have permissions to call {action} on {arn}"
    )


def no_dead_letters(arn: str) -> ApiError:
    """Return the error of a dead-letter queue that the role may not send to [SEEN]."""
    action, service = delivery_action(arn)
    return _invalid(
        f"The provided execution role does not have permissions to call {action} on {service}"
    )


def invalid_destination(arn: str) -> ApiError:
    """Return the error of a destination that can be none [OBS]."""
    return _invalid(f"The destination ARN {arn} is invalid.")


def _invalid(message: str) -> ApiError:
    return ApiError("InvalidParameterValueException", message)


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
