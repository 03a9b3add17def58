"""Actions of Lambda [SAR]."""

from collections.abc import Iterator

from workbook.localaws.permissions.actions.call import Access, Call, Service

_FUNCTION = "lambda:{region}:{account}:function:{name}"
_LAYER = "lambda:{region}:{account}:layer:{name}"
_MAPPING = "lambda:{region}:{account}:event-source-mapping:{name}"


def _function_arn(call: Call) -> str:
    """Return the function's ARN with its qualifier, however the call names the function."""
    name = next(iter(call.values("FunctionName")), "")
    if not name.startswith("arn:") and ":function:" in name:  # 123456789012:function:f
        name = name.partition(":function:")[2]
    qualifier = call.values("Qualifier")
    return ":".join((call.arn(_FUNCTION, name), *qualifier))


def _on_function(call: Call) -> Iterator[Access]:
    yield Access(LAMBDA.action(call), _function_arn(call))


def _layer_version(call: Call) -> Iterator[Access]:
    arns = call.values("Arn")
    if not arns:
        names = zip(call.values("LayerName"), call.values("VersionNumber"), strict=False)
        arns = tuple(f"{call.arn(_LAYER, name)}:{version}" for name, version in names)
    yield from (Access(LAMBDA.action(call), arn) for arn in arns)


def _mapping(call: Call) -> Iterator[Access]:
    """Yield access to a mapping: its ARN has its UUID; a condition key has its function."""
    context = {}
    if call.values("FunctionName"):
        context["lambda:functionarn"] = (_function_arn(call),)
    uuids = call.values("UUID")
    resource = call.arn(_MAPPING, uuids[0]) if uuids else "*"
    yield Access(LAMBDA.action(call), resource, context)


LAMBDA = Service(
    resources={
        "FunctionName": _FUNCTION,
        "Resource": "",
        "ResourceArn": "",
        "LayerName": _LAYER,
        "CodeSigningConfigArn": "",
        "DurableExecutionArn": "",
        "CapacityProviderName": "lambda:{region}:{account}:capacity-provider:{name}",
    },
    actions={
        "Invoke": "InvokeFunction",
        "InvokeWithResponseStream": "InvokeFunction",
        "InvokeAsync": "InvokeFunction",
        "GetLayerVersionByArn": "GetLayerVersion",
    },
    keys={"lambda:Principal": "Principal", "lambda:FunctionUrlAuthType": "FunctionUrlAuthType"},
    special={
        **dict.fromkeys(
            (
                "Invoke",
                "InvokeWithResponseStream",
                "InvokeAsync",
                "PutProvisionedConcurrencyConfig",
                "GetProvisionedConcurrencyConfig",
                "DeleteProvisionedConcurrencyConfig",
            ),
            _on_function,
        ),
        **dict.fromkeys(
            (
                "AddLayerVersionPermission",
                "DeleteLayerVersion",
                "GetLayerVersion",
                "GetLayerVersionByArn",
                "GetLayerVersionPolicy",
                "RemoveLayerVersionPermission",
            ),
            _layer_version,
        ),
        **dict.fromkeys(
            (
                "CreateEventSourceMapping",
                "DeleteEventSourceMapping",
                "GetEventSourceMapping",
                "UpdateEventSourceMapping",
            ),
            _mapping,
        ),
    },
    no_resource=frozenset({"ListEventSourceMappings", "ListLayerVersions"}),
    unknown=frozenset(
        f"SendDurableExecutionCallback{end}" for end in ("Failure", "Heartbeat", "Success")
    ),
)
