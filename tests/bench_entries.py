"""Entries at size: what a year of 1, 10 and 100 million single entries costs beside hand-written SQL, pandas and dbt.

``python -m tests.bench_entries`` generates synthetic entries under ``LEDGERGATE_HOME`` (kept for the next time), takes
them to published marts, and writes the section "Entries" of ``docs/benchmarks.md``. ``--quick`` measures the
smallest size only and writes nothing. Every measurement is a process of its own; ways are taken in turns, so that a
ratio compares what ran beside each other. Peak memory is that of the process and all that it started, together.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "benchmarks.md"
PLOT = ROOT / "docs" / "images" / "entries_growth.svg"
SIZES = (1_000_000, 10_000_000, 100_000_000)
FORMATS = ("csv", "parquet")
#: pandas holds all lines at once: 100 million would not fit.
PANDAS_UP_TO = 10_000_000
LIMIT = 3600
NAMED = """
entries:
  - {{ledger: budget_entry, paths: [{0}/budget_entry]}}
  - {{ledger: fund_entry, paths: [{0}/fund_entry]}}
"""

# The same marts, written by hand for files that are known to be sound: no line is checked, no file is hashed, and
# nothing is compared, judged or published.
SQL = """
import sys
import duckdb
folder, form, target = sys.argv[1:]
def source(ledger, text):
    if form == "parquet":
        return f"read_parquet('{folder}/{ledger}/*.parquet')"
    types = ", ".join([*(f"'{name}': 'VARCHAR'" for name in text), "'金额': 'DECIMAL(18, 2)'"])
    return f"read_csv('{folder}/{ledger}/*.csv', header = true, types = {{{types}}})"
con = duckdb.connect()
con.execute("set memory_limit = '2GB'")
codes = ["凭证号", "项目序号", "功能分类科目", "经济分类科目"]
con.execute(f'''create temp table budget as
    select 单位名称, 项目序号, 支出类别, 支出性质, 业务类型, sum(金额) as fen
    from {source("budget_entry", codes)} group by all''')
con.execute(f'''create temp table fund as
    select 险种, 收支, 项目, sum(金额) as actual from {source("fund_entry", [])} group by all''')
kinds = {"carryover": "上年结转", "initial_budget": "年初预算", "adjustment": "本年调整", "final_expenditure": "支出"}
measures = ", ".join(f"coalesce(sum(fen) filter (业务类型 = '{word}'), 0) as {name}" for name, word in kinds.items())
marts = {
    "unit": f"select 单位名称, 支出性质, {measures} from budget group by all",
    "project": f"select 项目序号, {measures} from budget where 项目序号 is not null group by all",
    "category": f"select 支出类别, {measures} from budget where 支出类别 is not null group by all",
    "fund": "select 险种, 收支, 项目, actual from fund",
}
for name, query in marts.items():
    amounts = "" if name == "fund" else ''', carryover + initial_budget + adjustment as total_budget,
        carryover + initial_budget + adjustment - final_expenditure as balance'''
    con.execute(f"copy (select *{amounts} from ({query}) order by all) to '{target}/{name}.parquet' (format parquet)")
"""

PANDAS = """
import sys
from pathlib import Path
import pandas
folder, form, target = sys.argv[1:]
def read(ledger, text):
    files = sorted(Path(folder, ledger).glob(f"*.{form}"))
    if form == "parquet":
        return pandas.concat([pandas.read_parquet(file) for file in files])
    return pandas.concat([pandas.read_csv(file, dtype=dict.fromkeys(text, str)) for file in files])
budget = read("budget_entry", ["凭证号", "项目序号", "功能分类科目", "经济分类科目"])
budget["fen"] = (budget["金额"].astype(float) * 100).round().astype("int64")
for name, keys in {"unit": ["单位名称", "支出性质"], "project": ["项目序号"], "category": ["支出类别"]}.items():
    sums = budget.pivot_table(index=keys, columns="业务类型", values="fen", aggfunc="sum")
    sums.to_parquet(f"{target}/{name}.parquet")
del budget
fund = read("fund_entry", [])
fund["fen"] = (fund["金额"].astype(float) * 100).round().astype("int64")
fund.groupby(["险种", "收支", "项目"])[["fen"]].sum().to_parquet(f"{target}/fund.parquet")
"""


@dataclass(frozen=True)
class Cost:
    """Of one process and all that it started."""

    wall: float
    processor: float
    peak_mib: int


def cost(command: Sequence[str], environment: dict[str, str]) -> Cost:
    """Run a command to its end. Raises ``SystemExit`` with its output where it fails."""
    begun, before = time.perf_counter(), os.times()
    with tempfile.TemporaryFile("w+") as output:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=output, stderr=subprocess.STDOUT)
        peak = [0]
        watcher = threading.Thread(target=_watch, args=(process, peak), daemon=True)
        watcher.start()
        code = process.wait(LIMIT)
        taken, after = time.perf_counter() - begun, os.times()
        watcher.join()
        if code:
            output.seek(0)
            raise SystemExit(f"{' '.join(command)} ended with {code}\n{output.read()[-4000:]}")
    used = after.children_user + after.children_system - before.children_user - before.children_system
    return Cost(taken, used, peak[0] >> 20)


def _watch(process: subprocess.Popen[bytes], peak: list[int]) -> None:
    """Anonymous memory of a process and its descendants: pages of files are the system's to take back."""
    while process.poll() is None:
        peak[0] = max(peak[0], sum(map(_anonymous, _family(process.pid))))
        time.sleep(0.05)


