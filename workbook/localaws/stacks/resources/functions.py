"""Functions, and resources that belong to them [CFNL]."""

import io
import zipfile
from collections.abc import Mapping
from typing import Any

from workbook.localaws.api.errors import ApiError
from workbook.localaws.stacks.kind import Context, Kind, Made, changed_tags, is_missing, properties
from workbook.localaws.stacks.resources.cfnresponse import SOURCE

SETTINGS = (
    "DeadLetterConfig",
    "Description",
    "Environment",
    "EphemeralStorage",
    "Handler",
    "KmsKeyArn",
    "Layers",
    "LoggingConfig",
    "MemorySize",
    "Role",
    "Runtime",
    "SnapStart",
    "Timeout",
    "TracingConfig",
    "VpcConfig",
)
# The values of settings that are removed from a template.
DEFAULTS: dict[str, Any] = {
    "DeadLetterConfig": {},
    "Description": "",
    "Environment": {"Variables": {}},
    "EphemeralStorage": {"Size": 512},
    "KmsKeyArn": "",
    "Layers": [],
    "LoggingConfig": {"LogFormat": "Text"},
    "MemorySize": 128,
    "SnapStart": {"ApplyOn": "None"},
    "Timeout": 3,
    "TracingConfig": {"Mode": "PassThrough"},
    "VpcConfig": {"SubnetIds": [], "SecurityGroupIds": []},
}


def zipped(source: str) -> bytes:
    """Return the package that CloudFormation creates from a function's inline code."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, text in (("index.py", source), ("cfnresponse.py", SOURCE)):
            info = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))  # equal code has equal digests
            info.external_attr = 0o644 << 16
            archive.writestr(info, text)
    return buffer.getvalue()


def code(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return a function's code in the API's form."""
    if "ZipFile" in given:
        return {"ZipFile": zipped(given["ZipFile"])}
    return dict(given)


async def settled(context: Context, name: str) -> dict[str, Any]:
    """Wait until a function is ready, and return its configuration."""
    found: dict[str, Any] = {}

    async def done() -> bool:
        found.update(await context.call("lambda.GetFunctionConfiguration", FunctionName=name))
        return found.get("State") != "Pending" and found.get("LastUpdateStatus") != "InProgress"

    await context.until(done)
    return found


class Function(Kind):
    """AWS::Lambda::Function."""

    TYPE = "AWS::Lambda::Function"
    TAG_KEYS = ("Key",)
    REQUIRED = frozenset({"Code", "Role"})
    API = "lambda.CreateFunction"
    PROPERTIES = properties(
        " ".join(one for one in SETTINGS if one != "KmsKeyArn")
        + " Architectures Code FunctionName PackageType Tags",
        KmsKeyArn="KMSKeyArn",
        ReservedConcurrentExecutions=None,
    )
    REPLACES = frozenset({"FunctionName", "PackageType"})
    ATTRIBUTES = frozenset({"Arn", "SnapStartResponse"})

    async def create(self, context: Context, properties: Mapping[str, Any]) -> Made:
        name = context.name(properties.get("FunctionName"), 64)
        asked = {**self.parameters(properties), "FunctionName": name}
        asked["Code"] = code(properties.get("Code") or {})
        asked["Tags"] = context.tags(properties.get("Tags"))
        answer = await context.call(self.API, **asked)
        made = Made(name, {"Arn": answer["FunctionArn"]})
        try:
            await settled(context, name)
            await self._reserve(context, name, {}, properties)
        except BaseException:
            await self.delete(context, made, properties)
            raise
        return made

    async def update(
        self, context: Context, made: Made, old: Mapping[str, Any], new: Mapping[str, Any]
    ) -> Made:
        name = made.physical_id
        before = await settled(context, name)
        await self._reserve(context, name, old, new)
        given = {**DEFAULTS, **new}
        changed = {
            self.PROPERTIES[one] or one: given.get(one)
            for one in SETTINGS
            if old.get(one) != new.get(one)
        }
        if changed:
            await context.call("lambda.UpdateFunctionConfiguration", FunctionName=name, **changed)
            await settled(context, name)
        same = all(old.get(one) == new.get(one) for one in ("Code", "Architectures"))
        if not same:
            try:
                await context.call(
                    "lambda.UpdateFunctionCode",
                    FunctionName=name,
                    Architectures=new.get("Architectures"),
                    **code(new.get("Code") or {}),
                )
            except ApiError:
                if changed:
                    previous = {**DEFAULTS, **old}
                    back = {self.PROPERTIES[one] or one: previous.get(one) for one in SETTINGS}
                    await context.call(
                        "lambda.UpdateFunctionConfiguration", FunctionName=name, **back
                    )
                raise
            await settled(context, name)
        arn = before["FunctionArn"]
        await retag(context, arn, new.get("Tags"))
        return made

    async def delete(self, context: Context, made: Made, properties: Mapping[str, Any]) -> None:
        await context.gone("lambda.DeleteFunction", FunctionName=made.physical_id)

    async def _reserve(
        self, context: Context, name: str, old: Mapping[str, Any], new: Mapping[str, Any]
    ) -> None:
        reserved = new.get("ReservedConcurrentExecutions")
        if reserved == old.get("ReservedConcurrentExecutions"):
            return
        if reserved is None:
            await context.call("lambda.DeleteFunctionConcurrency", FunctionName=name)
        else:
            await context.call(
                "lambda.PutFunctionConcurrency",
                FunctionName=name,
                ReservedConcurrentExecutions=reserved,
            )


