"""Compiles each rule into *selectors*, the rows by which the dbt models find a rule's cells. Says nothing about whether
a rule holds: that is judged in one place, the models under ``dbt_project/models/reconciliation``.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from typing import Any

from orchestration.base.problems import InputError, Problem
from orchestration.ledgers.cell import Cell
from orchestration.ledgers.contract import Contract, Text
from orchestration.ledgers.naming import UnknownNameError, cell_path
from orchestration.ledgers.texts import fold
from orchestration.rules.figures import YearFigures, check_row, is_pattern
from orchestration.rules.grammar import PARTS, VARIABLE, Check, Filter, Group, RuleError, Term, constant, parse
from orchestration.rules.labels import label_of, row_name
from orchestration.rules.model import COMPUTED, COMPUTED_FROM, KEY_PARTS, Rule, Rulebook, Selector, digits_rule

#: The whole check of the one rule that asks whether the year before has been published.
PRIOR = "prior"
#: The operator of a rule that two tables name the same rows: nothing is compared but that each row has its like.
SAME_ROWS = "rows"
#: Of a rule on parts of rows: every ledger that has such rows, every measure that can be added.
EVERY, ADDITIVE = "every", ("money", "person", "count")
#: Fields of a selector: what stands in each part of a row key, and which part binds each variable.
_KEYS = tuple(f"key_{n}" for n in range(1, KEY_PARTS + 1))
_SLOTS = tuple(f"slot_{n}" for n in range(1, KEY_PARTS + 1))


def compile_rules(
    rules: Iterable[Rule],
    contracts: Mapping[str, Contract],
    year: int,
    source: str = "规则",
    *,
    cells: Iterable[Cell] = (),
    known: Mapping[str, Contract] | None = None,
) -> Rulebook:
    """Selectors for every rule of ``year`` whose ledgers are all among ``contracts``.

    ``cells``: the year's, for rules that every row of a ledger makes an instance of; ``known``: all contracts there
    are, by which a row may name a cell. Raises ``InputError`` for a check that can't be parsed, a measure that no
    contract has, variables that do not stand in every term, or a row that names no cell of any ledger.
    """
    problems: list[Problem] = []
    book = Rulebook([], [], {})
    rules = list(rules)
    figures = YearFigures(list(cells))
    ids = {rule.id for rule in rules}
    for rule in rules:
        if rule.years and year not in rule.years:
            continue
        try:
            _check_mentioned(rule, ids)
            rows = figures.of_ledger(rule.each_row_of)
            _check_bounds(rule)
            compiled = _Compiler(rule, contracts, rows, known or contracts, figures).run()
        except RuleError as error:
            problems.append(Problem(source, "", rule.id, error.found, error.expected))
            continue
        problems += compiled.problems
        compiled.put_into(book)
    if problems:
        raise InputError(problems)
    return book


def _check_mentioned(rule: Rule, ids: Set[str]) -> None:
    """Raises ``RuleError`` where a rule speaks of another that is not there."""
    for other in filter(None, (rule.only_where_broken, *itertools.chain(*rule.hint.values()))):
        if other not in ids:
            raise RuleError(other, "另一条规则的 id")


def _check_bounds(rule: Rule) -> None:
    """Raises ``RuleError`` where a bound that people set would block a year, or is no share."""
    if rule.matters:
        constant(rule.matters)
    terms = () if rule.check == PRIOR else parse(rule.check).terms
    if rule.severity == "error" and (rule.matters or any(term.share is not None for term in terms)):
        raise RuleError(rule.check, "比例和 matters 是人定的界限，只用于提示（severity: warning）")


@dataclass(frozen=True)
class _InstanceGroup:
    """What the terms of one variant share: its name, the variables that tell its instances apart, and the ledger and
    row that it speaks of.
    """

    variant: str
    variables: list[str]
    home: tuple[str, ...]

    @classmethod
    def of(cls, variant: str, terms: Sequence[tuple[Group, Term]]) -> _InstanceGroup:
        captured = [name for _, term in terms if term.call != "count" for name in VARIABLE.findall(term.path)]
        paths = (term.path for group, term in terms if group is terms[0][0] and term.call != "constant")
        home = next((tuple(path.split("/")[:2]) for path in paths), ("", ""))
        return cls(variant, list(dict.fromkeys(captured)), home)


@dataclass(frozen=True)
class _WholeRows:
    """The rows that a check on parts of rows goes through. None: every ledger; "": every measure that can be added."""

    ledger: str | None
    measure: str
    names: tuple[str, str, str]  # the variables that stand for ledger, row and measure; "" where the check names them


class _Compiler:
    def __init__(
        self,
        rule: Rule,
        contracts: Mapping[str, Contract],
        cells: Iterable[Cell],
        known: Mapping[str, Contract],
        figures: YearFigures,
    ):
        self.rule = rule
        self.figures = figures
        self.parts: list[str] = []  # row keys of the rows that are part of the row at hand
        self.contracts = contracts
        self.known = known
        self.rows: dict[str, list[Cell]] = {}  # of the ledger that the rule goes through, by row key
        for cell in cells:
            self.rows.setdefault(cell.row_key, []).append(cell)
        self.bound: dict[str, str] = {}  # what stands for a {name} in the row at hand
        self.problems: list[Problem] = []
        self.selectors: list[Selector] = []
        self.absent: set[str] = set()
        self.rows_absent: set[str] = set()
        self.operator = ""

    def put_into(self, book: Rulebook) -> None:
        """The rule, where it has anything to judge, and its companion on digits."""
        rule = self.rule
        if self.absent:
            book.skipped[rule.id] = sorted(self.absent)
        if self.rows_absent:
            book.rows_absent[rule.id] = sorted(self.rows_absent)
        if not self.selectors and rule.check != PRIOR:
            return
        book.rules.append(rule)
        book.operators[rule.id] = self.operator
        book.selectors.extend(self.selectors)
        if rule.same_digits:
            companion = digits_rule(rule)
            book.rules.append(companion)
            book.operators[companion.id] = self.operator
            book.companions[companion.id] = rule.id
            book.selectors.extend(replace(selector, rule_id=companion.id) for selector in self.selectors)

    def run(self) -> _Compiler:
        check = self.rule.check
        if check == PRIOR:
            self.operator = PRIOR
            return self
        if unused := [name for name in self.rule.variables if f"{{{name}}}" not in check]:
            raise RuleError(f"for 里的 {unused[0]}", "check 里用到的变量")
        if self.rule.each_row_of:
            return self._each_row()
        named = {name: values for name, values in self.rule.variables.items() if values != (EVERY,)}
        whole = any(term.call in PARTS for term in parse(check).terms)
        for values in itertools.product(*named.values()):
            said = check
            for name, value in zip(named, values, strict=True):
                said = said.replace(f"{{{name}}}", value)
            if whole:
                self._each_whole(parse(said), dict(zip(named, values, strict=True)))
                continue
            before, absent = len(self.selectors), len(self.absent)
            self._variant("/".join(values), parse(said))
            if len(self.absent) > absent or any(f"{ledger}/" in said for ledger in self.absent):
                del self.selectors[before:]  # a ledger that is not at hand takes only its own variants with it
        return self

    def _each_row(self) -> _Compiler:
        """A variant for each row of the ledger, by what the row itself names."""
        ledger = self.rule.each_row_of
        if ledger not in self.contracts:
            self.absent.add(ledger)
            return self
        contract = self.contracts[ledger]
        named = self._cells_named_by(contract)
        spoken_of = {column.name for column in contract.naming} & set(VARIABLE.findall(self.rule.check))
        for row_key, cells in self.rows.items():
            written = {cell.measure: cell for cell in cells if cell.unit == "text"}
            if not all(name in written for name in named):
                continue
            keys = zip((key.name for key in contract.keys), row_key.split(":"), strict=True)
            self.bound = dict(keys) | {name: cell.text for name, cell in written.items()}
            if not spoken_of <= self.bound.keys():
                continue  # a total has no name: what it leaves open would stand for any row
            if wrong := self._bind_cells(named, written):
                self.problems.append(wrong)
                continue
            before = len(self.selectors)
            self._variant(row_key, parse(self.rule.check))
            if any(selector.ledger in self.absent for selector in self.selectors[before:]):
                del self.selectors[before:]  # the row speaks of a ledger that is not at hand
        return self

    def _cells_named_by(self, contract: Contract) -> list[str]:
        """The variables that stand for a whole cell: columns of text in which each row names one."""
        alone = [match[1] for token in self.rule.check.split() if (match := VARIABLE.fullmatch(token))]
        texts = {column.name for column in contract.texts}
        if unknown := [name for name in alone if name not in texts]:
            raise RuleError(f"{{{unknown[0]}}}", f"{contract.short}的一栏文字：{'、'.join(sorted(texts))}")
        return alone

    def _bind_cells(self, named: list[str], written: Mapping[str, Cell]) -> Problem | None:
        """Binds such variables to the cells that a row names; what is wrong where it names none."""
        for name in named:
            at = written[name]
            try:
                self.bound[name] = cell_path(at.text, self.known)
            except UnknownNameError as error:
                return Problem(at.file, at.sheet, at.cell, at.text, f"{error.found} → {error.expected}")
        return None

    def _each_whole(self, check: Check, said: dict[str, str]) -> None:
        """A variant for each row that other rows are part of, and each measure: of the ledger and the measure that the
        check names, of every ledger with ``for: {ledger: [every]}``, of every measure that can be added.

        What is part of a row is not more than the row only where nothing in the column is negative.
        """
        term = next(term for term in check.terms if term.call in PARTS)
        wholes = self._named_wholes(term)
        if wholes.ledger is not None and wholes.ledger not in self.contracts:
            self.absent.add(wholes.ledger)
            return
        order = list(dict.fromkeys(VARIABLE.findall(self.rule.check)))
        for place, parts in self._wholes(term.call, wholes.ledger or "").items():
            if not self._is_judged(*place, check.operator, wholes.measure):
                continue
            self.bound = {name: value for name, value in zip(wholes.names, place, strict=True) if name}
            self.parts = parts
            known = said | self.bound
            self._variant("/".join(known[variable] for variable in order if variable in known), check)

    def _named_wholes(self, term: Term) -> _WholeRows:
        """The rows that a term on parts of rows speaks of."""
        pieces = self._pieces(term)
        ledger, row, measure = (match[1] if (match := VARIABLE.fullmatch(piece)) else "" for piece in pieces)
        every = bool(ledger) and self.rule.variables.get(ledger) == (EVERY,)
        if not row or (ledger and not every):
            raise RuleError(term.path, f"{term.call}(账/{{行}}/栏)，或 for: {{账: [every]}}")
        return _WholeRows(None if every else pieces[0], "" if measure else pieces[2], (ledger, row, measure))

    def _wholes(self, call: str, only: str) -> dict[tuple[str, str, str], list[str]]:
        """Ledger, row and measure -> keys of the rows that are part of the row."""
        wholes: dict[tuple[str, str, str], list[str]] = {}
        for cell in self.figures.cells:
            if cell.value is not None and cell.parent and cell.row_kind in PARTS[call] and only in ("", cell.ledger):
                wholes.setdefault((cell.ledger, cell.parent, cell.measure), []).append(cell.row_key)
        return {place: parts for place, parts in wholes.items() if place[0] in self.contracts}

    def _is_judged(self, ledger: str, whole: str, measure: str, operator: str, named: str) -> bool:
        if named:
            return measure == named
        column = self.figures.columns.get((ledger, measure), [])
        kind = self.contracts[ledger].measure(measure)
        if kind is None or kind.kind not in ADDITIVE or (ledger, whole, measure) not in self.figures.places:
            return False
        return operator == "=" or all(value >= 0 for value in column)

    def _expand(self, term: Term) -> list[Term]:
        """The terms that a term stands for: one for each row that is part of the row at hand."""
        if term.call not in PARTS:
            return [self._bind(term)]
        ledger, _, measure = self._bind(term).path.split("/")
        return [replace(term, path=f"{ledger}/{part}/{measure}", rest=i > 0) for i, part in enumerate(self.parts)]

    def _bind(self, term: Term) -> Term:
        """The term with each ``{name}`` replaced by what the row at hand writes there."""
        if not self.bound or term.call == "constant":
            return term
        alone = VARIABLE.fullmatch(term.path)
        if alone:
            return replace(term, path=self.bound[alone[1]])
        bound, as_key = self.bound, self.figures.as_key
        path = VARIABLE.sub(lambda match: as_key(bound[match[1]]) if match[1] in bound else match[0], term.path)
        return term if path == term.path else replace(term, path=path)

    def _variant(self, variant: str, check: Check) -> None:
        self.operator = check.operator
        terms = [(group, each) for group in check.groups for term in group.terms for each in self._expand(term)]
        instances = _InstanceGroup.of(variant, terms)
        if len(instances.variables) > KEY_PARTS:
            raise RuleError(self.rule.check, f"至多 {KEY_PARTS} 个行变量")
        for number, (group, term) in enumerate(terms, 1):
            self.selectors.append(self._selector(instances, number, group, term))
        if any(term.call == "rows" for term in check.terms):
            self.operator = SAME_ROWS

    def _selector(self, instances: _InstanceGroup, number: int, group: Group, term: Term) -> Selector:
        if term.call == "constant":
            return Selector(
                self.rule.id, instances.variant, number, group.side, "constant", term.weight * constant(term.path), 0,
                "", None, None, None, None, None, None, False, "", term.path, False,
            )  # fmt: skip
        needed = self.rule.when_printed in (group.side, "both") or term.decides
        ledger, row, measure = self._pieces(term)
        parts = row.split(":")
        if len(parts) > KEY_PARTS:
            raise RuleError(term.path, f"行键至多 {KEY_PARTS} 段")
        if "*" in parts and not term.call:
            raise RuleError(term.path, "* 只能写在 sum() 或 count() 里")
        self._check_row(term, ledger, parts, needed=needed)
        bindings = _key_bindings(term, parts, instances.variables)
        label = label_of(term, (ledger, row, measure), instances.home, self.contracts)
        if not self._is_at_hand(ledger):
            self.absent.add(ledger)
        return Selector(
            rule_id=self.rule.id,
            variant=instances.variant,
            term=number,
            side=group.side,
            role="count" if term.call == "count" else group.role,
            weight=term.weight,
            year_offset=-1 if term.prior else 0,
            ledger=ledger,
            **bindings,
            detail_only=term.call in ("sum", "count") or (term.call == "rows" and parts[-1] != "total"),
            measure=measure,
            label=label,
            needed=needed,
            row_name=row_name(ledger, row, self.contracts),
            share=term.share,
            **self._where(ledger, term.where),
        )

    def _check_row(self, term: Term, ledger: str, parts: list[str], *, needed: bool) -> None:
        """A row that its ledger can't have is an error; one that it happens not to have is told."""
        if ledger not in self.contracts:
            return
        check_row(term, parts, self.contracts[ledger], from_a_row=bool(self.bound))
        literal = needed and not (term.call or term.prior or self.bound or any(map(is_pattern, parts)))
        if literal and (absent := self.figures.row_absent(parts, self.contracts[ledger])):
            self.rows_absent.add(absent)

    def _is_at_hand(self, ledger: str) -> bool:
        if ledger not in COMPUTED:
            return ledger in self.contracts
        return any(self.contracts.keys() >= needed for needed in COMPUTED_FROM[ledger])

    def _where(self, ledger: str, where: Filter | None) -> dict[str, Any]:
        """What a filter looks at, by the name that cells have for it: a text or a measure, by code or header."""
        if where is None or ledger not in self.contracts:
            return {}
        contract = self.contracts[ledger]
        columns = (*contract.texts, *contract.measures)
        column = next((c for c in columns if c.name == where.column or fold(where.column) in c.headers), None)
        if column is None:
            raise RuleError(f"where {where.column}", f"{contract.short}的一栏：{'、'.join(c.header for c in columns)}")
        is_text = isinstance(column, Text)
        if where.value is None and not is_text:
            raise RuleError(f"where {where.column} {where.operator} {where.text}", f"{column.header}：一个数")
        return {
            "where_measure": column.name,
            "where_operator": where.operator,
            "where_text": where.text if is_text else None,
            "where_value": None if is_text else where.value,
        }

    def _pieces(self, term: Term) -> tuple[str, str, str]:
        """Ledger, row and measure of a term; ``rows()`` speaks of no measure: the first that every row has."""
        pieces = term.path.split("/")
        if term.call == "rows":
            if len(pieces) != 2 or self.operator != "=":
                raise RuleError(term.path, "rows(账/{行}) = rows(账/{行})")
            ledger, row = pieces
            measures = self.contracts[ledger].measures if ledger in self.contracts else ()
            whole = [m.name for m in measures if (m.blank or self.contracts[ledger].blank) == "zero"]
            return ledger, row, (whole or [m.name for m in measures] or [""])[0]
        if len(pieces) != 3:
            raise RuleError(term.path, "账/行/栏 三段")
        ledger, row, measure = pieces
        return ledger, row, measure


def _key_bindings(term: Term, parts: list[str], variables: Sequence[str]) -> dict[str, Any]:
    """The parts of a row key as a selector holds them, with what binds each variable of the instance group."""
    bound = {name[1]: part for part, text in enumerate(parts, 1) if (name := VARIABLE.fullmatch(text))}
    if bound and set(bound) != set(variables) and term.call != "count":
        raise RuleError(term.path, f"每一项都带上行变量 {'、'.join(variables)}，或都不带")
    literals = [None if is_pattern(text) else text for text in parts]
    places = [bound.get(name) for name in variables] if bound else []
    keys = itertools.zip_longest(_KEYS, literals)
    return dict([*keys, *itertools.zip_longest(_SLOTS, places)])
