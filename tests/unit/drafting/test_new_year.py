"""A year to come: filled in with the figures of the year before, its empty workbooks give that year's cells again."""

from __future__ import annotations

import shutil
from pathlib import Path

import openpyxl
import pytest
import yaml

from orchestration.base.problems import InputError
from orchestration.base.settings import ROOT, Settings
from orchestration.drafting.new_year import NewYear, new_year
from orchestration.ledgers.contract import read_contracts
from orchestration.ledgers.reader import read_year
from orchestration.ledgers.sources import CHECKS, GUIDE, read_sources
from tests.forms import write_csv
from tests.layouts import write_year
from tests.second_year import fill
from tests.unit.ledgers.test_forms import FORM, FUND

FORMULA_2024 = "=IF(OR('表1'!$C$12=\"\"),\"未填\",ROUND(N('表1'!$C$12)-SUM('表1'!$C$4:$C$11),6))"


def settings_of(raw: Path) -> Settings:
    return Settings(department="hunan_hrss", home=raw.parent / "home", raw=raw)


@pytest.fixture(scope="module")
def raw(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """2024 as it stands in raw/, in a folder of the test's own."""
    folder = tmp_path_factory.mktemp("raw")
    (folder / "contracts").symlink_to(ROOT / "raw" / "contracts")
    (folder / "2024").symlink_to(ROOT / "raw" / "2024")
    return folder


@pytest.fixture(scope="module")
def made(raw: Path) -> NewYear:
    return new_year(settings_of(raw), 2025, 2024)


def test_the_empty_year_filled_in_gives_the_cells_of_the_year_before(raw: Path) -> None:
    contracts = read_contracts(raw / "contracts")
    before = read_year(raw / "2024" / "hunan_hrss", 2024, contracts)
    again = new_year(settings_of(raw), 2026, 2024)
    fill(again.folder, 2026, before)
    year = read_year(again.folder, 2026, contracts)
    said = {cell.address.replace("2024", "2026", 1): (cell.value, cell.unit, cell.text) for cell in before.cells}
    assert {cell.address: (cell.value, cell.unit, cell.text) for cell in year.cells} == said
    assert {each.reason for each in year.not_read if each.kind == "sheet"} == {"填报时核对用的公式，不是账"}


def test_what_is_made_is_named_by_office_and_carries_no_figure_over(made: NewYear) -> None:
    assert made.workbooks["社会保险基金监管局.xlsx"] == ("基金收支", "基金结余")
    assert {path.name for path in made.folder.iterdir()} == {*made.workbooks, "sources.yml", "names.csv", GUIDE}
    page = openpyxl.load_workbook(made.folder / "规划财务处.xlsx")["表3"]
    rows = [[cell.value for cell in row] for row in page.iter_rows()]
    assert rows[:3] == [
        ["表3 项目支出明细表（2025年）", *[None] * 6],
        ["单位：万元", *[None] * 6],
        ["序号", "项目明细", "上年结转", "年初预算", "本年调整", "预算资金", "决算支出"],
    ]
    assert rows[3][0] == 1 and rows[-1][0] == "合计" and not any(any(row[2:]) for row in rows[3:])


def test_the_checks_are_the_rules_of_the_sheets_at_hand(made: NewYear) -> None:
    page = openpyxl.load_workbook(made.folder / "规划财务处.xlsx")[CHECKS]
    formulas = [row[2].value for row in page.iter_rows(min_row=2)]
    assert FORMULA_2024 in formulas
    assert any("'表3'!" in str(formula) and "'表2'!" in str(formula) for formula in formulas)
    assert next(f.text for f in formulas if not isinstance(f, str)).startswith("=SUM(('部门总数'!")


def test_forms_of_which_each_sheet_or_file_is_one_get_no_table_to_fill_in(tmp_path: Path) -> None:
    (tmp_path / "contracts").symlink_to(ROOT / "raw" / "contracts")
    before = tmp_path / "2024" / "hunan_hrss"
    shutil.copytree(ROOT / "raw" / "2024" / "hunan_hrss", before)
    listed = yaml.safe_load((before / "sources.yml").read_text(encoding="utf-8"))
    for form in (FORM, FUND):
        file = write_csv(before / f"{form.title}.csv", form).name
        listed["files"] += [{"file": file, "ledger": f"evaluation_{name}"} for name in ("funding", "goal", "indicator")]
    (before / "sources.yml").write_text(yaml.safe_dump(listed, allow_unicode=True), encoding="utf-8")
    made = new_year(settings_of(tmp_path), 2025, 2024)
    sheets = {name for names in made.workbooks.values() for name in names}
    assert "表3" in sheets and sheets.isdisjoint({"自评资金", "自评目标", "自评指标"})
    assert "绩效自评表不在这些工作簿里" in (made.folder / GUIDE).read_text(encoding="utf-8")


def test_a_folder_that_is_there_is_left_alone(raw: Path, made: NewYear) -> None:
    before = sorted(path.name for path in made.folder.iterdir())
    with pytest.raises(InputError, match="已有这个文件夹"):
        new_year(settings_of(raw), 2025, 2024)
    assert sorted(path.name for path in made.folder.iterdir()) == before
    with pytest.raises(InputError, match="没有这个年度"):
        new_year(settings_of(raw), 2027, 2001)
    assert not (raw / "2027" / "hunan_hrss").exists() and not list(raw.glob(".*"))


def test_a_first_year_has_the_ledgers_that_are_required(tmp_path: Path) -> None:
    (tmp_path / "contracts").symlink_to(ROOT / "raw" / "contracts")
    made = new_year(settings_of(tmp_path), 2025)
    page = openpyxl.load_workbook(made.folder / "社会保险基金监管局.xlsx")["基金结余"]
    assert page["A4"].value == "企业职工基本养老保险"


def test_other_departments_layouts_keep_their_headers_and_parts(tmp_path: Path) -> None:
    raw = tmp_path / "raw"
    write_year(raw / "2024" / "hunan_hrss", groups=2)
    (raw / "contracts").symlink_to(ROOT / "raw" / "contracts")
    contracts = read_contracts(raw / "contracts", raw / "2024" / "hunan_hrss" / "contracts")
    before = read_year(raw / "2024" / "hunan_hrss", 2024, contracts)
    (raw / "2024" / "rules").mkdir()
    (raw / "2024" / "rules" / "province.yml").write_text("[]", encoding="utf-8")
    made = new_year(settings_of(raw), 2025, 2024)
    assert (made.folder / "contracts").is_dir() and (made.folder / "rules" / "province.yml").is_file()
    for source in read_sources(made.folder, made.year)[0].files:
        book = openpyxl.load_workbook(made.folder / source.file)
        page = book[source.sheet]
        contract = contracts[source.ledger]
        names = len(contract.key_columns) + len(contract.texts)
        for row in page.iter_rows(min_col=names + 1, max_col=names + len(contract.measures)):
            for cell in row:
                if cell.value is None and cell.has_style:
                    cell.value = 1
        book.save(made.folder / source.file)
    year = read_year(made.folder, 2025, contracts)
    for name, ledger in before.ledgers.items():
        rows = {cell.row_key for cell in ledger.cells}
        assert {cell.row_key for cell in year.ledgers[name].cells} == rows
