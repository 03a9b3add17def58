"""moto's Lambda backend with our functions in it.

moto keeps the configuration: functions, versions, aliases, layers, policies, tags, CloudFormation.
What would have run code in Docker becomes an asynchronous invocation by us.  This module,
``function`` and ``lookup`` are the only ones here that touch moto's Lambda.
"""

import copy
import uuid
from collections.abc import Iterable
from typing import Any

from moto.awslambda import urls
from moto.awslambda.exceptions import UnknownAliasException, UnknownEventConfig
from moto.awslambda.models import (
    EventInvokeConfig,
    LambdaAlias,
    LambdaBackend,
    LambdaFunction,
    lambda_backends,
)
from moto.core.exceptions import JsonRESTError

from workbook.localaws.function_arn import function_arn
from workbook.localaws.functions import settings
from workbook.localaws.functions.concurrency import ACCOUNT_LIMIT, MIN_UNRESERVED
from workbook.localaws.functions.configuration import LATEST
from workbook.localaws.moto import lookup
from workbook.localaws.moto.function import UPDATING, Function, Host, refusals


class _InvokeConfig(EventInvokeConfig):
    """The settings of asynchronous invocations, as AWS answers them [BC, OBS]."""

    def response(self) -> dict[str, Any]:
        """Both destinations are always named."""
        given = self.config.get("DestinationConfig") or {}
        destinations = {"OnFailure": {}, "OnSuccess": {}, **given}
        return {**super().response(), "DestinationConfig": destinations}


