"""How a printed figure becomes an exact value. Pure text in, ``Figure`` out; no files, no contracts.

A figure is a value *and* the precision it was printed with: ``8,055.00`` in 万元 is 8 055 000 000 fen give or
take half of its last place, 5 000 fen (``rounding``).
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from orchestration.ledgers.rounding import WHOLE_UNITS, half_of_last_place

#: Other currencies as Chinese tables call them, by ISO 4217.
CURRENCIES = {
    "美元": "USD", "港元": "HKD", "港币": "HKD", "澳门元": "MOP", "澳门币": "MOP", "新台币": "TWD", "欧元": "EUR",
    "英镑": "GBP", "日元": "JPY", "円": "JPY",
    "韩元": "KRW", "澳元": "AUD", "加元": "CAD", "新加坡元": "SGD", "卢布": "RUB",
    "瑞士法郎": "CHF",
}  # fmt: skip
_POWERS = {"": 0, "十": 1, "百": 2, "千": 3, "万": 4, "十万": 5, "百万": 6, "千万": 7, "亿": 8, "十亿": 9, "百亿": 10}
_MONEY_UNIT = re.compile(rf"(?P<power>|[十百千万亿]+)(?P<currency>元|[A-Z]{{3}}|{'|'.join(CURRENCIES)})", re.ASCII)


class _MoneyUnits(Mapping[str, int]):
    """Hundredths in one of each money unit. It lists those of yuan that tables use most, and knows all: 千万元, 万美元,
    千MXN.
    """

    def __getitem__(self, unit: str) -> int:
        match = _MONEY_UNIT.fullmatch(unit)
        if match is None or match["power"] not in _POWERS:
            raise KeyError(unit)
        return 100 * int(10 ** _POWERS[match["power"]])

    def __iter__(self) -> Iterator[str]:
        return iter(("元", "千元", "万元", "百万元", "亿元"))

    def __len__(self) -> int:
        return 5


#: Fen (hundredths of other currencies) in one of each money unit.
MONEY_UNITS: Mapping[str, int] = _MoneyUnits()


def currency_of(unit: str) -> str:
    """The currency of a money unit by ISO 4217: CNY of 万元, USD of 万美元. Raises ``KeyError`` where it is none."""
    MONEY_UNITS[unit]
    match = _MONEY_UNIT.fullmatch(unit)
    name = match["currency"] if match else ""
    return "CNY" if name == "元" else CURRENCIES.get(name, name)


#: Chinese powers of ten that stand before a counting word: 5458.08 万人.
MAGNITUDES = {"": 1, "千": 10**3, "万": 10**4, "百万": 10**6, "千万": 10**7, "亿": 10**8}
#: Units of what is measured and not counted: of these there are parts.
MEASURED = frozenset({"平方米", "㎡", "米", "公里", "亩", "公顷", "吨", "小时"})
PERSON_WORDS = frozenset({"人", "名"})
#: Characters that print as a minus or a dash; the first reads as one.
DASHES = frozenset("-—–―－−\u2010\u2011\u2012\ufe58\ufe63")
_MINUS = str.maketrans(dict.fromkeys("–−\u2010\u2011\u2012\ufe63", "-"))
#: Marks that print as nothing: zero-width spaces and joiners, marks of direction, soft hyphens.
_INVISIBLE = frozenset("\u00ad\u200b\u200c\u200d\u200e\u200f\u2060\ufeff")
COMPARATORS = {"≥": ">=", ">=": ">=", ">": ">", "≤": "<=", "<=": "<=", "<": "<", "=": "="}
_EPOCH = date(1970, 1, 1).toordinal()

_FIGURE = re.compile(
    r"(?P<comparator>>=|<=|[≥≤><=])?"
    r"(?P<open>\()?(?P<sign>-)?"
    r"(?P<number>\d{1,3}(?:,\d{3})+|\d+)(?:\.(?P<fraction>\d+))?"
    r"(?P<close>\))?"
    r"(?P<percent>%)?(?P<over>余|多)?(?P<unit>[\u4e00-\u9fff]{0,6}?)(?P<above>以上)?",
    re.ASCII,
)
_GAP = re.compile(r"(?<=\d)\s+(?=\d)")
#: What a single space may part within a figure: whole digits in groups of three, 1 263.00.
_GROUPED = re.compile(r"(?<![\d.,．，])\d{1,3}(?:[ \u00a0\u2007\u2009\u202f\u3000]\d{3})+(?!\d)")
_BARE_POINT = re.compile(r"(?<![\d.])\.(?=\d)", re.ASCII)  # .4 is 0.4
_DATE = re.compile(r"(\d{4})(?:年|-|/|\.)(\d{1,2})(?:月|-|/|\.)(\d{1,2})日?", re.ASCII)
# Full-width ASCII and no more of Unicode's compatibility forms: those would turn a footnote mark (5²) into a digit.
_HALF_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
# What the warehouse holds, DECIMAL(28, 9), with a digit to spare; and no more than Decimal multiplies exactly.
_TOO_LONG = "金额不到一亿亿元、小数不超过 8 位的数"
_BOUND, _LAST_PLACE, _MOST_DIGITS = Decimal(10) ** 18, Decimal("1e-9"), 28
_NUMERALS = {c: i for i, c in enumerate("零一二三四五六七八九")} | {"两": 2, "〇": 0}


class FigureError(ValueError):
    """The text is not a figure of the expected kind. ``str(error)`` says what was expected."""


@dataclass(frozen=True, slots=True)
class Figure:
    value: Decimal  # fen, or ones
    half_width: Decimal
    unit: str  # yuan | person | count | point | ratio | date
    printed_unit: str
    comparator: str = ""  # >=, <=, ... where a target prints one


@functools.lru_cache(1 << 16)
def squeeze(text: str) -> str:
    """Take spaces and line breaks, and nothing else, out of a name: （本级） keeps its brackets."""
    return "".join(text.split()).replace("\u200b", "").replace("\ufeff", "")


def are_several(text: str) -> bool:
    """Whether digits are parted as no single figure parts them: by a line's end, a tab, several spaces, or one that is
    not before groups of three. 1,182.19 1 is a figure and a note's number, 100 over 200 are two figures.
    """
    return bool(_GAP.search(text) and _GAP.search(_GROUPED.sub("0", text)))


def is_dash(text: str) -> bool:
    return bool(text) and all(c in DASHES for c in text)


def half_width_text(text: str) -> str:
    """Full-width ASCII as ASCII: ≥９５％ -> ≥95%."""
    return text.translate(_HALF_WIDTH)


def parse_figure(text: str, kind: str, unit: str = "") -> Figure:
    """Read a printed figure.

    ``kind``: money, person, count, point, ratio, number and outcome (their own unit says which), target (a number
    that may begin with a comparator) or date. ``unit``: the printed unit where the cell prints none (``万元``).
    Characters that print as a minus, and marks that print as nothing, are read as such. Raises ``FigureError`` saying
    what was expected, and naming by its code what looks like something else (１０ is read, ٣ and O for 0 are not).
    """
    if are_several(text):
        raise FigureError(f"{_expected(kind, unit)}（一格只写一个数）")
    plain = "".join(c for c in squeeze(text) if c not in _INVISIBLE).translate(_HALF_WIDTH).translate(_MINUS)
    plain = _BARE_POINT.sub("0.", plain)
    try:
        return _parse_date(plain) if kind == "date" else _parse_plain(plain, kind, unit)
    except FigureError as error:
        strange = "、".join(f"U+{ord(c):04X}" for c in dict.fromkeys(plain) if _looks_alike(c))
        raise FigureError(f"{error}（此处有 {strange}）" if strange else str(error)) from None


def _looks_alike(character: str) -> bool:
    """Whether a character is none that figures and their words are written in, and may be taken for one."""
    return not (character.isascii() or "\u4e00" <= character <= "\u9fff" or character in "≥≤‰％。，、；：（）“”〇—±～")


def _parse_plain(plain: str, kind: str, unit: str) -> Figure:
    # Brackets may close behind the unit, (5.00%), or before it, (5.00)%.
    enclosed = plain.startswith("(") and plain.endswith(")")
    match = _FIGURE.fullmatch(plain[1:-1] if enclosed else plain)
    if not match or bool(match["open"]) != bool(match["close"]):
        return _parse_numeral(plain, kind, unit)
    negations = sum(map(bool, (enclosed, match["open"], match["sign"])))
    if negations > 1 or (match["comparator"] and (enclosed or kind != "target")):
        raise FigureError(_expected(kind, unit))
    number, places = _printed_number(match)
    if negations:
        number = -number
    figure = _scale(number, places, kind, "%" if match["percent"] else match["unit"], unit)
    if not _is_held(figure.value) or not _is_held(figure.half_width):
        raise FigureError(_TOO_LONG)
    return Figure(
        figure.value,
        Decimal(0) if _is_exact(match, kind, figure.unit) else figure.half_width,
        figure.unit,
        figure.printed_unit,
        COMPARATORS[match["comparator"]] if match["comparator"] else "",
    )


def _printed_number(match: re.Match[str]) -> tuple[Decimal, int]:
    """The digits as a number, without sign and unit, and how many of them stand behind the point."""
    digits = match["number"].replace(",", "")
    fraction = match["fraction"] or ""
    if len(digits) + len(fraction) > _MOST_DIGITS:
        raise FigureError(_TOO_LONG)
    return Decimal(f"{digits}.{fraction}" if fraction else digits), len(fraction)


def _is_held(value: Decimal) -> bool:
    """Whether the warehouse holds a value as it is."""
    return abs(value) < _BOUND and value == value.quantize(_LAST_PLACE)


def _is_exact(match: re.Match[str], kind: str, unit: str) -> bool:
    """Whether a figure is no rounded one: what is aimed at, points, and what says itself that there is more of it."""
    return kind == "target" or unit == "point" or bool(match["over"] or match["above"])


@functools.lru_cache(maxsize=1024)
def unit_kind(printed: str) -> tuple[str, Decimal] | None:
    """``(unit, ones in one printed unit)`` of a printed unit, or None where it is not a known one."""
    if printed in MONEY_UNITS:
        return "yuan", Decimal(MONEY_UNITS[printed])
    if printed in ("%", "百分比"):
        return "ratio", Decimal("0.01")
    if printed == "‰":
        return "ratio", Decimal("0.001")
    if printed == "分":
        return "point", Decimal(1)
    for magnitude in sorted(MAGNITUDES, key=len, reverse=True):
        if printed.startswith(magnitude) and printed != "":
            word = printed[len(magnitude) :]
            return ("person" if word in PERSON_WORDS else "count"), Decimal(MAGNITUDES[magnitude])
    return None


def _scale(number: Decimal, places: int, kind: str, printed: str, default: str) -> Figure:
    """A number as a figure of its kind. ``printed``: its own unit, ``default``: the one of its column or table."""
    if kind == "point":
        if printed not in ("", "分"):
            raise FigureError(_expected(kind, default))
        return Figure(number, Decimal(0), "point", "分")
    name = printed or default
    unit, factor = _base_unit(name, kind, default)
    value = number * factor
    if unit in WHOLE_UNITS and value != value.to_integral_value() and not (kind == "number" and name in MEASURED):
        smallest = "分（0.01 元）" if unit == "yuan" else "个位"
        raise FigureError(f"最多精确到{smallest}的数")
    return Figure(value.normalize() + 0, half_of_last_place(factor.scaleb(-places), unit), unit, name)


@functools.lru_cache(maxsize=1024)
def _base_unit(name: str, kind: str, default: str) -> tuple[str, Decimal]:
    """What a figure's value is held in, and how much of it is one of its printed unit ``name`` (empty: none)."""
    wanted = {"money": "yuan", "number": None, "outcome": None, "target": None}.get(kind, kind)
    if not name:
        if kind == "money":
            raise FigureError("带单位的金额（文件、列或单元格都没有写明 元/千元/万元/亿元）")
        return wanted or "count", Decimal(1)
    found = unit_kind(name)
    if found is None:
        raise FigureError(_expected(kind, default))
    unit, factor = found
    if unit == "yuan" and currency_of(name) != (currency_of(default) if default in MONEY_UNITS else "CNY"):
        raise FigureError(_expected(kind, default))
    counted_in_magnitudes = name in MAGNITUDES and wanted in ("person", "count")
    if wanted and unit != wanted and not counted_in_magnitudes:
        raise FigureError(_expected(kind, default))
    return wanted or unit, factor


