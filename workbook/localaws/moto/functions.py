"""moto's Lambda backend with our functions.

moto stores the configuration: functions, versions, aliases, layers, policies, tags, CloudFormation.
Where moto would run code in Docker, this makes an asynchronous invocation. Each change is first
checked, then published as values: only moto's thread reads what is stored here.
"""

import base64
import copy
import uuid
from collections.abc import Mapping
from typing import Any

from moto.awslambda import urls
from moto.awslambda.exceptions import UnknownAliasException, UnknownEventConfig
from moto.awslambda.models import (
    LambdaAlias,
    LambdaBackend,
    LambdaFunction,
    Layer,
    LayerVersion,
    lambda_backends,
)

from workbook.localaws.api.errors import ApiError
from workbook.localaws.api.http import ACCOUNT_ID
from workbook.localaws.destinations import delivery_denial
from workbook.localaws.function_arn import (
    function_arn,
    is_in_reach,
    is_public_layer,
    parse_reference,
    service_of,
)
from workbook.localaws.functions import checks
from workbook.localaws.functions.concurrency import ACCOUNT_LIMIT, MIN_UNRESERVED
from workbook.localaws.functions.configuration import LATEST, Alias, Function
from workbook.localaws.functions.public_layers import PublicLayer, public_layer
from workbook.localaws.moto.function import UPDATING, Host, MotoFunction, checked_code


