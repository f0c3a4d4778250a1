"""Rules as data: reads ``expectations/rules/*.yml`` and compiles each into *selectors*, the rows by which the dbt
models find a rule's cells. Says nothing about whether a rule holds: that is judged in one place, the models under
``dbt_project/models/reconciliation``.

A rule's ``check`` is one relation between cell addresses (without the year)::

    project_expenditure/{row}/total_budget = project_expenditure/{row}/carryover + ...
    project_expenditure/total/{measure} = sum(project_expenditure/*/{measure})
    category_expenditure/{row}/execution_rate = category_expenditure/{row}/final_expenditure / ...
    fund_balance/{fund}/opening = prior fund_balance/{fund}/closing

    {ledger}/{row}/{measure} = children({ledger}/{row}/{measure})
    rows(unit_basic_expenditure/{unit}) = rows(unit_project_expenditure/{unit})

``children()`` and ``of_which()`` are the rows that are part of the row (under a subtotal; 其中), with ``for: {ledger:
[every]}`` of every ledger and every measure that can be added; ``rows()`` compares no figure, only that both tables
name the row. ``{name}`` listed under ``for`` is replaced by each of its values; with ``each_row_of`` a ``{name}`` is
what each row of that ledger writes in its column of that name, so a row can name the cell that it speaks of; any
other ``{name}`` stands in a row key and makes an instance of every row. ``*`` inside ``sum()`` or ``count()`` is
every detail row; ``prior`` reads last year's published cells; a number stands for itself, money with its unit
(``6000万元``).
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from orchestration.base.problems import InputError, Problem
from orchestration.base.yaml_files import read_yaml
from orchestration.ledgers.cell import Cell
from orchestration.ledgers.contract import Contract, validation_problems
from orchestration.ledgers.money import MAGNITUDES, unit_kind
from orchestration.ledgers.naming import UnknownNameError, cell_path

#: Ledgers that the warehouse computes rather than reads: scores, reconciled with the printed ones.
COMPUTED: dict[str, tuple[str, dict[str, str]]] = {
    "computed_score": ("按公式计算的", {"weight": "分值", "score": "得分"}),
    "computed_indicator": (
        "按公式计算的",
        {
            "score": "得分",
            "deduction": "扣分",
            "band_floor": "档次下限",
            "band_top": "分值",
            "band_ceiling": "档次上限",
        },
    ),
}
#: The ledgers that those are computed from.
COMPUTED_FROM = frozenset({"department_summary", "score_section", "indicator"})
KEY_PARTS = 3
#: The whole check of the one rule that asks whether the year before has been published.
PRIOR = "prior"
_REFERENCE = re.compile(
    r"(?P<call>sum|count|children|of_which|rows)\((?P<inside>[^()\s]+)\)|(?P<path>[^()\s]+/[^()\s]+/[^()\s]+|\{\w+\})"
)
_NUMBER = re.compile(r"(\d+(?:\.\d+)?)([\u4e00-\u9fff%]*)")
_VARIABLE = re.compile(r"\{(\w+)\}")
_OPERATORS = ("=", "<=", ">=", "<", ">")
#: Terms that stand for the rows that are part of a row, by the kinds that those have.
_PARTS = {"children": ("detail", "group"), "of_which": ("of_which",)}
#: The operator of a rule that two tables name the same rows: nothing is compared but that each row has its like.
SAME_ROWS = "rows"
#: Of a rule on parts of rows: every ledger that has such rows, every measure that can be added.
EVERY, ADDITIVE = "every", ("money", "person", "count")


class Rule(BaseModel):
    """One rule, as a finance person writes it."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    id: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]
    title: str
    severity: Literal["error", "warning"] = "error"
    variables: dict[str, tuple[str, ...]] = Field({}, alias="for")
    #: the ledger whose rows each make an instance, with what they write in a column as ``{column}``; where that stands
    #: alone in the check it is the name of a cell, and a row that leaves it blank makes no instance
    each_row_of: str = ""
    check: str
    #: the years that the rule speaks of; empty for every year (facts of one report are rules of that year alone)
    years: tuple[int, ...] = ()
    #: the instance is made only where this side is printed; without it a figure that is not there is ``missing``
    when_printed: Literal["left", "right", "both"] | None = None
    #: ``interval``: within what printing implies; ``printed``: the digits as they stand
    compare: Literal["interval", "printed"] = "interval"
    #: judged only for the instances in which that other rule is inconsistent
    only_where_broken: str | None = None
    #: a companion warning where both sides are printed to the same place with different digits
    same_digits: bool = False
    #: said of a broken instance, behind its place, in place of the sentence that its relation would make
    says: str | None = None
    #: text -> said after the statement of a broken instance, unless one of these rules is broken
    hint: dict[str, tuple[str, ...]] = {}


