"""The report's page through a person's eyes: nothing that axe finds serious, all of it by keyboard, from the list of
what needs looking at to the figure in its table, at a desk's width and at a phone's.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from orchestration.reporting.published import open_version
from orchestration.reporting.report import make_report
from tests.conftest import Published

pytestmark = pytest.mark.browser
#: WCAG 2.2 at levels A and AA, by the names that axe gives its rules; what passes is not described one by one.
STANDARD = {
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]},
    "resultTypes": ["violations"],
}
WIDTHS = {"desk": 1280, "phone": 390}
#: Labels of a figure (head cells that stick) that lie over or under another cell's figure.
COVERED = """() => [...document.querySelectorAll('.grid td .fig, .headline .fig')].filter((figure) => {
    const box = figure.getBoundingClientRect();
    if (!box.width || box.right > innerWidth || box.left < 0) return false;
    figure.scrollIntoView({ block: 'center' });
    const at = figure.getBoundingClientRect();
    const above = document.elementFromPoint(at.left + at.width / 2, at.top + at.height / 2);
    return above && !figure.contains(above) && !above.contains(figure);
}).map((figure) => figure.textContent)"""


@pytest.fixture(scope="module")
def file(published: Published, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("report")
    make_report(open_version(published.settings, 2024), folder)
    return folder / "report.html"


@pytest.fixture(params=WIDTHS)
def page(file: Path, chromium: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    asked: list[str] = []
    faults: list[str] = []
    opened = chromium.new_page(viewport={"width": WIDTHS[request.param], "height": 844})
    opened.on("request", lambda request: asked.append(request.url))
    opened.on("pageerror", lambda error: faults.append(str(error)))
    opened.goto(file.as_uri())
    expect(opened.locator(".drawing svg").first).to_be_visible(timeout=60_000)
    yield opened
    opened.close()
    assert [url for url in asked if not url.startswith(("file:", "data:", "blob:"))] == []
    assert faults == []


def opened_wide(page: Page) -> None:
    page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true; })")


def test_axe_finds_nothing_wrong(page: Page) -> None:
    opened_wide(page)
    found = Axe().run(page, options=STANDARD)
    assert [
        (v["id"], v["impact"], [n["html"][:160] for n in v["nodes"][:3]]) for v in found.response["violations"]
    ] == []


def test_nothing_is_wider_than_the_screen_and_no_figure_lies_under_a_label(page: Page) -> None:
    opened_wide(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= page.evaluate("innerWidth")
    assert page.evaluate(COVERED) == []


def test_from_the_desk_to_the_figure_by_keyboard(page: Page) -> None:
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")  # the link that skips the head
    words = page.get_by_label("查找")
    words.focus()
    page.keyboard.type("流动人员")
    shown = page.locator("#desk .matter:visible")
    expect(shown.first).to_contain_text("-362.20 → -362.69")
    assert shown.count() < page.locator("#desk .matter").count()
    expect(page.locator("#desk-count")).to_contain_text("共 15 项")
    link = shown.first.locator("a[data-cell]").first
    link.focus()
    page.keyboard.press("Enter")
    figure = page.locator("#表3 .fig:focus")
    expect(figure).to_have_text("-362.69")
    tip = page.locator("#tip")
    expect(tip).to_be_visible()
    for said in ("project_expenditure.csv", "E20", "-362.20", "更正"):
        expect(tip).to_contain_text(said)
    page.keyboard.press("Escape")
    expect(tip).to_be_hidden()


def test_the_first_matter_is_few_keys_from_the_top_to_its_cell(page: Page) -> None:
    at_the_cell = "document.activeElement.matches('#desk a[data-cell]')"
    keys = 0
    while not page.evaluate(at_the_cell) and keys < 30:
        page.keyboard.press("Tab")
        keys += 1
    assert keys <= 17, "seen: 17, through language, contents and filters"
    page.keyboard.press("Enter")
    expect(page.locator("#表3 .fig:focus")).to_have_text("-362.69")
    expect(page.locator("#tip")).to_contain_text("E20")


def test_matters_are_picked_out_by_unit_project_and_rule(page: Page) -> None:
    count = page.locator("#desk .matter:visible").count()
    page.locator("select[name=projects]").select_option("32 2024年度征兵经费")
    kinds = page.locator("#desk .matter:visible").evaluate_all("all => all.map((each) => each.dataset.kind)")
    assert set(kinds) == {"项目执行率不低于 80%", "项目有支出"}
    places = page.locator("#desk .place:visible")
    assert all("征兵经费" in text for text in places.all_inner_texts()) and places.count() == 2
    page.locator("select[name=rule]").select_option("项目有支出")
    assert page.locator("#desk .matter:visible").count() == 1
    page.locator("select[name=units]").select_option("湖南省人民武装学校")
    assert page.locator("#desk .matter:visible").count() == 0
    page.get_by_role("button", name="清除").click()
    expect(page.locator("#desk .matter:visible")).to_have_count(count)


def test_a_matter_that_no_place_is_known_of_is_not_lost_by_picking(page: Page) -> None:
    first = page.locator("#desk .matter").first
    first.evaluate("matter => matter.querySelectorAll('.place').forEach((place) => place.remove())")
    page.get_by_label("查找").fill("流动人员")
    expect(first).to_be_visible()
    page.locator("select[name=projects]").select_option("32 2024年度征兵经费")
    expect(first).to_be_hidden()
    page.get_by_role("button", name="清除").click()
    expect(first).to_be_visible()


def test_it_prints_on_a4_with_everything_open(page: Page, tmp_path: Path) -> None:
    import pypdfium2

    target = tmp_path / "page.pdf"
    page.pdf(path=target, prefer_css_page_size=True)
    with pypdfium2.PdfDocument(target) as printed:
        sizes = {tuple(round(side) for side in sheet.get_size()) for sheet in printed}
        text = "".join(sheet.get_textpage().get_text_range() for sheet in printed)
    assert sizes <= {(595, 842), (596, 842), (595, 841)}
    assert all(said in text for said in ("需核实事项", "附件14", "-362.69", "十、绩效自评结果应用和公开情况"))
    assert "清除" not in text  # nothing to press on paper
