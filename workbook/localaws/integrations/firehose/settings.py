"""The settings of a delivery to S3, read and checked; what is not supported is refused by name."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from workbook.localaws.api.errors import ApiError
from workbook.localaws.integrations.firehose import objects, prefixes
from workbook.localaws.integrations.firehose.buffering import Hints
from workbook.localaws.integrations.firehose.transformation import Transformation

MIB = 1024 * 1024
DEFAULT_SIZE, DEFAULT_SECONDS = 5, 300  # MiB and seconds [BC]
SIZES, SECONDS = (1, 128), (0, 900)  # [BC]
EXTENSION = re.compile(r"\.[0-9a-z!\-_.*'()]+")  # [BC]
UNKNOWN_DESTINATIONS = (
    "RedshiftDestination",
    "ElasticsearchDestination",
    "AmazonopensearchserviceDestination",
    "AmazonOpenSearchServerlessDestination",
    "SplunkDestination",
    "HttpEndpointDestination",
    "SnowflakeDestination",
    "IcebergDestination",
)
DELIMITER = "AppendDelimiterToRecord"
LAMBDA = "Lambda"
PROCESSORS = (DELIMITER, LAMBDA)
LAMBDA_PARAMETERS = {  # with defaults [SEEN, BC]
    "LambdaArn": "",
    "NumberOfRetries": "3",
    "RoleArn": "",
    "BufferSizeInMBs": "1",
    "BufferIntervalInSeconds": "60",
}
RETRIES, LAMBDA_SIZES = (0, 300), (0.2, 3)  # [BC]


@dataclass(frozen=True, slots=True)
class Settings:
    """How a delivery stream delivers.

    Args:
        bucket_arn: the destination.
        role_arn: the role that writes there.
        prefix: of good records' objects, complete.
        error_prefix: of failed records' objects, complete.
        zone: of the times in prefixes.
        hints: when buffered records are delivered.
        compression: ``UNCOMPRESSED``, ``GZIP`` or ``ZIP``.
        extension: of the objects' names.
        key_arn: with which S3 encrypts objects; None to leave that to the bucket.
        log: group and stream for errors; None for no log.
        is_delimited: whether a line feed goes between records.
        transformation: by a function; None for none.
    """

    bucket_arn: str
    role_arn: str
    prefix: str
    error_prefix: str
    zone: ZoneInfo
    hints: Hints
    compression: str
    extension: str
    key_arn: str | None
    log: tuple[str, str] | None
    is_delimited: bool
    transformation: Transformation | None

    @property
    def bucket(self) -> str:
        """The bucket's name."""
        return self.bucket_arn.rpartition(":")[2]


def invalid(message: str) -> ApiError:
    """Return AWS's error for settings that cannot be used."""
    return ApiError("InvalidArgumentException", message)


def refuse_destinations(parameters: Mapping[str, Any]) -> None:
    """Refuse parameters that name a destination other than S3.

    Args:
        parameters: of CreateDeliveryStream or UpdateDestination.

    Raises:
        ApiError: naming it.
    """
    for name in parameters:
        if name.removesuffix("Configuration").removesuffix("Update") in UNKNOWN_DESTINATIONS:
            raise invalid(
                f"The local AWS does not deliver to {name}; a delivery stream here delivers to S3, "
                "by ExtendedS3DestinationConfiguration or S3DestinationConfiguration."
            )


