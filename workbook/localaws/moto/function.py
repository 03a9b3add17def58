"""A function stored in moto, with the settings and responses that moto lacks."""

import base64
import hashlib
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from moto.awslambda.models import LambdaFunction, LayerVersion
from moto.s3.exceptions import MissingBucket
from moto.s3.models import s3_backends

from workbook.localaws.api.http import signed_query
from workbook.localaws.api.partitions import partition
from workbook.localaws.functions import checks, interpreters
from workbook.localaws.functions.configuration import (
    LATEST,
    EventInvokeConfig,
    Function,
    FunctionVersion,
)
from workbook.localaws.functions.log_lines import runtime_arn
from workbook.localaws.functions.public_layers import PublicLayer
from workbook.localaws.interfaces import ExecutionRoles

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
TRANSITION_SECONDS = 0.2  # for creating and updating, as with streams and mappings
# Settings that replace the present value, and moto's attributes for them.
ATTRIBUTES = {
    "DeadLetterConfig": "dead_letter_config",
    "Description": "description",
    "Handler": "handler",
    "KMSKeyArn": "kms_key_arn",
    "MemorySize": "memory_size",
    "Role": "role",
    "Runtime": "run_time",
    "SnapStart": "snap_start",
    "Timeout": "timeout",
    "TracingConfig": "tracing_config",
    "VpcConfig": "_vpc_config",
}


@dataclass(frozen=True, slots=True)
class Host:
    """What moto's functions need of the rest; called on moto's thread, so it must not block.

    Args:
        endpoint_url: the local AWS's address.
        now: returns the time, in seconds since the epoch.
        publish: receives a region and all its functions by name.
        invoke_event: receives a function's ARN and the JSON event of an asynchronous invocation.
        roles: check the permissions of functions' roles.
    """

    endpoint_url: str
    now: Callable[[], float]
    publish: Callable[[str, Mapping[str, Function]], None]
    invoke_event: Callable[[str, bytes], None]
    roles: ExecutionRoles


