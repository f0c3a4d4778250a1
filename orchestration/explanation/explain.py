"""One cell, explained: what was printed and where, where it flows, which rules it takes part in, and what it would
have to be if it were the wrong one. Reads a build or a published version; judges nothing (dbt does) and knows nothing
of Dagster. What does not belong here: how it is said (``wording``, ``screen``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any

from orchestration.base.settings import Settings
from orchestration.base.wording import BROKEN
from orchestration.explanation.scoring import score_of
from orchestration.explanation.source import (
    TableSource,
    UnknownAddressError,
    addresses_of,
    all_addresses,
    full_address,
    hint_for,
    kept_of,
    label_of,
    nearest,
    open_source,
    scoped,
)
from orchestration.explanation.surroundings import (
    JUDGED,
    Instance,
    Surroundings,
    can_be_mended,
    implied_alone,
    implied_by,
    implied_jointly,
    read_surroundings,
    variables,
)
from orchestration.localisation.implied import ImpliedInterval
from orchestration.localisation.solver.network import Quantity
from orchestration.publication.versions import current_versions

_FLOWS = """
    select published_table, measure, published_value from cell_flow
    where fiscal_year = ? and address = ? order by published_table
"""
_SUSPECTS = "select statement from suspect_cell where fiscal_year = ? and address = ? order by fault, rank, answer"
_OWN = """
    with own as (select unnest(?) as rule_id, unnest(?) as instance),
    concerned as (
        select distinct fiscal_year, fault from finding_rule inner join own using (rule_id, instance)
        where fiscal_year = ?
    )
