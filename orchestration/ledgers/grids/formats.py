"""Number formats: what a spreadsheet shows for a stored number, exactly, or an error that names the format.

Covers what ledgers use: General, fixed decimals with or without grouping, percent, thousands scaling (``0.0,``),
negatives in brackets, accounting dashes for zero, a unit or a sign as text (``0.00"万元"``, ``0.00"%"``, ``0.00\\-``),
dates. What does not belong here: which cell has which format (one module a file format does).
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Context, Decimal
from functools import lru_cache


class FormatError(ValueError):
    """A number format whose display we can't give exactly. ``str(error)`` says what was found."""


def printed(value: object, number_format: str) -> str:
    """What a spreadsheet shows for a value under a number format. General rounds for the width of a column only, so
    there the stored decimal is what counts. Raises ``FormatError`` for a format that it does not cover: what that shows
    has another value or precision than the cell.
    """
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, datetime | date):
        return f"{value.year}年{value.month}月{value.day}日"
    if isinstance(value, time | timedelta):
        return str(value)
    if not isinstance(value, int | float | Decimal):
        return str(value)
    exact = stored(value)
    layout = _layout(number_format, _chosen(exact, number_format))
    if layout.dash is not None:
        return layout.dash
    if layout.general:
        shown, text = exact, f"{exact.copy_abs().normalize(_PRECISE):f}"
    else:
        shown, text = _fixed(exact.scaleb(2) if layout.percent else exact, layout.body)
    return _signed(f"{text}{'%' if layout.percent else ''}{layout.unit}", shown, layout, number_format)


@dataclass(frozen=True)
class _Layout:
    """One section of a format, taken apart once."""

    chosen: int
    general: bool
    dash: str | None  # what an accounting format shows for zero
    body: str  # the digits: #,##0.00
    percent: bool
    unit: str
    words: str  # what stands around the digits


@lru_cache(4096)
def _layout(number_format: str, chosen: int) -> _Layout:
    section = _sections(number_format)[chosen]
    if _CONDITION.search(section) or len(number_format) > _LONGEST:
        raise FormatError(f"数字格式 {_short(number_format)}")
    characters = _characters(section)
    bare = "".join(text if plain else "\0" for plain, text in characters)
    if _GENERAL.fullmatch(bare):
        return _general(number_format, chosen, characters, bare.lower())
    if chosen == _ZERO and "0" not in bare:
        dash = "".join(text for plain, text in characters if not (plain and text in "0#?.,")).strip()
        return _Layout(chosen, False, dash, "", False, "", "")
    body = re.search(r"[0#?.,](?:.*[0#?.,])?", bare, re.DOTALL)
    if not body or not _DIGITS.fullmatch(body.group()) or len(body.group()) > _MOST_DIGITS:
        raise FormatError(f"数字格式 {_short(number_format)}")
    before, after = characters[: body.start()], characters[body.end() :]
    percent = "%" in bare
    unit = _literal_unit(before, after, percent, number_format)
    return _Layout(chosen, False, None, body.group(), percent, unit, _words(before) + _words(after))


def _general(number_format: str, chosen: int, characters: list[tuple[bool, str]], bare: str) -> _Layout:
    """A section that shows what is stored: General, its Chinese name G/通用格式, or @."""
    before, after = characters[: max(bare.find("g"), 0)], characters[bare.find("l") + 1 :]
    if bare.startswith("g/"):
        after = [each for each in after if not each[0]]
    unit = _literal_unit(before, after, False, number_format)
    return _Layout(chosen, True, None, "", False, unit, _words(before) + _words(after))


_POSITIVE, _NEGATIVE, _ZERO = range(3)
_MINUS = re.compile(r"[-−–－‐‑]")


@lru_cache(4096)
def _count(number_format: str) -> int:
    return len(_sections(number_format))


def _chosen(exact: Decimal, number_format: str) -> int:
    """Which section of a format a number is shown by: that of positives, negatives or zero."""
    sections = _count(number_format)
    if exact == 0 and sections > 2:
        return _ZERO
    return _NEGATIVE if exact < 0 and sections > 1 else _POSITIVE


def _words(characters: list[tuple[bool, str]]) -> str:
    return "".join(text for _, text in characters)


def _literal_unit(
    before: list[tuple[bool, str]], after: list[tuple[bool, str]], percent: bool, number_format: str
) -> str:
    """The unit that text behind the number gives it: 万元, %, ‰. Other letters and digits beside it would change what
    it says (约5, 5k, 15), so the format is refused.
    """
    for words, meant in ((_words(before), _MONEY_SIGN), (_words(after), _BEHIND)):
        if _LETTERS.search(meant.sub("", words)):
            raise FormatError(f"数字格式 {_short(number_format)}")
    signs = [text for plain, text in after if text.strip() in ("%", "‰") and not (plain and text == "%")]
    if signs and (percent or len(signs) > 1):
        raise FormatError(f"数字格式 {_short(number_format)}")
    return (signs[0].strip() if signs else "") + "".join(text for _, text in after if "\u4e00" <= text[:1] <= "\u9fff")


def _signed(text: str, shown: Decimal, layout: _Layout, number_format: str) -> str:
    """With the sign that is shown. Brackets or a minus that the format itself holds are the sign of what is shown, also
    beside a positive number, ``(#,##0.00)`` and ``0.00\\-``.
    """
    words = layout.words
    brackets = ("(" in words and ")" in words) or ("（" in words and "）" in words)
    own = brackets or bool(_MINUS.search(words))
    if shown < 0 and own and layout.chosen == _POSITIVE:
        raise FormatError(f"数字格式 {_short(number_format)}")  # -(5.00)
    if shown == 0 or not (shown < 0 or own):
        return text
    return f"({text})" if brackets else f"-{text}"


