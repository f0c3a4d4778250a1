"""A year with single entries: from files of lines to published marts, exact to the fen, and what stops it."""

from __future__ import annotations

import resource
import shutil
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from orchestration.base.settings import ROOT, Settings
from orchestration.cli.main import app
from orchestration.entries.contract import read_entry_contracts
from orchestration.pipeline.outcome import Outcome
from orchestration.pipeline.run import run_year
from orchestration.publication.versions import current_versions
from orchestration.synthetic.generate import GeneratedEntries, generate
from orchestration.synthetic.plan import Plan, make_plan
from orchestration.synthetic.targets import NO_ITEM, targets
from tests.command import ledgergate
from tests.conftest import edit
from tests.steps import take_year

ENTRIES = 20_000
NAMED = """
entries:
  - {ledger: budget_entry, paths: [entries/budget_entry]}
  - {ledger: fund_entry, paths: [entries/fund_entry]}
"""


@dataclass(frozen=True)
class EntryYear:
    settings: Settings
    plan: Plan
    written: GeneratedEntries
    outcome: Outcome


class Listener:
    """Hears the files that are summed."""

    def __init__(self) -> None:
        self.heard: list[str] = []

    def step(self, name: str, total: int) -> None: ...

    def advance(self, what: str) -> None:
        if ".synthetic." in what:
            self.heard.append(what)


@pytest.fixture(scope="module")
def synthetic(tmp_path_factory: pytest.TempPathFactory) -> EntryYear:
    """The real printed ledgers of 2024 with synthetic entries behind them, published."""
    folder = tmp_path_factory.mktemp("entries")
    settings = Settings(
        department="hunan_hrss", home=folder / "home", raw=Path(shutil.copytree(ROOT / "raw", folder / "raw"))
    )
    plan = make_plan(targets(settings, 2024), 2024, 7, ENTRIES)
    contracts = read_entry_contracts(settings.entry_contracts)
    written = generate(plan, contracts, settings.ledgers(2024) / "entries")
    with (settings.ledgers(2024) / "sources.yml").open("a", encoding="utf-8") as sources:
        sources.write(NAMED)
    outcome = run_year(settings, 2024)
    assert outcome.version is not None, outcome
    return EntryYear(settings, plan, written, outcome)


@pytest.fixture
def installation(synthetic: EntryYear, tmp_path: Path) -> Settings:
    """A copy of it that a test may change."""
    shutil.copytree(synthetic.settings.home, tmp_path / "home", ignore=shutil.ignore_patterns("dagster"))
    return Settings(
        department="hunan_hrss",
        home=tmp_path / "home",
        raw=Path(shutil.copytree(synthetic.settings.raw, tmp_path / "raw")),
    )


def served(settings: Settings, query: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(settings.serving), read_only=True) as connection:
        return connection.execute(query).fetchall()


def budget_file(settings: Settings, month: int) -> Path:
    return settings.ledgers(2024) / "entries" / "budget_entry" / f"budget_entry-2024-{month:02d}.synthetic.csv"


def append(path: Path, *lines: str) -> None:
    with path.open("a", encoding="utf-8") as file:
        file.writelines(f"{line}\n" for line in lines)


def test_published_amounts_are_the_sums_of_entries_to_the_fen(synthetic: EntryYear) -> None:
    sums: dict[tuple[str, str, str], int] = {}

    def add(table: str, key: str, measure: str, fen: int) -> None:
        sums[table, key, measure] = sums.get((table, key, measure), 0) + fen

    for account in synthetic.plan.accounts:
        values, fen = account.target.values, account.target.fen
        if account.target.ledger == "fund_entry":
            if values["item"] != NO_ITEM:
                add("fund_statement", f"{values['fund']}:{values['side']}:{values['item']}", "actual", fen)
            add("fund_statement", f"{values['fund']}:{values['side']}:total", "actual", fen)
            continue
        add("unit_expenditure", f"{values['expenditure_kind']}:{values['unit_name']}", values["entry_kind"], fen)
        if values["project_no"]:
            add("project_expenditure", values["project_no"], values["entry_kind"], fen)
            add("category_expenditure", values["category"], values["entry_kind"], fen)
    keys = {
        "unit_expenditure": "concat(expenditure_kind, ':', unit_name)",
        "project_expenditure": "cast(project_no as varchar)",
        "category_expenditure": "category",
        "fund_statement": "concat(fund, ':', side, ':', item)",
    }
    for table, key in keys.items():
        wanted = {(row, measure): fen for (name, row, measure), fen in sums.items() if name == table}
        measures = sorted({measure for _, measure in wanted})
        found = {
            (row[0], measure): int(amount * 100)
            for row in served(synthetic.settings, f"select {key}, {', '.join(measures)} from {table}")
            for measure, amount in zip(measures, row[1:], strict=True)
            if amount
        }
        assert found == {place: fen for place, fen in wanted.items() if fen}, table