@dataclass(frozen=True, slots=True)
class Selector:
    """One term of one rule variant: which cells, with what weight, on which side."""

    rule_id: str
    variant: str  # the literal part of the instance: ``project_expenditure`` or ``fund_statement/budget``
    term: int
    side: str  # left | right
    role: str  # term | rate | numerator | denominator | constant | count
    weight: Decimal
    year_offset: int
    ledger: str
    key_1: str | None
    key_2: str | None
    key_3: str | None
    slot_1: int | None  # which part of the cell's key is the first captured variable
    slot_2: int | None
    slot_3: int | None
    detail_only: bool
    measure: str
    label: str  # 决算支出; 表2 合计 本年调整; 各行决算支出之和
    needed: bool  # no instance without it
    row_name: str = ""  # how people call the row that the term names outright: 合计

    @property
    def width(self) -> int:
        return sum(slot is not None for slot in (self.slot_1, self.slot_2, self.slot_3))


@dataclass(frozen=True)
class Rulebook:
    """All rules that can be judged with the ledgers at hand, compiled; and those that can't, with the reason."""

    rules: list[Rule]
    selectors: list[Selector]
    operators: dict[str, str]  # rule id -> operator
    skipped: dict[str, list[str]] = field(default_factory=dict)  # rule id -> ledgers that are not there
    companions: dict[str, str] = field(default_factory=dict)  # companion on digits -> the rule that it accompanies

    def labels(self) -> dict[tuple[str, str], tuple[str, str]]:
        """(rule, variant) -> how finance people call its two sides."""
        sides: dict[tuple[str, str], tuple[str, str]] = {}
        for selector in self.selectors:
            left, right = sides.get((selector.rule_id, selector.variant), ("", ""))
            if selector.side == "left":
                left = _joined(left, selector)
            elif selector.role == "denominator" and "÷" not in right:
                right = f"{right}÷{selector.label}"
            else:
                right = _joined(right, selector)
            sides[selector.rule_id, selector.variant] = (left, right)
        sides = {key: (_named(left), _named(right)) for key, (left, right) in sides.items()}
        return {key: (left, re.sub(r"÷(.*[＋－].*)", r"÷（\1）", right)) for key, (left, right) in sides.items()}


def read_rules(*paths: Path) -> list[Rule]:
    """Rules from files or folders of ``*.yml``. Raises ``InputError`` with file, rule and key of all that is wrong."""
    problems: list[Problem] = []
    rules: dict[str, Rule] = {}
    for path in itertools.chain.from_iterable(sorted(p.glob("*.yml")) if p.is_dir() else [p] for p in paths):
        try:
            content = read_yaml(path) or []
        except InputError as error:
            problems += error.problems
            continue
        if not isinstance(content, list):
            problems.append(Problem(str(path), "", "(全文)", type(content).__name__, "规则的列表"))
            continue
        for number, entry in enumerate(content, 1):
            name = entry.get("id", f"第{number}条") if isinstance(entry, dict) else f"第{number}条"
            try:
                rule = Rule.model_validate(entry)
            except ValidationError as error:
                problems += [
                    Problem(p.file, "", f"{name}.{p.cell}", p.found, p.expected)
                    for p in validation_problems(path, error)
                ]
                continue
            if rule.id in rules:
                problems.append(Problem(str(path), "", rule.id, "重复的规则 id", "每条规则一个 id"))
            rules[rule.id] = rule
    if problems:
        raise InputError(problems)
    return list(rules.values())


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
    cells = list(cells)
    ids = {rule.id for rule in rules}
    for rule in rules:
        if rule.years and year not in rule.years:
            continue
        try:
            for other in filter(None, (rule.only_where_broken, *itertools.chain(*rule.hint.values()))):
                if other not in ids:
                    raise _RuleError(other, "另一条规则的 id")
            rows = [cell for cell in cells if cell.ledger == rule.each_row_of]
            compiled = _Compiler(rule, contracts, rows, known or contracts, cells).run()
            problems += compiled.problems
        except _RuleError as error:
            problems.append(Problem(source, "", rule.id, error.found, error.expected))
            continue
        if compiled.absent:
            book.skipped[rule.id] = sorted(compiled.absent)
        if not compiled.selectors and rule.check != PRIOR:
            continue
        for extra in [rule] + ([digits_rule(rule)] if rule.same_digits else []):
            book.rules.append(extra)
            book.operators[extra.id] = compiled.operator
            if extra is not rule:
                book.companions[extra.id] = rule.id
            book.selectors.extend(
                s if extra is rule else Selector(**{**{n: getattr(s, n) for n in s.__slots__}, "rule_id": extra.id})
                for s in compiled.selectors
            )
    if problems:
        raise InputError(problems)
    return book


