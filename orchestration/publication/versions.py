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
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from expectations.gate import PASSED
from orchestration.base.addresses import hand_over, is_address
from orchestration.base.files import drafts_of, locked, replacing, sweep, sync
from orchestration.base.locks import open_database
from orchestration.base.settings import Settings
from orchestration.base.sql import literal, sql_text
from orchestration.warehouse.current import (
    CURRENT,
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


def publish(settings: Settings, build: Build, tables: list[str], facts: dict[str, Any]) -> tuple[Version, bool]:
    """Publish a build whose gates have passed, and switch readers to it. Returns the version, and whether it is new:
    content that is already current is not published again.

    ``facts``: what the manifest records beside the content (raw hashes, code version).
    Raises ``NotPublishedError`` where the gate results are missing, belong to other content, or hold a failure.
    """
    from orchestration.warehouse.build import content_hash  # reading ledgers is no part of looking versions up

    if not build.warehouse.is_file():
        raise NotPublishedError(f"{build.year} 年度还没有构建：先运行 ledgergate run {build.year}")
    try:
        content = content_hash(build, tables)
    except duckdb.CatalogException as error:
        raise NotPublishedError(f"{build.year} 年度的构建不完整：{str(error).splitlines()[0]}") from error
    gates = _passed_gates(build, content)
    with locked(settings.publish_lock):
        _sweep(settings)
        for version in versions(settings, build.year):
            if version.current and version.manifest["content_sha256"] == content:
                if not read_current(settings).is_served(settings.serving):
                    _switch(settings, build.year, version.name)
                return version, False
        name = f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{content[:8]}"
        folder = settings.versions(build.year) / name
        if not folder.exists():  # whole since a run that was killed before it switched, within this second
            of = {"year": build.year, "department": build.department, "version": name, "content_sha256": content}
            _write_version(build, tables, folder, {**of, **facts, "gates": gates})
        _switch(settings, build.year, name)
        return Version(build.year, name, folder, True), True


def rollback(settings: Settings, year: int, name: str) -> Version:
    """Switch readers to another version of a year. Raises ``KeyError`` where there is no such version."""
    with locked(settings.publish_lock):
        _sweep(settings)
        for version in versions(settings, year):
            if version.name == name:
                _switch(settings, year, name)
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


def _write_version(build: Build, tables: list[str], folder: Path, manifest: dict[str, Any]) -> None:
    """Write the whole version beside its place, then move it there in one step. An object store has no such step: there
    the manifest goes last, and what has none is no version.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    beside = build.folder if is_address(folder) else folder.parent
    draft = beside / f"{_DRAFT}{folder.name}-{os.getpid()}"
    draft.mkdir()
    try:
        with open_database(build.warehouse) as connection:
            counts = {}
            for table in tables:
                rows = connection.sql(f"from {table} order by all")
                rows.write_parquet(str(draft / f"{table}.parquet"))
                counts[table] = connection.execute(f"select count(*) from {table}").fetchall()[0][0]
        for extra in ("gates.json", "gates.html"):
            if (build.folder / extra).is_file():
                shutil.copy(build.folder / extra, draft / extra)
        text = json.dumps({**manifest, "tables": counts}, ensure_ascii=False, indent=2, sort_keys=True)
        (draft / MANIFEST).write_text(text, encoding="utf-8")
        if is_address(folder):
            for path in sorted(draft.iterdir(), key=lambda path: path.name == MANIFEST):
                (folder / path.name).write_bytes(path.read_bytes())
            return
        for path in draft.iterdir():
            sync(path)
        sync(draft)
        draft.rename(folder)
        sync(folder.parent)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _switch(settings: Settings, year: int, name: str) -> None:
    """Replace the serving file by one in which ``year`` stands at ``name``. Where nothing says which versions the other
    years are at, each is at its newest."""
    chosen = read_current(settings).versions
    if not chosen and settings.published.is_dir():
        chosen = {of: found[0].name for of in _published(settings) if (found := versions(settings.of(of[1]), of[0]))}
    chosen[year, settings.department] = name
    folders = {(y, code): settings.of(code).versions(y) / version for (y, code), version in sorted(chosen.items())}
    with replacing(settings.serving) as draft:
        with hand_over(duckdb.connect(str(draft)), folders.values()) as connection:
            connection.execute(f"create table {CURRENT} (fiscal_year integer, department varchar, version varchar)")
            stands = ", ".join(f"({y}, {sql_text(code)}, {sql_text(at.name)})" for (y, code), at in folders.items())
            connection.execute(f"insert into {CURRENT} values {stands}")
            names = {path.stem for folder in folders.values() for path in folder.glob("[!.]*.parquet")}
            for table in sorted(names):
                places = [folder / f"{table}.parquet" for folder in folders.values()]
                files = [str(path) for path in places if path.is_file()]
                read = f"read_parquet({literal(files)}, union_by_name = true)"
                connection.execute(f"create table {table} as from {read}")
            connection.execute("checkpoint")  # closing would do it too, but says nothing where the disk is full
        write_current(settings, Current(chosen, fingerprint_of(draft)))
    # What a reader wrote beside the old file is not of the new one.
    settings.serving.with_name(f"{settings.serving.name}.wal").unlink(missing_ok=True)


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
