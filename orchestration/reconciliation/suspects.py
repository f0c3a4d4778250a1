"""From judged rules to findings: which cells must be wrong, said in one Chinese sentence each.

Takes the rows of ``rule_term`` and ``reconciliation`` as the judge left them; finds nothing out about whether a rule
holds. Localisation itself is in ``localise``, the knowledge by which answers are ranked in ``slips``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from fractions import Fraction
from typing import Any

from orchestration.reconciliation.localise import Change, Fault, joint_conflict, localise
from orchestration.reconciliation.network import Quantity, Relation
from orchestration.reconciliation.slips import Evidence, Ranked, rank, read_knowledge, settled, sum_slips

#: Seconds after which a year's localisation gives what it has, and says that it is not all.
TIME_LIMIT = 60.0
#: Answers listed for one fault. A column that nothing else binds has as many answers as rows: 36 in 2024's longest.
CAP = 200
_OPERATORS = ("=", "<=", ">=")
_PLACES = Decimal("1e-9")


@dataclass(frozen=True)
class Found:
    """Rows of the tables ``finding`` and ``suspect_cell``; money in yuan."""

    findings: list[dict[str, Any]]
    suspects: list[dict[str, Any]]


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
    labels: Mapping[str, str],
    weights: Mapping[str, Decimal] | None = None,
    time_limit: float = TIME_LIMIT,
) -> Found:
    """Localise what is broken. ``labels``: address -> what people call the cell (表3 第17行 本年调整)."""
    evidence = Evidence(quantities, relations)
    knowledge = read_knowledge()
    located = localise(quantities, relations, time_limit=time_limit, cap=CAP, weights=weights)
    beside = settled(located.faults)
    found = Found([], [])
    for number, fault in enumerate(located.faults, 1):
        answers = rank(fault, evidence, knowledge, beside)
        joint = _holds_alone(fault, relations, evidence)
        rows = sum_slips(fault.relations, quantities, relations, knowledge)
        found.findings.append(
            {
                "fiscal_year": year,
                "fault": number,
                "kind": "joint" if joint else "broken",
                "severity": "warning" if joint else "error",
                "rules": "、".join(fault.relations),
                "answers": len(answers),
                "is_unique": fault.unique,
                "is_complete": fault.complete and not fault.capped,
                "statement": _finding(
                    fault,
                    joint,
                    _weighed(fault, evidence, weights or {}),
                    [f"{slip.name}：{slip.row[0]} {slip.row[1]}" for slip in rows[:3]],
                ),
            }
        )
        for index, answer in enumerate(answers, 1):
            found.suspects.extend(
                _suspect(year, number, index, answer, change, evidence, labels) for change in answer.answer.changes
            )
    return found


def _quantity(cell: Mapping[str, Any]) -> Quantity:
    _, ledger, row_key, measure = cell["address"].split("/")
    return Quantity(
        address=cell["address"], value=cell["value"], half_width=cell["half_width"], ledger=ledger, row_key=row_key,
        row_kind=cell["row_kind"], measure=measure, unit=cell["unit"], printed_unit=cell["printed_unit"],
        text=cell["text"],
    )  # fmt: skip


def _relation(name: tuple[str, str], terms: list[Mapping[str, Any]], known: set[str]) -> Relation:
    constant = Decimal(0)
    sides: dict[str, list[tuple[str, Decimal]]] = {"term": [], "numerator": [], "denominator": []}
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
    )  # fmt: skip


def _holds_alone(fault: Fault, relations: Sequence[Relation], evidence: Evidence) -> bool:
    """Whether each rule of the fault holds within rounding by itself, and only all of them together do not."""
    members = [relation for relation in relations if relation.name in fault.relations]
    addresses = {address for relation in members for address, _ in (*relation.terms, *relation.denominator)}
    addresses |= {relation.rate for relation in members if relation.rate}
    cells = [evidence.cells[address] for address in sorted(addresses)]
    conflict = joint_conflict(cells, members)
    return conflict is not None and set(conflict) == set(fault.relations)


def _weighed(fault: Fault, evidence: Evidence, weights: Mapping[str, Decimal]) -> bool:
    """Whether the ledgers of the fault are not all equally reliable."""
    ledgers = {evidence.cells[address].ledger for name in fault.relations for address in evidence.terms[name]}
    return len({weights.get(ledger, Decimal(1)) for ledger in ledgers}) > 1


def _finding(fault: Fault, joint: bool, weighed: bool, rows: list[str]) -> str:
    if joint:
        text = f"{len(fault.relations)} 条规则各自在取整之内成立，合在一起不能同时成立"
    else:
        text = f"{len(fault.relations)} 条规则不成立"
    least = "按各账可信程度最可疑" if weighed else "改动最少"
    if not fault.answers:
        text += "；改动任何单元格都不能使其成立，请核对规则与数据"
    elif not fault.complete:
        text += f"；时限内未能查尽，列出的 {len(fault.answers)} 种改法可行但未必最少"
    elif fault.capped:
        text += f"；可能的改法超过 {len(fault.answers)} 种，只列这些"
    elif fault.unique:
        text += f"；{least}的答案只有一种，共 {len(fault.answers[0].changes)} 格"
    else:
        text += f"；{least}的答案有 {len(fault.answers)} 种，单凭数字分不出是哪一种"
    return text + (f"；也像是 {'；'.join(rows)}" if rows else "")


def _suspect(
    year: int, fault: int, index: int, ranked: Ranked, change: Change, evidence: Evidence, labels: Mapping[str, str]
) -> dict[str, Any]:
    cell = evidence.cells[change.address]
    scale = Fraction(1, 100) if cell.unit == "yuan" else Fraction(1)
    witnesses = [w for w in ranked.witnesses if w.suspect == change.address]
    slips = [slip for slip in ranked.slips if slip.address == change.address]
    printed = [evidence.cells[w.address] for w in witnesses if not w.relation]
    cells = len(ranked.answer.changes)
    together = f"（第 {index} 种改法，{cells} 格须同时改）" if cells > 1 else ""
    said = [f"{labels[other.address]} 印作 {other.text}" for other in printed[:3]]
    said += [f"由{labels.get(w.address, w.address)}一处合计可推得" for w in witnesses[:1] if w.relation and not printed]
    said += [f"疑为{slip.name}（{slip.text}）" for slip in slips[:1] if not printed]
    return {
        "fiscal_year": year,
        "fault": fault,
        "answer": index,
        "rank": ranked.rank,
        "address": change.address,
        "ledger": cell.ledger,
        "row_key": cell.row_key,
        "measure": cell.measure,
        "unit": cell.unit,
        "printed_text": cell.text,
        "printed_yuan": _decimal(Fraction(cell.value) * scale),
        "implied_low_yuan": None if change.low is None else _decimal(change.low * scale),
        "implied_high_yuan": None if change.high is None else _decimal(change.high * scale),
        "witnesses": "、".join(dict.fromkeys(w.address for w in witnesses)),
        "slip": slips[0].name if slips else None,
        "statement": together
        + f"{labels[change.address]} 印作 {_printed(cell)}，{_interval(change, cell)}"
        + "".join(f"；{each}" for each in said),
    }


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