def with_defaults(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the description of an extended S3 destination with what AWS fills in [OBS]."""
    return {
        "CloudWatchLoggingOptions": {"Enabled": False},
        "CompressionFormat": objects.UNCOMPRESSED,
        "DataFormatConversionConfiguration": {"Enabled": False},
        "EncryptionConfiguration": {"NoEncryptionConfig": "NoEncryption"},
        "S3BackupMode": "Disabled",
        **given,
        "BufferingHints": _hints(given),
    }


def read(description: Mapping[str, Any]) -> Settings:
    """Return the settings of a description that is complete.

    Raises:
        ApiError: they contradict one another, or are not supported here.
    """
    _refuse(description)
    hints = description["BufferingHints"]
    prefix, error_prefix = description.get("Prefix", ""), description.get("ErrorOutputPrefix", "")
    try:
        prefixes.check(prefix, error_prefix, is_partitioned=False)
    except ValueError as wrong:
        raise invalid(str(wrong)) from None
    compression = description["CompressionFormat"]
    extension = description.get("FileExtension") or objects.EXTENSIONS[compression]
    if extension and not EXTENSION.fullmatch(extension):
        raise invalid(f"FileExtension {extension!r} must match {EXTENSION.pattern}")
    encryption = description["EncryptionConfiguration"].get("KMSEncryptionConfig") or {}
    return Settings(
        bucket_arn=description["BucketARN"],
        role_arn=description["RoleARN"],
        prefix=prefixes.complete(prefix, is_partitioned=False),
        error_prefix=prefixes.complete_error(error_prefix, prefix),
        zone=_zone(description.get("CustomTimeZone")),
        hints=Hints(hints["SizeInMBs"] * MIB, hints["IntervalInSeconds"]),
        compression=compression,
        extension=extension,
        key_arn=encryption.get("AWSKMSKeyARN"),
        log=_log(description["CloudWatchLoggingOptions"]),
        is_delimited=any(one["Type"] == DELIMITER for one in _processors(description)),
        transformation=_transformation(description),
    )


def _refuse(description: Mapping[str, Any]) -> None:
    compression = description["CompressionFormat"]
    if compression not in objects.EXTENSIONS:
        raise invalid(
            f"The local AWS does not compress with the CompressionFormat {compression}; it does "
            f"with {', '.join(objects.EXTENSIONS)}."
        )
    if description["S3BackupMode"] != "Disabled":
        raise invalid("The local AWS keeps no S3 backup: S3BackupMode must be Disabled.")
    for name in ("DataFormatConversionConfiguration", "DynamicPartitioningConfiguration"):
        if (description.get(name) or {}).get(
            "Enabled", name in description and description[name] != {}
        ):
            raise invalid(f"The local AWS does not support {name}.")
    for one in _processors(description):
        if one["Type"] not in PROCESSORS:
            raise invalid(f"The local AWS does not support the processor {one['Type']}.")


def _processors(description: Mapping[str, Any]) -> list[dict[str, Any]]:
    processing = description.get("ProcessingConfiguration") or {}
    return list(processing.get("Processors") or []) if processing.get("Enabled") else []


def _parameters(processor: Mapping[str, Any], known: Mapping[str, str]) -> dict[str, str]:
    """Return the parameters of a processor, with defaults.

    Raises:
        ApiError: it has one that it cannot have.
    """
    given = {
        one["ParameterName"]: one["ParameterValue"] for one in processor.get("Parameters") or []
    }
    for name in given:
        if name not in known:
            raise invalid(f"The parameter {name} is not one of the processor {processor['Type']}")
    return {**known, **given}


def _transformation(description: Mapping[str, Any]) -> Transformation | None:
    """Return the transformation by a function, of which there is one at most [SEEN].

    Raises:
        ApiError: there are two, or a parameter is wrong.
    """
    found = [one for one in _processors(description) if one["Type"] == LAMBDA]
    if len(found) > 1:
        raise invalid("Only one processor of the type Lambda is allowed")
    if not found:
        return None
    parameters = _parameters(found[0], LAMBDA_PARAMETERS)
    if ":function:" not in parameters["LambdaArn"]:
        raise invalid(f"LambdaArn {parameters['LambdaArn']!r} is not the ARN of a function")
    return Transformation(
        parameters["LambdaArn"],
        parameters["RoleArn"] or description["RoleARN"],
        int(_number(parameters, "NumberOfRetries", RETRIES)),
        Hints(
            int(_number(parameters, "BufferSizeInMBs", LAMBDA_SIZES) * MIB),
            _number(parameters, "BufferIntervalInSeconds", SECONDS),
        ),
    )


def _number(parameters: Mapping[str, str], name: str, limits: tuple[float, float]) -> float:
    least, most = limits
    try:
        value = float(parameters[name])
    except ValueError:
        value = float("nan")
    if not least <= value <= most:
        raise invalid(f"{name} must be from {least} to {most}, not {parameters[name]!r}")
    return value


def _hints(given: Mapping[str, Any]) -> dict[str, int]:
    """Return buffering hints: both or neither are given [BC].

    Raises:
        ApiError: only one is, or one is out of its range.
    """
    hints = given.get("BufferingHints") or {}
    if len(hints) == 1:
        raise invalid("Both SizeInMBs and IntervalInSeconds must be specified in BufferingHints")
    found = {"SizeInMBs": DEFAULT_SIZE, "IntervalInSeconds": DEFAULT_SECONDS, **hints}
    for name, (least, most) in {"SizeInMBs": SIZES, "IntervalInSeconds": SECONDS}.items():
        if not least <= found[name] <= most:
            raise invalid(f"{name} must be from {least} to {most}, not {found[name]}")
    return found


def _zone(name: str | None) -> ZoneInfo:
    try:
        return ZoneInfo(name or "UTC")
    except (KeyError, ValueError, OSError):
        raise invalid(f"CustomTimeZone {name!r} is not a time zone") from None


def _log(options: Mapping[str, Any]) -> tuple[str, str] | None:
    if not options.get("Enabled"):
        return None
    group, stream = options.get("LogGroupName"), options.get("LogStreamName")
    if not group or not stream:
        raise invalid(
            "LogGroupName and LogStreamName are needed in CloudWatchLoggingOptions if Enabled"
        )
    return group, stream
