"""The figures and rule instances around one cell, and where the cell would have to lie for them to hold.

Reads a build; judges nothing (dbt does). What does not belong here: the interval itself (``localisation.implied``).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from typing import Any

from orchestration.base.locks import open_database
from orchestration.explanation.source import TableSource
from orchestration.localisation.implied import IMPOSSIBLE, ImpliedInterval, free_interval
from orchestration.localisation.solver.network import Quantity, Relation
from orchestration.localisation.suspects import network
from orchestration.warehouse.rows import rows_of

#: Tables that only a whole build has.
JUDGED = frozenset({"int_rule_cell", "reconciliation", "rule_term"})
_CLOSED = {"<": "<=", ">": ">=", "=": "=", "<=": "<=", ">=": ">="}


@dataclass(frozen=True)
class Instance:
    """One rule instance as judged, and the relation that it states (None where it can't be put as one)."""

    rule_id: str
    instance: str
    severity: str
    status: str
    statement: str
    operator: str
    compare: str
    binding: bool  # not where it is judged only if another rule is broken, nor where it is accepted as it stands
    relation: Relation | None
    addresses: frozenset[str]  # of all its terms, counted ones too


@dataclass(frozen=True)
class Surroundings:
    """The figures and rule instances around one cell."""

    cells: dict[str, Quantity]
    instances: list[Instance]

    def of(self, address: str) -> list[Instance]:
        return [instance for instance in self.instances if address in instance.addresses]


_TERMS = """
    with chosen as (
        select distinct rule_id, instance from rule_term
        where fiscal_year = $1 and list_contains($2, address)
    )
    select term.rule_id, term.instance, term.term, term.side, term.role, term.weight, term.address, term.value,
           term.ledger, rule.operator, rule.compare, rule.only_where_broken, judged.severity, judged.status,
           judged.statement
    from rule_term as term
    inner join chosen using (rule_id, instance)
    inner join raw.rule as rule using (fiscal_year, rule_id)
    inner join reconciliation as judged using (fiscal_year, rule_id, instance)
    where term.fiscal_year = $1
    order by judged.severity, term.rule_id, term.instance, term.term, term.address
"""
_CELLS = """
    select address, row_kind, measure, unit, printed_unit, text, value, half_width, skew,
           coalesce(rounding, 'half_up') as rounding
    from int_rule_cell inner join raw.ledger using (fiscal_year, ledger)
    left join raw.measure using (fiscal_year, ledger, measure)
    where fiscal_year = $1 and value is not null and file <> '' and list_contains($2, address)
"""


def read_surroundings(source: TableSource, addresses: Iterable[str]) -> Surroundings:
    """Every rule instance that any of the cells takes part in, with all figures in them."""
    with open_database(source.path) as connection:

        def rows(query: str, wanted: Iterable[str]) -> list[dict[str, Any]]:
            return rows_of(connection, query, [source.year, sorted(wanted)])

        # A rule on which rows two tables name binds no value.
        terms = [term for term in rows(_TERMS, addresses) if term["operator"] in _CLOSED]
        cells = rows(_CELLS, {term["address"] for term in terms if term["address"]})
    groups: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for term in terms:
        groups.setdefault((term["rule_id"], term["instance"]), []).append(term)
    judged = [
        term | {"operator": _CLOSED[term["operator"]]}
        for term in terms
        if term["status"] not in ("missing", "undefined")
    ]
    quantities, relations = network(cells, judged)
    stated = {(relation.rule_id, relation.instance): relation for relation in relations}
    return Surroundings(
        {quantity.address: quantity for quantity in quantities},
        [
            Instance(
                rule_id=name[0], instance=name[1], severity=first["severity"], status=first["status"],
                statement=first["statement"], operator=first["operator"], compare=first["compare"],
                binding=first["only_where_broken"] is None and first["status"] != "accepted", relation=stated.get(name),
                addresses=frozenset(term["address"] for term in group if term["address"]),
            )
            for name, group in groups.items() for first in group[:1]
        ],
    )  # fmt: skip


def can_be_mended(instance: Instance) -> bool:
    return instance.severity == "error" and instance.status == "inconsistent" and instance.relation is not None


def variables(instance: Instance) -> frozenset[str]:
    """The cells whose value an instance binds: those that are only counted are not among them."""
    return frozenset(instance.relation.addresses) if instance.relation else frozenset()


def strict_of(instances: Iterable[Instance]) -> frozenset[str]:
    """Names of the relations that are really < or >."""
    return frozenset(each.relation.name for each in instances if each.relation and each.operator in ("<", ">"))


def implied_by(around: Surroundings, address: str, instance: Instance) -> ImpliedInterval:
    """Where a cell would have to lie for one rule instance, all others aside."""
    if instance.relation is None:  # a counterpart is missing: no value of this cell brings it back
        return IMPOSSIBLE
    cells = around.cells
    if instance.compare == "printed":  # digits are compared as they stand
        cells = {name: replace(quantity, half_width=Decimal(0), skew=Decimal(0)) for name, quantity in cells.items()}
    return _believed(free_interval(cells, [instance.relation], address, strict_of([instance])),
                     cells, address, [instance])  # fmt: skip


def implied_alone(around: Surroundings, address: str) -> ImpliedInterval:
    """Where a cell would have to lie for every error rule that it takes part in, if it alone were wrong."""
    return implied_jointly(around, address, [i for i in around.of(address) if i.severity == "error" and i.binding])


def implied_jointly(around: Surroundings, address: str, instances: Sequence[Instance]) -> ImpliedInterval:
    """Where a cell would have to lie for rule instances to hold together. A rule on digits lets it lie anywhere
    within what the other print implies."""
    if any(instance.relation is None for instance in instances):
        return IMPOSSIBLE
    relations = [instance.relation for instance in instances if instance.relation is not None]
    found = free_interval(around.cells, relations, address, strict_of(instances))
    return _believed(found, around.cells, address, [i for i in instances if i.compare == "interval"])


def _believed(
    implied: ImpliedInterval, cells: Mapping[str, Quantity], address: str, instances: Iterable[Instance]
) -> ImpliedInterval:
    """The interval, unless the judge says otherwise: what is broken under a figure that lies inside the interval is
    broken for a reason that no figure here can mend (a divisor that is zero)."""
    here = cells.get(address)
    if here is None or not any(instance.status == "inconsistent" for instance in instances):
        return implied
    return IMPOSSIBLE if implied.meets(Fraction(here.low), Fraction(here.high)) else implied
