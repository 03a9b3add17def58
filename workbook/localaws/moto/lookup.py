"""What moto keeps of functions, as values for the loop.

Read on the loop while moto's thread may write: each of moto's objects is looked at once, and moto
replaces values rather than changing them.
"""

from typing import Any

from workbook.localaws.api.http import ACCOUNT_ID
from workbook.localaws.function_arn import Reference
from workbook.localaws.functions import package
from workbook.localaws.functions.concurrency import ACCOUNT_LIMIT
from workbook.localaws.functions.configuration import LATEST, FunctionVersion
from workbook.localaws.interfaces import FunctionGoneError

MAX_STORED_BYTES = 80_530_636_800  # 75 GB of code in a region


def find(reference: Reference, choice: float) -> FunctionVersion:
    """The version that a reference leads to, now.

    Args:
        reference: a function, version or alias.
        choice: from 0 to below 1; picks the version of an alias that splits by weight [OBS].

    Raises:
        FunctionGoneError: it does not exist.
    """
    group = _group(reference)
    latest, versions = group["latest"], group["versions"]
    qualifier = reference.qualifier
    aliases = _backend(reference.region)._lambdas._aliases
    if qualifier and (alias := aliases.get(latest.function_arn, {}).get(qualifier)):
        routing: Any = alias.routing_config or {}
        qualifier = alias.function_version
        for other, weight in (routing.get("AdditionalVersionWeights") or {}).items():
            choice -= weight
            if choice < 0:
                qualifier = other
                break
    if qualifier is None or qualifier == LATEST:
        return _version(latest, LATEST)
    for version in versions:
        if str(version.version) == qualifier:
            return _version(version, qualifier)
    raise FunctionGoneError(reference.arn)


def reserved(region: str, name: str) -> int | None:
    """The function's reserved concurrency; None when it has none."""
    value = _group(Reference(region, name, None))["latest"].reserved_concurrency
    return None if value is None else int(value)


def reserved_in_all(region: str) -> int:
    """What all functions of the region have reserved together."""
    groups = list(_backend(region)._lambdas._functions.values())
    return sum(int(group["latest"].reserved_concurrency or 0) for group in groups)


def account(region: str) -> dict[str, Any]:
    """GetAccountSettings: the account's limits in a region, and what it uses of them [BC]."""
    groups = list(_backend(region)._lambdas._functions.values())
    versions = [one for group in groups for one in (group["latest"], *group["versions"])]
    return {
        "AccountLimit": {
            "TotalCodeSize": MAX_STORED_BYTES,
            "CodeSizeUnzipped": package.MAX_UNZIPPED_BYTES,
            "CodeSizeZipped": package.MAX_ZIPPED_BYTES,
            "ConcurrentExecutions": ACCOUNT_LIMIT,
            "UnreservedConcurrentExecutions": ACCOUNT_LIMIT - reserved_in_all(region),
        },
        "AccountUsage": {
            "TotalCodeSize": sum(int(one.code_size) for one in versions),
            "FunctionCount": len(groups),
        },
    }


def event_invoke_config(reference: Reference) -> dict[str, Any]:
    """The settings of a function's asynchronous invocations; empty when there are none."""
    configs = _group(reference)["latest"].event_invoke_config
    return dict(configs[0].config) if configs else {}


def _backend(region: str) -> Any:
    from moto.awslambda.models import lambda_backends  # imported by then, which takes a second

    return lambda_backends[ACCOUNT_ID][region]


def _group(reference: Reference) -> dict[str, Any]:
    functions = _backend(reference.region)._lambdas._functions
    try:
        group: dict[str, Any] = functions[reference.name]
    except KeyError:
        raise FunctionGoneError(reference.arn) from None
    return group


def _version(function: Any, version: str) -> FunctionVersion:
    backend = _backend(function.region)
    layers = [backend.layers_versions_by_arn(layer["Arn"]) for layer in function.layers]
    return FunctionVersion(
        region=function.region,
        name=function.function_name,
        version=version,
        role=function.role,
        runtime=function.run_time,
        handler=function.handler,
        timeout=int(function.timeout),
        memory=int(function.memory_size),
        variables=tuple((name, str(value)) for name, value in function.environment_vars.items()),
        code_sha256=function.code_sha_256,
        layers=tuple(layer["Arn"] for layer in function.layers),
        logging=tuple(function.logging_config.items()),
        code=function.code_bytes,
        layer_code=tuple(layer.code_bytes for layer in layers if layer is not None),
    )


def behaviour(function: Any) -> tuple[object, ...]:
    """What makes two versions different ones."""
    value = _version(function, "")
    return value, function.description, function.ephemeral_storage, tuple(function.architectures)
