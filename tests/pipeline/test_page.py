"""The page, read back: every figure with its way back to the cell, every rule, nothing fetched, nothing let in."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from orchestration.ledgers.money import MONEY_UNITS
from orchestration.reporting.charts import all_charts
from orchestration.reporting.document import write_document
from orchestration.reporting.fields import CLOSE, END, OPEN, Fields
from orchestration.reporting.forms import Form, build_forms
from orchestration.reporting.page import quantity_text, render_page
from orchestration.reporting.published import Published as Version
from orchestration.reporting.published import open_version
from tests.conftest import Published
from tests.pipeline.version import copy_of, rewrite

_VOID = frozenset({"meta", "link", "col", "br", "img", "input", "hr"})
_FETCHING = ("src", "href", "srcset", "action", "formaction", "poster", "data", "xlink:href", "background", "ping")


@dataclass
class Element:
    tag: str
    attributes: dict[str, str]
    text: str = ""
    inside: tuple[str, ...] = ()
    children: list[Element] = field(default_factory=list)

    @property
    def classes(self) -> list[str]:
        return self.attributes.get("class", "").split()


class Page(HTMLParser):
    """All elements of a page in order. A tag that is closed out of turn is an error."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[Element] = []
        self.open: list[Element] = []
        self.feed(html)
        assert not self.open, [element.tag for element in self.open]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        ids = tuple(element.attributes["id"] for element in self.open if "id" in element.attributes)
        element = Element(tag, {name: value or "" for name, value in attrs}, inside=ids)
        self.elements.append(element)
        if self.open:
            self.open[-1].children.append(element)
        if tag not in _VOID:
            self.open.append(element)

    def handle_endtag(self, tag: str) -> None:
        assert self.open, tag
        assert self.open[-1].tag == tag, (self.open[-1], tag)
        self.open.pop()

    def handle_data(self, data: str) -> None:
        for element in self.open:
            element.text += data

    def having(self, *attributes: str) -> Iterator[Element]:
        return (e for e in self.elements if all(name in e.attributes for name in attributes))

    def script(self, name: str) -> Any:
        (found,) = [e for e in self.elements if e.tag == "script" and e.attributes.get("id") == name]
        return json.loads(found.text)


def rendered(version: Version) -> str:
    fields = Fields(version)
    return render_page(fields, build_forms(fields), all_charts(fields))


@pytest.fixture(scope="module")
def version(published: Published) -> Version:
    return open_version(published.settings, 2024)


@pytest.fixture(scope="module")
def forms(version: Version) -> list[Form]:
    return build_forms(Fields(version))


@pytest.fixture(scope="module")
def html(version: Version) -> str:
    return rendered(version)


@pytest.fixture(scope="module")
def page(html: str) -> Page:
    return Page(html)


# --- figures --------------------------------------------------------------------------------------------------------


def read_back(text: str, unit: str, money: str) -> Decimal:
    """A printed figure as the published table holds it: yuan, ones, fractions."""
    number = Decimal(0) if text == "-" else Decimal(text.removesuffix("%").replace(",", ""))
    return {"yuan": number * MONEY_UNITS[money] / 100, "ratio": number / 100}.get(unit, number)


def is_rate(text: str, published: Decimal) -> bool:
    """Whether a percentage of two decimals is the quotient, which is published to six places."""
    return abs(Decimal(text.removesuffix("%")) / 100 - published) <= Decimal("0.0000505")


def test_every_figure_of_every_form_stands_there_with_its_address(page: Page, forms: list[Form]) -> None:
    shown = {e.attributes["data-place"]: e for e in page.having("data-place", "data-published") if "forms" in e.inside}
    expected = {
        form.place(r, c): (form, form.rows[r].cells[c].text, figure)
        for form in forms
        for r, c, figure in form.figures()
    }
    assert len(expected) > 500
    assert set(shown) == set(expected)
    for place, (form, text, figure) in expected.items():
        element = shown[place]
        assert element.text == text, place
        assert tuple(element.attributes["data-address"].split("\n")) == (figure.addresses or ("",)), place
        assert tuple(element.attributes["data-published"].split("\n")) == figure.place, place
        if figure.unit == "ratio":
            assert is_rate(text, figure.value), place
        elif figure.unit in ("yuan", "point", "count", "person"):
            assert read_back(text, figure.unit, form.money) == figure.value, place


