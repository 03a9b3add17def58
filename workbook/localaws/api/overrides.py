"""Observed differences between AWS and botocore's models. The observations override the models.

Each entry replaces parts of one shape of the model, or of one member of a structure. In addition to
botocore's own keys, an entry may have:

- ``max_of_name``: the maximum length of a name that is not in an ARN;
- ``rule``: AWS's message about the members of a list, if it is not composed as usual;
- ``tells_null``: whether that message ends with "must not be null".

If AWS uses an error other than ValidationException, the part concerned raises it: for an unknown
runtime (``functions.checks``), and for a MaximumRecordAgeInSeconds from 0 to 59
(``mapping.settings``). Kinesis' model needs no overrides.
"""

from typing import Any

# The runtimes that the API lists for layers, in its order [OBS].
RUNTIMES = (
    "nodejs20.x, python3.14, provided.al2023, python3.12, python3.13, nodejs24.x, nodejs22.x, "
    "java25, python3.10, python3.11, java21, ruby3.3, ruby3.4, ruby3.2, python3.8, python3.9, "
    "java17, nodejs16.x, dotnet10, dotnet8, java11, dotnet6, nodejs18.x, provided.al2, java8.al2"
)

LAMBDA: dict[str, dict[str, Any]] = {
    # The model has the limits of Lambda Managed Instances; those of functions are lower [DG].
    "Timeout": {"max": 900},
    "MemorySize": {"max": 10_240},
    "Runtime": {"enum": None},
    "CompatibleRuntimes": {
        "member": {"shape": "LayerRuntime"},
        "rule": f"Member must satisfy enum value set: [{RUNTIMES}]",
    },
    "LayerRuntime": {"type": "string", "enum": RUNTIMES.split(", ")},
    # Values in AWS's order [OBS].
    "EventSourcePosition": {"enum": ["LATEST", "AT_TIMESTAMP", "TRIM_HORIZON"]},
    "InvocationType": {"enum": ["RequestResponse", "Event", "DryRun"]},
    "InvokeMode": {"enum": ["RESPONSE_STREAM", "BUFFERED"]},
    "RecursiveLoop": {"enum": ["Terminate", "Allow"]},
    # Lists whose message does not mention null [OBS].
    "SubnetId": {"tells_null": False},
    "SecurityGroupId": {"tells_null": False},
    # A name must be shorter than an ARN, which CreateFunction accepts too [OBS].
    "CreateFunctionRequest.FunctionName": {"max_of_name": 64},
}