class FunctionsBackend(LambdaBackend):
    """moto's backend with functions that run; the event source mappings' backend extends it."""

    @property
    def _url_module(self) -> Any:
        return urls  # moto derives it from the class' module

    def create_function(self, spec: dict[str, Any]) -> LambdaFunction:
        """As moto's, with our kind of function."""
        function = Function(self.account_id, spec, self.region_name)  # type: ignore[abstract]
        self._lambdas.put_function(function)
        if spec.get("Publish"):
            published: Any = self.publish_version(function.function_name)
            function = copy.copy(function)
            function.version = published.version
        return function

    def update_function_code(
        self, function_name: str, qualifier: str, body: dict[str, Any]
    ) -> dict[str, Any]:
        """UpdateFunctionCode; DryRun checks and changes nothing."""
        function = self._checked(function_name, body)
        with refusals():
            settings.check_constraints({"Architectures": body.get("Architectures")})
            settings.check_source(body)
        if body.get("DryRun"):
            trial = copy.copy(function)
            trial.code = dict(function.code)
            trial._set_function_code({**body, "DryRun": False})
            return {**trial.get_configuration(), **UPDATING}
        if "Architectures" in body:
            function.architectures = body["Architectures"]
        function.update_function_code(body)
        if body.get("Publish"):
            function = self.publish_version(function_name)
        return {**function.get_configuration(), **UPDATING}

    def update_function_configuration(
        self, function_name: str, qualifier: str, body: dict[str, Any]
    ) -> dict[str, Any] | None:
        """UpdateFunctionConfiguration."""
        return self._checked(function_name, body).update_configuration(body)  # type: ignore[no-any-return]

    def publish_version(self, function_name: str, description: str = "") -> LambdaFunction | None:
        """PublishVersion: an unchanged function keeps its last version [OBS]."""
        function: Any = self._lambdas.get_function_by_name_or_arn_forbid_qualifier(function_name)
        versions = self._lambdas._functions[function.function_name]["versions"]
        # Not compared with the version itself: that one may have a description of its own.
        behaviour = lookup.behaviour(function)
        if versions and versions[-1].published_behaviour == behaviour:
            return versions[-1]  # type: ignore[no-any-return]
        function.versions_published += 1  # the number of a deleted version does not come back
        version: Any = copy.copy(function)
        version.set_version(function.versions_published)
        version.published_behaviour = behaviour
        if description:
            version.description = description
        versions.append(version)
        self._lambdas._arns[version.function_arn] = version
        return version  # type: ignore[no-any-return]

    def delete_function(self, function_name: str, qualifier: str | None = None) -> None:
        """As moto's; the function's processes end too."""
        if qualifier == LATEST:
            raise JsonRESTError(
                "InvalidParameterValueException",
                "$LATEST version cannot be deleted without deleting the function.",
            )
        function = self.get_function(function_name, qualifier)
        super().delete_function(function_name, qualifier)
        if function.function_name not in self._lambdas._functions:
            Function.host.function_deleted(self.region_name, function.function_name)

    def put_function_concurrency(self, function_name: str, reserved_concurrency: str) -> str:
        """Reserve concurrency; 100 stay for the functions without a reserve."""
        name = self.get_function(function_name).function_name
        others = sum(
            int(function.reserved_concurrency or 0)
            for function in self.list_functions()
            if function.function_name != name
        )
        if ACCOUNT_LIMIT - others - int(reserved_concurrency) < MIN_UNRESERVED:
            raise JsonRESTError(
                "InvalidParameterValueException",
                "Specified ReservedConcurrentExecutions for function decreases account's "
                "UnreservedConcurrentExecution below its minimum value of [100].",
            )
        return super().put_function_concurrency(function_name, reserved_concurrency)

    def put_function_event_invoke_config(
        self, function_name: str, config: dict[str, Any]
    ) -> dict[str, Any]:
        """Replace the settings of asynchronous invocations."""
        if not config:
            raise JsonRESTError(
                "InvalidParameterValueException",
                "You must specify at least one of error handling or destination setting.",
            )
        function = self.get_function(function_name)
        arn = function_arn(self.region_name, function.function_name, LATEST)
        kept = _InvokeConfig(arn, Function.host.now(), config)  # type: ignore[arg-type]
        function.event_invoke_config = [kept]
        return kept.response()

    def list_versions_by_function(self, function_name: str) -> Iterable[LambdaFunction]:
        """ListVersionsByFunction, of a function that there is."""
        self.get_function(function_name)
        return super().list_versions_by_function(function_name)

    def update_alias(
        self,
        name: str,
        function_name: str,
        function_version: str,
        description: str,
        routing_config: Any,
    ) -> LambdaAlias:
        """UpdateAlias: each update is a new revision; empty weights end the splitting [OBS]."""
        try:
            alias = super().update_alias(
                name, function_name, function_version, description, routing_config
            )
        except UnknownAliasException:
            arn = function_arn(self.region_name, function_name, name)
            missing = JsonRESTError("ResourceNotFoundException", f"Alias not found: {arn}")
            missing.code = 404
            raise missing from None
        alias.revision_id = str(uuid.uuid4())
        if routing_config is not None and not routing_config.get("AdditionalVersionWeights"):
            alias.routing_config = ""  # moto's none
        return alias

    def get_function_event_invoke_config(self, function_name: str) -> dict[str, Any]:
        """The settings of asynchronous invocations, if they were put."""
        function = self.get_function(function_name)
        if not function.event_invoke_config:
            arn = function_arn(self.region_name, function.function_name, LATEST)
            raise UnknownEventConfig(arn)
        return function.event_invoke_config[0].response()

    def update_function_event_invoke_config(
        self, function_name: str, config: dict[str, Any]
    ) -> dict[str, Any]:
        """Change some of the settings of asynchronous invocations."""
        present = self.get_function(function_name).event_invoke_config
        before = present[0].config if present else {}
        return self.put_function_event_invoke_config(function_name, {**before, **config})

    def invoke(
        self,
        function_name: str,
        qualifier: str | None,
        body: Any,
        headers: Any,
        response_headers: Any,
    ) -> str:
        """An invocation by a service of moto: always asynchronous."""
        function = self.get_function(function_name, qualifier)
        return str(function.invoke(body, headers, response_headers))

    def _checked(self, function_name: str, body: dict[str, Any]) -> Any:
        """The function to change, if it is the one that the request means."""
        function: Any = self.get_function(function_name)
        with refusals():
            settings.check_revision(body.get("RevisionId"), function.revision_id)
        return function


def install_unless_extended(host: Host) -> None:
    """Make moto keep its functions here, unless a class that extends this one was put there."""
    Function.host = host
    if not issubclass(lambda_backends.backend, FunctionsBackend):
        lambda_backends.backend = FunctionsBackend
    # moto's CloudFormation looks for the direct subclasses of its model, so for moto's function.
    for name in ("create_from_cloudformation_json", "update_from_cloudformation_json"):
        setattr(LambdaFunction, name, getattr(Function, name))