def _short(number_format: str) -> str:
    return number_format if len(number_format) <= 60 else f"{number_format[:57]}..."


def decimals(value: float | Decimal, number_format: str) -> int | None:
    """How many decimals of what is shown a number format rounds to; None where it rounds nothing (General)."""
    layout = _layout(number_format, _chosen(stored(value), number_format))
    return None if layout.general else len(re.sub(r"[^0#?]", "", layout.body.partition(".")[2]))


def is_date(number_format: str) -> bool:
    """Whether a format shows days or times: letters of a date outside of quotes, brackets and General."""
    bare = "".join(text for plain, text in _characters(_sections(number_format)[0]) if plain).lower()
    return (
        bool(re.search(r"[ymdhs年月日]", bare))
        and not re.search(r"[0#?]", bare.replace("ss.0", ""))
        and (not _GENERAL.fullmatch(bare))
    )


def number_of(raw: str) -> int | float | Decimal:
    """The number that a workbook's text stores. Raises ``FormatError`` where it is none.

    A spreadsheet stores a binary float, in at most 17 digits or in its whole expansion. Other digits than a float can
    have are kept as they stand, for a float would lose some of them.
    """
    value = float(raw) if _NUMBER.fullmatch(raw) else math.nan
    if not math.isfinite(value):
        raise FormatError(f"数 {raw[:40]}")
    if re.fullmatch(r"-?\d{1,28}", raw):
        return int(raw)
    exact = Decimal(raw)
    digits = len(exact.as_tuple().digits)
    if digits > _FLOAT_DIGITS and Context(prec=digits).create_decimal_from_float(value) != exact:
        return exact
    return value


def stored(value: float | Decimal) -> Decimal:
    """The decimal that a workbook stores as a binary float: its shortest one, digit by digit.

    A formula's result may lie a few binary steps beside the decimal that it stands for (0.1 + 0.2 is stored as
    0.30000000000000004). A double holds any decimal of 15 digits, so a neighbour of at most 15 digits is taken where
    the shortest form has more; from 10^13 on, where a step is no longer small beside 0.01, nothing is.
    """
    if isinstance(value, Decimal):
        return value
    exact = Decimal(repr(value))
    if len(exact.as_tuple().digits) > _SURE_DIGITS and abs(exact) < _FINE:
        near = Decimal(f"{value:.{_SURE_DIGITS}g}")
        if abs(near - exact) <= _STEPS * Decimal(math.ulp(value)):
            return near
    return exact


#: Where the calendar of a workbook begins: serial number 0. Excel's own first day is a day off before March 1900.
EPOCH = date(1899, 12, 30)


def day_of_serial(value: float | Decimal, from_1904: bool) -> date:
    """The day that a serial number stands for. Raises ``FormatError`` where it stands for none: also a little below
    zero, where a sheet shows ``####``.
    """
    day = int(value) + (1462 if from_1904 else 0)
    if value < 0 or not 1 <= day < 2_958_466:
        raise FormatError(f"日期序号 {value:g}")
    return EPOCH + timedelta(days=day if day > 60 else day + 1)


_LONGEST, _MOST_DIGITS = 255, 60  # what spreadsheets allow; digits of one number
_LETTERS = re.compile(r"[A-Za-z0-9\u4e00-\u9fff]")
_MONEY_SIGN = re.compile(r"RMB|CNY|USD|人民币")
_BEHIND = re.compile(r"RMB|CNY|USD|[\u4e00-\u9fff]+")
_SURE_DIGITS, _STEPS, _FINE = 15, 4, 10**13
_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?", re.ASCII)
_FLOAT_DIGITS = 17  # that a spreadsheet writes of a float at most, but for its whole expansion
_GENERAL = re.compile(r"[\0\s]*(?:general|g/通用格式|@)[\0\s]*", re.IGNORECASE)
_DIGITS = re.compile(r"[0#?,]*[0#?][0#?,]*(?:\.[0#?]*)?,*|\.[0#?]+,*")
_CONDITION = re.compile(r"\[(?:[<>=]|DBNum)")
_PRECISE = Context(prec=400)  # any float, to any number of places


def _fixed(number: Decimal, body: str) -> tuple[Decimal, str]:
    """A number at the places that ``#,##0.00`` and the like give it, and its digits without a sign."""
    whole, _, fraction = body.partition(".")
    scaling = len(body) - len(body.rstrip(","))
    fraction = fraction.rstrip(",")
    shown = number.scaleb(-3 * scaling).quantize(Decimal(1).scaleb(-len(fraction)), ROUND_HALF_UP, _PRECISE)
    text = f"{shown.copy_abs():{',' if ',' in whole.rstrip(',') else ''}f}"
    if optional := len(fraction) - len(fraction.rstrip("#?")):
        text = (text[:-optional] + text[-optional:].rstrip("0")).rstrip(".")
    return shown, text


def _sections(number_format: str) -> list[str]:
    """The format's sections (positive; negative; zero; text), quoted semicolons left alone."""
    return re.findall(r'((?:"[^"]*"|\\.|[^;"\\])*);', f"{number_format or 'General'};")[:4] or ["General"]


def _characters(section: str) -> list[tuple[bool, str]]:
    """A section without padding, colours and conditions: plain characters, and literals as ``(False, text)``."""
    tokens = re.findall(r'"([^"]*)"|\\(.)|_.|\*.|\[[^\]]*\]|(.)', section, re.DOTALL)
    return [(bool(plain), "".join(token)) for token in tokens if (plain := token[2]) or any(token)]
