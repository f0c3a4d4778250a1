"""``make bench``: what a run costs and where, how well localisation finds wrong cells, and how its cost grows.

Prints tables, and writes them to ``docs/benchmarks.md`` with ``docs/images/localisation_damage.svg``. ``--quick`` takes
a sample and writes nothing. Each part runs in a process of its own, in a folder of its own under ``LEDGERGATE_HOME``.
Nothing heavy is imported at the top: the gates' process imports the main module anew, and that must not be timed.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime
import json
import os
import platform
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "benchmarks.md"
PLOT = ROOT / "docs" / "images" / "localisation_damage.svg"
SEED = 2024
DAMAGES = (1, 5, 10, 20, 40)
PROVINCE_SEEDS = (1, 2, 3)
#: Load average from which others are at work.
BUSY = 0.5
#: Seconds that one part may take.
LIMIT = 1800


# --- a run, and where its time goes ---------------------------------------------------------------------------------


def command_times(home: Path, runs: int) -> dict[str, Any]:
    """Wall times of ``ledgergate run 2024``, publishing anew, and of ``dbt build`` on its warehouse, in turns."""
    environment = os.environ | {
        "LEDGERGATE_HOME": str(home),
        "LEDGERGATE_WAREHOUSE": str(home / "build" / "2024" / "hunan_hrss" / "warehouse.duckdb"),
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        "DO_NOT_TRACK": "1",
    }
    environment.pop("DAGSTER_HOME", None)
    ledgergate = [sys.executable, "-m", "orchestration.cli.main", "run", "2024"]
    project = str(ROOT / "dbt_project")
    dbt = [str(Path(sys.executable).with_name("dbt")), "build", "--exclude-resource-type", "unit_test"]
    dbt += ["--project-dir", project, "--profiles-dir", project, "--target-path", str(home / "dbt")]

    def seconds(command: list[str]) -> tuple[float, float]:
        """(wall, processor) seconds."""
        begun, before = time.perf_counter(), os.times()
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=LIMIT)
        taken, after = time.perf_counter() - begun, os.times()
        if done.returncode:
            raise SystemExit(f"{' '.join(command)} ended with {done.returncode}\n{done.stdout}\n{done.stderr}")
        used = after.children_user + after.children_system - before.children_user - before.children_system
        return taken, used

    times: dict[str, list[tuple[float, float]]] = {"run": [], "dbt": []}
    for lap in range(runs + 1):  # the first is the warm-up
        shutil.rmtree(home / "published", ignore_errors=True)
        (home / "ledgergate.duckdb").unlink(missing_ok=True)
        for name, command in (("run", ledgergate), ("dbt", dbt)):
            taken = seconds(command)
            if lap:
                times[name].append(taken)
    return times


def processor_seconds() -> float:
    """Of this process and its children, also those that live."""
    own, ended = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    used = own.ru_utime + own.ru_stime + ended.ru_utime + ended.ru_stime
    for children in Path("/proc/self/task").glob("*/children"):
        for child in children.read_text().split():
            fields = Path(f"/proc/{child}/stat").read_text().rsplit(")", 1)[1].split()
            used += (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return used


def two_years(home: Path, raw: Path) -> dict[str, Any]:
    """Processor seconds of a first year from the process's start, and of a second one after it."""
    begun = 0.0
    from expectations.gate import gate_executor

    gate_executor()  # as the command does
    from orchestration.base.settings import Settings
    from orchestration.pipeline.run import run_year

    settings = Settings(department="hunan_hrss", home=home, raw=raw)
    taken = []
    for year in (2024, 2026):
        outcome = run_year(settings, year)
        if outcome.version is None:
            raise SystemExit(f"{year} was not published: {outcome.problems or outcome.failed}")
        now = processor_seconds()
        taken.append(now - begun)
        begun = now
    return {"first": taken[0], "second": taken[1]}


