"""From broken rules on sums of entries to the file, the line or the month that is wrong, as far as print allows.

Whole files first (``structure``). Then error localisation over accounts and printed cells at once: the smallest sets
whose change satisfies all rules, so that a wrong printed cell is told from wrong entries by the rules that it breaks
itself. Then the lines of the accounts that are left (``questions``), and what speaks for each (``explanations``), put
together as findings (``builder``). A year in which these rules hold is never asked. What does not belong here: whether
a rule holds (dbt), reading builds.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path

from orchestration.entries.diagnosis.accounts import AccountIndex, Network, expand
from orchestration.entries.diagnosis.builder import FindingBuilder
from orchestration.entries.diagnosis.questions import search_lines
from orchestration.entries.diagnosis.structure import doubled_files, lacking, missing_months
from orchestration.localisation.findings import Findings, Label
from orchestration.localisation.solver.network import Quantity, Relation
from orchestration.localisation.solver.system import Clock
from orchestration.localisation.suspects import TIME_LIMIT, find

#: Where as many accounts as printed cells could be wrong, accounts are asked first: they alone can be looked into.
_ACCOUNT = Decimal("0.999")
#: What a missing month may hold is known no better than its bounds; no answer should be to move those.
_UNKNOWN = Decimal(1000)


@dataclass(frozen=True)
class DiagnosisInput:
    """A year's network as the judge left it. ``broken``: names of relations that do not hold, in the judge's order."""

    year: int
    quantities: Sequence[Quantity]
    relations: Sequence[Relation]
    broken: Sequence[str]
    labels: Mapping[str, Label]
    weights: Mapping[str, Decimal]
    unprinted: Mapping[str, Iterable[str]]


def diagnose(
    asked: DiagnosisInput, indexes: Sequence[AccountIndex], temporary: Path, time_limit: float = TIME_LIMIT
) -> Findings:
    """What is wrong in a year whose entries do not agree with print. ``temporary``: where DuckDB may write."""
    clock = Clock(time_limit)
    doubled, indexes = doubled_files(indexes, asked.quantities, asked.relations)
    plain = expand(asked.quantities, asked.relations, indexes, asked.broken)
    missing = missing_months(indexes, plain)
    network = expand(asked.quantities, asked.relations, indexes, asked.broken, lacking(missing, plain))
    labels = {**asked.labels, **_labels(network)}
    weights = {**asked.weights, **{index.contract.entries: _ACCOUNT for index in indexes}}
    weights |= {f"{index.contract.entries}?": _UNKNOWN for index in indexes}
    half = clock.left() / 2
    located = find(asked.year, network.quantities, network.relations, labels, weights, asked.unprinted, half)
    in_time = clock.left() > half  # a localisation without faults does not say itself that it was cut short
    lines = search_lines(located.suspects, network, missing, indexes, temporary, clock)
    lines.complete &= in_time
    builder = FindingBuilder(asked.year, asked.broken, frozenset(asked.weights), network, lines)
    for finding, suspects in builder.joined(located):
        builder.located(finding, suspects)
    builder.structure(doubled, missing, plain, asked.labels)
    return builder.built()


def _labels(network: Network) -> dict[str, Label]:
    labels = {
        address: Label(index.contract.short, index.label(values), index.contract.amount.header)
        for address, (index, values) in network.accounts.items()
    }
    unknown = [quantity.address for quantity in network.quantities if quantity.address.endswith("?")]
    return labels | {address: replace(labels[address[:-1]], column="缺月") for address in unknown}
