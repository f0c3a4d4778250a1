"""Everything at once on one installation, each a process of its own: while one of {default reader, UI, run, second run,
report, rollback, backup} is under way each other works. That each pair was under way together is part of the test.
"""

from __future__ import annotations

import itertools
import json
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import duckdb
import pytest

from orchestration.base.settings import ROOT, Settings
from orchestration.publication.backup import restore
from orchestration.publication.versions import current_versions, versions
from orchestration.reporting.edition import Edition
from orchestration.reporting.report import report_folder
from tests.conftest import Published
from tests.pipeline.test_locks import HOLD
from tests.pipeline.test_publication import COMMAND, environment

#: What the UI's daemon does at each tick: it looks which years are to run, which reports are missing, what is to tell.
UI = """
import dagster as dg
from orchestration.base.settings import Settings
from orchestration.pipeline.definitions import build_definitions
from orchestration.pipeline.resources import dagster_instance
settings = Settings.from_environment()
with dagster_instance(settings) as instance:
    for sensor in build_definitions().sensors:
        sensor(dg.build_sensor_context(instance=instance))
"""


class Operation:
    """A command that is run once, or again and again until the long ones have ended."""

    def __init__(self, command: Sequence[str], settings: Settings):
        self.command, self.settings = command, settings
        self.spans: list[tuple[float, float]] = []
        self.failed: list[str] = []

    def once(self) -> None:
        begun = time.monotonic()
        done = subprocess.run(
            self.command, env=environment(self.settings), cwd=ROOT, capture_output=True, text=True, timeout=1200,
            check=False,
        )  # fmt: skip
        self.spans.append((begun, time.monotonic()))
        if done.returncode:
            self.failed.append(f"{self.command}: {done.returncode}\n{done.stdout}{done.stderr}")

    def until(self, ended: threading.Event) -> None:
        while not ended.is_set():
            self.once()
            ended.wait(5)  # another round starves who is on a busy machine

    def met(self, other: Operation) -> bool:
        return any(a < d and c < b for a, b in self.spans for c, d in other.spans)


@pytest.fixture
def installation(published: Published, tmp_path: Path) -> Settings:
    home = tmp_path / "home"
    shutil.copytree(published.settings.home, home, ignore=shutil.ignore_patterns("dagster", "reports"))
    return Settings(department="hunan_hrss", home=home, raw=published.settings.raw)


def test_whatever_is_under_way_everything_else_works(installation: Settings, tmp_path: Path) -> None:
    (version,) = versions(installation, 2024)
    backups = tmp_path / "backups"
    long = {
        "run": Operation([*COMMAND, "run", "2024"], installation),
        "second run": Operation([*COMMAND, "run", "2024"], installation),
        "report": Operation([*COMMAND, "report", "2024"], installation),
        "UI": Operation([sys.executable, "-c", UI], installation),
    }
    short = {
        "rollback": Operation([*COMMAND, "rollback", "2024", version.name], installation),
        "backup": Operation([*COMMAND, "backup", "save", str(backups)], installation),
        "versions": Operation([*COMMAND, "versions", "2024"], installation),
    }
    ended = threading.Event()
    reader = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(installation.serving)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert reader.stdout is not None and reader.stdout.readline() == "held\n"
    working = [threading.Thread(target=each.once) for each in long.values()]
    again = [threading.Thread(target=each.until, args=(ended,)) for each in short.values()]
    try:
        for thread in (*working, *again):
            thread.start()
        for thread in working:
            thread.join()
        ended.set()
        for thread in again:
            thread.join()
    finally:
        ended.set()
        reader.communicate("", timeout=60)
    operations = long | short
    assert [text for each in operations.values() for text in each.failed] == []
    apart = [pair for pair in itertools.combinations(operations, 2) if not operations[pair[0]].met(operations[pair[1]])]
    assert apart == []

    assert current_versions(installation) == {2024: version.name}
    with duckdb.connect(str(installation.serving)) as connection:
        assert connection.execute("select count(*) from project_expenditure").fetchall() == [(37,)]
    assert (report_folder(installation, 2024, version.name) / Edition.PUBLIC.document).is_file()
    assert not [path.name for path in installation.home.glob(".ledgergate.duckdb*")]
    newest = max(backups.iterdir())
    new = Settings(department="hunan_hrss", home=tmp_path / "new" / "home", raw=tmp_path / "new" / "raw")
    restore(new, newest)
    assert json.loads(new.current.read_text())["versions"] == {"2024": {"hunan_hrss": version.name}}
