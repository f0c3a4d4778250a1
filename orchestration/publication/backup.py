"""Backup and restore of one installation.

A backup is one ``.tar.gz`` of the home and the raw ledgers: published versions, the serving file, reports as they were
made, the outbox, Dagster's records where they are files. Builds are left out; a run makes them anew. Versions that
``LEDGERGATE_PUBLISHED`` keeps elsewhere, and rules and templates of the checkout, have backups of their own.

It is taken while everything runs: publication waits for its lock, databases are copied by SQLite itself, and Dagster's
records on PostgreSQL by ``pg_dump``.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sqlite3
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import unquote, urlsplit

from orchestration.base.archives import UNPACKING
from orchestration.base.files import locked, replacing
from orchestration.base.settings import Settings

SUMS = "SHA256SUMS"
#: Dagster's records in a backup, and where a restore leaves them for ``pg_restore``.
DUMP = "home/dagster-records.dump"
_LEFT_OUT = ("build", "dagster/storage", "dagster/logs", "dagster/.logs_queue", "dagster/.telemetry")
#: Of a database or a lock that a running process holds.
_PASSING = ("-wal", "-shm", "-journal", ".lock", ".dump")
_DATABASES = (".sqlite", ".db")


class BackupError(Exception):
    """The archive is not whole, or the place to restore to is not empty."""


def save(settings: Settings, folder: Path) -> Path:
    """Write a backup into ``folder``, whole or not at all. Returns its path."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"ledgergate-{datetime.now(UTC):%Y%m%dT%H%M%SZ}.tar.gz"
    sums: list[str] = []
    with replacing(path) as draft, tempfile.TemporaryDirectory(dir=folder, prefix=".backup-") as scratch:
        with tarfile.open(draft, "w:gz") as tar:
            for name, source in _files(settings, Path(scratch)):
                tar.add(source, name, recursive=False)
                sums.append(f"{_sha256(source)}  {name}")
            listing = Path(scratch) / SUMS
            listing.write_text("\n".join(sums) + "\n", encoding="utf-8")
            tar.add(listing, SUMS)
        draft.chmod(0o600)
    return path


def restore(settings: Settings, archive: Path) -> list[str]:
    """Put a backup where nothing is yet. Returns what was restored.

    Raises ``BackupError`` where the archive is damaged, or something is there already; then nothing has changed.
    """
    for place in (settings.home, settings.raw):
        if place.exists() and any(place.iterdir()):
            raise BackupError(f"{place} 不是空的：先移开，再恢复")
    settings.home.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=settings.home.parent, prefix=".restore-") as scratch:
        found = Path(scratch)
        try:
            with tarfile.open(archive) as tar:
                tar.extractall(found, filter="data")
        except (tarfile.TarError, *UNPACKING) as error:
            raise BackupError(f"{archive} 读不出来：{type(error).__name__}") from error
        names = _verified(found, archive)
        for place, name in ((settings.home, "home"), (settings.raw, "raw")):
            place.parent.mkdir(parents=True, exist_ok=True)
            if place.exists():
                place.rmdir()
            (found / name).mkdir(exist_ok=True)
            shutil.move(found / name, place)
    return names


def _verified(found: Path, archive: Path) -> list[str]:
    """Every file as listed, and no other."""
    listing = found / SUMS
    if not listing.is_file():
        raise BackupError(f"{archive} 不完整：没有 {SUMS}")
    lines = [line.split("  ", 1) for line in listing.read_text(encoding="utf-8").splitlines()]
    sums = {name: sha256 for sha256, name in lines}
    there = {str(path.relative_to(found)) for path in found.rglob("*") if path.is_file()} - {SUMS}
    wrong = sorted(there ^ set(sums)) + sorted(
        name for name in there & set(sums) if _sha256(found / name) != sums[name]
    )
    if wrong:
        raise BackupError(f"{archive} 已损坏：{'、'.join(wrong[:5])}")
    return sorted(sums)


def _files(settings: Settings, scratch: Path) -> Iterator[tuple[str, Path]]:
    """What goes into a backup: its name there, and a file that holds still."""
    together = (settings.serving, settings.current)
    with locked(settings.publish_lock):  # they and the versions belong together
        for path in together:
            if path.is_file():
                yield f"home/{path.name}", Path(shutil.copy2(path, scratch / path.name))
        versions = [path for path in _walk(settings.home / "published") if ".draft-" not in str(path)]
    for path in versions:  # immutable
        yield f"home/{path.relative_to(settings.home)}", path
    for path in _walk(settings.home):
        name = str(path.relative_to(settings.home))
        if path in together or _is_left_out(name, path.name):
            continue
        copy = (_database if path.suffix in _DATABASES else _copied)(path, scratch)
        if copy:
            yield f"home/{name}", copy
    if settings.postgres_url:
        yield DUMP, _dump(settings.postgres_url, scratch / "records")
    for path in _walk(settings.raw):
        if copy := _copied(path, scratch):
            yield f"raw/{path.relative_to(settings.raw)}", copy


def _is_left_out(place: str, name: str) -> bool:
    """What is saved another way, can be made again, or belongs to a process that runs."""
    return place.startswith(("published/", *_LEFT_OUT)) or name.startswith(".") or name.endswith(_PASSING)


def _walk(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def _copied(path: Path, scratch: Path) -> Path | None:
    """A copy, so that what is listed and what is packed are one content; None where the file has just gone."""
    copy = _beside(path, scratch)
    try:
        return Path(shutil.copy2(path, copy))
    except FileNotFoundError:
        return None


def _database(path: Path, scratch: Path) -> Path:
    """A database as one transaction saw it, while others write."""
    copy = _beside(path, scratch)
    with closing(sqlite3.connect(path, timeout=60)) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)
    return copy


def _beside(path: Path, scratch: Path) -> Path:
    return scratch / hashlib.sha256(str(path).encode()).hexdigest()


def _dump(url: str, path: Path) -> Path:
    """Records in PostgreSQL's own format. The password goes by the environment: anybody can see arguments."""
    parts = urlsplit(url)
    place = {"PGHOST": parts.hostname, "PGPORT": str(parts.port or 5432), "PGDATABASE": parts.path.lstrip("/"),
             "PGUSER": unquote(parts.username or ""), "PGPASSWORD": unquote(parts.password or "")}  # fmt: skip
    environment = os.environ | {name: value for name, value in place.items() if value}
    command = ["pg_dump", "--format=custom", f"--file={path}"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise BackupError(f"pg_dump：{done.stderr.strip()}")
    return path


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
