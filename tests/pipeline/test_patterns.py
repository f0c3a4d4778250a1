"""Rows and columns out of place in the real 2024 ledgers: what a check says of them, in every place where it speaks."""

from __future__ import annotations

import csv
import io
import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from expectations.suites.year import SUITES
from orchestration.base.settings import ROOT, Settings
from orchestration.cli.summary import as_json, show_summary
from orchestration.explanation.explain import explain
from orchestration.explanation.export import as_json as explained_as_json
from orchestration.explanation.screen import show
from orchestration.warehouse.check import CheckResult, check_paths

Table = list[list[str]]
SEED = 3


def rewritten(path: Path, change: Callable[[Table], Table]) -> None:
    """Change the rows of a csv file."""
    rows = list(csv.reader(io.StringIO(path.read_text(encoding="utf-8"))))
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(change(rows))
    path.write_text(text.getvalue(), encoding="utf-8")


def checked(raw: Path, folder: Path) -> CheckResult:
    return check_paths(
        Settings(department="hunan_hrss", home=folder / "home", raw=raw),
        [raw / "2024" / "hunan_hrss"],
        folder / "check",
    )


def patterns(found: CheckResult) -> dict[str, str]:
    rows = found.build.rows("select distinct pattern_kind, pattern from finding where pattern is not null")
    return {row["pattern"]: row["pattern_kind"] for row in rows}


def line(table: Table, number: str) -> int:
    return next(n for n, row in enumerate(table) if row[0] == number)


def drawn(count: int) -> list[str]:
    """Rows of table 3 that print a final expenditure of their own and have no correction, drawn by the seed."""
    return random.Random(SEED).sample([str(n) for n in range(1, 37) if n not in (10, 17, 32)], count)


@pytest.mark.parametrize("number", drawn(2))
def test_a_row_that_is_left_out_of_table_3_is_named_with_its_figures(raw: Path, tmp_path: Path, number: str) -> None:
    lost: list[str] = []

    def leave_out(table: Table) -> Table:
        lost.extend(table.pop(line(table, number)))
        return table

    rewritten(raw / "2024" / "hunan_hrss" / "project_expenditure.csv", leave_out)
    found = checked(raw, tmp_path)
    ((sentence, kind),) = patterns(found).items()
    assert kind == "row_missing"
    assert sentence.startswith(f"像是表3缺了一行（缺的是 {number}）：其数应为 ")
    assert all(name in sentence for name in ("预算资金", "决算支出"))
    assert found.build.rows("from finding where pattern is null and severity = 'error' and answers > 0") == []


@pytest.mark.parametrize("number", drawn(2))
def test_a_row_that_is_printed_twice_is_named(raw: Path, tmp_path: Path, number: str) -> None:
    def double(table: Table) -> Table:
        again = ["38", *table[line(table, number)][1:]]
        return [*table[:-1], again, table[-1]]

    rewritten(raw / "2024" / "hunan_hrss" / "project_expenditure.csv", double)
    assert patterns(checked(raw, tmp_path)) == {f"像是表3第{number}行与第38行重复（同一行列示两次）": "row_duplicated"}


def exchanged(table: Table, one: tuple[int, int], other: tuple[int, int]) -> None:
    (a, b), (c, d) = one, other
    table[a][b], table[c][d] = table[c][d], table[a][b]


def test_rows_whose_figures_are_exchanged_are_named(raw: Path, tmp_path: Path) -> None:
    def swap(table: Table) -> Table:
        one, other = (
            next(n for n, row in enumerate(table) if row[0] == key[0] and row[3] == key[1])
            for key in (("企业职工基本养老保险", "利息收入"), ("工伤保险", "工伤保险支出"))
        )
        for column in (4, 5, 6):
            exchanged(table, (one, column), (other, column))
        return table

    rewritten(raw / "2024" / "hunan_hrss" / "fund_statement.csv", swap)
    ((sentence, kind),) = patterns(checked(raw, tmp_path)).items()
    assert kind == "rows_swapped" and "利息收入" in sentence and "工伤保险支出" in sentence and "数字互换" in sentence


def test_two_columns_of_two_rows_that_are_exchanged_are_named(raw: Path, tmp_path: Path) -> None:
    def swap(table: Table) -> Table:
        for column in (2, 4):
            exchanged(table, (line(table, "2"), column), (line(table, "13"), column))
        return table

    rewritten(raw / "2024" / "hunan_hrss" / "project_expenditure.csv", swap)
    ((sentence, kind),) = patterns(checked(raw, tmp_path)).items()
    assert kind == "rows_partly_swapped"
    assert sentence.startswith("像是表3第2行与第13行的 上年结转、本年调整 互换")


