"""Every planted fault is named as narrowly as print allows: the file, the month, the line, the voucher number.

The rules are those of the real year, compiled once by the real models; each test then judges its own sums by the same
relations, so that many seeds cost no build.
"""

from __future__ import annotations

import gzip
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from orchestration.base.settings import ROOT
from orchestration.entries.contract import EntryContract
from orchestration.entries.diagnosis.accounts import AccountIndex, PlacedFile
from orchestration.entries.diagnosis.diagnose import DiagnosisInput, diagnose
from orchestration.entries.diagnosis.structure import gaps, spans_of
from orchestration.entries.read import read_entries
from orchestration.entries.sums import sum_ledgers
from orchestration.ledgers.contract import read_contracts
from orchestration.ledgers.reader import read_year
from orchestration.localisation.findings import Findings
from orchestration.localisation.solver.network import Quantity, Relation
from orchestration.rules.compiler import compile_rules
from orchestration.rules.model import read_rules
from orchestration.synthetic.generate import GeneratedEntries, generate
from orchestration.synthetic.plan import Plan, make_plan
from orchestration.synthetic.targets import Target
from orchestration.warehouse import compiled
from orchestration.warehouse.build import Build, Inputs, land_inputs, read_notes
from orchestration.warehouse.suspects import read_labels, read_network, read_weights

from .conftest import SEED, YEAR
from .test_sums import RULES, sums_of

ENTRIES = 20_000
KINDS = ("wrong_unit", "lost_line", "wrong_project", "doubled_file", "missing_month")


@dataclass(frozen=True)
class Judged:
    """The year's printed figures, and all rules on them and on sums of entries."""

    quantities: list[Quantity]
    relations: list[Relation]
    labels: dict[str, Any]
    weights: dict[str, Decimal]
    contracts: dict[str, EntryContract]
    accounts: list[Target]
    kept: Path  # sums of files, by content: years of one seed have most of their files in common
    generated: dict[tuple[Plan, str], GeneratedEntries] = field(default_factory=dict)

    def written(self, plan: Plan, folder: Path, form: str) -> GeneratedEntries:
        """The entries of a plan, in a folder that the test may change; each plan is generated once."""
        if (plan, form) not in self.generated:
            name = f"out-{len(self.generated)}"
            self.generated[plan, form] = generate(plan, self.contracts, self.kept.with_name(name), form)
        made = self.generated[plan, form]
        return replace(made, folder=Path(shutil.copytree(made.folder, folder)))

    def asked(self, books: list[AccountIndex], files: Mapping[str, list[Any]], **printed: Decimal) -> DiagnosisInput:
        sums = {
            cell.address: cell.value
            for book in books
            for ledger in sum_ledgers(book.contract, files[book.contract.entries], YEAR, "", "hunan_hrss")
            for cell in ledger.cells
        }
        summed = {each.ledger for book in books for each in book.contract.sums}
        own = [replace(q, value=printed.get(q.address, q.value)) for q in self.quantities if q.ledger not in summed]
        own += [replace(q, value=sums[q.address]) for q in self.quantities if q.address in sums]
        known = {q.address for q in own}
        relations = [r for r in self.relations if known.issuperset(r.addresses)]
        broken = [name for name, gap in gaps(relations, spans_of(own)).items() if gap]
        return DiagnosisInput(YEAR, own, relations, broken, self.labels, self.weights, {})


@pytest.fixture(scope="module")
def judged(
    accounts: list[Target], entry_contracts: dict[str, EntryContract], tmp_path_factory: pytest.TempPathFactory
) -> Judged:
    folder = tmp_path_factory.mktemp("judged")
    ledgers = sums_of(make_plan(accounts, YEAR, SEED, ENTRIES), entry_contracts, folder)
    raw = ROOT / "raw" / str(YEAR) / "hunan_hrss"
    year = read_year(raw, YEAR, read_contracts(ROOT / "raw" / "contracts"))
    year = replace(year, ledgers={**year.ledgers, **{ledger.contract.ledger: ledger for ledger in ledgers}})
    rulebook = compile_rules(read_rules(RULES), year.contracts, YEAR)
    build = Build(YEAR, folder / "build", "hunan_hrss")
    land_inputs(build, Inputs(year, rulebook, read_notes(raw, year, rulebook)[0]))
    compiled.build(build.warehouse, ["reconciliation"])
    return Judged(
        *read_network(build), read_labels(build), read_weights(build), entry_contracts, accounts, folder / "kept"
    )


def planted(judged: Judged, seed: int, faults: int, kind: str = "") -> Plan:
    """A plan with so many faults, or with the first one of a kind alone."""
    plan = make_plan(judged.accounts, YEAR, seed, ENTRIES, faults)
    if not kind:
        return plan
    kept = tuple(fault for fault in plan.faults if fault.kind == kind)[:1]
    accounts = (replace(a, fault=a.fault if a.fault in kept else None) for a in plan.accounts)
    return replace(plan, accounts=tuple(accounts), faults=kept)


