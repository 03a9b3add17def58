"""The operations of the Lambda API that read and change configurations, using moto's backend.

Each accepts typed parameters, by their names in the API, and returns its response; None for a
response without content. All of it runs on moto's thread.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from moto.awslambda.models import LayerVersion, lambda_backends
from moto.core.exceptions import JsonRESTError

from workbook.localaws.api.errors import ApiError
from workbook.localaws.api.http import ACCOUNT_ID
from workbook.localaws.function_arn import function_arn, parse_layer_version_arn, parse_reference
from workbook.localaws.functions import checks
from workbook.localaws.functions.configuration import LATEST
from workbook.localaws.moto.functions import FunctionsBackend

Parameters = Mapping[str, Any]
Answer = dict[str, Any]

# The settings that lists omit for each function [BC].
NOT_LISTED = frozenset(
    {
        "State",
        "StateReason",
        "StateReasonCode",
        "LastUpdateStatus",
        "LastUpdateStatusReason",
        "LastUpdateStatusReasonCode",
        "RuntimeVersionConfig",
    }
)
# The fields that lists have for each layer version [BC].
LISTED_OF_LAYERS = (
    "LayerVersionArn",
    "Version",
    "Description",
    "CreatedDate",
    "CompatibleRuntimes",
    "LicenseInfo",
    "CompatibleArchitectures",
)

OPERATIONS: dict[str, Callable[[FunctionsBackend, Parameters], Answer | None]] = {}
Function = TypeVar("Function", bound=Callable[[FunctionsBackend, Any], Answer | None])


def _operation(name: str) -> Callable[[Function], Function]:
    """Register a function as the implementation of an operation."""

    def note(function: Function) -> Function:
        OPERATIONS[name] = function
        return function

    return note


def perform(operation: str, region: str, asked: Parameters) -> Answer | None:
    """Carry out an operation and return its response.

    Raises:
        ApiError: AWS's error, or the operation is not supported.
    """
    if operation not in OPERATIONS:
        raise ApiError(
            "NotImplementedException", f"The local AWS does not support {operation}.", 501
        )
    if "FunctionName" in asked:
        checks.check_reachable(asked["FunctionName"], region, operation)
        reference = parse_reference(asked["FunctionName"], region, asked.get("Qualifier"))
        asked = {**asked, "FunctionName": reference.name, "Qualifier": reference.qualifier}
    try:
        backends: Any = lambda_backends
        return OPERATIONS[operation](backends[ACCOUNT_ID][region], asked)
    except JsonRESTError as refused:
        raise _in_awss_words(refused) from None


def _in_awss_words(refused: JsonRESTError) -> ApiError:
    """Return moto's error with Lambda's code and message [BC]."""
    kind = str(refused.error_type)
    if kind == "ConflictException":  # Lambda has no such error
        kind = "ResourceConflictException"
    status = 404 if kind == "ResourceNotFoundException" else int(refused.code)
    return ApiError(kind, str(refused.message), status)


# --- functions


@_operation("CreateFunction")
def _create_function(backend: FunctionsBackend, asked: Parameters) -> Answer:
    function: Any = backend.create_function(dict(asked))
    return function.get_configuration(on_create=True)  # type: ignore[no-any-return]


@_operation("GetFunction")
def _get_function(backend: FunctionsBackend, asked: Parameters) -> Answer:
    answer: Answer = _function(backend, asked).get_code()
    answer["Configuration"]["FunctionArn"] = _arn(backend, asked)
    return answer


@_operation("GetFunctionConfiguration")
def _get_function_configuration(backend: FunctionsBackend, asked: Parameters) -> Answer:
    function = _function(backend, asked)
    return {**function.get_configuration(), "FunctionArn": _arn(backend, asked)}


@_operation("ListFunctions")
def _list_functions(backend: FunctionsBackend, asked: Parameters) -> Answer:
    names = backend.function_names()
    if asked.get("FunctionVersion") == "ALL":
        return {"Functions": [one for name in names for one in _versions(backend, name)]}
    return {"Functions": [_listed(backend.get_function(name)) for name in names]}


@_operation("ListVersionsByFunction")
def _list_versions_by_function(backend: FunctionsBackend, asked: Parameters) -> Answer:
    return {"Versions": _versions(backend, asked["FunctionName"])}


@_operation("UpdateFunctionCode")
def _update_function_code(backend: FunctionsBackend, asked: Parameters) -> Answer:
    return backend.update_function_code(asked["FunctionName"], "", dict(asked))


@_operation("UpdateFunctionConfiguration")
def _update_function_configuration(backend: FunctionsBackend, asked: Parameters) -> Answer:
    return backend.update_function_configuration(asked["FunctionName"], "", dict(asked))


@_operation("PublishVersion")
def _publish_version(backend: FunctionsBackend, asked: Parameters) -> Answer:
    backend.check_present(asked["FunctionName"], asked)
    version = backend.publish_version(asked["FunctionName"], asked.get("Description", ""))
    return version.get_configuration()  # type: ignore[no-any-return]


@_operation("DeleteFunction")
def _delete_function(backend: FunctionsBackend, asked: Parameters) -> None:
    backend.delete_function(asked["FunctionName"], asked["Qualifier"])


@_operation("GetFunctionCodeSigningConfig")
def _get_function_code_signing_config(backend: FunctionsBackend, asked: Parameters) -> Answer:
    function = _function(backend, asked)
    return _without_nulls(function.get_function_code_signing_config())


def _function(backend: FunctionsBackend, asked: Parameters) -> Any:
    return backend.get_function(asked["FunctionName"], asked["Qualifier"])


def _arn(backend: FunctionsBackend, asked: Parameters) -> str:
    """Return the ARN with the requested qualifier [OBS]."""
    return function_arn(backend.region_name, asked["FunctionName"], asked["Qualifier"])


def _versions(backend: FunctionsBackend, name: str) -> list[Answer]:
    latest = {**_listed(backend.get_function(name))}
    latest["FunctionArn"] = function_arn(backend.region_name, name, LATEST)
    return [latest, *map(_listed, backend.published_versions(name))]


def _listed(function: Any) -> Answer:
    configuration = function.get_configuration()
    return {name: value for name, value in configuration.items() if name not in NOT_LISTED}


# --- aliases


@_operation("CreateAlias")
def _create_alias(backend: FunctionsBackend, asked: Parameters) -> Answer:
    return _described_alias(
        backend.create_alias(
            asked["Name"],
            asked["FunctionName"],
            asked["FunctionVersion"],
            asked.get("Description", ""),
            asked.get("RoutingConfig"),
        )
    )


@_operation("GetAlias")
def _get_alias(backend: FunctionsBackend, asked: Parameters) -> Answer:
    return _described_alias(backend.get_alias(asked["Name"], asked["FunctionName"]))


@_operation("ListAliases")
def _list_aliases(backend: FunctionsBackend, asked: Parameters) -> Answer:
    version = asked.get("FunctionVersion")
    aliases = map(_described_alias, backend.list_aliases(asked["FunctionName"]))
    return {"Aliases": [one for one in aliases if version in (None, one["FunctionVersion"])]}


@_operation("UpdateAlias")
def _update_alias(backend: FunctionsBackend, asked: Parameters) -> Answer:
    present = backend.get_alias(asked["Name"], asked["FunctionName"])
    checks.check_revision(asked.get("RevisionId"), present.revision_id)
    return _described_alias(
        backend.update_alias(
            asked["Name"],
            asked["FunctionName"],
            asked.get("FunctionVersion"),
            asked.get("Description"),
            asked.get("RoutingConfig"),
        )
    )


@_operation("DeleteAlias")
def _delete_alias(backend: FunctionsBackend, asked: Parameters) -> None:
    backend.delete_alias(asked["Name"], asked["FunctionName"])


def _described_alias(alias: Any) -> Answer:
    return _without_nulls(alias.to_json())


# --- permissions


@_operation("AddPermission")
def _add_permission(backend: FunctionsBackend, asked: Parameters) -> Answer:
    statement = json.dumps(_but(asked, "FunctionName", "Qualifier"))
    added = backend.add_permission(asked["FunctionName"], asked["Qualifier"], statement)
    return {"Statement": json.dumps(added)}


@_operation("GetPolicy")
def _get_policy(backend: FunctionsBackend, asked: Parameters) -> Answer:
    return _described_policy(_function(backend, asked).policy)


@_operation("RemovePermission")
def _remove_permission(backend: FunctionsBackend, asked: Parameters) -> None:
    revision = asked.get("RevisionId", "")
    backend.remove_permission(asked["FunctionName"], asked["StatementId"], revision)


def _described_policy(policy: Any) -> Answer:
    described: Answer = json.loads(policy.wire_format())
    return described


# --- concurrency


@_operation("PutFunctionConcurrency")
def _put_function_concurrency(backend: FunctionsBackend, asked: Parameters) -> Answer:
    reserved = asked["ReservedConcurrentExecutions"]
    backend.put_function_concurrency(asked["FunctionName"], reserved)
    return {"ReservedConcurrentExecutions": reserved}


@_operation("GetFunctionConcurrency")
def _get_function_concurrency(backend: FunctionsBackend, asked: Parameters) -> Answer:
    reserved = backend.get_function_concurrency(asked["FunctionName"])
    return _without_nulls({"ReservedConcurrentExecutions": reserved})


@_operation("DeleteFunctionConcurrency")
def _delete_function_concurrency(backend: FunctionsBackend, asked: Parameters) -> None:
    backend.delete_function_concurrency(asked["FunctionName"])


# --- settings of asynchronous invocations


@_operation("PutFunctionEventInvokeConfig")
def _put_function_event_invoke_config(backend: FunctionsBackend, asked: Parameters) -> Answer:
    config = _but(asked, "FunctionName", "Qualifier")
    return backend.put_events(asked["FunctionName"], asked["Qualifier"] or LATEST, config)


@_operation("UpdateFunctionEventInvokeConfig")
def _update_function_event_invoke_config(backend: FunctionsBackend, asked: Parameters) -> Answer:
    config = _but(asked, "FunctionName", "Qualifier")
    return backend.update_events(asked["FunctionName"], asked["Qualifier"] or LATEST, config)


@_operation("GetFunctionEventInvokeConfig")
def _get_function_event_invoke_config(backend: FunctionsBackend, asked: Parameters) -> Answer:
    return backend.get_events(asked["FunctionName"], asked["Qualifier"] or LATEST)


@_operation("ListFunctionEventInvokeConfigs")
def _list_function_event_invoke_configs(backend: FunctionsBackend, asked: Parameters) -> Answer:
    return {"FunctionEventInvokeConfigs": backend.list_events(asked["FunctionName"])}


@_operation("DeleteFunctionEventInvokeConfig")
def _delete_function_event_invoke_config(backend: FunctionsBackend, asked: Parameters) -> None:
    backend.delete_events(asked["FunctionName"], asked["Qualifier"] or LATEST)


# --- function URLs, which no function has


@_operation("GetFunctionUrlConfig")
def _get_function_url_config(backend: FunctionsBackend, asked: Parameters) -> None:
    backend.get_function_url_config(asked["FunctionName"])  # raises the error that there is none


@_operation("ListFunctionUrlConfigs")
def _list_function_url_configs(backend: FunctionsBackend, asked: Parameters) -> Answer:
    _function(backend, {**asked, "Qualifier": None})
    return {"FunctionUrlConfigs": []}


# --- layers


@_operation("PublishLayerVersion")
def _publish_layer_version(backend: FunctionsBackend, asked: Parameters) -> Answer:
    return _described_layer(backend.publish_layer_version(dict(asked)))


@_operation("GetLayerVersion")
def _get_layer_version(backend: FunctionsBackend, asked: Parameters) -> Answer:
    return _described_layer(_layer_version(backend, asked))


@_operation("GetLayerVersionByArn")
def _get_layer_version_by_arn(backend: FunctionsBackend, asked: Parameters) -> Answer:
    layer = parse_layer_version_arn(asked["Arn"])
    if layer is None:
        raise ApiError("InvalidParameterValueException", f"{asked['Arn']} is not a layer version.")
    return _described_layer(backend.get_layer_version(layer.name, str(layer.version)))


@_operation("ListLayers")
def _list_layers(backend: FunctionsBackend, asked: Parameters) -> Answer:
    layers = []
    for layer in backend.layers():
        versions = _fitting(layer.layer_versions.values(), asked)
        if versions:
            layers.append(
                {
                    "LayerName": layer.name,
                    "LayerArn": layer.layer_arn,
                    "LatestMatchingVersion": versions[0],
                }
            )
    return {"Layers": layers}


@_operation("ListLayerVersions")
def _list_layer_versions(backend: FunctionsBackend, asked: Parameters) -> Answer:
    return {"LayerVersions": _fitting(backend.list_layer_versions(asked["LayerName"]), asked)}


@_operation("DeleteLayerVersion")
def _delete_layer_version(backend: FunctionsBackend, asked: Parameters) -> None:
    backend.delete_layer_version(asked["LayerName"], str(asked["VersionNumber"]))


@_operation("AddLayerVersionPermission")
def _add_layer_version_permission(backend: FunctionsBackend, asked: Parameters) -> Answer:
    statement = json.dumps(_but(asked, "LayerName", "VersionNumber"))
    added, revision = _layer_version(backend, asked).policy.add_statement(statement)
    return {"Statement": json.dumps(added), "RevisionId": revision}


@_operation("GetLayerVersionPolicy")
def _get_layer_version_policy(backend: FunctionsBackend, asked: Parameters) -> Answer:
    return _described_policy(_layer_version(backend, asked).policy)


@_operation("RemoveLayerVersionPermission")
def _remove_layer_version_permission(backend: FunctionsBackend, asked: Parameters) -> None:
    policy = _layer_version(backend, asked).policy
    policy.del_statement(asked["StatementId"], asked.get("RevisionId", ""))


def _layer_version(backend: FunctionsBackend, asked: Parameters) -> Any:
    return backend.get_layer_version(asked["LayerName"], str(asked["VersionNumber"]))


def _described_layer(version: LayerVersion) -> Answer:
    described = version.get_layer_version()
    if not described["LicenseInfo"]:
        del described["LicenseInfo"]
    return described


def _fitting(versions: Iterable[LayerVersion], asked: Parameters) -> list[Answer]:
    """Return the layer versions that match the request, newest first."""
    wanted = (
        ("CompatibleRuntimes", asked.get("CompatibleRuntime")),
        ("CompatibleArchitectures", asked.get("CompatibleArchitecture")),
    )
    described = map(_described_layer, sorted(versions, key=lambda one: -one.version))
    return [
        {name: one[name] for name in LISTED_OF_LAYERS if name in one}
        for one in described
        if all(value is None or value in one.get(name, []) for name, value in wanted)
    ]


# --- tags


@_operation("ListTags")
def _list_tags(backend: FunctionsBackend, asked: Parameters) -> Answer:
    return {"Tags": _tagged(backend, asked, "ListTags").tags}


@_operation("TagResource")
def _tag_resource(backend: FunctionsBackend, asked: Parameters) -> None:
    _tagged(backend, asked, "TagResource").tags.update(asked["Tags"])


@_operation("UntagResource")
def _untag_resource(backend: FunctionsBackend, asked: Parameters) -> None:
    tags = _tagged(backend, asked, "UntagResource").tags
    for key in asked["TagKeys"]:
        tags.pop(key, None)


def _tagged(backend: FunctionsBackend, asked: Parameters, operation: str) -> Any:
    """Return the function whose tags an operation is about."""
    if ":function:" not in asked["Resource"]:
        raise ApiError(
            "InvalidParameterValueException",
            f"The local AWS supports tags of functions and event source mappings, not of "
            f"{asked['Resource']}.",
        )
    checks.check_reachable(asked["Resource"], backend.region_name, operation)
    return backend.get_function(parse_reference(asked["Resource"], "").name)


def _but(asked: Parameters, *names: str) -> Answer:
    return {name: value for name, value in asked.items() if name not in names}


def _without_nulls(answer: Answer) -> Answer:
    return {name: value for name, value in answer.items() if value is not None}
