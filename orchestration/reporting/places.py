"""Where a report prints what: from a place to its figure, and from a printed cell to its places.

The second is asked for each cell that is explained, and needs the whole report: it is kept beside the year's build, for
as long as the version and the program stay the same.
"""

from __future__ import annotations

import difflib
import hashlib
import json
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from orchestration.base.departments import the_department
from orchestration.base.files import write_whole
from orchestration.base.settings import Settings
from orchestration.warehouse.current import current_versions

if TYPE_CHECKING:
    from orchestration.reporting.layout import PlacedFigure
    from orchestration.reporting.published import Published

#: Beside a year's build.
KEPT = "places.json"


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
    """The figure printed at a place. Raises ``UnknownPlaceError``, ``NoVersionError``, and ``InputError`` where nobody
    says whose report.
    """
    from orchestration.reporting.published import open_version
    from orchestration.reporting.report import report_places

    year, *department, place = text.strip().split("/")
    settings = the_department(settings, int(year), *(department or [settings.department]))
    version = open_version(settings, int(year))
    known = {printed.place: printed for printed in report_places(version)}
    if place not in known:
        near = difflib.get_close_matches(place, list(known), n=5, cutoff=0.5)
        raise UnknownPlaceError(text, ["/".join((year, *department, each)) for each in near])
    return LocatedFigure(version, known[place])


def places_of(settings: Settings, year: int, address: str) -> list[str] | None:
    """Every place that prints a cell, or a figure computed from it; None where nothing is published."""
    version = current_versions(settings).get(year)
    if version is None:
        return None
    path, made_of = settings.build(year) / KEPT, f"{version} {_program()}"
    kept = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    if kept.get("made_of") != made_of:
        kept = {"made_of": made_of, "places": _all_places(settings, year)}
        with suppress(OSError):  # who may only read here waits again next time
            path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(path, json.dumps(kept, ensure_ascii=False))
    found: list[str] = kept["places"].get(address, [])
    return found


def _all_places(settings: Settings, year: int) -> dict[str, list[str]]:
    """Address -> its places, in the report's order."""
    from orchestration.reporting.published import open_version
    from orchestration.reporting.report import report_places

    found: dict[str, list[str]] = {}
    for each in report_places(open_version(settings, year)):
        for address in dict.fromkeys(each.figure.addresses):
            found.setdefault(address, []).append(each.place)
    return found


def _program() -> str:
    """The state of all that makes a report, by the dates of its files."""
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parents[1].rglob("*.*")):
        if path.suffix != ".pyc":
            stat = path.stat()
            digest.update(f"{path.name} {stat.st_size} {stat.st_mtime_ns}\n".encode())
    return digest.hexdigest()
