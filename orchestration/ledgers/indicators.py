"""How an indicator's target and outcome are read, as forms print them: a number with its comparator, a range, a day, a
rate, a tolerance; or words, which stay words. No text is refused: what cannot be judged says why (``note``).

What does not belong here: how many points a reading earns (``dbt_project/seeds/score_formula.csv``), and which column
holds what (contracts).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from orchestration.ledgers.cell import Cell
from orchestration.ledgers.days import deadline_of, span_of, with_quarters_in_digits
from orchestration.ledgers.money import (
    MAGNITUDES,
    PERSON_WORDS,
    Figure,
    FigureError,
    are_several,
    day_number,
    half_width_text,
    parse_figure,
    squeeze,
    unit_kind,
)

#: Words of comparison as the sign that they stand for; the longest are tried first. 以上 and 以内 include their number.
_BEFORE = {
    "大于或等于": "≥", "大于等于": "≥", "不得低于": "≥", "不得少于": "≥", "不低于": "≥", "不少于": "≥", "不小于": "≥",
    "至少": "≥", ">=": "≥", "≧": "≥", "⩾": "≥", "小于或等于": "≤", "小于等于": "≤", "不得超过": "≤", "不得高于": "≤",
    "不超过": "≤", "不高于": "≤", "不多于": "≤", "不大于": "≤", "至多": "≤", "最多": "≤", "<=": "≤", "≦": "≤", "⩽": "≤",
    "大于": ">", "高于": ">", "超过": ">", "多于": ">", "小于": "<", "低于": "<", "少于": "<", "等于": "=",
    "大约": "~", "约为": "~", "约": "~", "接近": "~", "≈": "~",
}  # fmt: skip
_AFTER = {
    "及以上": "≥", "或以上": "≥", "以上": "≥", "及以下": "≤", "或以下": "≤", "以下": "≤", "以内": "≤", "之内": "≤",
    "左右": "~", "上下": "~",
}  # fmt: skip
_CODES = {"≥": ">=", "≤": "<=", ">": ">", "<": "<", "=": "=", "~": "~", "": "="}
#: Verbs that say nothing about the number: 达到95%, 控制在5%以内, 已完成12场.
_VERBS = re.compile(
    r"^(?:已|共|实际|计划|全年|年度|当年|累计)*(?:达到|达|完成|实现|开展|举办|组织|保持在|维持在|控制在|在|为)?"
)
_DONE = re.compile(r"(?<=[%‰])(?:完成|覆盖|到位|达标)$")
_NUMBER = r"(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?"
#: A unit: %, 万人次, 元/人·月, 平方米, km². Words that join or describe are no unit: 3个项目的验收.
_UNIT = r"(?:%|‰|[\u4e00-\u9fffA-Za-z㎡㎥℃·/²³]{0,9})"
_NO_UNIT = re.compile(r"[的及和与且或并从由在被把按至到率达]|完成")
_VALUE = re.compile(rf"(?P<sign>-)?(?P<number>{_NUMBER})(?P<unit>{_UNIT})", re.ASCII)
_RANGE = re.compile(rf"(?P<low>{_NUMBER}{_UNIT})(?:-|~|至|到)(?P<high>{_NUMBER}{_UNIT})", re.ASCII)
_TOLERANCE = re.compile(rf"(?P<base>{_NUMBER}{_UNIT})±(?P<by>{_NUMBER})(?P<unit>{_UNIT})", re.ASCII)
_ENCLOSED = re.compile(
    rf"(?P<low>{_NUMBER}{_UNIT})(?P<from>[≤<])[^\d≤≥<>]*(?P<to>[≤<])(?P<high>{_NUMBER}{_UNIT})", re.ASCII
)
_TWO = re.compile(r"(?P<one>[≥≤<>][^≥≤<>]+?)(?:且|并且|并|同时|、|,|;)?(?P<two>[≥≤<>][^≥≤<>]+)")
_EACH = re.compile(rf"每(?P<per>年|季度?|月|周|日|天|人|户|个?[\u4e00-\u9fff]{{1,2}})(?P<rest>{_NUMBER}\D*)", re.ASCII)
_EACH_SIGNED = re.compile(r"(每(?:年|季度?|月|周|日|天|人|户))([≥≤<>])")  # 每年不少于2次
#: 30天内, 5个工作日内: no more than so long.
_WITHIN = re.compile(r"(?<=[天日周月年时钟])内$")
_YEARS = re.compile(r"20\d\d年?-20\d\d年?", re.ASCII)
WORDS = "qualitative"
_BOUND, _LAST_PLACE, _MOST_DIGITS = Decimal(10) ** 18, Decimal("1e-9"), 28
_SIGNS = str.maketrans({"—": "-", "–": "-", "−": "-", "〜": "~", "﹥": ">", "﹤": "<", "㎡": "平方米"})


@dataclass(frozen=True, slots=True)
class Reading:
    """``low`` and ``high`` are one figure where one number is meant, both None where only words are.

    ``direction``: >=, >, <=, <, =, ~ (about), range or qualitative. ``note``: why it can't be judged.
    """

    direction: str
    low: Figure | None = None
    high: Figure | None = None
    note: str = ""


def read_target(text: str, year: int) -> Reading:
    """A target as printed. Never raises: what has digits and is no number is words, with a note."""
    plain = _plain(text)
    if not re.search(r"\d", plain):
        return Reading(WORDS)
    try:
        _check_single(text)
        found = _day_target(plain, year) or _two_ends(plain) or _one_number(plain)
        if found is None:
            raise FigureError
        low, high, direction = found
        low, high = (_fitting(replace(end, half_width=Decimal(0))) for end in (low, high))
    except FigureError as error:
        return Reading(WORDS, note=f"指标值“{squeeze(text)}”{str(error) or '读不成一个数'}")
    return Reading(direction, low, high)


def read_outcome(text: str, year: int, target: Reading) -> Reading:
    """What was achieved, beside its target: of a number without a unit the target's unit is meant."""
    plain = _plain(text)
    if not re.search(r"\d", plain):
        return Reading(WORDS)
    found: tuple[Figure, Figure, str] | None
    try:
        _check_single(text)
        if target.low is not None and target.low.unit == "date":
            span = span_of(plain, year)
            if span is None:
                raise FigureError
            found = (_day(span[0]), _day(span[1]), "=")
        elif target.low is not None and (bare := _in_unit_of(target.low, plain)):
            found = (bare, bare, "=")
        else:
            found = _day_outcome(plain, year) or _two_ends(plain) or _one_number(plain)
        if found is None:
            raise FigureError
        low, high, direction = _fitting(found[0]), _fitting(found[1]), found[2]
    except FigureError as error:
        return Reading(WORDS, note=f"实际完成值“{squeeze(text)}”{str(error) or '读不成一个数'}")
    return Reading(direction, low, high, _incomparable(target, direction, low))