def where(home: Path, raw: Path) -> dict[str, Any]:
    """(Wall, processor) seconds of each part of a run, in order, in one process.

    Each import is what the ones before it have left.
    """
    parts: dict[str, tuple[float, float]] = {}

    @contextlib.contextmanager
    def part(name: str) -> Iterator[None]:
        begun, used = time.perf_counter(), time.process_time()
        yield
        parts[name] = (time.perf_counter() - begun, time.process_time() - used)

    with part("import the command"):
        import orchestration.cli.main
        import orchestration.warehouse.build
    with part("import dagster"):
        import dagster
    with part("import the job's assets, with dagster-dbt and without dbt"):
        import orchestration.pipeline.run
    with part("import great_expectations (in a run: on the other core)"):
        import great_expectations  # noqa: F401
    from expectations.gate import gate_executor
    from orchestration.base.settings import Settings
    from orchestration.pipeline.jobs import RUN_YEAR
    from orchestration.pipeline.resources import Workspace
    from orchestration.pipeline.run import run_year
    from orchestration.publication import gates, release
    from orchestration.warehouse import build, compiled, ledger_tables, suspects

    settings = Settings(department="hunan_hrss", home=home, raw=raw)
    with part("load the compiled models"):
        compiled.project()
    with part("assemble Dagster's definitions"):
        from orchestration.pipeline.definitions import build_definitions

        build_definitions({"workspace": Workspace(settings)}).resolve_job_def(RUN_YEAR)
    with part("start the gates' process (in a run: on the other core)"):
        gate_executor().submit(int).result()
    year = build.open_build(settings, 2024)
    stages = len(parts)
    with part("reading"):
        inputs = build.read_inputs(settings, 2024)
    with part("landing"):
        build.land_inputs(year, inputs)
    with part("models"):
        compiled.build(year.warehouse)
    with part("localisation"):
        suspects.write_suspects(year)
    with part("ledgers' tables"):
        ledger_tables.write_ledger_tables(year)
        tables = ledger_tables.published_tables(year)
    with part("gates"):
        gates.run_gates(year, tables)
    with part("publication"):
        release.publish_build(settings, year, tables)
    alone = [sum(taken) for taken in zip(*list(parts.values())[stages:], strict=True)]
    shutil.rmtree(home / "published")
    (home / "ledgergate.duckdb").unlink()
    run_year(settings, 2024)  # makes Dagster's database
    shutil.rmtree(home / "published")
    (home / "ledgergate.duckdb").unlink()
    with part("the same seven by the job, all imported"):
        outcome = run_year(settings, 2024)
    assert outcome.version is not None, outcome
    wall, used = parts["the same seven by the job, all imported"]
    parts["of that, Dagster's own"] = (max(0.0, wall - alone[0]), max(0.0, used - alone[1]))
    del dagster, orchestration.cli.main
    return parts


# --- localisation ---------------------------------------------------------------------------------------------------


def experiment(quick: bool) -> dict[str, Any]:
    """The seeded experiment: rates by kind of slip, times, and whatever the brute force says is missing."""
    from tests import experiment as seeded

    singles = seeded.single_corruptions(SEED)
    seeded.true_point()
    chosen = seeded.stratified(singles, 150, SEED) if quick else singles
    sets = [
        *((c.kind, [c]) for c in chosen),
        *((f"{k} cells at once", s) for k in (2, 3) for s in seeded.several(singles, k, 12 if quick else 60, SEED + k)),
    ]
    rows: list[dict[str, Any]] = []
    missed: list[str] = []
    for label, corruptions in sets:
        trial = seeded.attempt(corruptions)
        said = seeded.misses(trial)
        missed += [f"{label}: {[(c.address, c.printed.text) for c in corruptions]}: {text}" for text in said]
        rows.append(
            {
                "label": label,
                "broken": bool(trial.broken),
                "joint": not trial.broken and bool(trial.found.faults),
                "detected": trial.detected,
                "first": trial.first,
                "shared": trial.shared,
                "listed": trial.listed,
                "unique": all(fault.unique for fault in trial.found.faults),
                "cheaper": trial.cost < len(trial.wrong),
                "seconds": trial.seconds,
            }
        )
    return {"rows": rows, "missed": missed}


def province_times(quick: bool) -> list[dict[str, Any]]:
    """The generated province of 100 departments, with more and more corrupted cells."""
    from orchestration.localisation.localise import localise
    from tests.unit.localisation.test_localise import province

    rows = []
    for wrong in DAMAGES:
        for seed in PROVINCE_SEEDS[: 1 if quick else None]:
            quantities, relations, cells = province(100, 78, wrong, seed)
            begun = time.perf_counter()
            found = localise(quantities, relations)
            seconds = time.perf_counter() - begun
            first = {a for fault in found.faults for answer in fault.answers[:1] for a in answer.addresses}
            unique = found.complete and all(fault.unique for fault in found.faults)
            rows.append(
                {
                    "wrong": wrong,
                    "seed": seed,
                    "cells": len(quantities),
                    "relations": len(relations),
                    "seconds": seconds,
                    "exact": unique and first == cells,
                    "listed": cells >= first,
                }
            )
    return rows


