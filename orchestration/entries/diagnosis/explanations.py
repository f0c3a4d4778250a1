"""What speaks for one account's being off: which line or which voucher number, how well it fits, said in Chinese.

Ranking is by what could not be chance: a line twice, a line in another account's voucher series, an amount that is
whole in the other unit, a gap in the numbers; then what merely fits. What does not belong here: finding the accounts
(``diagnose``) and the lines (``lines``).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from orchestration.entries.diagnosis.accounts import AccountIndex, Values
from orchestration.entries.diagnosis.lines import POWERS, SHOWN, FittingLine, Question, VoucherGap, VoucherSeries
from orchestration.localisation.findings import SuspectEntry, yuan_of

_UNITS = {2: "元与百元（或分）", 3: "元与千元", 4: "元与万元", 8: "元与亿元"}
# How little an explanation owes to chance; smaller is better.
_CERTAIN, _FITS_WELL, _FITS, _OPEN, _WEAK, _NOTHING = range(6)


@dataclass(frozen=True)
class EntryExplanation:
    """One thing that may have happened. ``low``/``high``: fen that the line should have, or that are missing."""

    kind: str  # wrong_unit | wrong_sign | booked_twice | moved | extra_line | lost_line | unexplained
    score: int
    index: AccountIndex
    values: Values
    statement: str
    file: str | None = None
    line: int | None = None
    month: int | None = None
    fen: int | None = None
    low: int | None = None
    high: int | None = None

    def entry(self, rank: int) -> SuspectEntry:
        return SuspectEntry(
            rank=rank, kind=self.kind, ledger=self.index.contract.entries, file=self.file, line=self.line,
            month=self.month, account=self.index.label(self.values), amount_yuan=yuan_of(self.fen),
            implied_low_yuan=yuan_of(self.low), implied_high_yuan=yuan_of(self.high), statement=self.statement,
        )  # fmt: skip


@dataclass
class Evidence:
    """What was found in one ledger's lines. ``lines``: by place of the question."""

    index: AccountIndex
    lines: dict[int, list[FittingLine]] = field(default_factory=dict)
    series: VoucherSeries = field(default_factory=VoucherSeries)
    foreign_lines: dict[tuple[Values, str], FittingLine] = field(default_factory=dict)  # by account and voucher
    missing: dict[Values, set[int]] = field(default_factory=dict)  # months that are missing as a whole

    def owner(self, line: FittingLine) -> Values | None:
        """The account whose voucher series a line stands in, where it is another one."""
        found = (
            owner
            for values, voucher, owner, _ in self.series.foreign
            if (values, voucher) == (line.values, line.voucher)
        )
        return next(found, None)

    def gaps(self, values: Values) -> list[VoucherGap]:
        """Gaps in an account's voucher numbers but for those of a missing month; none where there are too many to mean
        anything."""
        absent = self.missing.get(values, set())
        found = [
            gap
            for gap in self.series.gaps
            if gap.values == values and absent.isdisjoint(range(gap.months[0] + 1, gap.months[1]))
        ]
        return found if sum(gap.count for gap in found) <= SHOWN else []


def single(evidence: Evidence, place: int, question: Question) -> list[EntryExplanation]:
    """Explanations of one account by itself, the likeliest first."""
    found = [_line(evidence, question, line) for line in evidence.lines.get(place, ())]
    if question.under:
        found += _lost(evidence, question)
    elif question.over:
        known = {(line.file, line.line) for line in evidence.lines.get(place, ())}
        for values, voucher, owner, _ in evidence.series.foreign:
            line = evidence.foreign_lines.get((values, voucher))
            if line and values == question.values and (line.file, line.line) not in known:
                found.append(_moved(evidence, line, owner, _CERTAIN, None, None))
    if not found:
        label, way = evidence.index.label(question.values), "多" if question.over else "差"
        said = f"{evidence.index.contract.short}「{label}」{way}计 {between(question.low, question.high)}"
        said += "，没有哪一行单独说得通"
        found.append(EntryExplanation("unexplained", _NOTHING, evidence.index, question.values, said))
    return sorted(found, key=lambda each: each.score)


def pair(evidence: Evidence, place: int, over: Question, under: Question) -> list[EntryExplanation]:
    """Lines of an account that holds too much and that another one lacks."""
    low = max((edge for edge in (over.low, _negative(under.high)) if edge is not None), default=None)
    high = min((edge for edge in (over.high, _negative(under.low)) if edge is not None), default=None)
    found = []
    for line in evidence.lines.get(place, ()):
        if line.kind == "extra" and (low is None or low <= line.fen) and (high is None or line.fen <= high):
            lone = sum(entries for _, entries in evidence.index.accounts[line.values].values()) == 1
            certain = lone or evidence.owner(line) == under.values
            found.append(_moved(evidence, line, under.values, _CERTAIN if certain else _FITS, low, high))
    return sorted(found, key=lambda each: each.score)


def beside(evidence: Evidence, accounts: Iterable[Values]) -> Iterator[EntryExplanation]:
    """What voucher numbers alone tell of accounts in which a month is missing: figures can't prove it there."""
    known = set(accounts)
    for values in sorted(known, key=str):
        for gap in evidence.gaps(values):
            yield _gap(evidence, gap, None, None, _OPEN)
    for values, voucher, owner, _ in evidence.series.foreign:
        line = evidence.foreign_lines.get((values, voucher))
        if line and (values in known or owner in known):
            yield _moved(evidence, line, owner, _OPEN, None, None)


