"""Errors that the user can correct."""


class UsageError(ValueError):
    """An option, a file or a field that cannot be used; the message names it and the remedy."""
