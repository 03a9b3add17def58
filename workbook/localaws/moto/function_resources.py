"""Functions and layers in moto's CloudFormation."""

import re
from collections.abc import Mapping
from typing import Any

from moto.awslambda.models import LambdaFunction, LayerVersion, lambda_backends

from workbook.localaws.api.model import lambda_
from workbook.localaws.moto.cloudformation import Resource, refusals, tags
from workbook.localaws.moto.function import MotoFunction

# The properties that are no texts; a template may write them as texts, and texts as numbers.
NUMBERS = frozenset({"MemorySize", "ReservedConcurrentExecutions", "Size", "Timeout"})
FLAGS = frozenset({"Ipv6AllowedForDualStack"})


class FunctionResource(MotoFunction):
    """AWS::Lambda::Function: how stacks make functions, and change them."""

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


class LayerResource(Resource):
    """AWS::Lambda::LayerVersion, whose ``Ref`` is the version's ARN.

    Args:
        version: the version of the layer.
    """

    TYPE = "AWS::Lambda::LayerVersion"
    NAME_PROPERTY = "LayerName"
    ATTRIBUTES = ("LayerVersionArn",)

    def __init__(self, version: LayerVersion) -> None:
        self._version = version

    @property
    def physical_resource_id(self) -> str:
        """What ``Ref`` gives."""
        return self._version.arn

    def get_cfn_attribute(self, attribute_name: str) -> str:
        """Return what ``Fn::GetAtt`` gives."""
        return self._version.arn

    def delete(self, account_id: str, region: str) -> None:
        """Delete the version."""
        backend = lambda_backends[account_id][region]
        backend.delete_layer_version(self._version.name, str(self._version.version))

    @classmethod
    def create_from_cloudformation_json(
        cls,
        resource_name: str,
        cloudformation_json: dict[str, Any],
        account_id: str,
        region_name: str,
        **kwargs: Any,
    ) -> "LayerResource":
        """Publish a version of the layer."""
        properties = {**_typed(cloudformation_json["Properties"]), "LayerName": resource_name}
        with refusals():
            spec = lambda_().read("PublishLayerVersion", properties)
            return cls(lambda_backends[account_id][region_name].publish_layer_version(spec))

    @classmethod
    def update_from_cloudformation_json(
        cls,
        original_resource: "LayerResource",
        new_resource_name: str,
        cloudformation_json: dict[str, Any],
        account_id: str,
        region_name: str,
    ) -> "LayerResource":
        """Publish another version and delete the old one: a version cannot be changed [CFNL]."""
        created = cls.create_from_cloudformation_json(
            new_resource_name, cloudformation_json, account_id, region_name
        )
        original_resource.delete(account_id, region_name)
        return created


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