def test_every_figure_that_is_shown_equals_the_published_table(page: Page, version: Version, forms: list[Form]) -> None:
    """By row and column of the table, and for totals and printed rates by address."""
    units = {form.id: form.money for form in forms}
    cells = {cell["address"]: cell for cell in version.tables["cell"]}
    looked_at = 0
    for element in page.having("data-published"):
        table, _, column = element.attributes["data-published"].split("\n")
        addresses = element.attributes["data-address"].split("\n")
        if table == "cell":
            published, unit = cells[addresses[0]]["value"], cells[addresses[0]]["unit"]
        else:
            row_address = addresses[0].rsplit("/", 1)[0]
            rows = [row for row in version.tables[table] if row.get("row_address") == row_address]
            if not rows:  # the scoring rules made it
                assert table in ("score_summary", "indicator_score")
                continue
            published = rows[0][column]
            unit = "ratio" if column in ("execution_rate", "completion_rate", "share") else cells[addresses[-1]]["unit"]
        money = next((units[name] for name in element.inside if name in units), element.text[-2:])
        bare = re.sub(r"[^\d.,%-]", "", element.text)
        if unit == "ratio":
            assert is_rate(bare, Decimal(published)), element
        else:
            assert read_back(bare, unit, money) == published, element
        looked_at += 1
    assert looked_at > 500


def test_every_address_can_be_looked_up(page: Page) -> None:
    known = {cell[0] for cell in page.script("facts")["cells"]}
    named = {a for e in page.having("data-address") for a in e.attributes["data-address"].split("\n") if a}
    assert named <= known


def test_a_corrected_figure_is_marked_and_its_note_stands_beneath(page: Page) -> None:
    (corrected,) = [e for e in page.elements if "corrected" in e.classes and "表3" in e.inside and "fig" in e.classes]
    assert corrected.text == "-362.69"
    assert corrected.attributes["data-address"] == "2024/hunan_hrss/project_expenditure/17/adjustment"
    assert "原列示为 -362.20" in corrected.attributes["data-note"]
    (note,) = [e for e in page.elements if "note" in e.classes and "表3" in e.inside]
    assert "原列示为 -362.20，更正为 -362.69" in note.text


def test_a_changed_figure_changes_wherever_it_is_shown(published: Published, tmp_path: Path) -> None:
    version = copy_of(published, tmp_path)
    changed = "case when expenditure_kind = 'total' then 123456789.00 else final_expenditure end as final_expenditure"
    rewrite(version, "department_summary", replace=changed)
    address = "2024/hunan_hrss/department_summary/total/final_expenditure"
    shown = [e.text for e in Page(rendered(version)).having("data-address") if e.attributes["data-address"] == address]
    assert len(shown) >= 4
    assert {text.removesuffix("万元") for text in shown} == {"12,345.6789"}


# --- forms as tables ------------------------------------------------------------------------------------------------


def test_every_form_is_a_whole_grid(page: Page, forms: list[Form]) -> None:
    """Spans fill each table exactly: as many cells as columns in every row."""
    for form in forms:
        (detail,) = [e for e in page.elements if e.tag == "details" and e.attributes.get("id") == form.id]
        rows = [e for e in page.elements if e.tag == "tr" and form.id in e.inside]
        assert detail.text.count(form.title) == 1
        taken: dict[tuple[int, int], Element] = {}
        for r, row in enumerate(rows):
            column = 0
            for cell in row.children:
                while (r, column) in taken:
                    column += 1
                for down in range(int(cell.attributes.get("rowspan", 1))):
                    for right in range(int(cell.attributes.get("colspan", 1))):
                        assert (r + down, column + right) not in taken, (form.id, r, column)
                        taken[r + down, column + right] = cell
        assert set(taken) == {(r, c) for r in range(len(form.rows)) for c in range(len(form.widths))}, form.id


