"""The whole thing as a team runs it: webserver, daemon and code server as processes of their own, and a robot that
listens. Somebody edits a ledger; nobody starts anything.
"""

from __future__ import annotations

import json
import re
import shutil
import sys
import tarfile
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import psycopg2
import pytest

from orchestration.alerting.outbox import Outbox
from orchestration.base.settings import ROOT, Settings
from orchestration.publication.backup import DUMP, save
from orchestration.publication.versions import current_versions
from orchestration.reporting.report import report_folder
from tests.conftest import edit
from tests.drill.postgres import cluster
from tests.pipeline.test_publication import environment
from tests.receivers import Answer, Robots, robots
from tests.services import Services, Start, free_port, start_ui, started, until, until_listening, until_served

SLIP = ("unit_basic_expenditure.csv", "1,182.19", "1,128.19")
SECRET, TOKEN = "SECdr1ll", "tok3n-dingtalk"
PATIENCE = 600  # seconds; a quarter of a minute is usual; a busy machine fails no drill


@pytest.fixture
def robot() -> Iterator[Robots]:
    with robots() as found:
        found.secrets["dingtalk"] = SECRET
        yield found


def texts(robot: Robots, word: str) -> list[str]:
    return [taken.text for taken in robot.taken if word in taken.text]


def drill(
    start: Start, settings: Settings, robot: Robots, log: Path, look: Callable[[Services], None] | None = None
) -> None:
    """Broken, blocked, told; mended, published, told: while nothing runs, which is then started again; or, with
    ``look`` (at what runs), while it goes on running.
    """
    urls = f"{robot.url('dingtalk')}#secret={SECRET}"
    ledger = settings.ledgers(2024) / SLIP[0]
    robot.answers = [Answer(body={"errcode": 310000, "errmsg": "sign not match"})]  # the first attempt is refused
    with ExitStack() as running:
        services = running.enter_context(started(start, settings, urls, log))
        edit(ledger, *SLIP[1:])
        (blocked,) = until(lambda: texts(robot, "未发布"), PATIENCE, services)
        assert "列示为 1128.19" in blocked.replace(",", "") and "unit_basic_expenditure.csv" in blocked
        assert "请 规划财务处 核对" in blocked
        assert current_versions(settings) == {}
        if look is None:
            running.close()
            edit(ledger, *SLIP[:0:-1])
            services = running.enter_context(started(start, settings, urls, log))
        else:
            look(services)
            edit(ledger, *SLIP[:0:-1])
        (resolved,) = until(lambda: texts(robot, "已解决"), PATIENCE, services)
        version = current_versions(settings)[2024]
        assert version in resolved
        until(lambda: list(report_folder(settings, 2024, version).glob("report.docx")), PATIENCE, services)
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
    drill(start_ui, settings, robot, log)
    assert secrets_in(tmp_path, SECRET, TOKEN) == []  # records, logs, outbox, everything that was written


class Deployed:
    """What the units of ``deploy/systemd`` start, word for word but for places and ports."""

    def __init__(self, folder: Path, postgres: str) -> None:
        self.folder = folder
        self.postgres = postgres
        self.ports = {"3000": str(free_port()), "3001": str(free_port())}

    def __call__(self, settings: Settings, urls: str, services: Services) -> None:
        workspace = self.folder / "workspace.yaml"
        text = (ROOT / "deploy" / "workspace.yaml").read_text(encoding="utf-8")
        workspace.write_text(text.replace("/run/ledgergate", str(self.folder)), encoding="utf-8")
        places = {
            "/opt/ledgergate/.venv/bin": str(Path(sys.executable).parent),
            "/opt/ledgergate/deploy/workspace.yaml": str(workspace),
            "/run/ledgergate": str(self.folder),
            **{f"--port {known}": f"--port {own}" for known, own in self.ports.items()},
        }
        (self.folder / "code.sock").unlink(missing_ok=True)
        for name in ("code", "daemon", "webserver", "operator"):
            unit = (ROOT / "deploy" / "systemd" / f"ledgergate-{name}.service").read_text(encoding="utf-8")
            (command,) = re.findall(r"^ExecStart=(.*)$", unit, re.MULTILINE)
            for known, own in places.items():
                command = command.replace(known, own)
            own_environment = environment(settings) | {"LEDGERGATE_POSTGRES_URL": self.postgres}
            if "alerts.env" in unit:
                own_environment["LEDGERGATE_ALERT_URLS"] = urls
            services.start(command.split(), own_environment)
            if name == "code":  # systemd would start the others again until it is there
                until_listening(self.folder / "code.sock", services)

    def look(self, services: Services) -> None:
        """Viewers can start nothing, operators can."""
        change = 'mutation { reloadRepositoryLocation(repositoryLocationName: "ledgergate") { __typename } }'
        for port, prefix, expected in (
            ("3000", "", "UnauthorizedError"),
            ("3001", "/operator", "WorkspaceLocationEntry"),
        ):
            until_served(int(self.ports[port]), services, prefix)
            asked = partial(self.ask, port, prefix, change)
            (answer,) = until(lambda asked=asked: list(asked().get("data", {}).values()), 60, services)  # type: ignore[misc]
            assert answer["__typename"] == expected

    def ask(self, port: str, prefix: str, query: str) -> dict[str, Any]:
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.ports[port]}{prefix}/graphql", json.dumps({"query": query}).encode(),
            {"Content-Type": "application/json"},
        )  # fmt: skip
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                found: dict[str, Any] = json.load(answer)
                return found
        except OSError:
            return {}  # not up yet


@pytest.mark.drill
@pytest.mark.postgres
def test_the_same_as_deployed_with_records_on_postgresql(settings: Settings, robot: Robots, tmp_path: Path) -> None:
    home = settings.home / "dagster"
    home.mkdir(parents=True)
    shutil.copy(ROOT / "deploy" / "dagster.yaml", home / "dagster.yaml")
    with cluster() as url:
        deployed = Deployed(tmp_path, url)
        drill(deployed, settings, robot, tmp_path / "services.log", deployed.look)
        with psycopg2.connect(url.replace("+psycopg2", "")) as connection, connection.cursor() as cursor:
            cursor.execute("select status, count(*) from runs where pipeline_name = 'run_year' group by 1 order by 1")
            assert cursor.fetchall() == [("FAILURE", 1), ("SUCCESS", 1)]
        archive = save(replace(settings, postgres_url=url), tmp_path / "backups")
        with tarfile.open(archive) as tar:
            assert DUMP in tar.getnames()
    assert not list(home.rglob("*.db"))  # nothing fell back to files
    password = url.partition("dagster:")[2].partition("@")[0]
    assert secrets_in(tmp_path, SECRET, TOKEN, password) == []
