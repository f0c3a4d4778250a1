"""The province's page and workbook: who stands on them, where each leads, and that both say the same figures."""

from __future__ import annotations

import io
import re

import pytest
from openpyxl import load_workbook

from orchestration.reporting.edition import PAGE
from orchestration.reporting.province.make import ProvinceReport, make_province
from orchestration.reporting.report import report_folder
from orchestration.warehouse.current import read_current
from tests.province_home import Home, cell, rule


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> ProvinceReport:
    """Three departments: one with a page of its own and a warning, one that is held back, one with a name that would
    be HTML and a formula.
    """
    home = Home.at(tmp_path_factory.mktemp("province"))
    warned = rule("budget_composition", "表1/合计", "inconsistent", "warning")
    indicator = {"section": "output", "level3": "培训人次", "unit": "person", "direction": ">="}
    now, before = (
        {**indicator, "target": value, "target_text": f"{value}人次", "actual": value, "actual_text": f"{value}人次"}
        for value in (80, 100)
    )
    total = [cell("department_total", "total", "total_budget", 40_000_101),
             cell("transfer", "丙:out", "amount", 5_000)]  # fmt: skip
    home.publish("甲", budget=10_000_000, spent=6_000_000, rules=[warned], cells=total, indicators=[now])
    home.publish("甲", 2023, budget=10_000_000, spent=5_000_000, indicators=[before])
    page = report_folder(home.settings.of("甲"), 2024, read_current(home.settings).versions[2024, "甲"]) / PAGE
    page.parent.mkdir(parents=True)
    page.write_text("", encoding="utf-8")
    received = [cell("transfer", "甲局:in", "amount", 4_500)]
    home.publish("丙", budget=30_000_000, spent=30_000_000, name_of="=<b>丙</b>", cells=received)
    home.hold_back("乙")
    return make_province(home.settings, 2024)


@pytest.fixture(scope="module")
def html(made: ProvinceReport) -> str:
    return made.page.read_text(encoding="utf-8")


def test_every_department_has_a_row_with_its_state(html: str) -> None:
    for code, state in (("甲", "published"), ("乙", "blocked"), ("丙", "published")):
        assert f'<tr id="department-{code}" data-state="{state}"' in html
    assert "表 第1行 列示为 2.00，应为 1.00" in html and "raw/2024/乙/表.csv E3" in html


def test_a_tile_leads_to_the_rule_on_the_departments_own_page(made: ProvinceReport, html: str) -> None:
    link = "%E7%94%B2/20250401T000000Z-%E7%94%B2/report.html#rule=budget_composition/%E8%A1%A81%2F%E5%90%88%E8%AE%A1"
    assert f'class="tile warning" href="{link}"' in html
    assert (made.page.parent / "甲" / "20250401T000000Z-甲" / PAGE).is_file(), "as seen from the province's page"
    gates = re.search(r'class="tile error" href="([^"]*)"', html)
    assert gates and gates[1].endswith("build/2024/%E4%B9%99/gates.html#rules_hold")


def test_a_name_is_text_on_the_page_and_in_the_workbook(made: ProvinceReport, html: str) -> None:
    assert "&lt;b&gt;丙" in html and "<b>丙" not in html
    sheet = load_workbook(io.BytesIO(made.workbook.read_bytes()))["部门"]
    cell = next(cell for cell in sheet["A"] if "丙" in str(cell.value))
    assert (cell.value, cell.data_type) == ("=<b>丙</b>", "s")


def test_the_page_fetches_nothing(html: str) -> None:
    assert "default-src &#39;none&#39;" in html
    assert not re.search(r"""(?:src|href)=["'](?:https?:)?//""", html)


def test_page_and_workbook_say_the_same_totals(made: ProvinceReport, html: str) -> None:
    assert "4,000.00<small> 万元</small>" in html and "90.00%" in html
    book = load_workbook(io.BytesIO(made.workbook.read_bytes()))
    (total,) = [row for row in book["汇总"].iter_rows(values_only=True) if row[0] == "合计"]
    assert total[:2] == ("合计", 2) and total[5:] == (4000, 3600, 400, 0.9)
    (open_case,) = [row for row in book["未发布"].iter_rows(values_only=True) if row[0] == "未发布"]
    assert open_case[3:6] == ("表 第1行 列示为 2.00，应为 1.00", "raw/2024/乙/表.csv E3", "2024/乙/表/1/栏")


def test_a_second_year_shows_as_small_multiples(html: str) -> None:
    assert "<polyline" in html and "2023　50.00%" in html and "2024　60.00%" in html


def test_what_departments_print_of_each_other_stands_with_the_cells_of_both_sides(
    made: ProvinceReport, html: str
) -> None:
    said = (
        "甲局 transfer 丙:out amount 0.50 万元，=<b>丙</b> transfer 甲局:in amount 0.45 万元，"
        "相差 0.05 万元，四舍五入只能解释 0.01 万元"
    )
    assert said.replace("<b>", "&lt;b&gt;").replace("</b>", "&lt;/b&gt;") in html
    across = html[html.index('<section id="across">') : html.index('<section id="outliers">')]
    assert across.count("<code>a.csv B2</code>") == 3, (
        "those two, and the total's own, for which a department is missing"
    )
    book = load_workbook(io.BytesIO(made.workbook.read_bytes()))
    (row,) = [row for row in book["部门之间"].iter_rows(values_only=True) if row[0] == "不符"]
    assert row[3:6] == (said, "甲局 0.50 万元 a.csv B2", "=<b>丙</b> 0.45 万元 a.csv B2")


def test_a_target_that_was_made_easier_is_named_and_its_years_are_drawn(made: ProvinceReport, html: str) -> None:
    said = "指标 培训人次 的目标值 80人次，上年 100人次，放宽 20.00%"
    assert said in html and "2023　100人次<br>2024　80人次" in html
    book = load_workbook(io.BytesIO(made.workbook.read_bytes()))
    assert said in [row[3] for row in book["异常"].iter_rows(values_only=True)]


def test_the_same_build_makes_the_same_page(made: ProvinceReport, html: str) -> None:
    again = make_province(made.view.settings, 2024)
    assert again.page.read_text(encoding="utf-8") == html


def test_english_at_a_click_knows_the_pages_sentences(html: str) -> None:
    for chinese in ("未发布的部门", "排名", "问题种类", "各部门合计"):
        assert f'"{chinese}":' in html