def test_every_row_of_figures_says_what_it_is_the_row_of(page: Page, forms: list[Form]) -> None:
    heads = [e for e in page.elements if e.tag == "th"]
    assert all(head.attributes["scope"] in ("col", "colgroup", "row", "rowgroup") for head in heads)
    for row in (
        e for e in page.elements if e.tag == "tr" and any("n" in c.classes and c.text != "未提供" for c in e.children)
    ):
        assert any(cell.tag == "th" for cell in row.children), row.text


def test_what_the_ledgers_do_not_hold_is_never_a_zero(page: Page) -> None:
    gaps = [e for e in page.elements if "missing" in e.classes and e.tag == "span" and "forms" in e.inside]
    assert len(gaps) > 200
    assert {gap.text for gap in gaps} == {"未提供"}


# --- the wall, corrections, findings --------------------------------------------------------------------------------


def test_the_wall_has_every_rule_instance(page: Page, version: Version) -> None:
    shown = [(e.attributes["data-rule-id"], e.attributes["data-instance"], e.attributes["data-status"])
             for e in page.having("data-rule-id")]  # fmt: skip
    assert sorted(shown) == sorted((r["rule_id"], r["instance"], r["status"]) for r in version.tables["reconciliation"])


def test_a_square_finds_its_rule_and_the_rule_its_cells(page: Page, version: Version) -> None:
    facts = page.script("facts")
    sides: dict[tuple[str, str], set[tuple[str, str]]] = {}
    for row in version.tables["rule_cell"]:
        sides.setdefault((row["rule_id"], row["instance"]), set()).add((row["side"], row["address"]))
    for square in page.having("data-rule"):
        rule = facts["rules"][int(square.attributes["data-rule"])]
        key = (square.attributes["data-rule-id"], square.attributes["data-instance"])
        assert (rule[0], rule[1]) == key
        left, right = rule[-2:]
        found = {("left", facts["cells"][n][0]) for n in left} | {("right", facts["cells"][n][0]) for n in right}
        assert found == sides.get(key, set())


def test_no_status_is_told_by_colour_alone(page: Page) -> None:
    marks = {(e.attributes["data-status"], e.text) for e in page.having("data-rule-id")}
    assert len({mark for _, mark in marks}) == len({status for status, _ in marks}) == len(marks)


def test_a_published_year_says_that_nothing_is_suspect(page: Page) -> None:
    (section,) = [e for e in page.elements if e.attributes.get("id") == "suspects"]
    assert "没有疑点单元格" in section.text


def test_broken_rules_exceptions_and_suspects_are_shown(published: Published, tmp_path: Path) -> None:
    version = copy_of(published, tmp_path)
    rewrite(
        version,
        "reconciliation",
        replace="case when rule_id = 'score_total' then 'inconsistent' else status end as status",
    )
    rewrite(version, "finding", union="select 2024 as fiscal_year, 1 as fault, '合计对不上' as statement")
    rewrite(version, "suspect_cell", union="select 2024 as fiscal_year, 1 as fault, 1 as answer, 1 as rank, "
            "'2024/hunan_hrss/score_section/total/score' as address, "
            "'疑点 得分 列示为 96.48' as statement")  # fmt: skip
    rewrite(version, "accepted_exception", union="select 2024 as fiscal_year, 'score_total' as rule_id, "
            "'all' as instance, '分数另算' as reason, '会议纪要' as evidence, '某甲' as confirmed_by")  # fmt: skip
    page = Page(rendered(version))
    text = {e.attributes["id"]: e.text for e in page.elements if e.attributes.get("id") in ("suspects", "corrections")}
    assert "合计对不上" in text["suspects"]
    assert "疑点 得分 列示为 96.48" in text["suspects"]
    assert "没有疑点单元格" not in text["suspects"]
    assert "分数另算" in text["corrections"]
    assert "某甲" in text["corrections"]
    first = next(iter(page.having("data-rule-id")))
    assert (first.attributes["data-rule-id"], first.text) == ("score_total", "≠")  # the gravest comes first


