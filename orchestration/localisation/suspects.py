"""From judged rules to findings: which cells must be wrong, said in one Chinese sentence each.

Takes the rows of ``rule_term`` and ``reconciliation`` as the judge left them; finds nothing out about whether a rule
holds. Localisation itself is in ``localise``, the knowledge by which answers are ranked in ``slips``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Decimal
from fractions import Fraction
from typing import Any

from orchestration.localisation.corroboration import Corroboration, Witness
from orchestration.localisation.findings import Finding, Findings, Label, SuspectCell
from orchestration.localisation.knowledge import Knowledge, read_knowledge
from orchestration.localisation.localise import Change, Fault, localise
from orchestration.localisation.patterns import Pattern, PatternMatch, patterns
from orchestration.localisation.ranking import Ranked, rank
from orchestration.localisation.slips import Slip, settled
from orchestration.localisation.solver.exact import Number, exact
from orchestration.localisation.solver.network import Quantity, Relation, holds
from orchestration.localisation.sum_slips import SumSlip, sum_slips

#: Seconds after which a year's localisation gives what it has, and says that it is not all.
TIME_LIMIT = 60.0
#: Answers listed for one fault. A column that nothing else binds has as many answers as rows: 36 in 2024's longest.
CAP = 200
#: Patterns named in one sentence, and rules that contradict one another.
MOST_PATTERNS, MOST_RULES = 3, 6
_OPERATORS = ("=", "<=", ">=")
_PLACES = Decimal("1e-9")


def network(
    cells: Iterable[Mapping[str, Any]], terms: Iterable[Mapping[str, Any]]
) -> tuple[list[Quantity], list[Relation]]:
    """The network of one year.

    ``cells``: address, row_kind, measure, unit, printed_unit, text, value, half_width. ``terms``: rows of ``rule_term``
    of error-severity rules without a missing term and not accepted as an exception, with ``operator`` and ``status``
    (what the judge said), in the order of their terms. What the warehouse computes is a constant here: only what was
    printed can be wrong.
    """
    quantities = [_quantity(cell) for cell in cells]
    known = {quantity.address for quantity in quantities}
    instances: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for term in terms:
        if term["operator"] in _OPERATORS:
            instances.setdefault((term["rule_id"], term["instance"]), []).append(term)
    return quantities, [_relation(name, found, known) for name, found in instances.items()]


def find(
    year: int,
    quantities: Sequence[Quantity],
    relations: Sequence[Relation],
    labels: Mapping[str, Label],
    weights: Mapping[str, Decimal] | None = None,
    unprinted: Mapping[str, Iterable[str]] | None = None,
    time_limit: float = TIME_LIMIT,
) -> Findings:
    """Localise what is broken.

    ``labels``: by address; ``weights``: by ledger, what it costs to suspect a cell; ``unprinted``: by ledger, keys of
    rows that rules name and that are not printed.
    """
    evidence = Corroboration(quantities, relations)
    knowledge = read_knowledge()
    located = localise(quantities, relations, time_limit=time_limit, cap=CAP, weights=weights)
    beside = settled(located.faults)
    words = _Words(labels, evidence.cells, knowledge)
    told = {n: seen for seen in patterns(located.faults, quantities, relations, unprinted) for n in seen.faults}
    findings: list[Finding] = []
    suspects: list[SuspectCell] = []
    for place, fault in enumerate(located.faults):
        answers = rank(fault, evidence, knowledge, beside)
        joint = _holds_alone(fault, relations, evidence)
        seen = told.get(place)
        pattern = words.patterns(seen) if seen else None
        rows = [] if pattern else sum_slips(fault.relations, quantities, relations, knowledge)
        weighed = _weighed(fault, evidence, weights or {})
        findings.append(
            Finding(
                fiscal_year=year,
                fault=place + 1,
                kind="joint" if joint else "broken",
                severity="warning" if joint else "error",
                relations=tuple(fault.relations),
                answers=len(answers),
                is_unique=fault.unique,
                is_complete=fault.complete and not fault.capped,
                pattern=pattern,
                pattern_kind=seen.patterns[0].kind if seen and pattern else None,
                statement=_finding(fault, joint, weighed, words.told(seen, place) if seen else "", words.sums(rows)),
            )
        )
        for index, answer in enumerate(answers, 1):
            suspects.extend(
                _suspect(year, place + 1, index, answer, change, evidence, labels) for change in answer.answer.changes
            )
    return Findings(tuple(findings), tuple(suspects))


class _Words:
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

    def told(self, seen: PatternMatch, place: int) -> str:
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


def _quantity(cell: Mapping[str, Any]) -> Quantity:
    year, ledger, row_key, measure = cell["address"].split("/")
    if cell.get("year_offset"):
        ledger = f"{year}/{ledger}"  # another book than this year's of the same name, with a price of its own
    return Quantity(
        address=cell["address"], value=cell["value"], half_width=cell["half_width"], ledger=ledger, row_key=row_key,
        row_kind=cell["row_kind"], measure=measure, unit=cell["unit"], printed_unit=cell["printed_unit"],
        text=cell["text"],
    )  # fmt: skip


def _relation(name: tuple[str, str], terms: list[Mapping[str, Any]], known: set[str]) -> Relation:
    constant = Decimal(0)
    sides: dict[str, list[tuple[str, Decimal]]] = {"term": [], "numerator": [], "denominator": []}
    counted: dict[str, Decimal] = {}
    rate = None
    divisor = Decimal(0)
    for term in terms:
        sign = Decimal(term["weight"]) * (
            1 if term["side"] == "left" or term["role"] in ("numerator", "denominator") else -1
        )
        if term["role"] == "rate":
            rate = term["address"]
        elif term["role"] in ("constant", "count") or term["address"] not in known:
            constant += sign * term["value"]
            if term["role"] == "count" and term["ledger"]:
                counted[term["ledger"]] = sign
        else:
            sides[term["role"]].append((term["address"], sign))
        if term["role"] == "denominator":
            divisor += sign * term["value"]
    # A relation over a negative denominator is that over its opposite; but where it does not hold, the sign may be the
    # very slip, and turning it over would bar the true answer.
    if divisor < 0 and terms[0]["status"] != "inconsistent":
        for role in ("numerator", "denominator"):
            sides[role] = [(address, -weight) for address, weight in sides[role]]
    return Relation(
        rule_id=name[0], instance=name[1], terms=tuple(sides["numerator" if rate else "term"]),
        operator=terms[0]["operator"], constant=constant, rate=rate, denominator=tuple(sides["denominator"]),
        counted=tuple(counted.items()),
    )  # fmt: skip


def _holds_alone(fault: Fault, relations: Sequence[Relation], evidence: Corroboration) -> bool:
    """Whether each rule of the fault holds within rounding by itself, and only all of them together do not."""
    span = {address: (exact(cell.low), exact(cell.high)) for address, cell in evidence.cells.items()}
    return all(holds(relation, span) for relation in relations if relation.name in fault.relations)


def _weighed(fault: Fault, evidence: Corroboration, weights: Mapping[str, Decimal]) -> bool:
    """Whether the ledgers of the fault are not all equally reliable."""
    ledgers = {evidence.cells[address].ledger for name in fault.relations for address in evidence.terms[name]}
    return len({weights.get(ledger, Decimal(1)) for ledger in ledgers}) > 1


def _finding(fault: Fault, joint: bool, weighed: bool, pattern: str, rows: list[str]) -> str:
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


def _suspect(
    year: int,
    fault: int,
    index: int,
    ranked: Ranked,
    change: Change,
    evidence: Corroboration,
    labels: Mapping[str, Label],
) -> SuspectCell:
    cell = evidence.cells[change.address]
    scale = Fraction(1, 100) if cell.unit == "yuan" else Fraction(1)
    witnesses = [w for w in ranked.witnesses if w.suspect == change.address]
    slips = [slip for slip in ranked.slips if slip.address == change.address]
    cells = len(ranked.answer.changes)
    together = f"（第 {index} 种改法，{cells} 格须同时改）" if cells > 1 else ""
    said = _speaking_for(witnesses, slips, evidence, labels)
    return SuspectCell(
        fiscal_year=year,
        fault=fault,
        answer=index,
        rank=ranked.rank,
        address=change.address,
        ledger=cell.ledger.split("/")[-1],
        row_key=cell.row_key,
        measure=cell.measure,
        unit=cell.unit,
        printed_text=cell.text,
        printed_yuan=_decimal(Fraction(cell.value) * scale),
        implied_low_yuan=None if change.low is None else _decimal(change.low * scale),
        implied_high_yuan=None if change.high is None else _decimal(change.high * scale),
        corroborating=tuple(dict.fromkeys(w.address for w in witnesses)),
        slip=slips[0].name if slips else None,
        statement=together
        + f"{labels[change.address]} 列示为 {_printed(cell)}，{_interval(change, cell)}"
        + "".join(f"；{each}" for each in said),
    )


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
    from orchestration.ledgers.money import unit_kind

    known = unit_kind(cell.printed_unit) if cell.printed_unit else None
    return Fraction(known[1]) if known else Fraction(1)


def _decimal(value: Fraction) -> Decimal:
    return (Decimal(value.numerator) / Decimal(value.denominator)).quantize(_PLACES)