async def retag(context: Context, arn: str, given: Any) -> None:
    """Change the tags of a Lambda resource to those in the template."""
    before = (await context.call("lambda.ListTags", Resource=arn)).get("Tags") or {}
    wanted, gone = changed_tags(before, context.tags(given))
    if gone:
        await context.call("lambda.UntagResource", Resource=arn, TagKeys=gone)
    if wanted:
        await context.call("lambda.TagResource", Resource=arn, Tags=wanted)


class Version(Kind):
    """AWS::Lambda::Version."""

    TYPE = "AWS::Lambda::Version"
    REQUIRED = frozenset({"FunctionName"})
    API = "lambda.PublishVersion"
    PROPERTIES = properties("CodeSha256 Description FunctionName")
    REPLACES = frozenset({"CodeSha256", "Description", "FunctionName"})
    ATTRIBUTES = frozenset({"Version", "FunctionArn"})

    async def create(self, context: Context, properties: Mapping[str, Any]) -> Made:
        await settled(context, properties["FunctionName"])
        answer = await context.call(self.API, **self.parameters(properties))
        arn = answer["FunctionArn"]
        return Made(arn, {"Version": answer["Version"], "FunctionArn": arn})

    async def delete(self, context: Context, made: Made, properties: Mapping[str, Any]) -> None:
        name, _, version = made.physical_id.rpartition(":")
        await context.gone("lambda.DeleteFunction", FunctionName=name, Qualifier=version)


class Alias(Kind):
    """AWS::Lambda::Alias."""

    TYPE = "AWS::Lambda::Alias"
    REQUIRED = frozenset({"FunctionName", "FunctionVersion", "Name"})
    API = "lambda.CreateAlias"
    PROPERTIES = properties("Description FunctionName FunctionVersion Name", RoutingConfig=None)
    REPLACES = frozenset({"FunctionName", "Name"})
    ATTRIBUTES = frozenset({"AliasArn"})

    async def create(self, context: Context, properties: Mapping[str, Any]) -> Made:
        answer = await context.call(
            self.API, **self.parameters(properties), RoutingConfig=self._routing(properties)
        )
        return Made(answer["AliasArn"], {"AliasArn": answer["AliasArn"]})

    async def update(
        self, context: Context, made: Made, old: Mapping[str, Any], new: Mapping[str, Any]
    ) -> Made:
        await context.call(
            "lambda.UpdateAlias",
            **{"Description": "", **self.parameters(new)},
            RoutingConfig=self._routing(new) or {},
        )
        return made

    async def delete(self, context: Context, made: Made, properties: Mapping[str, Any]) -> None:
        name, _, alias = made.physical_id.rpartition(":")
        await context.gone("lambda.DeleteAlias", FunctionName=name, Name=alias)

    @staticmethod
    def _routing(properties: Mapping[str, Any]) -> dict[str, Any] | None:
        """Return the weights in the API's form: as a map instead of a list."""
        if not properties.get("RoutingConfig"):
            return None
        weights = properties["RoutingConfig"].get("AdditionalVersionWeights") or []
        return {
            "AdditionalVersionWeights": {
                one["FunctionVersion"]: float(one["FunctionWeight"]) for one in weights
            }
        }


