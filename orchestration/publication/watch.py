"""What each year is built from, by content, and which years are to be run when it changes. Knows nothing of Dagster.

A year's inputs are its folder under ``raw/``, the files of entries that it names, the contracts, and the published
version of the year before, whose closing balances are its openings: so a year runs again when the one before it is
published anew, whoever did that. Content is sha256; times of files say nothing, but for entries, which may be too large
to be hashed at every look. A year runs when two looks in a row saw the same, so that a file still being written is left
alone.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from orchestration.base.addresses import resolve_path
from orchestration.base.files import is_there, open_regular
from orchestration.base.problems import InputError
from orchestration.base.settings import CONTRACTS, RULES, Settings
from orchestration.base.yaml_files import read_yaml
from orchestration.publication.versions import current_versions

#: Names that editors, copiers and synchronisers give to what is not finished.
_UNFINISHED_PREFIXES = (".", "~$", "~")
_UNFINISHED_SUFFIXES = (".tmp", ".part", ".partial", ".crdownload", ".swp", "~")


@dataclass(frozen=True)
class Request:
    """A year to run. ``key`` is unlike that of any other request, and the same when the same look is taken twice."""

    year: int
    key: str


@dataclass(frozen=True)
class Seen:
    """What has been seen so far. ``asked`` counts requests: a content that comes back is to run again."""

    last: dict[int, str] = field(default_factory=dict)
    run: dict[int, str] = field(default_factory=dict)
    asked: int = 0

    @classmethod
    def from_text(cls, text: str | None) -> Seen:
        if not text:
            return cls()
        content = json.loads(text)
        return cls(
            {int(year): mark for year, mark in content["last"].items()},
            {int(year): mark for year, mark in content["run"].items()},
            content["asked"],
        )

    def as_text(self) -> str:
        return json.dumps({"last": self.last, "run": self.run, "asked": self.asked}, sort_keys=True)


def look(settings: Settings, years: Iterable[int]) -> dict[int, str]:
    """A mark of the content of each year that has ledgers; a year without ``sources.yml`` is not ready to be read."""
    contracts = _folder(settings.contracts)
    published = current_versions(settings)
    found = {}
    for year in years:
        if (settings.ledgers(year) / "sources.yml").is_file():
            # A version's name ends in its content; when it was published does not matter.
            before = published.get(year - 1, "").rpartition("-")[2]
            folder = settings.ledgers(year)
            inside = [_folder(each) for each in (folder, folder / CONTRACTS, folder / RULES)]
            found[year] = _digest([*inside, *_entries(folder), contracts, before])
    return found


def decide(seen: Seen, now: Mapping[int, str], busy: Collection[int]) -> tuple[Seen, list[Request]]:
    """What to run, given what was seen before, what is there now, and which years are being run.

    A year waits while the year before it is about to run or running: what that publishes is one of its inputs.
    """
    requests: list[Request] = []
    run, asked = dict(seen.run), seen.asked
    unsettled = set(busy)
    for year, mark in sorted(now.items()):
        if run.get(year) == mark:
            continue
        steady = seen.last.get(year) == mark
        if steady and year - 1 not in unsettled:
            asked += 1
            requests.append(Request(year, f"{year}-{asked}-{mark[:12]}"))
            run[year] = mark
        unsettled.add(year)
    return Seen(dict(now), {year: mark for year, mark in run.items() if year in now}, asked), requests


def _folder(folder: Path) -> str:
    """The content of a folder: names and hashes of its finished files. One that vanishes meanwhile changes it."""
    lines = []
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        name = path.name
        if name.startswith(_UNFINISHED_PREFIXES) or name.endswith(_UNFINISHED_SUFFIXES):
            continue
        try:
            with open_regular(path, name) as file:
                lines.append(f"{name} {hashlib.file_digest(file, 'sha256').hexdigest()}")
        except InputError as error:
            if is_there(path) and not path.is_dir():  # a pipe or a dangling link: the run says what it is
                lines.append(str(error))
    return _digest(lines)


def _entries(folder: Path) -> list[str]:
    """The files of entries that the year's ``sources.yml`` names. They may be too large to be hashed at every look, so
    that size and time stand for content here; whether anything has changed, the run says.
    """
    try:
        named = read_yaml(folder / "sources.yml")["entries"]
        paths = [resolve_path(str(path), folder) for each in named for path in each["paths"]]
    except (InputError, KeyError, TypeError):
        return []  # none, or a file that can't be read: running the year says why
    lines = []
    for path in paths:
        for file in sorted(path.iterdir()) if path.is_dir() else [path]:
            with suppress(FileNotFoundError):
                stat = file.stat()
                lines.append(f"{file} {stat.st_size} {stat.st_mtime}")
    return lines


def _digest(lines: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()
