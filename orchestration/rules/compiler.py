"""Compiles each rule into *selectors*, the rows by which the dbt models find a rule's cells. Says nothing about whether
a rule holds: that is judged in one place, the models under ``dbt_project/models/reconciliation``.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from orchestration.base.problems import InputError, Problem
from orchestration.ledgers.cell import Cell
from orchestration.ledgers.contract import Contract, Text
from orchestration.ledgers.naming import UnknownNameError, cell_path
from orchestration.ledgers.texts import fold
from orchestration.rules.figures import YearFigures, check_row, is_pattern
from orchestration.rules.grammar import PARTS, VARIABLE, Check, Filter, RuleError, Term, constant, parse
from orchestration.rules.model import COMPUTED, COMPUTED_FROM, KEY_PARTS, Rule, Rulebook, Selector, digits_rule

#: The whole check of the one rule that asks whether the year before has been published.
PRIOR = "prior"
#: The operator of a rule that two tables name the same rows: nothing is compared but that each row has its like.
SAME_ROWS = "rows"
#: Of a rule on parts of rows: every ledger that has such rows, every measure that can be added.
EVERY, ADDITIVE = "every", ("money", "person", "count")


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
            for other in filter(None, (rule.only_where_broken, *itertools.chain(*rule.hint.values()))):
                if other not in ids:
                    raise RuleError(other, "另一条规则的 id")
            rows = [cell for cell in figures.cells if cell.ledger == rule.each_row_of]
            compiled = _Compiler(rule, contracts, rows, known or contracts, figures).run()
            problems += compiled.problems
        except RuleError as error:
            problems.append(Problem(source, "", rule.id, error.found, error.expected))
            continue
        if compiled.absent:
            book.skipped[rule.id] = sorted(compiled.absent)
        if compiled.rows_absent:
            book.rows_absent[rule.id] = sorted(compiled.rows_absent)
        if not compiled.selectors and rule.check != PRIOR:
            continue
        for extra in [rule] + ([digits_rule(rule)] if rule.same_digits else []):
            book.rules.append(extra)
            book.operators[extra.id] = compiled.operator
            if extra is not rule:
                book.companions[extra.id] = rule.id
            book.selectors.extend(s if extra is rule else replace(s, rule_id=extra.id) for s in compiled.selectors)
    if problems:
        raise InputError(problems)
    return book


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
        keys = [key.name for key in contract.keys]
        texts = {column.name for column in contract.texts}
        alone = [match[1] for token in self.rule.check.split() if (match := VARIABLE.fullmatch(token))]
        if unknown := [name for name in alone if name not in texts]:
            raise RuleError(f"{{{unknown[0]}}}", f"{contract.short}的一栏文字：{'、'.join(sorted(texts))}")
        for row_key, cells in self.rows.items():
            written = {cell.measure: cell for cell in cells if cell.unit == "text"}
            if not all(name in written for name in alone):
                continue
            self.bound = dict(zip(keys, row_key.split(":"), strict=True)) | {n: c.text for n, c in written.items()}
            try:
                for name in alone:
                    self.bound[name] = cell_path(written[name].text, self.known)
            except UnknownNameError as error:
                at = written[name]
                self.problems.append(Problem(at.file, at.sheet, at.cell, at.text, f"{error.found} → {error.expected}"))
                continue
            before = len(self.selectors)
            self._variant(row_key, parse(self.rule.check))
            if any(selector.ledger in self.absent for selector in self.selectors[before:]):
                del self.selectors[before:]  # the row speaks of a ledger that is not at hand
        return self

    def _each_whole(self, check: Check, said: dict[str, str]) -> None:
        """A variant for each row that other rows are part of, and each measure: of the ledger and the measure that the
        check names, of every ledger with ``for: {ledger: [every]}``, of every measure that can be added.

        What is part of a row is not more than the row only where nothing in the column is negative.
        """
        term = next(term for term in check.terms if term.call in PARTS)
        ledger, row, measure = self._pieces(term)
        free = {name: VARIABLE.fullmatch(piece) for name, piece in (("l", ledger), ("r", row), ("m", measure))}
        every = bool(free["l"] and self.rule.variables.get(free["l"][1]) == (EVERY,))
        if not free["r"] or (free["l"] and not every):
            raise RuleError(term.path, f"{term.call}(账/{{行}}/栏)，或 for: {{账: [every]}}")
        if not every and ledger not in self.contracts:
            self.absent.add(ledger)
            return
        order = list(dict.fromkeys(VARIABLE.findall(self.rule.check)))
        for (name, whole, column), parts in self._wholes(term.call, "" if every else ledger).items():
            if not self._is_judged(name, whole, column, check.operator, "" if free["m"] else measure):
                continue
            pairs = zip(free.values(), (name, whole, column), strict=True)
            self.bound, self.parts = {match[1]: value for match, value in pairs if match}, parts
            known = said | self.bound
            self._variant("/".join(known[variable] for variable in order if variable in known), check)

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
        return replace(term, path=VARIABLE.sub(lambda match: self.bound.get(match[1], match[0]), term.path))

    def _variant(self, variant: str, check: Check) -> None:
        self.operator = check.operator
        groups = [
            replace(group, terms=tuple(each for term in group.terms for each in self._expand(term)))
            for group in check.groups
        ]
        captured = [
            name
            for group in groups
            for term in group.terms
            if term.call != "count"
            for name in VARIABLE.findall(term.path)
        ]
        slots = list(dict.fromkeys(captured))
        if len(slots) > KEY_PARTS:
            raise RuleError(self.rule.check, f"至多 {KEY_PARTS} 个行变量")
        first = groups[0].terms
        home = next((tuple(term.path.split("/")[:2]) for term in first if term.call != "constant"), ("", ""))
        number = 0
        for group in groups:
            for term in group.terms:
                number += 1
                self._selector(variant or "", number, group.side, group.role, term, slots, home)
        if any(term.call == "rows" for term in check.terms):
            self.operator = SAME_ROWS

    def _selector(
        self, variant: str, number: int, side: str, role: str, term: Term, slots: list[str], home: tuple[str, ...]
    ) -> None:
        needed = self.rule.when_printed in (side, "both") or term.decides
        if term.call == "constant":
            self.selectors.append(
                Selector(self.rule.id, variant, number, side, "constant", term.weight * constant(term.path), 0, "",
                         None, None, None, None, None, None, False, "", term.path, False)
            )  # fmt: skip
            return
        ledger, row, measure = self._pieces(term)
        parts = row.split(":")
        if len(parts) > KEY_PARTS:
            raise RuleError(term.path, f"行键至多 {KEY_PARTS} 段")
        if "*" in parts and not term.call:
            raise RuleError(term.path, "* 只能写在 sum() 或 count() 里")
        if ledger in self.contracts:
            check_row(term, parts, self.contracts[ledger])
            literal = needed and not term.call and not term.prior and not any(map(is_pattern, parts))
            if literal and (absent := self.figures.row_absent(parts, self.contracts[ledger])):
                self.rows_absent.add(absent)
        positions: dict[str, int] = {}
        literals: list[str | None] = []
        for position, part in enumerate(parts, 1):
            name = VARIABLE.fullmatch(part)
            literals.append(None if name or part == "*" else part)
            if name:
                positions[name[1]] = position
        if positions and set(positions) != set(slots) and term.call != "count":
            raise RuleError(term.path, f"每一项都带上行变量 {'、'.join(slots)}，或都不带")
        literals += [None] * (KEY_PARTS - len(literals))
        label = self._label(ledger, row, measure, term, home)
        slots_at = [positions.get(name) for name in slots] if positions else []
        slots_at += [None] * (KEY_PARTS - len(slots_at))
        self.selectors.append(
            Selector(
                rule_id=self.rule.id,
                variant=variant,
                term=number,
                side=side,
                role="count" if term.call == "count" else role,
                weight=term.weight,
                year_offset=-1 if term.prior else 0,
                ledger=ledger,
                key_1=literals[0],
                key_2=literals[1],
                key_3=literals[2],
                slot_1=slots_at[0],
                slot_2=slots_at[1],
                slot_3=slots_at[2],
                detail_only=term.call not in ("", *PARTS),
                measure=measure,
                label=label,
                needed=needed,
                row_name=self._row_name(ledger, row),
                **self._where(ledger, term.where),
            )
        )

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

    def _row_name(self, ledger: str, row: str) -> str:
        if ledger not in self.contracts:
            return ""
        codes = _codes(self.contracts[ledger])
        return " ".join(
            codes.get(part, part) for part in row.split(":") if part != "*" and not VARIABLE.fullmatch(part)
        )

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

    def _label(self, ledger: str, row: str, measure: str, term: Term, home: tuple[str, ...]) -> str:
        """What a finance person calls the term; raises where ledger or measure is unknown."""
        if ledger in COMPUTED:
            short, measures = COMPUTED[ledger]
            if measure not in measures:
                raise RuleError(f"{ledger}/{measure}", f"{ledger} 的栏：{'、'.join(measures)}")
            header, codes = measures[measure], {}
            if not self.contracts.keys() >= COMPUTED_FROM:
                self.absent.add(ledger)
        elif ledger in self.contracts:
            contract = self.contracts[ledger]
            columns = {column.name: column.header for column in contract.columns}
            if measure not in columns and not (term.call == "count" and measure == "*"):
                raise RuleError(f"{ledger}/{measure}", f"{contract.short}的栏：{'、'.join(columns)}")
            short, header = contract.short, columns.get(measure, "")
            codes = _codes(contract)
        else:
            self.absent.add(ledger)
            return ""
        named = [codes.get(part, part) for part in row.split(":") if part != "*" and not VARIABLE.fullmatch(part)]
        if term.call in PARTS:
            return "" if term.rest else f"{'其中' if term.call == 'of_which' else '所含'}各行{header}之和"
        if term.call == "rows":
            return f"{short}的同名行"
        if term.call == "sum":
            text = f"{''.join(named)}各行{header}之和"
        elif term.call == "count":
            text = f"{''.join(named)}所列个数"
        else:
            text = header if (ledger, row) == home else " ".join([*named, header])
        text = text if ledger == home[0] else f"{short} {text}"
        return f"上年{text}" if term.prior else text


def _codes(contract: Contract) -> dict[str, str]:
    """What each code in a row key is called in print."""
    codes = {code: text for key in contract.keys for text, code in key.values.items()}
    codes["total"] = contract.total.name
    return codes