def _check_single(text: str) -> None:
    if are_several(text):
        raise FigureError("写了几个数")


def indicator_cells(text: str, kind: str, blank: Cell, beside: str) -> list[Cell]:
    """The cells of one target or outcome: itself, the upper end of a range, how a target compares (``direction``), and
    why it can't be judged (``target_note``, ``actual_note``). ``beside``: the target that an outcome stands beside.
    """
    stripped = squeeze(text)
    target = read_target(text if kind == "target" else beside, blank.fiscal_year)
    reading = target if kind == "target" else read_outcome(text, blank.fiscal_year, target)
    cells = [_cell(replace(blank, text=stripped), reading.low)]
    if reading.high is not None and reading.high != reading.low:
        cells.append(_cell(replace(blank, text=stripped, measure=f"{blank.measure}_high"), reading.high))
    if kind == "target":
        cells.append(replace(blank, measure="direction", text=reading.direction))
    if reading.note:
        cells.append(replace(blank, measure=f"{blank.measure}_note", text=reading.note))
    return cells


def corrected_reading(text: str, kind: str, unit: str, year: int) -> Figure:
    """The one number that a correction puts in place of a target's or an outcome's. ``unit``: as the cell prints it.

    Raises ``FigureError``.
    """
    low = read_target(text, year).low
    if low is not None and low.printed_unit == "" and low.unit != "date" and unit:
        low = _scaled(_plain(text), unit) if _VALUE.fullmatch(_plain(text)) else None
    reading = Reading("=", low) if kind == "target" else read_outcome(text, year, Reading("=", low))
    if low is None or reading.low is None or reading.high not in (None, reading.low):
        raise FigureError("一个数，如 ≥10万人" if kind == "target" else "一个数，如 9.7万人")
    return reading.low


def _cell(blank: Cell, figure: Figure | None) -> Cell:
    if figure is None:
        return blank
    return replace(
        blank, value=figure.value, unit=figure.unit, half_width=figure.half_width, printed_unit=figure.printed_unit
    )