class EventSourceMapping(Kind):
    """AWS::Lambda::EventSourceMapping; it is Enabled when it is complete [OBS]."""

    TYPE = "AWS::Lambda::EventSourceMapping"
    TAG_KEYS = ("Key",)
    REQUIRED = frozenset({"FunctionName"})
    API = "lambda.CreateEventSourceMapping"
    PROPERTIES = properties(
        "BatchSize BisectBatchOnFunctionError DestinationConfig Enabled EventSourceArn "
        "FilterCriteria FunctionName FunctionResponseTypes MaximumBatchingWindowInSeconds "
        "MaximumRecordAgeInSeconds MaximumRetryAttempts MetricsConfig ParallelizationFactor "
        "ScalingConfig StartingPosition StartingPositionTimestamp Tags TumblingWindowInSeconds",
        KmsKeyArn="KMSKeyArn",
    )
    REPLACES = frozenset({"EventSourceArn", "StartingPosition", "StartingPositionTimestamp"})
    ATTRIBUTES = frozenset({"Id", "EventSourceMappingArn"})
    # The values of settings that are removed from a template.
    DEFAULTS = {  # noqa: RUF012
        "BatchSize": 100,
        "BisectBatchOnFunctionError": False,
        "DestinationConfig": {"OnFailure": {"Destination": ""}},
        "FilterCriteria": {},
        "FunctionResponseTypes": [],
        "KMSKeyArn": "",
        "MaximumBatchingWindowInSeconds": 0,
        "MaximumRecordAgeInSeconds": -1,
        "MaximumRetryAttempts": -1,
        "MetricsConfig": {"Metrics": []},
        "ParallelizationFactor": 1,
        "TumblingWindowInSeconds": 0,
    }

    async def create(self, context: Context, properties: Mapping[str, Any]) -> Made:
        asked = self.parameters(properties)
        if "StartingPositionTimestamp" in asked:
            asked["StartingPositionTimestamp"] = _seconds(asked["StartingPositionTimestamp"])
        answer = await context.call(self.API, **asked, Tags=context.tags(properties.get("Tags")))
        await self._settle(context, answer["UUID"])
        return self._made(answer)

    async def update(
        self, context: Context, made: Made, old: Mapping[str, Any], new: Mapping[str, Any]
    ) -> Made:
        present, asked = self.parameters(old), self.parameters(new)
        changed = {
            name: asked.get(name, self.DEFAULTS.get(name))
            for name in {**present, **asked}
            if asked.get(name) != present.get(name)
        }
        if "Enabled" in changed and changed["Enabled"] is None:
            changed["Enabled"] = True
        if changed:
            answer = await context.call(
                "lambda.UpdateEventSourceMapping", UUID=made.physical_id, **changed
            )
            await self._settle(context, answer["UUID"])
        await retag(context, made.attributes["EventSourceMappingArn"], new.get("Tags"))
        return made

    async def delete(self, context: Context, made: Made, properties: Mapping[str, Any]) -> None:
        await context.gone("lambda.DeleteEventSourceMapping", UUID=made.physical_id)

        async def is_gone() -> bool:
            try:
                await context.call("lambda.GetEventSourceMapping", UUID=made.physical_id)
            except ApiError as error:
                if is_missing(error):
                    return True
                raise
            return False

        await context.until(is_gone)

    async def _settle(self, context: Context, uuid: str) -> None:
        async def done() -> bool:
            found = await context.call("lambda.GetEventSourceMapping", UUID=uuid)
            return found.get("State") in ("Enabled", "Disabled")

        await context.until(done)

    @staticmethod
    def _made(answer: Mapping[str, Any]) -> Made:
        uuid = answer["UUID"]
        return Made(uuid, {"Id": uuid, "EventSourceMappingArn": answer["EventSourceMappingArn"]})


