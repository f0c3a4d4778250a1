"""A backup holds what can't be made again, is whole or is refused, and what it restores can be read and switched."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
import threading
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest
from typer.testing import CliRunner, Result

from orchestration.alerting import events
from orchestration.alerting.events import Run
from orchestration.alerting.outbox import Outbox
from orchestration.base.settings import ROOT, Settings
from orchestration.cli.main import app
from orchestration.publication.backup import BackupError, restore, save
from orchestration.publication.versions import current_versions, rollback, versions
from tests.conftest import Published
from tests.pipeline.test_publication import environment, publish_altered, served


@pytest.fixture
def installation(published: Published, tmp_path: Path) -> Settings:
    home, raw = tmp_path / "home", tmp_path / "raw"
    shutil.copytree(published.settings.home, home)
    shutil.copytree(published.settings.raw, raw)
    return Settings(department="hunan_hrss", home=home, raw=raw)


def elsewhere(tmp_path: Path) -> Settings:
    return Settings(department="hunan_hrss", home=tmp_path / "new" / "home", raw=tmp_path / "new" / "raw")


def test_what_is_restored_is_read_and_switched_as_before(installation: Settings, tmp_path: Path) -> None:
    (first,) = versions(installation, 2024)
    second = publish_altered(installation, "改名")
    events.crashed(Run(installation, 2025, "r1"), "磁盘已满")
    new = elsewhere(tmp_path)
    names = restore(new, save(installation, tmp_path / "backups"))
    assert current_versions(new) == {2024: second.name} and served(new) == "改名"
    rollback(new, 2024, first.name)
    assert served(new) == "省领导联系服务专家经费"
    with duckdb.connect() as connection:
        count = "select count(*) from read_parquet(?)"
        for version in versions(new, 2024):
            file = str(version.folder / "project_expenditure.parquet")
            assert connection.execute(count, [file]).fetchone() == (37,)
    assert [alert.year for alert in Outbox(new.outbox).unplanned() if alert.kind == "crashed"] == [2025]
    assert (new.raw / "2024" / "hunan_hrss" / "corrections.csv").read_bytes() == (
        installation.raw / "2024" / "hunan_hrss" / "corrections.csv"
    ).read_bytes()
    assert not [name for name in names if name.startswith("home/build")]  # a run makes it anew


def test_a_backup_is_taken_while_versions_are_published(installation: Settings, tmp_path: Path) -> None:
    stop = threading.Event()

    def publish() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            publish_altered(installation, f"第{number}名")

    publisher = threading.Thread(target=publish)
    publisher.start()
    try:
        archives = [save(installation, tmp_path / f"backups-{n}") for n in range(3)]
    finally:
        stop.set()
        publisher.join()
    for number, archive in enumerate(archives):
        new = elsewhere(tmp_path / str(number))
        restore(new, archive)
        (current,) = [version for version in versions(new, 2024) if version.current]
        assert current.manifest["version"] == current.name  # the serving file names a version that is there


@pytest.mark.parametrize("damage", ["cut", "flipped", "changed", "added", "missing"])
def test_a_damaged_backup_is_refused_and_changes_nothing(damage: str, installation: Settings, tmp_path: Path) -> None:
    archive = save(installation, tmp_path / "backups")
    if damage == "cut":
        archive.write_bytes(archive.read_bytes()[:-2000])
    elif damage == "flipped":
        content = bytearray(archive.read_bytes())
        for at in range(len(content) // 3, len(content) - 100, len(content) // 50):
            content[at] ^= 0xFF
        archive.write_bytes(content)
    else:
        work = tmp_path / "work"
        with tarfile.open(archive) as tar:
            tar.extractall(work, filter="data")
        ledger = work / "raw" / "2024" / "hunan_hrss" / "insured.csv"
        if damage == "changed":
            ledger.write_bytes(ledger.read_bytes() + b"\n")
        elif damage == "added":
            (work / "raw" / "2024" / "hunan_hrss" / "more.csv").write_text("")
        else:
            ledger.unlink()
        with tarfile.open(archive, "w:gz") as tar:
            tar.add(work, "")
    new = elsewhere(tmp_path)
    with pytest.raises(BackupError):
        restore(new, archive)
    assert not new.home.exists() and not new.raw.exists()


def test_nothing_that_is_there_is_overwritten(installation: Settings, tmp_path: Path) -> None:
    archive = save(installation, tmp_path / "backups")
    with pytest.raises(BackupError, match="不是空的"):
        restore(replace(installation, home=tmp_path / "other"), archive)
    assert served(installation) == "省领导联系服务专家经费"


def test_the_script_backs_up_and_forgets_what_is_old(installation: Settings, tmp_path: Path) -> None:
    folder = tmp_path / "backups"
    folder.mkdir()
    old, foreign = folder / "ledgergate-20200101T000000Z.tar.gz", folder / "keep.tar.gz"
    for path in (old, foreign):
        path.write_text("")
        os.utime(path, (1, 1))
    done = subprocess.run(
        [str(ROOT / "deploy" / "backup.sh"), str(folder)],
        env=environment(installation) | {"PYTHON": sys.executable}, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    made = Path(done.stdout.strip())
    assert sorted(folder.iterdir()) == sorted([foreign, made])
    assert made.stat().st_mode & 0o777 == 0o600


def test_the_command_saves_and_restores(
    installation: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def call(settings: Settings, *words: str) -> Result:
        monkeypatch.setenv("LEDGERGATE_HOME", str(settings.home))
        monkeypatch.setenv("LEDGERGATE_RAW", str(settings.raw))
        return CliRunner().invoke(app, ["backup", *words])

    saved = call(installation, "save", str(tmp_path / "backups"))
    archive = saved.stdout.strip()
    assert saved.exit_code == 0 and Path(archive).is_file()
    occupied = call(installation, "restore", archive)
    assert occupied.exit_code == 2 and "不是空的" in occupied.stderr
    restored = call(elsewhere(tmp_path), "restore", archive)
    assert restored.exit_code == 0 and "已恢复" in restored.stdout
    assert served(elsewhere(tmp_path)) == "省领导联系服务专家经费"
