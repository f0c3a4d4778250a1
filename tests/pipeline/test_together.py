"""Departments that are built in common: each is what it is by itself, and where one breaks the others go on."""

from __future__ import annotations

import itertools
import shutil
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import dagster as dg
import duckdb
import pytest

from expectations.gate import run_suites, run_suites_of_all
from expectations.suites.year import SUITES
from orchestration.alerting.outbox import Outbox
from orchestration.base.settings import ROOT, SHARE, WAREHOUSE, Settings
from orchestration.base.sql import sql_text
from orchestration.pipeline import sensors, together
from orchestration.pipeline.resources import dagster_instance
from orchestration.pipeline.together import _Run
from orchestration.warehouse.build import Build, content_hash, content_hashes, open_build, read_inputs
from orchestration.warehouse.ledger_tables import published_tables, published_with
from orchestration.warehouse.shares import sweep_shared
from orchestration.warehouse.together import Common, Member, build_in_common, can_share
from tests.conftest import Published, edit

REAL, SLIP = "hunan_hrss", "示例甲"
ABSENT = "budget_scope"  # the ledger that the copy does not bring


@pytest.fixture(scope="module")
def common(tmp_path_factory: pytest.TempPathFactory) -> tuple[Settings, Common]:
    """The real department, and a copy with the slip that its report printed and without one of its ledgers (there is no
    such department).
    """
    folder = tmp_path_factory.mktemp("common")
    raw = Path(shutil.copytree(ROOT / "raw", folder / "raw"))
    shutil.copytree(raw / "2024" / REAL, raw / "2024" / SLIP)
    (raw / "2024" / SLIP / "corrections.csv").unlink()
    edit(raw / "2024" / SLIP / "insured.csv", "5458.08万人", "5458.09万人")
    (raw / "2024" / SLIP / f"{ABSENT}.csv").unlink()
    edit(raw / "2024" / SLIP / "sources.yml", f"  - {{file: {ABSENT}.csv", f"  # - {{file: {ABSENT}.csv")
    settings = Settings(home=folder / "home", raw=raw)
    members = {code: member(settings.of(code)) for code in (REAL, SLIP)}
    assert can_share(members) == [REAL, SLIP]
    return settings, build_in_common(settings, 2024, members, lambda name: None)


def member(settings: Settings) -> Member:
    return Member(open_build(settings, 2024), read_inputs(settings, 2024), "fingerprint", {})


def tables_of(warehouse: Path) -> dict[str, tuple[list[Any], list[Any]]]:
    """Columns with type, constraint and comment, and rows, of every table."""
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        columns: dict[str, list[Any]] = {}
        for name, *column in connection.execute("""
                select concat(schema_name, '.', table_name), column_name, data_type, is_nullable, comment
                from duckdb_columns() where not internal order by all""").fetchall():
            columns.setdefault(name, []).append(column)
        return {
            name: (found, connection.execute(f"from {name} order by all").fetchall()) for name, found in columns.items()
        }


def test_a_share_is_the_build_of_the_department_by_itself(
    common: tuple[Settings, Common], published: Published
) -> None:
    settings, _ = common
    build = open_build(settings.of(REAL), 2024)
    own, alone = tables_of(build.warehouse), tables_of(published.outcome.build.warehouse)
    assert own.keys() == alone.keys() and len(own) > 70
    assert [name for name in own if own[name] != alone[name]] == []
    other = tables_of(open_build(settings.of(SLIP), 2024).warehouse)
    assert own.keys() - other.keys() == {f"main.ledger_{ABSENT}"} and other.keys() <= own.keys()


def test_gates_and_hashes_of_all_are_those_of_each(common: tuple[Settings, Common]) -> None:
    settings, built = common
    tables = {code: published_with(each.inputs.year.ledgers) for code, each in built.members.items()}
    hashes, results = content_hashes(built.tables, tables), run_suites_of_all(built.tables, SUITES)
    for code in (REAL, SLIP):
        build = open_build(settings.of(code), 2024)
        assert tables[code] == published_tables(build)
        assert hashes[code] == content_hash(build, tables[code])
        assert results[code] == run_suites(build, SUITES)
    failed = {code: [gate.name for gate in seen if gate.status == "failed"] for code, seen in results.items()}
    assert "rules_hold" in failed[SLIP] and "rules_hold" not in failed[REAL]


