"""Definitions of stacks, built from requests and checked before any resource is created."""

import asyncio
import json
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any
from urllib.parse import unquote, urlparse

from workbook.localaws.api.errors import ApiError
from workbook.localaws.interfaces import Calls
from workbook.localaws.stacks import dynamic, loops, parameters, plan, template, transform
from workbook.localaws.stacks.errors import invalid
from workbook.localaws.stacks.resources.iam import capabilities
from workbook.localaws.stacks.stack import Definition, Stack
from workbook.localaws.stacks.supported import kind_of
from workbook.localaws.stacks.values import Scope, check_rules


class Definitions:
    """Builds definitions.

    Args:
        calls: the services' APIs.
        endpoint_url: the address of the local AWS and its buckets.
    """

    def __init__(self, calls: Calls, endpoint_url: str) -> None:
        self._calls = calls
        self._netloc = urlparse(endpoint_url).netloc
        self._policies: dict[str, str] | None = None

    async def define(
        self,
        stack: Stack,
        asked: Mapping[str, Any],
        exports: Mapping[str, str],
        *,
        in_change_set: bool,
    ) -> Definition:
        """Return the intended state of a stack.

        Args:
            stack: the stack in its present state.
            asked: the parameters of CreateStack, or of another operation.
            exports: the exports of all stacks.
            in_change_set: whether this is for a change set, which is reviewed first.

        Raises:
            ApiError: the definition is not valid.
        """
        body = await self.body(stack, asked)
        original = template.parse(body)
        transforms = transform.names(original)
        if transform.SERVERLESS in transforms and not in_change_set:
            _require(["CAPABILITY_AUTO_EXPAND"], asked)
        previous = stack.definition
        texts = parameters.given(
            original, asked.get("Parameters") or [], previous.texts if previous else {}
        )
        resolved = await parameters.resolved(
            original, texts, partial(dynamic.parameter_of, self._calls, stack.region)
        )
        in_parameters = await dynamic.in_store(self._calls, stack.region, resolved)
        resolved = dynamic.replaced(resolved, in_parameters)
        given = {**resolved, **plan.pseudo_parameters(stack)}
        written: dict[str, Any] = original
        if transform.EXTENSIONS in transforms:
            written = loops.expanded(
                original, Scope(given, mappings=original.get("Mappings") or {}, extended=True)
            )
        made: Mapping[str, Any] = {
            name: one for name, one in written.items() if name != "Transform"
        }
        if transform.SERVERLESS in transforms:
            made = await asyncio.to_thread(
                transform.serverless,
                written,
                given,
                await self._managed_policies(),
                stack.region,
            )
        template.check(made)
        _require(capabilities(made["Resources"]), asked)
        tags = asked.get("Tags")
        if tags is None and previous:
            kept = previous.tags
        else:
            kept = {one["Key"]: one["Value"] for one in tags or []}
        definition = Definition(body, original, made, texts, resolved, kept, transforms)
        names = plan.scope(stack, definition, exports)
        for condition in names.conditions:
            names.condition(condition)  # also a condition that nothing uses has to be valid
        check_rules(made.get("Rules") or {}, names)
        used = self._check_resources(definition, plan.wanted(definition, names), stack, exports)
        return replace(definition, stored=await dynamic.in_store(self._calls, stack.region, used))

    def _check_resources(
        self,
        definition: Definition,
        wanted: Mapping[str, Mapping[str, Any]],
        stack: Stack,
        exports: Mapping[str, str],
    ) -> dict[str, Any]:
        """Check the resources that are wanted; return their properties by logical id."""
        names = plan.scope(stack, definition, exports)
        used = {}
        for logical_id, resource in wanted.items():
            kind = kind_of(resource["Type"], logical_id)
            given = names.value(resource.get("Properties") or {})
            if not isinstance(given, dict):
                raise invalid(
                    f"Template format error: Properties of {logical_id} must be an object"
                )
            kind.check(given, logical_id)
            dynamic.check(resource["Type"], given)
            used[logical_id] = given
        for name, value in definition.template["Resources"].items():
            if name in wanted:
                _check_attributes(value, definition, wanted)
        _check_attributes(definition.template.get("Outputs") or {}, definition, wanted)
        _check_exports(plan.outputs(stack, definition, names))
        return used

    async def body(self, stack: Stack, asked: Mapping[str, Any]) -> str:
        """Return the text of a request's template.

        Raises:
            ApiError: the request has no template, more than one, or one that does not exist.
        """
        if asked.get("TemplateBody"):
            text = str(asked["TemplateBody"])
            if len(text.encode()) > template.MAX_BODY_BYTES:
                raise invalid(
                    "1 validation error detected: Value at 'templateBody' failed to satisfy "
                    "constraint: Member must have length less than or equal to "
                    f"{template.MAX_BODY_BYTES}"
                )
            return text
        if asked.get("TemplateURL"):
            return await self._fetched(str(asked["TemplateURL"]), stack.region)
        if asked.get("UsePreviousTemplate") and stack.definition:
            return stack.definition.body
        raise invalid("Either Template URL or Template Body must be specified.")

    async def _fetched(self, url: str, region: str) -> str:
        """Return the text of a template in a bucket."""
        bucket, key = self._in_bucket(url)
        version = re.search(r"[?&]versionId=([^&]+)", url)
        asked = {"Bucket": bucket, "Key": key}
        if version:
            asked["VersionId"] = version[1]
        try:
            answer = await self._calls.call("s3", "GetObject", region, asked)
        except ApiError as error:
            raise invalid(f"S3 error: {error.message}") from None
        text: str = answer["Body"]
        if len(text.encode()) > template.MAX_URL_BYTES:
            raise invalid(f"Template may not exceed {template.MAX_URL_BYTES} bytes in size.")
        return text

    def _in_bucket(self, url: str) -> tuple[str, str]:
        """Return the bucket and key in a URL of S3, or of the local AWS."""
        parsed = urlparse(url)
        host, path = parsed.hostname or "", unquote(parsed.path).lstrip("/")
        port = parsed.netloc.rpartition(":")[2] if ":" in parsed.netloc else ""
        own = port == self._netloc.rpartition(":")[2]
        if own and host in ("127.0.0.1", "localhost", "::1"):
            bucket, _, key = path.partition("/")
            return bucket, key
        if own and host.endswith(".localhost"):
            return host.removesuffix(".localhost").removesuffix(".s3"), path
        if re.fullmatch(r"s3[.-]?([a-z0-9-]+)?(\.dualstack)?.*\.amazonaws\.com(\.cn)?", host):
            bucket, _, key = path.partition("/")
            return bucket, key
        if found := re.fullmatch(r"(.+?)\.s3[.-].*amazonaws\.com(\.cn)?", host):
            return found[1], path
        raise invalid(
            f"S3 error: Domain name specified in {parsed.netloc} is not a valid S3 domain"
        )

    async def _managed_policies(self) -> Mapping[str, str]:
        """Return the ARNs of AWS's managed policies, by name."""
        if self._policies is None:
            found: dict[str, str] = {}
            asked: dict[str, Any] = {"Scope": "AWS", "MaxItems": 1000}
            while True:
                answer = await self._calls.call("iam", "ListPolicies", "us-east-1", asked)
                found |= {one["PolicyName"]: one["Arn"] for one in answer["Policies"]}
                if not answer.get("IsTruncated"):
                    break
                asked["Marker"] = answer["Marker"]
            self._policies = found
        return self._policies


