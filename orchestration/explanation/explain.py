"""One cell, explained: what was printed and where, where it flows, which rules it takes part in, and what it would
have to be if it were the wrong one. Reads a build or a published version; judges nothing (dbt does) and knows nothing
of Dagster.

What a cell would have to be is asked of ``localise``, over the rules that the cell takes part in: the cell is handed
over with a print that cannot be and a price next to nothing. Where changing it alone is an answer, the answer carries
the exact interval; where any other cell has to change too, no value of this one can do.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from math import ceil, floor
from pathlib import Path
from typing import Any

import duckdb
from rich.console import Console
from rich.text import Text

from orchestration.base.addresses import connect
from orchestration.base.settings import Settings
from orchestration.base.wording import STATUSES, decimal_text
from orchestration.ledgers.money import day_of, unit_kind
from orchestration.localisation.localise import localise
from orchestration.localisation.solver.network import Quantity, Relation
from orchestration.localisation.suspects import network
from orchestration.publication.versions import current_versions
from orchestration.reporting.places import places_of
from orchestration.warehouse.landing import rows_of

#: Seconds that the question may take for one cell; past them the answer is "not decided".
TIME_LIMIT = 10.0
#: Tables that only a whole build has.
JUDGED = frozenset({"int_rule_cell", "reconciliation", "rule_term"})
BROKEN = ("inconsistent", "missing")
#: Rules and causes shown on the screen; ``--json`` has them all.
SHOWN = 10
_CLOSED = {"<": "<=", ">": ">=", "=": "=", "<=": "<=", ">=": ">="}
_FREE = "?"  # ledger name of the cell that is free, so that it alone costs next to nothing
_NEXT_TO_NOTHING = Decimal("1e-9")
_SEVERITIES = {"error": "必须成立", "warning": "提示"}


class UnknownAddressError(Exception):
    """No known cell has the address. ``nearest``: known addresses that look most like it; ``hint``: what to do."""

    def __init__(self, address: str, nearest: Sequence[str], hint: str = ""):
        super().__init__(address)
        self.address, self.nearest, self.hint = address, tuple(nearest), hint


@dataclass(frozen=True)
class Source:
    """The tables of one year that an explanation is read from."""

    year: int
    kind: str  # build | published
    path: Path  # the build file, or the folder of the published version
    tables: frozenset[str]

    def rows(self, query: str, *parameters: object) -> list[dict[str, Any]]:
        if self.kind == "build":
            with duckdb.connect(str(self.path), read_only=True) as connection:
                return rows_of(connection, query, parameters)
        with connect([self.path]) as connection:
            for table in sorted(self.tables):
                file = str(self.path / f"{table}.parquet").replace("'", "''")
                connection.execute(f"create view {table} as from read_parquet('{file}')")
            return rows_of(connection, query, parameters)


@dataclass(frozen=True, slots=True)
class Implied:
    """Where a cell would have to lie, in its base unit (fen, ones, fractions, days).

    ``possible``: None where the time ran out (the bounds then hold, but need not be the tightest). A bound of None:
    no limit on that side. ``open_low``/``open_high``: the bound itself is excluded (a rule with < or >).
    """

    possible: bool | None
    low: Fraction | None = None
    high: Fraction | None = None
    open_low: bool = False
    open_high: bool = False

    def meets(self, low: Fraction, high: Fraction) -> bool:
        """Whether a closed interval has a point inside."""
        above = self.low is None or high > self.low or (high == self.low and not self.open_low)
        below = self.high is None or low < self.high or (low == self.high and not self.open_high)
        return self.possible is not False and above and below

    def both(self, other: Implied) -> Implied:
        """What satisfies both."""
        if self.possible is False or other.possible is False:
            return IMPOSSIBLE
        low, open_low = _tighter(self.low, self.open_low, other.low, other.open_low, 1)
        high, open_high = _tighter(self.high, self.open_high, other.high, other.open_high, -1)
        if low is not None and high is not None and (low > high or (low == high and (open_low or open_high))):
            return IMPOSSIBLE
        possible = None if None in (self.possible, other.possible) else True
        return Implied(possible, low, high, open_low, open_high)


IMPOSSIBLE = Implied(False)


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

    @property
    def strict(self) -> bool:
        return self.operator in ("<", ">")


@dataclass(frozen=True)
class Network:
    """The figures and rule instances around one cell."""

    cells: dict[str, Quantity]
    instances: list[Instance]

    def of(self, address: str) -> list[Instance]:
        return [instance for instance in self.instances if address in instance.addresses]


@dataclass(frozen=True)
class Cause:
    """Another cell whose change alone would let every rule that it takes part in hold."""

    address: str
    label: str
    implied: Implied


@dataclass(frozen=True)
class RulePart:
    """A rule that the cell takes part in. ``causes``: for a broken rule, the other cells that could be the wrong one;
    ``others``: how many more are in it whose change alone would break, or leave broken, another rule."""

    instance: Instance
    implied: Implied
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

    source: Source
    cell: dict[str, Any]
    label: str
    correction: dict[str, Any] | None
    flows: list[dict[str, Any]] | None
    rules: list[RulePart] | None
    implied: Implied
    implied_with_warnings: Implied
    suspects: list[str] = field(default_factory=list)
    patterns: list[str] = field(default_factory=list)
    places: list[str] | None = None
    quantities: Mapping[str, Quantity] = field(default_factory=dict)

    @property
    def fits(self) -> bool:
        """Whether the figure in force, as printed, may stay."""
        factor = 100 if self.cell["unit"] == "yuan" else 1
        value, half = Fraction(self.cell["value"]) * factor, Fraction(self.cell["half_width"]) * factor
        return self.implied.meets(value - half, value + half)


def explain(settings: Settings, address: str, *, as_published: bool = False) -> Explanation:
    """Explain a cell from its year's build, or where there is none from its published version.

    ``as_published``: from the build of ``run --as-published``. Raises ``UnknownAddressError``.
    """
    address = address.strip()
    year, _, _ = address.partition("/")
    source = open_source(settings, int(year), as_published) if year.isdecimal() and len(year) == 4 else None
    if source is None:
        raise UnknownAddressError(
            address, nearest(address, _all_addresses(settings)), _hint(settings, year, as_published)
        )
    found = source.rows("from cell where fiscal_year = ? and address = ?", source.year, address)
    if not found:
        raise UnknownAddressError(address, nearest(address, _addresses(source)))
    corrections = source.rows("from correction where fiscal_year = ? and address = ?", source.year, address)
    unbound = Implied(True)
    explanation = Explanation(
        source, found[0], _label(source, found[0]), corrections[0] if corrections else None, None, None, unbound,
        unbound,
    )  # fmt: skip
    if not as_published:
        explanation = replace(explanation, places=places_of(settings, source.year, address))
    return _with_rules(explanation) if source.tables >= JUDGED else explanation


def _hint(settings: Settings, year: str, as_published: bool) -> str:
    """What to do where there is nothing to read of a year."""
    if not (year.isdecimal() and len(year) == 4):
        return "地址须以四位年度开头"
    other = open_source(settings, int(year), not as_published)
    if other is None:
        return f"该年度还没有构建，先运行 ledgergate run {year}{' --as-published' if as_published else ''}"
    return (
        "该年度没有按原样的构建，请去掉 --as-published"
        if as_published
        else "该年度只有按原样的构建，请加 --as-published"
    )


def open_source(settings: Settings, year: int, as_published: bool = False) -> Source | None:
    """The build of a year, else the published version that readers are at, else None."""
    warehouse = settings.build(year, as_published) / "warehouse.duckdb"
    if warehouse.is_file():
        try:
            with duckdb.connect(str(warehouse), read_only=True) as connection:
                rows = rows_of(connection, "select table_name as name from information_schema.tables")
        except duckdb.IOException:  # another process is building just now
            rows = []
        tables = frozenset(row["name"] for row in rows)
        if {"cell", "correction"} <= tables:
            return Source(year, "build", warehouse, tables)
    version = None if as_published else current_versions(settings).get(year)
    if version is None:
        return None
    folder = settings.versions(year) / version
    return Source(year, "published", folder, frozenset(path.stem for path in folder.glob("[!.]*.parquet")))


def nearest(address: str, known: Iterable[str], most: int = 5) -> list[str]:
    """Known addresses that look most like the one asked for, the likest first."""
    return difflib.get_close_matches(address, list(known), n=most, cutoff=0.6)


def _all_addresses(settings: Settings) -> list[str]:
    folders = [folder for zone in (settings.home / "build", settings.published) for folder in zone.glob("[0-9]*")]
    years = {int(folder.name) for folder in folders if folder.name.isdecimal()}
    sources = [source for year in sorted(years, reverse=True) if (source := open_source(settings, year))]
    return [address for source in sources for address in _addresses(source)]


def _addresses(source: Source) -> list[str]:
    rows = source.rows("select address from cell where fiscal_year = ? order by address", source.year)
    return [row["address"] for row in rows]


def _label(source: Source, cell: Mapping[str, Any]) -> str:
    """表3 第17行 流动人员人事档案管理基本公共服务专项 本年调整; by code names where the source has no headers."""
    short, header = cell["ledger"], cell["measure"]
    if source.kind == "build":
        for row in source.rows(
            """select short, header from raw.ledger join raw.measure using (fiscal_year, ledger)
               where fiscal_year = ? and ledger = ? and measure = ?""",
            source.year, cell["ledger"], cell["measure"],
        ):  # fmt: skip
            short, header = row["short"], row["header"]
    return " ".join(part for part in (short, cell["row_label"], header) if part)


# --- rules --------------------------------------------------------------------------------------------------------

_TERMS = """
    with chosen as (
        select distinct rule_id, instance from rule_term
        where fiscal_year = $year and list_contains($addresses, address)
    )
    select term.rule_id, term.instance, term.term, term.side, term.role, term.weight, term.address, term.value,
           term.ledger, rule.operator, rule.compare, rule.only_where_broken, judged.severity, judged.status,
           judged.statement
    from rule_term as term
    inner join chosen using (rule_id, instance)
    inner join raw.rule as rule using (fiscal_year, rule_id)
    inner join reconciliation as judged using (fiscal_year, rule_id, instance)
    where term.fiscal_year = $year
    order by judged.severity, term.rule_id, term.instance, term.term, term.address
