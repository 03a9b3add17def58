"""Functions in moto's CloudFormation: AWS::Lambda::Function."""

import re
from collections.abc import Mapping
from typing import Any

from moto.awslambda.models import LambdaFunction, lambda_backends

from workbook.localaws.api.model import lambda_
from workbook.localaws.moto.cloudformation import refusals, tags
from workbook.localaws.moto.function import MotoFunction

# The properties that are no texts; a template may write them as texts, and texts as numbers.
NUMBERS = frozenset({"MemorySize", "ReservedConcurrentExecutions", "Size", "Timeout"})
FLAGS = frozenset({"Ipv6AllowedForDualStack"})


class FunctionResource(MotoFunction):
    """How stacks make functions, and change them."""

    @classmethod
    def create_from_cloudformation_json(
        cls,
        resource_name: str,
        cloudformation_json: dict[str, Any],
        account_id: str,
        region_name: str,
        **kwargs: Any,
    ) -> LambdaFunction:
        """Create a function."""
        with refusals():
            spec = _parameters(resource_name, cloudformation_json["Properties"])
            return lambda_backends[account_id][region_name].create_function(spec)

    @classmethod
    def update_from_cloudformation_json(
        cls,
        original_resource: LambdaFunction,
        new_resource_name: str,
        cloudformation_json: dict[str, Any],
        account_id: str,
        region_name: str,
    ) -> LambdaFunction:
        """Update a function in place."""
        backend: Any = lambda_backends[account_id][region_name]
        name = original_resource.function_name
        with refusals():
            spec = _parameters(name, cloudformation_json["Properties"])
            return backend.update_function(name, spec)  # type: ignore[no-any-return]


def _parameters(name: str, properties: Mapping[str, Any]) -> dict[str, Any]:
    """Return a template's properties as CreateFunction takes them, typed and checked.

    Raises:
        ApiError: naming the property that is wrong.
    """
    spec: dict[str, Any] = {**_typed(properties), "FunctionName": name}
    spec["Tags"] = tags(spec)
    if "ZipFile" in spec["Code"]:  # the source of index.py itself
        source = spec["Code"]["ZipFile"]
        spec["Code"] = {"ZipFile": LambdaFunction._create_zipfile_from_plaintext_code(source)}
    reserved = spec.pop("ReservedConcurrentExecutions", None)
    typed = lambda_().read("CreateFunction", spec)
    if reserved is not None:
        asked = {"FunctionName": name, "ReservedConcurrentExecutions": reserved}
        typed |= lambda_().read("PutFunctionConcurrency", asked)
    return typed


def _typed(value: Any, key: str = "") -> Any:
    """Return a template's value with the types that the API wants, as CloudFormation does."""
    match value:
        case dict():
            return {name: _typed(one, name) for name, one in value.items()}
        case list():
            return [_typed(one) for one in value]
        case str() if key in NUMBERS and re.fullmatch("-?[0-9]{1,9}", value):
            return int(value)
        case str() if key in FLAGS and value in ("true", "false"):
            return value == "true"
        case bool() if key not in FLAGS:
            return str(value).lower()
        case int() | float() if key not in NUMBERS | FLAGS:
            return str(value)
    return value
