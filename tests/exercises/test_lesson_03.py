"""Lesson 03's check of a pause, with a mapping whose changes take as long as the test says."""

from typing import Any

import pytest

from workbook.exercises.lesson_03.checks import while_paused


class Lambda:
    """A client with one mapping; a change is over when its state has been asked for twice."""

    class exceptions:
        class ResourceNotFoundException(Exception):
            """There is no such mapping."""

    def __init__(self) -> None:
        self.state = "Enabled"
        self.looks = 0

    def get_event_source_mapping(self, *, UUID: str) -> dict[str, Any]:
        if not self.state:
            raise self.exceptions.ResourceNotFoundException
        answer = {"State": self.state}
        self.looks += 1
        if self.looks == 2:
            self.state = {"Disabling": "Disabled", "Enabling": "Enabled"}.get(
                self.state, self.state
            )
        return answer

    def update_event_source_mapping(self, *, UUID: str, Enabled: bool) -> None:
        assert self.state in ("Enabled", "Disabled"), "it is in use"
        self.state, self.looks = ("Enabling" if Enabled else "Disabling"), 0

    def delete_event_source_mapping(self) -> None:
        self.state = ""

    def change(self, *, enabled: bool, wait: bool = True) -> None:
        """Do what a learner's function does."""
        self.update_event_source_mapping(UUID="x", Enabled=enabled)
        while wait and self.state in ("Enabling", "Disabling"):
            self.get_event_source_mapping(UUID="x")


def right(lambda_: Lambda, put: Any) -> None:
    lambda_.change(enabled=False)
    put()
    lambda_.change(enabled=True, wait=False)


def impatient(lambda_: Lambda, put: Any) -> None:
    lambda_.change(enabled=False, wait=False)
    put()


def too_late(lambda_: Lambda, put: Any) -> None:
    lambda_.change(enabled=False)
    lambda_.change(enabled=True, wait=False)
    put()


def never(lambda_: Lambda, put: Any) -> None:
    put()


def for_good(lambda_: Lambda, put: Any) -> None:
    lambda_.change(enabled=False)
    put()


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (right, None),
        (impatient, "was still `Disabling`: it may still have read records. Wait until it"),
        (too_late, "When it called `put`, the mapping was `Enabling`, and Enabled in the end."),
        (never, "When it called `put`, the mapping was `Enabled`, and Enabled in the end."),
        (for_good, "In the end the mapping is `Disabled`. Resume it with `Enabled=True`."),
        (
            lambda lambda_, put: lambda_.delete_event_source_mapping(),
            "In the end there is no mapping. `Enabled=False` pauses it without deleting it.",
        ),
        (lambda lambda_, put: None, "It has not called `put`."),
        (lambda lambda_, put: (put(), put()), "It called `put` 2 times."),
    ],
)
def test_a_pause_is_judged_by_the_mappings_state_when_put_is_called(
    function: Any, said: str | None
) -> None:
    lambda_ = Lambda()
    notebook = {"lambda_": lambda_, "mapping": {"UUID": "x"}}
    told = while_paused(lambda put: function(lambda_, put), notebook)
    assert told is None if said is None else told is not None and said in told
