"""Replace one of moto's backends with ours."""

from typing import Any


def take_over(backends: Any, backend: type) -> None:
    """Make moto use our backend for a service, and convert those it has already created.

    Other services may have used the backend before the first request to this service.

    Args:
        backends: moto's backends, by account and region.
        backend: a subclass of theirs, without state of its own.
    """
    backends.backend = backend
    for of_account in backends.values():
        of_account.backend = backend
        for present in of_account.values():
            present.__class__ = backend