def diagnosed(
    judged: Judged, plan: Plan, folder: Path, form: str = "csv", edit: Callable[[Path], None] = lambda path: None,
    **printed: Decimal,
) -> tuple[GeneratedEntries, DiagnosisInput, Findings]:  # fmt: skip
    written = judged.written(plan, folder / "out", form)
    edit(written.folder)
    books, files = [], {}
    for name, contract in judged.contracts.items():
        files[name] = read_entries(contract, [written.folder / name], YEAR, judged.kept)
        placed = [PlacedFile(f"{name}/{each.path.name}", each.path, each.sums, each.content) for each in files[name]]
        books.append(AccountIndex.read(YEAR, contract, placed, "hunan_hrss"))
    asked = judged.asked(books, files, **printed)
    return written, asked, diagnose(asked, books, folder / "spill")


def found(diagnosis: Findings, *kinds: str) -> list[dict[str, Any]]:
    return [row for row in diagnosis.entries if row.rank == 1 and (not kinds or row.kind in kinds)]


def lines(path: Path) -> list[str]:
    content = path.read_bytes()
    return (gzip.decompress(content) if path.suffix == ".gz" else content).decode().splitlines()


def names(row: Mapping[str, Any], fault: Mapping[str, Any], written: GeneratedEntries, plan: Plan) -> bool:
    """Whether a row names a fault as narrowly as can be: a number lost at an end of its series leaves no gap."""
    off = Decimal(fault.get("amount_fen", 0)).scaleb(-2)
    if fault["kind"] in ("doubled_file", "missing_month"):
        return (row.kind, row.file, row.month) == (fault["kind"], fault["file"], fault["month"])
    if fault["kind"] == "lost_line":
        within = row.implied_low_yuan is not None and row.implied_low_yuan <= off <= row.implied_high_yuan
        numbered = f"凭证号缺 {fault['number']}，" in row.statement
        account, line = map(int, fault["number"].split("-"))
        inside = fault["ledger"] == "budget_entry" and 0 < line < plan.accounts[account].entries - 1
        return row.kind == "lost_line" and (numbered if inside else within)
    line = lines(written.folder / row.file)[row.line - 1] if row.line else ""
    if fault["ledger"] == "budget_entry" and fault["number"] not in line.split(","):
        return False
    if fault["kind"] == "wrong_unit":
        return (row.kind, row.file, row.amount_yuan) == ("wrong_unit", fault["file"], off * 10**4)
    moved = f"项目序号记作「{fault['moved_to']}」，应为「{fault['account']['project_no']}」"
    return row.kind == "moved" and row.file == fault["file"] and moved in row.statement


def assert_each_rule_is_told_once(asked: DiagnosisInput, diagnosis: Findings) -> None:
    told = [name for finding in diagnosis.findings for name in finding.relations]
    assert sorted(told) == sorted(asked.broken)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", [3, 6, 9])
def test_a_fault_alone_is_the_only_thing_named(judged: Judged, kind: str, seed: int, tmp_path: Path) -> None:
    plan = planted(judged, seed, 5, kind)
    written, asked, diagnosis = diagnosed(judged, plan, tmp_path)
    (fault,) = written.faults
    (row,) = found(diagnosis)
    assert names(row, fault, written, plan), row.statement
    (finding,) = diagnosis.findings
    assert (finding.is_unique, finding.is_complete, diagnosis.suspects) == (True, True, ())
    assert row.statement in finding.statement
    assert_each_rule_is_told_once(asked, diagnosis)


@pytest.mark.parametrize(("seed", "faults"), [(3, 5), (5, 5), (6, 5), (3, 10), (6, 10)])
def test_several_faults_at_once_are_each_named(judged: Judged, seed: int, faults: int, tmp_path: Path) -> None:
    """But for a line lost where a month is missing, too, and next to the gap that leaves: two sums, one shortfall."""
    plan = planted(judged, seed, faults)
    written, asked, diagnosis = diagnosed(judged, plan, tmp_path)
    rows = found(diagnosis)
    unnamed = [fault for fault in written.faults if not any(names(row, fault, written, plan) for row in rows)]
    missing = {fault.ledger for fault in plan.faults if fault.kind == "missing_month"}
    assert all(fault["kind"] == "lost_line" and fault["ledger"] in missing for fault in unnamed), unnamed
    assert len(unnamed) <= 1
    assert_each_rule_is_told_once(asked, diagnosis)


@pytest.mark.parametrize("form", ["csv.gz", "parquet"])
def test_lines_are_found_in_every_form(judged: Judged, form: str, tmp_path: Path) -> None:
    written, _, diagnosis = diagnosed(judged, planted(judged, 3, 5, "wrong_unit"), tmp_path, form)
    (row,), (fault,) = found(diagnosis), written.faults
    assert row.file == fault["file"] and row.amount_yuan == Decimal(fault["amount_fen"]) * 100
    if form == "csv.gz":
        assert fault["number"] in lines(written.folder / row.file)[row.line - 1]


