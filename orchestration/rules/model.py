"""What a rule is as people write it, and what it is compiled to. Reads rule files; knows neither the grammar of a check
nor whether a rule holds.
"""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from orchestration.base.problems import InputError, Problem
from orchestration.base.yaml_files import read_yaml
from orchestration.ledgers.contract import validation_problems
from orchestration.rules.grammar import NUMBER

#: Ledgers that the warehouse computes rather than reads: scores, reconciled with the printed ones.
_POINTS = {
    "score": "得分", "deduction": "扣分", "band_floor": "档次下限", "band_top": "分值", "band_ceiling": "档次上限",
}  # fmt: skip
COMPUTED: dict[str, tuple[str, dict[str, str]]] = {
    "computed_score": ("按公式计算的", {"weight": "分值", "score": "得分"}),
    "computed_indicator": ("按公式计算的", _POINTS),
    "computed_form": (
        "按公式计算的",
        {
            **_POINTS,
            "unexplained_deduction": "没有写原因的扣分",
            "unexplained_completion": "没有写原因的完成率",
            "level2_weight": "三级指标分值之和",
            "department_actual": "部门整体自评表的实际完成值",
            "changed_target": "与年初申报不同的处数",
        },
    ),
    "computed_funding": ("按公式计算的", {"score": "得分"}),
}
#: The ledgers that each of those is computed from: all of one of the sets.
COMPUTED_FROM: dict[str, tuple[frozenset[str], ...]] = {
    "computed_score": (
        frozenset({"department_summary", "score_section", "indicator"}),
        frozenset({"department_summary", "evaluation_indicator"}),
    ),
    "computed_indicator": (frozenset({"department_summary", "score_section", "indicator"}),),
    "computed_form": (frozenset({"evaluation_indicator"}),),
    "computed_funding": (frozenset({"evaluation_funding"}),),
}
KEY_PARTS = 3
#: What the companion of a rule of ``same_digits`` is called behind its name.
DIGITS = "_digits"
#: In a title: the share that stands in the check.
SHARE = "{share}"
_SHARE = re.compile(r"-?(\d+(?:\.\d+)?%?) \* ")


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
    #: a share of what is compared with: of the instances that do not hold, those beyond it are what matters (10%)
    matters: str = ""
    #: what whoever is told of a broken instance should do
    advice: str = ""
    #: text -> said after the statement of a broken instance, unless one of these rules is broken
    hint: dict[str, tuple[str, ...]] = {}

    @model_validator(mode="before")
    @classmethod
    def _share_in_the_title(cls, entry: object) -> object:
        """``{share}`` in a title is the share that the check compares with: a bound is written once."""
        if not isinstance(entry, dict) or SHARE not in str(entry.get("title")):
            return entry
        found = _SHARE.search(str(entry.get("check")))
        if found is None:
            raise ValueError(f"检查式里有比例，标题才写 {SHARE}（80% * 账/行/栏）")
        return {**entry, "title": str(entry["title"]).replace(SHARE, found[1])}


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
    where_measure: str | None = None  # only rows whose column of this name
    where_operator: str | None = None  # stands so
    where_text: str | None = None  # to this text
    where_value: Decimal | None = None  # or to this figure
    share: Decimal | None = None  # so much of the figure is compared: 0.8

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
    rows_absent: dict[str, list[str]] = field(default_factory=dict)  # rule id -> rows that it names and no ledger has
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


def _named(side: str) -> str:
    """A side that is nothing but a number is called 定数; its value is said beside it."""
    return "定数" if NUMBER.fullmatch(side) else side


def _joined(text: str, selector: Selector) -> str:
    """A side with one more term; a ledger that was named before is not named again."""
    if not selector.label:
        return text
    sign = "－" if selector.weight < 0 else "＋" if text else ""
    ledger, _, rest = selector.label.partition(" ")
    again = rest and text.startswith(f"{ledger} ")
    return f"{text}{sign}{rest if again else selector.label}"


def rules_beside(shared: Path, *folders: Path) -> list[Rule]:
    """The shared rules, and those of folders beside ledgers, which add to them or stand in the place of their id."""
    rules = {rule.id: rule for rule in read_rules(shared)}
    for folder in filter(Path.is_dir, folders):
        rules |= {rule.id: rule for rule in read_rules(folder)}
    return list(rules.values())


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


def digits_rule(rule: Rule) -> Rule:
    """The companion of a rule on one fact printed twice: a warning where the digits differ at equal precision."""
    return rule.model_copy(
        update={
            "id": f"{rule.id}{DIGITS}",
            "title": f"{rule.title}（同一事实印数一致）",
            "severity": "warning",
            "compare": "printed",
            "same_digits": False,
            "advice": "核对两处列示，按原始数据改为一致",
        }
    )
