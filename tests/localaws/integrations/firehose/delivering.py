"""Create, feed and observe delivery streams in tests."""

import json
import time
import uuid
from collections.abc import Callable
from typing import Any, TypeVar

from workbook import deployment
from workbook.target import Aws

T = TypeVar("T")
SECONDS = 120.0  # for conditions to become true; long, for busy machines


class Lake:
    """A bucket, a role that may do everything, and a delivery stream of the same name."""

    def __init__(self, aws: Aws) -> None:
        self.aws = aws
        self.name = f"lake-{uuid.uuid4().hex[:8]}"
        self.firehose = aws.client("firehose")
        self.s3 = aws.client("s3")
        self.role = self.make_role("*")

    @property
    def bucket_arn(self) -> str:
        return f"arn:aws:s3:::{self.name}"

    def make_bucket(self) -> None:
        self.s3.create_bucket(Bucket=self.name)

    def make_role(
        self, *actions: str, service: str = "firehose.amazonaws.com", **trusted: Any
    ) -> str:
        """Create a role that a service may assume, for some actions on everything.

        Args:
            actions: the actions that it may call.
            service: the service that may assume it.
            trusted: further elements of the trust policy's statement.
        """
        iam, name = self.aws.client("iam"), f"role-{uuid.uuid4().hex[:8]}"
        trust = _policy("sts:AssumeRole", Principal={"Service": service}, **trusted)
        arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)["Role"]["Arn"]
        self.allow(str(arn), *actions)
        return str(arn)

    def allow(self, role_arn: str, *actions: str) -> None:
        self.aws.client("iam").put_role_policy(
            RoleName=role_arn.rpartition("/")[2],
            PolicyName="p",
            PolicyDocument=_policy(*actions, Resource="*"),
        )

    def make_stream(self, shards: int = 1) -> str:
        """Create a Kinesis stream, and return its ARN."""
        return deployment.create_stream(self.aws.client("kinesis"), self.name, shards)

    def deliver(self, *, stream_arn: str = "", seconds: int = 0, mib: int = 1, **given: Any) -> str:
        """Create the delivery stream, and return its ARN."""
        source: dict[str, Any] = {}
        if stream_arn:
            source = {
                "DeliveryStreamType": "KinesisStreamAsSource",
                "KinesisStreamSourceConfiguration": {
                    "KinesisStreamARN": stream_arn,
                    "RoleARN": given.pop("source_role", self.role),
                },
            }
        made = self.firehose.create_delivery_stream(
            DeliveryStreamName=self.name,
            ExtendedS3DestinationConfiguration={
                "BucketARN": self.bucket_arn,
                "RoleARN": self.role,
                "BufferingHints": {"SizeInMBs": mib, "IntervalInSeconds": seconds},
                **given,
            },
            **source,
        )
        return str(made["DeliveryStreamARN"])

    def put(self, *records: bytes) -> None:
        answer = self.firehose.put_record_batch(
            DeliveryStreamName=self.name, Records=[{"Data": data} for data in records]
        )
        assert answer["FailedPutCount"] == 0

    def flush(self) -> None:
        """Have what is buffered delivered at once, as the first change of the settings."""
        self.firehose.update_destination(
            DeliveryStreamName=self.name,
            CurrentDeliveryStreamVersionId="1",
            DestinationId="destinationId-000000000001",
            ExtendedS3DestinationUpdate={
                "BufferingHints": {"SizeInMBs": 64, "IntervalInSeconds": 0}
            },
        )

    def sizes(self, prefix: str = "") -> dict[str, int]:
        """Return the size of each object below a prefix, in bytes, by key."""
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=self.name, Prefix=prefix)
        return {one["Key"]: one["Size"] for page in pages for one in page.get("Contents", [])}

    def object_keys(self) -> list[str]:
        return list(self.sizes())

    def read(self, key: str) -> bytes:
        return bytes(self.s3.get_object(Bucket=self.name, Key=key)["Body"].read())

    def arrived(self, count: int = 1, prefix: str = "") -> dict[str, bytes]:
        """Return the objects with a prefix, once there are enough."""

        def found() -> list[str]:
            return [key for key in self.object_keys() if key.startswith(prefix)]

        keys = until(found, lambda keys: len(keys) >= count)
        return {key: self.read(key) for key in keys}

    def metric(self, name: str, statistic: str = "Sum") -> float:
        """Return the sum of a metric so far, or its maximum."""
        now = self.aws.now()
        points = self.aws.client("cloudwatch").get_metric_statistics(
            Namespace="AWS/Firehose",
            MetricName=name,
            Dimensions=[{"Name": "DeliveryStreamName", "Value": self.name}],
            StartTime=now - 3600,
            EndTime=now + 3600,
            Period=3600,
            Statistics=[statistic],
        )["Datapoints"]
        values = [float(one[statistic]) for one in points]
        return max(values, default=0.0) if statistic == "Maximum" else sum(values)


def until(look: Callable[[], T], enough: Callable[[T], bool]) -> T:
    """Call ``look`` until its result is enough, and return the result."""
    deadline = time.monotonic() + SECONDS
    while True:
        found = look()
        if enough(found):
            return found
        assert time.monotonic() < deadline, found
        time.sleep(0.05)


def _policy(*actions: str, **more: Any) -> str:
    statement = {"Effect": "Allow", "Action": list(actions), **more}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})
