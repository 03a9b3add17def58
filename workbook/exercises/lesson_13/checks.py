"""Judge the exercises of notebook 13: a state by conditional writes, alerts, a queue's price."""

from collections.abc import Mapping, Sequence
from typing import Any

from workbook.exercises import trials
from workbook.exercises.trials import Mistake
from workbook.exercises.values import items, shown, table, whole

Row = tuple[str, str, str]


# --- 1


def _final(records: Sequence[Row]) -> dict[str, str]:
    known: dict[str, tuple[str, str]] = {}
    for plane, left_at, dest in records:
        if plane not in known or known[plane][0] < left_at:
            known[plane] = (left_at, dest)
    return {plane: dest for plane, (_, dest) in known.items()}


def final(answer: Any, notebook: Mapping[str, Any]) -> str | None:
    """Call the function with records in order, out of order, twice, and of the same time."""
    first, second = ("N1", "07:00", "BOS"), ("N1", "09:00", "ATL")
    cases: list[tuple[list[Row], str]] = [
        ([first], "a single record"),
        ([first, second], "two records in order"),
        ([second, first], "the later flight arrives first"),
        ([first, second, first, ("N2", "08:00", "MIA")], "the first record comes again"),
        ([first, ("N1", "07:00", "ORD")], "both have the same time, so the second is not later"),
    ]
    for records, about in cases:
        told = f"`{trials.called(answer, records)}`"
        found, right = table(trials.call(answer, records), told), _final(records)
        if found != right:
            return f"{told} must be {shown(right)}; yours is {shown(found)} ({about})."
    day = [(f["tailnum"], notebook["departed"](f), f["dest"]) for f in notebook["arriving"]]
    found, right = table(trials.call(answer, day), "The answer for `arriving`"), _final(day)
    if set(found) != set(right):
        return (
            f"The flights in `arriving` are of {len(right)} planes; your answer has {len(found)}."
        )
    for plane, dest in right.items():
        if found[plane] != dest:
            told = f"For the flights in `arriving`, {plane} must head for {shown(dest)}"
            return f"{told}; yours is {shown(found[plane])}."
    return None


# --- 2


def _alerts(means: Sequence[float], limit: float) -> list[int]:
    over = [False, *(mean > limit for mean in means)]
    return [place for place in range(len(means)) if over[place + 1] and not over[place]]


def alerts(answer: Any, notebook: Mapping[str, Any]) -> str | None:
    """Call the function with climbs at the start, in the middle and again, and at the limit."""
    cases: list[tuple[list[float], float, str]] = [
        ([20, 30], 60, "no mean is over the limit"),
        ([20, 70], 60, "the second mean is over the limit"),
        ([20, 70, 65], 60, "the last mean only stays over the limit"),
        ([20, 70, 80], 60, "the mean grows, but was over the limit before"),
        ([20, 70, 30], 60, "at the end the mean falls, which is no alert"),
        ([70, 20, 90], 60, "the first mean is over the limit, and has none before it"),
        ([70, 20, 70], 60, "two equal means, each with a lower one or none before it"),
        ([60, 61, 60, 60.5], 60, "60 is not over 60"),
        ([20, 70, 80, 30, 90], 75, "the limit is 75"),
        ([], 60, "there is no mean"),
    ]
    for means, limit, about in cases:
        told = f"`{trials.called(answer, means, limit)}`"
        each = f"{told}: each of its values"
        found = [whole(n, each) for n in items(trials.call(answer, means, limit), told)]
        right = _alerts(means, limit)
        if sorted(found) != right:
            return f"{told} must be {shown(right)}; yours is {shown(found)}: {about}."
    return None


# --- 3


def usd(answer: Any, notebook: Mapping[str, Any]) -> str | None:
    """Compare the function with the price of three calls for each group of messages."""
    price, fifo = notebook["prices"].QUEUE_REQUEST, notebook["prices"].FIFO_REQUEST

    def calls(messages: int, per_call: int) -> int:
        return -(-messages // per_call)

    return trials.compare(
        answer,
        [(1, 1), (10, 10), (11, 10), (1_000_000, 10), (25, 4)],
        lambda messages, per_call: 3 * calls(messages, per_call) * price,
        [
            Mistake(
                lambda messages, per_call: calls(messages, per_call) * price,
                "That is what sending costs. Receiving and deleting are calls, too.",
            ),
            Mistake(
                lambda messages, per_call: 3 * messages * price,
                "That is the price with one message in each call, whatever `per_call` is.",
            ),
            Mistake(
                lambda messages, per_call: 3 * messages / per_call * price,
                "It bills parts of calls: 11 messages, 10 in a call, are 2 calls.",
            ),
            Mistake(
                lambda messages, per_call: 3 * (messages // per_call) * price,
                "It leaves out the last call, which carries fewer messages.",
            ),
            Mistake(
                lambda messages, per_call: 3 * calls(messages, per_call) * fifo,
                "That is the price of a FIFO queue. The task asks for a standard queue.",
            ),
            Mistake(
                lambda messages, per_call: (calls(messages, per_call) + 2 * messages) * price,
                "It receives and deletes one by one. These calls carry `per_call` messages, too.",
            ),
            Mistake(
                lambda messages, per_call: 3 * calls(messages, per_call),
                "That is the number of calls. What does a call cost?",
            ),
        ],
    )
