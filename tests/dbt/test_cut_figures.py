"""A table whose figures were cut behind 万元, and not rounded: clean as such, and each slip of one unit that its rules
can tell is found at its cell. Read as if it were rounded, it gives false alarms.
"""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Callable, Mapping
from decimal import ROUND_DOWN, Decimal
from typing import Any

import pytest
import yaml

from orchestration.cli.sides import places_of, sides_of
from orchestration.cli.summary import SUSPECTS
from orchestration.explanation.source import TableSource, kept_of
from orchestration.explanation.surroundings import JUDGED, read_surroundings
from orchestration.ledgers.contract import Contract
from orchestration.ledgers.corrections import Correction, read_corrections
from orchestration.ledgers.reader import Ledger, Year
from orchestration.ledgers.sources import Source, Sources
from orchestration.ledgers.spreadsheet import Grid
from orchestration.ledgers.table import read_table
from orchestration.localisation.solver.exact import exact
from orchestration.localisation.solver.network import holds
from orchestration.rules.compiler import compile_rules
from orchestration.rules.model import Rule
from orchestration.warehouse import compiled
from orchestration.warehouse.build import Build
from orchestration.warehouse.landing import land, raw_tables
from orchestration.warehouse.suspects import write_suspects

CONTRACT = """
ledger: allocation
title: 资金分配表
short: 分配
unit: 万元
rounding: cut
keys: [{name: unit_name, header: 单位}]
measures:
  - {name: carried, header: 上年结转}
  - {name: granted, header: 本年安排}
  - {name: returned, header: 本年收回}
  - {name: total, header: 合计数}
  - {name: paid, header: 支出}
  - {name: rate, header: 进度, kind: ratio}
"""
RULES = """
- {id: column, title: 合计, for: {m: [carried, granted, returned, total, paid]},
   check: "allocation/total/{m} = sum(allocation/*/{m})"}
- {id: row, title: 各行,
   check: "allocation/{u}/total = allocation/{u}/carried + allocation/{u}/granted + allocation/{u}/returned"}
- {id: progress, title: 进度, check: "allocation/{u}/rate = allocation/{u}/paid / allocation/{u}/total"}
- {id: within, title: 不超, check: "allocation/{u}/paid <= allocation/{u}/total"}
"""
HEADER = ["单位", "上年结转", "本年安排", "本年收回", "合计数", "支出", "进度"]
ROWS = 24
Rows = dict[tuple[str, str], dict[str, Any]]


def cut(fen: int) -> str:
    """What is left of an amount in 万元."""
    return f"{(Decimal(fen) / 10**6).quantize(Decimal(1), rounding=ROUND_DOWN):,}"


