"""What departments print of each other, as the province's page and workbook show it: each relation in a sentence, with
the cells on both sides.
"""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from orchestration.ledgers.money import MONEY_UNITS
from orchestration.publication.province.build import ProvinceBuild
from orchestration.reporting.figures import places

Row = Mapping[str, Any]
#: What became of a relation between departments, what wants looking at first.
ACROSS = {
    "inconsistent": "不符", "missing": "缺少对应数据", "mixed": "口径不同", "unpaired": "无对方",
    "rounding": "尾差范围内", "consistent": "相符",
}  # fmt: skip


@dataclass(frozen=True)
class AcrossPlace:
    """One relation between departments: what became of it, in a sentence, and the cells on both sides."""

    row: Row  # of province_across
    said: str
    left: Sequence[Row]
    right: Sequence[Row]

    @property
    def is_open(self) -> bool:
        """Whether somebody has to look at it."""
        return self.row["status"] in ("inconsistent", "missing", "mixed")


@dataclass(frozen=True)
class AcrossRule:
    """A rule between departments, and every place where somebody prints what it speaks of."""

    title: str
    advice: str
    places: list[AcrossPlace] = field(default_factory=list)

    @property
    def groups(self) -> list[tuple[bool, list[AcrossPlace]]]:
        """What somebody has to look at, then the rest."""
        found = [(is_open, [each for each in self.places if each.is_open is is_open]) for is_open in (True, False)]
        return [(is_open, some) for is_open, some in found if some]

    @property
    def counts(self) -> dict[str, int]:
        found = Counter(each.row["status"] for each in self.places)
        return {status: found[status] for status in ACROSS if found[status]}


def across_rules(province: ProvinceBuild, names: Mapping[str, str]) -> list[AcrossRule]:
    """Relations between departments that somebody prints, in the order of the policy."""
    cells: dict[tuple[Any, ...], dict[str, list[Row]]] = {}
    for row in province.rows("from province_across_cell order by side, department, address"):
        sides = cells.setdefault(
            tuple(row[name] for name in ("rule_id", "subject", "other", "bound", "is_of_nobody")), {}
        )
        sides.setdefault(row["side"], []).append(row)
    found: dict[str, AcrossRule] = {}
    order = list(ACROSS)
    rows = province.rows("from province_across order by rule_place, department, other, bound")
    for row in sorted(rows, key=lambda row: (row["rule_place"], order.index(row["status"]))):
        rule = found.setdefault(row["rule_id"], AcrossRule(row["title"], row["advice"]))
        sides = cells[tuple(row[name] for name in ("rule_id", "department", "other", "bound", "is_of_nobody"))]
        said = across_statement(row, names)
        rule.places.append(AcrossPlace(row, said, sides.get("left", []), sides.get("right", [])))
    return list(found.values())


def across_statement(row: Row, names: Mapping[str, str]) -> str:
    """A relation between departments in a sentence; amounts in the unit that its cells print."""
    left = f"{names.get(row['department'], row['department'])} {row['left_label'] or row['right_label']}"
    shown = functools.partial(printed, unit=row["printed_unit"])
    if row["status"] == "unpaired":
        figure = row["right_value"] if row["left_value"] is None else row["left_value"]
        return f"{left} {shown(figure)}，没有登记对方是哪个部门，不能核对"
    if row["status"] == "mixed":
        return f"{left}：对方的统筹层次或单位不同（{'、'.join(row['levels'])}），不相加"
    other = names.get(row["other"], row["other"])
    if row["status"] == "missing":
        there = f"{other or '下级部门'} {row['right_label']}" if row["left_value"] is None else left
        return f"{there}：缺 {'、'.join(_missing(row, names))}"
    right = f"{other} {row['right_label']}" if other else f"{row['right_cells']} 个单元格之和"
    equal = f"{left} {shown(row['left_value'])}，{right} {shown(row['right_value'])}"
    if row["status"] == "consistent":
        return equal
    allowed = f"四舍五入只能解释 {shown(row['allowed'])}" if row["status"] == "inconsistent" else "在尾差范围内"
    return f"{equal}，相差 {shown(row['difference'])}，{allowed}"


def _missing(row: Row, names: Mapping[str, str]) -> list[str]:
    """Whose figures are not there: of who has published nothing, and of who has and does not print them."""
    absent = [f"{names.get(code, code)}（没有发布）" for code in row["absent"]]
    blank = [f"{names.get(code, code)}（没有列示）" for code in row["blank"]]
    if absent or blank:
        return absent + blank
    whose = row["department"] if row["left_value"] is None else row["other"]
    return [f"{names.get(whose, whose) or '下级部门'}（没有列示）"]


def printed(value: Decimal | None, unit: str) -> str:
    """Exact, in the unit that was printed: a fact held against another loses no digit."""
    if value is None:
        return "没有列示"
    fen = MONEY_UNITS.get(unit)
    whole = value.normalize() if fen is None else (value * 100 / fen).normalize()
    digits = max(0 if fen is None else 2, places(whole))
    return f"{whole:,.{digits}f} {unit}".rstrip()
