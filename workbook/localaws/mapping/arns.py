"""ARNs of event sources and of mappings."""

from workbook.localaws.api.http import ACCOUNT_ID
from workbook.localaws.api.partitions import partition


def mapping_arn(region: str, uuid: str) -> str:
    """Return the ARN of a mapping."""
    return f"arn:{partition(region)}:lambda:{region}:{ACCOUNT_ID}:event-source-mapping:{uuid}"


def is_kinesis(arn: object) -> bool:
    """Return whether an event source is a stream, or a consumer of one."""
    return isinstance(arn, str) and arn.startswith("arn:") and arn.split(":")[2:3] == ["kinesis"]