def _family(pid: int) -> list[int]:
    found = [pid]
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            for child in task.read_text().split():
                found += _family(int(child))
        except OSError:
            continue
    return found


def _anonymous(pid: int) -> int:
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    found = re.search(r"RssAnon:\s+(\d+) kB", status)
    return int(found[1]) << 10 if found else 0


def entries_of(home: Path, size: int, form: str) -> Path:
    """A folder of synthetic entries, generated once."""
    folder = home / "entries" / f"{size}-{form}"
    if not (folder / "manifest.json").is_file():
        shutil.rmtree(folder, ignore_errors=True)
        command = [sys.executable, "-m", "orchestration.cli.main", "generate", "--entries", str(size)]
        cost([*command, "--format", form, "--out", str(folder)], os.environ | {"LEDGERGATE_HOME": str(home)})
    return folder


def ours(home: Path, raw: Path, *, kept: bool = False) -> Cost:
    """``ledgergate run 2024``, publishing anew; with ``kept`` the sums of an earlier run are there."""
    for name in ("published", "build", "ledgergate.duckdb", *(() if kept else ("entries",))):
        path = home / name
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    environment = os.environ | {"LEDGERGATE_HOME": str(home), "LEDGERGATE_RAW": str(raw), "DO_NOT_TRACK": "1"}
    environment.pop("DAGSTER_HOME", None)
    return cost([sys.executable, "-m", "orchestration.cli.main", "run", "2024"], environment)


def bare_dbt(home: Path) -> Cost:
    environment = os.environ | {
        "LEDGERGATE_WAREHOUSE": str(home / "build" / "2024" / "hunan_hrss" / "warehouse.duckdb")
    }
    project = str(ROOT / "dbt_project")
    command = [str(Path(sys.executable).with_name("dbt")), "build", "--exclude-resource-type", "unit_test"]
    command += ["--project-dir", project, "--profiles-dir", project, "--target-path", str(home / "dbt")]
    return cost(command, environment)


def by_hand(script: str, folder: Path, form: str, target: Path) -> Cost:
    target.mkdir(parents=True, exist_ok=True)
    return cost([sys.executable, "-c", script, str(folder), form, str(target)], dict(os.environ))


def same_marts(home: Path, target: Path) -> None:
    """The hand-written marts and ours, to the fen: a ratio of two different things would say nothing."""
    import duckdb

    names = "carryover, initial_budget, adjustment, final_expenditure, total_budget, balance"
    # A side without printed items has its entries under one item, which the mart has as its total.
    funds = """(
        select actual, item, max(item <> 'total') over (partition by fund, side) as itemised from fund_statement
    ) where actual <> 0 and (item <> 'total' or not itemised)"""
    pairs = {
        f"unit_expenditure order by {names}": f"unit.parquet' order by {names}",
        f"project_expenditure order by {names}": f"project.parquet' order by {names}",
        f"category_expenditure order by {names}": f"category.parquet' order by {names}",
        f"{funds} order by actual": "fund.parquet' where actual <> 0 order by actual",
    }
    with duckdb.connect(str(home / "ledgergate.duckdb"), read_only=True) as connection:
        for mart, file in pairs.items():
            columns = "actual" if file.startswith("fund") else names
            found = connection.execute(f"select {columns} from {mart}").fetchall()
            wanted = connection.execute(f"select {columns} from '{target}/{file}").fetchall()
            if found != wanted:
                raise SystemExit(f"{mart}: not what {file} holds")


def measure(home: Path, size: int, form: str, laps: int) -> dict[str, list[Cost]]:
    """Every way of one size and format, in turns."""
    folder = entries_of(home, size, form)
    empty = home / "raw-empty"
    raw = home / f"raw-{size}-{form}"
    for copy in (empty, raw):
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(ROOT / "raw", copy)
    with (raw / "2024" / "hunan_hrss" / "sources.yml").open("a", encoding="utf-8") as sources:
        sources.write(NAMED.format(folder))
    found: dict[str, list[Cost]] = {name: [] for name in ("empty", "ours", "again", "sql", "dbt")}
    if size <= PANDAS_UP_TO:
        found["pandas"] = []
    target = home / "by-hand"
    for lap in range(laps):
        found["empty"].append(ours(home / "empty", empty))
        found["sql"].append(by_hand(SQL, folder, form, target))
        found["ours"].append(ours(home / "full", raw))
        same_marts(home / "full", target)
        found["dbt"].append(bare_dbt(home / "full"))
        found["again"].append(ours(home / "full", raw, kept=True))
        if size <= PANDAS_UP_TO and not lap:
            found["pandas"].append(by_hand(PANDAS, folder, form, target))
        told = {name: round(costs[-1].wall, 1) for name, costs in found.items() if costs}
        sys.stderr.write(f"{size} {form} {told}\n")
    return found


