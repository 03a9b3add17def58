"""Replace one of moto's backends with ours."""

from typing import Any


def take_over(backends: Any, backend: type) -> None:
    """Make all backends of a service ours, those that moto has made already too.

    Other services may have asked for one before the first request to this service.

    Args:
        backends: moto's, by account and region.
        backend: a class derived from theirs, without state of its own.
    """
    backends.backend = backend
    for of_account in backends.values():
        of_account.backend = backend
        for present in of_account.values():
            present.__class__ = backend