# --- what is said ---------------------------------------------------------------------------------------------------


def table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join("| " + " | ".join(str(field) for field in line) + " |" for line in lines)


def run_section(times: dict[str, Any], years: Sequence[dict[str, Any]], parts: Sequence[dict[str, Any]]) -> str:
    run, dbt = ([statistics.median(lap[n] for lap in times[name]) for n in (0, 1)] for name in ("run", "dbt"))
    spread = {name: [f"{pick(lap[0] for lap in times[name]):.2f}" for pick in (min, max)] for name in times}
    first, second = (statistics.median(lap[name] for lap in years) for name in ("first", "second"))
    laps = len(times["run"])
    medians = {name: [statistics.median(lap[name][n] for lap in parts) for n in (0, 1)] for name in parts[0]}
    return "\n\n".join(
        [
            "## A run\n\n`ledgergate run 2024` (reads, lands, builds, localises, judges, publishes a new version) and "
            "`dbt build --exclude-resource-type unit_test` of the same project on the same warehouse file (what a run "
            f"has dbt do), each a process of its own, in turns: medians of {laps} after one warm-up.",
            table(
                ["", "median s", "least", "most", "processor s"],
                [
                    ["`ledgergate run 2024`", f"{run[0]:.2f}", *spread["run"], f"{run[1]:.2f}"],
                    ["`dbt build`", f"{dbt[0]:.2f}", *spread["dbt"], f"{dbt[1]:.2f}"],
                    ["**ratio of medians**", f"{run[0] / dbt[0]:.2f}", "", "", f"**{run[1] / dbt[1]:.2f}**"],
                ],
            ),
            "A second year in the same process (2026, a synthetic copy of 2024), against the first from the process's "
            f"start: medians of {len(years)} processes.",
            table(
                ["", "processor s"],
                [
                    ["first year", f"{first:.2f}"],
                    ["second year", f"{second:.2f}"],
                    ["**ratio**", f"**{second / first:.2f}**"],
                ],
            ),
            "Where the rest goes: the parts one after another in one process, medians of "
            f"{len(parts)}. An import is what those before it have left to import; in a run the gates' process starts "
            "and imports great_expectations on the other core meanwhile.",
            table(
                ["part", "s", "processor s, of this process"],
                [[name, f"{wall:.3f}", f"{used:.3f}"] for name, (wall, used) in medians.items()],
            ),
        ]
    )


def experiment_section(result: dict[str, Any], quick: bool) -> str:
    by_label: dict[str, list[dict[str, Any]]] = {}
    for row in result["rows"]:
        by_label.setdefault(row["label"], []).append(row)
    singles = [row for row in result["rows"] if "at once" not in row["label"]]
    by_label = {"all single cells": singles, **by_label}

    def share(rows: Sequence[dict[str, Any]], name: str) -> str:
        hits = sum(row[name] for row in rows)
        return f"{100 * hits / len(rows):.1f} %" if rows else "—"

    lines = []
    for label, rows in by_label.items():
        breaking = [row for row in rows if row["broken"]]
        times = sorted(row["seconds"] * 1000 for row in rows)
        lines.append(
            [
                label,
                len(rows),
                len(breaking),
                *(share(breaking, name) for name in ("detected", "first", "shared", "listed", "unique")),
                f"{statistics.median(times):.0f}",
                f"{times[-1]:.0f}",
            ]
        )
    joint = sum(row["joint"] for row in singles)
    cheaper = sum(row["cheaper"] and row["broken"] for row in result["rows"] if row not in singles)
    several = sum("at once" in row["label"] for row in result["rows"])
    head = ["slip", "tried", "break a rule", "detected", "first", "first, or level", "listed", "unique"]
    return "\n\n".join(
        [
            "## Localisation\n\nEach amount of the corrected 2024 that prints digits, corrupted in turn with each kind "
            f"of slip{' (a sample)' if quick else ''}; pairs and triples of cells drawn at random (seed {SEED}). Rates "
            "are of those that break a rule beyond rounding; the others are within what print allows, so no rule can "
            "see them. *Detected*: a fault covers every broken rule. *First*: the corrupted cell alone is ranked "
            "first, in every fault (*or level*: with others that no evidence tells apart). *Listed*: it is among the "
            "answers. *Unique*: there is but one answer.",
            table([*head, "median ms", "worst ms"], lines),
            f"{joint} single corruptions break no rule by itself and are still found, because rules that each hold do "
            f"not hold together. Of the {several} pairs and triples, {cheaper} have an answer of fewer cells than were "
            "corrupted (a slip that no rule sees, or two that one cell explains as well).",
            "Against brute force (`tests/experiment.py`: for one cell, every single cell is tried; for several, every "
            "subset of them; each verdict proved in exact arithmetic, without the engine): "
            + (
                "**no miss**: the answers are exactly those that it finds; where it finds one, that one is first; no "
                "answer costs more than what was corrupted."
                if not result["missed"]
                else f"**{len(result['missed'])} misses**:\n\n" + "\n".join(f"- {text}" for text in result["missed"])
            ),
        ]
    )


