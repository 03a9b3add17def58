"""The partitions of AWS, each with its own regions, ARNs and host names [BC].

An account exists in one partition only: ``aws``, ``aws-cn``, ``aws-us-gov``, ...
"""

import re
from functools import cache
from typing import Any

DEFAULT = "aws"


def partition(region: str) -> str:
    """Return the partition that a region is in; ``aws`` if the region is in none."""
    return str(_of(region)["id"])


def dns_suffix(region: str) -> str:
    """Return how host names end in a region's partition, such as ``amazonaws.com.cn``."""
    return str(_of(region)["outputs"]["dnsSuffix"])


def global_region(name: str) -> str:
    """Return the region for everything that a partition has once, such as bucket names."""
    found = next((one for one in _all() if one["id"] == name), _all()[0])
    return str(found["outputs"]["implicitGlobalRegion"])


@cache
def _of(region: str) -> dict[str, Any]:
    return next((one for one in _all() if re.match(one["regionRegex"], region)), _all()[0])


@cache
def _all() -> list[dict[str, Any]]:
    from botocore.loaders import Loader  # late: only a process that serves requests needs it

    found: list[dict[str, Any]] = Loader().load_data("partitions")["partitions"]
    return found
