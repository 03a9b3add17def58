"""Waiting for AWS: creating, changing or deleting something usually takes a while."""

import time
from collections.abc import Callable

from botocore.exceptions import ClientError

DEADLINE_SECONDS = 300.0  # longer than any step takes on AWS; on the local AWS, each is short
FIRST_PAUSE, LONGEST_PAUSE = 0.05, 2.0  # seconds between attempts
TOO_MANY_CALLS = ("LimitExceededException", "TooManyRequestsException")  # Kinesis', Lambda's


class NotReadyError(TimeoutError):
    """A condition was not true in time; the message names it."""


def wait_until(what: str, condition: Callable[[], bool]) -> None:
    """Check ``condition`` repeatedly, with growing pauses, until it is true.

    It counts as false while AWS refuses its calls because there were too many.

    Args:
        what: what to wait for, for the error message.
        condition: makes the calls and returns whether the condition is true.

    Raises:
        NotReadyError: it was not true within five minutes.
    """
    pause = FIRST_PAUSE
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not _holds(condition):
        if time.monotonic() > deadline:
            raise NotReadyError(f"after {DEADLINE_SECONDS:.0f} s still waiting for {what}")
        time.sleep(pause)
        pause = min(1.5 * pause, LONGEST_PAUSE)


def _holds(condition: Callable[[], bool]) -> bool:
    try:
        return condition()
    except ClientError as error:
        if error.response["Error"]["Code"] in TOO_MANY_CALLS:
            return False
        raise