def test_the_desk_begins_with_what_is_gravest_and_says_place_and_what_to_do(page: Page) -> None:
    """A kind of warning is one matter; every one of its places is listed beneath, each with its cells."""
    matters = [e for e in page.elements if "matter" in e.classes]
    assert len(matters) == 15
    assert "表3 第17行" in matters[0].text and "-362.20 → -362.69" in matters[0].text  # nobody has confirmed it
    (low,) = [e for e in matters if e.attributes["data-kind"] == "项目执行率不低于 80%"]
    assert "37 处中 17 处不符" in low.text and "压减下年预算" in low.text and "project_expenditure.csv G14" in low.text
    assert all("办法" in e.text for e in matters)
    named = {e.attributes["data-cell"] for e in page.having("data-cell")}
    shown = {e.attributes["data-address"] for e in page.having("data-published") if "forms" in e.inside}
    assert named and named <= shown, "a link to a cell that no table shows"
    choices = [e.text for e in page.elements if e.tag == "option"]
    assert "湖南省人民武装学校" in choices and "17 流动人员人事档案管理基本公共服务专项" in choices


def test_a_blocked_year_has_its_suspect_first_on_the_desk(published: Published, tmp_path: Path) -> None:
    version = copy_of(published, tmp_path)
    cell = "2024/hunan_hrss/project_expenditure/17/adjustment"
    rewrite(version, "reconciliation", replace="case when rule_id = 'budget_composition' and instance = "
            "'project_expenditure/17' then 'inconsistent' else status end as status")  # fmt: skip
    rewrite(version, "finding", union="select 2024 as fiscal_year, 1 as fault, '两条规则不成立' as statement")
    rewrite(version, "finding_rule", union="select 2024 as fiscal_year, 1 as fault, 1 as place, 'budget_composition' "
            "as rule_id, 'project_expenditure/17' as instance")  # fmt: skip
    rewrite(version, "suspect_cell", union=f"select 2024 as fiscal_year, 1 as fault, 1 as answer, 1 as rank, '{cell}' "
            "as address, '应在 -362.71 与 -362.67 之间' as statement")  # fmt: skip
    rewrite(version, "suspect_witness", union=f"select 2024 as fiscal_year, 1 as fault, 1 as answer, 1 as place, "
            f"'{cell}' as address, '表2 第5行 本年调整 列示为 -362.69' as witness")  # fmt: skip
    page = Page(rendered(version))
    first = next(e for e in page.elements if "matter" in e.classes)
    assert all(said in first.text for said in ("两条规则不成立", "应在 -362.71 与 -362.67 之间", "表2 第5行", "核对"))
    assert "raw/2024/hunan_hrss/project_expenditure.csv E20" in first.text
    assert "没有疑点单元格" not in next(e for e in page.elements if e.attributes.get("id") == "desk").text


def test_the_text_of_the_report_stands_on_the_page_with_its_figures_traced(version: Version) -> None:
    fields = Fields(version)
    forms = build_forms(fields)
    written = write_document(fields, forms, None)
    page = Page(render_page(fields, forms, all_charts(fields), written.body))
    (text,) = [e for e in page.elements if e.attributes.get("id") == "text"]
    chapters = [e.text for e in page.elements if "chapter" in e.classes]
    assert [chapter[0] for chapter in chapters] == list("一二三四五六七八九十")
    assert all(
        said in text.text for said in ("主要职能", "网办事项", "存在的问题", "下一步改进措施", "表3　项目支出明细表")
    )
    places = [e.attributes["data-place"] for e in page.having("data-place", "data-published") if "text" in e.inside]
    in_text = [each.place for each in written.printed if "#" in each.place]
    assert places == [place for place in in_text if place in set(places)] and len(places) > 150
    assert len(in_text) - len(places) <= 2, "figures of the signature and of headers alone stand elsewhere"