def table() -> list[list[str]]:
    """True amounts to the fen, mostly just below a whole 万元, returned ones below zero; all added up, and then cut."""
    draw = random.Random(20241231)
    true = []
    for n in range(ROWS):
        carried, granted = (draw.randrange(most) * 10**6 + draw.randrange(8 * 10**5, 10**6) for most in (1000, 10000))
        returned = -draw.randrange(10**5, 10**8) if n % 3 else 0
        whole = carried + granted + returned
        true.append([carried, granted, returned, whole, whole if n == 5 else whole * draw.randrange(50, 100) // 100])
    true.append([sum(column) for column in zip(*true, strict=True)])
    rows = [HEADER]
    for n, amounts in enumerate(true):
        rate = (Decimal(amounts[4]) / amounts[3] * 100).quantize(Decimal("0.01"), rounding=ROUND_DOWN)
        rows.append([f"单位{n + 1}" if n < ROWS else "合计", *map(cut, amounts), f"{rate}%"])
    return rows


def with_text(place: str, change: Callable[[str], str]) -> list[list[str]]:
    rows = table()
    row, column = int(place[1:]) - 1, ord(place[0]) - ord("A")
    rows[row][column] = change(rows[row][column])
    return rows


def plus(units: int) -> Callable[[str], str]:
    return lambda text: f"{int(text.replace(',', '')) + units:,}"


VARIANTS: Mapping[str, tuple[str, list[list[str]]]] = {
    "cut": ("cut", table()),
    "rounded": ("half_up", table()),
    # One row's total 3 units up: its three parts explain at most 2 and a fraction.
    "row": ("cut", with_text("E9", plus(3))),
    # 支出 one digit wrong: its column and its rate.
    "paid": ("cut", with_text("F12", lambda text: text[:-1] + str((int(text[-1]) + 5) % 10))),
    # Parts that were cut are no more than their whole: one unit too low is a slip, however many parts there are.
    "low": ("cut", with_text(f"B{ROWS + 2}", plus(-ROWS))),
    "rate": ("cut", with_text("G7", lambda text: "99.90%")),  # 支出 is all there was: 100.00%
}


def year_of(rounding: str, rows: list[list[str]], number: int) -> Year:
    contract = Contract.model_validate(yaml.safe_load(CONTRACT) | {"rounding": rounding})
    cells = read_table(Grid("分配.csv", "", rows, marks={"E9": "划了删除线"}), contract, number).cells
    ledger = Ledger(contract, Source(file="分配.csv", ledger="allocation"), "", tuple(cells))
    return Year(number, Sources(year=number), {"allocation": ledger})


def tables_of(year: Year, corrections: list[Correction]) -> dict[str, list[dict[str, Any]]]:
    rules = [Rule.model_validate(rule) for rule in yaml.safe_load(RULES)]
    return raw_tables(year, compile_rules(rules, year.contracts, year.year, cells=year.cells), corrections)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Build:
    years = {
        name: year_of(rounding, rows, 2024 + 10 * n) for n, (name, (rounding, rows)) in enumerate(VARIANTS.items())
    }
    years["corrected"] = year_of("cut", VARIANTS["row"][1], 2024 + 10 * len(years))
    path = tmp_path_factory.mktemp("notes") / "corrections.csv"
    path.write_text(
        "地址,印出数,更正数,理由,证据,依据,确认人\n"
        f'{years["corrected"].year}/allocation/单位8/total,"{VARIANTS["row"][1][8][4]}","{table()[8][4]}",录入,原件,derived,\n',
        encoding="utf-8",
    )
    corrections = read_corrections(path, years["corrected"])
    build = Build(2024, tmp_path_factory.mktemp("cut"))
    land(
        build.warehouse,
        *(tables_of(year, corrections if name == "corrected" else []) for name, year in years.items()),
    )
    compiled.build(build.warehouse, ["reconciliation", "cell"], tests=False)
    return build


def number_of(name: str) -> int:
    return 2024 + 10 * [*VARIANTS, "corrected"].index(name)


def judged(build: Build, name: str) -> Rows:
    return {
        (row["rule_id"], row["instance"]): row
        for row in build.rows("from reconciliation")
        if row["fiscal_year"] == number_of(name)
    }


def broken(rows: Rows) -> set[tuple[str, str]]:
    return {name for name, row in rows.items() if row["status"] not in ("consistent", "rounding", "corrected")}


def test_what_was_cut_is_clean_and_a_false_alarm_read_as_rounded(built: Build) -> None:
    rows = judged(built, "cut")
    assert len(rows) == 5 + 3 * (ROWS + 1)
    assert broken(rows) == set()
    assert "在舍去尾数的尾差范围内" in rows["column", "granted"]["statement"]
    alarms = broken(judged(built, "rounded"))
    assert {("column", m) for m in ("carried", "granted", "total")} <= alarms
    assert len(alarms) > 5


@pytest.mark.parametrize(
    ("variant", "found"),
    [
        ("row", {("row", "单位8"), ("progress", "单位8")}),
        ("paid", {("progress", "单位11")}),
        ("low", {("column", "carried"), ("row", "total")}),
        ("rate", {("progress", "单位6")}),
    ],
)
def test_a_slip_breaks_the_rules_that_can_tell(built: Build, variant: str, found: set[tuple[str, str]]) -> None:
    rows = judged(built, variant)
    assert broken(rows) <= found
    assert broken(rows)


def test_what_a_cut_explains_lies_on_one_side(built: Build) -> None:
    """Parts that were cut may fall short of their total by a unit less a fen each; above it by the total's own."""
    row = judged(built, "row")["row", "单位8"]
    assert row["status"] == "inconsistent"
    assert "舍去尾数只能解释" in row["statement"]
    carried = judged(built, "low")["column", "carried"]
    assert carried["difference"] < 0
    assert carried["allowed"] == Decimal("9999.99")


def test_a_correction_is_cut_as_its_column_is(built: Build) -> None:
    rows = judged(built, "corrected")
    assert rows["row", "单位8"]["status"] == "corrected"
    assert broken(rows) == set()


def test_the_network_sees_what_the_judge_sees(built: Build) -> None:
    """Every instance of every variant: broken for the judge where no values within the intervals satisfy it."""
    for name in VARIANTS:
        source = TableSource(number_of(name), "build", built.warehouse, JUDGED)
        addresses = [row["address"] for row in built.rows("from raw.cell") if row["fiscal_year"] == number_of(name)]
        around = read_surroundings(source, addresses)
        spans = {address: (exact(cell.low), exact(cell.high)) for address, cell in around.cells.items()}
        for instance in around.instances:
            assert instance.relation is not None
            assert holds(instance.relation, spans) == (instance.status != "inconsistent"), (name, instance)


@pytest.mark.parametrize(("variant", "address"), [("row", "单位8/total"), ("rate", "单位6/rate")])
def test_a_slip_is_found_at_its_cell(built: Build, variant: str, address: str) -> None:
    build = dataclasses.replace(built, year=number_of(variant))
    write_suspects(build)
    first = [row for row in build.rows("from suspect_cell where rank = 1") if row["fiscal_year"] == build.year]
    assert f"{build.year}/allocation/{address}" in [row["address"] for row in first]


def test_what_a_file_says_of_a_cell_is_said_in_the_message(built: Build) -> None:
    """The wrong total is struck out in its file: the suspect and the side of the broken rule say so, with place."""
    build = dataclasses.replace(built, year=number_of("row"))
    write_suspects(build)
    suspects = {row["address"]: row for row in build.rows(SUSPECTS) if row["fiscal_year"] == build.year}
    found = suspects[f"{build.year}/allocation/单位8/total"]
    assert (found["file"], found["sheet"], found["cell"]) == ("分配.csv", "", "E9")
    assert "（该格划了删除线）" in found["statement"]
    assert places_of(sides_of(build)["row", "单位8"]).startswith("分配.csv E9（划了删除线）")


def test_an_explanation_knows_what_the_file_says_of_a_cell_and_that_it_was_cut(built: Build) -> None:
    for name, at, kept in (("row", "单位8/total", ("划了删除线", "cut")), ("rounded", "单位7/total", ("", "half_up"))):
        source = TableSource(number_of(name), "build", built.warehouse, JUDGED)
        assert kept_of(source, {"address": f"{number_of(name)}/allocation/{at}"}) == kept
