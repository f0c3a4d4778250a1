"""A synthetic province as folders: the ledgers of many departments and years, printed as offices print them.

Every department is a copy of the real one in form only; its amounts are its own (``exact_figures``), each rounded by
itself when it is printed in 万元. Everything says that it is synthetic. What does not belong here: entries
(``generate``), and one department of many units (``province``).

    python -m orchestration.synthetic.departments FOLDER --departments 100 --faults 10 --unreadable 2
"""

from __future__ import annotations

import argparse
import csv
import json
import re
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import yaml

from orchestration.base.settings import ROOT
from orchestration.ledgers.cell import Cell
from orchestration.ledgers.grids.grid import position
from orchestration.synthetic.exact_figures import YEAR, Key, Model, Traits, chance, exact_figures, real_year, traits_of
from orchestration.synthetic.targets import KINDS

_ABOUT = "合成部门{number:03d}（合成数据 SYNTHETIC，不是任何单位的真实账目）"
_UNREADABLE = "见附件"
#: Where a fault is planted: figures that a row and a column bind, so that one cell alone explains both.
_FAULTY = {
    "unit_basic_expenditure": (*KINDS, "total_budget", "balance"),
    "unit_project_expenditure": (*KINDS, "total_budget", "balance"),
    "project_expenditure": ("carryover", "initial_budget", "adjustment", "total_budget"),
}
_NUMBER = re.compile(r"-?\d[\d,]*(?:\.\d+)?")


@dataclass(frozen=True)
class PlantedCell:
    """The one cell of a department that is printed wrong, or that nobody can read."""

    department: str
    address: str
    file: str
    cell: str
    right: str
    printed: str


@dataclass(frozen=True)
class Province:
    """What was written: every department's code, and the planted cells of those that have one."""

    year: int
    departments: tuple[str, ...]
    faults: tuple[PlantedCell, ...]
    unreadable: tuple[PlantedCell, ...]


def write_departments(
    raw: Path, year: int, count: int, *, seed: int = 1, faults: Iterable[int] = (), unreadable: Iterable[int] = ()
) -> Province:
    """Write ``raw/<year>/synthetic_<number>/`` for each number from 1 to ``count``; those in ``faults`` have one wrong
    cell, those in ``unreadable`` one that is no figure. Contracts are copied where ``raw`` has none.
    """
    model = real_year()
    if not (raw / "contracts").exists():
        shutil.copytree(ROOT / "raw" / "contracts", raw / "contracts")
    planted: dict[str, list[PlantedCell]] = {"faults": [], "unreadable": []}
    wrong, not_read = frozenset(faults), frozenset(unreadable)
    codes = []
    for number in range(1, count + 1):
        department = _Department(model, seed, number, year)
        for kind, numbers in (("faults", wrong), ("unreadable", not_read)):
            if number in numbers:
                planted[kind].append(department.plant(readable=kind == "faults"))
        department.write(raw)
        codes.append(department.code)
    return Province(year, tuple(codes), tuple(planted["faults"]), tuple(planted["unreadable"]))


class _Department:
    """One department's year, in memory until it is written."""

    def __init__(self, model: Model, seed: int, number: int, year: int) -> None:
        self.model, self.number, self.year = model, number, year
        self.code = f"synthetic_{number:03d}"
        self.random = chance(seed, number, year, "fault")
        self.tables = {name: [[*row] for row in table] for name, table in model.tables.items()}
        traits = traits_of(model, seed, number, year)
        exact = exact_figures(model, seed, number, year)
        for key, value in exact.items():
            if key in model.cells:
                self._print(key, value)
        self._score(traits)
        for told, of in model.restated.items():
            if of in exact:
                self._put(told, _in_words(self.model.cells[told].text, self._text(of)))

    def _text(self, key: Key) -> str:
        row, column = self._place(key)
        return self.tables[self._file(key)][row][column]

    def _file(self, key: Key) -> str:
        return Path(self.model.cells[key].file).name

    def _place(self, key: Key) -> tuple[int, int]:
        place = position(self.model.cells[key].cell)
        assert place
        return place

    def _put(self, key: Key, text: str) -> None:
        row, column = self._place(key)
        self.tables[self._file(key)][row][column] = text

    def _print(self, key: Key, value: Fraction) -> None:
        """A figure where the real year prints one: rounded by itself to two places of its unit."""
        cell = self.model.cells[key]
        if not _NUMBER.search(cell.text) and not value:
            return  # blank, a dash, 未支出
        self._put(key, _printed(cell, value))

    def _score(self, traits: Traits) -> None:
        """Points as the printed figures give them."""
        budget, spent = (
            _number(self._text(("department_summary", "total", name))) for name in ("total_budget", "final_expenditure")
        )
        jobs = ("indicator", "output:就业困难人员就业人数")
        self._put((*jobs, "actual"), f"{traits.jobs}万人")
        self._put((*jobs, "completion_rate"), f"{traits.jobs * 10:.2f}%")
        self._put((*jobs, "deduction"), f"{(10 - traits.jobs) / 10:.2f}")
        lost = (10 - traits.jobs) / 10 + Decimal("0.15")  # and what the other two indicators lose
        gained = {
            "execution": _half_up(10 * spent / budget, 2), "output": 50 - lost, "benefit": Decimal(30),
            "satisfaction": Decimal(traits.satisfaction),
        }  # fmt: skip
        weights = {"execution": 10, "output": 50, "benefit": 30, "satisfaction": 10}
        for section, score in gained.items():
            self._put(("score_section", section, "score"), f"{score:.2f}")
            if ("score_section", section, "deduction") in self.model.cells:
                self._put(("score_section", section, "deduction"), f"{weights[section] - score:.2f}")
        whole = sum(gained.values())
        self._put(("score_section", "total", "score"), f"{whole:.2f}")
        grade = next(name for name, floor in (("优", 90), ("良", 80), ("中", 60), ("差", 0)) if whole >= floor)
        self._put(("score_section", "total", "grade"), grade)

    def plant(self, *, readable: bool) -> PlantedCell:
        """Print one cell wrong: two digits of it change places, or there is no figure at all."""
        known = [
            key
            for key, cell in self.model.cells.items()
            if cell.row_kind == "detail" and key[2] in _FAULTY.get(key[0], ()) and _swaps(self._text(key))
        ]
        key = self.random.choice(sorted(known))
        right = self._text(key)
        printed = self.random.choice(_swaps(right)) if readable else _UNREADABLE
        self._put(key, printed)
        address = self._renamed("/".join((str(self.year), self.code, *key)))
        return PlantedCell(self.code, address, self._file(key), self.model.cells[key].cell, right, printed)

    def write(self, raw: Path) -> None:
        folder = raw / str(self.year) / self.code
        folder.mkdir(parents=True)
        for name, table in self.tables.items():
            with (folder / name).open("w", encoding="utf-8", newline="") as file:
                csv.writer(file).writerows([self._renamed(text) for text in row] for row in table)
        about = _ABOUT.format(number=self.number)
        sources = {"year": self.year, "department": about, "files": self._files()}
        text = yaml.safe_dump(sources, allow_unicode=True, sort_keys=False)
        (folder / "sources.yml").write_text(f"# {about}\n{text}", encoding="utf-8")

    def _files(self) -> list[dict[str, object]]:
        kept = ("file", "ledger", "unit", "rows")
        files: Sequence[Mapping[str, object]] = self.model.sources["files"]  # type: ignore[assignment]
        return [{name: file[name] for name in kept if name in file} for file in files]

    def _renamed(self, text: str) -> str:
        """Units of its own, and dates of its own year."""
        text = text.replace("湖南省", f"合成{self.number:03d}")
        for past in (YEAR + 1, YEAR):
            text = re.sub(rf"{past}年(?=\d+月)", f"{past - YEAR + self.year}年", text)
        return text


