"""Times as people read them: on the clock of the place, with its name. What is stored stays in UTC.

What does not belong here: dates that ledgers print, and what a moment means.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from orchestration.base.problems import InputError, Problem
from orchestration.base.settings import TIMEZONE, timezone_name

_NAMES = {"Asia/Shanghai": "北京时间", "Asia/Urumqi": "乌鲁木齐时间", "Asia/Hong_Kong": "香港时间", "UTC": "UTC"}


def place_zone() -> ZoneInfo:
    """The zone that the environment names. Raises ``InputError`` where there is no such zone."""
    name = timezone_name()
    try:
        return ZoneInfo(name)
    except (KeyError, OSError, ValueError):
        raise InputError([Problem(TIMEZONE, "", "", name, "时区名，如 Asia/Shanghai")]) from None


def shown(moment: datetime) -> str:
    """2024-11-26 18:23 北京时间; of a zone without a Chinese name, its own: 2024-11-26 19:23 Asia/Tokyo."""
    zone = place_zone()
    return f"{moment.astimezone(zone):%Y-%m-%d %H:%M} {_NAMES.get(zone.key, zone.key)}"


def shown_stamp(stamp: str) -> str:
    """A moment written in UTC, 2024-11-26T10:23:22Z or the first part of a version's name; as it is where it is
    neither."""
    for text, form in ((stamp, "%Y-%m-%dT%H:%M:%SZ"), (stamp.partition("-")[0], "%Y%m%dT%H%M%SZ")):
        with suppress(ValueError):
            return shown(datetime.strptime(text, form).replace(tzinfo=UTC))
    return stamp
