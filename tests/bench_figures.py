# ruff: noqa: E501  rules stand as people write them
"""What a check costs for each of 30,000 figures, and what it finds of 200 slips among them; ``make bench`` runs it too.

One ledger of 500 groups, each of 10 rows and its total, six amounts a row (budget, expenditure, balance), brought in by
a contract and three rules alone. Processor time of whole ``ledgergate check`` processes, less that of the same ledger
with two groups: the fixed cost. The slips are of the kinds that hands make, each in a cell of its own, all at once.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import random
import resource
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from tests.bench import ROOT, table, write_sections

GROUPS, ROWS, SLIPS = 500, 10, 200
SEED = 11
MEASURES = ("carryover", "initial_budget", "adjustment", "total_budget", "final_expenditure", "balance")
HEADERS = ("上年结转", "年初预算", "本年调整", "全年预算", "决算支出", "结转结余")
HEADING = "## 30,000 figures"
CONTRACT = """
ledger: unit_programme
title: 单位项目支出表
short: 单位项目
unit: 万元
keys:
  - {name: unit_name, header: 单位名称}
  - {name: programme, header: 项目}
measures:
""" + "".join(f"  - {{name: {name}, header: {header}}}\n" for name, header in zip(MEASURES, HEADERS, strict=True))
RULES = f"""
- id: programme_composition
  title: 全年预算＝上年结转＋年初预算＋本年调整
  check: unit_programme/{{unit}}:{{row}}/total_budget = unit_programme/{{unit}}:{{row}}/carryover + unit_programme/{{unit}}:{{row}}/initial_budget + unit_programme/{{unit}}:{{row}}/adjustment
- id: programme_balance
  title: 结转结余＝全年预算－决算支出
  check: unit_programme/{{unit}}:{{row}}/balance = unit_programme/{{unit}}:{{row}}/total_budget - unit_programme/{{unit}}:{{row}}/final_expenditure
- id: programme_total
  title: 各项目之和＝合计
  for: {{measure: [{", ".join(MEASURES)}]}}
  check: unit_programme/{{unit}}:total/{{measure}} = sum(unit_programme/{{unit}}:*/{{measure}})
"""
Table = dict[tuple[str, str], list[Decimal]]


def figures(groups: int, rng: random.Random) -> Table:
    """Unit and programme -> its six amounts; every identity holds exactly."""
    made: Table = {}
    for group in range(groups):
        unit = f"第{group + 1}中心"
        sums = [Decimal(0)] * len(MEASURES)
        for row in range(ROWS):
            carried, initial = (Decimal(rng.randrange(100, 9_000_000)).scaleb(-2) for _ in range(2))
            adjusted = Decimal(rng.randrange(-int(initial * 20), int(initial * 30) + 1)).scaleb(-2)
            whole = carried + initial + adjusted
            spent = Decimal(rng.randrange(0, int(whole * 100) + 1)).scaleb(-2)
            amounts = [carried, initial, adjusted, whole, spent, whole - spent]
            made[unit, f"项目{row + 1}"] = amounts
            sums = [a + b for a, b in zip(sums, amounts, strict=True)]
        made[unit, "合计"] = sums
    return made


def slip(value: Decimal, rng: random.Random) -> Decimal:
    """What a hand makes of an amount: two digits changed places, another digit, a lost or a doubled digit, a sign."""
    digits = list(str(abs(value)).replace(".", ""))
    kind = rng.choice(("transposed", "digit", "lost", "doubled", "sign"))
    at = rng.randrange(len(digits) - 1)
    if kind == "transposed":
        digits[at], digits[at + 1] = digits[at + 1], digits[at]
    elif kind == "digit":
        digits[at] = str((int(digits[at]) + rng.randrange(1, 10)) % 10)
    elif kind == "lost":
        del digits[at]
    elif kind == "doubled":
        digits.insert(at, digits[at])
    wrong = Decimal("".join(digits)).scaleb(-2) * (-1 if (value < 0) != (kind == "sign") else 1)
    return wrong if wrong != value else value + 1


def plant(made: Table, slips: int, rng: random.Random) -> dict[str, Decimal]:
    """Addresses of slipped cells, with the right value; each in a row and in a column of a unit of its own."""
    places = [(key, column) for key in made for column in range(len(MEASURES)) if made[key][column] != 0]
    planted: dict[str, Decimal] = {}
    taken: set[object] = set()
    while len(planted) < slips:
        (unit, row), column = places[rng.randrange(len(places))]
        mine = {(unit, row), (unit, column)}
        if taken & mine:
            continue
        taken |= mine
        key = "total" if row == "合计" else row
        planted[f"2024/unit_programme/{unit}:{key}/{MEASURES[column]}"] = made[unit, row][column]
        made[unit, row][column] = slip(made[unit, row][column], rng)
    return planted


def write_year(folder: Path, made: Table) -> Path:
    """A year's folder with the ledger, its contract and its rules."""
    for inside, text in (("contracts", CONTRACT), ("rules", RULES)):
        (folder / inside).mkdir(parents=True)
        (folder / inside / "unit_programme.yml").write_text(text, encoding="utf-8")
    with (folder / "unit_programme.csv").open("w", encoding="utf-8", newline="") as file:
        rows = ([*key, *(f"{amount:,.2f}" for amount in amounts)] for key, amounts in made.items())
        csv.writer(file).writerows([["单位名称", "项目", *HEADERS], *rows])
    (folder / "sources.yml").write_text(
        "year: 2024\nrequired: [unit_programme]\nfiles: [{file: unit_programme.csv, ledger: unit_programme}]\n", "utf-8"
    )
    return folder


