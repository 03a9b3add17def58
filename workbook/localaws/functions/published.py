"""All functions, as last published."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from workbook.localaws.function_arn import Reference
from workbook.localaws.functions.configuration import LATEST, Function, FunctionVersion
from workbook.localaws.interfaces import FunctionGoneError


class _Region(NamedTuple):
    functions: Mapping[str, Function] = {}
    reserved: int = 0  # by all functions together


_NONE = _Region()


class PublishedFunctions:
    """All functions, by region and name.

    After each change, the store of the configurations publishes a region's functions again, from
    any thread. Published data is never modified, so look-ups never wait.
    """

    def __init__(self) -> None:
        self._regions: dict[str, _Region] = {}
        self._on_change: list[Callable[[], None]] = []

    def publish(self, region: str, functions: Mapping[str, Function]) -> None:
        """Replace all functions of a region."""
        reserved = sum(function.reserved or 0 for function in functions.values())
        self._regions[region] = _Region(functions, reserved)
        for tell in self._on_change:
            tell()

    def on_change(self, tell: Callable[[], None]) -> None:
        """Call ``tell`` after each publication, on the publisher's thread."""
        self._on_change.append(tell)

    def in_region(self, region: str) -> Mapping[str, Function]:
        """Return a region's functions, by name."""
        return self._regions.get(region, _NONE).functions

    def reserved_in_all(self, region: str) -> int:
        """Return the total concurrency reserved by a region's functions."""
        return self._regions.get(region, _NONE).reserved

    def function(self, reference: Reference) -> Function:
        """Return the function of a reference, ignoring its qualifier.

        Raises:
            FunctionGoneError: it does not exist.
        """
        try:
            return self.in_region(reference.region)[reference.name]
        except KeyError:
            raise FunctionGoneError(reference.arn) from None

    def version(self, reference: Reference, choice: float = 0.0) -> FunctionVersion:
        """Return the version that a reference resolves to.

        Args:
            reference: a function, version or alias.
            choice: from 0 to below 1; selects a version if an alias routes by weight.

        Raises:
            FunctionGoneError: it does not exist.
        """
        function = self.function(reference)
        qualifier = reference.qualifier or LATEST
        alias = function.aliases.get(qualifier)
        if alias is not None:
            qualifier = alias.choose(choice)
        try:
            return function.versions[qualifier]
        except KeyError:
            raise FunctionGoneError(reference.arn) from None

    def is_current(self, version: FunctionVersion) -> bool:
        """Return whether a version still exists with the same configuration."""
        function = self.in_region(version.region).get(version.name)
        return function is not None and function.versions.get(version.version) == version
