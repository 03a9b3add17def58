"""moto's Lambda backend with our functions in it: the one place here that touches moto.

moto keeps the configuration: functions, versions, aliases, layers, policies, tags, CloudFormation.
What would have run code in Docker becomes an asynchronous invocation by us.
"""

import copy
from collections.abc import Callable
from typing import Any, ClassVar

from moto.awslambda import urls
from moto.awslambda.models import LambdaBackend, LambdaFunction, lambda_backends

from workbook.localaws.doors import FunctionGoneError
from workbook.localaws.functions.configuration import LATEST, FunctionVersion, Reference
from workbook.localaws.http import ACCOUNT_ID


class Host:
    """What the backends tell the service, from moto's thread; set by ``FunctionService``."""

    invoke_event: Callable[[str, bytes], None]
    function_deleted: Callable[[str, str], None]


class Function(LambdaFunction):
    """A function as moto keeps it; other services of moto invoke it through this."""

    def invoke(self, body: Any, request_headers: Any, response_headers: Any) -> str:
        """Queue an asynchronous invocation: moto's thread must never wait for a function."""
        text = body if isinstance(body, str) else body.decode()
        FunctionsBackend.host.invoke_event(self.function_arn, text.encode())
        return ""


class FunctionsBackend(LambdaBackend):
    """moto's backend with functions that run; the event source mappings' backend extends it."""

    host: ClassVar[Host] = Host()

    @property
    def _url_module(self) -> Any:
        return urls  # moto derives it from the class' module

    def create_function(self, spec: dict[str, Any]) -> LambdaFunction:
        """As moto's, with our kind of function."""
        function = Function(  # type: ignore[abstract]
            account_id=self.account_id, spec=spec, region=self.region_name, version=LATEST
        )
        self._lambdas.put_function(function)
        if spec.get("Publish"):
            published: Any = self.publish_version(function.function_name)
            function = copy.copy(function)
            function.version = published.version
        return function

    def delete_function(self, function_name: str, qualifier: str | None = None) -> None:
        """As moto's; the function's processes end too."""
        name = self._lambdas.get_function_by_name_or_arn_with_qualifier(
            function_name, qualifier
        ).function_name
        super().delete_function(function_name, qualifier)
        if name not in self._lambdas._functions:
            self.host.function_deleted(self.region_name, name)

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


def install_unless_extended() -> None:
    """Make moto keep its functions here, unless a class that extends this one was put there."""
    if not issubclass(lambda_backends.backend, FunctionsBackend):
        lambda_backends.backend = FunctionsBackend


def find(reference: Reference, choice: float) -> FunctionVersion:
    """The version that a reference leads to, now.

    Read on the loop while moto's thread may write: it looks at each of moto's objects once, and
    moto replaces values rather than changing them.

    Args:
        reference: a function, version or alias.
        choice: from 0 to below 1; picks the version of an alias that splits by weight [OBS].

    Raises:
        FunctionGoneError: it does not exist.
    """
    group = _group(reference)
    latest, versions = group["latest"], group["versions"]
    qualifier = reference.qualifier
    if qualifier is None or qualifier == LATEST:
        return _version(latest, LATEST)
    aliases = _backend(reference)._lambdas._aliases.get(latest.function_arn, {})
    if alias := aliases.get(qualifier):
        qualifier = alias.function_version
        routing: Any = alias.routing_config or {}
        for other, weight in (routing.get("AdditionalVersionWeights") or {}).items():
            choice -= weight
            if choice < 0:
                qualifier = other
                break
        if qualifier == LATEST:
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
    groups = list(lambda_backends[ACCOUNT_ID][region]._lambdas._functions.values())
    return sum(int(group["latest"].reserved_concurrency or 0) for group in groups)


def _backend(reference: Reference) -> LambdaBackend:
    return lambda_backends[ACCOUNT_ID][reference.region]


def _group(reference: Reference) -> dict[str, Any]:
    try:
        group: dict[str, Any] = _backend(reference)._lambdas._functions[reference.name]
    except KeyError:
        raise FunctionGoneError(reference.arn) from None
    return group


def _version(function: LambdaFunction, version: str) -> FunctionVersion:
    backend = lambda_backends[ACCOUNT_ID][function.region]
    layers = [backend.layers_versions_by_arn(layer["Arn"]) for layer in function.layers]
    return FunctionVersion(
        region=function.region,
        name=function.function_name,
        version=version,
        role=function.role,
        runtime=function.run_time or "",
        handler=function.handler or "",
        timeout=int(function.timeout),
        memory=int(function.memory_size),
        variables=tuple((name, str(value)) for name, value in function.environment_vars.items()),
        code_sha256=function.code_sha_256,
        layers=tuple(layer["Arn"] for layer in function.layers),
        log_group=function.logs_group_name,
        log_format="Text",
        revision="",
        code=function.code_bytes,
        layer_code=tuple(layer.code_bytes for layer in layers if layer is not None),
    )
