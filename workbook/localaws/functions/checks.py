"""Check what botocore's model of the Lambda API does not cover, and refuse it in AWS's words.

``api.model`` has already read the parameters: their types, lengths, ranges and patterns are valid.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from workbook.localaws.api.errors import ApiError
from workbook.localaws.api.http import ACCOUNT_ID
from workbook.localaws.api.overrides import RUNTIMES
from workbook.localaws.api.partitions import partition
from workbook.localaws.destinations import delivery_action, is_reachable
from workbook.localaws.function_arn import (
    is_of_its_region,
    parse_layer_version_arn,
    service_of,
    whereabouts,
)
from workbook.localaws.functions import interpreters, package
from workbook.localaws.functions.configuration import LATEST

NOT_ASSUMABLE = "The role defined for the function cannot be assumed by Lambda."  # [SEEN]
MAX_VARIABLES_BYTES = 4096
MAX_LAYERS = 5
DESTINATIONS = ("sqs", "sns", "s3", "lambda", "events")  # of asynchronous invocations
RUN_HERE = (*interpreters.PROVIDED, *interpreters.SUPPORTED)
BLOCKED = ("python2.7", "python3.6", "python3.7")  # functions can no longer be created for them
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


def invalid(message: str) -> ApiError:
    """Return the error for an invalid value."""
    return ApiError("InvalidParameterValueException", message)


def check_reachable(name_or_arn: str, region: str, action: str) -> None:
    """Check that a function is in the region and the account of the request.

    Args:
        name_or_arn: the request's ``FunctionName``.
        region: the region of the request.
        action: the requested action, such as ``InvokeFunction``.

    Raises:
        ApiError: the function is in another region [OBS] or account, or does not exist.
    """
    if not is_of_its_region(name_or_arn):
        raise ApiError("ResourceNotFoundException", f"Function not found: {name_or_arn}", 404)
    its_region, its_account = whereabouts(name_or_arn)
    if its_region not in (None, region):
        raise ApiError(
            "ResourceNotFoundException",
            f"Functions from '{its_region}' are not reachable in this region ('{region}')",
            404,
        )
    if its_account not in (None, ACCOUNT_ID):
        raise ApiError(
            "AccessDeniedException",
            f"User: arn:{partition(region)}:iam::{ACCOUNT_ID}:root is not authorized to perform: "
            f"lambda:{action} on resource: {name_or_arn} because no resource-based policy allows "
            f"the lambda:{action} action",
            403,
        )


def check_new(settings: Mapping[str, Any]) -> None:
    """Check the settings of CreateFunction.

    Raises:
        ApiError: a setting is not valid; the message names it.
    """
    if settings.get("PackageType", "Zip") != "Zip":
        raise invalid(
            "The local AWS runs functions from zips; container images (PackageType Image) need "
            "Docker."
        )
    if not settings.get("Runtime") or not settings.get("Handler"):
        raise invalid(
            "Runtime and Handler are mandatory parameters for functions created with deployment "
            "packages."
        )
    check(settings)


def check(settings: Mapping[str, Any]) -> None:
    """Check the settings that CreateFunction and UpdateFunctionConfiguration share.

    Raises:
        ApiError: a setting is not valid; the message names it.
    """
    check_runtime(settings.get("Runtime"))
    variables = (settings.get("Environment") or {}).get("Variables") or {}
    check_variables(variables)
    for name, text in (("Handler", settings.get("Handler") or ""), *variables.items()):
        if "\0" in text:  # no process can receive it; the message is ours
            raise invalid(f"The value of '{name}' contains a NUL character.")


def check_runtime(runtime: str | None) -> None:
    """Check a function's runtime.

    Raises:
        ApiError: AWS does not know it [OBS] or has withdrawn it [SEEN], or only AWS can run it.
    """
    if runtime is None or runtime in RUN_HERE:
        return
    if runtime in BLOCKED:
        raise invalid(
            f"The runtime parameter of {runtime} is no longer supported for creating or updating "
            "AWS Lambda functions. We recommend you use a supported runtime while creating or "
            "updating functions."
        )
    if runtime in RUNTIMES.split(", "):
        raise invalid(
            f"The local AWS does not run {runtime}, which AWS does. Here you can use "
            f"{', '.join(RUN_HERE)}."
        )
    raise invalid(
        f"Value {runtime} at 'runtime' failed to satisfy constraint: Member must satisfy enum "
        f"value set: [{RUNTIMES}] or be a valid ARN"
    )


def check_variables(variables: Mapping[str, str]) -> None:
    """Check environment variables: at most 4 KB as JSON [OBS], without Lambda's reserved names.

    Raises:
        ApiError: they are too large, or a name is reserved.
    """
    unable = (
        "Lambda was unable to configure your environment variables because the environment "
        "variables you have provided "
    )
    taken = [name for name in variables if name in RESERVED]
    if taken:
        raise invalid(
            f"{unable}contains reserved keys that are currently not supported for modification. "
            f"Reserved keys used in this request: {', '.join(taken)}"
        )
    text = json.dumps(variables, separators=(",", ":"), ensure_ascii=False)
    if len(text.encode(errors="surrogatepass")) > MAX_VARIABLES_BYTES:
        raise invalid(f"{unable}exceeded the 4KB limit. String measured: {text}")


def check_source(source: Mapping[str, Any]) -> None:
    """Check that a request specifies the code.

    Raises:
        ApiError: it does not.
    """
    if not source.get("ZipFile") and not source.get("S3Bucket"):
        raise invalid("Please provide a source for function code.")


def updating(arn: str) -> ApiError:
    """Return the error for changing a function while another change is in progress [OBS]."""
    return ApiError(
        "ResourceConflictException",
        "The operation cannot be performed at this time. An update is in progress for resource: "
        f"{arn}",
        409,
    )


def pending() -> ApiError:
    """Return the error for changing a function while it is being created [SEEN]."""
    return ApiError(
        "ResourceConflictException",
        "The operation cannot be performed at this time. The function is currently in the "
        "following state: Pending",
        409,
    )


def not_in_s3(code: str, message: str) -> ApiError:
    """Return the error for code that cannot be read from S3 [OBS].

    Args:
        code: S3's error code.
        message: S3's error message.
    """
    return invalid(
        f"Error occurred while GetObject. S3 Error Code: {code}. S3 Error Message: {message}"
    )


def check_code(code: bytes) -> None:
    """Check a zip of code or of a layer [OBS].

    Raises:
        ApiError: it is too large, or not a package.
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
        raise invalid(str(problem)) from None