def _plain(text: str) -> str:
    """Without spaces, full width, brackets that include (（含）) and words of comparison before their number."""
    plain = half_width_text(squeeze(text)).translate(_SIGNS).rstrip("。.;；,，")
    plain = re.sub(rf"\((?:含|包含|含本数|包括)(?:{_NUMBER}{_UNIT})?\)|含$", "", plain)
    plain = with_quarters_in_digits(plain)
    plain = re.sub(r"个?百分(?:比|点|之百)", "%", plain)
    plain = re.sub(r"百分之(\d+(?:\.\d+)?)", r"\1%", plain)
    for word in sorted(_BEFORE, key=len, reverse=True):
        plain = plain.replace(word, _BEFORE[word])
    return re.sub(r"(\d)(余|多)([千万亿]+)", r"\1\3\2", plain)


def _one_number(plain: str) -> tuple[Figure, Figure, str] | None:
    """A number with its comparator before it, in words behind it, or none."""
    sign, rest = "", _VERBS.sub("", _EACH_SIGNED.sub(r"\2\1", _WITHIN.sub("以内", plain)))
    if match := re.match(r"[≥≤<>=~]", rest):
        sign, rest = match[0], _VERBS.sub("", rest[1:])
    rest = _DONE.sub("", rest)
    for word in sorted(_AFTER, key=len, reverse=True):
        if rest.endswith(word):
            after = _AFTER[word]
            if sign and _CODES[sign].rstrip("=") != _CODES[after].rstrip("="):
                raise FigureError("前后两个比较方向不一致")
            sign, rest = sign or after, rest.removesuffix(word)
            break
    if not sign and plain.startswith("控制在"):
        sign = "≤"
    if each := _EACH.fullmatch(rest):
        rest = f"{each['rest']}/{each['per']}"
    if over := re.fullmatch(rf"({_NUMBER}[千万亿]*)(?:余|多)({_UNIT})", rest, re.ASCII):
        sign, rest = sign or ">", over[1] + over[2]
    figure = _figure(rest)
    if figure and sign not in ("", "=", "~"):  # a bound is exact
        figure = replace(figure, half_width=Decimal(0))
    return (figure, figure, _CODES[sign]) if figure else None


def _two_ends(plain: str) -> tuple[Figure, Figure, str] | None:
    """A range: 90%-95%, ≥95%且≤100%, 95%≤X≤100%, [90%,95%], 5±10%."""
    bare = _VERBS.sub("", plain)
    if match := re.fullmatch(r"\[(.+),(.+)\]", bare):
        bare = f"{match[1]}-{match[2]}"
    if match := _TOLERANCE.fullmatch(bare):
        return _tolerance(match)
    enclosed, two = _ENCLOSED.fullmatch(bare), _TWO.fullmatch(bare)
    if (enclosed or two) and re.search("[<>]", bare):
        raise FigureError("是开区间，达到端点是否算完成不明")
    if enclosed:
        return _ends(enclosed["low"], enclosed["high"])
    if two:
        ends = {two[name][0]: two[name][1:] for name in ("one", "two")}
        return _ends(ends["≥"], ends["≤"]) if len(ends) == 2 else None
    match = None if _YEARS.fullmatch(bare) else _RANGE.fullmatch(bare)
    return _ends(match["low"], match["high"]) if match else None


def _ends(low_text: str, high_text: str) -> tuple[Figure, Figure, str]:
    """Both ends of a range; the lower one may leave its unit to the higher: 90-95%, 10-12万人."""
    high = _figure(high_text)
    low = _figure(low_text)
    if high is None or low is None:
        raise FigureError
    if low.printed_unit == "" and high.printed_unit:
        low = _scaled(low_text, high.printed_unit)
    if not _comparable(low, high):
        raise FigureError("区间两端的单位不同")
    if low.value > high.value:
        raise FigureError("区间的下限大于上限")
    return low, high, "range"


def _tolerance(match: re.Match[str]) -> tuple[Figure, Figure, str]:
    """5±10%: ten hundredths of five either way; 50%±2%, 100±5个: that many of the same unit."""
    base = _figure(match["base"])
    by = _figure(match["by"] + match["unit"])
    if base is None or by is None:
        raise FigureError
    if by.unit == "ratio" and base.unit != "ratio":
        margin = base.value * by.value
    else:
        if base.printed_unit == "":
            base = _scaled(match["base"], by.printed_unit)
        elif by.printed_unit == "":
            by = _scaled(match["by"], base.printed_unit)
        if not _comparable(base, by):
            raise FigureError("偏差与基数的单位不同")
        margin = by.value
    return replace(base, value=base.value - margin), replace(base, value=base.value + margin), "range"


