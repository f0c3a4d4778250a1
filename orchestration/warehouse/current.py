"""Which version each published year is at: ``current.json`` beside the serving file.

The program reads this and the versions' own folders, never the serving file: a reader who opens that one the default
way holds it alone. The record is written before the serving file is switched, and names the file that is to stand
there, so that a switch that was killed in between is seen and done by the next one. What a version is belongs in
``publication``.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from orchestration.base.files import write_whole
from orchestration.base.locks import open_database
from orchestration.base.settings import Settings

#: In a version's folder: what it was made from, and how.
MANIFEST = "manifest.json"
#: In it: measures (ledger/measure) that are not rounded half up, and how they are.
ROUNDING = "rounding"
#: The serving file's own table of which version each year is at.
CURRENT = "published_version"


@dataclass(frozen=True)
class Current:
    """``versions``: by year and department; ``serving``: the fingerprint of the serving file that belongs to them."""

    versions: dict[tuple[int, str], str]
    serving: str = ""

    def is_served(self, serving: Path) -> bool:
        """Whether readers find these versions, as they were written."""
        return serving.is_file() and self.serving == fingerprint_of(serving)


def fingerprint_of(database: Path) -> str:
    """Size and time of the last change of a file, which nobody's lock keeps from being read and a rename leaves as they
    are. They cost the same at any size; a copy with another time counts as another file, and is written anew.
    """
    found = database.stat()
    return f"{found.st_size}-{found.st_mtime_ns}"


def read_current(settings: Settings) -> Current:
    """Which version each published year is at; no year where nothing was published."""
    try:
        content = json.loads(settings.current.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return Current(_of_serving(settings.serving))
    versions = {
        (int(year), department): name
        for year, of_year in content["versions"].items()
        if isinstance(of_year, dict)  # else of before there were departments: nobody's
        for department, name in of_year.items()
    }
    return Current(versions, content["serving"])


def write_current(settings: Settings, current: Current) -> None:
    versions: dict[str, dict[str, str]] = {}
    for (year, department), name in sorted(current.versions.items()):
        versions.setdefault(str(year), {})[department] = name
    text = json.dumps({"versions": versions, "serving": current.serving}, indent=2)
    write_whole(settings.current, text + "\n")


def current_versions(settings: Settings) -> dict[int, str]:
    """Which version each published year of the department is at."""
    known = read_current(settings).versions
    return {year: name for (year, department), name in known.items() if department == settings.department}


def _of_serving(serving: Path) -> dict[tuple[int, str], str]:
    """An installation of before there was a record, until its next switch."""
    if not serving.is_file():
        return {}
    with open_database(serving) as connection:
        if "department" not in connection.table(CURRENT).columns:
            return {}  # of before there were departments: nobody's
        found = connection.execute(f"select fiscal_year, department, version from {CURRENT}").fetchall()
        return {(year, department): version for year, department, version in found}