def _seconds(value: Any) -> Any:
    try:
        return float(value)
    except (TypeError, ValueError):
        return value


class Permission(Kind):
    """AWS::Lambda::Permission."""

    TYPE = "AWS::Lambda::Permission"
    REQUIRED = frozenset({"Action", "FunctionName", "Principal"})
    API = "lambda.AddPermission"
    PROPERTIES = properties(
        "Action EventSourceToken FunctionName FunctionUrlAuthType Principal PrincipalOrgID "
        "SourceAccount SourceArn"
    )
    REPLACES = frozenset(PROPERTIES)
    ATTRIBUTES = frozenset({"Id"})

    async def create(self, context: Context, properties: Mapping[str, Any]) -> Made:
        statement = context.name(None, 100)
        await context.call(self.API, **self.parameters(properties), StatementId=statement)
        return Made(statement, {"Id": statement})

    async def delete(self, context: Context, made: Made, properties: Mapping[str, Any]) -> None:
        await context.gone(
            "lambda.RemovePermission",
            FunctionName=properties["FunctionName"],
            StatementId=made.physical_id,
        )


class LayerVersion(Kind):
    """AWS::Lambda::LayerVersion, whose ``Ref`` is the version's ARN."""

    TYPE = "AWS::Lambda::LayerVersion"
    REQUIRED = frozenset({"Content"})
    API = "lambda.PublishLayerVersion"
    PROPERTIES = properties(
        "CompatibleArchitectures CompatibleRuntimes Content Description LayerName LicenseInfo"
    )
    REPLACES = frozenset(PROPERTIES)
    ATTRIBUTES = frozenset({"LayerVersionArn"})

    async def create(self, context: Context, properties: Mapping[str, Any]) -> Made:
        name = context.name(properties.get("LayerName"), 140)
        asked = {**self.parameters(properties), "LayerName": name}
        arn = (await context.call(self.API, **asked))["LayerVersionArn"]
        return Made(arn, {"LayerVersionArn": arn})

    async def delete(self, context: Context, made: Made, properties: Mapping[str, Any]) -> None:
        layer, _, version = made.physical_id.rpartition(":")
        await context.gone(
            "lambda.DeleteLayerVersion", LayerName=layer.split(":")[-1], VersionNumber=int(version)
        )


class EventInvokeConfig(Kind):
    """AWS::Lambda::EventInvokeConfig."""

    TYPE = "AWS::Lambda::EventInvokeConfig"
    REQUIRED = frozenset({"FunctionName", "Qualifier"})
    API = "lambda.PutFunctionEventInvokeConfig"
    PROPERTIES = properties(
        "DestinationConfig FunctionName MaximumEventAgeInSeconds MaximumRetryAttempts Qualifier"
    )
    REPLACES = frozenset({"FunctionName", "Qualifier"})

    async def create(self, context: Context, properties: Mapping[str, Any]) -> Made:
        await context.call(self.API, **self.parameters(properties))
        return Made(context.name(None))

    async def update(
        self, context: Context, made: Made, old: Mapping[str, Any], new: Mapping[str, Any]
    ) -> Made:
        await context.call(self.API, **self.parameters(new))
        return made

    async def delete(self, context: Context, made: Made, properties: Mapping[str, Any]) -> None:
        await context.gone(
            "lambda.DeleteFunctionEventInvokeConfig",
            FunctionName=properties["FunctionName"],
            Qualifier=properties["Qualifier"],
        )


KINDS = (
    Function(),
    Version(),
    Alias(),
    EventSourceMapping(),
    Permission(),
    LayerVersion(),
    EventInvokeConfig(),
)