def test_a_lost_first_line_leaves_no_gap_but_its_account_and_amount(judged: Judged, tmp_path: Path) -> None:
    plan = planted(judged, 3, 0)
    account = next(a for a in plan.accounts if a.target.values.get("project_no") and a.entries > 5)

    def lose(folder: Path) -> None:
        for path in sorted((folder / "budget_entry").iterdir()):
            kept = [line for line in lines(path) if f"{account.number:04d}-0" not in line.split(",")]
            path.write_text("\n".join(kept) + "\n", encoding="utf-8")

    _, _, diagnosis = diagnosed(judged, plan, tmp_path, edit=lose)
    (row,) = found(diagnosis)
    assert (row.kind, row.file, row.line) == ("lost_line", None, None)
    assert f"项目序号{account.target.values['project_no']}" in row.account


def test_a_doubled_file_with_another_name_and_other_bytes_is_told(judged: Judged, tmp_path: Path) -> None:
    def copy(folder: Path) -> None:
        path = folder / "fund_entry" / "fund_entry-2024-05.synthetic.csv"
        turned = lines(path)
        path.with_name("基金五月补报.csv").write_text("\n".join([turned[0], *turned[:0:-1]]) + "\n", encoding="utf-8")

    _, _, diagnosis = diagnosed(judged, planted(judged, 3, 0), tmp_path, edit=copy)
    (row,) = found(diagnosis)
    assert row.kind == "doubled_file" and "逐月逐科目的金额和笔数相同" in row.statement
    assert "基金五月补报.csv" in row.statement and "fund_entry-2024-05.synthetic.csv" in row.statement


def test_a_line_booked_twice_is_told_with_its_number(judged: Judged, tmp_path: Path) -> None:
    plan = planted(judged, 3, 0)
    account = next(a for a in plan.accounts if a.target.values.get("unit_name") and a.entries > 50)
    number = f"{account.number:04d}-{account.large[0]}"
    told: list[int] = []

    def twice(folder: Path) -> None:
        for path in sorted((folder / "budget_entry").iterdir()):
            for line in [line for line in lines(path) if number in line.split(",")]:
                with path.open("a", encoding="utf-8") as stream:
                    stream.write(line + "\n")
                told.append(len(lines(path)))

    _, _, diagnosis = diagnosed(judged, plan, tmp_path, edit=twice)
    row = found(diagnosis)[0]
    assert (row.kind, row.line) == ("booked_twice", told[0])
    assert number in row.statement


def test_one_unit_without_a_month_is_told_by_its_name(judged: Judged, tmp_path: Path) -> None:
    plan = planted(judged, 3, 0)
    entries: dict[str, int] = {}
    for account in plan.accounts:
        name = account.target.values.get("unit_name")
        entries |= {name: entries.get(name, 0) + account.entries} if name else {}
    unit = max(entries, key=entries.__getitem__)

    def omit(folder: Path) -> None:
        path = folder / "budget_entry" / "budget_entry-2024-08.synthetic.csv"
        path.write_text("\n".join(line for line in lines(path) if unit not in line) + "\n", encoding="utf-8")

    _, _, diagnosis = diagnosed(judged, plan, tmp_path, edit=omit)
    row = found(diagnosis)[0]
    assert (row.kind, row.month, row.account, row.file) == ("missing_month", 8, unit, None)


def test_a_wrong_printed_cell_is_named_and_no_entry_is(judged: Judged, tmp_path: Path) -> None:
    address = f"{YEAR}/hunan_hrss/project_expenditure/17/adjustment"
    _, _, diagnosis = diagnosed(judged, planted(judged, 3, 0), tmp_path, **{address: Decimal(-362200000)})
    assert [row.address for row in diagnosis.suspects] == [address]
    assert diagnosis.entries == ()
    (finding,) = diagnosis.findings
    assert "entries_project/adjustment/17" in finding.relations and finding.is_unique


def test_entries_that_agree_have_no_rows(judged: Judged, tmp_path: Path) -> None:
    _, asked, diagnosis = diagnosed(judged, planted(judged, 3, 0), tmp_path)
    assert asked.broken == []
    assert (diagnosis.findings, diagnosis.suspects, diagnosis.entries) == ((), (), ())


def test_without_time_it_says_that_it_is_not_all(judged: Judged, tmp_path: Path) -> None:
    plan = planted(judged, 3, 5, "missing_month")
    written = judged.written(plan, tmp_path / "out", "csv")
    books, files = [], {}
    for name, contract in judged.contracts.items():
        files[name] = read_entries(contract, [written.folder / name], YEAR, judged.kept)
        placed = [PlacedFile(each.path.name, each.path, each.sums, each.content) for each in files[name]]
        books.append(AccountIndex.read(YEAR, contract, placed, "hunan_hrss"))
    asked = judged.asked(books, files)
    diagnosis = diagnose(asked, books, tmp_path / "spill", time_limit=0)
    assert not any(finding.is_complete for finding in diagnosis.findings)
    assert_each_rule_is_told_once(asked, diagnosis)
