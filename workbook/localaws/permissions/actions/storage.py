"""Actions of S3 and DynamoDB [SAR]."""

from collections.abc import Iterator
from urllib.parse import unquote

from workbook.localaws.permissions.actions.call import Access, Call, Service

_BUCKET = "s3:::{name}"
_TABLE = "dynamodb:{region}:{account}:table/{name}"


def _object(call: Call) -> Iterator[Access]:
    """Yield access to an object; for a version, actions have other names."""
    action = S3.action(call)
    if call.values("VersionId") and call.operation in _OF_VERSIONS:
        action = f"s3:{_OF_VERSIONS[call.operation]}"
    for bucket, key in zip(call.values("Bucket"), call.values("Key"), strict=False):
        yield _quoted(action, f"{call.arn(_BUCKET, bucket)}/{key}")


def _copy(call: Call) -> Iterator[Access]:
    """Yield access for a copy, which reads one object and writes another."""
    for source in call.values("CopySource"):
        path = unquote(source).lstrip("/").partition("?versionId=")[0]
        yield _quoted("s3:GetObject", call.arn(_BUCKET, path))
    yield from _object(call)


def _delete_objects(call: Call) -> Iterator[Access]:
    for bucket in call.values("Bucket"):
        for key in call.values("Delete.Objects[].Key"):
            yield _quoted("s3:DeleteObject", f"{call.arn(_BUCKET, bucket)}/{key}")


def _bucket(call: Call) -> Iterator[Access]:
    for bucket in call.values("Bucket"):
        yield _quoted(S3.action(call), call.arn(_BUCKET, bucket))


def _quoted(action: str, arn: str) -> Access:
    """Return access to a resource that S3's messages show in quotes [SEEN]."""
    return Access(action, arn, shown=f'"{arn}"')


_OF_VERSIONS = {
    "DeleteObject": "DeleteObjectVersion",
    "DeleteObjectTagging": "DeleteObjectVersionTagging",
    "GetObject": "GetObjectVersion",
    "GetObjectAcl": "GetObjectVersionAcl",
    "GetObjectAttributes": "GetObjectVersionAttributes",
    "GetObjectTagging": "GetObjectVersionTagging",
    "HeadObject": "GetObjectVersion",
    "PutObjectAcl": "PutObjectVersionAcl",
    "PutObjectTagging": "PutObjectVersionTagging",
}
_READ, _WRITTEN = "GetObject", "PutObject"
_OF_OBJECTS = {  # actions of operations on objects
    **{
        name: name
        for name in (
            "AbortMultipartUpload",
            "DeleteObject",
            "DeleteObjectAnnotation",
            "DeleteObjectTagging",
            "GetObject",
            "GetObjectAcl",
            "GetObjectAnnotation",
            "GetObjectAttributes",
            "GetObjectLegalHold",
            "GetObjectRetention",
            "GetObjectTagging",
            "GetObjectTorrent",
            "PutObject",
            "PutObjectAcl",
            "PutObjectAnnotation",
            "PutObjectLegalHold",
            "PutObjectRetention",
            "PutObjectTagging",
            "RestoreObject",
            "UpdateObjectEncryption",
        )
    },
    "CompleteMultipartUpload": _WRITTEN,
    "CreateMultipartUpload": _WRITTEN,
    "HeadObject": _READ,
    "ListObjectAnnotations": "GetObjectAnnotation",
    "ListParts": "ListMultipartUploadParts",
    "RenameObject": _WRITTEN,
    "SelectObjectContent": _READ,
    "UploadPart": _WRITTEN,
}
_LIST_BUCKET = ("HeadBucket", "ListObjects", "ListObjectsV2")
_CONFIGURATIONS = {  # of buckets: Get and Put have the same suffix, Delete uses Put
    "BucketAccelerateConfiguration": "AccelerateConfiguration",
    "BucketAnalyticsConfiguration": "AnalyticsConfiguration",
    "BucketCors": "BucketCORS",
    "BucketEncryption": "EncryptionConfiguration",
    "BucketIntelligentTieringConfiguration": "IntelligentTieringConfiguration",
    "BucketInventoryConfiguration": "InventoryConfiguration",
    "BucketLifecycle": "LifecycleConfiguration",
    "BucketLifecycleConfiguration": "LifecycleConfiguration",
    "BucketMetricsConfiguration": "MetricsConfiguration",
    "BucketNotificationConfiguration": "BucketNotification",
    "BucketOwnershipControls": "BucketOwnershipControls",
    "BucketReplication": "ReplicationConfiguration",
    "BucketTagging": "BucketTagging",
    "ObjectLockConfiguration": "BucketObjectLockConfiguration",
    "PublicAccessBlock": "BucketPublicAccessBlock",
}
S3 = Service(
    resources={"Bucket": _BUCKET},
    actions={
        **_OF_OBJECTS,
        **{
            f"{verb}{operation}": f"{'Get' if verb == 'Get' else 'Put'}{action}"
            for operation, action in _CONFIGURATIONS.items()
            for verb in ("Get", "Put", "Delete")
        },
        **{
            f"ListBucket{kind}Configurations": f"Get{kind}Configuration"
            for kind in ("Analytics", "IntelligentTiering", "Inventory", "Metrics")
        },
        **dict.fromkeys(_LIST_BUCKET, "ListBucket"),
        "CopyObject": _WRITTEN,
        "CreateBucketMetadataConfiguration": "CreateBucketMetadataTableConfiguration",
        "DeleteBucketMetadataConfiguration": "DeleteBucketMetadataTableConfiguration",
        "DeleteObjects": "DeleteObject",
        "GetBucketMetadataConfiguration": "GetBucketMetadataTableConfiguration",
        "ListBuckets": "ListAllMyBuckets",
        "ListDirectoryBuckets": "ListAllMyBuckets",
        "ListMultipartUploads": "ListBucketMultipartUploads",
        "ListObjectVersions": "ListBucketVersions",
        "UploadPartCopy": _WRITTEN,
    },
    keys={
        "s3:prefix": "Prefix",
        "s3:delimiter": "Delimiter",
        "s3:max-keys": "MaxKeys",
        "s3:VersionId": "VersionId",
        "s3:x-amz-acl": "ACL",
        "s3:x-amz-storage-class": "StorageClass",
        "s3:x-amz-server-side-encryption": "ServerSideEncryption",
        "s3:x-amz-server-side-encryption-aws-kms-key-id": "SSEKMSKeyId",
    },
    special={
        **dict.fromkeys(_OF_OBJECTS, _object),
        **dict.fromkeys(_LIST_BUCKET, _bucket),
        "CopyObject": _copy,
        "UploadPartCopy": _copy,
        "DeleteObjects": _delete_objects,
    },
)


