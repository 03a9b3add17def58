"""The partitions of AWS, each with regions, ARNs and host names of its own [BC].

An account of one partition knows nothing of the others: ``aws``, ``aws-cn``, ``aws-us-gov``, ...
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
    """Return the region that stands for what a partition has once, such as its buckets' names."""
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