def test_a_gate_that_saw_nothing_of_one_department_fails_for_that_one(
    common: tuple[Settings, Common], tmp_path: Path
) -> None:
    _, built = common
    tables = Build(2024, tmp_path)
    shutil.copy(built.tables.warehouse, tables.warehouse)
    with duckdb.connect(str(tables.warehouse)) as connection:
        for table in ("reconciliation", "score_summary"):
            connection.execute(f"delete from {table} where department = {sql_text(SLIP)}")
    results = run_suites_of_all(tables, [suite for suite in SUITES if suite.name in ("rules_hold", "scores_add_up")])
    assert [gate.status for gate in results[REAL]] == ["passed", "passed"]
    assert [(gate.status, gate.looked_at) for gate in results[SLIP]] == [("failed", 0), ("failed", 0)]


def test_a_share_is_made_a_file_once_and_then_the_common_build_goes(
    common: tuple[Settings, Common], tmp_path: Path
) -> None:
    _, built = common
    settings = Settings(home=tmp_path, raw=tmp_path)
    place = settings.together(2024) / "token"
    place.mkdir(parents=True)
    shutil.copy(built.tables.warehouse, place / WAREHOUSE)
    folder = settings.of(SLIP).build(2024)
    folder.mkdir(parents=True)
    (folder / SHARE).write_text(str(place / WAREHOUSE), encoding="utf-8")
    sweep_shared(settings, 2024)
    assert place.is_dir()
    build = open_build(settings.of(SLIP), 2024)
    assert build.rows("select distinct department from cell") == [{"department": SLIP}]
    written = build.warehouse.stat().st_mtime_ns
    assert build.warehouse.stat().st_mtime_ns == written and not (folder / SHARE).exists()
    sweep_shared(settings, 2024)
    assert not place.exists()


def test_a_department_in_whose_company_something_breaks_is_left_to_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    tried = []

    def finish(run: _Run, members: dict[str, Any]) -> None:
        tried.append("".join(members))
        if "f" in members:
            raise ValueError("f is odd")
        run.ended.update(members)

    monkeypatch.setattr(_Run, "_finish", finish)
    ended: dict[str, Any] = {}
    run = _Run(SimpleNamespace(), 2024, SimpleNamespace(), ended)  # type: ignore[arg-type]
    run._go_on({name: name for name in "abcdefgh"})  # type: ignore[misc]
    assert sorted(ended) == list("abcdgh") and tried == ["abcdefgh", "abcd", "efgh", "ef", "gh"]


@pytest.mark.parametrize(("count", "sizes"), [(0, []), (100, [100]), (101, [50, 51]), (301, [75, 75, 75, 76])])
def test_no_batch_is_of_a_single_department(count: int, sizes: list[int]) -> None:
    found = list(together._batches([str(n) for n in range(count)], 100))
    assert [len(each) for each in found] == sizes and [*itertools.chain(*found)] == [str(n) for n in range(count)]


def test_what_breaks_while_one_is_read_leaves_that_one_to_itself(
    common: tuple[Settings, Common], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    settings, _ = common

    def reads(of: Settings, *rest: Any) -> object:
        if of.department == SLIP:
            raise RuntimeError("no such luck")
        return read_inputs(of, *rest)

    monkeypatch.setattr(together, "read_inputs", reads)
    workspace = together.Workspace(settings.of(""))
    found = _Run(workspace, 2024, SimpleNamespace(), {})._read([SLIP, REAL])  # type: ignore[arg-type]
    assert list(found) == [REAL] and "no such luck" in caplog.text and SLIP in caplog.text


def test_a_run_that_ends_for_all_is_told_to_each(
    common: tuple[Settings, Common], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    settings = replace(common[0], home=tmp_path)
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "dagster"))

    def full(run: _Run, departments: list[str]) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(_Run, "all", full)
    with pytest.raises(OSError, match="No space"):
        together.run_together(settings, 2024, [REAL, SLIP])
    told = Outbox(settings.outbox).unplanned()
    assert {(alert.kind, alert.department) for alert in told} == {("crashed", REAL), ("crashed", SLIP)}
    with dagster_instance(settings) as instance:  # and whoever looks for failed runs finds that it was said
        sensors.watch_runs(settings.of(""))(dg.build_sensor_context(instance=instance))
    assert len(Outbox(settings.outbox).unplanned()) == 2


def test_no_room_is_not_tried_again_with_fewer(monkeypatch: pytest.MonkeyPatch) -> None:
    def finish(run: _Run, members: dict[str, Any]) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(_Run, "_finish", finish)
    run = _Run(SimpleNamespace(), 2024, SimpleNamespace(), {})  # type: ignore[arg-type]
    with pytest.raises(OSError, match="No space"):
        run._go_on({name: name for name in "abcd"})  # type: ignore[misc]


def test_another_engine_and_another_century_are_left_to_runs_of_their_own(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, raw=tmp_path)
    assert together.run_together(settings, 1776, ["a", "b"]) == {}
    assert not together._builds_in_common(Settings(home=tmp_path, raw=tmp_path, target="nowhere"))