@pytest.mark.parametrize(
    ("value", "unit", "is_difference", "said"),
    [
        (Decimal("134481900"), "yuan", False, "13,448.19 万元"),
        (Decimal("0.000051466"), "ratio", True, "0.0051466 个百分点"),
        (Decimal("0.865973"), "ratio", False, "86.5973%"),
        (Decimal("20172"), "date", False, date(2025, 3, 25).isoformat()),
        (Decimal("-7"), "date", True, "-7 天"),
        (Decimal("338"), "person", False, "338 人"),
        (None, None, False, "—"),
    ],
)
def test_a_side_is_said_exactly(value: Decimal | None, unit: str | None, is_difference: bool, said: str) -> None:
    assert quantity_text(value, unit, "万元", is_difference=is_difference) == said


# --- one file, for ever the same, that lets nothing in --------------------------------------------------------------


def test_nothing_is_fetched(page: Page, html: str) -> None:
    for element in page.elements:
        for name in _FETCHING:
            target = element.attributes.get(name, "#")
            assert target.startswith(("#", "data:")), (element.tag, target)
    styles = [e.text for e in page.elements if e.tag == "style"] + [e.attributes["style"] for e in page.having("style")]
    assert not any("url(" in style or "@import" in style for style in styles)
    assert not [e for e in page.elements if e.tag in ("iframe", "object", "embed", "img", "base")]
    assert "$schema" not in json.dumps(page.script("specs"))
    (policy,) = [e.attributes["content"] for e in page.having("http-equiv")]
    assert policy.startswith("default-src 'none'")
    assert "connect-src" not in policy
    assert len(html.encode()) < 2_000_000


def test_no_mark_of_the_templates_is_left(html: str) -> None:
    assert not set(html) & {OPEN, CLOSE, END}


def test_hostile_text_stays_text(published: Published, tmp_path: Path) -> None:
    hostile = "</script><script>alert(1)</script><img src=x onerror=alert(1)>\"'&<!--"
    version = copy_of(published, tmp_path)
    quoted = hostile.replace("'", "''")
    rewrite(version, "cell", replace=f"row_label || '{quoted}' as row_label, file || '{quoted}' as file")
    rewrite(version, "project_expenditure", replace=f"project_name || '{quoted}' as project_name")
    rewrite(version, "reconciliation", replace=f"'{quoted}' as statement, title || '{quoted}' as title")
    rewrite(version, "correction", replace=f"'{quoted}' as reason, '{quoted}' as evidence")
    rewrite(version, "ledger_source", replace=f"'{quoted}' as department")
    page = Page(rendered(version))
    assert not [e for e in page.elements if e.tag == "img"]
    assert len([e for e in page.elements if e.tag == "script"]) == 8  # four of the content, four of the aids behind it
    assert not [name for e in page.elements for name in e.attributes if name.startswith("on")]
    assert page.script("facts")["rules"][0][5] == hostile
    assert any(hostile in e.text for e in page.elements if e.tag == "h3" or e.tag == "p")


def test_the_same_version_gives_the_same_bytes(published: Published, html: str) -> None:
    """Also in another process, where names hash otherwise."""
    code = """if True:
        import sys
        from pathlib import Path
        from orchestration.reporting.charts import all_charts
        from orchestration.reporting.fields import Fields
        from orchestration.reporting.forms import build_forms
        from orchestration.reporting.page import render_page
        from orchestration.reporting.published import open_version
        from orchestration.base.settings import Settings
        there = Settings(department="hunan_hrss", home=Path(sys.argv[1]), raw=Path(sys.argv[2]))
        fields = Fields(open_version(there, 2024))
        sys.stdout.buffer.write(render_page(fields, build_forms(fields), all_charts(fields)).encode())
    """
    settings = published.settings
    made = subprocess.run(
        [sys.executable, "-c", code, str(settings.home), str(settings.raw)],
        env={**os.environ, "PYTHONHASHSEED": "7"}, capture_output=True, check=True, timeout=120,
    )  # fmt: skip
    assert made.stdout == html.encode()
