"""From judged rules to findings: which cells must be wrong.

Takes the rows of ``rule_term`` and ``reconciliation`` as the judge left them; finds nothing out about whether a rule
holds. Localisation itself is in ``localise``, ranking in ``ranking``, the words of a finding in ``sentences``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any

from orchestration.localisation.corroboration import Corroboration
from orchestration.localisation.findings import Finding, Findings, Label, SuspectCell
from orchestration.localisation.knowledge import read_knowledge
from orchestration.localisation.localise import Change, Fault, localise
from orchestration.localisation.patterns import patterns
from orchestration.localisation.ranking import Ranked, rank
from orchestration.localisation.sentences import FindingWording, finding_sentence, suspect_sentence
from orchestration.localisation.slips import settled
from orchestration.localisation.solver.exact import exact
from orchestration.localisation.solver.network import Quantity, Relation, holds
from orchestration.localisation.sum_slips import DetailFigures, sum_slips

#: Seconds after which a year's localisation gives what it has, and says that it is not all.
TIME_LIMIT = 60.0
#: Answers listed for one fault. A column that nothing else binds has as many answers as rows: 36 in 2024's longest.
CAP = 200
_OPERATORS = ("=", "<=", ">=")
_PLACES = Decimal("1e-9")


def network(
    cells: Iterable[Mapping[str, Any]], terms: Iterable[Mapping[str, Any]]
) -> tuple[list[Quantity], list[Relation]]:
    """The network of one year.

    ``cells``: address, row_kind, measure, unit, printed_unit, text, value, half_width, skew, rounding. ``terms``: rows
    of ``rule_term`` of error-severity rules without a missing term and not accepted as an exception, with ``operator``
    and ``status`` (what the judge said), in the order of their terms. What the warehouse computes is a constant here:
    only what was printed can be wrong.
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
    words = FindingWording(labels, evidence.cells, knowledge)
    told = {n: seen for seen in patterns(located.faults, quantities, relations, unprinted) for n in seen.faults}
    details = DetailFigures(quantities)
    of_fault = _RelationsByName(relations)
    findings: list[Finding] = []
    suspects: list[SuspectCell] = []
    for place, fault in enumerate(located.faults):
        answers = rank(fault, evidence, knowledge, beside)
        ours = of_fault(fault)
        joint = _holds_alone(ours, evidence)
        seen = told.get(place)
        pattern = words.patterns(seen) if seen else None
        rows = [] if pattern else sum_slips(fault.relations, quantities, ours, knowledge, details)
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
                statement=finding_sentence(
                    fault, joint, weighed, words.patterns_with_others(seen, place) if seen else "", words.sums(rows)
                ),
            )
        )
        for index, answer in enumerate(answers, 1):
            suspects.extend(
                _suspect(year, place + 1, index, answer, change, evidence, labels) for change in answer.answer.changes
            )
    return Findings(tuple(findings), tuple(suspects))


def _quantity(cell: Mapping[str, Any]) -> Quantity:
    year, *_, ledger, row_key, measure = cell["address"].split("/")
    if cell.get("year_offset"):
        ledger = f"{year}/{ledger}"  # another book than this year's of the same name, with a price of its own
    return Quantity(
        address=cell["address"], value=cell["value"], half_width=cell["half_width"], ledger=ledger, row_key=row_key,
        row_kind=cell["row_kind"], measure=measure, unit=cell["unit"], printed_unit=cell["printed_unit"],
        text=cell["text"], skew=cell["skew"], rounding=cell["rounding"],
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


class _RelationsByName:
    """The relations of a fault, in the order of all."""

    def __init__(self, relations: Sequence[Relation]):
        self._relations = relations
        self._places = {relation.name: n for n, relation in enumerate(relations)}

    def __call__(self, fault: Fault) -> list[Relation]:
        return [self._relations[n] for n in sorted(self._places[name] for name in fault.relations)]


def _holds_alone(ours: Sequence[Relation], evidence: Corroboration) -> bool:
    """Whether each rule of a fault holds within rounding by itself, and only all of them together do not."""
    cells = {address: evidence.cells[address] for relation in ours for address in relation.addresses}
    span = {address: (exact(cell.low), exact(cell.high)) for address, cell in cells.items()}
    return all(holds(relation, span) for relation in ours)


def _weighed(fault: Fault, evidence: Corroboration, weights: Mapping[str, Decimal]) -> bool:
    """Whether the ledgers of the fault are not all equally reliable."""
    ledgers = {evidence.cells[address].ledger for name in fault.relations for address in evidence.terms[name]}
    return len({weights.get(ledger, Decimal(1)) for ledger in ledgers}) > 1


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
        statement=suspect_sentence(change, ranked, index, evidence, labels),
    )


def _decimal(value: Fraction) -> Decimal:
    return (Decimal(value.numerator) / Decimal(value.denominator)).quantize(_PLACES)