def _line(evidence: Evidence, question: Question, line: FittingLine) -> EntryExplanation:
    index = evidence.index
    at = f"{index.contract.short} {_at(index, line)}：{yuan(line.fen)} 元"
    low = None if question.high is None else line.fen - question.high
    high = None if question.low is None else line.fen - question.low
    more = f"；这样说得通的共 {line.number} 行" if line.number > 1 else ""
    if line.kind == "wrong_unit":
        power = abs(line.power)
        way = "大" if line.power > 0 else "小"
        score = _FITS_WELL if power in POWERS[:1] else _FITS if power in POWERS[:2] or line.power > 0 else _WEAK
        said = f"{at}像是{_UNITS[power]}混了，{way}了 {10**power} 倍（应为 {yuan(line.right)} 元）"
        kind = "wrong_unit"
    elif line.kind == "wrong_sign":
        kind, score, said = "wrong_sign", _OPEN, f"{at}像是正负号反了（应为 {yuan(line.right)} 元）"
    elif line.copies > 1:
        kind, score, said = "booked_twice", _CERTAIN, f"{at}重复记账，每栏都相同的有 {line.copies} 行"
    elif owner := evidence.owner(line):
        return _moved(evidence, line, owner, _CERTAIN, low, high)
    else:
        kind, score, said = "extra_line", _WEAK, f"{at}，像是不该记在「{index.label(line.values)}」"
    label = f"；科目：{index.label(line.values)}" if kind not in ("extra_line",) else ""
    return EntryExplanation(
        kind, score, index, line.values, said + label + more, index.files[line.file].name, line.line, line.month,
        line.fen, low, high,
    )  # fmt: skip


def _moved(
    evidence: Evidence, line: FittingLine, owner: Values, score: int, low: int | None, high: int | None
) -> EntryExplanation:
    index = evidence.index
    wrong, right = index.of(line.values), index.of(owner)
    differing = [name for name in wrong if wrong[name] != right[name]]
    said = "，".join(
        f"{index.contract.column(name).header}记作「{index.word(name, wrong[name])}」，"
        f"应为「{index.word(name, right[name])}」" for name in differing
    )  # fmt: skip
    text = f"{index.contract.short} {_at(index, line)}：{yuan(line.fen)} 元{said}；科目：{index.label(owner)}"
    if evidence.owner(line) == owner:
        text += "（凭证号夹在那里的号段之中）"
    return EntryExplanation(
        "moved",
        score,
        index,
        line.values,
        text,
        index.files[line.file].name,
        line.line,
        line.month,
        line.fen,
        low,
        high,
    )


def _lost(evidence: Evidence, question: Question) -> Iterator[EntryExplanation]:
    """A line that isn't there: all there is to point at is the account, the amount, and a gap in the numbers."""
    low, high = _negative(question.high), _negative(question.low)
    gaps = evidence.gaps(question.values)
    for gap in gaps:
        yield _gap(evidence, gap, low, high, _FITS_WELL)
    if not gaps:
        index = evidence.index
        said = f"{index.contract.short}「{index.label(question.values)}」像是少了一笔：少 {between(low, high)}"
        yield EntryExplanation("lost_line", _OPEN, index, question.values, said, low=low, high=high)


def _gap(evidence: Evidence, gap: VoucherGap, low: int | None, high: int | None, score: int) -> EntryExplanation:
    index = evidence.index
    numbers = gap.first if gap.count == 1 else f"{gap.first} 至 {gap.last}（{gap.count} 个）"
    months = set(range(gap.months[0], gap.months[1] + 1)) - (
        {*gap.months} if gap.months[1] > gap.months[0] + 1 else set()
    )
    file = index.files[gap.files[0]].name if gap.files[0] == gap.files[1] else index.file_of(months)
    where = file or f"{min(months)} 月与 {max(months)} 月之间"
    amount = f"，少 {between(low, high)}" if low is not None or high is not None else "，金额与缺月混在一起，分不开"
    said = f"{index.contract.short} {where}：凭证号缺 {numbers}，像是少了一笔{amount}；科目：{index.label(gap.values)}"
    month = min(months) if len(months) == 1 else None
    return EntryExplanation("lost_line", score, index, gap.values, said, file, None, month, None, low, high)


def _at(index: AccountIndex, line: FittingLine) -> str:
    voucher = f"（凭证号 {line.voucher}）" if line.voucher else ""
    return f"{index.files[line.file].name} 第{line.line}行{voucher}"


def _negative(edge: int | None) -> int | None:
    return None if edge is None else -edge


def between(low: int | None, high: int | None) -> str:
    """An interval of amounts, whichever sign it has."""
    edges = sorted(abs(edge) for edge in (low, high) if edge is not None)
    if not edges:
        return "多少不能确定"
    if len(edges) == 1:
        return f"{yuan(edges[0])} 元{'以上' if (low or 0) > 0 or (high or 0) < 0 else '以下'}"
    return f"{yuan(edges[0])} 元" if edges[0] == edges[1] else f"{yuan(edges[0])} 至 {yuan(edges[1])} 元"


def yuan(fen: int) -> str:
    sign = "-" if fen < 0 else ""
    return f"{sign}{abs(fen) // 100:,}.{abs(fen) % 100:02d}"
