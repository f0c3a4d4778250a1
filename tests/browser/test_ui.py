"""The UI through a person's eyes: the whole lineage from left to right, a year materialised from it, gates green; then
a ledger is broken, and the red gate shows its failing rows. Nothing is asked of another host.

``PICTURES=docs/images`` keeps what was seen.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, TimeoutError, expect, sync_playwright

from orchestration.base.settings import Settings
from tests.conftest import edit
from tests.services import Services, start_ui, started, until_served

pytestmark = pytest.mark.browser
CHROMIUM = "/usr/bin/chromium"
WAY = ["ledgers", "staging", "intermediate", "scores", "reconciliation", "gates", "publication", "report"]
BESIDE = ["unit", "project", "fund", "parameters", "alerts"]
BLOCKING = ["cells_are_placed", "ledgers_are_whole", "nothing_is_lost", "rules_hold", "scores_add_up"]
SECOND = 1000
expect.set_options(timeout=60 * SECOND)  # a busy machine draws late


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


def test_a_year_runs_from_the_lineage_and_a_broken_one_shows_its_rows(page: Page, settings: Settings) -> None:
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

    page.get_by_role("button", name="Materialize all").first.click()
    page.get_by_role("button", name="All", exact=True).first.click()  # departments: there is one
    page.get_by_placeholder(re.compile("^ex: ")).fill("2024")
    page.keyboard.press("Tab")
    with page.expect_response(lambda answer: "mutation Launch" in (answer.request.post_data or "")):
        page.get_by_role(
            "button", name="Launch 1 run"
        ).click()  # who leaves the page before the answer launches nothing
    checks = "/assets/gates?view=checks&checkDetail=rules_hold"
    wait_for(page, checks, "勾稽成立：通过", dict.fromkeys(BLOCKING, "Succeeded"))
    keep(page, "ui-gates-green")

    page.goto("/assets/unit_expenditure?partition=hunan_hrss%7C2024")
    expect(page.get_by_text("column_lineage").first).to_be_visible()
    expect(page.get_by_text("规划财务处").first).to_be_visible()

    edit(settings.ledgers(2024) / "unit_basic_expenditure.csv", "1,182.19", "1,128.19")  # and the sensor sees it
    wait_for(page, checks, "行不符", {"rules_hold": "Failed"})
    page.get_by_text("[Show Markdown]").last.click()
    expect(page.get_by_text("湖南省人事考试院").first).to_be_visible()
    keep(page, "ui-gate-red")


def statuses(page: Page) -> dict[str, str]:
    """The list of checks as the page shows it: name -> status."""
    return dict(re.findall(r"(\w+)\n\1\n(Succeeded|Failed)", page.inner_text("body")))


def wait_for(page: Page, path: str, text: str, expected: dict[str, str], seconds: int = 600) -> None:
    """Look again and again, as somebody would, until the page says it and lists these statuses. While a run is at the
    gates, they are listed as running.
    """
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        page.goto(path)
        try:
            page.get_by_text(text).first.wait_for(timeout=8 * SECOND)
        except TimeoutError:
            continue
        page.wait_for_timeout(SECOND)
        if expected.items() <= statuses(page).items():
            return
    raise AssertionError(f"{text} did not appear:\n{page.inner_text('body')}")
