"""What every command line tool answers, and what a wrong name gets: said, and never an empty list."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from orchestration.cli.main import app


@pytest.fixture
def invoke(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("LEDGERGATE_HOME", str(tmp_path / "home"))
    return lambda *arguments: CliRunner().invoke(app, list(arguments))


def test_the_version_is_said(invoke: Any) -> None:
    result = invoke("--version")
    assert result.exit_code == 0 and result.stdout.startswith("ledgergate ")


@pytest.mark.parametrize("arguments", [["-h"], ["run", "-h"], ["alerts", "-h"]])
def test_help_has_its_short_form(invoke: Any, arguments: list[str]) -> None:
    result = invoke(*arguments)
    assert result.exit_code == 0 and "Usage" in result.stdout


def test_a_shell_can_be_taught_to_complete(invoke: Any) -> None:
    assert "--install-completion" in invoke("--help").stdout


def test_an_alert_of_an_unknown_name_is_an_error(invoke: Any) -> None:
    result = invoke("alerts", "0123456789ab")
    assert result.exit_code == 2 and "没有这条告警：0123456789ab" in result.stderr


def test_a_test_alert_arrives_or_is_said_not_to(invoke: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert invoke("alerts", "test").exit_code == 2
    monkeypatch.setenv("LEDGERGATE_ALERT_URLS", f"file://{tmp_path / 'alerts'}")
    result = invoke("alerts", "test", "--json")
    assert result.exit_code == 0 and list(json.loads(result.stdout).values()) == [None]
    (text,) = (tmp_path / "alerts").glob("*.txt")
    assert text.read_text(encoding="utf-8").startswith("【测试】")
    (tmp_path / "full").write_text("", encoding="utf-8")
    monkeypatch.setenv("LEDGERGATE_ALERT_URLS", f"file://{tmp_path / 'full'}")
    result = invoke("alerts", "test")
    assert result.exit_code == 1 and "未送达" in result.stdout
