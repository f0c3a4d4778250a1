"""What commands cost, and how each part of a year grows with its cells: ``make bench`` runs it after ``tests.bench``.

Processor seconds (user and system) of whole processes and of parts; they say the same on a busy machine, nearly. The
larger years are 2024 with so many projects more that it has the cells of 10 or 100 departments, in one build; their
totals do not hold. What does not
belong here: wall times (``tests.bench``), entries (``tests.bench_entries``).
"""

from __future__ import annotations

import argparse
import json
import math
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from expectations.gate import _frame
from expectations.suites.year import SUITES
from orchestration.publication.versions import MANIFEST, _write_tables
from orchestration.reporting.published import Published
from orchestration.reporting.report import make_report
from orchestration.warehouse import compiled
from orchestration.warehouse.build import Build, content_hash
from orchestration.warehouse.landing import land, raw_tables
from orchestration.warehouse.ledger_tables import published_tables, write_ledger_tables
from orchestration.warehouse.suspects import SCHEMAS
from orchestration.warehouse.tables import write_table
from tests.bench import ROOT, table, write_sections
from tests.variants import enlarged, published

DEPARTMENT = "hunan_hrss"
ADDRESS = "2024/hunan_hrss/project_expenditure/17/adjustment"
SMALL = "raw/2024/hunan_hrss/operating_cost.csv"
COMMANDS = (["--help"], ["versions", "2024"], ["explain", ADDRESS], ["check", SMALL], ["check", "raw/2024/hunan_hrss"])
#: Departments' worth of cells.
SIZES = (1, 10, 100)
HEADING = "## Commands and growth"
_MANIFEST = {
    "version": "bench",
    "year": 2024,
    "raw": [],
    "gates": [],
    "content_sha256": "0" * 64,
    "files": {},
    "code": {},
}


def processor_seconds(command: list[str], home: Path) -> float:
    """Of a process and its children."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    environment = os.environ | {"LEDGERGATE_HOME": str(home)}
    subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, timeout=600, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def commands(laps: int) -> list[list[object]]:
    """In turns, after a warm-up; over an installation without a build, so that only their own work counts."""
    program = [sys.executable, "-m", "orchestration.cli.main"]
    with tempfile.TemporaryDirectory() as home:
        taken = [
            [processor_seconds([*program, *arguments], Path(home)) for arguments in COMMANDS] for _ in range(laps + 1)
        ]
    return [
        [f"`ledgergate {' '.join(arguments)}`", f"{statistics.median(lap[n] for lap in taken[1:]):.2f}"]
        for n, arguments in enumerate(COMMANDS)
    ]


def growth(departments: int) -> dict[str, float]:
    """Processor seconds of each part of a year of that size, in this process."""
    found: dict[str, float] = {}

    @contextmanager
    def part(name: str) -> Iterator[None]:
        begun = time.process_time()
        yield
        found[name] = time.process_time() - begun

    year, rulebook, corrections = published()
    projects = sum(cell.row_kind == "detail" for cell in year.ledgers["project_expenditure"].cells)
    large = enlarged(year, 1 + (departments - 1) * len(year.cells) // projects)
    compiled.project()
    with tempfile.TemporaryDirectory() as folder:
        build = Build(2024, Path(folder))
        with part("landing"):
            land(build.warehouse, raw_tables(large, rulebook, corrections))
        with part("models and their tests"):
            compiled.build(build.warehouse)
        _no_findings(build)  # how localisation grows with faults is for tests.bench to say
        with part("what gates look at"):
            rows = sum(len(_frame(build, suite, [DEPARTMENT])[0]) for suite in SUITES)
        with part("hash of the content"):
            content_hash(build, compiled.published_tables())
        with part("ledgers' tables"):
            write_ledger_tables(build)
        with part("files of the version"):
            tables, version = published_tables(build), build.folder / "version"
            version.mkdir()
            _write_tables(build.warehouse, {DEPARTMENT: tables}, {DEPARTMENT: version})
            (version / MANIFEST).write_text(json.dumps(_MANIFEST), encoding="utf-8")
        with part("report"):
            make_report(
                Published(2024, "bench", build.folder / "version", ROOT / "raw/contracts"), build.folder / "report"
            )
    return {"cells": len(large.cells), "rows that gates look at": rows, **found}


def _no_findings(build: Build) -> None:
    """The tables that localisation writes, empty: what is published and judged after it needs them."""
    with duckdb.connect(str(build.warehouse)) as connection:
        for name, schema in SCHEMAS.items():
            write_table(connection, name, schema, [], build.folder)


def exponent(cells: list[float], seconds: list[float]) -> str:
    """From the last but one size to the last; too little to be measured says nothing."""
    if min(seconds[-2:]) < 0.05:
        return ""
    return f"{math.log(seconds[-1] / seconds[-2]) / math.log(cells[-1] / cells[-2]):.2f}"


def section(costs: list[list[object]], sizes: list[dict[str, float]]) -> str:
    cells = [size["cells"] for size in sizes]
    names = [name for name in sizes[0] if name not in ("cells", "rows that gates look at")]
    lines: list[list[object]] = [
        [name, *(f"{size[name]:.2f}" for size in sizes), exponent(cells, [size[name] for size in sizes])]
        for name in names
    ]
    lines.append(["rows that gates look at", *(f"{size['rows that gates look at']:,.0f}" for size in sizes), ""])
    return "\n\n".join(
        [
            HEADING,
            f"Processor seconds of whole commands, medians; load average {os.getloadavg()[0]:.1f}.",
            table(["command", "processor s"], costs),
            "Processor seconds of each part by the year's cells: 2024 with so many projects more that it has the cells "
            "of 10 or 100 departments, in one build, its totals not holding; and the exponent from the last size but "
            "one to the last. The first report pays for its imports.",
            table(["part", *(f"{count:,.0f} cells" for count in cells), "exponent"], lines),
        ]
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="two small sizes, one lap; writes nothing")
    parser.add_argument("--departments", type=int, nargs="+", default=SIZES)
    arguments = parser.parse_args()
    sizes = []
    for departments in SIZES[:2] if arguments.quick else arguments.departments:
        sizes.append(growth(departments))
        sys.stderr.write(f"{sizes[-1]}\n")  # the largest may not come to its end
    text = section(commands(1 if arguments.quick else 3), sizes)
    sys.stdout.write(text + "\n")
    if not arguments.quick:
        write_sections([text])


if __name__ == "__main__":
    main()
