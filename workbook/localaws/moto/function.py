"""A function as moto keeps it, with the settings and the answers that moto leaves out."""

import base64
import copy
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, ClassVar

from moto.awslambda.models import LambdaFunction, lambda_backends
from moto.core.exceptions import JsonRESTError

from workbook.localaws.api.errors import ApiError
from workbook.localaws.functions import interpreters, settings
from workbook.localaws.functions.configuration import LATEST
from workbook.localaws.functions.log_lines import runtime_arn

UPDATING = {
    "LastUpdateStatus": "InProgress",
    "LastUpdateStatusReason": "The function is being created.",
    "LastUpdateStatusReasonCode": "Creating",
}
PENDING = {
    "State": "Pending",
    "StateReason": "The function is being created.",
    "StateReasonCode": "Creating",
}


@contextmanager
def refusals() -> Iterator[None]:
    """Turn our refusals into moto's errors, which its API and its CloudFormation know."""
    try:
        yield
    except ApiError as refused:
        error = JsonRESTError(refused.code, refused.message)
        error.code = refused.status
        raise error from None


@dataclass(frozen=True, slots=True)
class Host:
    """What moto's side needs of the service; called on moto's thread, so it must not wait.

    ``now`` is the clock's; ``invoke_event`` takes a function's ARN and a JSON event;
    ``function_deleted`` a region and a name.
    """

    endpoint_url: str
    now: Callable[[], float]
    invoke_event: Callable[[str, bytes], None]
    function_deleted: Callable[[str, str], None]


class Function(LambdaFunction):
    """See above."""

    host: ClassVar[Host]

    def __init__(self, account_id: str, spec: dict[str, Any], region: str) -> None:
        with refusals():
            settings.check_new(spec)
        self.revision_id = str(uuid.uuid4())
        self.logging_config = settings.logging_config(
            spec.get("LoggingConfig"), spec["FunctionName"]
        )
        self.snap_start = spec.get("SnapStart") or {"ApplyOn": "None"}
        self.dead_letter_config = spec.get("DeadLetterConfig")
        self.has_environment = "Environment" in spec
        self.versions_published = 0
        super().__init__(account_id=account_id, spec=spec, region=region, version=LATEST)
        self._touch()

    def _touch(self) -> None:
        """Note a change."""
        self.revision_id = str(uuid.uuid4())
        now = datetime.fromtimestamp(self.host.now(), UTC)
        self.last_modified = f"{now:%Y-%m-%dT%H:%M:%S}.{now.microsecond // 1000:03d}+0000"

    def set_version(self, version: int) -> None:
        """Become a published version."""
        super().set_version(version)
        self._touch()

    def _set_function_code(self, updated_spec: dict[str, Any]) -> None:
        try:
            super()._set_function_code(updated_spec)
        except ValueError as problem:  # moto's way to say that S3 has no such object
            raise JsonRESTError(str(problem.args[0]), str(problem.args[-1])) from None
        self.code.pop("ZipFile", None)  # its bytes are kept already
        with refusals():
            if "S3Key" in updated_spec and not self.code_bytes:
                raise settings.no_such_key()
            settings.check_code(self.code_bytes)
        self._touch()

    def update_configuration(self, config_updates: dict[str, Any]) -> dict[str, Any]:
        """UpdateFunctionConfiguration."""
        with refusals():
            settings.check(config_updates)
        super().update_configuration(config_updates)
        self.has_environment |= "Environment" in config_updates
        if "EphemeralStorage" in config_updates:
            self.ephemeral_storage = config_updates["EphemeralStorage"]["Size"]
        if "TracingConfig" in config_updates:
            self.tracing_config = config_updates["TracingConfig"]
        if "LoggingConfig" in config_updates:
            given = config_updates["LoggingConfig"]
            self.logging_config = settings.logging_config(given, self.function_name)
        if "DeadLetterConfig" in config_updates:
            self.dead_letter_config = config_updates["DeadLetterConfig"]
        self._touch()
        return {**self.get_configuration(), **UPDATING}

    def get_configuration(self, on_create: bool = False) -> dict[str, Any]:
        """The configuration as AWS answers it [OBS]: what is not set is not there."""
        answer = super().get_configuration(on_create)
        answer["RevisionId"] = self.revision_id
        answer["LoggingConfig"] = self.logging_config
        answer["SnapStart"] = {**self.snap_start, "OptimizationStatus": "Off"}
        version = runtime_arn(interpreters.runtime_label(str(self.run_time)), self.region)
        answer["RuntimeVersionConfig"] = {"RuntimeVersionArn": version}
        if self.has_environment:
            answer["Environment"] = {"Variables": self.environment_vars}
        if self.dead_letter_config:
            answer["DeadLetterConfig"] = self.dead_letter_config
        if on_create:
            answer.update(PENDING)
        return {name: value for name, value in answer.items() if value not in (None, [])}

    def get_code(self) -> dict[str, Any]:
        """GetFunction, with a link to the zip that works."""
        answer = super().get_code()
        place = f"{self.region}/{self.function_name}/{self.version}"
        url = f"{self.host.endpoint_url}/.functions/{place}"
        answer["Code"] = {"RepositoryType": "S3", "Location": url}
        if self.reserved_concurrency is not None:
            answer["Concurrency"] = {"ReservedConcurrentExecutions": self.reserved_concurrency}
        return answer

    def invoke(self, body: Any, request_headers: Any, response_headers: Any) -> str:
        """Queue an asynchronous invocation: moto's thread must never wait for a function."""
        text = body if isinstance(body, str) else body.decode()
        self.host.invoke_event(self.function_arn, text.encode())
        return ""

    @classmethod
    def create_from_cloudformation_json(
        cls,
        resource_name: str,
        cloudformation_json: dict[str, Any],
        account_id: str,
        region_name: str,
        **kwargs: Any,
    ) -> LambdaFunction:
        """AWS::Lambda::Function, with every property that CreateFunction knows."""
        spec = cls._from_template(cloudformation_json["Properties"])
        backend = lambda_backends[account_id][region_name]
        return backend.create_function({**spec, "FunctionName": resource_name})

    @classmethod
    def update_from_cloudformation_json(
        cls,
        original_resource: LambdaFunction,
        new_resource_name: str,
        cloudformation_json: dict[str, Any],
        account_id: str,
        region_name: str,
    ) -> LambdaFunction:
        """An update of AWS::Lambda::Function in place."""
        spec = cls._from_template(cloudformation_json["Properties"])
        original_resource.update_configuration(spec)
        original_resource.update_function_code(spec["Code"])
        original_resource.tags = spec.get("Tags") or {}
        original_resource.reserved_concurrency = spec.get("ReservedConcurrentExecutions")
        return original_resource

    @classmethod
    def _from_template(cls, properties: dict[str, Any]) -> dict[str, Any]:
        """A template's properties as CreateFunction takes them."""
        spec = copy.deepcopy(properties)
        for name in ("Timeout", "MemorySize", "ReservedConcurrentExecutions"):
            if name in spec:
                spec[name] = int(spec[name])
        if "EphemeralStorage" in spec:
            spec["EphemeralStorage"]["Size"] = int(spec["EphemeralStorage"]["Size"])
        if "Tags" in spec:
            spec["Tags"] = {tag["Key"]: tag["Value"] for tag in spec["Tags"]}
        if "ZipFile" in spec["Code"]:  # the source of index.py itself
            code = cls._create_zipfile_from_plaintext_code(spec["Code"]["ZipFile"])
            spec["Code"]["ZipFile"] = base64.b64encode(code).decode()
        return spec
