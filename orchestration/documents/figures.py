"""Figures in running text: where a number stands, its unit, and what sort of number it is. Reads no meaning into it.

Years, dates, numbers of documents, of headings and of tables are told apart: they are no amounts.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

#: figure: counts, amounts, rates. The others name something: a day, a year, a document, a place in a list.
Kind = Literal["figure", "date", "year", "name"]

_NUMBER = r"(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?"
_UNIT = (
    r"(?:[%％‰]|百分点|个百分点|(?:余|多)?(?:百万|千万|十亿|百亿|千|百|十|万|亿)?(?:余|多)?"
    r"(?:美元|港元|欧元|元|人次|人天|人|名|件次|件|项次|项|个|家|张|条|次|户|期|篇|分|天|岁|大类|类|科次|倍|位|处|所|份|辆|台套|台|场次|场|批次"
    r"|批|周年|平方米|公里|㎡|m²|米|吨|亩|公顷|部|册|套|门|座|栋|间|万|亿|级|届|小时|月|年|号|款|宗|起|例|床|艘|头|只|棵|株|课时"
    r"|度|千瓦时|升|种|组|步|成|只|字|页|支|对|笔|段|轮|卡|码)?)"
)
_DATES = re.compile(
    r"(?:(?:19|20)\d\d年)?(?<!\d)\d{1,2}月\d{1,2}日|(?:19|20)\d\d年\d{1,2}月|(?:19|20)\d\d[-./]\d{1,2}[-./]\d{1,2}(?!\d)"
    r"|(?<![\d.])(?:1[0-2]|[1-9])(?:[-—至~～](?:1[0-2]|[1-9]))?月(?:份|[末底初])?(?=[，,、：:（(）)]|至|$)"
)
_YEARS = re.compile(
    r"(?<![\d.])(?:19|20)\d\d(?=年|度|[-—至~～](?:19|20)\d\d)|(?<=[〔\[（(【])(?:19|20)\d\d(?=[〕\]）)】])"
)
_NAMES = re.compile(
    r"(?<=[〕\]])\d+号|第\d+(?:\.\d+)?[条款项届号章节次期位页轮批名]?|(?:附?表|附件|图|注)\d+(?:[-—]\d+)?|(?<=[A-Za-z])\d+|\d+(?=[A-Za-z])"
    r"|^\d{1,2}(?:、|[．.](?!\d))|(?:^|(?<=[：:；;，,。]))[（(]\d{1,2}[)）](?!%)|(?<![\d.,])\d{5,}(?=热线|电话|平台)|“\d[\d+\-—/.]*”|《[^》]*》"
)  # fmt: skip
_FIGURES = re.compile(
    rf"(?P<sign>[≥≤＞＜><])?(?P<minus>(?<![\d年月日%])[-－−])?(?P<number>{_NUMBER})(?P<unit>{_UNIT})(?P<above>以上|以下|左右)?"
)


@dataclass(frozen=True, slots=True)
class TextFigure:
    """A number in a text. ``text`` is as printed, with its unit, without spaces."""

    start: int
    end: int
    text: str
    kind: Kind
    unit: str = ""


def find_figures(text: str) -> list[TextFigure]:
    """All numbers of a text (without spaces), in order."""
    found: list[TextFigure] = []
    taken = bytearray(len(text))
    patterns: tuple[tuple[re.Pattern[str], Kind], ...] = ((_DATES, "date"), (_NAMES, "name"), (_YEARS, "year"))
    for pattern, kind in patterns:
        for match in pattern.finditer(text):
            start, end = match.span()
            if not any(taken[start:end]) and re.search(r"\d", match[0]):
                taken[start:end] = b"\1" * (end - start)
                found.append(TextFigure(start, end, match[0], kind))
    for match in _FIGURES.finditer(text):
        if any(taken[match.start("number") : match.end("number")]):
            continue
        unit = match["unit"] or ""
        found.append(TextFigure(match.start(), match.end(), match[0], "figure", unit.replace("％", "%")))
    return sorted(found, key=lambda figure: figure.start)