def check(folder: Path, home: Path) -> tuple[float, dict[str, Any]]:
    """Processor seconds of a check, and what it found."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [sys.executable, "-m", "orchestration.cli.main", "check", str(folder), "--json"]
    done = subprocess.run(
        command, cwd=ROOT, env=os.environ | {"LEDGERGATE_HOME": str(home)}, capture_output=True, text=True, timeout=600
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode not in (0, 1):
        raise SystemExit(done.stdout[-2000:] + done.stderr)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, json.loads(done.stdout)


def outcome(found: dict[str, Any], planted: dict[str, Decimal]) -> dict[str, int]:
    """How many slips broke a rule of theirs, are among the suspects, and are the one cell named first; and how many
    broken rules speak of no slipped cell.
    """
    broken = [rule for rule in found["rules"] if rule["status"] == "inconsistent"]
    spoken = [{cell["address"] for side in ("left_cells", "right_cells") for cell in rule[side]} for rule in broken]
    every = set().union(*spoken) if spoken else set()
    first: dict[int, set[str]] = {}
    for suspect in found["suspects"]:
        if suspect["rank"] == 1:
            first.setdefault(suspect["fault"], set()).add(suspect["address"])
    named = set().union(*first.values()) if first else set()
    return {
        "detected": sum(address in every for address in planted),
        "suspected": sum(address in {s["address"] for s in found["suspects"]} for address in planted),
        "first": sum(address in named for address in planted),
        "alone": sum({address} in first.values() for address in planted),
        "outside": sum(not (cells & planted.keys()) for cells in spoken),
    }


def measure(laps: int) -> dict[str, Any]:
    """Seconds of the small and of the whole ledger in turns, and what was found of the slips."""
    with tempfile.TemporaryDirectory() as scratch:
        base = Path(scratch)
        small = write_year(base / "small" / "2024", figures(2, random.Random(SEED)))
        whole = write_year(base / "whole" / "2024", figures(GROUPS, random.Random(SEED)))
        taken: list[tuple[float, float]] = []
        for _ in range(laps + 1):  # the first is the warm-up
            (fixed, _), (all_of_it, clean) = check(small, base / "home"), check(whole, base / "home")
            taken.append((fixed, all_of_it))
        wrong = figures(GROUPS, random.Random(SEED))
        planted = plant(wrong, SLIPS, random.Random(SEED + 1))
        slipped, found = check(write_year(base / "slips" / "2024", wrong), base / "home")
    more = (GROUPS - 2) * (ROWS + 1) * len(MEASURES)
    fixed = statistics.median(lap[0] for lap in taken[1:])
    each = statistics.median((lap[1] - lap[0]) / more for lap in taken[1:])
    alarms = [
        rule for rule in clean["rules"] if rule["status"] in ("inconsistent", "missing") and rule["severity"] == "error"
    ]
    return {
        "figures": GROUPS * (ROWS + 1) * len(MEASURES), "fixed": fixed, "each": each * 1000, "alarms": len(alarms),
        "slips": SLIPS, "each_with_slips": (slipped - fixed) / more * 1000, **outcome(found, planted),
    }  # fmt: skip


def section(found: dict[str, Any]) -> str:
    rows: Sequence[Sequence[object]] = [
        ["figures", f"{found['figures']:,}"],
        ["fixed cost, processor s", f"{found['fixed']:.2f}"],
        ["each figure over it, processor ms", f"{found['each']:.2f}"],
        ["each figure with 200 slips among them, processor ms", f"{found['each_with_slips']:.2f}"],
        ["alarms without slips", found["alarms"]],
        ["slips planted", found["slips"]],
        ["slips that broke a rule", found["detected"]],
        ["slips among the suspects", found["suspected"]],
        ["slips named first", f"{found['first']} ({found['first'] / found['slips']:.0%})"],
        ["slips named first and alone", f"{found['alone']} ({found['alone'] / found['slips']:.0%})"],
        ["broken rules that speak of no slipped cell", found["outside"]],
    ]
    about = (
        "`python -m tests.bench_figures`: `ledgergate check` on one ledger of 500 groups of 10 rows with six amounts, by a "
        "contract and three rules alone; fixed cost is that of the same ledger with two groups."
    )
    return "\n\n".join([HEADING, about, table(["", ""], rows)])


def main() -> None:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--laps", type=int, default=3)
    arguments.add_argument("--quick", action="store_true", help="one lap, and write nothing")
    given = arguments.parse_args()
    text = section(measure(1 if given.quick else given.laps))
    sys.stdout.write(text + "\n")
    if given.quick:
        return
    write_sections([text])


if __name__ == "__main__":
    main()