def _of_table_or_index(call: Call) -> Iterator[Access]:
    """Yield access to a table, or to the index that is read instead."""
    for table in call.values("TableName"):
        arn = call.arn(_TABLE, table)
        index = call.values("IndexName")
        yield Access(DYNAMODB.action(call), f"{arn}/index/{index[0]}" if index else arn)


def _of_each_table(call: Call) -> Iterator[Access]:
    for table in call.values("keys(RequestItems || `{}`)"):
        yield Access(DYNAMODB.action(call), call.arn(_TABLE, table))


def _transaction(call: Call) -> Iterator[Access]:
    """Yield access for each part of a transaction, as for a single call."""
    actions = {
        "Get": "GetItem",
        "Put": "PutItem",
        "Update": "UpdateItem",
        "Delete": "DeleteItem",
        "ConditionCheck": "ConditionCheckItem",
    }
    for part, action in actions.items():
        for table in dict.fromkeys(call.values(f"TransactItems[].{part}.TableName")):
            yield Access(f"dynamodb:{action}", call.arn(_TABLE, table))


def _partiql(call: Call) -> Iterator[Access]:
    """Yield access for PartiQL statements, by their kind; their tables are not found."""
    statements = (
        call.values("Statement")
        + call.values("Statements[].Statement")
        + call.values("TransactStatements[].Statement")
    )
    kinds = {"select": "Select", "insert": "Insert", "update": "Update", "delete": "Delete"}
    words = [statement.split(None, 1)[0].lower() for statement in statements if statement.strip()]
    for word in dict.fromkeys(words):
        yield Access(f"dynamodb:PartiQL{kinds.get(word, 'Select')}", None)


_PARTIQL = ("BatchExecuteStatement", "ExecuteStatement", "ExecuteTransaction")
DYNAMODB = Service(
    prefix="dynamodb",
    resources={
        "ResourceArn": "",
        "BackupArn": "",
        "ExportArn": "",
        "ImportArn": "",
        "BulkOperationArn": "",
        "TableArn": "",
        "TableName": _TABLE,
        "TargetTableName": _TABLE,
        "TableCreationParameters.TableName": _TABLE,
        "GlobalTableName": "dynamodb::{account}:global-table/{name}",
        "StreamArn": "",
    },
    keys={
        "dynamodb:Select": "Select",
        "dynamodb:ReturnValues": "ReturnValues",
        "dynamodb:ReturnConsumedCapacity": "ReturnConsumedCapacity",
    },
    special={
        **dict.fromkeys(
            (
                "DescribeContributorInsights",
                "Query",
                "Scan",
                "SearchVectors",
                "UpdateContributorInsights",
            ),
            _of_table_or_index,
        ),
        **dict.fromkeys(("BatchGetItem", "BatchWriteItem"), _of_each_table),
        **dict.fromkeys(("TransactGetItems", "TransactWriteItems"), _transaction),
        **dict.fromkeys(_PARTIQL, _partiql),
    },
    no_resource=frozenset(
        {"ListBackups", "ListContributorInsights", "ListExports", "ListImports", "ListStreams"}
    ),
    unknown=frozenset({"GetRecords"}),  # a shard iterator does not show its stream
)
