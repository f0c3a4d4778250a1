"""Times are shown on the clock of the place, with its name, wherever they are shown."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from orchestration.alerting.messages import Alert, render
from orchestration.alerting.outbox import stamp
from orchestration.base.clock import shown, shown_stamp
from orchestration.base.problems import InputError
from orchestration.base.settings import ROOT, timezone_name

MOMENT = datetime(2024, 12, 31, 16, 30, tzinfo=UTC)


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TZ", raising=False)


@pytest.mark.parametrize(
    ("environment", "zone"),
    [
        ({}, "Asia/Shanghai"),
        ({"TZ": ":Asia/Tokyo"}, "Asia/Tokyo"),
        ({"TZ": "Asia/Tokyo", "LEDGERGATE_TIMEZONE": "Asia/Urumqi"}, "Asia/Urumqi"),
    ],
)
def test_the_setting_beats_the_systems_zone_beats_the_first_departments(environment: dict[str, str], zone: str) -> None:
    assert timezone_name(environment) == zone


def test_a_moment_is_shown_with_the_name_of_its_zone(monkeypatch: pytest.MonkeyPatch) -> None:
    assert shown(MOMENT) == "2025-01-01 00:30 北京时间"
    assert shown_stamp(stamp(MOMENT)) == shown_stamp("20241231T163000Z-1a2b3c4d") == shown(MOMENT)
    assert shown_stamp("no moment") == "no moment"
    monkeypatch.setenv("LEDGERGATE_TIMEZONE", "Asia/Tokyo")
    assert shown(MOMENT) == "2025-01-01 01:30 Asia/Tokyo"


def test_a_zone_that_is_none_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEDGERGATE_TIMEZONE", "Asia/Changsha")
    with pytest.raises(InputError, match="LEDGERGATE_TIMEZONE"):
        shown(MOMENT)


def test_a_message_says_when() -> None:
    alert = Alert("abc", 2024, "crashed", "error", {"headline": "磁盘已满"}, stamp(MOMENT))
    assert render(alert).text.splitlines()[-1] == "Ledgergate　2025-01-01 00:30 北京时间　编号 abc"


def test_times_are_put_into_words_in_one_place() -> None:
    """Two of them were in the machine's zone without its name, three in UTC, one in Shanghai's."""
    for path in sorted((ROOT / "orchestration").rglob("*.py")):
        said = path.read_text(encoding="utf-8")
        if path != ROOT / "orchestration" / "base" / "clock.py":
            assert "%H:%M %" not in said and "%d %H:%M" not in said and ".astimezone()" not in said, path