class MotoFunction(LambdaFunction):
    """A function, or a published version.

    Args:
        host: the rest of the local AWS.
        account_id: the account that owns it.
        region: its region.
        spec: CreateFunction's parameters.
        layers: the layers in the spec.
    """

    def __init__(
        self,
        host: Host,
        account_id: str,
        region: str,
        spec: dict[str, Any],
        layers: Sequence[LayerVersion | PublicLayer],
    ) -> None:
        self.host = host
        self.revision_id = str(uuid.uuid4())
        self.logging_config = _logging_config(spec.get("LoggingConfig"), spec["FunctionName"])
        self.snap_start = spec.get("SnapStart") or {"ApplyOn": "None"}
        self.dead_letter_config = spec.get("DeadLetterConfig")
        self.has_environment = "Environment" in spec
        self.versions_published = 0
        self.published_behaviour: tuple[object, ...] = ()
        self.events: dict[str, dict[str, Any]] = {}  # EventInvokeConfigs, by qualifier
        variables = (spec.get("Environment") or {}).get("Variables") or {}
        spec = {**spec, "Environment": {"Variables": variables}, "Layers": []}
        super().__init__(account_id=account_id, spec=spec, region=region, version=LATEST)
        self._attach(layers)
        self._touch()
        self._created = self._updated = host.now()

    # --- changes

    def set_code(self, code: bytes) -> None:
        """Replace the code with a zip that has been checked."""
        digest = hashlib.sha256(code)
        self.code_bytes, self.code_size = code, len(code)
        self.code_sha_256 = base64.b64encode(digest.digest()).decode()
        self.code_digest = digest.hexdigest()
        self._touch()

    def _set_function_code(self, updated_spec: dict[str, Any]) -> None:
        """Set the code of a new function; moto's hook."""
        self.code = {}
        self.set_code(checked_code(self.account_id, self.region, updated_spec))

    def configure(
        self, given: Mapping[str, Any], layers: Sequence[LayerVersion | PublicLayer]
    ) -> None:
        """Apply settings that have been checked.

        Args:
            given: UpdateFunctionConfiguration's parameters.
            layers: the layers in ``given``.
        """
        for name in ATTRIBUTES.keys() & given.keys():
            setattr(self, ATTRIBUTES[name], given[name])
        if "Environment" in given:
            self.environment_vars = (given["Environment"] or {}).get("Variables") or {}
            self.has_environment = True
        if "EphemeralStorage" in given:
            self.ephemeral_storage = given["EphemeralStorage"]["Size"]
        if "LoggingConfig" in given:
            self.logging_config = _logging_config(given["LoggingConfig"], self.function_name)
        if "Layers" in given:
            self._attach(layers)
        self._touch()

    def set_version(self, version: int) -> None:
        """Turn this copy into a published version."""
        super().set_version(version)
        self._touch()

    @property
    def layer_arns(self) -> tuple[str, ...]:
        """Return the ARNs of the layers, in their order."""
        return tuple(layer["Arn"] for layer in self.layers)

    def _attach(self, layers: Sequence[LayerVersion | PublicLayer]) -> None:
        """Keep layers with their code: functions can still use a deleted layer [BC]."""
        self.layers = [{"Arn": layer.arn, "CodeSize": layer.code_size} for layer in layers]
        self.layer_code = tuple(layer.code_bytes for layer in layers)

    def _touch(self) -> None:
        """Set a new revision and time of modification."""
        self.revision_id = str(uuid.uuid4())
        now = datetime.fromtimestamp(self.host.now(), UTC)
        self.last_modified = f"{now:%Y-%m-%dT%H:%M:%S}.{now.microsecond // 1000:03d}+0000"

    def begin_update(self) -> None:
        """Show an update in progress, for a moment."""
        self._updated = self.host.now()

    # --- state

    @property
    def is_pending(self) -> bool:
        """Return whether it is being created."""
        return self.version == LATEST and self._is_recent(self._created)

    @property
    def is_updating(self) -> bool:
        """Return whether it is being updated."""
        has_update = self._updated > self._created
        return self.version == LATEST and has_update and self._is_recent(self._updated)

    def _is_recent(self, moment: float) -> bool:
        return self.host.now() - moment < TRANSITION_SECONDS

    def described(self, version: str) -> FunctionVersion:
        """Return everything needed to run it, as a value."""
        return FunctionVersion(
            region=self.region,
            name=self.function_name,
            version=version,
            role=self.role,
            runtime=str(self.run_time),
            handler=str(self.handler),
            timeout=int(self.timeout),
            memory=int(self.memory_size),
            variables=tuple((name, str(value)) for name, value in self.environment_vars.items()),
            code_sha256=self.code_sha_256,
            layers=self.layer_arns,
            logging=tuple(self.logging_config.items()),
            code=self.code_bytes,
            layer_code=self.layer_code,
            storage=int(self.ephemeral_storage),
            dead_letters=(self.dead_letter_config or {}).get("TargetArn") or None,
        )

    def described_events(self) -> dict[str, EventInvokeConfig]:
        """Return the settings of asynchronous invocations, as values with AWS's defaults."""
        return {qualifier: _events(config) for qualifier, config in self.events.items()}

    def behaviour(self) -> tuple[object, ...]:
        """Return the attributes that a new version must change."""
        storage, kinds = self.ephemeral_storage, tuple(self.architectures)
        return self.described(""), self.description, storage, kinds

    @property
    def vpc_config(self) -> dict[str, Any] | None:
        """Return the complete VpcConfig, even if only a part was given."""
        if not self._vpc_config:
            return None
        config = {
            "SubnetIds": [],
            "SecurityGroupIds": [],
            "Ipv6AllowedForDualStack": False,
            **self._vpc_config,
        }
        config["VpcId"] = "vpc-123abc" if config["SubnetIds"] or config["SecurityGroupIds"] else ""
        return config

    def get_configuration(self, on_create: bool = False) -> dict[str, Any]:
        """Return the configuration as in AWS's response [OBS], without unset settings."""
        answer = super().get_configuration(on_create)
        answer["RevisionId"] = self.revision_id
        answer["LoggingConfig"] = self.logging_config
        answer["SnapStart"] = {**self.snap_start, "OptimizationStatus": "Off"}
        label = interpreters.runtime_label(str(self.run_time), self.layer_arns)
        version = runtime_arn(label, self.region)
        answer["RuntimeVersionConfig"] = {"RuntimeVersionArn": version}
        if self.has_environment:
            answer["Environment"] = {"Variables": self.environment_vars}
        if self.dead_letter_config:
            answer["DeadLetterConfig"] = self.dead_letter_config
        if on_create or self.is_pending:
            answer.update(PENDING)
        elif self.is_updating:
            answer.update(UPDATING)
        return {name: value for name, value in answer.items() if value not in (None, [])}

    def get_code(self) -> dict[str, Any]:
        """Return the response of GetFunction, with a working link to the zip."""
        place = f"{self.region}/{self.function_name}/{self.version}"
        place += f"?{signed_query(self.region, 'lambda')}"
        answer = {
            "Configuration": self.get_configuration(),
            "Code": {
                "RepositoryType": "S3",
                "Location": f"{self.host.endpoint_url}/.functions/{place}",
            },
        }
        if self.tags:
            answer["Tags"] = self.tags
        if self.reserved_concurrency is not None:
            answer["Concurrency"] = {"ReservedConcurrentExecutions": self.reserved_concurrency}
        return answer

    def invoke(self, body: Any, request_headers: Any, response_headers: Any) -> str:
        """Queue an asynchronous invocation: moto's thread must never wait for a function."""
        text = body if isinstance(body, str) else body.decode()
        self.host.invoke_event(self.function_arn, text.encode())
        return ""