def check_revision(given: str | None, present: str) -> None:
    """Check an optional RevisionId in a request [BC].

    Raises:
        ApiError: it is not the current one.
    """
    if given and given != present:
        raise ApiError(
            "PreconditionFailedException",
            "The Revision Id provided does not match the latest Revision Id. Call the "
            "GetFunction/GetAlias API to retrieve the latest Revision Id",
            412,
        )


def check_digest(given: str | None, present: str) -> None:
    """Check an optional CodeSha256 in PublishVersion [BC]; the message is [SEEN].

    Raises:
        ApiError: it is not that of the current code.
    """
    if given and given != present:
        raise invalid(
            f"CodeSHA256 ({given}) is different from current CodeSHA256 in $LATEST ({present}). "
            "Please try again with the CodeSHA256 in $LATEST."
        )


def check_layers(arns: Sequence[str], region: str) -> None:
    """Check the layers of a function [OBS].

    Raises:
        ApiError: there are too many, one is in another region, or two are versions of the same
            layer.
    """
    if len(arns) > MAX_LAYERS:
        raise invalid(f"Cannot reference more than {MAX_LAYERS} layers.")
    seen: dict[str, str] = {}
    for arn in arns:
        layer = parse_layer_version_arn(arn)
        if layer is None:
            raise no_such_layer(arn)
        if layer.region != region:
            raise invalid(
                "Layers are not in the same region as the function. Layers are expected to be in "
                f"region {region}."
            )
        other = seen.setdefault(layer.arn, arn)
        if other != arn:
            raise invalid(
                "Two different versions of the same layer are not allowed to be referenced in the "
                f"same function. {other} and {arn} are versions of the same layer."
            )


