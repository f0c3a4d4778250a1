"""Which days a text names, as plans and reports write them: 2024年12月底前, 第三季度, 上半年, 3-5月.

What does not belong here: what a day is compared with (``indicators``), and dates in columns of dates (``money``).
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable
from datetime import date

from orchestration.ledgers.money import FigureError

_DAY = re.compile(r"(?:(?P<y>\d{4})[年./-])?(?P<m>\d{1,2})[月./-](?P<d>\d{1,2})[日号]?", re.ASCII)
_MONTHS = re.compile(r"(?:(?P<y>\d{4})年)?(?P<m>\d{1,2})月?-(?P<to>\d{1,2})月(?:底|末)?", re.ASCII)
_MONTH = re.compile(r"(?:(?P<y>\d{4})年?)?(?P<m>\d{1,2})月(?P<end>底|末|份)?", re.ASCII)
_QUARTER = re.compile(r"(?:(?P<y>\d{4})年)?第?(?P<q>[一二三四1-4])季度末?", re.ASCII)
_HALF_YEAR = re.compile(r"(?:(?P<y>\d{4})年)?(?P<half>上|下)半年", re.ASCII)
_YEAR = re.compile(r"(?:(?P<y>20\d\d)年(?:度|底|末|内)?)", re.ASCII)
_BY = re.compile(
    r"^(?:不晚于|不迟于|截至|截止|于|在|≤)?(?P<span>.+?)(?P<before>之前|以前|前)?(?:全部|已)?(?:完成|完工|建成|竣工|到位|交付)?$"
)
_QUARTERS = {c: i for i, c in enumerate("一二三四", 1)} | {str(i): i for i in range(1, 5)}


def deadline_of(text: str, year: int) -> date | None:
    """The last day by which: 2024年12月底前. The whole of a month or year is meant to its last day. None where the text
    names no day.
    """
    match = _BY.fullmatch(text)
    span = span_of(match["span"], year) if match else None
    if match is None or span is None:
        return None
    if match["before"] and span[0] != span[1] and not re.search(r"[底末内]$|半年$", match["span"]):
        raise FigureError("是否含当月（季、年）不明")
    return span[1]


def span_of(text: str, year: int) -> tuple[date, date] | None:
    """First and last day of what a text names: a day, a month, a quarter, half a year, a year."""
    if by := _BY.fullmatch(text):
        text = by["span"]
    for pattern, span in _SPANS:
        if match := pattern.fullmatch(text):
            try:
                return span(match, year)
            except ValueError:
                raise FigureError("不是一个日期") from None
    return None


def _of_day(match: re.Match[str], year: int) -> tuple[date, date] | None:
    if match["y"] is None and "月" not in match[0]:
        return None  # 12-20 is a range
    day = date(int(match["y"] or year), int(match["m"]), int(match["d"]))
    return day, day


def _of_month(match: re.Match[str], year: int) -> tuple[date, date]:
    first, last = _months(int(match["y"] or year), int(match["m"]), int(match["m"]))
    return (last if match["end"] in ("底", "末") else first), last


def _of_months(match: re.Match[str], year: int) -> tuple[date, date]:
    return _months(int(match["y"] or year), int(match["m"]), int(match["to"]))


def _of_quarter(match: re.Match[str], year: int) -> tuple[date, date]:
    last = 3 * _QUARTERS[match["q"]]
    return _months(int(match["y"] or year), last - 2, last)


def _of_half_year(match: re.Match[str], year: int) -> tuple[date, date]:
    return _months(int(match["y"] or year), *((1, 6) if match["half"] == "上" else (7, 12)))


def _of_year(match: re.Match[str], _: int) -> tuple[date, date]:
    return _months(int(match["y"]), 1, 12)


def _months(year: int, first: int, last: int) -> tuple[date, date]:
    """The first day of one month and the last day of another. Raises ``ValueError`` where there is no such month."""
    return date(year, first, 1), date(year, last, calendar.monthrange(year, last)[1])


#: What names a span of days, as it is tried: the first that the whole text fits.
_SPANS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str], int], tuple[date, date] | None]], ...] = (
    (_DAY, _of_day), (_MONTH, _of_month), (_MONTHS, _of_months), (_QUARTER, _of_quarter), (_HALF_YEAR, _of_half_year),
    (_YEAR, _of_year),
)  # fmt: skip


def with_quarters_in_digits(text: str) -> str:
    """第四季度 as 第4季度."""
    return re.sub("第([一二三四])季度", lambda found: f"第{'一二三四'.index(found[1]) + 1}季度", text)