"""
_CONCERNED = {
    "suspect_entry": _OWN
    + """
    select entry.statement from suspect_entry as entry inner join concerned using (fiscal_year, fault)
    where entry.rank = 1 order by fault, entry.statement limit 6
    """,
    "finding": _OWN
    + """
    select finding.pattern from finding inner join concerned using (fiscal_year, fault)
    where finding.pattern is not null group by finding.pattern order by min(fault)
    """,
}


@dataclass(frozen=True)
class Cause:
    """Another cell whose change alone would let every rule that it takes part in hold."""

    address: str
    label: str
    implied: ImpliedInterval


@dataclass(frozen=True)
class RulePart:
    """A rule that the cell takes part in. ``causes``: for a broken rule, the other cells that could be the wrong one;
    ``others``: how many more are in it whose change alone would break, or leave broken, another rule."""

    instance: Instance
    implied: ImpliedInterval
    causes: tuple[Cause, ...] = ()
    others: int = 0


@dataclass(frozen=True)
class Explanation:
    """All that is known of one cell.

    ``cell``: its row of table ``cell`` (money in yuan). ``implied``: so that every error rule that it takes part in
    holds, the other cells within their prints; ``implied_with_warnings``: so that warnings do too. ``flows`` and
    ``rules`` are None where the source has no such tables. ``patterns``: what its broken rules look like, where whole
    rows or columns seem to be out of place. ``places``: where the report of the published year prints it, or what is
    computed from it; None where no year is published.
    """

    source: TableSource
    cell: dict[str, Any]
    label: str
    correction: dict[str, Any] | None
    flows: list[dict[str, Any]] | None
    rules: list[RulePart] | None
    implied: ImpliedInterval
    implied_with_warnings: ImpliedInterval
    suspects: list[str] = field(default_factory=list)
    patterns: list[str] = field(default_factory=list)
    places: list[str] | None = None
    score: dict[str, Any] | None = None  # of an indicator's figure: its formula, the points that it gives, or why none
    quantities: Mapping[str, Quantity] = field(default_factory=dict)
    mark: str = ""  # what the file says of it beside its text: 划了删除线
    rounding: str = "half_up"

    @property
    def fits(self) -> bool:
        """Whether the figure in force, as printed, may stay."""
        here = self.quantities.get(self.cell["address"])
        if here is not None:
            return self.implied.meets(Fraction(here.low), Fraction(here.high))
        factor = 100 if self.cell["unit"] == "yuan" else 1
        value, half = Fraction(self.cell["value"]) * factor, Fraction(self.cell["half_width"]) * factor
        return self.implied.meets(value - half, value + half)


def explain(settings: Settings, address: str, *, as_published: bool = False) -> Explanation:
    """Explain a cell from its year's build, or where there is none from its published version.

    ``as_published``: from the build of ``run --as-published``. Raises ``UnknownAddressError``.
    """
    address = full_address(settings, address)
    settings = scoped(settings, address)
    year, _, _ = address.partition("/")
    source = open_source(settings, int(year), as_published) if year.isdecimal() and len(year) == 4 else None
    if source is None:
        raise UnknownAddressError(
            address, nearest(address, all_addresses(settings)), hint_for(settings, year, as_published)
        )
    with source.opened():
        return _explained(settings, source, address, as_published)


def _explained(settings: Settings, source: TableSource, address: str, as_published: bool) -> Explanation:
    found = source.rows("from cell where fiscal_year = ? and address = ?", source.year, address)
    if not found:
        raise UnknownAddressError(address, nearest(address, addresses_of(source)))
    corrections = source.rows("from correction where fiscal_year = ? and address = ?", source.year, address)
    unbound = ImpliedInterval(True)
    explanation = Explanation(
        source, found[0], label_of(source, found[0]), corrections[0] if corrections else None, None, None, unbound,
        unbound,
    )  # fmt: skip
    mark, rounding = kept_of(source, found[0])
    explanation = replace(explanation, score=score_of(source, found[0]), mark=mark, rounding=rounding)
    if not as_published and source.year in current_versions(settings):
        from orchestration.reporting.places import places_of  # as heavy as the report itself

        explanation = replace(explanation, places=places_of(settings, source.year, address))
    return _with_rules(explanation) if source.tables >= JUDGED else explanation


def _with_rules(explanation: Explanation) -> Explanation:
    """Add flows, rules and implied intervals, which only a build has the tables for."""
    source, address = explanation.source, explanation.cell["address"]
    around = read_surroundings(source, [address])
    broken = [instance for instance in around.of(address) if can_be_mended(instance)]
    candidates = {other for instance in broken for other in variables(instance)} - {address}
    if candidates:
        around = read_surroundings(source, {address, *candidates})
    causes = {
        other: Cause(other, _label_of(source, other), implied)
        for other in sorted(candidates)
        if (implied := implied_alone(around, other)).possible
    }
    parts = []
    for instance in around.of(address):
        others = variables(instance) - {address} if instance in broken else frozenset()
        found = tuple(causes[other] for other in sorted(others & causes.keys()))
        parts.append(RulePart(instance, implied_by(around, address, instance), found, len(others) - len(found)))
    parts.sort(key=lambda part: (part.instance.status not in BROKEN, part.instance.severity))
    must, with_warnings = _implied(around, address)
    return replace(
        explanation,
        flows=_rows(source, "cell_flow", _FLOWS, address) if "cell_flow" in source.tables else None,
        rules=parts,
        implied=must,
        implied_with_warnings=with_warnings,
        suspects=[
            row["statement"]
            for row in (*_rows(source, "suspect_cell", _SUSPECTS, address), *_concerned(source, "suspect_entry", parts))
        ],
        patterns=[row["pattern"] for row in _concerned(source, "finding", parts)],
        quantities=around.cells,
    )


def _implied(around: Surroundings, address: str) -> tuple[ImpliedInterval, ImpliedInterval]:
    """Where the value must lie by the rules of error severity, and by all that bind; anywhere for what is no figure."""
    if address not in around.cells:
        return ImpliedInterval(True), ImpliedInterval(True)
    binding = [instance for instance in around.of(address) if instance.binding]
    return implied_alone(around, address), implied_jointly(around, address, binding)


def _label_of(source: TableSource, address: str) -> str:
    found = source.rows("from cell where fiscal_year = ? and address = ?", source.year, address)
    return label_of(source, found[0]) if found else address  # last year's cell


def _rows(source: TableSource, table: str, query: str, address: str) -> list[dict[str, Any]]:
    return source.rows(query, source.year, address) if table in source.tables else []


def _concerned(source: TableSource, table: str, parts: Sequence[RulePart]) -> list[dict[str, Any]]:
    """What findings say that any of these rule instances is part of: suspect entries, or patterns."""
    if not {table, "finding_rule"} <= source.tables:
        return []
    own = [part.instance for part in parts]
    return source.rows(_CONCERNED[table], [each.rule_id for each in own], [each.instance for each in own], source.year)
