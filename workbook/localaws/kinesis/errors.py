"""Errors of the Kinesis API, by name and by subject."""

from workbook.localaws.api.errors import ApiError
from workbook.localaws.api.http import ACCOUNT_ID


def not_found(message: str) -> ApiError:
    """Return a ResourceNotFoundException."""
    return ApiError("ResourceNotFoundException", message)


def in_use(message: str) -> ApiError:
    """Return a ResourceInUseException."""
    return ApiError("ResourceInUseException", message)


def invalid(message: str) -> ApiError:
    """Return an InvalidArgumentException."""
    return ApiError("InvalidArgumentException", message)


def refused(message: str) -> ApiError:
    """Return a ValidationException."""
    return ApiError("ValidationException", message)


def over_limit(message: str) -> ApiError:
    """Return a LimitExceededException."""
    return ApiError("LimitExceededException", message)


def no_stream(stream: str) -> ApiError:
    """Return the error for a stream that does not exist [OBS]."""
    return not_found(f"Stream {stream} under account {ACCOUNT_ID} not found.")


def no_shard(shard_id: str, stream: str) -> ApiError:
    """Return the error for a shard that does not exist [KL]."""
    return not_found(
        f"Shard {shard_id} in stream {stream} under account {ACCOUNT_ID} does not exist"
    )


def could_not_find_shard(text: str, stream: str) -> ApiError:
    """Return the error for an invalid shard ID, or a shard that cannot be resharded [KL]."""
    return not_found(f"Could not find shard {text} in stream {stream} under account {ACCOUNT_ID}.")


def no_consumer(name_or_arn: str) -> ApiError:
    """Return the error for a consumer that does not exist."""
    return not_found(f"Consumer {name_or_arn}, account {ACCOUNT_ID} not found.")


def throttled(shard_id: str, stream: str) -> ApiError:
    """Return the error for exceeding a shard's throughput [SEEN]."""
    return ApiError(
        "ProvisionedThroughputExceededException",
        f"Rate exceeded for shard {shard_id} in stream {stream} under account {ACCOUNT_ID}.",
    )