def _logging_config(settings: Mapping[str, Any] | None, name: str) -> dict[str, str]:
    """Return a complete LoggingConfig, with AWS's defaults [OBS]."""
    given = dict(settings or {})
    config = {"LogFormat": given.get("LogFormat", "Text")}
    if config["LogFormat"] == "JSON":
        config["ApplicationLogLevel"] = given.get("ApplicationLogLevel", "INFO")
        config["SystemLogLevel"] = given.get("SystemLogLevel", "INFO")
    config["LogGroup"] = given.get("LogGroup", f"/aws/lambda/{name}")
    return config


def checked_code(account_id: str, region: str, source: Mapping[str, Any]) -> bytes:
    """Return a zip that is valid as a function's or layer's code.

    Args:
        account_id: the account whose buckets are used.
        region: the buckets' region.
        source: ``ZipFile``, or ``S3Bucket``, ``S3Key`` and optionally ``S3ObjectVersion``.

    Raises:
        ApiError: there is no code, or it is not a valid zip.
    """
    checks.check_source(source)
    if source.get("ZipFile"):
        code: bytes = source["ZipFile"]
    else:
        name, backend = source["S3Bucket"], s3_backends[account_id][partition(region)]
        try:
            bucket = backend.get_bucket(name)
        except MissingBucket:
            raise checks.not_in_s3("NoSuchBucket", "The specified bucket does not exist") from None
        if bucket.region_name != region:
            raise checks.not_in_s3(
                "PermanentRedirect",
                f"The bucket is in this region: {bucket.region_name}. Please use this region to "
                "retry the request",
            )
        stored = backend.get_object(name, source.get("S3Key", ""), source.get("S3ObjectVersion"))
        if stored is None:
            raise checks.not_in_s3("NoSuchKey", "The specified key does not exist.")
        code = stored.value
    checks.check_code(code)
    return code


def _events(config: dict[str, Any]) -> EventInvokeConfig:
    destinations = config.get("DestinationConfig") or {}
    given: dict[str, Any] = {
        "retries": config.get("MaximumRetryAttempts"),
        "max_age": config.get("MaximumEventAgeInSeconds"),
        "on_success": (destinations.get("OnSuccess") or {}).get("Destination"),
        "on_failure": (destinations.get("OnFailure") or {}).get("Destination"),
    }
    return EventInvokeConfig(**{name: v for name, v in given.items() if v not in (None, "")})
