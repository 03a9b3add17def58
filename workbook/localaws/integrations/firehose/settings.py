"""The settings of a delivery to S3, read and checked; what is not supported is refused by name."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from workbook.localaws.api.errors import ApiError
from workbook.localaws.integrations.firehose import objects, prefixes
from workbook.localaws.integrations.firehose.buffering import Hints

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
PROCESSORS = (DELIMITER,)


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
        is_delimited=DELIMITER in _processors(description),
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
    unknown = [name for name in _processors(description) if name not in PROCESSORS]
    if unknown:
        raise invalid(f"The local AWS does not support the processor {unknown[0]}.")


def _processors(description: Mapping[str, Any]) -> list[str]:
    processing = description.get("ProcessingConfiguration") or {}
    if not processing.get("Enabled"):
        return []
    return [one["Type"] for one in processing.get("Processors") or []]


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
