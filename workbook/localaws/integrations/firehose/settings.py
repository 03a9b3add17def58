"""Read and check the settings for delivery to S3; refuse unsupported ones by name."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from workbook.localaws.api.errors import ApiError
from workbook.localaws.api.http import ACCOUNT_ID
from workbook.localaws.integrations.firehose import objects, prefixes
from workbook.localaws.integrations.firehose.buffering import Hints
from workbook.localaws.integrations.firehose.partitioning import Query, compiled
from workbook.localaws.integrations.firehose.transformation import Transformation

MIB = 1024 * 1024
DEFAULT_SIZE, DEFAULT_SECONDS = 5, 300  # MiB and seconds [BC]
SECONDS = (0, 900)  # [BC]
CONVERSION = "DataFormatConversionConfiguration"
PARTITIONING = "DynamicPartitioningConfiguration"
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
UNKNOWN_SOURCES = (
    "DatabaseSourceConfiguration",
    "DirectPutSourceConfiguration",
    "MSKSourceConfiguration",
)
BACKUPS = ("S3BackupConfiguration", "S3BackupUpdate")
DELIMITER = "AppendDelimiterToRecord"
DELIMITERS = ("\\n", "\n")  # a line feed, as written or as it is [SEEN]
LAMBDA, EXTRACTION = "Lambda", "MetadataExtraction"
PROCESSORS = (DELIMITER, LAMBDA, EXTRACTION)
EXTRACTION_PARAMETERS = {"MetadataExtractionQuery": "", "JsonParsingEngine": "JQ-1.6"}
LEAST_SIZE = 64  # MiB, with conversion or partitioning [FH:record-format-conversion; ?]
CONVERSION_SIZE = 128  # MiB, the default with conversion [FH:record-format-conversion]
PARQUET_DEFAULTS = {  # [BC]; the first and the last concern a file system that does not exist here
    "BlockSizeBytes": 256 * MIB,
    "Compression": "SNAPPY",
    "EnableDictionaryCompression": False,
    "PageSizeBytes": MIB,
    "WriterVersion": "V1",
    "MaxPaddingBytes": 0,
}
OPENX, PARQUET = "OpenXJsonSerDe", "ParquetSerDe"
LAMBDA_PARAMETERS = {  # with defaults [SEEN, BC]
    "LambdaArn": "",
    "NumberOfRetries": "3",
    "RoleArn": "",
    "BufferSizeInMBs": "1",
    "BufferIntervalInSeconds": "60",
}
RETRIES, LAMBDA_SIZES = (0, 300), (0.2, 3)  # [BC]


@dataclass(frozen=True, slots=True)
class Conversion:
    """How to convert JSON to Parquet.

    Args:
        table: the table with the schema: CatalogId, DatabaseName, TableName, Region and VersionId.
        role_arn: the role that reads the schema.
        keys: the JSON keys of columns with a different name.
        is_case_insensitive: whether JSON keys are converted to lower case.
        has_dots: whether dots in JSON keys become underscores.
        codec: ``SNAPPY``, ``GZIP`` or ``UNCOMPRESSED``.
        has_dictionary: whether to use dictionary encoding.
        page_size: the page size in bytes.
        page_version: ``1.0`` or ``2.0``.
    """

    table: Mapping[str, str]
    role_arn: str
    keys: Mapping[str, str]
    is_case_insensitive: bool
    has_dots: bool
    codec: str
    has_dictionary: bool
    page_size: int
    page_version: str

    def rename(self, key: str) -> str:
        """Return the column name of a JSON key."""
        key = key.lower() if self.is_case_insensitive else key
        return key.replace(".", "_") if self.has_dots else key


@dataclass(frozen=True, slots=True)
class Partitioning:
    """The settings of dynamic partitioning.

    Args:
        keys: the namespace and name of each partition key in the prefix.
        query: a jq program that extracts keys from a record; None if there is none.
    """

    keys: tuple[tuple[str, str], ...]
    query: Query | None


@dataclass(frozen=True, slots=True)
class Settings:
    """How a delivery stream delivers.

    Args:
        bucket_arn: the destination.
        role_arn: the role that writes to the bucket.
        prefix: the complete prefix of good records.
        error_prefix: the complete prefix of failed records.
        zone: the time zone of times in prefixes.
        hints: when to deliver buffered records.
        compression: ``UNCOMPRESSED``, ``GZIP`` or ``ZIP``.
        extension: the extension of object names.
        key_arn: the key with which S3 encrypts objects; None to leave that to the bucket.
        log: the log group and log stream for errors; None for no log.
        is_delimited: whether to put a line feed between records.
        transformation: by a function; None for no transformation.
        partitioning: the dynamic partitioning; None for none.
        conversion: to Parquet; None for no conversion.
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
    partitioning: Partitioning | None
    conversion: Conversion | None

    @property
    def bucket(self) -> str:
        """Return the bucket's name."""
        return self.bucket_arn.rpartition(":")[2]


