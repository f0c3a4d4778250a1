"""Nothing of the published 2024 report is lost: every fact that the ledgers hold has a place in the text."""

from __future__ import annotations

import csv
import re

from orchestration.base.settings import ROOT

YEAR = ROOT / "raw" / "2024"


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
