"""Exercises of notebook 06: what bisecting takes, copies in a message, memory, report or raise."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from typing import Any

from workbook.exercises.exercise import Exercise


def _deliver(
    reply: Callable[[int, int | None], str], batch: Sequence[int], bad: Set[int], retries: int
) -> tuple[int, Counter[int], list[int]]:
    """What Lambda does with a batch when it bisects and heeds partial responses.

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


def _check_invocations(answer: Any, notebook: Mapping[str, Any]) -> str | None:
    for size in (16, 1, 2, 4, 64):
        for retries in (notebook["RETRIES"], 0, 1, 5):
            right, _, _ = _deliver(_raise_if_bad, range(size), {size // 3}, retries)
            said = answer(size, retries)
            if said == right:
                continue
            case = f"A batch of {size} with {retries} retries takes {right} invocations, not {said}"
            halvings = size.bit_length() - 1
            if said == retries + 1:
                return (
                    f"{case}. That is what the poison takes when it is alone. How does it get so?"
                )
            if said == halvings + retries + 1:
                return f"{case}. You left out the good half of each cut: it is invoked too."
            if said == 2 * halvings + 1:
                return f"{case}. The poison alone is tried more than once."
            return f"{case}. Draw the pieces of a batch of 4: which fail, which go through?"
    return None


def _check_copies(answer: Any, notebook: Mapping[str, Any]) -> str | None:
    result = notebook["results"]["retries only"]
    records, document = result.records, result.failures.iloc[0]
    first, last = (int(document[f"{end}_sequence_number"]) for end in ("first", "last"))
    named = records["sequence_number"].map(lambda text: first <= int(text) <= last)
    right = set(records.index[named & (records["copies"] > 0)])
    given = {int(number) for number in answer}
    if given == right:
        return None
    if given == set(records.index[named]):
        return (
            f"These are all {len(given)} that the message names. Which of them are in the output "
            "already? The column `copies` tells."
        )
    if given and given <= set(records.index[named & (records["copies"] == 0)]):
        return "These are *not* in the output yet: sent again, they come once. Who comes twice?"
    if given - set(records.index[named]):
        wrong = min(given - set(records.index[named]))
        return f"Number {wrong} is not named in the message, so nobody would send it again."
    return f"{len(given & right)} of your {len(given)} are right, of {len(right)} in all."


def _check_memory(answer: Any, notebook: Mapping[str, Any]) -> str | None:
    cases: list[tuple[list[str], int, list[str], str]] = [
        (["a", "b", "b", "c"], 2, ["a", "b", "c"], "A copy right behind its first is dropped."),
        (
            ["a", "b", "a", "b"],
            2,
            ["a", "b"],
            "It is not enough to remember the last id: with room for 2, `a` is still known.",
        ),
        (
            ["a", "b", "c", "a"],
            2,
            ["a", "b", "c", "a"],
            "There is room for 2 ids only: when `c` comes, `a` must be forgotten.",
        ),
        (
            ["a", "b", "c", "b"],
            2,
            ["a", "b", "c"],
            "When `c` comes, only the oldest id is forgotten, `a`; `b` is still known.",
        ),
        (
            ["a", "b", "b", "b", "a"],
            2,
            ["a", "b"],
            "Copies must not take up room: `a` and `b` are two ids, however often they come.",
        ),
    ]
    for ids, room, right, why in cases:
        taken = answer(list(ids), room)
        if list(taken) != right:
            return f"`answer({ids}, {room})` must give `{right}`, not `{taken}`. {why}"
    out = notebook["out"].sort_values("arrival_time")["event_id"].tolist()
    if list(answer(out, len(out))) != list(dict.fromkeys(out)):
        return "With room for all of the notebook's `out`, each flight is taken once, in order."
    return None


def _check_reply(answer: Any, notebook: Mapping[str, Any]) -> str | None:
    retries = notebook["RETRIES"]
    cases: Iterable[set[int]] = (set(), {3}, {7}, {0}, {2, 5}, {0, 1})
    for bad in cases:
        try:
            _, written, given_up = _deliver(answer, range(8), bad, retries)
        except ValueError as error:
            return f"Your function says {error}. Say `done`, or `report` or `raise` where one is."
        where = f"Of 8 records with {sorted(bad) or 'none'} bad"
        lost = set(range(8)) - set(written) - set(given_up)
        if lost:
            return f"{where}, {sorted(lost)} are lost: `done` says that the whole batch is done."
        innocent = sorted(set(given_up) - bad)
        if innocent:
            return (
                f"{where}, {innocent} are given up too. When the first record of a batch is bad, "
                "reporting it cuts off nothing. What makes Lambda halve the batch?"
            )
        twice = sorted(record for record, copies in written.items() if copies > 1)
        if twice:
            return (
                f"{where}, {twice} are written more than once. They were done before the bad one; "
                "what makes Lambda know that?"
            )
    return None


EXERCISES = (
    Exercise(
        title="Count the invocations",
        task="""
            A batch has one poison record, and a size that is a power of two, so that it can be
            halved evenly. The function raises, and the mapping bisects. How many invocations does
            this batch take in all, until the last of its records is written or given up?
            """,
        blank="""
            def answer(size, retries):
                \"\"\"Invocations of a batch of `size` with one poison record, when bisecting.\"\"\"
                return ...
            """,
        hint="""
            `size.bit_length() - 1` is how often a power of two can be halved. Each cut leaves a
            half with the poison, which fails, and one without. Your formula can be compared with
            the table of steps under *Bisect*.
            """,
        solution="""
            def answer(size, retries):
                \"\"\"Invocations of a batch of `size` with one poison record, when bisecting.\"\"\"
                cuts = size.bit_length() - 1
                failing = cuts + 1 + retries  # each piece with the poison, and the retries
                good = cuts  # the other half of each cut
                return failing + good
            """,
        explanation="""
            It grows with the logarithm of the size: a batch of 1,024 takes 16 invocations more
            than one of 4. So large batches can be bisected too. What grows faster is the number of
            duplicates.
            """,
        wrong=(
            """
            def answer(size, retries):
                return retries + 1
            """,
            """
            def answer(size, retries):
                return size.bit_length() + retries
            """,
            """
            def answer(size, retries):
                return 2 * (size.bit_length() - 1) + 1
            """,
            """
            def answer(size, retries):
                return size * (retries + 1)
            """,
        ),
        check=_check_invocations,
    ),
    Exercise(
        title="Who would come twice",
        task="""
            In the run `results["retries only"]` the queue has one message, which names a whole
            batch. Suppose somebody sends all of it again. Which flights were written already, and
            would come once more? Give their numbers, as a list.
            """,
        blank="""
            result = results["retries only"]
            document = result.failures.iloc[0]
            numbers = result.records["sequence_number"].map(int)

            answer = ...
            """,
        hint="""
            `document["first_sequence_number"]` and `document["last_sequence_number"]` are text;
            make integers of them. `numbers.between(first, last)` is true for the flights that are
            named, and `result.records["copies"]` says how often each is in the output.
            """,
        solution="""
            result = results["retries only"]
            document = result.failures.iloc[0]
            numbers = result.records["sequence_number"].map(int)
            first = int(document["first_sequence_number"])
            last = int(document["last_sequence_number"])
            named = numbers.between(first, last)

            answer = list(result.records.index[named & (result.records["copies"] > 0)])
            """,
        explanation="""
            They are the flights before the poison in its batch. Each attempt wrote them. A message
            tells where a batch is, and not how far the function came.
            """,
        wrong=(
            """
            result = results["retries only"]
            document = result.failures.iloc[0]
            numbers = result.records["sequence_number"].map(int)
            first = int(document["first_sequence_number"])
            last = int(document["last_sequence_number"])
            answer = list(result.records.index[numbers.between(first, last)])
            """,
            """
            records = results["retries only"].records
            answer = list(records.index[records["fate"] == "given up"])
            """,
            """
            records = results["retries only"].records
            answer = list(records.index[records["fate"] == "written"])
            """,
        ),
        check=_check_copies,
    ),
    Exercise(
        title="Forget in time",
        task="""
            `Departures` remembers every flight for ever, so one day its memory is full. Copies
            mostly come soon after one another. Write a function that takes ids in order and gives
            those that are new, in order, but remembers at most `room` ids: when one more must be
            remembered, it forgets the one that it has known longest.
            """,
        blank="""
            def answer(ids, room):
                \"\"\"The ids that are not among the last `room` different ones taken.\"\"\"
                taken = []
                for id_ in ids:
                    ...
                return taken
            """,
        hint="""
            A `deque(maxlen=room)` from `collections` drops its oldest item by itself when one more
            is appended.
            """,
        solution="""
            from collections import deque


            def answer(ids, room):
                \"\"\"The ids that are not among the last `room` different ones taken.\"\"\"
                known, taken = deque(maxlen=room), []
                for id_ in ids:
                    if id_ not in known:
                        known.append(id_)
                        taken.append(id_)
                return taken
            """,
        explanation="""
            It drops the copies that come soon, and lets through what comes again after a long
            time. How much room is enough? As much as may pass between two copies: a replay after a
            day needs a day's memory. (A database forgets by time instead; DynamoDB calls it *time
            to live*. And `in` is faster with a set or a dict than with a deque.)
            """,
        wrong=(
            """
            def answer(ids, room):
                return list(dict.fromkeys(ids))
            """,
            """
            def answer(ids, room):
                return [id_ for i, id_ in enumerate(ids) if i == 0 or id_ != ids[i - 1]]
            """,
            """
            def answer(ids, room):
                known, taken = set(), []
                for id_ in ids:
                    if id_ not in known:
                        if len(known) == room:
                            known.clear()
                        known.add(id_)
                        taken.append(id_)
                return taken
            """,
            """
            def answer(ids, room):
                return [id_ for i, id_ in enumerate(ids) if id_ not in ids[max(0, i - room) : i]]
            """,
        ),
        check=_check_memory,
    ),
    Exercise(
        title="Report or raise",
        task="""
            A mapping bisects *and* heeds partial responses. Your function has written all records
            before the first bad one in its batch, and must now choose: say that all is `"done"`,
            `"report"` the bad record, or `"raise"` an exception. Choose so that nothing is written
            twice, no innocent is given up, and nothing is lost.
            """,
        blank="""
            def answer(size, place):
                \"\"\"What to do about a batch of `size` whose first bad record is at `place`.

                Places count from 0; `place` is None if no record is bad.
                \"\"\"
                return ...
            """,
        hint="""
            What was written before a *report* is not done again, but nothing is halved. After an
            *exception* the batch is halved, but what was written is done again. When is there
            nothing that could be done again?
            """,
        solution="""
            def answer(size, place):
                \"\"\"What to do about a batch of `size` whose first bad record is at `place`.

                Places count from 0; `place` is None if no record is bad.
                \"\"\"
                if place is None:
                    return "done"
                return "raise" if place == 0 else "report"
            """,
        explanation="""
            A report moves the bad record to the front of what is left. With it at the front,
            nothing is written, so an exception does no harm, and Lambda halves the batch until the
            bad record is alone. (The check plays Lambda with batches of 8, under the rules that
            you saw above.)
            """,
        wrong=(
            """
            def answer(size, place):
                return "done" if place is None else "report"
            """,
            """
            def answer(size, place):
                return "done" if place is None else "raise"
            """,
            """
            def answer(size, place):
                return "report" if place else "done"
            """,
            """
            def answer(size, place):
                return "report"
            """,
        ),
        check=_check_reply,
    ),
)