def _check_exports(outputs: list[dict[str, str]]) -> None:
    """Check that no two outputs are exported by one name [SEEN].

    Raises:
        ApiError: some are.
    """
    names = [one["ExportName"] for one in outputs if "ExportName" in one]
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise invalid(
            "Template format error: The Outputs section contains duplicate Export names: "
            f"[{', '.join(twice)}]. Specify a unique name for each export."
        )


def _require(needed: list[str], asked: Mapping[str, Any]) -> None:
    """Check that a request acknowledges the capabilities that a template needs.

    Raises:
        ApiError: it does not.
    """
    given = set(asked.get("Capabilities") or [])
    if "CAPABILITY_NAMED_IAM" in given:
        given.add("CAPABILITY_IAM")
    missing = [one for one in needed if one not in given]
    if missing:
        raise ApiError(
            "InsufficientCapabilitiesException", f"Requires capabilities : [{', '.join(missing)}]"
        )


def _check_attributes(
    value: Any, definition: Definition, wanted: Mapping[str, Mapping[str, Any]]
) -> None:
    """Check that the attributes in a value exist.

    Raises:
        ApiError: one does not.
    """
    for name, attribute in _attributes(value):
        if name not in wanted:
            continue  # its condition does not hold
        type_name = wanted[name]["Type"]
        kind = kind_of(type_name, name)
        if not kind.ATTRIBUTES and (kind.ANY_PROPERTY or attribute.startswith("Outputs.")):
            continue
        if attribute not in kind.ATTRIBUTES:
            raise invalid(
                f"Template error: resource {name} does not support attribute type {attribute} in "
                "Fn::GetAtt. If AWS has it, the local AWS does not support it."
            )


def _attributes(value: Any) -> list[tuple[str, str]]:
    """Return all pairs of resource and attribute in ``Fn::GetAtt`` and ``Fn::Sub``."""
    found: list[tuple[str, str]] = []
    if isinstance(value, list):
        for one in value:
            found += _attributes(one)
    if isinstance(value, dict):
        for name, one in value.items():
            match name, one:
                case "Fn::GetAtt", str():
                    resource, _, attribute = one.partition(".")
                    found.append((resource, attribute))
                case "Fn::GetAtt", [str() as resource, str() as attribute]:
                    found.append((resource, attribute))
                case "Fn::Sub", str() | [str(), dict()]:
                    text, own = (one, {}) if isinstance(one, str) else one
                    for literal, named in template.IN_SUB.findall(text):
                        resource, dot, attribute = named.partition(".")
                        if dot and not literal and named not in own:
                            found.append((resource, attribute))
                    found += _attributes(list(own.values()))
                case _:
                    found += _attributes(one)
    return found


def as_body(value: Mapping[str, Any]) -> str:
    """Return a processed template as GetTemplate does."""
    return json.dumps(value, default=str)
