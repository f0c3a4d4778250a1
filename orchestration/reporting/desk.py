"""What needs looking at in a published year, the gravest first: each matter with its place, suspect, evidence and what
to do, and what people may pick it out by (unit, project, rule).

What is said of a rule is made in the models (``rule_summary``), what to do by the rules themselves; here both are put
beside the cells that they are about. How it looks belongs in ``templates``.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from orchestration.base.wording import BROKEN
from orchestration.reporting.fields import Fields
from orchestration.reporting.forms import Form

Rows: TypeAlias = Sequence[Mapping[str, Any]]
MUST_HOLD = "必须成立的规则"
#: Cells of a rule instance that are named; of a column's sum the first ones speak for all.
_NAMED = 4
_UPON_SUSPECT = "把疑点单元格与原始凭证核对；确是该格有误的，由提供单位确认后更正，不是的再看其他疑点"
_UPON_DERIVED = "请提供单位核对原始凭证；无误后在更正记录里写明确认人"
_UPON_NOT_JUDGED = "补列所缺的内容后再评分"


@dataclass(frozen=True)
class DeskCell:
    """A cell that a matter is about. ``form``: the table of the report that shows it; blank where none does."""

    address: str
    label: str
    source: str
    form: str


@dataclass(frozen=True)
class DeskLine:
    """One place of a matter. ``number``: its rule instance on the wall. ``units``, ``projects``: whose it is."""

    statement: str
    cells: tuple[DeskCell, ...]
    more: int = 0  # cells that are not named
    number: int | None = None
    units: tuple[str, ...] = ()
    projects: tuple[str, ...] = ()


@dataclass(frozen=True)
class DeskMatter:
    """One thing to look at. ``status``: how its chip looks; ``rule``: what people pick it out by."""

    status: str
    grade: str
    rule: str
    statement: str
    lines: tuple[DeskLine, ...]
    suspects: tuple[DeskLine, ...] = ()
    evidence: tuple[str, ...] = ()
    advice: str = ""
    gravest: str = ""  # of many places, the sentence of the one with the largest difference


@dataclass(frozen=True)
class Desk:
    """All matters, and the names that they may be picked out by: every unit and project, also those with nothing."""

    matters: tuple[DeskMatter, ...]
    units: tuple[str, ...]
    projects: tuple[str, ...]
    rules: tuple[str, ...]

    @property
    def blocked(self) -> bool:
        """Whether anything that must hold does not."""
        return any(matter.rule == MUST_HOLD for matter in self.matters)


def build_desk(fields: Fields, forms: Sequence[Form]) -> Desk:
    """The desk of a version: broken rules with their suspects, derived corrections, warnings, what was not scored."""
    matters = _Matters(fields, forms)
    found = (*matters.findings(), *matters.derived(), *matters.warnings(), *matters.not_judged())
    return Desk(
        found,
        tuple(dict.fromkeys(matters.units.values())),
        tuple(dict.fromkeys(matters.projects.values())),
        tuple(dict.fromkeys(matter.rule for matter in found)),
    )


class _Matters:
    """Reads a version's tables into matters."""

    def __init__(self, fields: Fields, forms: Sequence[Form]):
        self.tables: Mapping[str, Rows] = fields.version.tables
        self.labels, self.known = fields.labels, fields.cells
        self.units = {row["row_address"]: row["unit_name"] for row in self.tables.get("unit_expenditure", ())}
        self.projects = {
            row["row_address"]: f"{row['project_no']} {row['project_name']}"
            for row in self.tables.get("project_expenditure", ())
        }
        self.shown: dict[str, str] = {}  # address -> the first form that prints it
        for form in forms:
            for _, _, figure in form.figures():
                for address in figure.addresses[:1] if len(figure.addresses) == 1 else ():
                    self.shown.setdefault(address, form.id)
        self.figures_of: dict[str, list[str]] = defaultdict(list)  # row address -> its figures
        for address, cell in self.known.items():
            if cell["value"] is not None:
                self.figures_of[address.rpartition("/")[0]].append(address)
        self.cells_of: dict[tuple[str, str], list[str]] = defaultdict(list)
        for row in sorted(self.tables["rule_cell"], key=lambda row: row["side"]):  # left before right
            self.cells_of[row["rule_id"], row["instance"]].append(row["address"])
        self.summaries = {row["rule_id"]: row for row in self.tables.get("rule_summary", ())}
        self.suspects_of, self.witnesses_of, self.rules_of = (
            _by_fault(self.tables, name) for name in ("suspect_cell", "suspect_witness", "finding_rule")
        )
        self.entries_of = _by_fault(self.tables, "suspect_entry")
        self.broken: dict[tuple[str, str], list[tuple[int, Mapping[str, Any]]]] = defaultdict(list)
        for number, row in enumerate(self.tables["reconciliation"]):
            if row["status"] in BROKEN:
                self.broken[row["severity"], row["rule_id"]].append((number, row))

    def findings(self) -> list[DeskMatter]:
        """What must hold and does not: one matter for each fault, with its suspects by rank; then what is in none."""
        of_fault = {fault: {(row["rule_id"], row["instance"]) for row in rows} for fault, rows in self.rules_of.items()}
        wrong = {
            (rule, row["instance"]): (number, row)
            for (severity, rule), rows in self.broken.items() if severity == "error" for number, row in rows
        }  # fmt: skip
        found = [
            DeskMatter(
                "inconsistent", "不符", MUST_HOLD, row["statement"],
                tuple(self._line(*wrong[each]) for each in sorted(of_fault.get(row["fault"], set()) & wrong.keys())),
                self._suspects(row["fault"]), self._witnesses(row["fault"]), _UPON_SUSPECT,
            )
            for row in self.tables.get("finding", ())
        ]  # fmt: skip
        told = set().union(*of_fault.values())
        return found + [
            DeskMatter(
                row["status"], "不符", MUST_HOLD, row["statement"], (self._line(number, row),),
                advice=self._summary(row["rule_id"], "advice") or _UPON_SUSPECT,
            )
            for each, (number, row) in wrong.items() if each not in told
        ]  # fmt: skip

    def _witnesses(self, fault: int) -> tuple[str, ...]:
        """What other cells already show, in words."""
        return tuple(dict.fromkeys(row["witness"] for row in self.witnesses_of[fault]))

    def warnings(self) -> list[DeskMatter]:
        """One matter a kind, those with most money first."""
        kinds = [(rule, rows) for (severity, rule), rows in self.broken.items() if severity == "warning"]
        return [self._kind(rule, rows) for rule, rows in sorted(kinds, key=lambda kind: (-_money(kind[1]), kind[0]))]

    def _kind(self, rule: str, rows: Sequence[tuple[int, Mapping[str, Any]]]) -> DeskMatter:
        """All places of a rule as one matter. Versions of earlier days have the whole sentence alone."""
        first = rows[0][1]
        counts = self._summary(rule, "counts")
        return DeskMatter(
            first["status"], "提示", first["title"], counts or self._summary(rule, "statement") or first["statement"],
            tuple(self._line(number, row) for number, row in _by_size(rows)), advice=self._summary(rule, "advice"),
            gravest=self._summary(rule, "gravest") if counts else "",
        )  # fmt: skip

    def _summary(self, rule: str, column: str) -> str:
        """What ``rule_summary`` says of a rule; blank where it says nothing, or a version has no such column."""
        return self.summaries.get(rule, {}).get(column) or ""

    def derived(self) -> list[DeskMatter]:
        """Corrections that follow from the figures alone: nobody has confirmed them yet."""
        return [
            DeskMatter(
                "corrected", "更正待确认", "更正",
                f"{self._label(row['address'])}：{row['printed']} → {row['corrected']}",
                (self._about(row["reason"], [row["address"]]),), evidence=(row["evidence"],), advice=_UPON_DERIVED,
            )
            for row in self.tables["correction"] if not row["confirmed_by"]
        ]  # fmt: skip

    def not_judged(self) -> list[DeskMatter]:
        """Indicators that no score could be computed for."""
        return [
            DeskMatter(
                "undefined", "未评", "绩效指标", f"{row['level3']}：{row['not_judged']}",
                (self._about(row["level3"], self._figures_of(row["row_address"])),),
                advice=_UPON_NOT_JUDGED,
            )
            for row in self.tables.get("indicator_score", ()) if row["not_judged"]
        ]  # fmt: skip

    def _figures_of(self, row_address: str) -> list[str]:
        return self.figures_of[row_address]

    def _suspects(self, fault: int) -> tuple[DeskLine, ...]:
        cells = sorted(self.suspects_of[fault], key=lambda row: (row["rank"], row["answer"], row["address"]))
        entries = sorted(self.entries_of[fault], key=lambda row: (row["rank"], row["statement"]))
        return (
            *(self._about(row["statement"], [row["address"]]) for row in cells),
            *(DeskLine(f"{row['statement']}（{_entry_place(row)}）", ()) for row in entries),
        )

    def _line(self, number: int, row: Mapping[str, Any]) -> DeskLine:
        return self._about(row["statement"], self.cells_of[row["rule_id"], row["instance"]], number)

    def _about(self, statement: str, addresses: Sequence[str], number: int | None = None) -> DeskLine:
        addresses = list(dict.fromkeys(addresses))
        rows = list(dict.fromkeys(address.rpartition("/")[0] for address in addresses))
        cells = tuple(self._cell(address) for address in addresses[:_NAMED])
        # A total's row is nobody's own; a sum over all rows is everybody's, and so no one's either.
        own = rows if len(addresses) <= _NAMED else rows[:1]
        return DeskLine(
            statement, cells, len(addresses) - len(cells), number,
            tuple(self.units[row] for row in own if row in self.units),
            tuple(self.projects[row] for row in own if row in self.projects),
        )  # fmt: skip

    def _cell(self, address: str) -> DeskCell:
        cell = self.known.get(address)
        source = " ".join(part for part in (cell["file"], cell["sheet"], cell["cell"]) if part) if cell else ""
        return DeskCell(address, self._label(address), source, self.shown.get(address, ""))

    def _label(self, address: str) -> str:
        return self.labels.get(address, address)


def _by_fault(tables: Mapping[str, Rows], name: str) -> dict[int, list[Mapping[str, Any]]]:
    """The rows of a table by the fault that they belong to."""
    rows: dict[int, list[Mapping[str, Any]]] = defaultdict(list)
    for row in tables.get(name, ()):
        rows[row["fault"]].append(row)
    return rows


def _by_size(rows: Sequence[tuple[int, Mapping[str, Any]]]) -> list[tuple[int, Mapping[str, Any]]]:
    return sorted(rows, key=lambda each: (-abs(each[1]["difference"] or 0), each[0]))


def _money(rows: Sequence[tuple[int, Mapping[str, Any]]]) -> Any:
    """The largest difference in money of a kind; none where it is not about money."""
    return max((abs(row["difference"] or 0) for _, row in rows if row["unit"] == "yuan"), default=0)


def _entry_place(row: Mapping[str, Any]) -> str:
    return f"{row['file'] or row['ledger']}" + (f" 第{row['line']}行" if row["line"] else "")