def _printed(cell: Cell, value: Fraction) -> str:
    """A figure with two places, in the unit that the real one is printed in."""
    if cell.unit == "ratio":
        return f"{_half_up(value * 100, 2):.2f}%"
    if cell.unit == "person":
        return f"{_half_up(value / 10_000, 2):,.2f}{'万人' if cell.text.endswith('万人') else '万'}"
    unit = {"万元": 10**6, "亿元": 10**10}[_table_unit(cell)]
    return f"{_half_up(value / unit, 2):,.2f}"


def _table_unit(cell: Cell) -> str:
    """The unit of the whole table: a single cell of the real year bears one of its own."""
    return "亿元" if cell.ledger.startswith("fund_") else "万元"


def _half_up(value: Fraction, places: int) -> Decimal:
    exact = abs(value) * 10**places
    whole = Decimal((2 * exact.numerator + exact.denominator) // (2 * exact.denominator)).scaleb(-places)
    return -whole if value < 0 else whole


def _number(text: str) -> Fraction:
    return Fraction(text.replace(",", ""))


def _in_words(words: str, printed: str) -> str:
    """A sentence's figure, with the digits of the cell that it tells of."""
    digits = _NUMBER.search(printed)
    assert digits, printed
    return _NUMBER.sub(digits[0], words, count=1)


def _swaps(text: str) -> list[str]:
    """A figure with two neighbouring digits before its point changed over, in every way that another one comes of."""
    plain = text.replace(",", "")
    whole = plain.partition(".")[0].removeprefix("-")
    if not whole.isdecimal() or len(whole) < 3:
        return []
    start = len(plain.partition(".")[0]) - len(whole)
    swapped = (
        f"{plain[:at]}{plain[at + 1]}{plain[at]}{plain[at + 2 :]}"
        for at in range(start, start + len(whole) - 1)
        if plain[at] != plain[at + 1] and (at > start or plain[at + 1] != "0")
    )
    return [f"{Decimal(each):,.2f}" for each in swapped]


def _numbers(count: int, wanted: int, seed: int, what: str, taken: Iterable[int] = ()) -> Iterator[int]:
    free = sorted(set(range(1, count + 1)) - {*taken})
    yield from sorted(chance(seed, what).sample(free, wanted))


def main() -> None:
    """Write a province, and beside it (``planted.json``) what is wrong where."""
    parser = argparse.ArgumentParser(description="合成的省：只供测试和量测（SYNTHETIC DATA）")
    parser.add_argument("raw", type=Path)
    parser.add_argument("--departments", type=int, default=100)
    parser.add_argument("--year", type=int, action="append")
    parser.add_argument("--faults", type=int, default=0)
    parser.add_argument("--unreadable", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    call = parser.parse_args()
    wrong = [*_numbers(call.departments, call.faults, call.seed, "faults")]
    not_read = [*_numbers(call.departments, call.unreadable, call.seed, "unreadable", wrong)]
    years = [
        write_departments(call.raw, year, call.departments, seed=call.seed, faults=wrong, unreadable=not_read)
        for year in call.year or [YEAR]
    ]
    key = json.dumps([asdict(each) for each in years], ensure_ascii=False, indent=1)
    (call.raw / "planted.json").write_text(f"{key}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
