"""The exact figures behind a synthetic department's prints, and the real year that they are made of.

An amount is that of the real year's accounts (``targets``), each made larger or smaller by itself and rounded to whole
fen, then summed again: whatever adds up in the real year adds up here to the fen. A department's year is a function of
the seed, its number and the year alone, so that its years fit together, whoever makes them when. What does not belong
here: how a figure is printed, and what is printed wrong (``departments``).
"""

from __future__ import annotations

import csv
import random
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import cache
from pathlib import Path

import yaml

from orchestration.base.settings import ROOT, Settings
from orchestration.ledgers.cell import Cell
from orchestration.ledgers.contract import read_contracts
from orchestration.ledgers.reader import read_year
from orchestration.synthetic.targets import KINDS, Target, point, read_printed, targets_of

#: The real year that all are made of.
YEAR, _DEPARTMENT = 2024, "hunan_hrss"
#: The ledgers of the general budget, by what their rows are of: expenditure kind and the column of an account.
_SUMS = {
    "unit_basic_expenditure": ("basic", "unit_name"),
    "unit_project_expenditure": ("project", "unit_name"),
    "project_expenditure": ("project", "project_no"),
    "category_expenditure": ("project", "category"),
}

Key = tuple[str, str, str]  # ledger, row key, measure
Exact = dict[Key, Fraction]  # fen, ones or fractions


@dataclass(frozen=True)
class Model:
    """The real year: its tables as they are typed, its cells, its accounts, and the exact amounts behind its prints."""

    tables: Mapping[str, list[list[str]]]  # by file
    cells: Mapping[Key, Cell]
    accounts: tuple[Target, ...]
    fen: Mapping[Key, int]
    restated: Mapping[Key, Key]  # a figure that is told again: of which cell
    sources: Mapping[str, object]


@dataclass(frozen=True)
class Traits:
    """What one department's year has of its own."""

    size: Fraction  # of the real budget
    spent: Fraction  # of the real expenditure, beside that; at most 1
    slow: Mapping[str, Fraction]  # projects that spend a part of that only
    funds: int  # how many times the real funds
    satisfaction: int  # points out of 10
    jobs: Decimal  # 万人 out of 10


@cache
def real_year() -> Model:
    """The real year, read and judged once a process."""
    with tempfile.TemporaryDirectory(prefix="ledgergate-") as home:
        settings = Settings(department=_DEPARTMENT, home=Path(home), raw=ROOT / "raw")
        printed = read_printed(settings, YEAR)
    folder = settings.ledgers(YEAR)
    ledgers = read_year(folder, YEAR, read_contracts(settings.contracts))
    cells = {_key(cell.address): cell for ledger in ledgers.ledgers.values() for cell in ledger.cells}
    tables = {
        path.name: list(csv.reader(path.read_text(encoding="utf-8-sig").splitlines()))
        for path in sorted(folder.glob("*.csv"))
        if path.name not in ("corrections.csv", "exceptions.csv")
    }
    told = ("restated_fact", "performance_fact_restated")
    restated = {_key(each.addresses[0]): _key(each.addresses[1]) for each in printed.relations if each.rule_id in told}
    return Model(
        tables,
        cells,
        tuple(targets_of(printed, YEAR)),
        {_key(address): fen for address, fen in point(printed, YEAR).items()},
        restated,
        yaml.safe_load((folder / "sources.yml").read_text(encoding="utf-8")),
    )


def _key(address: str) -> Key:
    """Ledger, row key and measure of an address with year and department; a row key may hold slashes."""
    _, _, ledger, *row, measure = address.split("/")
    return ledger, "/".join(row), measure


def chance(*of: object) -> random.Random:
    """The same numbers whenever the same is asked for; nothing secret hangs on them."""
    return random.Random("/".join(map(str, of)))  # noqa: S311


def traits_of(model: Model, seed: int, number: int, year: int) -> Traits:
    lasting, of_year = chance(seed, number), chance(seed, number, year)
    size = Fraction(round(10 ** lasting.uniform(1.2, 3.3)), 100)  # from a sixth of the real one to twenty times it
    size *= 1 + Fraction(lasting.randrange(-3, 7), 100) * (year - YEAR)
    habit = lasting.choice((70, 90, 95, 97, 98, 99, 100, 100))
    projects = sorted({key[1] for key in model.cells if key[0] == "project_expenditure" and key[1].isdecimal()})
    slow = {project: Fraction(of_year.randrange(20, 90), 100) for project in of_year.sample(projects, 4)}
    spent = Fraction(min(100, habit + of_year.randrange(-6, 4)), 100)
    return Traits(
        max(size, Fraction(1, 10)),
        spent,
        slow,
        1 + lasting.randrange(4),
        of_year.randrange(6, 11),
        Decimal(of_year.randrange(88, 101)) / 10,
    )