def test_what_follows_from_exact_amounts_is_exact_too(synthetic: EntryYear) -> None:
    for table in ("unit_expenditure", "project_expenditure", "category_expenditure"):
        off = served(
            synthetic.settings,
            f"""select * from {table} where total_budget <> carryover + initial_budget + adjustment
                or balance <> total_budget - final_expenditure""",
        )
        assert off == [], table


def test_every_printed_figure_is_compared_with_its_entries(synthetic: EntryYear) -> None:
    rows = served(
        synthetic.settings, "select rule_id, status, difference from reconciliation where rule_id like 'entries_%'"
    )
    assert len(rows) > 300 and {status for _, status, _ in rows} <= {"consistent", "rounding", "corrected"}
    assert any(difference != 0 for _, _, difference in rows)  # print rounds; entries do not


def test_the_files_behind_the_figures_are_published(synthetic: EntryYear) -> None:
    files = served(synthetic.settings, "select file, entries, bad_lines from entry_file order by file")
    assert {file: n for file, n, _ in files} == {
        f"raw/2024/hunan_hrss/entries/{name}": lines for name, lines in synthetic.written.files.items()
    }
    assert sum(bad for _, _, bad in files) == 0


def test_without_entries_printed_figures_stand(published: Any) -> None:
    rows = served(published.settings, "select total_budget from unit_expenditure where unit_name like '%考试院' ")
    assert (Decimal("14408000.00"),) in rows  # as printed, 1440.80 万元
    assert served(published.settings, "from entry_file") == []


def test_a_corrected_file_is_read_alone_and_the_year_published_anew(installation: Settings) -> None:
    before = current_versions(installation)
    listener = Listener()
    outcome = take_year(installation, 2024, watcher=listener)
    assert listener.heard == [] and not outcome.is_new
    path = budget_file(installation, 5)
    line = path.read_text(encoding="utf-8").splitlines()[1]
    place, _, amount = line.rpartition(",")
    append(path, f"{place},-{amount}", f"{place},{amount}")
    outcome = take_year(installation, 2024, watcher=listener)
    assert listener.heard == [path.name]
    assert outcome.is_new and current_versions(installation) != before


def test_a_bad_line_stops_the_year_unless_it_is_allowed(installation: Settings) -> None:
    before = installation.serving.read_bytes()
    append(budget_file(installation, 7), "2024-07-01,0013,某单位")
    outcome = take_year(installation, 2024)
    assert outcome.failed == ["明细读全"] and installation.serving.read_bytes() == before
    quarantine = outcome.build.quarantine.read_text(encoding="utf-8").splitlines()
    assert quarantine[0] == "文件,行,原因,原文"
    assert len(quarantine) == 2 and "budget_entry-2024-07" in quarantine[1] and "有 3 栏，应有 11 栏" in quarantine[1]
    edit(installation.ledgers(2024) / "sources.yml", "[entries/budget_entry]}", "[entries/budget_entry], bad_lines: 1}")
    outcome = take_year(installation, 2024)
    assert outcome.version is not None
    assert served(installation, "select sum(bad_lines) from entry_file") == [(1,)]


