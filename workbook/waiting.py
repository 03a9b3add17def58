"""Waiting for AWS: most of what is created, changed or deleted takes a while to be so."""

import time
from collections.abc import Callable

from botocore.exceptions import ClientError

DEADLINE_SECONDS = 300.0  # longer than any step takes on AWS; on the local AWS each takes moments
FIRST_PAUSE, LONGEST_PAUSE = 0.05, 2.0  # seconds between two attempts
TOO_MANY_CALLS = ("LimitExceededException", "TooManyRequestsException")  # Kinesis', Lambda's


class NotReadyError(TimeoutError):
    """A condition did not come about in time; the message names it."""


def wait_until(what: str, condition: Callable[[], bool]) -> None:
    """Check ``condition`` again and again, with growing pauses, until it holds.

    While AWS refuses the condition's calls because there were too many, it does not hold.

    Args:
        what: what is waited for, for the error's message.
        condition: makes the calls and says whether it holds.

    Raises:
        NotReadyError: it did not hold within five minutes.
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
