"""The province's page through a person's eyes: nothing that axe finds wrong, all of it by keyboard, at a desk's width
and at a phone's.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from orchestration.reporting.province.make import make_province
from tests.browser.test_report_page import STANDARD, WIDTHS
from tests.province_home import Home, rule

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = Home.at(tmp_path_factory.mktemp("province"))
    for n in range(1, 13):
        warned = [rule("budget_composition", str(k), "inconsistent", "warning") for k in range(n)]
        home.publish(f"{n:02d}", budget=1_000_000 * n, spent=900_000 * n - 20_000 * n * n, rules=warned)
        home.publish(f"{n:02d}", 2023, budget=1_000_000, spent=700_000)
    home.hold_back("乙")
    home.refuse("丙")
    return make_province(home.settings, 2024).page


@pytest.fixture(params=WIDTHS)
def page(file: Path, chromium: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    faults: list[str] = []
    opened = chromium.new_page(viewport={"width": WIDTHS[request.param], "height": 844})
    opened.on("pageerror", lambda error: faults.append(str(error)))
    opened.goto(file.as_uri())
    yield opened
    opened.close()
    assert faults == []


def test_axe_finds_nothing_wrong(page: Page) -> None:
    page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
    found = Axe().run(page, options=STANDARD)
    assert [(each["id"], each["nodes"][0]["html"]) for each in found.response["violations"]] == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "wide tables move by themselves"


def test_the_wall_is_one_tab_stop_and_arrows_move_in_it(page: Page) -> None:
    links = page.locator("table.wall a")
    assert links.evaluate_all("all => all.filter((link) => link.tabIndex === 0).length") == 1
    links.first.focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator("tr[data-state=blocked] .tile.error")).to_be_focused()
    page.get_by_role("searchbox").fill("05")
    expect(page.locator("table.wall tbody tr:visible")).to_have_count(1)
    expect(page.get_by_role("status")).to_have_text("1 个部门（共 14 个）")


def test_the_ranking_is_sorted_by_what_its_head_says(page: Page) -> None:
    rates = page.locator("table.ranking tbody td.rate")
    head = page.get_by_role("button", name="预算执行率")
    head.focus()
    for first, said in (("88.00%", "descending"), ("66.00%", "ascending")):
        page.keyboard.press("Enter")
        expect(rates.first).to_have_text(first)
        expect(head.locator("..")).to_have_attribute("aria-sort", said)
    page.get_by_role("button", name="全年预算").click()
    expect(page.locator("table.ranking tbody th").first).to_have_text("12局")


def test_it_speaks_english_at_a_click(page: Page) -> None:
    page.get_by_role("button", name="English").click()
    expect(page.locator("h1")).to_have_text("2024: expenditure and performance of all departments")
    expect(page.get_by_role("heading", name="Departments that are held back")).to_be_visible()
    page.get_by_role("button", name="中文").click()
    expect(page.locator("h1")).to_have_text("2024 年度各部门支出绩效汇总")
