"""The base class of all resource kinds.

A kind creates, updates and deletes a resource by calling its service's own API, as CloudFormation's
resource handlers do. So a stack creates the same resource as the API, and is refused with the same
message.
"""

import asyncio
import json
import random
import string
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from botocore.model import Shape

from workbook.localaws.api.errors import ApiError
from workbook.localaws.api.http import ACCOUNT_ID
from workbook.localaws.api.partitions import partition
from workbook.localaws.calls import operation_model, service_name
from workbook.localaws.clock import Clock
from workbook.localaws.interfaces import Calls
from workbook.localaws.stacks import schema
from workbook.localaws.stacks.errors import invalid, unsupported
from workbook.localaws.stacks.values import as_text

POLL_SECONDS = 0.05
MISSING = ("NotFound", "NonExistent", "NoSuch", "DoesNotExist")  # in codes of errors


@dataclass(frozen=True)
class Made:
    """A resource that exists.

    Args:
        physical_id: the value of ``Ref``.
        attributes: the values of ``Fn::GetAtt``, by name; ``Outer.Inner`` for a nested one.
    """

    physical_id: str
    attributes: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Context:
    """The surroundings in which a resource is created.

    Args:
        calls: the services' APIs.
        clock: the clock for waits.
        region: the stack's region.
        stack_id: the stack's ARN.
        stack_tags: the stack's tags, which its resources also get.
        logical_id: the resource's name in the template.
        kind: its resource type.
        answers: waits for the response of a custom resource's function; by token.
    """

    calls: Calls
    clock: Clock
    region: str
    stack_id: str
    stack_tags: Mapping[str, str]
    logical_id: str
    kind: str
    answers: Any = None

    @property
    def stack_name(self) -> str:
        """Return the stack's name."""
        return self.stack_id.split("/")[1]

    async def call(self, operation: str, **given: Any) -> dict[str, Any]:
        """Call an API; omit parameters that are None, and convert the others to the API's types.

        Args:
            operation: such as ``sqs.CreateQueue``.

        Raises:
            ApiError: the API refuses the call.
        """
        service, name = operation.split(".")
        shape = operation_model(service, name).input_shape
        parameters = {key: one for key, one in given.items() if one is not None}
        try:
            return await self.calls.call(service, name, self.region, fit(parameters, shape))
        except ApiError as error:
            error.fields.setdefault("Service", service_name(service))
            raise

    async def gone(self, operation: str, **given: Any) -> None:
        """Call an API to delete something, which may not exist any more."""
        try:
            await self.call(operation, **given)
        except ApiError as error:
            if not is_missing(error):
                raise

    async def until(self, done: Callable[[], Awaitable[bool]], seconds: float = 300.0) -> None:
        """Wait until a condition is true.

        Raises:
            ApiError: it was not true within ``seconds``.
        """
        deadline = asyncio.get_running_loop().time() + seconds
        while not await done():
            if asyncio.get_running_loop().time() > deadline:
                raise ApiError("NotStabilized", f"{self.kind} did not stabilize")
            await asyncio.sleep(POLL_SECONDS)

    def name(self, given: Any, limit: int = 255, *, lower: bool = False, suffix: str = "") -> str:
        """Return the given name, or one made of stack name, logical id and random letters."""
        if given:
            return str(given)
        chance = "".join(random.choices(string.ascii_uppercase + string.digits, k=12))
        room = limit - len(chance) - len(suffix) - 2
        stack, logical = self.stack_name, self.logical_id
        if len(stack) + len(logical) > room:
            logical = logical[: max(room - min(len(stack), room // 2), 1)]
            stack = stack[: room - len(logical)]
        made = f"{stack}-{logical}-{chance}"
        return (made.lower() if lower else made) + suffix

    def tags(self, given: Any = None, *, system: bool = True) -> dict[str, str]:
        """Return a resource's tags: the stack's, its own, and CloudFormation's [OBS]."""
        own = given or []
        pairs = (
            own.items() if isinstance(own, dict) else ((t["Key"], t.get("Value", "")) for t in own)
        )
        found = {**self.stack_tags, **{key: as_text(value) for key, value in pairs}}
        if system:
            found |= {
                "aws:cloudformation:logical-id": self.logical_id,
                "aws:cloudformation:stack-id": self.stack_id,
                "aws:cloudformation:stack-name": self.stack_name,
            }
        return found

    def tag_list(self, given: Any = None, *, system: bool = True) -> list[dict[str, str]] | None:
        """Return a resource's tags as a list, as most APIs accept them; None if there are none."""
        found = self.tags(given, system=system)
        return [{"Key": key, "Value": value} for key, value in found.items()] or None

    def arn(self, service: str, rest: str, *, account: str = ACCOUNT_ID) -> str:
        """Return an ARN in the stack's region."""
        return f"arn:{partition(self.region)}:{service}:{self.region}:{account}:{rest}"


class Kind:
    """A kind of resource.

    Its constants are the resource type; the ``service.Operation`` whose parameters are its
    properties; the supported properties, each with its name in the API if that differs, or None if
    it is not a parameter; the required properties; the properties whose change replaces the
    resource; the attributes of ``Fn::GetAtt``; and the required keys of a tag, of which there are
    none if Tags is an object.
    """

    TYPE: ClassVar[str] = ""
    API: ClassVar[str] = ""
    PROPERTIES: ClassVar[Mapping[str, str | None]] = {}
    REQUIRED: ClassVar[frozenset[str]] = frozenset()
    REPLACES: ClassVar[frozenset[str]] = frozenset()
    ATTRIBUTES: ClassVar[frozenset[str]] = frozenset()
    TAG_KEYS: ClassVar[tuple[str, ...]] = ("Key", "Value")
    ANY_PROPERTY: ClassVar[bool] = False
    CANCELLABLE: ClassVar[bool] = False  # whether creating it may take long

    async def create(self, context: Context, properties: Mapping[str, Any]) -> Made:
        """Create a resource.

        Raises:
            ApiError: the API refuses it.
        """
        raise NotImplementedError

    async def update(
        self,
        context: Context,
        made: Made,
        old: Mapping[str, Any],
        new: Mapping[str, Any],
    ) -> Made:
        """Update a resource in place.

        Raises:
            ApiError: the API refuses it.
        """
        raise NotImplementedError

    async def delete(self, context: Context, made: Made, properties: Mapping[str, Any]) -> None:
        """Delete a resource if it still exists.

        Raises:
            ApiError: the API refuses it.
        """
        raise NotImplementedError

    def attribute(self, made: Made, name: str) -> Any:
        """Return an attribute; None if the kind does not have it."""
        return made.attributes.get(name)

    def check(self, properties: Any, logical_id: str) -> None:
        """Check that all properties, nested ones included, are supported.

        Args:
            properties: the properties, evaluated as far as possible before the stack exists.
            logical_id: the resource's name in the template.

        Raises:
            ApiError: a property is not supported; the message names the first.
        """
        if self.ANY_PROPERTY:
            return
        for name, value in properties.items():
            if name not in self.PROPERTIES:
                raise unsupported(f"the property {name} of {self.TYPE} (resource {logical_id})")
            shape = self.shape(name)
            if shape is not None and name != "Tags":
                for wrong in unknown_members(value, shape, name):
                    raise unsupported(
                        f"the property {wrong} of {self.TYPE} (resource {logical_id})"
                    )

    def check_schema(self, properties: Mapping[str, Any], logical_id: str) -> None:
        """Check that no required property is missing, and the types of lists and objects.

        Args:
            properties: the properties, without intrinsic functions.
            logical_id: the resource's name in the template.

        Raises:
            ApiError: they violate the schema; the message names each violation [SEEN].
        """
        violations = [*schema.required(properties, self.REQUIRED)]
        for name, value in properties.items():
            if name == "Tags" and not self.ANY_PROPERTY:
                violations += schema.tags(value, self.TAG_KEYS)
            elif name in self.PROPERTIES and (shape := self.shape(name)) is not None:
                violations += schema.types(value, shape, f"#/{name}")
        if violations:
            lines = "".join(f"\n{one}" for one in violations)
            raise invalid(
                f"Properties validation failed for resource {logical_id} with message:{lines}"
            )

    def shape(self, name: str) -> Shape | None:
        """Return the API's shape of a property; None if the kind itself reads the property."""
        member = self.PROPERTIES[name]
        if member is None or not self.API:
            return None
        service, operation = self.API.split(".")
        shape = operation_model(service, operation).input_shape
        return shape.members[member or name]  # type: ignore[union-attr]

    def parameters(self, properties: Mapping[str, Any]) -> dict[str, Any]:
        """Return the properties that are parameters of the API, by the API's names."""
        return {
            member or name: properties[name]
            for name, member in self.PROPERTIES.items()
            if member is not None and name in properties and name != "Tags"
        }

    def replaced(self, old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
        """Return the changed properties that require a new resource."""
        return sorted(name for name in self.REPLACES if old.get(name) != new.get(name))


def properties(names: str, **others: str | None) -> dict[str, str | None]:
    """Return properties with the same names as the API's parameters, and others."""
    return {**dict.fromkeys(names.split(), ""), **others}


def is_missing(error: ApiError) -> bool:
    """Return whether an error means that a resource does not exist."""
    return error.status == 404 or any(word in error.code for word in MISSING)


def unknown_members(value: Any, shape: Shape, place: str) -> list[str]:
    """Return the paths of members in a value that its shape does not have."""
    match shape.type_name:
        case "structure" if isinstance(value, dict):
            found = []
            for name, one in value.items():
                member = _member(shape, name)
                if member is None:
                    found.append(f"{place}.{name}")
                else:
                    found += unknown_members(one, shape.members[member], f"{place}.{name}")  # type: ignore[attr-defined]
            return found
        case "list" if isinstance(value, list):
            return [
                wrong
                for one in value
                for wrong in unknown_members(one, shape.member, place)  # type: ignore[attr-defined]
            ]
        case "map" if isinstance(value, dict):
            return [
                wrong
                for one in value.values()
                for wrong in unknown_members(one, shape.value, place)  # type: ignore[attr-defined]
            ]
    return []


def _member(shape: Any, name: str) -> str | None:
    """Return a structure's member for a template's name: ``Key`` may be ``key`` in the API."""
    for one in (name, name[:1].lower() + name[1:], name.replace("Arn", "ARN")):
        if one in shape.members:
            return str(one)
    return None


def fit(value: Any, shape: Any) -> Any:
    """Return a template's value with the API's types and names, where possible."""
    kind = shape.type_name if shape is not None else ""
    match kind, value:
        case "structure", dict():
            fitted = {}
            for name, one in value.items():
                member = _member(shape, name)
                if member is not None:
                    fitted[member] = fit(one, shape.members[member])
            return fitted
        case "list", list():
            return [fit(one, shape.member) for one in value]
        case "list", str() | int() | float():
            return [fit(value, shape.member)]
        case "map", dict():
            return {name: fit(one, shape.value) for name, one in value.items()}
        case "string", dict() | list():
            return json.dumps(value, separators=(",", ":"))  # a policy: templates have an object
        case "string", bool() | int() | float():
            return as_text(value)
        case "boolean", str() if value.lower() in ("true", "false"):
            return value.lower() == "true"
        case "integer" | "long", str():
            try:
                return int(value)
            except ValueError:
                return value
        case "integer" | "long", float() if value.is_integer():
            return int(value)
        case "float" | "double", str():
            try:
                return float(value)
            except ValueError:
                return value
    return value


def as_json(document: Any) -> str:
    """Return a policy document as a string."""
    return document if isinstance(document, str) else json.dumps(document)


def changed_tags(
    old: Mapping[str, str], new: Mapping[str, str]
) -> tuple[dict[str, str], list[str]]:
    """Return the tags to set, and the keys of tags to remove."""
    return (
        {key: value for key, value in new.items() if old.get(key) != value},
        [key for key in old if key not in new],
    )
