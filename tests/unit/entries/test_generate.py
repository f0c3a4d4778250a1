"""Synthetic entries: their sums lie within every printed interval at once, and every fault is where its key says."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from orchestration.base.problems import InputError
from orchestration.cli.main import app
from orchestration.entries.contract import EntryContract
from orchestration.synthetic.generate import FORMATS, GeneratedEntries, generate
from orchestration.synthetic.plan import FAULTS, PlanError, make_plan
from orchestration.synthetic.targets import KINDS, ReportedYear, Target, spread

from .conftest import ENTRIES, SEED, YEAR


def plain(folder: Path) -> duckdb.DuckDBPyConnection:
    """The written files under their own headers, read by DuckDB and nothing of ours."""
    connection = duckdb.connect()
    for name in ("budget_entry", "fund_entry"):
        connection.execute(
            f"create table {name} as select * replace (金额::decimal(18, 2) as 金额) "
            f"from read_csv('{folder}/{name}/*', all_varchar = true)"
        )
    return connection


def sums(connection: duckdb.DuckDBPyConnection, query: str) -> dict[tuple[str, ...], Decimal]:
    """Keys of a grouped query -> its sum in fen."""
    return {tuple(row[:-1]): row[-1] * 100 for row in connection.execute(query).fetchall()}


def within(printed: ReportedYear, address: str, fen: Decimal) -> bool:
    (cell,) = [q for q in printed.quantities if q.address == f"{YEAR}/hunan_hrss/{address}"]
    return cell.low <= fen <= cell.high


WORDS = {"carryover": "上年结转", "initial_budget": "年初预算", "adjustment": "本年调整", "final_expenditure": "支出"}
BY_KEY = {
    "unit_basic_expenditure": ("单位名称", "基本支出"),
    "unit_project_expenditure": ("单位名称", "项目支出"),
    "project_expenditure": ("项目序号", "项目支出"),
    "category_expenditure": ("支出类别", "项目支出"),
}
CATEGORIES = {
    "业务工作经费": "operations",
    "其他事业发展资金": "development",
    "运行维护经费": "maintenance",
    "省级专项资金": "special",
}
FUNDS = {
    "企业职工基本养老保险": "enterprise_pension",
    "机关事业单位基本养老保险": "institution_pension",
    "城乡居民基本养老保险": "resident_pension",
    "工伤保险": "work_injury",
    "失业保险": "unemployment",
}


def printed_sums(folder: Path) -> dict[str, Decimal]:
    """Every printed cell that entries sum to, as hand-written SQL computes it: address without the year -> fen."""
    connection = plain(folder)
    found: dict[str, Decimal] = {}
    for ledger, (key, kind) in BY_KEY.items():
        for measure, word in WORDS.items():
            rows = sums(
                connection,
                f"select {key}, sum(金额) from budget_entry "
                f"where 支出性质 = '{kind}' and 业务类型 = '{word}' group by 1",
            )
            for (row,), fen in rows.items():
                found[f"{ledger}/{CATEGORIES.get(row, row)}/{measure}"] = fen
            if ledger != "category_expenditure":
                found[f"{ledger}/total/{measure}"] = sum(rows.values(), Decimal(0))
        for row in {address.split("/")[1] for address in found if address.startswith(f"{ledger}/")}:
            parts = [found.get(f"{ledger}/{row}/{measure}", Decimal(0)) for measure in KINDS]
            found[f"{ledger}/{row}/total_budget"] = sum(parts[:3], Decimal(0))
            if ledger.startswith("unit"):
                found[f"{ledger}/{row}/balance"] = sum(parts[:3], Decimal(0)) - parts[3]
    for measure in (*KINDS, "total_budget"):
        basic = found[f"unit_basic_expenditure/total/{measure}"]
        project = found[f"unit_project_expenditure/total/{measure}"]
        for row, fen in (("basic", basic), ("project", project), ("total", basic + project)):
            found[f"department_summary/{row}/{measure}"] = fen
    sides = {"收入": "income", "支出": "expenditure"}
    query = "select 险种, 收支, 项目, sum(金额) from fund_entry group by all"
    for (fund, side, item), fen in sums(connection, query).items():
        row = f"fund_statement/{FUNDS[fund]}:{sides[side]}"
        found[f"{row}:total/actual"] = found.get(f"{row}:total/actual", Decimal(0)) + fen
        if item != "未分项":
            found[f"{row}:{item}/actual"] = fen
    return found


def test_the_sums_lie_within_every_printed_interval_at_once(synthetic: GeneratedEntries, printed: ReportedYear) -> None:
    found = printed_sums(synthetic.folder)
    known = {q.address.removeprefix(f"{YEAR}/hunan_hrss/"): q for q in printed.quantities}
    outside = {address: fen for address, fen in found.items() if address in known and not within(printed, address, fen)}
    assert outside == {}
    ledgers = {*BY_KEY, "department_summary", "fund_statement"}
    measures = {*KINDS, "total_budget", "balance", "actual"}
    missed = {
        address for address, q in known.items()
        if q.ledger in ledgers and q.measure in measures and q.value != 0 and address not in found
    }  # fmt: skip
    assert missed <= {"department_summary/basic/balance", "department_summary/project/balance"}
    assert len([address for address in found if address in known]) > 250


def test_rates_printed_beside_them_hold_too(synthetic: GeneratedEntries, printed: ReportedYear) -> None:
    found = printed_sums(synthetic.folder)
    for row in ("basic", "project", "total"):
        spent, budget = (found[f"department_summary/{row}/{name}"] for name in ("final_expenditure", "total_budget"))
        (rate,) = [
            q for q in printed.quantities if q.address == f"{YEAR}/hunan_hrss/department_summary/{row}/execution_rate"
        ]
        assert rate.low * budget <= spent <= rate.high * budget


def test_the_printed_totals_cannot_all_be_equalled(printed: ReportedYear) -> None:
    """Why intervals: one fact, the carryover of all projects, is printed with two different last digits."""
    value = {q.address: q.value for q in printed.quantities}
    total = f"{YEAR}/hunan_hrss/{{}}/total/carryover"
    assert value[total.format("project_expenditure")] != value[total.format("unit_project_expenditure")]


def test_an_account_has_as_many_entries_as_planned_and_its_sum(synthetic: GeneratedEntries) -> None:
    manifest = json.loads((synthetic.folder / "manifest.json").read_text(encoding="utf-8"))
    assert sum(synthetic.files.values()) == manifest["entries"] == ENTRIES
    total = sum(sums(plain(synthetic.folder), "select sum(金额) from budget_entry").values())
    assert total == sum(each["fen"] for each in manifest["sums"] if each["ledger"] == "budget_entry")


def test_no_entry_is_nothing_and_only_a_reduction_is_negative(synthetic: GeneratedEntries) -> None:
    connection = plain(synthetic.folder)
    query = "select 业务类型, count(*) from budget_entry where 金额 <= 0 group by 1"
    assert {kind for kind, _ in connection.execute(query).fetchall()} == {"本年调整"}
    assert connection.execute("select count(*) from fund_entry where 金额 <= 0").fetchall() == [(0,)]
    assert connection.execute("select count(*) from budget_entry where 金额 = 0").fetchall() == [(0,)]


@pytest.mark.parametrize("form", FORMATS)
def test_the_same_seed_gives_the_same_entries(
    form: str, accounts: list[Target], entry_contracts: dict[str, EntryContract], tmp_path: Path
) -> None:
    written = [
        generate(make_plan(accounts, YEAR, seed, 3_000), entry_contracts, tmp_path / name, form)
        for name, seed in (("one", SEED), ("same", SEED), ("other", SEED + 1))
    ]
    one, same, other = [{name: (each.folder / name).read_bytes() for name in each.files} for each in written]
    assert one == same != other
    assert one.keys() == other.keys()


def test_each_file_and_the_folder_say_that_they_are_synthetic(synthetic: GeneratedEntries) -> None:
    assert all(".synthetic." in name for name in synthetic.files)
    assert {f"{p.parent.name}/{p.name}" for p in synthetic.folder.glob("*/*")} == set(synthetic.files)
    assert "合成数据" in (synthetic.folder / "README.md").read_text(encoding="utf-8")
    assert json.loads((synthetic.folder / "manifest.json").read_text(encoding="utf-8"))["synthetic"] is True


def test_faults_are_where_the_key_says(
    accounts: list[Target], entry_contracts: dict[str, EntryContract], synthetic: GeneratedEntries, tmp_path: Path
) -> None:
    plan = make_plan(accounts, YEAR, SEED, ENTRIES, faults=10)
    written = generate(plan, entry_contracts, tmp_path / "out")
    key = json.loads((written.folder / "faults.json").read_text(encoding="utf-8"))["faults"]
    assert key == written.faults and [fault["kind"] for fault in key] == [*FAULTS, *FAULTS]

    expected = {name: (synthetic.folder / name).read_text(encoding="utf-8").splitlines() for name in synthetic.files}
    for fault in key:
        if fault["kind"] == "missing_month":
            del expected[fault["file"]]
        elif fault["kind"] == "doubled_file":
            expected[fault["file"]] = expected[fault["file"].replace("-2.synthetic", ".synthetic")]
    actual = {name: (written.folder / name).read_text(encoding="utf-8").splitlines() for name in written.files}
    assert actual.keys() == expected.keys()
    lost = [line for name in expected for line in _only(expected[name], actual[name])]
    fresh = [line for name in expected for line in _only(actual[name], expected[name])]
    of_lines = [fault for fault in key if "number" in fault]
    assert len(lost) == len(of_lines) == 6 and len(fresh) == 4
    for fault in of_lines:
        amount = f"{Decimal(fault['amount_fen']) / 100:.2f}"
        assert any(line.endswith(f",{amount}") for line in lost)
        if fault["kind"] == "wrong_unit":
            assert any(line.endswith(f",{Decimal(fault['amount_fen']) * 100:.2f}") for line in fresh)
        elif fault["kind"] == "wrong_project":
            assert any(re.search(rf",{fault['moved_to']},.*,{amount}$", line) for line in fresh)


def _only(lines: list[str], others: list[str]) -> set[str]:
    return set(lines) - set(others)


@pytest.mark.parametrize("kind", FAULTS)
def test_each_kind_of_fault_leaves_a_printed_interval(
    kind: str, accounts: list[Target], entry_contracts: dict[str, EntryContract], printed: ReportedYear, tmp_path: Path
) -> None:
    plan = make_plan(accounts, YEAR, SEED, ENTRIES, faults=FAULTS.index(kind) + 1)
    alone = type(plan)(
        plan.year, plan.seed,
        tuple(type(a)(a.number, a.target, a.entries, a.fault if a.fault and a.fault.kind == kind else None)
              for a in plan.accounts),
        plan.faults[-1:],
    )  # fmt: skip
    found = printed_sums(generate(alone, entry_contracts, tmp_path / "out").folder)
    known = {q.address.removeprefix(f"{YEAR}/hunan_hrss/") for q in printed.quantities}
    assert any(not within(printed, address, fen) for address, fen in found.items() if address in known)


def test_too_few_or_too_many_entries_are_refused(accounts: list[Target]) -> None:
    with pytest.raises(PlanError, match="不够"):
        make_plan(accounts, YEAR, SEED, len(accounts))
    with pytest.raises(PlanError, match="太多"):
        make_plan(accounts, YEAR, SEED, 10**12)
    with pytest.raises(PlanError, match="错误数"):
        make_plan(accounts, YEAR, SEED, ENTRIES, faults=41)


def test_a_folder_in_use_is_left_alone(
    accounts: list[Target], entry_contracts: dict[str, EntryContract], tmp_path: Path
) -> None:
    (tmp_path / "real.csv").write_text("真的", encoding="utf-8")
    with pytest.raises(PlanError, match="空文件夹"):
        generate(make_plan(accounts, YEAR, SEED, 3_000), entry_contracts, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["real.csv"]


amounts = st.lists(st.integers(-(10**9), 10**9), min_size=1, max_size=6)


@given(amounts, amounts, amounts)
def test_a_joint_allocation_has_its_margins(first: list[int], second: list[int], third: list[int]) -> None:
    for other in (second, third):
        other[0] += sum(first) - sum(other)
    margins = [{str(n): fen for n, fen in enumerate(each)} for each in (first, second, third)]
    joint = spread(margins)
    for place, margin in enumerate(margins):
        for key, fen in margin.items():
            assert sum(amount for keys, amount in joint.items() if keys[place] == key) == fen


def test_a_year_that_contradicts_itself_has_no_entries(printed: ReportedYear) -> None:
    from dataclasses import replace

    from orchestration.synthetic.targets import point

    wrong = [
        replace(q, value=q.value + 10**7) if q.address == f"{YEAR}/hunan_hrss/project_expenditure/17/adjustment" else q
        for q in printed.quantities
    ]
    with pytest.raises(InputError, match="互相矛盾"):
        point(replace(printed, quantities=wrong), YEAR)


def test_help_has_examples() -> None:
    shown = CliRunner().invoke(app, ["generate", "--help"])
    assert shown.exit_code == 0
    assert "Examples:" in shown.output and "--entries" in shown.output and "--faults" in shown.output
