"""The invented department's forms go in in the official layout, are scored without a finding and fill annexes 1-13;
what these print is read back by the same contracts as the same cells.
"""

from __future__ import annotations

import shutil
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from expectations.gate import run_suites
from expectations.suites.year import SUITES
from orchestration.base.settings import ROOT
from orchestration.base.wording import NOT_PROVIDED
from orchestration.ledgers.contract import read_contracts
from orchestration.ledgers.reader import Year, read_paths, read_year
from orchestration.reporting.edition import Edition
from orchestration.reporting.fields import Fields
from orchestration.reporting.forms import Form, build_forms
from orchestration.reporting.published import Published
from orchestration.reporting.workbook import write_workbook
from orchestration.rules.compiler import compile_rules
from orchestration.rules.model import read_rules
from orchestration.warehouse import compiled
from orchestration.warehouse.build import Build
from orchestration.warehouse.landing import land, raw_tables
from orchestration.warehouse.ledger_tables import write_ledger_tables
from tests.forms.department import BASIC, FUND_FORM, LEDGERS, PROJECT, write
from tests.variants import broken

CONTRACTS = ROOT / "raw" / "contracts"
#: Annex 14 is of a fund whose form was left out on purpose; 15 of a project, which no annex is reserved for.
ANNEXES = [f"附件{n}" for n in (*range(1, 14), 15)]
EVALUATIONS = [*ANNEXES[1:9], ANNEXES[-1]]
FORMS = (*LEDGERS, *BASIC, *FUND_FORM)


@pytest.fixture(scope="module")
def year(tmp_path_factory: pytest.TempPathFactory) -> Year:
    return read_year(write(tmp_path_factory.mktemp("raw") / "2024"), 2024, read_contracts(CONTRACTS))


@pytest.fixture(scope="module")
def build(year: Year, tmp_path_factory: pytest.TempPathFactory) -> Build:
    book = compile_rules(read_rules(ROOT / "expectations" / "rules"), year.contracts, 2024, cells=year.cells)
    made = Build(2024, tmp_path_factory.mktemp("build"))
    land(made.warehouse, raw_tables(year, book, []))
    compiled.build(made.warehouse, None, tests=False)
    write_ledger_tables(made)
    return made


@pytest.fixture(scope="module")
def fields(build: Build, tmp_path_factory: pytest.TempPathFactory) -> Fields:
    folder = tmp_path_factory.mktemp("version")
    with duckdb.connect(str(build.warehouse), read_only=True) as connection:
        names = connection.execute(
            "select table_name from information_schema.tables where table_schema = 'main' and table_type = 'BASE TABLE'"
        ).fetchall()
        for (name,) in names:
            connection.execute(f"copy {name} to '{folder / name}.parquet' (format parquet)")
    return Fields(Published(2024, "20250101T000000Z-00000000", folder, CONTRACTS))


@pytest.fixture(scope="module")
def annexes(fields: Fields) -> dict[str, Form]:
    return {form.id: form for form in build_forms(fields) if form.id in ANNEXES}


def test_nothing_is_found_and_every_indicator_is_judged(build: Build) -> None:
    rows = build.rows("from reconciliation")
    assert broken(rows) == set() and broken(rows, "warning") == {"prior_year_published"}
    forms = build.rows("select form, indicators, not_judged, weight, score, printed_score, grade from form_score")
    assert (
        len(forms) == 9 and {row["indicators"] for row in forms} == {20} and {row["not_judged"] for row in forms} == {0}
    )
    assert all(row["weight"] == 100 and row["score"] == row["printed_score"] and row["grade"] == "优" for row in forms)


def test_every_form_is_gated(build: Build, tmp_path: Path) -> None:
    """180 indicators of nine forms; one of a fund that can't be judged, one of a category without its reason."""
    (suite,) = (suite for suite in SUITES if suite.name == "indicators_are_judged")
    (sound,) = run_suites(build, [suite])
    assert (sound.status, sound.looked_at) == ("passed", 180)
    other = Build(2024, tmp_path)
    shutil.copy(build.warehouse, other.warehouse)
    with duckdb.connect(str(other.warehouse)) as connection:
        for form, change in {
            "unemployment": "not_judged = '只有文字'",
            "operations": "reason = null, score = weight - 0.5",
        }.items():
            connection.execute(
                f"""update form_indicator_score set {change} where form = '{form}' and level3 = (
                        select min(level3) from form_indicator_score where form = '{form}' and section = 'output')"""
            )
    (found,) = run_suites(other, [suite])
    shown = [(row["地址"].split("/")[2].split(":")[0], row["未评的原因"], row["未说明的扣分"]) for row in found.rows]
    assert shown == [
        ("operations", "", "扣 0.50 分"), ("unemployment", "只有文字", ""),
    ]  # fmt: skip


def test_the_departments_own_form_is_its_score(build: Build) -> None:
    summary = {row["section"]: (row["weight"], row["score"], row["grade"]) for row in build.rows("from score_summary")}
    assert summary == {
        "execution": (10, Decimal("9.53"), None), "output": (50, Decimal("49.00"), None), "benefit": (30, 30, None),
        "satisfaction": (10, 10, None), "total": (100, Decimal("98.53"), "优"),
    }  # fmt: skip


def test_every_annex_that_was_brought_is_filled(annexes: dict[str, Form]) -> None:
    assert list(annexes) == ANNEXES and annexes["附件15"].title == f"{PROJECT}支出绩效自评表"
    for form in annexes.values():
        texts = {cell.text for row in form.rows for cell in row.cells}
        assert NOT_PROVIDED not in texts and not any("未提供" in text for text in texts), form.id


def test_levels_of_indicators_are_merged(annexes: dict[str, Form]) -> None:
    for form in map(annexes.__getitem__, EVALUATIONS):
        levels = [row.cells[:2] for row in form.rows if row.kind == "row" and len(row.cells) == 8][-20:]
        assert [cell.rows for cell, _ in levels if not cell.merged] == [10, 6, 4]
        assert [cell.rows for _, cell in levels if not cell.merged] == [3, 3, 2, 2, 2, 2, 1, 1, 4]


def test_a_reason_stands_only_where_points_were_lost(annexes: dict[str, Form]) -> None:
    for form in map(annexes.__getitem__, EVALUATIONS):
        reasons = [row.cells[7].text for row in form.rows if row.kind == "row"][-20:]
        assert sorted(filter(None, reasons)) == ["三次因汛情改期，已列入下年计划", "场地租金上涨，已重新询价"]


def test_what_annexes_print_is_read_back_as_the_same_cells(
    year: Year, fields: Fields, annexes: dict[str, Form], tmp_path: Path
) -> None:
    """The official layout out is the official layout in: every figure and text of every form."""
    path = tmp_path / "2024.xlsx"
    path.write_bytes(write_workbook(fields, list(annexes.values()), [], Edition.PUBLIC))
    back = read_paths([path], 2024, {name: each for name, each in read_contracts(CONTRACTS).items() if name in FORMS})

    def cells(of: Year) -> dict[str, object]:
        return {
            cell.address: cell.text if cell.value is None else (cell.value, cell.unit)
            for cell in of.cells
            if cell.ledger in FORMS
        }

    printed, read = cells(year), cells(back)
    assert len(printed) > 1300 and {address.split("/")[1] for address in printed} == set(FORMS)
    assert {address: (said, read.get(address)) for address, said in printed.items() if read.get(address) != said} == {}