def test_a_file_that_is_there_twice_stops_the_year_and_is_named(installation: Settings) -> None:
    path = budget_file(installation, 5)
    shutil.copyfile(path, path.with_name("copy.csv"))
    outcome = take_year(installation, 2024)
    assert "明细读全" in outcome.failed and "勾稽成立" in outcome.failed
    page = (outcome.build.folder / "gates.html").read_text(encoding="utf-8")
    assert (
        "copy.csv 同 raw/2024/hunan_hrss/entries/budget_entry/" in page
        or "同 raw/2024/hunan_hrss/entries/budget_entry/copy.csv" in page
    )


def test_files_that_cannot_be_read_are_all_named_and_nothing_changes(installation: Settings) -> None:
    before = installation.serving.read_bytes()
    edit(budget_file(installation, 3), "凭证号", "凭单号")
    funds = installation.ledgers(2024) / "entries" / "fund_entry"
    shutil.rmtree(funds)
    funds.mkdir()
    fund_contract = read_entry_contracts(installation.entry_contracts)["fund_entry"]
    whole = duckdb.sql(
        "select " + ", ".join(f"'x' as \"{column.header}\"" for column in fund_contract.columns)
    ).to_arrow_table()
    pq.write_table(whole, funds / "01.parquet")
    content = (funds / "01.parquet").read_bytes()
    (funds / "02.parquet").write_bytes(content[:-9])
    outcome = take_year(installation, 2024)
    assert [Path(problem.file).name for problem in outcome.problems] == [budget_file(installation, 3).name] * 2 + [
        "02.parquet"
    ]
    assert installation.serving.read_bytes() == before


def test_entries_that_no_source_names_are_not_passed_over(installation: Settings) -> None:
    sources = installation.ledgers(2024) / "sources.yml"
    sources.write_text(sources.read_text(encoding="utf-8").replace(NAMED, "\n"), encoding="utf-8")
    (problem,) = take_year(installation, 2024).problems
    assert problem.file.endswith("entries") and "登记" in problem.found


@pytest.mark.parametrize("kilobytes", [40, 1500, 4000])
def test_a_full_disk_is_told_and_leaves_the_published_year_alone(installation: Settings, kilobytes: int) -> None:
    """RLIMIT_FSIZE stands for it: no file may grow beyond so much, wherever in the run that is met."""
    before = installation.serving.read_bytes()
    shutil.rmtree(installation.entry_sums(2024))
    shutil.rmtree(installation.build(2024))
    append(budget_file(installation, 5), "")

    room = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (kilobytes << 10, room[1]))
    try:
        run = ledgergate(installation, "run", "2024")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, room)
    assert run.returncode == 3, run.stdout + run.stderr
    assert "写不下" in run.stderr and "已发布的版本没有改动" in run.stderr, run.stderr
    assert installation.serving.read_bytes() == before
    assert not [path for path in installation.home.rglob(".*") if path.is_dir() or path.suffix == ".wal"]
    if kilobytes == 4000:  # room again
        assert take_year(installation, 2024).version is not None


def test_a_generated_province_equals_its_entries_to_the_fen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEDGERGATE_HOME", str(tmp_path / "home"))
    made = CliRunner().invoke(
        app, ["generate", "--entries", "20000", "--departments", "3", "--out", str(tmp_path / "raw")]
    )
    assert made.exit_code == 0, made.output
    settings = Settings(department="hunan_hrss", home=tmp_path / "home", raw=tmp_path / "raw")
    assert take_year(settings, 2025).version is not None
    assert served(settings, "select count(*) from unit_expenditure") == [(3 * 16,)]
    assert served(settings, "select count(*) from project_expenditure") == [(3 * 37,)]
    statuses = served(settings, "select status, max(abs(difference)), count(*) from reconciliation "
                      "where rule_id like 'entries_%' group by status")  # fmt: skip
    ((status, difference, number),) = statuses
    assert (status, difference) == ("consistent", 0) and number > 900
    assert "SYNTHETIC" in (tmp_path / "raw" / "2025" / "hunan_hrss" / "sources.yml").read_text(encoding="utf-8")