def exact_figures(model: Model, seed: int, number: int, year: int) -> Exact:
    """Every figure of a department's year that differs from the real one's, as it is before it is rounded."""
    traits = traits_of(model, seed, number, year)
    found = _amounts(model, traits) | _funds(model, traits, year) | _insured(model, traits, year)
    return found | _operating(model, traits, traits_of(model, seed, number, year - 1))


def _amounts(model: Model, traits: Traits) -> Exact:
    """The tables of the general budget: the accounts of the department, summed."""
    found: Exact = {}
    for target in model.accounts:
        if target.ledger != "budget_entry":
            continue
        account = target.values
        factor = traits.size
        if account["entry_kind"] == "final_expenditure":
            factor *= traits.spent * traits.slow.get(account["project_no"], 1)
        fen = Fraction(round(target.fen * factor))
        kind, measure = account["expenditure_kind"], account["entry_kind"]
        for ledger, (of, column) in _SUMS.items():
            if of == kind:
                for row in (account[column], "total"):
                    key = (ledger, row, measure)
                    found[key] = found.get(key, Fraction(0)) + fen
        for row in (kind, "total"):
            key = ("department_summary", row, measure)
            found[key] = found.get(key, Fraction(0)) + fen
    for ledger, row in {key[:2] for key in found}:
        _derive(found, ledger, row)
    whole = found["department_summary", "total", "total_budget"]
    for kind in ("basic", "project"):
        found["department_summary", kind, "share"] = found["department_summary", kind, "total_budget"] / whole
    return found


def _derive(found: Exact, ledger: str, row: str) -> None:
    """What follows of a row from its amounts."""
    budget = sum((found.get((ledger, row, name), Fraction(0)) for name in KINDS[:3]), Fraction(0))
    spent = found.get((ledger, row, "final_expenditure"), Fraction(0))
    found[ledger, row, "total_budget"] = budget
    found[ledger, row, "balance"] = budget - spent
    if budget:
        found[ledger, row, "execution_rate"] = spent / budget


def _funds(model: Model, traits: Traits, year: int) -> Exact:
    """The funds, some times the real ones; each year's opening is the closing of the year before."""
    found = {
        key: Fraction(fen * traits.funds)
        for key, fen in model.fen.items()
        if key[0] in ("fund_statement", "fund_balance")
    }
    for key, actual in [*found.items()]:
        budget = found.get((*key[:2], "budget"))
        if key[2] == "actual" and budget:
            found[*key[:2], "completion_rate"] = actual / budget
    for ledger, fund, measure in [*found]:
        if ledger == "fund_balance" and measure in ("opening", "closing"):
            later = found.get((ledger, fund, "surplus"), Fraction(0)) * (year - YEAR)
            found[ledger, fund, measure] += later
    return found


def _insured(model: Model, traits: Traits, year: int) -> Exact:
    """Persons, as many times the real ones as the funds; each year's are the last one's and the change."""
    found: Exact = {}
    for (ledger, scheme, measure), cell in model.cells.items():
        if ledger == "insured" and cell.value is not None:
            later = model.cells[ledger, scheme, "change"].value if measure == "persons" else None
            found[ledger, scheme, measure] = traits.funds * Fraction(cell.value + (later or 0) * (year - YEAR))
    return found


def _operating(model: Model, traits: Traits, before: Traits) -> Exact:
    """What the office itself costs. The budget of 三公经费 does not change: the report says so."""
    found: Exact = {}
    for item in ("public_funds", "three_public"):
        key = ("operating_cost", item)
        lasting = traits.size if item == "public_funds" else Fraction(traits.funds)
        budget = Fraction(round(model.fen[*key, "budget"] * lasting))
        spent, last = (Fraction(round(model.fen[*key, "actual"] * lasting * of.spent)) for of in (traits, before))
        found |= {(*key, "budget"): budget, (*key, "actual"): spent, (*key, "completion_rate"): spent / budget}
        found |= {(*key, "change"): spent - last, (*key, "change_rate"): (spent - last) / last}
    return {key: value for key, value in found.items() if key in model.cells and model.cells[key].text.strip()}