def _named(side: str) -> str:
    """A side that is nothing but a number is called 定数; its value is said beside it."""
    return "定数" if _NUMBER.fullmatch(side) else side


def _joined(text: str, selector: Selector) -> str:
    """A side with one more term; a ledger that was named before is not named again."""
    if not selector.label:
        return text
    sign = "－" if selector.weight < 0 else "＋" if text else ""
    ledger, _, rest = selector.label.partition(" ")
    again = rest and text.startswith(f"{ledger} ")
    return f"{text}{sign}{rest if again else selector.label}"


def digits_rule(rule: Rule) -> Rule:
    """The companion of a rule on one fact printed twice: a warning where the digits differ at equal precision."""
    return rule.model_copy(
        update={
            "id": f"{rule.id}_digits",
            "title": f"{rule.title}（同一事实印数一致）",
            "severity": "warning",
            "compare": "printed",
            "same_digits": False,
        }
    )


class _RuleError(Exception):
    def __init__(self, found: str, expected: str):
        super().__init__(found)
        self.found, self.expected = found, expected


@dataclass(frozen=True)
class _Term:
    weight: Decimal
    call: str  # "" | sum | count | constant
    path: str
    prior: bool
    rest: bool = False  # one of several rows that a term before it speaks for


class _Compiler:
    def __init__(
        self,
        rule: Rule,
        contracts: Mapping[str, Contract],
        cells: Iterable[Cell],
        known: Mapping[str, Contract],
        all_cells: list[Cell],
    ):
        self.rule = rule
        self.all_cells = all_cells
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
        self.operator = ""

    def run(self) -> _Compiler:
        if self.rule.check == PRIOR:
            self.operator = PRIOR
            return self
        if self.rule.each_row_of:
            return self._each_row()
        if call := next((call for call in _PARTS if f"{call}(" in self.rule.check), ""):
            return self._each_whole(call)
        names = list(self.rule.variables)
        for values in itertools.product(*self.rule.variables.values()):
            check = self.rule.check
            for name, value in zip(names, values, strict=True):
                check = check.replace(f"{{{name}}}", value)
            if unused := [name for name in names if f"{{{name}}}" not in self.rule.check]:
                raise _RuleError(f"for 里的 {unused[0]}", "check 里用到的变量")
            before, absent = len(self.selectors), len(self.absent)
            self._variant("/".join(values), check)
            if len(self.absent) > absent or any(f"{ledger}/" in check for ledger in self.absent):
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
        alone = [match[1] for token in self.rule.check.split() if (match := _VARIABLE.fullmatch(token))]
        if unknown := [name for name in alone if name not in texts]:
            raise _RuleError(f"{{{unknown[0]}}}", f"{contract.short}的一栏文字：{'、'.join(sorted(texts))}")
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
            self._variant(row_key, self.rule.check)
            if any(selector.ledger in self.absent for selector in self.selectors[before:]):
                del self.selectors[before:]  # the row speaks of a ledger that is not at hand
        return self

    def _each_whole(self, call: str) -> _Compiler:
        """A variant for each row that other rows are part of, and each measure that can be added.

        What is part of a row is not more than the row only where nothing in the column is negative.
        """
        named = self.rule.variables.get("ledger", ())
        ledgers = set(self.contracts) if named == (EVERY,) else set(named)
        self.absent |= ledgers - set(self.contracts)
        self._variant_operator(self.rule.check)
        wholes: dict[tuple[str, str, str], dict[str, Cell]] = {}
        figures: dict[tuple[str, str], list[Cell]] = {}
        for cell in self.all_cells:
            if cell.ledger not in ledgers or cell.value is None:
                continue
            figures.setdefault((cell.ledger, cell.measure), []).append(cell)
            if cell.parent and cell.row_kind in _PARTS[call]:
                wholes.setdefault((cell.ledger, cell.parent, cell.measure), {})[cell.row_key] = cell
        for (ledger, whole, measure), parts in wholes.items():
            kind = self.contracts[ledger].measure(measure)
            column = figures[ledger, measure]
            if kind is None or kind.kind not in ADDITIVE or whole not in {cell.row_key for cell in column}:
                continue
            if self.operator != "=" and any(cell.value is not None and cell.value < 0 for cell in column):
                continue
            self.bound, self.parts = {"ledger": ledger, "row": whole, "measure": measure}, list(parts)
            self._variant(f"{ledger}/{whole}/{measure}", self.rule.check)
        return self

    def _variant_operator(self, check: str) -> None:
        self.operator = next((token for token in check.split() if token in _OPERATORS), "")

    def _expand(self, term: _Term) -> list[_Term]:
        """The terms that a term stands for: one for each row that is part of the row at hand."""
        if term.call not in _PARTS:
            return [self._bind(term)]
        ledger, _, measure = self._bind(term).path.split("/")
        return [replace(term, path=f"{ledger}/{part}/{measure}", rest=i > 0) for i, part in enumerate(self.parts)]

    def _bind(self, term: _Term) -> _Term:
        """The term with each ``{name}`` replaced by what the row at hand writes there."""
        if not self.bound or term.call == "constant":
            return term
        alone = _VARIABLE.fullmatch(term.path)
        if alone:
            return replace(term, path=self.bound[alone[1]])
        return replace(term, path=_VARIABLE.sub(lambda match: self.bound.get(match[1], match[0]), term.path))

    def _variant(self, variant: str, check: str) -> None:
        tokens = check.split()
        operators = [token for token in tokens if token in _OPERATORS]
        if len(operators) != 1:
            raise _RuleError(check, f"一个关系式，含 {'、'.join(_OPERATORS)} 之一（前后留空格）")
        self.operator = operators[0]
        at = tokens.index(self.operator)
        left, right = _terms(tokens[:at]), tokens[at + 1 :]
        if "/" in right:
            cut = right.index("/")
            groups = [("left", "rate", left), ("right", "numerator", _terms(right[:cut]))]
            groups.append(("right", "denominator", _terms(right[cut + 1 :])))
            if self.operator != "=" or len(left) != 1:
                raise _RuleError(check, "比率规则：一个印出的比率 = 分子 / 分母")
        else:
            groups = [("left", "term", left), ("right", "term", _terms(right))]
        groups = [(side, role, [each for term in terms for each in self._expand(term)]) for side, role, terms in groups]
        captured = [
            name
            for _, _, terms in groups
            for term in terms
            if term.call != "count"
            for name in _VARIABLE.findall(term.path)
        ]
        slots = list(dict.fromkeys(captured))
        if len(slots) > KEY_PARTS:
            raise _RuleError(check, f"至多 {KEY_PARTS} 个行变量")
        first = groups[0][2]
        home = next((tuple(term.path.split("/")[:2]) for term in first if term.call != "constant"), ("", ""))
        number = 0
        for side, role, terms in groups:
            for term in terms:
                number += 1
                self._selector(variant or "", number, side, role, term, slots, home)
        if any(term.call == "rows" for _, _, terms in groups for term in terms):
            self.operator = SAME_ROWS

    def _selector(
        self, variant: str, number: int, side: str, role: str, term: _Term, slots: list[str], home: tuple[str, ...]
    ) -> None:
        needed = self.rule.when_printed in (side, "both")
        if term.call == "constant":
            self.selectors.append(
                Selector(self.rule.id, variant, number, side, "constant", term.weight * _constant(term.path), 0, "",
                         None, None, None, None, None, None, False, "", term.path, False)
            )  # fmt: skip
            return
        ledger, row, measure = self._pieces(term)
        parts = row.split(":")
        if len(parts) > KEY_PARTS:
            raise _RuleError(term.path, f"行键至多 {KEY_PARTS} 段")
        if "*" in parts and not term.call:
            raise _RuleError(term.path, "* 只能写在 sum() 或 count() 里")
        positions: dict[str, int] = {}
        literals: list[str | None] = []
        for position, part in enumerate(parts, 1):
            name = _VARIABLE.fullmatch(part)
            literals.append(None if name or part == "*" else part)
            if name:
                positions[name[1]] = position
        if positions and set(positions) != set(slots) and term.call != "count":
            raise _RuleError(term.path, f"每一项都带上行变量 {'、'.join(slots)}，或都不带")
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
                detail_only=term.call not in ("", *_PARTS),
                measure=measure,
                label=label,
                needed=needed,
                row_name=self._row_name(ledger, row),
            )
        )

    def _row_name(self, ledger: str, row: str) -> str:
        if ledger not in self.contracts:
            return ""
        codes = _codes(self.contracts[ledger])
        return " ".join(
            codes.get(part, part) for part in row.split(":") if part != "*" and not _VARIABLE.fullmatch(part)
        )

    def _pieces(self, term: _Term) -> tuple[str, str, str]:
        """Ledger, row and measure of a term; ``rows()`` speaks of no measure: the first that every row has."""
        pieces = term.path.split("/")
        if term.call == "rows":
            if len(pieces) != 2 or self.operator != "=":
                raise _RuleError(term.path, "rows(账/{行}) = rows(账/{行})")
            ledger, row = pieces
            measures = self.contracts[ledger].measures if ledger in self.contracts else ()
            whole = [m.name for m in measures if (m.blank or self.contracts[ledger].blank) == "zero"]
            return ledger, row, (whole or [m.name for m in measures] or [""])[0]
        if len(pieces) != 3:
            raise _RuleError(term.path, "账/行/栏 三段")
        ledger, row, measure = pieces
        return ledger, row, measure

    def _label(self, ledger: str, row: str, measure: str, term: _Term, home: tuple[str, ...]) -> str:
        """What a finance person calls the term; raises where ledger or measure is unknown."""
        if ledger in COMPUTED:
            short, measures = COMPUTED[ledger]
            if measure not in measures:
                raise _RuleError(f"{ledger}/{measure}", f"{ledger} 的栏：{'、'.join(measures)}")
            header, codes = measures[measure], {}
            if not self.contracts.keys() >= COMPUTED_FROM:
                self.absent.add(ledger)
        elif ledger in self.contracts:
            contract = self.contracts[ledger]
            columns = {column.name: column.header for column in contract.columns}
            if measure not in columns and not (term.call == "count" and measure == "*"):
                raise _RuleError(f"{ledger}/{measure}", f"{contract.short}的栏：{'、'.join(columns)}")
            short, header = contract.short, columns.get(measure, "")
            codes = _codes(contract)
        else:
            self.absent.add(ledger)
            return ""
        named = [codes.get(part, part) for part in row.split(":") if part != "*" and not _VARIABLE.fullmatch(part)]
        if term.call in _PARTS:
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


