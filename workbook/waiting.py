"""Waiting for AWS: creating, changing or deleting something usually takes a while."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from botocore.exceptions import ClientError

DEADLINE_SECONDS = 300.0  # longer than any step takes on AWS; on the local AWS, each is short
FIRST_PAUSE, LONGEST_PAUSE = 0.05, 2.0  # seconds between attempts
SHOW_SECONDS = 2.0  # after which a line shows what the wait is for
TOO_MANY_CALLS = ("LimitExceededException", "TooManyRequestsException")  # Kinesis', Lambda's


class NotReadyError(TimeoutError):
    """A condition was not true in time; the message names it."""


def wait_until(what: str, condition: Callable[[], bool]) -> None:
    """Check ``condition`` repeatedly, with growing pauses, until it is true.

    It counts as false while AWS refuses its calls because there were too many.

    Args:
        what: what to wait for, for the error message and for the line that long waits show.
        condition: makes the calls and returns whether the condition is true.

    Raises:
        NotReadyError: it was not true within five minutes.
    """
    pause = FIRST_PAUSE
    started = time.monotonic()
    with long_wait(what) as show:
        while not _holds(condition):
            if time.monotonic() - started > DEADLINE_SECONDS:
                raise NotReadyError(f"after {DEADLINE_SECONDS:.0f} s still waiting for {what}")
            show()
            time.sleep(pause)
            pause = min(1.5 * pause, LONGEST_PAUSE)


@contextmanager
def long_wait(what: str) -> Iterator[Callable[[], None]]:
    """Provide a function to call repeatedly during a wait; it shows a line once the wait is long.

    Args:
        what: what the wait is for.
    """
    started = time.monotonic()
    with ExitStack() as stack:
        bar = None

        def show() -> None:
            nonlocal bar
            waited = time.monotonic() - started
            if bar is None and waited > SHOW_SECONDS:
                bar = stack.enter_context(_bar(what, waited))
            if bar is not None:
                bar.refresh()

        yield show


def _bar(what: str, waited: float) -> Any:
    from tqdm.auto import tqdm  # late: importing it takes longer than most waits

    # A delay, however short, keeps it from being drawn before it has the right time.
    form = "{desc}: {elapsed}"
    bar = tqdm(desc=f"Waiting for {what}", bar_format=form, leave=False, delay=1e-9)
    bar.start_t -= waited
    return bar


def _holds(condition: Callable[[], bool]) -> bool:
    try:
        return condition()
    except ClientError as error:
        if error.response["Error"]["Code"] in TOO_MANY_CALLS:
            return False
        raise