class FunctionsBackend(LambdaBackend):
    """moto's backend for a region, with functions that run."""

    host: Host  # set in a subclass by ``install``

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self._published: Mapping[str, Function] = {}
        self.host.publish(region_name, self._published)

    @property
    def _url_module(self) -> Any:
        return urls  # moto derives it from the class' module

    # --- functions

    def create_function(self, spec: dict[str, Any]) -> LambdaFunction:
        """Handle CreateFunction; a template may also reserve concurrency."""
        name = spec["FunctionName"]
        if name in self._published:
            raise ApiError("ResourceConflictException", f"Function already exist: {name}", 409)
        checks.check_new(spec)
        self._check_role(name, spec["Role"], spec)
        self._check_reserve(name, spec.get("ReservedConcurrentExecutions"))
        layers = self._find_layers(spec.get("Layers") or [])
        function = MotoFunction(  # type: ignore[abstract]
            self.host, self.account_id, self.region_name, spec, layers
        )
        function.get_configuration()  # fail before storing what cannot be described
        self._lambdas.put_function(function)
        self._publish(name)
        if spec.get("Publish"):
            published: Any = self.publish_version(name)
            function = copy.copy(function)
            function.version = published.version
        return function

    def update_function_code(
        self, function_name: str, qualifier: str, body: dict[str, Any]
    ) -> dict[str, Any]:
        """Handle UpdateFunctionCode; with DryRun, only check."""
        function = self.check_present(function_name, body)
        code = checked_code(self.account_id, self.region_name, body)
        changed = copy.copy(function)
        changed.architectures = body.get("Architectures") or function.architectures
        changed.set_code(code)
        if not body.get("DryRun"):
            self._begin_update(changed)
            if body.get("Publish"):
                changed = self.publish_version(function_name)
        return {**changed.get_configuration(), **UPDATING}

    def update_function_configuration(
        self, function_name: str, qualifier: str, body: dict[str, Any]
    ) -> dict[str, Any]:
        """Handle UpdateFunctionConfiguration."""
        changed = self._configured(self.check_present(function_name, body), body)
        self._begin_update(changed)
        return {**changed.get_configuration(), **UPDATING}

    def update_function(self, function_name: str, spec: dict[str, Any]) -> Any:
        """Apply all settings in a template to a function, or none."""
        reserved = spec.get("ReservedConcurrentExecutions")
        self._check_reserve(function_name, reserved)
        changed = self._configured(self.get_function(function_name), spec)
        changed.set_code(checked_code(self.account_id, self.region_name, spec["Code"]))
        changed.tags = spec["Tags"]
        changed.reserved_concurrency = reserved
        self._replace(changed)
        return changed

    def publish_version(self, function_name: str, description: str = "") -> Any:
        """Handle PublishVersion: an unchanged function keeps its last version [OBS]."""
        function: Any = self._lambdas.get_function_by_name_or_arn_forbid_qualifier(function_name)
        versions = self._lambdas._functions[function.function_name]["versions"]
        # Not compared with the version, which may have its own description.
        behaviour = function.behaviour()
        if versions and versions[-1].published_behaviour == behaviour:
            return versions[-1]
        function.versions_published += 1  # the number of a deleted version is not reused
        version: Any = copy.copy(function)
        version.set_version(function.versions_published)
        version.published_behaviour = behaviour
        if description:
            version.description = description
        versions.append(version)
        self._lambdas._arns[version.function_arn] = version
        self._publish(function.function_name)
        return version

    def function_names(self) -> list[str]:
        """Return the names of all functions."""
        return list(self._published)

    def published_versions(self, name: str) -> list[Any]:
        """Return a function's versions, the oldest first."""
        return list(self._lambdas._functions[name]["versions"])

    def delete_function(self, function_name: str, qualifier: str | None = None) -> None:
        """Handle DeleteFunction, for a function or one of its versions."""
        if qualifier == LATEST:
            raise ApiError(
                "InvalidParameterValueException",
                "$LATEST version cannot be deleted without deleting the function.",
            )
        name = self.get_function(function_name, qualifier).function_name
        if qualifier is not None:
            if qualifier not in self._published[name].versions:  # it is an alias
                raise self._lambdas.construct_unknown_function_exception(name, qualifier)
            self._check_deletable(name, qualifier)
        super().delete_function(function_name, qualifier)
        if qualifier is not None:
            self._forget_events(name, qualifier)
        self._publish(name)

    def invoke(
        self,
        function_name: str,
        qualifier: str | None,
        body: Any,
        headers: Any,
        response_headers: Any,
    ) -> str:
        """Queue an asynchronous invocation, which is how moto's services invoke a function."""
        self.get_function(function_name, qualifier)
        reference = parse_reference(function_name, self.region_name, qualifier)
        event = body if isinstance(body, bytes) else body.encode()
        self.host.invoke_event(reference.arn, event)
        return ""

    # --- aliases

    def create_alias(
        self,
        name: str,
        function_name: str,
        function_version: str,
        description: str,
        routing_config: Any,
    ) -> LambdaAlias:
        """Handle CreateAlias."""
        self._check_routing(function_name, function_version, routing_config)
        alias = super().create_alias(
            name, function_name, function_version, description, routing_config
        )
        self._publish(function_name)
        return alias

    def update_alias(
        self,
        name: str,
        function_name: str,
        function_version: Any,
        description: Any,
        routing_config: Any,
    ) -> LambdaAlias:
        """Handle UpdateAlias, which makes a new revision; empty weights end the routing [OBS]."""
        present = self.get_alias(name, function_name)
        version = function_version or present.function_version
        routing: Any = present.routing_config if routing_config is None else routing_config
        self._check_routing(function_name, version, routing)
        alias = super().update_alias(
            name, function_name, function_version, description, routing_config
        )
        alias.revision_id = str(uuid.uuid4())
        if not (routing or {}).get("AdditionalVersionWeights"):
            alias.routing_config = ""  # moto's value for none
        self._publish(function_name)
        return alias

    def get_alias(self, name: str, function_name: str) -> LambdaAlias:
        """Handle GetAlias."""
        try:
            return super().get_alias(name, function_name)
        except UnknownAliasException:
            arn = function_arn(self.region_name, function_name, name)
            raise ApiError("ResourceNotFoundException", f"Alias not found: {arn}", 404) from None

    def delete_alias(self, name: str, function_name: str) -> None:
        """Handle DeleteAlias."""
        super().delete_alias(name, function_name)
        self._forget_events(function_name, name)
        self._publish(function_name)

    # --- concurrency

    def put_function_concurrency(self, function_name: str, reserved_concurrency: Any) -> Any:
        """Handle PutFunctionConcurrency."""
        function = self.get_function(function_name)
        self._check_reserve(function.function_name, reserved_concurrency)
        function.reserved_concurrency = int(reserved_concurrency)
        self._publish(function.function_name)
        return function.reserved_concurrency

    def delete_function_concurrency(self, function_name: str) -> None:
        """Handle DeleteFunctionConcurrency."""
        function = self.get_function(function_name)
        function.reserved_concurrency = None
        self._publish(function.function_name)

    # --- settings of asynchronous invocations

    def put_events(
        self, function_name: str, qualifier: str, config: dict[str, Any]
    ) -> dict[str, Any]:
        """Handle PutFunctionEventInvokeConfig: replace all settings of a version or alias."""
        if not config:
            raise ApiError(
                "InvalidParameterValueException",
                "You must specify at least one of error handling or destination setting.",
            )
        self.get_function(function_name, qualifier)
        function: Any = self.get_function(function_name)
        name, role = function.function_name, function.role
        checks.check_destinations(config, self.region_name)
        for destination in checks.destinations(config):
            self._check_destination(name, destination)
            key = f"aws/lambda/async/{name}/"
            if delivery_denial(self.host.roles, role, name, destination, key):
                raise checks.may_not_deliver(destination)
        made = {**config, "LastModified": self.host.now()}
        function.events = {**function.events, qualifier: made}
        self._publish(name)
        return self.get_events(function_name, qualifier)

    def update_events(
        self, function_name: str, qualifier: str, config: dict[str, Any]
    ) -> dict[str, Any]:
        """Handle UpdateFunctionEventInvokeConfig: change some settings."""
        function: Any = self.get_function(function_name)
        present = function.events.get(qualifier, {})
        kept = {name: value for name, value in present.items() if name != "LastModified"}
        return self.put_events(function_name, qualifier, {**kept, **config})

    def get_events(self, function_name: str, qualifier: str) -> dict[str, Any]:
        """Handle GetFunctionEventInvokeConfig: return both destinations, too [BC, OBS]."""
        function: Any = self.get_function(function_name)
        arn = function_arn(self.region_name, function.function_name, qualifier)
        if qualifier not in function.events:
            raise UnknownEventConfig(arn)
        config = function.events[qualifier]
        given = config.get("DestinationConfig") or {}
        both = {"OnFailure": {}, "OnSuccess": {}, **given}
        return {**config, "FunctionArn": arn, "DestinationConfig": both}

    def list_events(self, function_name: str) -> list[dict[str, Any]]:
        """Handle ListFunctionEventInvokeConfigs."""
        function: Any = self.get_function(function_name)
        return [self.get_events(function_name, qualifier) for qualifier in function.events]

    def delete_events(self, function_name: str, qualifier: str) -> None:
        """Handle DeleteFunctionEventInvokeConfig."""
        self.get_events(function_name, qualifier)
        self._forget_events(function_name, qualifier)
        self._publish(self.get_function(function_name).function_name)

    def _forget_events(self, function_name: str, qualifier: str) -> None:
        function: Any = self.get_function(function_name)
        kept = {name: config for name, config in function.events.items() if name != qualifier}
        function.events = kept

    # --- layers

    def publish_layer_version(self, spec: dict[str, Any]) -> LayerVersion:
        """Handle PublishLayerVersion."""
        code = checked_code(self.account_id, self.region_name, spec.get("Content") or {})
        content = {"ZipFile": base64.b64encode(code).decode()}
        return super().publish_layer_version({**spec, "Content": content})

    def layers(self) -> list[Layer]:
        """Return all layers that have versions."""
        return [layer for layer in self._layers._layers.values() if layer.layer_versions]

    # --- checks before anything is stored

    def check_present(self, function_name: str, asked: Mapping[str, Any]) -> Any:
        """Return the function to change, if its state and revision allow it.

        Raises:
            ApiError: another change is in progress, or the revision has changed.
        """
        function: Any = self.get_function(function_name)
        if function.is_pending:
            raise checks.pending()
        if function.is_updating:
            raise checks.updating(function.function_arn)
        checks.check_revision(asked.get("RevisionId"), function.revision_id)
        checks.check_digest(asked.get("CodeSha256"), function.code_sha_256)
        return function

    def _check_deletable(self, function_name: str, version: str) -> None:
        """Check that no alias routes to a version.

        Raises:
            ApiError: one does; the message is [SEEN].
        """
        aliases = self._published[function_name].aliases.items()
        leading = [
            name for name, alias in aliases if version in (alias.version, *dict(alias.weights))
        ]
        if leading:
            raise ApiError(
                "ResourceConflictException",
                "Unable to delete version because the following aliases reference it: "
                f"[{', '.join(leading)}]",
                409,
            )

    def _configured(self, function: Any, given: Mapping[str, Any]) -> Any:
        """Return a copy of a function with changed settings."""
        checks.check(given)
        if "Role" in given or "DeadLetterConfig" in given:
            role = given.get("Role") or function.role
            self._check_role(function.function_name, role, given)
        changed = copy.copy(function)
        changed.configure(given, self._find_layers(given.get("Layers") or []))
        changed.get_configuration()
        return changed

    def _check_role(self, function_name: str, role: str, given: Mapping[str, Any]) -> None:
        """Check that Lambda can assume a role, which may send to the dead-letter queue.

        Raises:
            ApiError: the role does not exist, does not trust Lambda or may not send, or the
                dead-letter queue is not valid.
        """
        if not self.host.roles.can_be_assumed(role):
            raise checks.not_assumable()
        queue = (given.get("DeadLetterConfig") or {}).get("TargetArn")
        if queue:
            checks.check_dead_letters(queue, self.region_name)
            if delivery_denial(self.host.roles, role, function_name, queue):
                raise checks.no_dead_letters(queue)

    def _check_reserve(self, function_name: str, reserved: Any) -> None:
        """Check that a reserve leaves a concurrency of 100 for functions without one.

        Raises:
            ApiError: it does not.
        """
        others = sum(
            function.reserved or 0
            for name, function in self._published.items()
            if name != function_name
        )
        if reserved is not None and ACCOUNT_LIMIT - others - int(reserved) < MIN_UNRESERVED:
            raise ApiError(
                "InvalidParameterValueException",
                "Specified ReservedConcurrentExecutions for function decreases account's "
                f"UnreservedConcurrentExecution below its minimum value of [{MIN_UNRESERVED}].",
            )

    def _check_routing(self, function_name: str, version: str, routing: Any) -> None:
        """Check the versions of an alias.

        Raises:
            ApiError: the alias cannot route to them.
        """
        weights = (routing or {}).get("AdditionalVersionWeights") or {}
        checks.check_routing(version, weights)
        for name in weights:
            self.get_function(function_name, name)

    def _check_destination(self, function_name: str, arn: str) -> None:
        """Check a destination of asynchronous invocations.

        Raises:
            ApiError: it is not valid [OBS].
        """
        if service_of(arn) == "lambda":
            reference = parse_reference(arn, self.region_name)
            if (reference.region, reference.name) == (self.region_name, function_name):
                raise ApiError(
                    "InvalidParameterValueException",
                    "You can't specify the function as a destination for itself.",
                )
            if is_in_reach(arn, self.region_name) and reference.name not in self._published:
                raise checks.invalid_destination(arn)

    def _find_layers(self, arns: list[str]) -> list[LayerVersion | PublicLayer]:
        """Return the layers in a function's settings.

        Raises:
            ApiError: the function cannot use them [OBS].
        """
        checks.check_layers(arns, self.region_name)
        return [self._find_layer(arn) for arn in arns]

    def _find_layer(self, arn: str) -> LayerVersion | PublicLayer:
        if is_public_layer(arn):
            return public_layer(arn)
        found = self._layers.get_layer_version_by_arn(arn)
        if found is None:
            raise checks.no_such_layer(arn)
        checks.check_extensions(arn, found.code_bytes)
        return found

    # --- publishing

    def _begin_update(self, changed: Any) -> None:
        """Replace a function with a changed copy; for a moment its state shows an update."""
        changed.begin_update()
        self._replace(changed)

    def _replace(self, changed: Any) -> None:
        """Replace a function with a changed copy."""
        self._lambdas._functions[changed.function_name]["latest"] = changed
        self._lambdas._arns[changed.function_arn] = changed
        self._publish(changed.function_name)

    def _publish(self, name: str) -> None:
        """Publish a function's present state, or its deletion."""
        published = dict(self._published)
        group = self._lambdas._functions.get(name)
        if group is None:
            published.pop(name, None)
        else:
            latest: Any = group["latest"]
            numbers = {str(one.version): one for one in group["versions"]}
            aliases = self._lambdas._aliases.get(latest.function_arn, {})
            published[name] = Function(
                versions={
                    version: one.described(version)
                    for version, one in {LATEST: latest, **numbers}.items()
                },
                aliases={label: _described(alias) for label, alias in aliases.items()},
                reserved=latest.reserved_concurrency,
                events=latest.described_events(),
            )
        self._published = published
        self.host.publish(self.region_name, published)


def invoke_event(region: str, arn: str, event: bytes) -> None:
    """Queue an asynchronous invocation for a service of moto; on its thread."""
    backend: Any = lambda_backends[ACCOUNT_ID][region]
    backend.invoke(arn, None, event, {}, {})


def _described(alias: LambdaAlias) -> Alias:
    routing: Any = alias.routing_config or {}
    weights = routing.get("AdditionalVersionWeights") or {}
    return Alias(str(alias.function_version), tuple(weights.items()))


def install(host: Host) -> None:
    """Make moto store functions here, starting with none; on its thread."""
    backend = type("Backend", (FunctionsBackend,), {"host": host})
    lambda_backends.backend = backend
    lambda_backends.clear()
