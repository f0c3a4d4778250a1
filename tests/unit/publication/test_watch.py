"""Years that run themselves: by content, when it holds still, in the order in which openings depend on closings."""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path

import pytest

from orchestration.base.settings import Settings
from orchestration.publication.watch import (
    Settled,
    Whose,
    input_files,
    is_settled,
    plan_runs,
    scan_all,
    scan_inputs,
    settle,
)
from orchestration.warehouse.current import Current, write_current


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    made = Settings(department="hunan_hrss", home=tmp_path / "home", raw=tmp_path / "raw")
    made.contracts.mkdir(parents=True)
    (made.contracts / "a.yml").write_text("ledger: a")
    for year in (2024, 2025):
        made.ledgers(year).mkdir(parents=True)
        (made.ledgers(year) / "sources.yml").write_text(f"year: {year}")
        (made.ledgers(year) / "a.csv").write_text("1")
    made.home.mkdir()
    return made


def whose(year: int) -> Whose:
    return year, "hunan_hrss"


class Eyes:
    """Looks again and again, and runs what is to be run, which comes to a result at once."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.before: dict[Whose, str] = {}

    def look(self, *busy: int, later: tuple[int, ...] = (), crashes: bool = False) -> list[int]:
        now = scan_all(self.settings, [whose(year) for year in (2024, 2025, 2026)])
        settled = {each for each, inputs in now.items() if is_settled(self.settings, each[0], inputs)}
        found = plan_runs(self.before, now, settled, [*map(whose, busy)], [*map(whose, later)])
        self.before = now
        for each in () if crashes else found:
            settle(self.settings, each[0], Settled(now[each], "blocked"))
        return [year for year, _ in found]


def publish(settings: Settings, year: int, name: str) -> None:
    write_current(settings, Current({whose(year): name}))


def settled(settings: Settings) -> Eyes:
    """Everything has run once."""
    eyes = Eyes(settings)
    assert [eyes.look(), eyes.look(), eyes.look()] == [[], [2024], [2025]]
    assert eyes.look() == []
    return eyes


def test_every_file_of_a_year_is_named_with_its_hash(settings: Settings) -> None:
    (settings.ledgers(2024) / "rules").mkdir()
    (settings.ledgers(2024) / "rules" / "own rule.yml").write_text("[]")
    (settings.ledgers(2024) / "exceptions.csv").write_text("")
    (settings.ledgers(2024) / "~unfinished.csv").write_text("")
    files = input_files(settings, 2024)
    own = {
        "contracts/a.yml", "2024/hunan_hrss/a.csv", "2024/hunan_hrss/sources.yml", "2024/hunan_hrss/exceptions.csv",
        "2024/hunan_hrss/rules/own rule.yml",
    }  # fmt: skip
    assert {name for name in files if not name.startswith("rules/")} == own
    assert files["2024/hunan_hrss/a.csv"] == hashlib.sha256(b"1").hexdigest()


def test_a_year_runs_when_two_looks_saw_the_same(settings: Settings) -> None:
    eyes = settled(settings)
    ledger = settings.ledgers(2024) / "a.csv"
    for text in ("2", "22", "222"):  # still being written
        ledger.write_text(text)
        assert eyes.look() == []
    assert eyes.look() == [2024]
    assert eyes.look() == []


def test_times_of_files_say_nothing(settings: Settings) -> None:
    eyes = settled(settings)
    ledger = settings.ledgers(2024) / "a.csv"
    os.utime(ledger, (1, 1))
    assert [eyes.look(), eyes.look()] == [[], []]
    kept = ledger.stat()
    ledger.write_text("3")
    os.utime(ledger, ns=(kept.st_atime_ns, kept.st_mtime_ns))
    assert [eyes.look(), eyes.look()] == [[], [2024]]


def test_content_that_comes_back_runs_again_and_what_the_looks_forgot_does_not(settings: Settings) -> None:
    eyes = settled(settings)
    ledger = settings.ledgers(2024) / "a.csv"
    for text in ("2", "1", "2"):
        ledger.write_text(text)
        assert [eyes.look(), eyes.look(), eyes.look()] == [[], [2024], []]
        eyes.before = {}  # a cursor that was reset
        assert [eyes.look(), eyes.look()] == [[], []]


def test_asked_is_not_done(settings: Settings) -> None:
    """A run that crashed or was killed has settled nothing; it holds up no other year, and is tried again when due."""
    eyes = settled(settings)
    for year in (2024, 2025):
        (settings.ledgers(year) / "a.csv").write_text("2")
    assert [eyes.look(), eyes.look(crashes=True)] == [[], [2024]]
    assert eyes.look(2024) == []
    assert eyes.look(later=(2024,)) == [2025]
    assert [eyes.look(), eyes.look()] == [[2024], []]


def test_a_version_that_has_gone_is_no_result(settings: Settings) -> None:
    inputs = scan_inputs(settings, [2024])[2024]
    settle(settings, 2024, Settled(inputs, "published", "v1"))
    assert not is_settled(settings, 2024, inputs)
    (settings.versions(2024) / "v1").mkdir(parents=True)
    (settings.versions(2024) / "v1" / "manifest.json").write_text("{}")
    assert is_settled(settings, 2024, inputs)


def test_the_next_year_runs_after_the_year_before_was_published_anew_and_not_before(settings: Settings) -> None:
    eyes = settled(settings)
    publish(settings, 2024, "20250101T000000Z-aaaaaaaa")
    assert [eyes.look(), eyes.look()] == [[], [2025]]
    publish(settings, 2024, "20250202T000000Z-aaaaaaaa")  # the same content, later
    assert [eyes.look(), eyes.look()] == [[], []]
    (settings.ledgers(2024) / "a.csv").write_text("2")
    (settings.ledgers(2025) / "a.csv").write_text("2")
    assert [eyes.look(), eyes.look(), eyes.look(2024)] == [[], [2024], []]
    publish(settings, 2024, "20250303T000000Z-bbbbbbbb")
    assert [eyes.look(), eyes.look()] == [[], [2025]]


def test_contracts_concern_every_year(settings: Settings) -> None:
    eyes = settled(settings)
    (settings.contracts / "a.yml").write_text("ledger: a # changed")
    assert [eyes.look(), eyes.look(), eyes.look(2024), eyes.look()] == [[], [2024], [], [2025]]


def test_rules_concern_every_year(settings: Settings, tmp_path: Path) -> None:
    settings = settings.with_rules(tmp_path / "rules")
    settings.rules.mkdir()
    eyes = settled(settings)
    (settings.rules / "own.yml").write_text("rules: {}")
    assert [eyes.look(), eyes.look(), eyes.look()] == [[], [2024], [2025]]


def test_a_new_year_runs_once_it_names_its_sources(settings: Settings) -> None:
    eyes = settled(settings)
    folder = settings.ledgers(2026)
    folder.mkdir(parents=True)
    (folder / "a.csv").write_text("1")
    assert [eyes.look(), eyes.look()] == [[], []]
    (folder / "sources.yml").write_text("year: 2026")
    assert [eyes.look(), eyes.look()] == [[], [2026]]


def test_what_is_not_finished_is_not_looked_at(settings: Settings) -> None:
    eyes = settled(settings)
    for name in ("~$表3.xlsx", ".a.csv.swp", "a.csv.part", "b.tmp"):
        (settings.ledgers(2024) / name).write_text("x")
    (settings.ledgers(2024) / "folder").mkdir()
    assert [eyes.look(), eyes.look()] == [[], []]


def test_a_year_that_is_taken_away_and_put_back_still_has_its_result(settings: Settings) -> None:
    eyes = settled(settings)
    shutil.move(settings.ledgers(2025), settings.raw / "kept")
    assert eyes.look() == []
    shutil.move(settings.raw / "kept", settings.ledgers(2025))
    assert [eyes.look(), eyes.look()] == [[], []]


def test_a_new_file_of_entries_runs_the_year(settings: Settings) -> None:
    folder = settings.ledgers(2024)
    (folder / "sources.yml").write_text("year: 2024\nentries:\n  - {ledger: e, paths: [entries/e, elsewhere.csv]}\n")
    (folder / "entries" / "e").mkdir(parents=True)
    (folder / "entries" / "e" / "01.csv").write_text("1")
    eyes = settled(settings)
    (folder / "entries" / "e" / "02.csv").write_text("1")
    assert [eyes.look(), eyes.look()] == [[], [2024]]
