"""The files under deploy/: well-formed, of one mind with each other and with the code, and without a secret in them."""

from __future__ import annotations

import configparser
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from orchestration.base.settings import ROOT

DEPLOY = ROOT / "deploy"
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))


def compose() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yml").read_text(encoding="utf-8"))
    return found


def unit(path: Path) -> configparser.ConfigParser:
    parser = configparser.ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str  # type: ignore[method-assign,assignment]
    parser.read(path, encoding="utf-8")
    return parser


def test_compose_is_valid_by_its_own_schema() -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec"]
    done = subprocess.run([*command, str(DEPLOY / "compose.yml")], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr


def test_compose_runs_what_systemd_runs() -> None:
    commands = {name: " ".join(service.get("command", "").split()) for name, service in compose()["services"].items()}
    for name in ("code", "daemon", "webserver", "operator"):
        line = unit(DEPLOY / "systemd" / f"ledgergate-{name}.service")["Service"]["ExecStart"]
        assert line.removeprefix("/opt/ledgergate/.venv/bin/") in commands[name]


def test_nothing_but_the_proxy_is_reached_from_outside() -> None:
    services = compose()["services"]
    assert [name for name, service in services.items() if service.get("ports")] == ["proxy"]
    for path in UNITS:
        line = unit(path)["Service"]["ExecStart"]
        if "--port" in line:
            assert "--host 127.0.0.1" in line
    viewers = unit(DEPLOY / "systemd" / "ledgergate-webserver.service")["Service"]["ExecStart"]
    assert "--read-only" in viewers
    nginx = (DEPLOY / "nginx.conf").read_text(encoding="utf-8")
    assert nginx.count("proxy_pass") == nginx.count("auth_basic_user_file") == 2
    assert set(re.findall(r"proxy_pass\s+(\S+);", nginx)) == {"http://127.0.0.1:3000", "http://127.0.0.1:3001"}


def test_only_the_code_server_knows_where_alerts_go() -> None:
    assert [path.stem for path in UNITS if "alerts.env" in path.read_text(encoding="utf-8")] == ["ledgergate-code"]
    services = compose()["services"]
    assert [name for name, each in services.items() if "LEDGERGATE_ALERT_URLS" in each.get("environment", {})] == [
        "code"
    ]


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.stem)
def test_units_run_unprivileged_what_is_there(path: Path) -> None:
    service = unit(path)["Service"]
    assert service["User"] == "ledgergate" and service["NoNewPrivileges"] == "yes"
    program = service["ExecStart"].split()[0].removeprefix("/opt/ledgergate/")
    there = ROOT / program if program.startswith("deploy/") else Path(sys.executable).with_name(Path(program).name)
    assert there.is_file()
    if shutil.which("systemd-analyze"):
        done = subprocess.run(["systemd-analyze", "verify", str(path)], capture_output=True, text=True, timeout=60)
        told = [line for line in done.stderr.splitlines() if "not executable" not in line]  # installed elsewhere
        assert told == []


def test_settings_are_ones_that_the_code_reads() -> None:
    known = set(
        re.findall(r'"(LEDGERGATE_\w+)"', (ROOT / "orchestration" / "base" / "settings.py").read_text(encoding="utf-8"))
    )
    for name in ("ledgergate.env.example", "alerts.env.example"):
        lines = (DEPLOY / name).read_text(encoding="utf-8").splitlines()
        names = {line.partition("=")[0] for line in lines if line and not line.startswith("#")}
        assert {each for each in names if each.startswith("LEDGERGATE_")} <= known


def test_no_secret_is_kept_here() -> None:
    for path in DEPLOY.rglob("*"):
        if path.is_file():
            text = path.read_text(encoding="utf-8")
            assert not re.search(r"access_token=(?!TOKEN)|hook/(?!TOKEN)\w{8}|SEC[0-9a-f]{8}", text), path
