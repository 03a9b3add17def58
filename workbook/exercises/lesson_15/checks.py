"""Judge the exercises of notebook 15: what a stream takes, what costs the same, small records."""

from collections.abc import Mapping, Sequence
from typing import Any

from workbook.exercises import trials
from workbook.exercises.trials import Mistake
from workbook.exercises.values import close, number, numbers, shown

LEAST = 4  # MB a second that every on-demand stream takes
KILOBYTE = 1024


# --- 1


def _takes(traffic: Sequence[float]) -> list[float]:
    return [max([LEAST, *(2 * now for now in traffic[:place])]) for place in range(len(traffic))]


def takes(answer: Any, notebook: Mapping[str, Any]) -> str | None:
    """Call the function with rows of traffic that tell the usual mistakes apart."""
    for traffic in ([1], [1, 3, 2, 8, 1], [0.5, 0.5, 1], [9, 1, 1], [1, 2, 2.5, 2.5, 20, 3, 30, 4]):
        hint = _taken(answer, traffic)
        if hint is not None:
            return hint
    return _taken(answer, notebook["traffic"].tolist())


def _taken(answer: Any, traffic: Sequence[float]) -> str | None:
    told = f"`{trials.called(answer, traffic)}`"
    found, right = numbers(trials.call(answer, traffic), told), _takes(traffic)
    if len(found) != len(right):
        return f"{told} must have as many values as its list, {len(right)}; yours has {len(found)}."
    wrong = [place for place in range(len(right)) if not close(found[place], right[place])]
    if not wrong:
        return None
    place = wrong[0]
    before = f"the traffic before it is {shown(traffic[:place])}" if place else "it is the first"
    return (
        f"{told}: quarter number {place + 1} must be {right[place]:g}; yours is {found[place]:g} "
        f"({before}, and its own traffic is {traffic[place]:g})."
    )


# --- 2


def break_even(answer: Any, notebook: Mapping[str, Any]) -> str | None:
    """Compare the function with the point at which the notebook's two bills meet."""
    on_demand, provisioned, prices = (
        notebook[name] for name in ("on_demand", "provisioned", "prices")
    )
    read = prices.ON_DEMAND_GB_OUT
    written = prices.ON_DEMAND_GB_IN
    put = 1e6 * prices.PUT_UNIT  # a gigabyte in records of 1 KB

    def right(shards: int) -> float:
        start = on_demand(0) - provisioned(0, shards)
        after = on_demand(1) - provisioned(1, shards)
        return float(-start / (after - start))

    def by_price(shards: float, gigabyte: float, hour: float) -> float:
        return float((shards * prices.SHARD_HOUR - hour) / gigabyte / 3.6)

    hour = prices.ON_DEMAND_STREAM_HOUR
    return trials.compare(
        answer,
        [(4,), (3,), (10,), (1,), (50,)],
        right,
        [
            Mistake(
                lambda shards: right(4),
                "It gives the same for every number of shards. `provisioned` has an argument "
                "`shards`.",
            ),
            Mistake(
                lambda shards: by_price(shards, written - put, hour),
                "That is the point if nothing is read. An on-demand stream also bills reading.",
            ),
            Mistake(
                lambda shards: by_price(shards, written + read, hour),
                "That is the point if records cost nothing in provisioned mode. They do, a little.",
            ),
            Mistake(
                lambda shards: by_price(shards, written + read - put, 0),
                "That is the point if the on-demand stream itself cost nothing by the hour.",
            ),
            Mistake(
                lambda shards: 3.6 * right(shards),
                "That is in gigabytes an hour. The task asks for megabytes a second.",
            ),
            Mistake(
                lambda shards: max(0.0, right(shards)),
                "With a single shard the two lines meet below zero. Do not replace it by 0: the "
                "sign shows that on-demand mode is never cheaper.",
            ),
            Mistake(
                lambda shards: right(shards) / shards,
                "That is the traffic of each shard. The task asks for the traffic of the stream.",
            ),
        ],
        within=0.0001,
    )


# --- 3


def _rounded(size: int) -> int:
    return -(-size // KILOBYTE) * KILOBYTE


def billed(answer: Any, notebook: Mapping[str, Any]) -> str | None:
    """Call the function with records of one size and of several, at the edges and off them."""
    for sizes in ([350], [1024], [1025], [350, 350], [1, 1024, 3000], [2048, 10_240, 700, 700]):
        told = f"`{trials.called(answer, sizes)}`"
        found, right = number(trials.call(answer, sizes), told), sum(map(_rounded, sizes))
        if close(found, right):
            continue
        if close(found * KILOBYTE, right):
            return f"{told} is {found:g}: that is in kilobytes. The task asks for bytes."
        if close(found, _rounded(sum(sizes))):
            return (
                f"{told} is {found:g}: what *one* record of {sum(sizes):,} bytes is billed. Each "
                "of these is rounded up."
            )
        each = " + ".join(f"{_rounded(size):,}" for size in sizes)
        return f"{told} must be {each}; yours is {found:g}."
    return None
