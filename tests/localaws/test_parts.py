"""A request is routed by its service first, then by its path."""

import urllib.error
import urllib.request
from pathlib import PurePosixPath

import pytest

from workbook.localaws.api.http import signed_query
from workbook.target import Aws


@pytest.mark.parametrize(
    "key",
    [
        "functions/f/invocations",
        "2015-03-31/functions",
        "2015-03-31/event-source-mappings",
        "2017-03-31/tags/arn:aws:lambda:us-east-1:123456789012:event-source-mapping:x",
        ".functions/us-east-1/f/1",
    ],
)
def test_an_objects_path_may_look_like_lambdas_api(local: Aws, key: str) -> None:
    """Even where a request of Lambda would be a POST, as a multipart upload is."""
    s3 = local.client("s3")
    s3.create_bucket(Bucket="paths")
    upload = s3.create_multipart_upload(Bucket="paths", Key=key)
    s3.abort_multipart_upload(Bucket="paths", Key=key, UploadId=upload["UploadId"])
    s3.put_object(Bucket="paths", Key=key, Body=b"content")
    assert s3.get_object(Bucket="paths", Key=key)["Body"].read() == b"content"
    assert s3.list_objects_v2(Bucket="paths", Prefix=str(PurePosixPath(key).parent))["KeyCount"] > 0


def test_a_bucket_may_be_named_like_a_version_of_lambdas_api(local: Aws) -> None:
    s3 = local.client("s3")
    s3.create_bucket(Bucket="2015-03-31")
    s3.put_object(Bucket="2015-03-31", Key="functions", Body=b"content")
    assert s3.get_object(Bucket="2015-03-31", Key="functions")["Body"].read() == b"content"


def test_a_request_signed_in_its_url_goes_to_the_service_named_there(local: Aws) -> None:
    signed = signed_query("us-east-1", "kinesis")
    headers = {"x-amz-target": "Kinesis_20131202.ListStreams"}
    streams = urllib.request.Request(f"{local.endpoint_url}/?{signed}", b"{}", headers)
    with urllib.request.urlopen(streams) as answer:
        assert b"StreamNames" in answer.read()
    signed = signed_query("us-east-1", "lambda")
    mappings = f"{local.endpoint_url}/2015-03-31/event-source-mappings?{signed}"
    with urllib.request.urlopen(mappings) as answer:
        assert b"EventSourceMappings" in answer.read()
    with pytest.raises(urllib.error.HTTPError) as missing:
        urllib.request.urlopen(f"{local.endpoint_url}/.functions/us-east-1/nobody/1?{signed}")
    assert b"Function not found" in missing.value.read()
    missing.value.close()