def invalid(message: str) -> ApiError:
    """Return AWS's error for invalid settings."""
    return ApiError("InvalidArgumentException", message)


def refuse_others(parameters: Mapping[str, Any]) -> None:
    """Refuse parameters that name a destination other than S3, or settings of another source.

    Args:
        parameters: the parameters of CreateDeliveryStream or UpdateDestination.

    Raises:
        ApiError: there is such a parameter.
    """
    for name in parameters:
        if name in UNKNOWN_SOURCES:
            raise invalid(f"The local AWS does not support {name}.")
        if name.removesuffix("Configuration").removesuffix("Update") in UNKNOWN_DESTINATIONS:
            raise invalid(
                f"The local AWS does not deliver to {name}; a delivery stream here delivers to S3, "
                "by ExtendedS3DestinationConfiguration or S3DestinationConfiguration."
            )


def with_defaults(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the description of an extended S3 destination, with AWS's defaults filled in [OBS]."""
    return {
        "CloudWatchLoggingOptions": {"Enabled": False},
        "CompressionFormat": objects.UNCOMPRESSED,
        "DataFormatConversionConfiguration": {"Enabled": False},
        "EncryptionConfiguration": {"NoEncryptionConfig": "NoEncryption"},
        "S3BackupMode": "Disabled",
        **given,
        "BufferingHints": _hints(given),
    }


def is_enabled(description: Mapping[str, Any], name: str) -> bool:
    """Return whether an optional part of a description is enabled [BC]."""
    part = description.get(name) or {}
    return bool(part) and bool(part.get("Enabled", True))


def read(description: Mapping[str, Any]) -> Settings:
    """Return the settings in a complete description.

    Raises:
        ApiError: the settings contradict one another, or are not supported here.
    """
    _refuse(description)
    hints = description["BufferingHints"]
    prefix, error_prefix = description.get("Prefix", ""), description.get("ErrorOutputPrefix", "")
    is_partitioned = is_enabled(description, PARTITIONING)
    try:
        prefixes.check(prefix, error_prefix, is_partitioned=is_partitioned)
    except ValueError as wrong:
        raise invalid(str(wrong)) from None
    compression, conversion = description["CompressionFormat"], _conversion(description)
    extension = description.get("FileExtension") or (
        objects.EXTENSIONS[compression] if conversion is None else objects.PARQUET
    )
    encryption = description["EncryptionConfiguration"].get("KMSEncryptionConfig") or {}
    return Settings(
        bucket_arn=description["BucketARN"],
        role_arn=description["RoleARN"],
        prefix=prefixes.complete(prefix, is_partitioned=is_partitioned),
        error_prefix=prefixes.complete_error(error_prefix, prefix),
        zone=_zone(description.get("CustomTimeZone")),
        hints=Hints(hints["SizeInMBs"] * MIB, hints["IntervalInSeconds"]),
        compression=compression,
        extension=extension,
        key_arn=encryption.get("AWSKMSKeyARN"),
        log=_log(description["CloudWatchLoggingOptions"]),
        is_delimited=any(one["Type"] == DELIMITER for one in _processors(description)),
        transformation=_transformation(description),
        partitioning=_partitioning(description, prefix) if is_partitioned else None,
        conversion=conversion,
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
    for name in BACKUPS:
        if description.get(name):
            raise invalid(f"The local AWS keeps no S3 backup: it does not support {name}.")
    if (description.get(PARTITIONING) or {}).get("RetryOptions"):
        raise invalid(
            "The local AWS does not support RetryOptions: it tries to write objects for 24 hours."
        )
    for name in (CONVERSION, PARTITIONING):
        size = description["BufferingHints"]["SizeInMBs"]
        if is_enabled(description, name) and size < LEAST_SIZE:
            raise invalid(f"SizeInMBs must be at least {LEAST_SIZE} with {name} enabled")
    _refuse_processors(description)


def _refuse_processors(description: Mapping[str, Any]) -> None:
    """Refuse processors that have no effect, or that are repeated [SEEN for Lambda; ?]."""
    found = _processors(description)
    for kind in {one["Type"] for one in found}:
        if kind not in PROCESSORS:
            raise invalid(f"The local AWS does not support the processor {kind}.")
        if sum(one["Type"] == kind for one in found) > 1:
            raise invalid(f"Only one processor of the type {kind} is allowed")
        if kind == EXTRACTION and not is_enabled(description, PARTITIONING):
            raise invalid(f"The processor {EXTRACTION} needs {PARTITIONING} enabled")
    for one in found:
        if one["Type"] == DELIMITER:
            given = _parameters(one, {"Delimiter": DELIMITERS[0]})["Delimiter"]
            if given not in DELIMITERS:
                raise invalid(
                    f"The local AWS does not support the Delimiter {given!r}; it appends a line "
                    "feed."
                )


def _processors(description: Mapping[str, Any]) -> list[dict[str, Any]]:
    processing = description.get("ProcessingConfiguration") or {}
    return list(processing.get("Processors") or []) if processing.get("Enabled") else []


def _parameters(processor: Mapping[str, Any], known: Mapping[str, str]) -> dict[str, str]:
    """Return the parameters of a processor, with defaults.

    Raises:
        ApiError: a parameter is unknown.
    """
    given = {
        one["ParameterName"]: one["ParameterValue"] for one in processor.get("Parameters") or []
    }
    for name in given:
        if name not in known:
            raise invalid(f"The processor {processor['Type']} has no parameter {name}")
    return {**known, **given}


def _transformation(description: Mapping[str, Any]) -> Transformation | None:
    """Return the transformation by a function, if there is one.

    Raises:
        ApiError: a parameter is not valid.
    """
    found = [one for one in _processors(description) if one["Type"] == LAMBDA]
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


def _partitioning(description: Mapping[str, Any], prefix: str) -> Partitioning:
    """Return the partitioning settings, which the prefix must use.

    Raises:
        ApiError: the prefix does not use them, or what extracts the keys is missing or not valid.
    """
    keys = prefixes.used_keys(prefix)
    if not keys:
        raise invalid(
            "S3 Prefix should contain Dynamic Partitioning namespaces when Dynamic Partitioning is "
            "enabled"  # [?]
        )
    processors = {one["Type"]: one for one in _processors(description)}
    for namespace, processor in ((prefixes.FROM_QUERY, EXTRACTION), (prefixes.FROM_LAMBDA, LAMBDA)):
        if processor not in processors and any(space == namespace for space, _ in keys):
            raise invalid(
                f"{processor} processor should be present when S3 Prefix has {namespace} namespace"
            )
    if EXTRACTION not in processors:
        return Partitioning(keys, None)
    parameters = _parameters(processors[EXTRACTION], EXTRACTION_PARAMETERS)
    if parameters["JsonParsingEngine"] != EXTRACTION_PARAMETERS["JsonParsingEngine"]:
        raise invalid(f"JsonParsingEngine {parameters['JsonParsingEngine']!r} must be JQ-1.6")
    try:
        return Partitioning(keys, compiled(parameters["MetadataExtractionQuery"]))
    except ValueError as wrong:
        raise invalid(f"MetadataExtractionQuery: {wrong}") from None


def _conversion(description: Mapping[str, Any]) -> Conversion | None:
    """Return the conversion to Parquet, if there is one.

    Raises:
        ApiError: it is not supported, or incomplete.
    """
    if not is_enabled(description, CONVERSION):
        return None
    given = description[CONVERSION]
    reader = (given.get("InputFormatConfiguration") or {}).get("Deserializer") or {}
    writer = (given.get("OutputFormatConfiguration") or {}).get("Serializer") or {}
    for name, part, known in (("Deserializer", reader, OPENX), ("Serializer", writer, PARQUET)):
        if known not in part or len(part) > 1:
            found = ", ".join(part) or "none"
            raise invalid(f"The local AWS supports only the {name} {known}, not {found}.")
    if description["CompressionFormat"] != objects.UNCOMPRESSED:
        raise invalid("CompressionFormat must be UNCOMPRESSED with data format conversion enabled")
    schema = given.get("SchemaConfiguration") or {}
    for name in ("RoleARN", "DatabaseName", "TableName"):
        if not schema.get(name):
            raise invalid(f"SchemaConfiguration must have {name}")
    if schema.get("CatalogId", ACCOUNT_ID) != ACCOUNT_ID:
        raise invalid(
            f"The local AWS has only the Data Catalog of the account {ACCOUNT_ID}, not the "
            f"CatalogId {schema['CatalogId']}."
        )
    json, parquet = reader[OPENX], {**PARQUET_DEFAULTS, **writer[PARQUET]}
    for name in ("BlockSizeBytes", "MaxPaddingBytes"):
        if parquet[name] != PARQUET_DEFAULTS[name]:
            raise invalid(f"The local AWS does not support {name} ({parquet[name]}) for Parquet.")
    return Conversion(
        table={name: value for name, value in schema.items() if name != "RoleARN"},
        role_arn=schema["RoleARN"],
        keys=json.get("ColumnToJsonKeyMappings") or {},
        is_case_insensitive=json.get("CaseInsensitive", True),
        has_dots=json.get("ConvertDotsInJsonKeysToUnderscores", False),
        codec=parquet["Compression"],
        has_dictionary=parquet["EnableDictionaryCompression"],
        page_size=parquet["PageSizeBytes"],
        page_version="1.0" if parquet["WriterVersion"] == "V1" else "2.0",
    )


def _number(parameters: Mapping[str, str], name: str, limits: tuple[float, float]) -> float:
    least, most = limits
    try:
        value = float(parameters[name])
    except ValueError:
        value = float("nan")
    if not least <= value <= most:
        raise invalid(f"{name} must be between {least} and {most}, not {parameters[name]!r}")
    return value


def _hints(given: Mapping[str, Any]) -> dict[str, int]:
    """Return the buffering hints: both must be given, or neither [BC].

    Raises:
        ApiError: only one is.
    """
    hints = given.get("BufferingHints") or {}
    if len(hints) == 1:
        raise invalid("Both SizeInMBs and IntervalInSeconds must be specified in BufferingHints")
    is_large = is_enabled(given, CONVERSION) or is_enabled(given, PARTITIONING)
    size = CONVERSION_SIZE if is_large else DEFAULT_SIZE
    return {"SizeInMBs": size, "IntervalInSeconds": DEFAULT_SECONDS, **hints}


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
