"""Errors of the Kinesis API, by their names."""

from workbook.localaws.api.errors import ApiError


def not_found(message: str) -> ApiError:
    """ResourceNotFoundException."""
    return ApiError("ResourceNotFoundException", message)


def in_use(message: str) -> ApiError:
    """ResourceInUseException."""
    return ApiError("ResourceInUseException", message)


def invalid(message: str) -> ApiError:
    """InvalidArgumentException."""
    return ApiError("InvalidArgumentException", message)


def refused(message: str) -> ApiError:
    """ValidationException."""
    return ApiError("ValidationException", message)


def over_limit(message: str) -> ApiError:
    """LimitExceededException."""
    return ApiError("LimitExceededException", message)


def throttled(shard_id: str, stream: str, account: str) -> ApiError:
    """ProvisionedThroughputExceededException of a shard (§4.4, seen live)."""
    return ApiError(
        "ProvisionedThroughputExceededException",
        f"Rate exceeded for shard {shard_id} in stream {stream} under account {account}.",
    )
