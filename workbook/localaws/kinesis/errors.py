"""What every operation raises when AWS would answer with an error."""


class KinesisError(Exception):
    """An error of the Kinesis API.

    Args:
        code: AWS's name of it, such as ``ResourceNotFoundException``.
        message: AWS's words.
        status: the HTTP status.
    """

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status


def not_found(message: str) -> KinesisError:
    """ResourceNotFoundException."""
    return KinesisError("ResourceNotFoundException", message)


def in_use(message: str) -> KinesisError:
    """ResourceInUseException."""
    return KinesisError("ResourceInUseException", message)


def invalid(message: str) -> KinesisError:
    """InvalidArgumentException."""
    return KinesisError("InvalidArgumentException", message)


def refused(message: str) -> KinesisError:
    """ValidationException."""
    return KinesisError("ValidationException", message)


def over_limit(message: str) -> KinesisError:
    """LimitExceededException."""
    return KinesisError("LimitExceededException", message)


def throttled(shard_id: str, stream: str, account: str) -> KinesisError:
    """ProvisionedThroughputExceededException of a shard (§4.4, seen live)."""
    return KinesisError(
        "ProvisionedThroughputExceededException",
        f"Rate exceeded for shard {shard_id} in stream {stream} under account {account}.",
    )
