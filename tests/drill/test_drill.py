"""The whole thing as a team runs it: webserver, daemon and code server as processes of their own, and a robot that
listens. Somebody edits a ledger; nobody starts anything.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg2
import pytest

from orchestration.alerting.outbox import Outbox
from orchestration.settings import ROOT, Settings
from orchestration.warehouse.versions import current_versions
from tests.conftest import edit
from tests.drill.postgres import cluster
from tests.pipeline.test_publication import environment
from tests.receivers import Answer, Robots, robots

SLIP = ("unit_basic_expenditure.csv", "1,182.19", "1,128.19")
SECRET, TOKEN = "SECdr1ll", "tok3n-dingtalk"


@pytest.fixture
def robot() -> Iterator[Robots]:
    with robots() as found:
        found.secrets["dingtalk"] = SECRET
        yield found


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@contextmanager
def services(settings: Settings, urls: str, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """What ``make ui`` starts. Everything ends with the block."""
    port = free_port()
    with log.open("ab") as output:
        ui = subprocess.Popen(
            [sys.executable, "-m", "orchestration.ui"],
            env=environment(settings) | {"LEDGERGATE_ALERT_URLS": urls, "PORT": str(port)},
            cwd=ROOT, stdout=output, stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
    try:
        yield ui
    finally:
        ui.send_signal(signal.SIGINT)
        try:
            ui.wait(30)
        except subprocess.TimeoutExpired:
            os.killpg(ui.pid, signal.SIGKILL)  # its own session: nobody else is in it
            ui.wait(10)


def until(what: Callable[[], list[str]], seconds: float, ui: subprocess.Popen[bytes], log: Path) -> list[str]:
    end = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < end and ui.poll() is None, log.read_text(encoding="utf-8", errors="replace")[-6000:]
        time.sleep(0.25)
    return found


def texts(robot: Robots, word: str) -> list[str]:
    return [taken.text for taken in robot.taken if word in taken.text]


def drill(settings: Settings, robot: Robots, log: Path) -> None:
    """Broken, blocked, told; mended while nothing runs; started again, published, told."""
    urls = f"{robot.url('dingtalk')}#secret={SECRET}"
    ledger = settings.ledgers(2024) / SLIP[0]
    robot.answers = [Answer(body={"errcode": 310000, "errmsg": "sign not match"})]  # the first attempt is refused
    with services(settings, urls, log) as ui:
        edit(ledger, *SLIP[1:])
        (blocked,) = until(lambda: texts(robot, "未发布"), 240, ui, log)
        assert "印作 1128.19" in blocked.replace(",", "") and "unit_basic_expenditure.csv" in blocked
        assert "请 规划财务处 核对" in blocked
        assert current_versions(settings) == {}
    edit(ledger, *SLIP[:0:-1])
    with services(settings, urls, log) as ui:
        (resolved,) = until(lambda: texts(robot, "已解决"), 240, ui, log)
        assert current_versions(settings)[2024] in resolved
    assert len(texts(robot, "未发布")) == 1 and len(robot.taken) == 2
    assert len(robot.asked) == 3  # refused once, then twice taken
    assert Outbox(settings.outbox).deliveries() == []


def secrets_in(folder: Path, *secrets: str) -> list[Path]:
    return [
        path for path in folder.rglob("*")
        if path.is_file() and any(secret.encode() in path.read_bytes() for secret in secrets)
    ]  # fmt: skip


@pytest.mark.drill
def test_a_slip_is_told_and_its_mending_too(settings: Settings, robot: Robots, tmp_path: Path) -> None:
    log = tmp_path / "services.log"
    drill(settings, robot, log)
    assert secrets_in(tmp_path, SECRET, TOKEN) == []  # records, logs, outbox, everything that was written


@pytest.mark.drill
@pytest.mark.postgres
def test_the_same_with_records_on_postgresql(
    settings: Settings, robot: Robots, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Over the configuration that ``deploy/`` gives to a team."""
    home = settings.home / "dagster"
    home.mkdir(parents=True)
    shutil.copy(ROOT / "deploy" / "dagster.yaml", home / "dagster.yaml")
    with cluster() as url:
        monkeypatch.setenv("LEDGERGATE_POSTGRES_URL", url)
        drill(settings, robot, tmp_path / "services.log")
        with psycopg2.connect(url.replace("+psycopg2", "")) as connection, connection.cursor() as cursor:
            cursor.execute("select status, count(*) from runs group by 1 order by 1")
            assert cursor.fetchall() == [("FAILURE", 1), ("SUCCESS", 1)]
    assert not list(home.rglob("*.db"))  # nothing fell back to files
    password = url.partition("dagster:")[2].partition("@")[0]
    assert secrets_in(tmp_path, SECRET, TOKEN, password) == []
