"""moto's S3, which creates buckets only under names that AWS allows."""

import re
from typing import Any

from moto.s3 import models
from moto.s3.exceptions import InvalidBucketName

from workbook.localaws.moto.takeover import take_over

NAME = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")  # [S3:bucketnamingrules], as are all rules
ADDRESS = re.compile(r"\d+\.\d+\.\d+\.\d+")
PREFIXES = ("xn--", "sthree-", "amzn-s3-demo-")
SUFFIXES = ("-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3")


class S3Backend(models.S3Backend):
    """moto's backend, which refuses names that AWS refuses."""

    @property
    def _url_module(self) -> Any:
        from moto.s3 import urls  # moto derives it from the class' module

        return urls

    def create_bucket(self, bucket_name: str, *args: Any, **kwargs: Any) -> Any:
        """Handle CreateBucket."""
        if not is_valid(bucket_name):
            raise InvalidBucketName()
        return super().create_bucket(bucket_name, *args, **kwargs)


def is_valid(name: str) -> bool:
    """Return whether AWS creates a bucket of this name."""
    return (
        NAME.fullmatch(name) is not None
        and ADDRESS.fullmatch(name) is None
        and ".." not in name
        and not name.startswith(PREFIXES)
        and not name.endswith(SUFFIXES)
    )


def install() -> None:
    """Make moto use this backend; on its thread, before the first request to S3."""
    take_over(models.s3_backends, S3Backend)
