"""The UI through a person's eyes: the whole lineage from left to right, two departments filled in from it, one green
and one red, whose gate shows its failing rows; then its ledger is mended. Nothing is asked of another host.

``PICTURES=docs/images`` keeps what was seen, and takes three years for one.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from orchestration.base.settings import Settings
from orchestration.synthetic.departments import Province, write_departments
from tests.conftest import edit
from tests.services import Services, start_ui, started, until_served

pytestmark = pytest.mark.browser
CHROMIUM = "/usr/bin/chromium"
WAY = ["ledgers", "staging", "intermediate", "scores", "reconciliation", "gates", "publication", "report"]
BESIDE = ["unit", "project", "fund", "parameters", "alerts"]
GRID = "/assets/published_year?view=partitions"
YEARS = (2022, 2023, 2024) if "PICTURES" in os.environ else (2024,)
SECOND = 1000
expect.set_options(timeout=60 * SECOND)  # a busy machine draws late


@pytest.fixture
def province(tmp_path: Path) -> Province:
    """Two synthetic departments; the second has a wrong cell in the last year."""
    *before, last = YEARS
    for year in before:
        write_departments(tmp_path / "raw", year, 2)
    return write_departments(tmp_path / "raw", last, 2, faults=[2])


@pytest.fixture
def settings(tmp_path: Path, province: Province) -> Settings:
    return Settings(home=tmp_path / "home", raw=tmp_path / "raw")


@pytest.fixture
def services(settings: Settings, tmp_path: Path) -> Iterator[Services]:
    with started(start_ui, settings, "", tmp_path / "services.log") as found:
        yield found


@pytest.fixture
def page(services: Services) -> Iterator[Page]:
    asked: set[str] = set()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        made = browser.new_page(viewport={"width": 1600, "height": 900}, base_url=f"http://127.0.0.1:{services.port}")
        made.set_default_timeout(60 * SECOND)
        made.on("request", lambda request: asked.add(urlsplit(request.url).hostname or ""))
        until_served(services.port, services)
        yield made
        browser.close()
    assert asked <= {"127.0.0.1", ""}  # works offline, and tells nobody


def keep(page: Page, name: str) -> None:
    if folder := os.environ.get("PICTURES"):
        page.wait_for_timeout(SECOND)  # until nothing moves any more
        page.screenshot(path=f"{folder}/{name}.png")


def test_departments_run_from_the_lineage_and_a_broken_one_shows_its_rows(
    page: Page, province: Province, settings: Settings
) -> None:
    page.goto("/asset-groups")
    canvas = page.locator("svg foreignObject")
    places = {}
    for group in [*WAY, *BESIDE]:
        node = canvas.filter(has_text=group).first
        expect(node).to_be_visible()
        box = node.bounding_box()
        assert box is not None
        places[group] = box["x"]
    assert [places[group] for group in WAY] == sorted(places[group] for group in WAY)
    keep(page, "lineage")

    (planted,) = province.faults
    # The sensor's own, of both departments at once: whoever asks meanwhile waits for it.
    wait_for(page, "/runs", rf"(?s)(run_departments.*?Success.*?){{{len(YEARS)}}}")
    page.goto("/locations/ledgergate/jobs/run_year")
    page.get_by_role("button", name="Materialize all").first.click()
    while not page.get_by_text(planted.department).count():  # the departments are listed after the dialog
        page.get_by_role("button", name="All", exact=True).first.click()
        page.wait_for_timeout(SECOND)
    page.get_by_placeholder(re.compile("^ex: ")).fill(f"[{YEARS[0]}...{YEARS[-1]}]")
    page.keyboard.press("Tab")
    keep(page, "ui-backfill")
    with page.expect_response(lambda answer: "mutation Launch" in (answer.request.post_data or "")):
        page.get_by_role("button", name="Launch backfill").click()  # who leaves before the answer launches nothing
    wait_for(page, "/runs", r"Manually launched\s+Failure")  # of the one department
    whole = 2 * len(YEARS)
    wait_for(page, GRID, r"Failed \(1\)", rf"Materialized \({whole - 1}\)", r"Materializing \(0\)")
    keep(page, "ui-grid")

    page.goto(f"/assets/unit_expenditure?partition=synthetic_001%7C{YEARS[-1]}")
    expect(page.get_by_text("column_lineage").first).to_be_visible()
    expect(page.get_by_text("社会保险服务中心").first).to_be_visible()

    page.goto("/assets/gates?view=checks&checkDetail=rules_hold")
    page.get_by_text("Partitions", exact=True).nth(1).click()
    expect(page.get_by_text(f"Passed ({whole - 1})")).to_be_visible()
    for choice in (planted.department, str(YEARS[-1])):
        page.locator(f"text=/^{choice}$/ >> visible=true").last.click()
    expect(page.get_by_text(re.compile(r"勾稽成立：\d+ 行不符")).first).to_be_visible()
    page.get_by_text("[Show Markdown]").last.click()
    expect(page.get_by_text(planted.printed).first).to_be_visible()
    keep(page, "ui-gate-red")

    edit(settings.raw / str(YEARS[-1]) / planted.department / planted.file, planted.printed, planted.right)
    wait_for(page, GRID, r"Failed \(0\)", rf"Materialized \({whole}\)")  # the sensor saw it


def wait_for(page: Page, path: str, *expected: str, seconds: int = 900) -> None:
    """Look again and again, as somebody would, until the page says all of it."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        page.goto(path)
        page.wait_for_timeout(8 * SECOND)
        if all(re.search(each, page.inner_text("body")) for each in expected):
            return
    raise AssertionError(f"{expected} did not appear:\n{page.inner_text('body')}")
