"""A year whose form holds every target and outcome of the public table is built; each indicator has points, a band of
points, or the reason why it has none.
"""

from __future__ import annotations

from pathlib import Path

from orchestration.base.settings import ROOT
from orchestration.ledgers.contract import read_contracts
from orchestration.ledgers.reader import read_year
from orchestration.rules.compiler import compile_rules
from orchestration.rules.model import read_rules
from orchestration.warehouse import compiled
from orchestration.warehouse.build import Build
from orchestration.warehouse.landing import land, raw_tables
from tests.forms import Form, write_workbook
from tests.forms.indicators import PUBLIC


def test_no_public_form_stops_a_year(tmp_path: Path) -> None:
    rows = tuple(
        ("产出指标", "数量指标", f"第{n}项指标", target, outcome, 1, 1, None)
        for n, (target, _, outcome, _) in enumerate(PUBLIC)
    )
    form = Form(
        "部门整体支出绩效自评表",
        (("年度资金总额", 10, 10, 10, 10, "100%", 10),),
        ("", ""),
        rows,
        (len(rows), len(rows)),
    )
    folder = tmp_path / "2024"
    write_workbook(folder / "自评表.xlsx", [form])
    said = "".join(f"  - {{file: 自评表.xlsx, ledger: evaluation_{name}}}\n" for name in ("indicator", "funding"))
    (folder / "sources.yml").write_text(f"year: 2024\nrequired: []\nfiles:\n{said}", "utf-8")
    year = read_year(folder, 2024, read_contracts(ROOT / "raw" / "contracts"))
    book = compile_rules(read_rules(ROOT / "expectations" / "rules"), year.contracts, 2024, cells=year.cells)
    build = Build(2024, tmp_path)
    land(build.warehouse, raw_tables(year, book, []))
    compiled.build(build.warehouse, None, tests=False)
    found = {
        row["level3"]: row
        for row in build.rows("select level3, computed_score, not_judged, band_floor from int_indicator_computed")
    }
    assert len(found) == len(PUBLIC)
    for n, (target, meant, outcome, reached) in enumerate(PUBLIC):
        row = found[f"第{n}项指标"]
        judged = not row["not_judged"]
        assert not judged or row["computed_score"] is not None or row["band_floor"] is not None, (target, outcome, row)
        if "words" not in meant and "words" not in reached and ": " not in reached and ".." not in meant + reached:
            late = row["not_judged"] == "没有达到指标值，评分办法没有定如何扣分"
            assert judged or late, (target, outcome, row)
        if ": " in meant + reached:
            assert not judged, (target, outcome, row)