def test_two_columns_exchanged_in_a_whole_ledger_are_told_as_one(raw: Path, tmp_path: Path) -> None:
    def swap(table: Table) -> Table:
        for n in range(3, len(table)):
            exchanged(table, (n, 2), (n, 4))
        return table

    rewritten(raw / "2024" / "hunan_hrss" / "project_expenditure.csv", swap)
    corrections = raw / "2024" / "hunan_hrss" / "corrections.csv"  # its printed value stands in another column now
    corrections.write_text(corrections.read_text(encoding="utf-8").splitlines()[0] + "\n", encoding="utf-8")
    rewritten(
        raw / "2024" / "hunan_hrss" / "project_expenditure.csv",
        lambda table: [[cell.replace("-362.20", "-362.69") for cell in row] for row in table],
    )
    assert patterns(checked(raw, tmp_path)) == {"像是表3 上年结转 与 本年调整 两栏互换": "columns_swapped"}


def test_two_columns_exchanged_in_one_row_are_named(raw: Path, tmp_path: Path) -> None:
    def swap(table: Table) -> Table:
        exchanged(table, (line(table, "13"), 2), (line(table, "13"), 4))
        return table

    rewritten(raw / "2024" / "hunan_hrss" / "project_expenditure.csv", swap)
    build = checked(raw, tmp_path).build
    (finding,) = build.rows("from finding")
    said = "像是表3第13行 上年结转 与 本年调整 互换"
    assert (finding["pattern_kind"], finding["pattern"]) == ("columns_swapped_in_row", said)
    assert finding["statement"] == f"2 条规则不成立；{said}；若不是，改动最少的答案有 37 种，单凭数字分不出是哪一种"
    assert len({row["answer"] for row in build.rows("from suspect_cell")}) == 37


@pytest.fixture(scope="module")
def without_row_9(tmp_path_factory: pytest.TempPathFactory) -> CheckResult:
    folder = tmp_path_factory.mktemp("patterns")
    raw = Path(shutil.copytree(ROOT / "raw", folder / "raw"))
    path = raw / "2024" / "hunan_hrss" / "project_expenditure.csv"
    rewritten(path, lambda table: [row for row in table if row[0] != "9"])
    return checked(raw, folder)


SAID = (
    "像是表3缺了一行（缺的是 9）：其数应为 年初预算 约 217.29 万元、本年调整 约 159.01 万元、"
    "预算资金 约 376.28 万元、决算支出 约 286.78 万元"
)  # it printed 217.30, 159.00, 376.30 and 286.78: the sums of 36 rounded rows tell it so far and no further


def test_faults_of_one_pattern_are_told_as_one(without_row_9: CheckResult) -> None:
    first, second = without_row_9.build.rows("from finding order by fault")
    assert first["pattern"] == second["pattern"] == SAID
    assert f"；{SAID}（与第 2 处发现同为一事）；若不是，改动最少的答案有 " in first["statement"]
    assert f"；{SAID}（与第 1 处发现同为一事）；若不是，改动最少的答案有 35 种" in second["statement"]


def test_the_summary_and_the_json_tell_a_pattern(without_row_9: CheckResult) -> None:
    console = Console(record=True, width=300)
    show_summary(console, without_row_9.build)
    text = console.export_text()
    assert text.count(SAID) == 1 and "（合 2 处发现）" in text
    said: list[dict[str, Any]] = as_json(2024, "hunan_hrss", without_row_9.build, None, [])["findings"]
    assert [finding["pattern"] for finding in said] == [SAID, SAID]


def test_the_gate_tells_a_pattern_in_place_of_its_many_cells(without_row_9: CheckResult) -> None:
    (suite,) = [suite for suite in SUITES if suite.name == "rules_hold"]
    rows = without_row_9.build.rows(suite.query)
    assert {row["suspects"] for row in rows if row["status"] == "inconsistent"} == {SAID}


def test_explaining_a_cell_tells_the_pattern_of_its_broken_rules(without_row_9: CheckResult, tmp_path: Path) -> None:
    settings = Settings(department="hunan_hrss", home=tmp_path, raw=ROOT / "raw")
    shutil.copytree(without_row_9.build.folder, settings.build(2024))
    console = Console(record=True, width=300)
    concerned = explain(settings, "2024/hunan_hrss/project_expenditure/total/final_expenditure")
    show(console, concerned)
    assert concerned.patterns == [SAID] == explained_as_json(concerned)["patterns"]
    assert f"发现  {SAID}" in console.export_text()
    assert explain(settings, "2024/hunan_hrss/unit_basic_expenditure/total/adjustment").patterns == []


@pytest.mark.parametrize(
    ("file", "before", "after"),
    [
        ("project_expenditure.csv", '"4,641.52"', '"4,691.52"'),
        ("project_expenditure.csv", "28.05,128.95,,157.00", "28.05,182.95,,157.00"),
        ("unit_project_expenditure.csv", "25.56,245.85", "25.56,24585"),
        ("fund_statement.csv", "29.65,34.07", "29.65,43.07"),
    ],
)
def test_a_slip_in_a_single_cell_is_no_pattern(raw: Path, tmp_path: Path, file: str, before: str, after: str) -> None:
    path = raw / "2024" / "hunan_hrss" / file
    text = path.read_text(encoding="utf-8")
    assert text.count(before) == 1
    path.write_text(text.replace(before, after), encoding="utf-8")
    found = checked(raw, tmp_path)
    assert found.broken > 0 and patterns(found) == {}
