"""What sentences state that can be worked out from themselves: 占 … 的 …%, 完成预算的 …%, 增加 …，增长 …%,
and whether the parts of 其中 make their whole. Each becomes a row for rules; the words are data (``arithmetic.yml``).
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

from orchestration.base.records import StrictRecord
from orchestration.documents.bindings import Example, Regex
from orchestration.documents.figures import TextFigure, find_figures
from orchestration.documents.lines import Place
from orchestration.documents.paragraphs import Paragraph
from orchestration.documents.sentences import name_before
from orchestration.documents.sheets import StatedRows, UniqueNames
from orchestration.documents.solve import value_of
from orchestration.ledgers.contract import Contract, read_model
from orchestration.ledgers.money import MONEY_UNITS
from orchestration.ledgers.texts import fold

QUOTIENT, SUM = "stated_quotient", "stated_sum"
_PATTERNS = Path(__file__).parent / "arithmetic.yml"
_LIST_ITEM = re.compile(r"\d{1,2}[.．、]|[（(][一二三四五六七八九十\d]{1,3}[)）]|[“\"]")
_SHORTEST = 2  # characters of a name by which two are the same


class ArithmeticPatterns(StrictRecord):
    share: Regex
    opens: Regex
    completion: Regex
    completion_of: Regex
    budget: Regex
    actual: Regex
    change: Regex
    grew: Regex
    fell: Regex
    examples: tuple[Example, ...]
    counter_examples: tuple[str, ...]


@functools.cache
def arithmetic_patterns() -> ArithmeticPatterns:
    return read_model(_PATTERNS, ArithmeticPatterns)


@dataclass(frozen=True)
class Amount:
    """A figure of a sentence: what stands before it (since the figure before), its name, and its text."""

    text: str
    unit: str
    label: str
    name: str
    place: Place
    section: str

    @property
    def is_money(self) -> bool:
        return self.unit in MONEY_UNITS

    @property
    def interval(self) -> tuple[Decimal, Decimal]:
        value, half = value_of(self.text.removesuffix(self.unit))
        scale = MONEY_UNITS.get(self.unit, 1)
        return (value - half) * scale, (value + half) * scale


@dataclass(frozen=True)
class Quotient:
    """``kind``: share, completion or growth. ``part`` is of ``whole``; of growth it is the change, less if negative."""

    kind: str
    part: Amount
    whole: Amount
    rate: Amount
    negative: bool = False

    @property
    def said(self) -> str:
        if self.kind == "growth":
            sign, minus = ("-", "-") if self.negative else ("+", "")
            return f"{self.whole.name} {self.whole.text} {sign} {self.part.text} = {minus}{self.rate.text}"
        return f"{self.part.name} {self.part.text} / {self.whole.text} = {self.rate.text}"


@dataclass
class Parts:
    """A whole and what 其中 names of it."""

    whole: Amount
    parts: list[Amount] = field(default_factory=list)
    shares: list[Amount] = field(default_factory=list)
    nested: bool = False

    @property
    def said(self) -> str:
        return f"{self.whole.name} {self.whole.text} = {' + '.join(part.text for part in self.parts)}"

    @property
    def is_complete(self) -> bool:
        """Whether these are all parts: their shares make a hundred, or they make the whole; 其中 may name a few."""
        if self.nested or len(self.parts) < 2:
            return False
        low, high = (sum((part.interval[n] for part in self.parts), Decimal(0)) for n in (0, 1))
        if low <= self.whole.interval[1] and high >= self.whole.interval[0]:
            return True
        if len(self.shares) < len(self.parts):
            return False
        low, high = (sum((share.interval[n] for share in self.shares), Decimal(0)) for n in (0, 1))
        return low <= 100 <= high


@dataclass
class Arithmetic:
    quotients: list[Quotient] = field(default_factory=list)
    sums: list[Parts] = field(default_factory=list)

    def into(self, rows: dict[str, StatedRows], contracts: Mapping[str, Contract]) -> None:
        """As rows of the ledgers that hold them."""
        if QUOTIENT in contracts and self.quotients:
            rows[QUOTIENT] = _quotients(self.quotients, contracts[QUOTIENT])
        if SUM in contracts and self.sums:
            rows[SUM] = _sums(self.sums, contracts[SUM])


def read_arithmetic(paragraphs: Sequence[Paragraph]) -> Arithmetic:
    """All that can be worked out, in order."""
    amounts = [list(amounts_of(paragraph)) for paragraph in paragraphs]
    named = [amount for each in amounts for amount in each if amount.is_money]
    reader = _Worker(named)
    for paragraph, each in zip(paragraphs, amounts, strict=True):
        reader.read(paragraph, each)
    reader.close()
    return reader.found


def amounts_of(paragraph: Paragraph) -> Iterator[Amount]:
    """The figures of a paragraph, in order."""
    figures: list[TextFigure] = [each for each in find_figures(paragraph.text) if each.kind == "figure"]
    end = 0
    for each in figures:
        label = paragraph.text[end : each.start]
        place = paragraph.place(each.start)
        yield Amount(each.text, each.unit, label, name_before(label), place, paragraph.section)
        end = each.end


class _Worker:
    """Reads paragraphs in order; ``named``: every amount of the document, for shares that name their whole."""

    def __init__(self, named: Sequence[Amount]):
        self.named = named
        self.found = Arithmetic()
        self.open: Parts | None = None
        self.in_list = False
        self.of = arithmetic_patterns()

    def read(self, paragraph: Paragraph, amounts: Sequence[Amount]) -> None:
        if not (self.in_list and _LIST_ITEM.match(paragraph.text)):
            self.close()
        before: list[Amount] = []
        for each in amounts:
            self._opened(each.label, before)
            if "。" in each.label and not self.in_list and self.open and self.open.whole not in before[-1:]:
                self.close()  # the sentence of the whole has ended
            self._read(each, before)
            before.append(each)
        if amounts:
            self._opened(paragraph.text.rpartition(amounts[-1].text)[2], before)
        self.in_list = self.open is not None and (self.in_list or paragraph.text.endswith(("：", ":")))

    def close(self) -> None:
        if self.open and self.open.is_complete:
            self.found.sums.append(self.open)
        self.open, self.in_list = None, False

    def _opened(self, label: str, before: Sequence[Amount]) -> None:
        """A new whole, where what stands behind an amount says that parts of it follow."""
        if not self.of.opens.search(label):
            return
        whole = next((a for a in reversed(before) if a.is_money and not self.of.change.search(a.label)), None)
        nested = self.open is not None and whole in self.open.parts
        if nested and self.open:
            self.open.nested = True
        else:
            self.close()
        self.open = Parts(whole, nested=nested) if whole else None

    def _read(self, each: Amount, before: Sequence[Amount]) -> None:
        if each.unit == "%" and before:
            self._rate(each, before, before[-1])
        elif self.open and each.is_money and each.name and not self.of.change.search(each.label):
            self.open.parts.append(each)

    def _rate(self, rate: Amount, before: Sequence[Amount], last: Amount) -> None:
        if (match := self.of.share.search(rate.label)) and last.is_money:
            whole = self._whole_of(match["of"], last)
            if whole:
                self.found.quotients.append(Quotient("share", last, whole, rate))
            if self.open and last in self.open.parts and not match["of"]:
                self.open.shares.append(rate)
        elif completed := self._completed(rate, before):
            self.found.quotients.append(completed)
        elif grown := self._grown(rate, before, last):
            self.found.quotients.append(grown)

    def _whole_of(self, name: str, part: Amount) -> Amount | None:
        if not name:
            return self.open.whole if self.open and part in self.open.parts else None
        found = [each for each in self.named if _same(each.name, name_before(name))]
        return found[0] if found and len({each.interval for each in found}) == 1 else None

    def _completed(self, rate: Amount, before: Sequence[Amount]) -> Quotient | None:
        """决算 behind 预算, and its rate behind both; or 完成, of 预算 … 的."""
        if len(before) < 2 or not all(each.is_money for each in before[-2:]):
            return None
        one, other = before[-2:]
        if self.of.completion.search(rate.label) and self.of.budget.search(one.label):
            return Quotient("completion", other, one, rate) if self.of.actual.search(other.label) else None
        if self.of.completion_of.search(rate.label) and self.of.budget.search(other.label) and "完成" in other.label:
            return Quotient("completion", one, other, rate) if self.of.actual.search(one.label) else None
        return None

    def _grown(self, rate: Amount, before: Sequence[Amount], last: Amount) -> Quotient | None:
        """A change, and its rate behind it; of the amount that the change names, else of the one before."""
        said = self.of.change.search(last.label) if last.is_money else None
        negative = bool(self.of.fell.search(rate.label))
        if not said or not (negative or self.of.grew.search(rate.label)) or bool(said["down"]) != negative:
            return None
        whole = self._before_change(name_before(said["s"]) or name_before(said["s2"]), before[:-1])
        return Quotient("growth", last, whole, rate, negative=negative) if whole else None

    def _before_change(self, subject: str, before: Sequence[Amount]) -> Amount | None:
        """The amount that a change is of: the last one that is called so, or the last that is no budget."""
        earlier = [each for each in reversed(before) if each.is_money and not self.of.change.search(each.label)]
        if subject:
            return next((each for each in earlier if _same(each.name, subject)), None)
        return next((each for each in earlier if not self.of.budget.search(each.label)), None)


def _same(name: str, other: str) -> bool:
    """Whether one name ends in the other."""
    one, two = sorted((fold(name), fold(other)), key=len)
    return len(one) >= _SHORTEST and two.endswith(one)


#: Of each kind the measures that its part, its whole and its rate are.
_MEASURES = {
    "share": ("part", "whole", "share"),
    "completion": ("actual", "budget", "completion"),
    "growth": ("change", "now", "growth"),
}


def _quotients(found: Sequence[Quotient], contract: Contract) -> StatedRows:
    of, names = StatedRows(contract), UniqueNames()
    for each in found:
        row = (("quotient", names.unique(each.said)),)
        minus = "-" if each.negative else ""
        part, whole, rate = _MEASURES[each.kind]
        of.put(row, part, f"{minus}{each.part.text}", each.part.place)
        of.put(row, whole, each.whole.text, each.whole.place)
        of.put(row, rate, f"{minus}{each.rate.text}", each.rate.place)
        of.say(row, "section", each.rate.section)
    return of


def _sums(found: Sequence[Parts], contract: Contract) -> StatedRows:
    of, names = StatedRows(contract), UniqueNames()
    for each in found:
        name = names.unique(f"{each.whole.name} {each.whole.text}")
        for n, part in enumerate(each.parts, 1):
            of.put((("whole", name), ("part", f"{n} {part.name}")), "amount", part.text, part.place)
        of.put((("whole", name), ("part", "合计")), "amount", each.whole.text, each.whole.place)
    return of