def _constant(text: str) -> Decimal:
    """A number with or without its unit, in base units: 6000万元 is 6 000 000 000 fen."""
    match = _NUMBER.fullmatch(text)
    known = unit_kind(match[2]) if match and match[2] else ("", Decimal(1))
    if not match or known is None or (known[0] == "count" and match[2] not in MAGNITUDES):
        raise _RuleError(text, "一个数，可带单位（6000万元、100%）")
    return Decimal(match[1]) * known[1]


def _terms(tokens: list[str]) -> list[_Term]:
    terms: list[_Term] = []
    sign, prior = 1, False
    expect = True
    if tokens[:1] == ["("] and tokens[-1:] == [")"]:  # numerator or denominator; elsewhere brackets mean nothing here
        tokens = tokens[1:-1]
    for bare in tokens:
        if bare in ("+", "-") and not expect:
            sign, expect = (1 if bare == "+" else -1), True
            continue
        if bare == "prior" and expect:
            prior = True
            continue
        if not expect:
            raise _RuleError(" ".join(tokens), "项与项之间写 + 或 -")
        match = _REFERENCE.fullmatch(bare)
        if match:
            terms.append(_Term(Decimal(sign), match["call"] or "", match["inside"] or match["path"], prior))
        elif _NUMBER.fullmatch(bare):
            terms.append(_Term(Decimal(sign), "constant", bare, False))
        else:
            raise _RuleError(
                bare,
                "账/行/栏、sum(账/*/栏)、count()、children()、of_which()、rows(账/{行}) 或一个数",
            )
        sign, prior, expect = 1, False, False
    if not terms or expect:
        raise _RuleError(" ".join(tokens), "至少一项")
    return terms
