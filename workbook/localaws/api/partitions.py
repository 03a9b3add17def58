"""The partitions of AWS, each with its own regions, ARNs and host names [BC].

An account belongs to one partition: ``aws``, ``aws-cn``, ``aws-us-gov``, ...
"""

import re
from functools import cache
from typing import Any

DEFAULT = "aws"


def partition(region: str) -> str:
    """Return a region's partition; ``aws`` if the region is unknown."""
    return str(_of(region)["id"])


def dns_suffix(region: str) -> str:
    """Return the end of host names in a region's partition, such as ``amazonaws.com.cn``."""
    return str(_of(region)["outputs"]["dnsSuffix"])


def description(region: str) -> str:
    """Return a region's name for people, such as ``US East (N. Virginia)``; the region if none."""
    return str(_of(region)["regions"].get(region, {}).get("description", region))


def global_region(name: str) -> str:
    """Return the region of what exists once in a partition, such as bucket names."""
    found = next((one for one in _all() if one["id"] == name), _all()[0])
    return str(found["outputs"]["implicitGlobalRegion"])


@cache
def _of(region: str) -> dict[str, Any]:
    return next((one for one in _all() if re.match(one["regionRegex"], region)), _all()[0])


@cache
def _all() -> list[dict[str, Any]]:
    from botocore.loaders import Loader  # late: only a process that serves requests needs this

    found: list[dict[str, Any]] = Loader().load_data("partitions")["partitions"]
    return found
