"""The grammar of a rule's ``check``: from a text to the terms of one relation. Knows no ledger and no cell.

A check is one relation between cell addresses (without the year)::

    project_expenditure/{row}/total_budget = project_expenditure/{row}/carryover + ...
    project_expenditure/total/{measure} = sum(project_expenditure/*/{measure})
    category_expenditure/{row}/execution_rate = category_expenditure/{row}/final_expenditure / ...
    fund_balance/{fund}/opening = prior fund_balance/{fund}/closing
    budget/{code}/amount = children(budget/{code}/amount)
    budget/total/amount = sum(budget/*/amount where kind = 项目支出)
    budget/{row}/paid <= budget/{row}/amount where amount <> 0
    budget/"省本级 (含直属)"/amount = 6000万元
    rows(unit_basic_expenditure/{unit}) = rows(unit_project_expenditure/{unit})
    project_expenditure/{row}/final_expenditure >= 80% * project_expenditure/{row}/total_budget

``children()`` and ``of_which()`` are the rows that are part of the row (under a subtotal or a group; 其中); ``rows()``
compares no figure, only that both tables name the row. ``{name}`` listed under ``for`` is replaced by each of its
values; with ``each_row_of`` a ``{name}`` is what each row of that ledger writes in its column of that name, so a row
can name the cell that it speaks of; any other ``{name}`` stands in a row key and makes an instance of every row. ``*``
inside ``sum()`` or ``count()`` is every detail row, of a hierarchy its leaves. ``where`` in the brackets picks rows;
at the end it picks the instances, by the row of the first term. ``prior`` reads last year's published cells; a number
stands for itself, money with its unit (``6000万元``). A name with spaces or brackets stands in quotes. A share
(``80% *``) stands before the one figure on the right of an inequality: a bound that people set, not what print implies.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass, replace
from decimal import Decimal

from orchestration.ledgers.money import MAGNITUDES, unit_kind
from orchestration.ledgers.texts import key_text, shown

OPERATORS = ("=", "<=", ">=", "<", ">")
NUMBER = re.compile(r"(-?\d+(?:\.\d+)?)([\u4e00-\u9fff%]*)")
VARIABLE = re.compile(r"\{(\w+)\}")
#: Terms that stand for the rows that are part of a row, by the kinds that those have.
PARTS = {"children": ("detail", "group"), "of_which": ("of_which",)}
_FILTERS = (*OPERATORS, "<>")
_TOKEN = re.compile(
    r"(?P<call>sum|count|children|of_which|rows)\((?P<inside>(?:\"[^\"]*\"|[^()\"])*)\)|(?P<word>(?:\"[^\"]*\"|[^\s\"])+)"
)
_QUOTED = re.compile(r"\"([^\"]*)\"")
_EXPECTED = "账/行/栏、sum(账/*/栏)、count()、children()、of_which()、rows(账/{行}) 或一个数"


#: A word and no call; or what stands in the brackets of a call, and its name.
Word = tuple[str, str]


class RuleError(Exception):
    def __init__(self, found: str, expected: str):
        super().__init__(found)
        self.found, self.expected = found, expected


@dataclass(frozen=True)
class Filter:
    """``where``: which rows, by what one column of them says."""

    column: str
    operator: str
    text: str
    value: Decimal | None  # where the text is a number


@dataclass(frozen=True)
class Term:
    weight: Decimal
    call: str  # "" | sum | count | children | of_which | rows | constant
    path: str
    prior: bool
    rest: bool = False  # one of several rows that a term before it speaks for
    where: Filter | None = None
    decides: bool = False  # no instance without it
    share: Decimal | None = None  # 80% of the figure, as a bound
    share_text: str = ""


@dataclass(frozen=True)
class Group:
    """Terms that are added: a side, or the numerator or denominator of a rate."""

    side: str  # left | right
    role: str  # term | rate | numerator | denominator
    terms: tuple[Term, ...]


@dataclass(frozen=True)
class Check:
    operator: str
    groups: tuple[Group, ...]

    @property
    def terms(self) -> list[Term]:
        return [term for group in self.groups for term in group.terms]


@functools.lru_cache(maxsize=4096)
def parse(check: str) -> Check:
    """A rule's text taken apart, the same text once for however many departments.

    Raises ``RuleError`` with what was found and what would have been understood.
    """
    words = _words(check)
    where = None
    if at := _places(words, ("where",)):
        where = _filter([word for word, _ in words[at[0] + 1 :]])
        words = words[: at[0]]
    at = _places(words, OPERATORS)
    if len(at) != 1:
        raise RuleError(check, f"一个关系式，含 {'、'.join(OPERATORS)} 之一（前后留空格）")
    operator = words[at[0]][0]
    share, right = _shared(check, operator, words[at[0] + 1 :])
    groups = _groups(check, operator, _terms(words[: at[0]]), right)
    if share:
        groups[1] = _part_of(check, groups[1], share)
    if where:
        groups[0] = _picked(check, groups[0], where)
    return Check(operator, tuple(groups))


def _shared(check: str, operator: str, right: list[Word]) -> tuple[str, list[Word]]:
    """The share that a right side begins with, and the rest of it."""
    if [word for word, call in right[1:2] if not call] != ["*"]:
        return "", right
    if operator == "=" or not NUMBER.fullmatch(right[0][0]):
        raise RuleError(check, "不等式的右边：比例 * 账/行/栏（80% * 账/行/栏）")
    return right[0][0], right[2:]


def _part_of(check: str, group: Group, share: str) -> Group:
    if len(group.terms) != 1 or group.terms[0].call == "constant":
        raise RuleError(check, "比例之后只有一项：80% * 账/行/栏")
    return replace(group, terms=(replace(group.terms[0], share=constant(share), share_text=share),))


def _places(words: list[Word], marks: tuple[str, ...]) -> list[int]:
    """Where one of some marks stands as a word of its own."""
    return [n for n, (word, call) in enumerate(words) if word in marks and not call]


def _groups(check: str, operator: str, left: tuple[Term, ...], right: list[Word]) -> list[Group]:
    """Both sides of a relation; the right one of a rate in two, at its stroke."""
    stroke = _places(right, ("/",))
    if not stroke:
        return [Group("left", "term", left), Group("right", "term", _terms(right))]
    if operator != "=" or len(left) != 1:
        raise RuleError(check, "比率规则：一个印出的比率 = 分子 / 分母")
    return [
        Group("left", "rate", left),
        Group("right", "numerator", _terms(right[: stroke[0]])),
        Group("right", "denominator", _terms(right[stroke[0] + 1 :])),
    ]


def _picked(check: str, group: Group, where: Filter) -> Group:
    """The first group where the rows of its first term decide which instances there are."""
    first = group.terms[0]
    if first.call:
        raise RuleError(check, "关系式之后的 where 看第一项那一行：第一项写成 账/{行}/栏")
    return replace(group, terms=(replace(first, where=where, decides=True), *group.terms[1:]))


def constant(text: str) -> Decimal:
    """A number with or without its unit, in base units: 6000万元 is 6 000 000 000 fen."""
    match = NUMBER.fullmatch(text)
    known = unit_kind(match[2]) if match and match[2] else ("", Decimal(1))
    if not match or known is None or (known[0] == "count" and match[2] not in MAGNITUDES):
        raise RuleError(text, "一个数，可带单位（6000万元、100%）")
    return Decimal(match[1]) * known[1]


def _words(text: str) -> list[Word]:
    if text.count('"') % 2:
        raise RuleError(text, "成对的引号")
    return [(match["inside"] if match["call"] else match[0], match["call"] or "") for match in _TOKEN.finditer(text)]


def _filter(words: list[str]) -> Filter:
    if len(words) != 3 or words[1] not in _FILTERS:
        raise RuleError(" ".join(["where", *words]), f"where 栏 比较 值（比较：{'、'.join(_FILTERS)}，前后留空格）")
    text = _QUOTED.sub(r"\1", words[2])
    value = constant(words[2]) if NUMBER.fullmatch(words[2]) else None
    if value is None and words[1] not in ("=", "<>"):
        raise RuleError(" ".join(["where", *words]), "文字只比较 = 与 <>")
    return Filter(_QUOTED.sub(r"\1", words[0]), words[1], shown(text), value)


def _terms(words: list[Word]) -> tuple[Term, ...]:
    terms: list[Term] = []
    sign, prior = 1, False
    expect = True
    # Brackets round a numerator or denominator; elsewhere they mean nothing here.
    if [word for word, _ in (*words[:1], *words[-1:])] == ["(", ")"]:
        words = words[1:-1]
    said = " ".join(_said(*each) for each in words)
    for word, call in words:
        if word in ("+", "-") and not expect and not call:
            sign, expect = (1 if word == "+" else -1), True
        elif word == "prior" and expect and not call:
            prior = True
        elif expect:
            terms.append(replace(_term(word, call), weight=Decimal(sign), prior=prior))
            sign, prior, expect = 1, False, False
        else:
            raise RuleError(said, "项与项之间写 + 或 -")
    if not terms or expect:
        raise RuleError(said, "至少一项")
    return tuple(terms)


def _said(word: str, call: str) -> str:
    return f"{call}({word})" if call else word


def _term(word: str, call: str) -> Term:
    if call:
        words = [match[0] for match in _TOKEN.finditer(word)]
        where = _filter(words[2:]) if words[1:2] == ["where"] else None
        if not words or (where is None and len(words) != 1) or (where and call not in ("sum", "count")):
            raise RuleError(_said(word, call), _EXPECTED)
        return Term(Decimal(1), call, _path(words[0]), False, where=where)
    if NUMBER.fullmatch(word):
        return Term(Decimal(1), "constant", word, False)
    path = _path(word)
    if VARIABLE.fullmatch(path) or (path.count("/") >= 2 and not re.search(r"[()\s]", _QUOTED.sub("", word))):
        return Term(Decimal(1), "", path, False)
    raise RuleError(word, _EXPECTED)


def _path(word: str) -> str:
    """A path with its quoted names as row keys hold them."""
    return _QUOTED.sub(lambda match: key_text(match[1]), word)
