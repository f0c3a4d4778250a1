"""What each year is built from, by content, and which years are to be run. Knows nothing of Dagster.

A year's inputs are the department's folder under ``raw/<year>/``, the files of entries that it names, the contracts,
the rules, and the published version of the year before, whose closing balances are its openings: so a year runs again
when the one before it is published anew, whoever did that. Content is sha256; times of files say nothing, but for
entries, which may be too large to be hashed at every look.

A year is settled when a run has come to a result on these very inputs: published, blocked by a gate, or refused as bad
input. The run writes that down itself, so it holds whoever started it and whatever the daemon has forgotten; a run that
crashed or was killed settles nothing. A year runs when two looks in a row saw the same inputs, so that a file still
being written is left alone.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path

from orchestration.base.addresses import resolve_path
from orchestration.base.departments import beside
from orchestration.base.files import is_there, open_regular, write_whole
from orchestration.base.problems import InputError
from orchestration.base.settings import CONTRACTS, RULES, Settings
from orchestration.base.yaml_files import read_yaml
from orchestration.publication.versions import MANIFEST
from orchestration.warehouse.current import read_current

#: Names that editors, copiers and synchronisers give to what is not finished.
_UNFINISHED_PREFIXES = (".", "~$", "~")
_UNFINISHED_SUFFIXES = (".tmp", ".part", ".partial", ".crdownload", ".swp", "~")


#: After a run that failed: the pause before the next, doubled with each, and the longest one.
_PAUSE, _LONGEST_PAUSE = timedelta(minutes=1), timedelta(hours=1)


#: A department's year.
Whose = tuple[int, str]


@dataclass(frozen=True)
class Settled:
    """What a run has come to. ``inputs``: their fingerprint; ``version``: where they were published."""

    inputs: str
    result: str  # published | blocked | refused
    version: str = ""


def settle(settings: Settings, year: int, result: Settled) -> None:
    """Write down what a run of a year has come to."""
    path = _settled_file(settings, year)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, json.dumps(asdict(result), indent=1) + "\n")


def settled(settings: Settings, year: int) -> Settled | None:
    """What the last run of a year that came to a result has come to."""
    try:
        return Settled(**json.loads(_settled_file(settings, year).read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None


def is_settled(settings: Settings, year: int, inputs: str) -> bool:
    """Whether there is a result for these inputs of the year. A version that has gone is none."""
    found = settled(settings, year)
    if found is None:
        return False
    there = not found.version or (settings.versions(year) / found.version / MANIFEST).is_file()
    return found.inputs == inputs and there


def _settled_file(settings: Settings, year: int) -> Path:
    return settings.home / "settled" / str(year) / f"{settings.department}.json"


def scan_inputs(settings: Settings, years: Iterable[int]) -> dict[int, str]:
    """A fingerprint of the inputs of each year of the department that has ledgers; a year without ``sources.yml`` is
    not ready to be read.
    """
    return {year: inputs for (year, _), inputs in scan_all(settings, ((y, settings.department) for y in years)).items()}


def scan_all(settings: Settings, whose: Iterable[Whose]) -> dict[Whose, str]:
    """The same of many departments' years: what they share is looked at once."""
    shared = [_folder(settings.contracts), _folder(settings.entry_contracts), _folder(settings.rules)]
    published = read_current(settings).versions
    return {
        (year, code): _fingerprint(settings.of(code), year, [*shared, published.get((year - 1, code), "")])
        for year, code in whose
        if (settings.of(code).ledgers(year) / "sources.yml").is_file()
    }


def _fingerprint(settings: Settings, year: int, shared: list[str]) -> str:
    *rest, before = shared
    folder = settings.ledgers(year)
    # A version's name ends in its content; when it was published does not matter.
    own = [_folder(each) for each in (folder, *_beside(folder, year))]
    return _digest([*own, *_entries(folder), *rest, before.rpartition("-")[2]])


def _beside(folder: Path, year: int) -> tuple[Path, ...]:
    return (*beside(folder, year, CONTRACTS), *beside(folder, year, RULES))


def plan_runs(
    before: Mapping[Whose, str],
    now: Mapping[Whose, str],
    settled: Collection[Whose],
    busy: Collection[Whose],
    later: Collection[Whose] = (),
) -> list[Whose]:
    """Which years to run, given what the look before saw, what is there now, and which years are settled, being run, or
    to be tried again later.

    A year waits while the department's year before it is about to run or running: what that publishes is one of its
    inputs.
    """
    found: list[Whose] = []
    unsettled = set(busy)
    for whose, inputs in sorted(now.items()):
        if whose in settled or whose in busy or whose in later:
            continue
        year, department = whose
        if before.get(whose) == inputs and (year - 1, department) not in unsettled:
            found.append(whose)
        unsettled.add(whose)
    return found


def next_try(last: datetime, failed: int) -> datetime:
    """When to try again what failed ``failed`` times in a row, the last time at ``last``."""
    return last + min(_PAUSE * (1 << failed - 1), _LONGEST_PAUSE)


def input_files(settings: Settings, year: int) -> dict[str, str]:
    """Every file that a year is read from, but those of entries, with the hash of its content."""
    own = settings.ledgers(year)
    folders = {
        "contracts": settings.contracts, "contracts/entries": settings.entry_contracts, "rules": settings.rules,
        str(own.relative_to(settings.raw)): own,
        **{str(each.relative_to(settings.raw)): each for each in _beside(own, year)},
    }  # fmt: skip
    lines = ((place, line.rpartition(" ")) for place, folder in folders.items() for line in _lines(folder))
    return {f"{place}/{name}": sha256 for place, (name, _, sha256) in lines}


def _folder(folder: Path) -> str:
    """The content of a folder. A file that vanishes meanwhile changes it."""
    return _digest(_lines(folder))


def _lines(folder: Path) -> list[str]:
    """Names and hashes of a folder's finished files."""
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
    return lines


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
