"""Versions: a department's year is published whole or not at all, and holds back no other.

``published/<year>/<department>/<version>/`` is immutable. Which version each is at stands in ``current.json``
(``warehouse.current``), and ``ledgergate.duckdb`` holds those versions for readers: it is never written in place and
never read here, so no reader, however it opens the file, stands in the way. A switch that was killed half-way is done
by the next one, and what it left is swept.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import duckdb

from expectations.gate import PASSED
from orchestration.base.addresses import is_address
from orchestration.base.files import drafts_of, locked, replacing, sweep, sync
from orchestration.base.locks import open_database
from orchestration.base.settings import Settings
from orchestration.base.sql import listed, sql_text
from orchestration.publication.serving import add, write_all
from orchestration.warehouse.current import (
    MANIFEST,
    Current,
    current_versions,
    fingerprint_of,
    read_current,
    write_current,
)

if TYPE_CHECKING:
    from orchestration.warehouse.build import Build

__all__ = ["MANIFEST", "current_versions"]  # read with the versions themselves
_DRAFT = ".draft-"
_PARQUET = "format parquet"


class NotPublishedError(Exception):
    """The gates do not allow publication, or were never run on this content."""


@dataclass(frozen=True)
class Version:
    """One published version of a year."""

    year: int
    name: str
    folder: Path
    current: bool

    @property
    def manifest(self) -> dict[str, Any]:
        content: dict[str, Any] = json.loads((self.folder / MANIFEST).read_text(encoding="utf-8"))
        return content


@dataclass(frozen=True)
class Ready:
    """A department's year that may be published. ``facts``: what its manifest records beside the content (raw hashes,
    code version); ``tables``: what is published of it; ``content``: their hash.
    """

    build: Build
    tables: Sequence[str]
    content: str
    facts: Mapping[str, Any]


def publish(settings: Settings, build: Build, tables: list[str], facts: dict[str, Any]) -> tuple[Version, bool]:
    """Publish a build whose gates have passed, and switch readers to it. Returns the version, and whether it is new:
    content that is already current is not published again.

    Raises ``NotPublishedError`` where the gate results are missing, belong to other content, or hold a failure.
    """
    from orchestration.warehouse.build import content_hash  # reading ledgers is no part of looking versions up

    if not build.warehouse.is_file():
        raise NotPublishedError(f"{build.year} 年度还没有构建：先运行 ledgergate run {build.year}")
    try:
        content = content_hash(build, tables)
    except duckdb.CatalogException as error:
        raise NotPublishedError(f"{build.year} 年度的构建不完整：{str(error).splitlines()[0]}") from error
    ready = {settings.department: Ready(build, tables, content, facts)}
    return publish_all(settings, build.year, ready, build.warehouse)[settings.department]


def publish_all(
    settings: Settings, year: int, ready: Mapping[str, Ready], warehouse: Path
) -> dict[str, tuple[Version, bool]]:
    """Publish builds of a year, by department, and switch readers to all of them in one step. ``warehouse``: the file
    that holds their tables. Raises ``NotPublishedError`` as ``publish`` does, and then nothing is published.
    """
    gates = {department: _passed_gates(each.build, each.content) for department, each in ready.items()}
    with locked(settings.publish_lock):
        _sweep(settings)
        found: dict[str, tuple[Version, bool]] = {}
        for department, each in ready.items():
            if known := _newest_of(settings.of(department), year, each.content):
                found[department] = known, not known.current
        if new := {department: each for department, each in ready.items() if department not in found}:
            for department, folder in _write_versions(settings, year, new, gates, warehouse).items():
                found[department] = Version(year, folder.name, folder, True), True
        changed = {(year, department): version.name for department, (version, is_new) in found.items() if is_new}
        if changed or not read_current(settings).is_served(settings.serving):
            _switch(settings, changed)
    return {department: (replace(version, current=True), is_new) for department, (version, is_new) in found.items()}


def _newest_of(settings: Settings, year: int, content: str) -> Version | None:
    """The version of a year that has this content and is current, or is newer than that: written by a run that was
    killed before it switched."""
    for version in versions(settings, year):
        if version.name.endswith(content[:8]) and version.manifest["content_sha256"] == content:
            return version
        if version.current:
            return None
    return None


def rollback(settings: Settings, year: int, name: str) -> Version:
    """Switch readers to another version of a year. Raises ``KeyError`` where there is no such version."""
    with locked(settings.publish_lock):
        _sweep(settings)
        for version in versions(settings, year):
            if version.name == name:
                _switch(settings, {(year, settings.department): name})
                return Version(year, name, version.folder, True)
    raise KeyError(name)


def versions(settings: Settings, year: int) -> list[Version]:
    """All versions of a year, the newest first."""
    folder = settings.versions(year)
    current = current_versions(settings).get(year)
    return [
        Version(year, path.name, path, path.name == current)
        for path in sorted(folder.iterdir() if folder.is_dir() else (), reverse=True)
        if (path / MANIFEST).is_file()
    ]


def _passed_gates(build: Build, content: str) -> list[dict[str, Any]]:
    if not build.gates.is_file():
        raise NotPublishedError(f"{build.year} 年度的构建没有经过关卡检查")
    report = json.loads(build.gates.read_text(encoding="utf-8"))
    if report["content_sha256"] != content:
        raise NotPublishedError(f"{build.year} 年度的关卡结果属于另一份内容，须重新检查")
    failed = [gate["title"] for gate in report["gates"] if gate["severity"] == "error" and gate["status"] not in PASSED]
    if failed:
        raise NotPublishedError(f"{build.year} 年度未通过关卡：{'、'.join(failed)}")
    gates: list[dict[str, Any]] = report["gates"]
    return gates


def _write_versions(
    settings: Settings, year: int, ready: Mapping[str, Ready], gates: Mapping[str, Any], warehouse: Path
) -> dict[str, Path]:
    """Write whole versions beside their places, then move each there in one step. An object store has no such step:
    there the manifest goes last, and what has none is no version. Returns their folders, by department.
    """
    now = datetime.now(UTC)
    folders = {
        department: settings.of(department).versions(year) / f"{now:%Y%m%dT%H%M%SZ}-{each.content[:8]}"
        for department, each in ready.items()
    }
    drafts = {department: _draft(folder, ready[department].build) for department, folder in folders.items()}
    try:
        counts = _write_tables(warehouse, {department: each.tables for department, each in ready.items()}, drafts)
        for department, folder in folders.items():
            each, draft = ready[department], drafts[department]
            for extra in ("gates.json", "gates.html"):
                if (each.build.folder / extra).is_file():
                    shutil.copy(each.build.folder / extra, draft / extra)
            of = {"year": year, "department": each.build.department, "version": folder.name,
                  "content_sha256": each.content}  # fmt: skip
            manifest = {**of, **each.facts, "gates": gates[department], "tables": counts[department]}
            text = json.dumps(manifest, ensure_ascii=False, indent=2, sort_keys=True)
            (draft / MANIFEST).write_text(text, encoding="utf-8")
        _have_on_disk(drafts.values())
        for department, folder in folders.items():
            _move(drafts[department], folder)
    finally:
        for draft in drafts.values():
            shutil.rmtree(draft, ignore_errors=True)
    return folders


def _draft(folder: Path, build: Build) -> Path:
    beside = build.folder if is_address(folder) else folder.parent
    beside.mkdir(parents=True, exist_ok=True)
    draft = beside / f"{_DRAFT}{folder.name}-{os.getpid()}"
    draft.mkdir()
    return draft


def _have_on_disk(drafts: Collection[Path]) -> None:
    """All that stands in them. A sync for each of thousands of files would cost far more than one of everything."""
    if len(drafts) > 1:
        os.sync()
        return
    for draft in drafts:
        for path in draft.iterdir():
            sync(path)
        sync(draft)


def _move(draft: Path, folder: Path) -> None:
    if is_address(folder):
        folder.parent.mkdir(parents=True, exist_ok=True)
        for path in sorted(draft.iterdir(), key=lambda path: path.name == MANIFEST):
            (folder / path.name).write_bytes(path.read_bytes())
        return
    draft.rename(folder)
    sync(folder.parent)


def _write_tables(
    warehouse: Path, tables: Mapping[str, Sequence[str]], drafts: Mapping[str, Path]
) -> dict[str, dict[str, int]]:
    """Each department's rows of its tables as Parquet in its draft; how many there are, by department and table. A
    table is read once for all departments.
    """
    counts: dict[str, dict[str, int]] = {department: {} for department in tables}
    own = f"department in ({listed(tables)})"
    with (
        tempfile.TemporaryDirectory(prefix=_DRAFT, dir=next(iter(drafts.values())).parent) as parts,
        open_database(warehouse) as connection,
    ):
        connection.execute("set threads = 1")  # each thread would write a file of its own
        for table in dict.fromkeys(table for listed_ in tables.values() for table in listed_):
            found = connection.execute(f"select department, count(*) from {table} where {own} group by all").fetchall()
            rows = dict(found)
            written = f"(from {table} where {own} order by all) to {sql_text(f'{parts}/{table}')}"
            connection.execute(f"copy {written} ({_PARQUET}, partition_by (department), write_partition_columns true)")
            empty = f"{parts}/{table}.parquet"
            connection.execute(f"copy (from {table} limit 0) to {sql_text(empty)} ({_PARQUET})")
            for department in (each for each, listed_ in tables.items() if table in listed_):
                counts[department][table] = rows.get(department, 0)
                part = Path(parts, table, f"department={quote(department)}", "data_0.parquet")
                place = drafts[department] / f"{table}.parquet"
                if department in rows:
                    part.rename(place)
                else:
                    shutil.copyfile(empty, place)
    return counts


def _switch(settings: Settings, changed: Mapping[tuple[int, str], str]) -> None:
    """Replace the serving file by one in which these departments' years stand at these versions. Where nothing says
    which versions the others are at, each is at its newest.
    """
    known = read_current(settings)
    chosen = known.versions
    if not chosen and settings.published.is_dir():
        chosen = {of: found[0].name for of in _published(settings) if (found := versions(settings.of(of[1]), of[0]))}
    chosen |= changed
    folders = {(y, code): settings.of(code).versions(y) / version for (y, code), version in sorted(chosen.items())}
    with replacing(settings.serving) as draft:
        if not (
            known.is_served(settings.serving) and add(settings.serving, draft, {of: folders[of] for of in changed})
        ):
            write_all(draft, folders)
        write_current(settings, Current(chosen, _another_mark(draft, known.serving)))
    # What a reader wrote beside the old file is not of the new one.
    settings.serving.with_name(f"{settings.serving.name}.wal").unlink(missing_ok=True)


def _another_mark(draft: Path, before: str) -> str:
    """The draft's fingerprint: another than that of the file before, also where a file system counts by the second."""
    while (mark := fingerprint_of(draft)) == before:
        time.sleep(0.05)
        os.utime(draft)
    return mark


def _published(settings: Settings) -> list[tuple[int, str]]:
    """Years and departments that have a folder of versions."""
    years = [path for path in settings.published.iterdir() if path.name.isdecimal()]
    return [(int(path.name), each.name) for path in years for each in path.iterdir() if each.is_dir()]


def _sweep(settings: Settings) -> None:
    """What publishers have left that were killed: only for who holds the lock."""
    for path in (settings.serving, settings.current):
        sweep(settings.home, drafts_of(path))
    places = settings.home / "build" if is_address(settings.published) else settings.published
    for draft in places.glob(f"*/*/{_DRAFT}*"):
        shutil.rmtree(draft)
