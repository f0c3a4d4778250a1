"""Nothing of the published 2024 report is lost: every fact that the ledgers hold has a place in the text."""

from __future__ import annotations

import csv
import re

from orchestration.base.settings import ROOT
from orchestration.reporting.forms import read_forms

YEAR = ROOT / "raw" / "2024" / "hunan_hrss"


def test_every_fact_of_the_year_is_named_by_its_narrative() -> None:
    text = (YEAR / "narrative.yml").read_text(encoding="utf-8")
    with (YEAR / "performance_fact.csv").open(encoding="utf-8-sig", newline="") as file:
        facts = [row["事实"] for row in csv.DictReader(file)]
    lost = [fact for fact in facts if f"履职成效.{re.sub(r'[^0-9A-Za-z_一-鿿]', '', fact)} }}}}" not in text]
    assert len(facts) == 80 and not lost


def test_the_decrees_and_every_office_and_unit_are_named() -> None:
    text = (YEAR / "narrative.yml").read_text(encoding="utf-8")
    assert "湘财绩〔2025〕2号" in text and "湘财绩〔2020〕7号" in text and "{{ 名单.内设处室 }}" in text
    for short in (
        "厅机关",
        "省社保中心",
        "省城乡居保中心",
        "省机关事保中心",
        "人力资源中心",
        "省就业中心",
        "省人武学校",
    ):
        assert f"简称“{short}”" in text


def test_each_section_of_the_source_is_held_and_shown_and_none_is_lost() -> None:
    """The table of docs/report-content.md: filled line by line, naming files that are there and every file there is."""
    text = (ROOT / "docs" / "report-content.md").read_text(encoding="utf-8")
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line.startswith("| ")
    ]
    lines = [row for row in rows if row[0] not in ("source section", "---")]
    assert len(lines) >= 20 and all(len(row) == 3 and all(row) for row in lines)
    assert not re.search(r"\blost\b", " ".join(" ".join(row) for row in lines))
    sections = " ".join(row[0] for row in lines)
    assert all(
        number in sections
        for number in ("引言", "一（一）", "二 ", "三 ", "四", "六 ", "七（一）", "八 ", "九 ", "十 ")
    )
    named = set(re.findall(r"`([\w.]+\.(?:csv|yml))`", text))
    held = {path.name for path in YEAR.glob("*.csv")} - {"names.csv"}  # other names of what the ledgers hold
    assert {name for name in named if not (YEAR / name).is_file()} == set()
    assert held - named == set(), "a ledger that no line of the table names"
    forms = {form["id"] for form in read_forms() for form in form.get("copies", [form])}
    shown = {
        int(n)
        for first, last in re.findall(r"附件(\d+)-?(\d*)", text)
        for n in range(int(first), int(last or first) + 1)
    }
    assert {f"附件{n}" for n in shown} == {form for form in forms if form.startswith("附件")}
