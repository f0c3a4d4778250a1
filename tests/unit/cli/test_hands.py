"""What every command line tool answers, and what a wrong name gets: said, and never an empty list."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from orchestration.alerting.outbox import Outbox
from orchestration.base.settings import Settings
from orchestration.cli.main import app
from orchestration.publication.watch import is_settled, scan_inputs
from tests.conftest import edit


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
    asked = {"_LEDGERGATE_COMPLETE": "complete_bash", "COMP_WORDS": "ledgergate ro", "COMP_CWORD": "1"}
    assert CliRunner().invoke(app, [], env=asked, prog_name="ledgergate").stdout.split() == ["rollback"]


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


def test_a_missing_file_is_said_told_and_settled_before_anything_is_built(
    invoke: Any, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was said after 13.8 seconds of processor time, behind what a run imports."""
    monkeypatch.setenv("LEDGERGATE_HOME", str(settings.home))
    monkeypatch.setenv("LEDGERGATE_RAW", str(settings.raw))
    (settings.raw / "2024" / "hunan_hrss" / "fund_balance.csv").unlink()
    edit(settings.raw / "2024" / "hunan_hrss" / "narrative.yml", "引言:\n", "引言: [\n")
    result = invoke("run", "2024")
    assert result.exit_code == 2 and "fund_balance.csv" in result.stderr and "narrative.yml" in result.stderr
    assert [alert.kind for alert in Outbox(settings.outbox).unplanned()] == ["bad_input"]
    assert is_settled(settings, 2024, scan_inputs(settings, [2024])[2024])
    assert not settings.build(2024).exists() and not (settings.home / "dagster").exists()
    seen = invoke("run", "2024", "--as-published", "--json")
    assert seen.exit_code == 2 and len(json.loads(seen.stdout)["errors"]) == 2
