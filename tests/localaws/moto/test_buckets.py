"""Names of buckets."""

import pytest

from tests.localaws.functions.lambda_functions import refused
from workbook.target import Aws


@pytest.mark.parametrize(
    "name",
    [
        *("B_D", "ab", "a" * 64, "Upper", "under_score", "-begins", "ends-", ".begins", "ends."),
        *("two..dots", "192.168.5.4", "xn--a", "sthree-a", "amzn-s3-demo-a", "a-s3alias"),
        *("a--ol-s3", "a.mrap", "a--table-s3"),
    ],
)
def test_a_name_that_aws_refuses_is_refused(local: Aws, name: str) -> None:
    """[S3:bucketnamingrules]"""
    error = refused(local.client("s3").create_bucket, Bucket=name)
    assert error["Error"]["Code"] == "InvalidBucketName"
    assert error["ResponseMetadata"]["HTTPStatusCode"] == 400


@pytest.mark.parametrize("name", ["abc", "a" * 63, "1.2.3", "a.b-c.9", "a--b"])
def test_a_name_that_aws_takes_is_taken(local: Aws, name: str) -> None:
    """[S3:bucketnamingrules]"""
    s3 = local.client("s3")
    s3.create_bucket(Bucket=name)
    s3.delete_bucket(Bucket=name)
