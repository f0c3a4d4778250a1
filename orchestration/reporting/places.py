"""Where a report prints what: from a place to its figure, and from a printed cell to its places."""

from __future__ import annotations

import difflib
from dataclasses import dataclass

from orchestration.base.settings import Settings
from orchestration.reporting.layout import PlacedFigure
from orchestration.reporting.published import NoVersionError, Published, open_version
from orchestration.reporting.report import report_places


class UnknownPlaceError(Exception):
    """The report has no figure there. ``nearest``: places that look most like it."""

    def __init__(self, place: str, nearest: list[str]):
        super().__init__(place)
        self.place, self.nearest = place, tuple(nearest)


@dataclass(frozen=True)
class LocatedFigure:
    """A figure at its place, in the version that readers are at."""

    version: Published
    printed: PlacedFigure


def at_place(settings: Settings, text: str) -> LocatedFigure:
    """The figure printed at a place. Raises ``UnknownPlaceError`` and ``NoVersionError``."""
    year, _, place = text.strip().partition("/")
    version = open_version(settings, int(year))
    known = {printed.place: printed for printed in report_places(version)}
    if place not in known:
        near = difflib.get_close_matches(place, list(known), n=5, cutoff=0.5)
        raise UnknownPlaceError(text, [f"{year}/{each}" for each in near])
    return LocatedFigure(version, known[place])


def places_of(settings: Settings, year: int, address: str) -> list[str] | None:
    """Every place that prints a cell, or a figure computed from it; None where nothing is published."""
    try:
        version = open_version(settings, year)
    except NoVersionError:
        return None
    return [each.place for each in report_places(version) if address in each.figure.addresses]
