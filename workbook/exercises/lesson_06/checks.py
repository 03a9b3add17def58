"""Judge the exercises of notebook 06: what bisecting takes, copies, memory, report or raise."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence, Set
from itertools import combinations
from typing import Any

from workbook.exercises import trials
from workbook.exercises.exercise import Hint
from workbook.exercises.trials import Mistake
from workbook.exercises.values import items, shown, whole


def deliver(
    reply: Callable[[int, int | None], str], batch: Sequence[int], bad: Set[int], retries: int
) -> tuple[int, Counter[int], list[int]]:
    """Do with a batch what Lambda does when it bisects and heeds partial responses.

    Args:
        reply: what the function does, by the size of a piece and the place of its first bad
            record (None if there is none): ``done``, ``report`` or ``raise``.
        batch: the records.
        bad: those that cannot be processed.
        retries: MaximumRetryAttempts.

    Returns:
        How many invocations it took, how often each record was written, and which were given up.

    Raises:
        ValueError: a reply is none of the three, or reports a record where none is bad.
    """
    invocations = 0
    written: Counter[int] = Counter()
    given_up: list[int] = []
    pieces = [(list(batch), 0)]
    while pieces:
        piece, failures = pieces.pop(0)
        place = next((i for i, record in enumerate(piece) if record in bad), None)
        invocations += 1
        written.update(piece[:place])
        said = reply(len(piece), place)
        if said not in ("done", "report", "raise") or (said == "report" and place is None):
            raise ValueError(f"{said!r} for a batch of {len(piece)} with the first bad at {place}")
        if said == "done":
            continue
        if said == "report" and place:
            pieces.insert(0, (piece[place:], 0))
        elif said == "raise" and len(piece) > 1:
            middle = (len(piece) + 1) // 2
            pieces[:0] = [(piece[:middle], failures), (piece[middle:], failures)]
        elif failures < retries:
            pieces.insert(0, (piece, failures + 1))
        else:
            given_up += piece
    return invocations, written, given_up


def _raise_if_bad(size: int, place: int | None) -> str:
    return "done" if place is None else "raise"


# --- 1


def invocations(answer: Any, notebook: Mapping[str, Any]) -> str | None:
    """Compare the function with Lambda's invocations, as played."""

    def right(size: int, retries: int) -> int:
        return deliver(_raise_if_bad, range(size), {size // 3}, retries)[0]

    def cuts(size: int) -> int:
        return size.bit_length() - 1

    return trials.compare(
        answer,
        [(size, retries) for size in (1, 2, 4, 16, 64) for retries in (0, 1, notebook["RETRIES"])],
        right,
        [
            Mistake(
                lambda size, retries: retries + 1,
                "That is the number of invocations for the poison when it is alone. How does it "
                "get alone?",
            ),
            Mistake(
                lambda size, retries: cuts(size) + retries + 1,
                "You count the pieces with the poison, and the retries. The good half of each cut "
                "is invoked too.",
            ),
            Mistake(
                lambda size, retries: 2 * cuts(size) + 1,
                "You count each piece once. The poison, when it is alone, is tried more than once.",
            ),
            Mistake(
                lambda size, retries: 2 * cuts(size) + retries,
                "One is missing everywhere: the whole batch is invoked before anything is cut.",
            ),
            Mistake(
                lambda size, retries: size * (retries + 1),
                "You count each record alone, with all retries. A half without poison succeeds in "
                "one invocation, as one piece.",
            ),
            Mistake(
                lambda size, retries: 2 * size - 1 + retries,
                "You cut every piece until all records are alone. A half without poison goes "
                "through as it is.",
            ),
            Mistake(
                lambda size, retries: (cuts(size) + 1) * (retries + 1) + cuts(size),
                "You count the retries for each piece that fails. Splitting is no retry: retries "
                "begin when the poison is alone.",
            ),
        ],
    )


# --- 2


def twice(answer: Any, notebook: Mapping[str, Any]) -> str | None:
    """Compare numbers of flights with those that are named in the message and in the output."""
    result = notebook["results"]["retries only"]
    records, document = result.records, result.failures.iloc[0]
    first, last = (int(document[f"{end}_sequence_number"]) for end in ("first", "last"))
    named = records["sequence_number"].map(lambda text: first <= int(text) <= last)
    right = set(records.index[named & (records["copies"] > 0)])
    listed = items(answer)
    if any(isinstance(item, bool) or type(item).__name__ == "bool" for item in listed):
        return (
            f"Your answer has {len(listed)} values that are true or false. Which flights are true? "
            "Take their numbers, from the index."
        )
    given = {whole(number, "Each number") for number in listed}
    if given == right:
        return None
    if not given:
        return "Your answer is empty. Some flights of that batch are in the output already."
    if unknown := sorted(given - set(records.index)):
        return f"There is no flight number {unknown[0]}; they are numbered 0 to {len(records) - 1}."
    if given == set(records.index[named]):
        return (
            f"These are all {len(given)} that the message names. Which of them are in the output "
            "already? See the column `copies`."
        )
    if given <= set(records.index[named & (records["copies"] == 0)]):
        return (
            "These are *not* in the output yet: if you send them again, they arrive once. Which "
            "arrive twice?"
        )
    if others := sorted(given - set(records.index[named])):
        return f"Number {others[0]} is not named in the message, so it would not be sent again."
    if unwritten := sorted(given - right):
        return (
            f"Number {unwritten[0]} is not in the output yet: if you send it again, it arrives "
            "once."
        )
    return f"Your {len(given)} are right, but there are {len(right)} in all."


# --- 3


def new_ids(answer: Any, notebook: Mapping[str, Any]) -> str | None:
    """Call the function with short rows of ids, and with those of the notebook."""
    cases = [
        ("abbc", 2, "abc", "A copy right behind the first is dropped."),
        ("abab", 2, "ab", "With room for 2, `a` is still known when it comes again."),
        ("abca", 2, "abca", "There is room for 2 ids: when `c` comes, `a` must be forgotten."),
        ("abcb", 2, "abc", "When `c` comes, only the oldest id is forgotten, `a`; `b` is known."),
        ("abbba", 2, "ab", "Copies must not take up room: `a` and `b` are two ids."),
        (
            "abaca",
            2,
            "abca",
            "When `c` comes, `a` is known longest, although it came again, so it is forgotten.",
        ),
        ("aaba", 1, "aba", "With room for 1, only the last id taken is known."),
        ("abcdabcd", 4, "abcd", "With room for 4, four ids are known."),
    ]
    for ids, room, right, why in cases:
        taken = items(trials.call(answer, list(ids), room), "The result")
        if taken != list(right):
            return (
                f"`{trials.called(answer, list(ids), room)}` must give {shown(list(right))}; yours "
                f"gives {shown(taken)}. {why}"
            )
    out = notebook["out"].sort_values("arrival_time")["event_id"].tolist()
    if items(trials.call(answer, out, len(out))) != list(dict.fromkeys(out)):
        return "With room for all of the notebook's `out`, each flight is taken once, in order."
    return None


# --- 4


def reply(answer: Any, notebook: Mapping[str, Any]) -> str | None:
    """Play Lambda with batches of 8 that have up to three bad records, in all places."""
    retries = notebook["RETRIES"]

    everywhere = (set(bad) for count in range(4) for bad in combinations(range(8), count))
    for bad in (set(), {3}, {7}, {0}, {2, 5}, {0, 1}, *everywhere):
        hint = _delivered(answer, bad, retries)
        if hint is not None:
            return hint
    return None


def _delivered(answer: Any, bad: Set[int], retries: int) -> str | None:
    said: list[str] = []

    def say(size: int, place: int | None) -> str:
        word = trials.call(answer, size, place)
        if not isinstance(word, str):
            raise Hint(f"Your function must return a string; it returns {shown(word)}.")
        said.append(f"`{trials.called(answer, size, place)}` is `{word}`")
        allowed = ("done",) if place is None else ("done", "report", "raise")
        if word.strip().lower() not in allowed:
            raise Hint(f"Your {said[-1]}. There it must be {' or '.join(map(shown, allowed))}.")
        return word.strip().lower()

    _, written, given_up = deliver(say, range(8), bad, retries)
    steps = ", ".join(said[:3]) + (", and so on" if len(said) > 3 else "")
    numbers = " and ".join(map(str, sorted(bad))) or "none"
    where = f"Bad among the records 0 to 7: {numbers}. Your {steps}. So"
    if lost := set(range(8)) - set(written) - set(given_up):
        return f"{where} {sorted(lost)} are lost. `done` says that the whole batch is done."
    if innocent := sorted(set(given_up) - bad):
        return (
            f"{where} {innocent} are given up too. A report of the first record of a batch cuts "
            "off nothing. What makes Lambda halve the batch?"
        )
    if twice := sorted(record for record, copies in written.items() if copies > 1):
        return (
            f"{where} {twice} are written more than once. They come before the bad one. What would "
            "tell Lambda that they are done?"
        )
    return None