def province_section(rows: Sequence[dict[str, Any]]) -> str:
    lines = []
    for wrong in DAMAGES:
        of = [row for row in rows if row["wrong"] == wrong]
        seconds = statistics.median(row["seconds"] for row in of)
        exact = f"{sum(row['exact'] for row in of)} of {len(of)}"
        lines.append(
            [wrong, f"{seconds:.2f}", f"{max(r['seconds'] for r in of):.2f}", f"{1000 * seconds / wrong:.0f}", exact]
        )
    return "\n\n".join(
        [
            f"## A province\n\n100 generated departments, {rows[0]['cells']:,} cells, {rows[0]['relations']:,} "
            f"relations; median of {len(rows) // len(DAMAGES)} provinces. *Exact*: one answer a fault, and together "
            "precisely the corrupted cells.",
            table(["corrupted cells", "median s", "worst s", "ms a corrupted cell", "exact"], lines),
            "![Seconds against corrupted cells](images/localisation_damage.svg)",
        ]
    )


def said_of_the_machine(load: Sequence[float]) -> str:
    today = datetime.datetime.now(tz=datetime.UTC).date().isoformat()
    alone = "nothing else ran before it" if load[0] < BUSY else "other work shared the machine"
    return (
        f"{today}, {os.cpu_count()} cores, {_memory()}, Python {platform.python_version()}; {alone} (load average "
        f"{load[0]:.1f} at the start, {load[1]:.1f} at the end)"
        f"{'.' if load[0] < BUSY else ': trust the ratios, and read seconds as upper bounds.'}"
    )


def with_section(page: str, section: str) -> str:
    """The page with this section in place of the one of the same heading, else at its end. Others stay."""
    heading = section.partition("\n")[0]
    head, mark, tail = page.partition(f"{heading}\n")
    _, _, after = tail.partition("\n## ") if mark else ("", "", "")
    return f"{head.rstrip()}\n\n{section.rstrip()}\n" + (f"\n## {after}" if after else "")


def write_sections(sections: Sequence[str]) -> None:
    text = PAGE.read_text(encoding="utf-8")
    for section in sections:
        text = with_section(text, section)
    PAGE.write_text(text, encoding="utf-8")


def _memory() -> str:
    return f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GiB"


# --- the plot -------------------------------------------------------------------------------------------------------


def plot(rows: Sequence[dict[str, Any]]) -> str:
    """Seconds against corrupted cells: every province a dot, their medians a line."""
    width, height, left, bottom, top, right = 640, 400, 64, 56, 56, 24
    most = max(row["seconds"] for row in rows)
    step = next(s for s in (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100) if most / s <= 6)
    ceiling = step * (int(most / step) + 1)

    def x(wrong: float) -> float:
        return left + wrong / max(DAMAGES) * (width - left - right)

    def y(seconds: float) -> float:
        return height - bottom - seconds / ceiling * (height - bottom - top)

    def text(at: tuple[float, float], words: str, anchor: str = "middle", extra: str = "") -> str:
        return f'<text x="{at[0]:.1f}" y="{at[1]:.1f}" text-anchor="{anchor}"{extra}>{words}</text>'

    marks = []
    for n in range(round(ceiling / step) + 1):
        at = y(n * step)
        marks.append(f'<line x1="{left}" y1="{at:.1f}" x2="{width - right}" y2="{at:.1f}" stroke="#e3e3e3"/>')
        marks.append(text((left - 8, at + 4), f"{n * step:g}", "end"))
    for wrong in (0, *DAMAGES):
        at = x(wrong)
        marks.append(f'<line x1="{at:.1f}" y1="{y(0):.1f}" x2="{at:.1f}" y2="{y(0) + 5:.1f}" stroke="#444"/>')
        marks.append(text((at, y(0) + 20), str(wrong)))
    medians = [(w, statistics.median(r["seconds"] for r in rows if r["wrong"] == w)) for w in DAMAGES]
    line = " ".join(f"{x(w):.1f},{y(s):.1f}" for w, s in medians)
    dots = [f'<circle cx="{x(r["wrong"]):.1f}" cy="{y(r["seconds"]):.1f}" r="4"/>' for r in rows]
    middle = (y(0) + y(ceiling)) / 2
    title = f"Localising wrong cells among {rows[0]['cells']:,}"
    body = [
        f'<rect width="{width}" height="{height}" fill="#fff"/>',
        *marks,
        f'<path d="M{left},{top} V{y(0):.1f} H{width - right}" fill="none" stroke="#444"/>',
        f'<polyline points="{line}" fill="none" stroke="#1f5fa8" stroke-width="2"/>',
        f'<g fill="#1f5fa8" fill-opacity="0.55">{"".join(dots)}</g>',
        text((left, 24), title, "start", ' font-size="16" font-weight="600"'),
        text((left, 43), "100 departments; dots: provinces, line: their median", "start", ' fill="#555"'),
        text(((left + width - right) / 2, height - 14), "corrupted cells"),
        text((18, middle), "seconds", extra=f' transform="rotate(-90 18 {middle:.1f})"'),
    ]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'font-family="Noto Sans, Helvetica, Arial, sans-serif" font-size="13" fill="#222" role="img" '
        f'aria-label="{title}: seconds by corrupted cells">\n' + "\n".join(body) + "\n</svg>\n"
    )