"""
_CELLS = """
    select address, row_kind, measure, unit, printed_unit, text, value, half_width
    from int_rule_cell inner join raw.ledger using (fiscal_year, ledger)
    where fiscal_year = $year and value is not null and file <> '' and list_contains($addresses, address)
"""


def _read_network(source: Source, addresses: Iterable[str]) -> Network:
    """Every rule instance that any of the cells takes part in, with all figures in them."""
    with duckdb.connect(str(source.path), read_only=True) as connection:

        def rows(query: str, wanted: Iterable[str]) -> list[dict[str, Any]]:
            found = connection.execute(query, {"year": source.year, "addresses": sorted(wanted)})
            names = [column[0] for column in found.description]
            return [dict(zip(names, row, strict=True)) for row in found.fetchall()]

        terms = rows(_TERMS, addresses)
        cells = rows(_CELLS, {term["address"] for term in terms if term["address"]})
    groups: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for term in terms:
        groups.setdefault((term["rule_id"], term["instance"]), []).append(term)
    judged = [term | {"operator": _CLOSED[term["operator"]]} for term in terms if term["status"] != "missing"]
    quantities, relations = network(cells, judged)
    stated = {(relation.rule_id, relation.instance): relation for relation in relations}
    return Network(
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


def _with_rules(explanation: Explanation) -> Explanation:
    """Add flows, rules and implied intervals, which only a build has the tables for."""
    source, address = explanation.source, explanation.cell["address"]
    around = _read_network(source, [address])
    broken = [instance for instance in around.of(address) if _can_be_mended(instance)]
    candidates = {other for instance in broken for other in variables(instance)} - {address}
    if candidates:
        around = _read_network(source, {address, *candidates})
    causes = {other: implied for other in sorted(candidates) if (implied := _alone(around, other)).possible}
    labels = {other: _label_of(source, other) for other in causes}
    parts = []
    for instance in around.of(address):
        others = variables(instance) - {address} if instance in broken else frozenset()
        found = tuple(Cause(other, labels[other], causes[other]) for other in sorted(others & causes.keys()))
        parts.append(RulePart(instance, implied_by(around, address, instance), found, len(others) - len(found)))
    parts.sort(key=lambda part: (part.instance.status not in BROKEN, part.instance.severity))
    flows = source.rows(
        """select published_table, measure, published_value from cell_flow
           where fiscal_year = ? and address = ? order by published_table""",
        source.year, address,
    ) if "cell_flow" in source.tables else None  # fmt: skip
    suspects = source.rows(
        "select statement from suspect_cell where fiscal_year = ? and address = ? order by fault, rank, answer",
        source.year, address,
    ) if "suspect_cell" in source.tables else []  # fmt: skip
    suspects += source.rows(
        """select entry.statement from suspect_entry as entry inner join finding using (fiscal_year, fault)
           where fiscal_year = ? and entry.rank = 1 and list_has_any(string_split(rules, '、'), ?)
           order by fault, entry.statement limit 6""",
        source.year, [f"{part.instance.rule_id}/{part.instance.instance}" for part in parts],
    ) if "suspect_entry" in source.tables else []  # fmt: skip
    patterns = source.rows(
        """select pattern from finding where fiscal_year = ? and pattern is not null
             and list_has_any(string_split(rules, '、'), ?) group by pattern order by min(fault)""",
        source.year, [f"{part.instance.rule_id}/{part.instance.instance}" for part in parts],
    ) if "finding" in source.tables else []  # fmt: skip
    numeric = address in around.cells
    must = _alone(around, address) if numeric else Implied(True)
    return replace(
        explanation,
        flows=flows,
        rules=parts,
        implied=must,
        implied_with_warnings=(
            _jointly(around, address, [i for i in around.of(address) if i.binding]) if numeric else must
        ),
        suspects=[row["statement"] for row in suspects],
        patterns=[row["pattern"] for row in patterns],
        quantities=around.cells,
    )


def _can_be_mended(instance: Instance) -> bool:
    return instance.severity == "error" and instance.status == "inconsistent" and instance.relation is not None


def _label_of(source: Source, address: str) -> str:
    found = source.rows("from cell where fiscal_year = ? and address = ?", source.year, address)
    return _label(source, found[0]) if found else address  # last year's cell


def variables(instance: Instance) -> frozenset[str]:
    """The cells whose value an instance binds: those that are only counted are not among them."""
    relation = instance.relation
    if relation is None:
        return frozenset()
    named = {address for address, _ in (*relation.terms, *relation.denominator)}
    return frozenset(named | ({relation.rate} if relation.rate else set()))


def implied_by(around: Network, address: str, instance: Instance) -> Implied:
    """Where a cell would have to lie for one rule instance, all others aside."""
    if instance.relation is None:  # a counterpart is missing: no value of this cell brings it back
        return IMPOSSIBLE
    cells = around.cells
    if instance.compare == "printed":  # digits are compared as they stand
        cells = {name: replace(quantity, half_width=Decimal(0)) for name, quantity in cells.items()}
    return _believed(free_interval(cells, [instance.relation], address, {instance.relation.name: instance.strict}),
                     cells, address, [instance])  # fmt: skip


def _alone(around: Network, address: str) -> Implied:
    """Where a cell would have to lie for every error rule that it takes part in, if it alone were wrong."""
    return _jointly(around, address, [i for i in around.of(address) if i.severity == "error" and i.binding])


def _jointly(around: Network, address: str, instances: Sequence[Instance]) -> Implied:
    """Where a cell would have to lie for rule instances to hold together. A rule on digits lets it lie anywhere
    within what the other print implies."""
    if any(instance.relation is None for instance in instances):
        return IMPOSSIBLE
    relations = [instance.relation for instance in instances if instance.relation is not None]
    strict = {i.relation.name: i.strict for i in instances if i.relation is not None}
    found = free_interval(around.cells, relations, address, strict)
    return _believed(found, around.cells, address, [i for i in instances if i.compare == "interval"])


def _believed(implied: Implied, cells: Mapping[str, Quantity], address: str, instances: Iterable[Instance]) -> Implied:
    """The interval, unless the judge says otherwise: what is broken under a figure that lies inside the interval is
    broken for a reason that no figure here can mend (a divisor that is zero)."""
    here = cells.get(address)
    if here is None or not any(instance.status == "inconsistent" for instance in instances):
        return implied
    return IMPOSSIBLE if implied.meets(Fraction(here.low), Fraction(here.high)) else implied


# --- the interval of one free cell --------------------------------------------------------------------------------


def free_interval(
    cells: Mapping[str, Quantity],
    relations: Sequence[Relation],
    address: str,
    strict: Mapping[str, bool] | None = None,
    time_limit: float = TIME_LIMIT,
) -> Implied:
    """All values of one cell with which the relations hold together, every other cell within its print. Exact.

    ``strict``: by name of a relation, whether it is really < or >. Base units.
    """
    spans = {relation.name: _span(relation, cells, address) for relation in relations}
    outer = Implied(True)
    for name, span in spans.items():
        outer = outer.both(_opened(span) if strict and strict.get(name) else span)
    if outer.possible is False or (outer.low is None and outer.high is None):
        return outer
    beyond = floor(outer.high) + 1 if outer.high is not None else ceil(outer.low or 0) - 1
    free = replace(cells[address], value=Decimal(beyond), half_width=Decimal(0), ledger=_FREE)
    named = {a for r in relations for a, _ in (*r.terms, *r.denominator)} | {r.rate for r in relations if r.rate}
    quantities = [free if name == address else cells[name] for name in sorted(named)]
    found = localise(quantities, relations, time_limit=time_limit, cap=1, weights={_FREE: _NEXT_TO_NOTHING})
    answers = [answer for fault in found.faults for answer in fault.answers]
    alone = len(found.faults) == 1 and len(answers) == 1 and answers[0].addresses == (address,)
    if not alone:
        return IMPOSSIBLE if found.complete else replace(outer, possible=None)
    change = answers[0].changes[0]
    if not change.exact:
        return replace(outer, possible=None)
    return Implied(True, change.low, change.high).both(outer)


def _span(relation: Relation, cells: Mapping[str, Quantity], address: str) -> Implied:
    """Where a cell may lie for one relation, each side of a printed rate taken by itself: an outer bound."""
    if relation.rate == address:
        return _quotient(relation, cells)
    if relation.rate is None:
        return _linear(relation.terms, relation.operator, relation.constant, cells, address)
    rate = cells[relation.rate]
    floor_terms = (*relation.terms, *((a, -rate.low * w) for a, w in relation.denominator))
    ceiling_terms = (*relation.terms, *((a, -rate.high * w) for a, w in relation.denominator))
    least = _linear(floor_terms, ">=", relation.constant, cells, address)
    return least.both(_linear(ceiling_terms, "<=", relation.constant, cells, address))


def _linear(
    terms: Iterable[tuple[str, Decimal]],
    operator: str,
    constant: Decimal,
    cells: Mapping[str, Quantity],
    address: str,
) -> Implied:
    """Solve ``sum(weight * x) + constant operator 0`` for one cell, the others anywhere within their prints."""
    weights: dict[str, Fraction] = {}
    for name, weight in terms:
        weights[name] = weights.get(name, Fraction(0)) + Fraction(weight)
    own = weights.pop(address, Fraction(0))
    low, high = _range(weights, cells, Fraction(constant))
    need_low = -high if operator in ("=", ">=") else None  # own * x must be at least this
    need_high = -low if operator in ("=", "<=") else None
    if own == 0:
        holds = (need_low is None or need_low <= 0) and (need_high is None or need_high >= 0)
        return Implied(True) if holds else IMPOSSIBLE
    edges = [None if need is None else need / own for need in (need_low, need_high)]
    return Implied(True, *(edges if own > 0 else reversed(edges)))


def _range(
    weights: Mapping[str, Fraction], cells: Mapping[str, Quantity], constant: Fraction
) -> tuple[Fraction, Fraction]:
    ends = [sorted((w * Fraction(cells[a].low), w * Fraction(cells[a].high))) for a, w in weights.items()]
    return constant + sum(end[0] for end in ends), constant + sum(end[1] for end in ends)


def _quotient(relation: Relation, cells: Mapping[str, Quantity]) -> Implied:
    """What a printed rate may be. Unbounded where its divisor may be zero."""
    above = _range({a: Fraction(w) for a, w in relation.terms}, cells, Fraction(relation.constant))
    below = _range({a: Fraction(w) for a, w in relation.denominator}, cells, Fraction(0))
    if below[0] <= 0:
        return Implied(True)
    quotients = [a / b for a in above for b in below]
    return Implied(True, min(quotients), max(quotients))


def _opened(span: Implied) -> Implied:
    return replace(span, open_low=span.low is not None, open_high=span.high is not None)


def _tighter(
    a: Fraction | None, a_open: bool, b: Fraction | None, b_open: bool, sense: int
) -> tuple[Fraction | None, bool]:
    """The tighter of two bounds: the greater for ``sense`` 1, the smaller for -1; open where they are equal and one
    is."""
    if a is None or b is None:
        return (b, b_open) if a is None else (a, a_open)
    if a == b:
        return a, a_open or b_open
    return (a, a_open) if (a - b) * sense > 0 else (b, b_open)


# --- words --------------------------------------------------------------------------------------------------------


def interval_text(implied: Implied, cell: Quantity) -> str:
    """应在 -362.705 与 -362.675 万元之间, in the unit that the cell is printed in; exact where decimals can be."""
    if implied.possible is False:
        return "改成什么数都不行"
    unit = f" {cell.printed_unit}" if cell.printed_unit and cell.printed_unit != "%" and cell.unit != "date" else ""
    low = None if implied.low is None else _shown(implied.low, cell, down=True)
    high = None if implied.high is None else _shown(implied.high, cell, down=False)
    ends = "（不含下限）" * implied.open_low + "（不含上限）" * implied.open_high
    if low is None and high is None:
        text = "什么数都行"
    elif high is None:
        text = f"应{'大于' if implied.open_low else '不低于'} {low}{unit}"
    elif low is None:
        text = f"应{'小于' if implied.open_high else '不高于'} {high}{unit}"
    else:
        text = f"应为 {low}{unit}" if implied.low == implied.high else f"应在 {low} 与 {high}{unit}之间{ends}"
    return text if implied.possible else f"时限内未能判定，只知{text}"


def _shown(bound: Fraction, cell: Quantity, *, down: bool) -> str:
    """A bound in the printed unit. What no decimal can give is rounded outwards, four places behind the print."""
    if cell.unit == "date":
        return day_of(Decimal(floor(bound) if down else ceil(bound))).isoformat()
    known = unit_kind(cell.printed_unit) if cell.printed_unit else None
    number = bound / Fraction(known[1]) if known else bound
    places = _places(number)
    about = places is None
    if places is None:
        places = _printed_places(cell.text) + 4
    scaled = number * 10**places
    digits = _fixed(floor(scaled) if down else ceil(scaled), places)
    shortest = 2 if cell.unit in ("yuan", "ratio") else 0
    if "." in digits:
        whole, fraction = digits.split(".")
        fraction = fraction.rstrip("0").ljust(shortest, "0")
        digits = f"{whole}.{fraction}" if fraction else whole
    elif shortest:
        digits += "." + "0" * shortest
    return f"{'约 ' if about else ''}{digits}{'%' if cell.printed_unit == '%' else ''}"


def _places(number: Fraction) -> int | None:
    """How many decimal places a number has; None where they never end."""
    rest, twos, fives = number.denominator, 0, 0
    while rest % 2 == 0:
        rest, twos = rest // 2, twos + 1
    while rest % 5 == 0:
        rest, fives = rest // 5, fives + 1
    return max(twos, fives) if rest == 1 else None


def _printed_places(text: str) -> int:
    _, _, fraction = text.partition(".")
    return len(fraction) - len(fraction.lstrip("0123456789"))


def _fixed(scaled: int, places: int) -> str:
    """``scaled / 10**places``, spelled out."""
    digits = str(abs(scaled)).rjust(places + 1, "0")
    text = f"{digits[:-places]}.{digits[-places:]}" if places else digits
    return f"-{text}" if scaled < 0 else text


def printed_text(text: str, printed_unit: str) -> str:
    """-362.20 万元; 86.60%; 空白."""
    if not text:
        return "空白"
    return text if not printed_unit or printed_unit in text else f"{text} {printed_unit}"


def as_json(found: Explanation) -> dict[str, Any]:
    """The object that ``--json`` prints. Amounts in yuan, all else in ones, as strings; exact: a bound that no decimal
    can give is a fraction (1/3)."""
    cell = found.cell
    return {
        "address": cell["address"],
        "year": found.source.year,
        "source": {"kind": found.source.kind, "path": str(found.source.path)},
        "label": found.label,
        **{name: cell[name] for name in ("text", "printed_unit", "unit")},
        **{name: _number(cell[name]) for name in ("printed_value", "value", "half_width")},
        "corrected": cell["is_corrected"],
        "correction": found.correction,
        **{name: cell[name] for name in ("file", "sheet", "cell")},
        "flows": None if found.flows is None else [
            {"table": flow["published_table"], "column": flow["measure"], "value": _number(flow["published_value"])}
            for flow in found.flows if flow["published_table"]
        ],
        "rules": None if found.rules is None else [
            {
                **{name: getattr(part.instance, name)
                   for name in ("rule_id", "instance", "severity", "status", "statement")},
                "implied": _implied_json(part.implied, found, cell["address"]),
                "causes": [{"address": cause.address, "implied": _implied_json(cause.implied, found, cause.address)}
                           for cause in part.causes],
                "others": part.others,
            }
            for part in found.rules
        ],
        "implied": _implied_json(found.implied, found, cell["address"]),
        "implied_with_warnings": _implied_json(found.implied_with_warnings, found, cell["address"]),
        "fits": found.fits if found.rules is not None and cell["value"] is not None else None,
        "suspects": found.suspects,
        "patterns": found.patterns,
        "places": found.places,
    }  # fmt: skip


def _implied_json(implied: Implied, found: Explanation, address: str) -> dict[str, Any] | None:
    quantity = found.quantities.get(address)
    if quantity is None:
        return None
    scale = Fraction(1, 100) if quantity.unit == "yuan" else Fraction(1)
    low, high = (None if bound is None else _exact(bound * scale) for bound in (implied.low, implied.high))
    return {
        "possible": implied.possible, "low": low, "high": high, "low_excluded": implied.open_low,
        "high_excluded": implied.open_high, "statement": interval_text(implied, quantity),
    }  # fmt: skip


def _exact(number: Fraction) -> str:
    places = _places(number)
    return str(number) if places is None else _fixed(int(number * 10**places), places)


def _number(value: Decimal | None) -> str | None:
    return None if value is None else decimal_text(value)


# --- the screen ---------------------------------------------------------------------------------------------------


def show(console: Console, found: Explanation) -> None:
    """One screen: what was printed and where, what holds now, where it goes, its rules, what it would have to be."""
    cell = found.cell
    console.print(Text.assemble((found.label, "bold"), (f"  {cell['address']}", "dim")))
    place = "  ".join(part for part in (cell["file"], cell["sheet"], cell["cell"]) if part)
    console.print(Text.assemble("列示为  ", (printed_text(cell["text"], cell["printed_unit"]), "bold"), f"  {place}"))
    _show_value(console, found)
    _show_flows(console, found)
    _show_rules(console, found)
    _show_implied(console, found)
    console.print(Text(f"读自  {_source_text(found.source)}", style="dim"))


def _show_value(console: Console, found: Explanation) -> None:
    cell, correction = found.cell, found.correction
    if cell["value"] is None:
        console.print("现值  文字，不是数")
    elif correction is None:
        console.print("现值  如印（没有更正）")
    else:
        by = f"{correction['confirmed_by']} 确认" if correction["confirmed_by"] else "依勾稽关系推定"
        now = printed_text(correction["corrected"], cell["printed_unit"])
        console.print(Text.assemble("现值  ", (now, "cyan"), f"  更正（{by}）：{correction['reason']}"))


def _show_flows(console: Console, found: Explanation) -> None:
    if found.flows is None:
        return
    unit = {"yuan": " 元"}.get(found.cell["unit"], "")
    for flow in found.flows:
        if flow["published_table"] is None:
            console.print("去向  不进发布的明细表（合计、附注只在 cell 与 reconciliation）")
        else:
            value = "空" if flow["published_value"] is None else f"{decimal_text(flow['published_value'])}{unit}"
            console.print(f"去向  {flow['published_table']}.{flow['measure']} = {value}")
    if not found.flows:
        console.print("去向  只在 cell")
    if found.places:
        shown, hidden = "、".join(found.places[:SHOWN]), len(found.places) - SHOWN
        console.print(Text(f"报告  {shown}{f' 等 {len(found.places)} 处，见 --json' if hidden > 0 else ''}"))


def _show_rules(console: Console, found: Explanation) -> None:
    if found.rules is None:
        console.print(Text(f"规则  所读的表里没有规则明细；先运行 ledgergate run {found.source.year}", style="yellow"))
        return
    console.print(f"规则  {f'参加 {len(found.rules)} 条' if found.rules else '没有规则用到它'}")
    quantity = found.quantities.get(found.cell["address"])
    for part in found.rules[:SHOWN]:
        rule = part.instance
        is_broken = rule.status in BROKEN
        name, style = STATUSES.get(rule.status, (rule.status, ""))
        style = "yellow" if rule.severity == "warning" and is_broken else style
        text = f"就这一条，本格{interval_text(part.implied, quantity)}" if quantity else ""
        console.print(
            Text.assemble(
                (f"  {name}  ", style), rule.statement, (f"  {rule.rule_id}·{_SEVERITIES[rule.severity]}", "dim"),
                ("" if is_broken or not text else f"  {text}", "dim"),
            )
        )  # fmt: skip
        if is_broken and text:
            console.print(Text(f"      {text}"))
        _show_causes(console, part, found)
    if len(found.rules) > SHOWN:
        console.print(Text(f"  另有 {len(found.rules) - SHOWN} 条，见 --json", style="dim"))


def _show_causes(console: Console, part: RulePart, found: Explanation) -> None:
    for cause in part.causes[:SHOWN]:
        text = interval_text(cause.implied, found.quantities[cause.address])
        console.print(Text(f"      也可能错在 {cause.label}：{text}", style="magenta"))
    hidden = len(part.causes) - SHOWN
    if hidden > 0:
        console.print(Text(f"      也可能错在另外 {hidden} 格，见 --json", style="magenta"))
    if part.others:
        text = f"      同在其中的其他 {part.others} 格都不能单独改对：改了它，仍有别的规则不成立"
        console.print(Text(text, style="dim"))


def _show_implied(console: Console, found: Explanation) -> None:
    quantity = found.quantities.get(found.cell["address"])
    if quantity is None or not found.rules:
        return
    title = "若错在此格  "
    if any(part.instance.severity == "error" for part in found.rules):
        if found.implied.possible is False:
            console.print(Text(f"{title}单改此格，必须成立的规则不能都成立", style="yellow"))
        else:
            verdict = "现值在其中，不必改" if found.fits else "现值不在其中"
            text = interval_text(found.implied, quantity)
            console.print(Text.assemble((title, "bold"), (text, "" if found.fits else "red bold"), f"（{verdict}）"))
    else:
        console.print(Text(f"{title}只有提示的规则用到它", style="dim"))
    if found.implied_with_warnings != found.implied:
        text = interval_text(found.implied_with_warnings, quantity)
        console.print(Text(f"连提示的规则也要成立  {text}", style="dim"))
    for pattern in found.patterns:
        console.print(Text.assemble(("发现  ", "magenta"), pattern))
    for statement in found.suspects:
        console.print(Text.assemble(("疑点  ", "magenta"), statement))


def _source_text(source: Source) -> str:
    if source.kind == "published":
        return f"已发布的版本 {source.path.name}（没有构建文件）"
    built = datetime.fromtimestamp(source.path.stat().st_mtime, UTC).astimezone()
    return f"构建 {source.path}（{built:%Y-%m-%d %H:%M}）"