def _figure(text: str) -> Figure | None:
    """One number with its unit, rounded as printed."""
    match = _VALUE.fullmatch(text)
    if match is None or _NO_UNIT.search(match["unit"]):
        return None
    figure = _scaled(match["number"], re.sub(r"/年$", "", match["unit"]))  # a form speaks of one year
    return replace(figure, value=-figure.value) if match["sign"] else figure


def _scaled(number: str, unit: str) -> Figure:
    """A number in its unit. What is measured rather than counted may have decimals: 2.5小时, 1.2倍."""
    try:
        return parse_figure(number, "outcome", unit)
    except FigureError:
        kind = unit_kind(unit) if unit else ("count", Decimal(1))
        if kind is None or kind[0] != "count":
            raise
        digits = number.replace(",", "")
        if len(digits) > _MOST_DIGITS:
            raise
        return Figure(Decimal(digits) * kind[1], kind[1].scaleb(-len(digits.partition(".")[2])) / 2, "count", unit)


def _day_target(plain: str, year: int) -> tuple[Figure, Figure, str] | None:
    day = deadline_of(_VERBS.sub("", plain), year)
    return (_day(day), _day(day), "<=") if day else None


def _day_outcome(plain: str, year: int) -> tuple[Figure, Figure, str] | None:
    span = span_of(plain, year)
    return (_day(span[0]), _day(span[1]), "=") if span else None


def _day(day: date) -> Figure:
    return Figure(day_number(day), Decimal(0), "date", "")


def _in_unit_of(target: Figure, plain: str) -> Figure | None:
    """A bare number beside a target with a unit: 9.7 beside ≥10万人 is 9.7万人. Where it comes nearer to the target in
    ones, 97000 beside ≥10万人, either may be meant. None where the outcome has a unit of its own.
    """
    match = _VALUE.fullmatch(plain)
    if match is None or match["unit"] or target.printed_unit == "":
        return None
    figure = _scaled(match["number"], target.printed_unit)
    factor = unit_kind(target.printed_unit)
    in_ones = Decimal(match["number"].replace(",", "")) * (100 if target.unit == "yuan" else 1)
    if factor and factor[1] != 1 and _farther(figure.value, in_ones, target.value):
        raise FigureError(f"没有单位，未必以“{target.printed_unit}”计")
    return replace(figure, value=-figure.value) if match["sign"] else figure


def _fitting(figure: Figure) -> Figure:
    """The figure, if the warehouse's DECIMAL(28, 9) holds it."""
    for value in (figure.value, figure.half_width):
        if abs(value) >= _BOUND or value != value.quantize(_LAST_PLACE):
            raise FigureError("位数太多")
    return figure


def _farther(one: Decimal, other: Decimal, goal: Decimal) -> bool:
    """Whether ``one`` is farther from ``goal`` than ``other``, as a ratio."""
    if min(one, other, goal) <= 0:
        return False
    return max(one, goal) * min(other, goal) > max(other, goal) * min(one, goal)


def _incomparable(target: Reading, direction: str, low: Figure) -> str:
    """Why an outcome can't be measured by its target; nothing where it can, or where the target is words."""
    if target.low is None:
        return "" if target.note else "指标值是定性目标，实际完成值却是数"
    if not _comparable(target.low, low):
        units = (target.low.printed_unit or "无单位", low.printed_unit or "无单位")
        return f"指标值与实际完成值的单位不同（{units[0]}、{units[1]}）"
    meets = direction in (">=", ">") and target.direction in (">=", ">") and low.value >= target.low.value
    below = direction in ("<=", "<") and target.direction in ("<=", "<") and low.value <= target.low.value
    if direction in (">=", ">", "<=", "<") and not meets and not below:
        return "实际完成值只写了界限，不是一个数"
    return ""


def _comparable(one: Figure, other: Figure) -> bool:
    """万人 and 人, 万元 and 元; a bare number goes with whatever is counted. 场 and 次 are two things."""
    counted = ("count", "person")
    if one.unit not in counted or other.unit not in counted:
        return one.unit == other.unit
    words = {_word(figure.printed_unit) for figure in (one, other)} - {""}
    return len(words) <= 1


def _word(printed_unit: str) -> str:
    """What is counted, without its power of ten: 万人次 -> 人次; 名 is 人."""
    for magnitude in sorted(filter(None, MAGNITUDES), key=len, reverse=True):
        if printed_unit.startswith(magnitude):
            printed_unit = printed_unit.removeprefix(magnitude)
            break
    return "人" if printed_unit in PERSON_WORDS else printed_unit


__all__ = ["Reading", "corrected_reading", "indicator_cells", "read_outcome", "read_target"]