def median(costs: Sequence[Cost]) -> Cost:
    return Cost(
        statistics.median(c.wall for c in costs),
        statistics.median(c.processor for c in costs),
        max(c.peak_mib for c in costs),
    )


def section(found: dict[tuple[int, str], dict[str, list[Cost]]], load: float) -> str:
    from tests.bench import table

    lines = []
    memory = []
    for (size, form), ways in found.items():
        m = {name: median(costs) for name, costs in ways.items() if costs}
        marginal = m["ours"].wall - m["empty"].wall
        allowed = 1.25 * m["sql"].wall + m["empty"].wall
        pandas = f"{m['pandas'].wall:.1f}" if "pandas" in m else "—"
        millions = f"{size // 1_000_000}"
        lines.append(
            [f"{millions} M {form}", f"{m['ours'].wall:.1f}", f"{m['empty'].wall:.1f}", f"{m['sql'].wall:.1f}",
             f"{marginal / m['sql'].wall:.2f}", f"{m['ours'].wall / allowed:.2f}", f"{m['dbt'].wall:.1f}", pandas,
             f"{m['again'].wall:.1f}"]
        )  # fmt: skip
        peaks = [f"{m[name].peak_mib}" if name in m else "—" for name in ("ours", "sql", "pandas")]
        memory.append([f"{millions} M {form}", *peaks, f"{m['ours'].processor:.1f}", f"{m['sql'].processor:.1f}"])
    today = datetime.datetime.now(tz=datetime.UTC).date()
    laps = sorted({len(ways["ours"]) for ways in found.values()})
    lapped = f"Medians of {' to '.join(map(str, laps))} laps"
    return "\n\n".join(
        [
            f"## Entries\n\n`python -m tests.bench_entries`, {today}, load average {load:.1f} at the start. Synthetic "
            "entries of `ledgergate generate` behind the real printed 2024; all of them summed, derived into marts, "
            f"compared with every printed cell, gated and published. {lapped}, the ways in turns; wall "
            "seconds of whole processes. *Empty*: the same year without entries. *SQL*: hand-written DuckDB that makes "
            "the same marts (checked equal to the fen each time) of files known to be sound: it checks no line, hashes "
            "no file and compares nothing. *Of SQL*: what entries add to the empty year, in units of the SQL; the aim "
            "is 1.25 (where files are small it drowns in the noise of two starts). *Of aim*: the run against 1.25 × "
            "SQL + empty; the aim is 1. *Again*: the same year once more, with no file changed.",
            table(["", "run", "empty", "SQL", "of SQL", "of aim", "dbt build", "pandas", "again"], lines),
            "Peak memory, MiB (anonymous, of all processes together), and processor seconds:",
            table(["", "run", "SQL", "pandas", "run, processor", "SQL, processor"], memory),
            f"![Seconds against entries](images/{PLOT.name})",
        ]
    )


def plot(found: dict[tuple[int, str], dict[str, list[Cost]]]) -> None:
    """Wall seconds against entries, both logarithmic."""
    import altair

    names = {"ours": "ledgergate run", "sql": "hand-written SQL", "pandas": "pandas", "empty": "empty year"}
    rows: list[dict[str, Any]] = [
        {"entries": size, "seconds": median(costs).wall, "way": names[name], "format": form}
        for (size, form), ways in found.items()
        for name, costs in ways.items()
        if costs and name in names
    ]
    chart = altair.Chart(altair.Data(values=rows), width=260, height=260).mark_line(point=True)
    chart.encode(
        x=altair.X("entries:Q", scale=altair.Scale(type="log"), axis=altair.Axis(format="~s", values=list(SIZES))),
        y=altair.Y("seconds:Q", scale=altair.Scale(type="log")),
        color="way:N",
        column="format:N",
    ).save(PLOT)


def write(text: str) -> None:
    """Put the section in its place in the page, or at its end."""
    page = PAGE.read_text(encoding="utf-8")
    head, _, rest = page.partition("## Entries")
    _, mark, after = rest.partition("\n## ")
    PAGE.write_text(f"{head.rstrip()}\n\n{text}\n" + (f"\n## {after}" if mark else ""), encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="the smallest size only; writes nothing")
    parser.add_argument("--laps", type=int, default=3)
    arguments = parser.parse_args()
    load = os.getloadavg()[0]
    home = Path(os.environ.get("LEDGERGATE_HOME") or ROOT / "data") / "bench-entries"
    home.mkdir(parents=True, exist_ok=True)
    sizes = SIZES[:1] if arguments.quick else SIZES
    found = {(size, form): measure(home, size, form, arguments.laps) for form in FORMATS for size in sizes}
    (home / "found.json").write_text(
        json.dumps([[size, form, {n: [vars(c) for c in costs] for n, costs in ways.items()}]
                    for (size, form), ways in found.items()], indent=1)
    )  # fmt: skip
    text = section(found, load)
    sys.stdout.write(text + "\n")
    if not arguments.quick:
        plot(found)
        write(text)


if __name__ == "__main__":
    main()
