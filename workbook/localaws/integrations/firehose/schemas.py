"""The Glue table whose schema is used to convert records."""

from typing import Any

from workbook.localaws.api.http import ACCOUNT_ID
from workbook.localaws.api.partitions import partition
from workbook.localaws.integrations.firehose.context import (
    NOT_ASSUMED,
    SERVICE,
    SESSION,
    Dependencies,
)
from workbook.localaws.integrations.firehose.settings import Conversion, invalid

LATEST = "LATEST"
ACTIONS = ("GetTable", "GetTableVersion", "GetTableVersions")  # [FH:controlling-access]
DENIED = (  # [SEEN]
    "Access was denied when calling Glue. Please ensure that the role specified in the data format "
    "conversion configuration has the necessary permissions."
)


def described(settings: Conversion, region: str) -> dict[str, Any]:
    """Return a table as error documents describe it [SEEN]."""
    table = settings.table
    return {
        "catalogId": table.get("CatalogId"),
        "databaseName": table["DatabaseName"],
        "tableName": table["TableName"],
        "region": table.get("Region") or region,
        "versionId": table.get("VersionId") or LATEST,
        "catalogArn": None,
    }


def check_role(dependencies: Dependencies, settings: Conversion, region: str) -> None:
    """Check that the role may read the table.

    Raises:
        ApiError: the role may not read it.
    """
    table, roles = described(settings, region), dependencies.roles
    if not roles.can_be_assumed(settings.role_arn, SERVICE):
        raise invalid(NOT_ASSUMED.format(settings.role_arn))
    arn = (
        f"arn:{partition(region)}:glue:{table['region']}:{ACCOUNT_ID}:table/{table['databaseName']}/"
        f"{table['tableName']}"
    )
    for action in ACTIONS:
        if roles.denial(settings.role_arn, SESSION, f"glue:{action}", arn):
            raise invalid(DENIED)


async def columns(
    dependencies: Dependencies, settings: Conversion, region: str
) -> list[dict[str, Any]]:
    """Return the ``Name`` and ``Type`` of each column of the table.

    Args:
        dependencies: the rest of the local AWS.
        settings: the names of the table and of the role that reads it.
        region: the delivery stream's region.

    Raises:
        ApiError: the table or version does not exist, or the role may not read it.
    """
    check_role(dependencies, settings, region)
    table = described(settings, region)
    database, name = table["databaseName"], table["tableName"]
    call = dependencies.calls.call
    if table["versionId"] == LATEST:
        asked = {"DatabaseName": database, "Name": name}
        found = (await call("glue", "GetTable", table["region"], asked))["Table"]
    else:
        asked = {"DatabaseName": database, "TableName": name, "VersionId": table["versionId"]}
        answer = await call("glue", "GetTableVersion", table["region"], asked)
        found = answer["TableVersion"]["Table"]
    return list(found.get("StorageDescriptor", {}).get("Columns", []))
