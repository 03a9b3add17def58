"""Tags of streams and consumers."""

import re
from typing import Any

from workbook.localaws.api.http import ACCOUNT_ID
from workbook.localaws.kinesis.api.resources import resource
from workbook.localaws.kinesis.call import Call
from workbook.localaws.kinesis.errors import invalid

MAX_TAGS = 50
_ALLOWED = re.compile(r"[\w\s.:/=+\-@]*")


def check_tags(owner: str, present: dict[str, str], added: dict[str, str]) -> dict[str, str]:
    """Return ``present`` merged with ``added``, if ``owner`` may have these tags.

    Raises:
        ApiError: there are too many tags, or a tag has invalid characters.
    """
    if not all(_ALLOWED.fullmatch(text) for pair in added.items() for text in pair):
        raise invalid(
            "Some tags contain invalid characters. Valid characters: Unicode letters, digits, "
            "white space, _ . / = + - % @."
        )
    tags = present | added
    if len(tags) > MAX_TAGS:
        raise invalid(
            f"Failed to add tags to stream {owner} under account {ACCOUNT_ID} because a given "
            f"stream cannot have more than {MAX_TAGS} tags associated with it."
        )
    return tags


def add_tags_to_stream(call: Call) -> None:
    """Add tags to a stream, or change them."""
    stream = call.active_stream()
    stream.tags = check_tags(stream.name, stream.tags, call.parameters["Tags"])


def remove_tags_from_stream(call: Call) -> None:
    """Remove tags from a stream; keys that it does not have are ignored."""
    stream = call.active_stream()
    for key in call.parameters["TagKeys"]:
        stream.tags.pop(key, None)


def list_tags_for_stream(call: Call) -> dict[str, Any]:
    """Return a stream's tags by key, in pages."""
    tags = _listed(call.stream().tags)
    after = call.parameters.get("ExclusiveStartTagKey", "")
    following = [tag for tag in tags if tag["Key"] > after]
    limit = call.parameters.get("Limit", MAX_TAGS)
    return {"Tags": following[:limit], "HasMoreTags": len(following) > limit}


def tag_resource(call: Call) -> None:
    """Add tags to a stream or a consumer, or change them."""
    arn = call.parameters["ResourceARN"]
    owner = resource(call, arn)
    owner.tags = check_tags(owner.name, owner.tags, call.parameters["Tags"])


def untag_resource(call: Call) -> None:
    """Remove tags from a stream or a consumer."""
    owner = resource(call, call.parameters["ResourceARN"])
    for key in call.parameters["TagKeys"]:
        owner.tags.pop(key, None)


def list_tags_for_resource(call: Call) -> dict[str, Any]:
    """Return the tags of a stream or a consumer."""
    return {"Tags": _listed(resource(call, call.parameters["ResourceARN"]).tags)}


def _listed(tags: dict[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in sorted(tags.items())]