def check_extensions(arn: str, code: bytes) -> None:
    """Check that a layer brings no external extension, which would not run.

    Args:
        arn: of the layer version.
        code: its zip.

    Raises:
        ApiError: it brings one; names it and says what to do.
    """
    found = package.extensions(code)
    if found:
        raise invalid(
            f"The local AWS does not run external extensions, such as extensions/{found[0]} in "
            f"layer {arn}. Leave the layer out here, or do its work in the function or in a "
            "wrapper script (AWS_LAMBDA_EXEC_WRAPPER)."
        )


def no_such_layer(arn: str) -> ApiError:
    """Return the error for a layer version that does not exist [OBS]."""
    return invalid(f"Layer version {arn} does not exist.")


def check_routing(version: str, weights: Mapping[str, float]) -> None:
    """Check the routing of an alias [DG:configuring-alias-routing]; the messages are ours.

    Args:
        version: the version of the alias.
        weights: the weights of other versions.

    Raises:
        ApiError: the alias cannot route in this way.
    """
    if not weights:
        return
    if len(weights) > 1:
        raise invalid("An alias can route invocations to at most two versions.")
    if LATEST in (version, *weights):
        raise invalid(f"An alias that routes to two versions cannot route to {LATEST}.")
    if version in weights:
        raise invalid(f"The alias already routes to version {version}.")


def destinations(config: Mapping[str, Any]) -> list[str]:
    """Return the destinations in an EventInvokeConfig."""
    both = (config.get("DestinationConfig") or {}).values()
    return [one["Destination"] for one in both if one.get("Destination")]


def check_destinations(config: Mapping[str, Any], region: str) -> None:
    """Check the destinations of asynchronous invocations in an EventInvokeConfig.

    They are standard queues and topics, functions and buses of the function's region; a bucket gets
    only failures [DG:invocation-async-retain-records].

    Raises:
        ApiError: one of them cannot be a destination.
    """
    for kind, one in (config.get("DestinationConfig") or {}).items():
        arn = one.get("Destination")
        if not arn:
            continue
        service = service_of(arn)
        is_fifo = service in ("sqs", "sns") and arn.endswith(".fifo")
        is_of_kind = service in DESTINATIONS and (service != "s3" or kind == "OnFailure")
        if is_fifo or not is_of_kind or not is_reachable(arn, region):
            raise invalid_destination(arn)


def not_assumable() -> ApiError:
    """Return the error for a role that does not let Lambda assume it [SEEN]."""
    return invalid(NOT_ASSUMABLE)


def may_not_deliver(arn: str) -> ApiError:
    """Return the error for a destination that the function's role may not deliver to [SEEN]."""
    action, _ = delivery_action(arn)
    return invalid(
        f"The function's execution role does not have permissions to call {action} on {arn}"
    )


def check_dead_letters(arn: str, region: str) -> None:
    """Check that an ARN is of a queue or topic in the function's region [BC; message ?].

    Raises:
        ApiError: it is not.
    """
    is_of_kind = service_of(arn) in ("sqs", "sns") and not arn.endswith(".fifo")
    if not is_of_kind or not is_reachable(arn, region):
        raise invalid(
            f"The dead-letter queue {arn} must be a standard SQS queue or a standard SNS topic in "
            f"the region {region}."
        )


def no_dead_letters(arn: str) -> ApiError:
    """Return the error for a dead-letter queue that the role may not send to [SEEN]."""
    action, service = delivery_action(arn)
    return invalid(
        f"The provided execution role does not have permissions to call {action} on {service}"
    )


def invalid_destination(arn: str) -> ApiError:
    """Return the error for an ARN that cannot be a destination [OBS]."""
    return invalid(f"The destination ARN {arn} is invalid.")
