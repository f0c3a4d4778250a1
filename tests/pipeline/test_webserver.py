"""The webserver as a process: what another site makes a browser send is refused, what its own pages ask is done."""

from __future__ import annotations

import http.client
import inspect
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from dagster._cli import dev

from orchestration.base.settings import ROOT, Settings
from orchestration.pipeline.resources import DAGSTER_YAML
from orchestration.pipeline.ui import guarded
from tests.pipeline.test_publication import environment
from tests.services import Services, free_port, started, until_served

DELETE = 'mutation { deletePipelineRun(runId: "00000000-0000-0000-0000-000000000000") { __typename } }'
JSON = {"Content-Type": "application/json"}


def start_webserver(settings: Settings, urls: str, services: Services) -> None:
    del urls
    home = settings.home / "dagster"  # another test of this process may have set DAGSTER_HOME
    home.mkdir(parents=True)
    (home / "dagster.yaml").write_text(DAGSTER_YAML)
    services.port = free_port()
    command = [sys.executable, "-m", "orchestration.pipeline.webserver", "-h", "127.0.0.1", "-p", str(services.port)]
    services.start([*command, "--empty-workspace"], environment(settings))


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("webserver") / "home"


@pytest.fixture(scope="module")
def port(home: Path) -> Iterator[int]:
    folder = home.parent
    settings = Settings(department="hunan_hrss", home=folder / "home", raw=folder / "raw")
    with started(start_webserver, settings, "", folder / "log") as services:
        until_served(services.port, services)
        yield services.port


def ask(port: int, method: str, path: str, headers: dict[str, str], body: str | None = None) -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


def test_its_own_pages_give_orders(port: int) -> None:
    own = {**JSON, "Origin": f"http://127.0.0.1:{port}", "Sec-Fetch-Site": "same-origin"}
    status, text = ask(port, "POST", "/graphql", own, json.dumps({"query": DELETE}))
    assert status == 200 and "RunNotFoundError" in text
    assert ask(port, "GET", "/", {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"})[0] == 200


def test_a_years_pages_are_one_click_away_and_in_a_sandbox(port: int, home: Path) -> None:
    assert ask(port, "GET", "/pages/2024/hunan_hrss/report", {})[0] == 404
    (home / "current.json").write_text('{"versions": {"2024": {"hunan_hrss": "v1"}}, "serving": ""}', encoding="utf-8")
    whose = Path("2024") / "hunan_hrss"
    for path in (home / "reports" / whose / "v1" / "report.html", home / "build" / whose / "gates.html"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"<p>{path.stem}</p>", encoding="utf-8")
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    for page in ("report", "gates"):
        connection.request("GET", f"/pages/2024/hunan_hrss/{page}")
        answer = connection.getresponse()
        assert (answer.status, answer.read().decode()) == (200, f"<p>{page}</p>")
        assert answer.headers["Content-Security-Policy"].startswith("sandbox allow-scripts")
        assert "allow-same-origin" not in answer.headers["Content-Security-Policy"]
    connection.close()


@pytest.mark.parametrize(("method", "path", "headers"), [
    ("GET", f"/graphql?query={quote(DELETE)}", {}),
    ("POST", f"/graphql?query={quote(DELETE)}", {"Content-Type": "text/plain"}),
    ("POST", "/graphql", {**JSON, "Origin": "https://evil.example"}),
    ("POST", "/graphql", {**JSON, "Sec-Fetch-Site": "cross-site"}),
    ("POST", "/graphql", {**JSON, "Host": "evil.example"}),
])  # fmt: skip
def test_another_sites_orders_are_refused(port: int, method: str, path: str, headers: dict[str, str]) -> None:
    status, text = ask(port, method, path, headers, json.dumps({"query": DELETE}) if method == "POST" else None)
    assert status == 403 and text.startswith("refused: ")


def test_a_foreign_websocket_is_refused(port: int) -> None:
    upgrade = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13",
               "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Protocol": "graphql-ws"}  # fmt: skip
    assert ask(port, "GET", "/graphql", {**upgrade, "Origin": "https://evil.example"})[0] == 403


def test_make_ui_and_deploy_start_this_webserver_and_no_other() -> None:
    source = inspect.getsource(dev.dev_command_impl)
    assert '[sys.executable, "-m", "dagster_webserver"]' in source and "open_ipc_subprocess(" in source
    assert guarded([sys.executable, "-m", "dagster_webserver", "-p", "1"])[2] == "orchestration.pipeline.webserver"
    for path in [*Path(ROOT / "deploy" / "systemd").glob("*.service"), ROOT / "deploy" / "compose.yml"]:
        assert not re.search(r"dagster-webserver\s+--", path.read_text(encoding="utf-8")), path.name
