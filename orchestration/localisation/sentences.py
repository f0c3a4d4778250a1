"""What a finding and a suspect cell are called in Chinese, one sentence each: what officers read of localisation.

What does not belong here: finding them (``localise``, ``suspects``), ranking (``ranking``), how a broken rule is said
(``dbt_project/macros/statements.sql``), and which whole rows and columns can be named (``slips.yml``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Decimal
from fractions import Fraction

from orchestration.ledgers.money import unit_kind
from orchestration.localisation.corroboration import Corroboration, Witness
from orchestration.localisation.findings import Label
from orchestration.localisation.knowledge import Knowledge
from orchestration.localisation.localise import Change, Fault
from orchestration.localisation.patterns import Pattern, PatternMatch
from orchestration.localisation.ranking import Ranked
from orchestration.localisation.slips import Slip
from orchestration.localisation.solver.exact import Number
from orchestration.localisation.solver.network import Quantity
from orchestration.localisation.sum_slips import SumSlip

#: Patterns named in one sentence, and rules that contradict one another.
MOST_PATTERNS, MOST_RULES = 3, 6


class FindingWording:
    """Sentences about whole rows and columns, from ``slips.yml`` and what people call the cells."""

    def __init__(self, labels: Mapping[str, Label], cells: Mapping[str, Quantity], knowledge: Knowledge):
        self.labels, self.cells, self.knowledge = labels, cells, knowledge
        self.rows: dict[tuple[str, str], Label] = {}
        self.columns: dict[tuple[str, str], Quantity] = {}  # a total, where there is one: it says the printed place
        for address, cell in cells.items():
            known = self.rows.setdefault((cell.ledger, cell.row_key), labels[address])
            self.rows[cell.ledger, cell.row_key] = min(known, labels[address], key=lambda label: label.place)
            if cell.row_kind == "total" or (cell.ledger, cell.measure) not in self.columns:
                self.columns[cell.ledger, cell.measure] = cell

    def patterns(self, seen: PatternMatch) -> str | None:
        """The sentence of the patterns seen; where several explain the same, the first few."""
        said = [self._pattern(pattern) for pattern in seen.patterns if pattern.kind in self.knowledge.patterns]
        more = f"；或另外 {len(said) - MOST_PATTERNS} 种" if len(said) > MOST_PATTERNS else ""
        return "；或".join(said[:MOST_PATTERNS]) + more if said else None

    def patterns_with_others(self, seen: PatternMatch, place: int) -> str:
        """The same, and which other findings are part of it."""
        others = "、".join(str(n + 1) for n in seen.faults if n != place)
        sentence = self.patterns(seen)
        return f"{sentence}（与第 {others} 处发现同为一事）" if sentence and others else sentence or ""

    def sums(self, slips: Sequence[SumSlip]) -> list[str]:
        return [f"{slip.name}：{self._place(*slip.row)}" for slip in slips[:MOST_PATTERNS]]

    def _pattern(self, pattern: Pattern) -> str:
        measures = sorted(pattern.measures, key=lambda measure: self._order(pattern.ledger, measure))
        columns = [self.labels[self.columns[pattern.ledger, measure].address].column for measure in measures]
        lost = pattern.kind == "row_missing"
        keys = pattern.rows if lost else sorted(pattern.rows, key=lambda row: self.rows[pattern.ledger, row].place)
        rows = "与".join(self._row(pattern.ledger, row) for row in keys)
        figures = sorted(pattern.figures, key=lambda figure: self._order(pattern.ledger, figure[0]))
        return self.knowledge.patterns[pattern.kind].format(
            ledger="、".join(self._ledger(ledger) for ledger in (pattern.ledger, *pattern.beside)),
            rows=f"（缺的是 {'、'.join(pattern.rows)}）" if lost and pattern.rows else rows,
            columns=" 与 ".join(columns) if pattern.kind.startswith("columns") else "、".join(columns),
            figures="、".join(self._figure(pattern.ledger, measure, *span) for measure, span in figures),
            said=pattern.units[0],
            unit=pattern.units[1],
        )

    def _ledger(self, name: str) -> str:
        return next(label.ledger for (ledger, _), label in self.rows.items() if ledger == name)

    def _order(self, ledger: str, measure: str) -> int:
        return self.labels[self.columns[ledger, measure].address].place

    def _place(self, ledger: str, row: str) -> str:
        label = self.rows[ledger, row]
        return f"{label.ledger}{self._row(ledger, row)}"

    def _row(self, ledger: str, row: str) -> str:
        """第17行, or 「湖南省就业服务中心」 where rows are not numbered."""
        name = self.rows[ledger, row].row if (ledger, row) in self.rows else row
        return name if name.startswith("第") and name.endswith("行") else f"「{name}」"

    def _figure(self, ledger: str, measure: str, low: Number, high: Number) -> str:
        cell = self.columns[ledger, measure]
        about = "约 " if high - low > 2 * Fraction(cell.half_width) else ""
        text = _shown(Fraction(low + high) / 2, cell, ROUND_HALF_EVEN)
        unit = f" {cell.printed_unit}" if cell.printed_unit else ""
        return f"{self.labels[cell.address].column} {about}{text}{unit}"


def finding_sentence(fault: Fault, joint: bool, weighed: bool, pattern: str, rows: list[str]) -> str:
    """One sentence: how many rules, what it looks like, and how many answers there are."""
    if not fault.answers and fault.complete:
        return _contradiction(fault) + (f"；{pattern}" if pattern else "")
    if joint:
        text = f"{len(fault.relations)} 条规则各自在尾差范围内成立，合在一起不能同时成立"
    else:
        text = f"{len(fault.relations)} 条规则不成立"
    text += f"；{pattern}；若不是" if pattern else ""
    stop = "，" if pattern else "；"
    least = "按各账可信程度最可疑" if weighed else "改动最少"
    if not fault.answers:
        text += f"{stop}时限内未能查出可能有误的单元格"
    elif not fault.complete:
        text += f"{stop}时限内未能查尽，列出的 {len(fault.answers)} 种改法可行但未必最少"
    elif fault.capped:
        text += f"{stop}可能的改法超过 {len(fault.answers)} 种，只列这些"
    elif fault.unique:
        text += f"{stop}{least}的答案只有一种，共 {len(fault.answers[0].changes)} 格"
    else:
        text += f"{stop}{least}的答案有 {len(fault.answers)} 种，单凭数字分不出是哪一种"
    return text + (f"；也像是 {'；'.join(rows)}" if rows else "")


def _contradiction(fault: Fault) -> str:
    """No cell can help: the rules themselves are at fault, or what they count."""
    names = "、".join(fault.relations[:MOST_RULES])
    if len(fault.relations) > MOST_RULES:
        names += f" 等 {len(fault.relations)} 条"
    who = f"规则 {names} 本身" if len(fault.relations) == 1 else f"规则 {names} 互相矛盾，"
    return f"{who}不能成立，改动任何单元格都没有用；请核对规则里的常数和所数的行"


def suspect_sentence(
    change: Change, ranked: Ranked, index: int, evidence: Corroboration, labels: Mapping[str, Label]
) -> str:
    """A cell of the solution ``index``: how it is reported, what it would have to be, and what speaks for that."""
    cell = evidence.cells[change.address]
    cells = len(ranked.answer.changes)
    together = f"（第 {index} 种改法，{cells} 格须同时改）" if cells > 1 else ""
    witnesses = [witness for witness in ranked.witnesses if witness.suspect == change.address]
    slips = [slip for slip in ranked.slips if slip.address == change.address]
    said = _speaking_for(witnesses, slips, evidence, labels)
    label = labels[change.address]
    mark = f"（该格{label.mark}）" if label.mark else ""
    statement = f"{together}{label} 列示为 {_printed(cell)}{mark}，{_interval(change, cell)}"
    return "；".join([statement, *said])


def _speaking_for(
    witnesses: Sequence[Witness], slips: Sequence[Slip], evidence: Corroboration, labels: Mapping[str, Label]
) -> list[str]:
    """What speaks for the implied value: cells printed so; else a sum that implies it, and a slip that explains it."""
    printed = [evidence.cells[w.address] for w in witnesses if not w.relation]
    if printed:
        return [f"{labels[other.address]} 列示为 {other.text}" for other in printed[:3]]
    implied = [f"由{labels.get(w.address, w.address)}一处合计可推得" for w in witnesses[:1]]
    return implied + [f"疑为{slip.name}（{slip.text}）" for slip in slips[:1]]


def _printed(cell: Quantity) -> str:
    text = cell.text or "空白"
    return text if cell.printed_unit and cell.printed_unit in text else f"{text} {cell.printed_unit}".strip()


def _interval(change: Change, cell: Quantity) -> str:
    low, high = _shown(change.low, cell, ROUND_FLOOR), _shown(change.high, cell, ROUND_CEILING)
    if low is None and high is None:
        return "应为何数，其余的数不能确定"
    if low is None or high is None:
        return f"应不低于 {low}" if high is None else f"应不高于 {high}"
    return f"应为 {low}" if low == high else f"应在 {low} 与 {high} 之间"


def _shown(bound: Fraction | None, cell: Quantity, rounding: str) -> str | None:
    """A bound in the cell's printed unit, rounded outwards at its printed place."""
    if bound is None:
        return None
    factor = _factor(cell)
    places = max(len(cell.text.partition(".")[2].rstrip("%％)）人万亿千元")), 2 if cell.unit == "yuan" else 0)
    number = bound / factor
    exact = Decimal(number.numerator) / Decimal(number.denominator)
    return f"{exact.quantize(Decimal(1).scaleb(-places), rounding=rounding):f}"


def _factor(cell: Quantity) -> Fraction:
    known = unit_kind(cell.printed_unit) if cell.printed_unit else None
    return Fraction(known[1]) if known else Fraction(1)
