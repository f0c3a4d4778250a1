"""The report page's search for cells and its English, in a browser, on a page of a few cells: no run is needed.

The cases are those of ``explain``: what names a cell there names it here.
"""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any, cast

import pytest
from playwright.sync_api import Browser, Page

from orchestration.pipeline.pages import _HEADERS
from orchestration.reporting.fields import Fields
from orchestration.reporting.page_aids import with_aids
from tests.unit.explanation.test_naming import CELLS, NAMES, SUSPECT

pytestmark = pytest.mark.browser
PLACE = "表3!E20"
SERVED = {**_HEADERS, "Content-Type": "text/html; charset=utf-8"}


RULE = "表3 第17行：预算资金 3 万元，上年结转 4 万元，相差 -1 万元，四舍五入只能解释 0.01 万元"


def facts() -> dict[str, Any]:
    files = sorted({cell["file"] for cell in CELLS})
    return {
        "rules": [["budget_composition", "17", "各项目之和＝合计", "error", "inconsistent", RULE]],
        "files": files,
        "cells": [
            [cell["address"], " ".join((cell["ledger_label"], cell["row_label"], cell["header"])), "-362.20 万元",
             files.index(cell["file"]), cell["sheet"], cell["cell"], "", []]
            for cell in CELLS
        ],
    }  # fmt: skip


def content() -> str:
    return f"""<!doctype html><html lang="zh-CN"><body><header class="top"><nav></nav></header>
      <h2 title="关闭">勾稽墙</h2>
      <section id="text"><h2>报告正文</h2><p class="prose">没有更正。</p></section>
      <select><option value="">全部</option><option>各项目之和＝合计</option></select>
      <section id="forms"><details><summary>表与附件</summary><table><tr><td>没有更正。</td>
      <td><span class="fig" tabindex="-1" data-address="{SUSPECT}" data-place="{PLACE}">-362.20</span></td></tr></table>
      </details></section><div id="later"></div>
      <script type="application/json" id="facts">{json.dumps(facts(), ensure_ascii=False)}</script></body></html>"""


@pytest.fixture(scope="module")
def page(chromium: Browser) -> Page:
    labels = {cell["address"]: " ".join((cell["ledger_label"], cell["row_label"], cell["header"])) for cell in CELLS}
    fields = SimpleNamespace(
        version=SimpleNamespace(year=2024, code="hunan_hrss", tables={"cell": CELLS}), labels=labels
    )
    opened = chromium.new_page(viewport={"width": 390, "height": 800})
    shown = with_aids(cast(Fields, fields), content(), facts(), {})
    opened.route("**/*", lambda route: route.fulfill(body=shown, headers=SERVED))
    opened.goto("http://127.0.0.1/pages/2024/hunan_hrss/report")  # in its sandbox; nothing listens there
    return opened


def found(page: Page, text: str) -> list[str]:
    page.get_by_role("searchbox").fill(text)
    page.keyboard.press("Enter")
    return cast(list[str], page.eval_on_selector_all("[data-found]", "all => all.map((each) => each.dataset.found)"))


@pytest.mark.parametrize(
    "text", [*NAMES, f"2024/{PLACE}", PLACE, SUSPECT.removeprefix("2024/"), SUSPECT.removeprefix("2024/hunan_hrss/")]
)
def test_whatever_names_a_cell_to_explain_finds_it_on_the_page(page: Page, text: str) -> None:
    assert found(page, text) == [SUSPECT]


def test_several_and_none_are_told_and_the_nearest_offered(page: Page) -> None:
    assert len(found(page, "书.xlsx D6")) == 2
    assert "不止一格" in page.locator(".found").inner_text()
    assert SUSPECT in found(page, "表3 第17行 本年凋整")
    assert "相近的有" in page.locator(".found").inner_text()
    assert found(page, "无关") == []
    assert "没有这一格" in page.locator(".found").inner_text()
    assert found(page, "2025 表3 第17行 本年调整") == []
    assert "本页是 2024 年度，不是 2025 年度" in page.locator(".found").inner_text()
    assert "2024" not in (page.get_by_role("searchbox").get_attribute("title") or ""), "a page of any year shows it"


def test_a_place_of_the_report_is_shown_where_it_stands(page: Page) -> None:
    page.evaluate("document.querySelector('details').open = false")
    found(page, f"2024/{PLACE}")
    assert page.evaluate("document.activeElement.dataset.place") == PLACE
    assert page.evaluate("document.querySelector('details').open")


def test_the_page_speaks_english_also_of_what_comes_later_and_chinese_again(page: Page) -> None:
    page.get_by_role("button", name="English").click()
    heading = page.locator("h2").first
    assert (heading.inner_text(), heading.get_attribute("title")) == ("Wall of rules", "close")
    page.evaluate("document.getElementById('later').append('参加 3 条规则')")
    assert page.locator("#later").inner_text() == "bound by 3 rules"
    page.evaluate("text => document.getElementById('later').replaceChildren(text)", RULE)
    assert "they differ by -1 万元, rounding explains only 0.01 万元" in page.locator("#later").inner_text()
    assert page.locator("#forms td").first.text_content() == page.locator(".prose").inner_text() == "没有更正。"
    option = page.locator("option").last
    assert (option.text_content(), option.get_attribute("value")) == ("sum of the projects = total", "各项目之和＝合计")
    found(page, "无关")
    assert "No such cell" in page.locator(".found").inner_text()
    page.get_by_role("button", name="中文").click()
    assert (heading.inner_text(), heading.get_attribute("title")) == ("勾稽墙", "关闭")
    assert page.locator("html").get_attribute("lang") == "zh-CN"


def test_the_page_is_as_wide_as_a_phone(page: Page) -> None:
    found(page, SUSPECT)
    assert cast(Any, page.evaluate("document.documentElement.scrollWidth")) <= 390
