"""Our backend replaces moto's, whichever was used first."""

from moto.core.base_backend import BackendDict
from moto.events.models import EventsBackend

from workbook.localaws.moto.takeover import take_over


class Ours(EventsBackend):
    """A backend that can be distinguished."""


def test_backends_that_moto_has_already_created_are_replaced() -> None:
    backends = BackendDict(EventsBackend, "events")
    early = backends["123456789012"]["us-east-1"]
    take_over(backends, Ours)
    assert type(early) is Ours
    for account, region in (("123456789012", "eu-west-1"), ("210987654321", "us-east-1")):
        assert type(backends[account][region]) is Ours