# --- the parts, each in its own process ------------------------------------------------------------------------------


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n\n")
    sys.stdout.flush()


def in_own_process(part: str, *arguments: str) -> Any:
    """Run one part of this module in a process of its own; what it prints is dropped unless it fails."""
    with tempfile.TemporaryDirectory() as folder:
        result = Path(folder) / "result.json"
        command = [sys.executable, "-m", "tests.bench", "--part", part, "--into", str(result), *arguments]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=LIMIT)
        if done.returncode:
            raise SystemExit(f"{part} ended with {done.returncode}\n{done.stdout}\n{done.stderr}")
        return json.loads(result.read_text(encoding="utf-8"))


def bench(quick: bool) -> None:
    from orchestration.base.settings import Settings
    from tests.pipeline.test_publication import another_year

    before = os.getloadavg()[0]
    flags = ["--quick"] if quick else []
    home = Settings.from_environment().home
    home.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="bench-", dir=home) as folder:
        work = Path(folder)
        raw = work / "raw"
        shutil.copytree(ROOT / "raw", raw)
        another_year(raw, 2026)
        times = command_times(work / "command", 2 if quick else 5)
        laps = 1 if quick else 3
        years = [in_own_process("years", str(work / f"years-{n}"), str(raw)) for n in range(laps)]
        parts = [in_own_process("where", str(work / f"where-{n}"), str(raw)) for n in range(laps)]
    sections = [run_section(times, years, parts)]
    say(sections[-1])
    seeded = in_own_process("experiment", *flags)
    sections.append(experiment_section(seeded, quick))
    say(sections[-1])
    provinces = in_own_process("province", *flags)
    sections.append(province_section(provinces))
    say(sections[-1])
    if not quick:
        PLOT.parent.mkdir(parents=True, exist_ok=True)
        PLOT.write_text(plot(provinces), encoding="utf-8")
        measured = said_of_the_machine((before, os.getloadavg()[0]))
        write_sections([section.replace("\n\n", f"\n\n{measured} ", 1) for section in sections])
        say(f"{PAGE.relative_to(ROOT)} and {PLOT.relative_to(ROOT)} written")
    if seeded["missed"]:
        raise SystemExit(1)


def main() -> None:
    parser = argparse.ArgumentParser(description="What a run costs and where; how well localisation does.")
    parser.add_argument("--quick", action="store_true", help="a sample, in a few minutes; docs/ stays as it is")
    parser.add_argument("--part", choices=("years", "where", "experiment", "province"), help=argparse.SUPPRESS)
    parser.add_argument("--into", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("folders", nargs="*", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if not given.part:
        bench(given.quick)
        return
    parts: dict[str, Callable[[], Any]] = {
        "years": lambda: two_years(*given.folders),
        "where": lambda: where(*given.folders),
        "experiment": lambda: experiment(given.quick),
        "province": lambda: province_times(given.quick),
    }
    given.into.write_text(json.dumps(parts[given.part]()), encoding="utf-8")


if __name__ == "__main__":
    main()