def _parse_numeral(plain: str, kind: str, unit: str) -> Figure:
    """A small Chinese numeral (五, 十二) where something is counted; anything else is not a figure."""
    if kind in ("count", "person", "number") and plain:
        tens, ten, ones = plain.partition("十")
        if (not tens or tens in _NUMERALS) and (not ones or ones in _NUMERALS) and (ten or tens):
            total = (_NUMERALS.get(tens, 1) * 10 if ten else _NUMERALS[tens]) + _NUMERALS.get(ones, 0)
            return Figure(Decimal(total), Decimal(0), "count" if kind == "number" else kind, "")
    raise FigureError(_expected(kind, unit))


def _parse_date(plain: str) -> Figure:
    match = _DATE.fullmatch(plain)
    try:
        day = date(*map(int, match.groups())) if match else None
    except ValueError:
        day = None
    if day is None:
        raise FigureError("日期，如 2025年4月18日")
    return Figure(day_number(day), Decimal(0), "date", "")


def day_number(day: date) -> Decimal:
    """A date as the value of a cell of unit ``date``."""
    return Decimal(day.toordinal() - _EPOCH)


def day_of(value: Decimal) -> date:
    """The date that a cell of unit ``date`` holds."""
    return date.fromordinal(int(value) + _EPOCH)


def _expected(kind: str, unit: str) -> str:
    example = {
        "money": f"金额（单位 {unit or '元/千元/万元/亿元'}），如 1,263.00、-1,263.00、(1,263.00)、10万元",
        "person": "人数，如 338 或 5458.08万人",
        "count": "个数，如 26 或 26个",
        "point": "分值，如 8.66",
        "ratio": "百分比，如 86.60%",
        "target": "指标值，如 ≥10万人，或定性目标",
        "number": "带单位的数，如 5638.5万件",
        "outcome": "带单位的数，如 9.7万人，或定性结论",
    }
    return example[kind]
