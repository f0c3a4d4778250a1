"""Counts that a document states, the lists that they count, its dates and its annexes: by the patterns' ``lists`` and
``dates``. Reads no amount.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from orchestration.documents.bindings import patterns
from orchestration.documents.lines import Place
from orchestration.documents.paragraphs import Paragraph
from orchestration.documents.sheets import StatedRows
from orchestration.ledgers.contract import Contract

COUNT, NAMES, DATE = "stated_count", "organisation", "report_date"
ANNEX, SIGNED = "附件", "报告署名"
_DATE = r"(?P<day>(?:20\d\d年)?\d{1,2}月\d{1,2}日)"
_SHORT = re.compile(r"[（(](?:以下)?简称[^）)]*[)）]")
_NUMBERED = re.compile(r"(\d{1,2})[、．.]\s*(.+)")
_YEAR = re.compile(r"(20\d\d)年度?")
_YEAR_IN_ENGLISH = re.compile(
    r"(?:ended|fiscal|year|FY|budget|statements?|return|accounts?)[^。]{0,24}?(?<!\d)(20\d\d)(?!\d)", re.IGNORECASE
)


@dataclass
class Lists:
    """What was found, each with its place."""

    counts: list[tuple[str, str, str, Place]] = field(default_factory=list)  # list, number, section
    names: list[tuple[str, str, Place]] = field(default_factory=list)  # list, name
    dates: list[tuple[str, str, str, Place]] = field(default_factory=list)  # event, date, section

    def into(self, rows: dict[str, StatedRows], contracts: Mapping[str, Contract]) -> None:
        """As rows of the ledgers that hold counts, names and dates."""
        if NAMES in contracts:
            of = StatedRows(contracts[NAMES])
            for kind, name, place in self.names:
                of.put((("list", kind), ("entry", name)), "list", kind, place)
            _keep(rows, of, NAMES)
        if COUNT in contracts:
            of = StatedRows(contracts[COUNT])
            for kind, number, section, place in self.counts:
                of.put((("list", kind),), "number", number, place)
                of.say((("list", kind),), "section", section)
            _keep(rows, of, COUNT)
        if DATE in contracts:
            of = StatedRows(contracts[DATE])
            for event, day, section, place in self.dates:
                of.put((("event", event),), "day", day, place)
                of.say((("event", event),), "section", section)
            _keep(rows, of, DATE)


def _keep(rows: dict[str, StatedRows], of: StatedRows, ledger: str) -> None:
    if of.rows:
        rows[ledger] = of


def first_year(texts: Iterable[str]) -> int | None:
    """The year that a document names first; in English where no 年 does."""
    texts = list(texts)
    if match := next(filter(None, map(_YEAR.search, texts)), None):
        return int(match[1])
    match = _YEAR_IN_ENGLISH.search("".join(texts))  # a title may be broken over lines
    return int(match[1]) if match else None


def read_lists(paragraphs: Sequence[Paragraph], year: int) -> Lists:
    """Lists, counts and dates. A day without a year is in the year of the signature, or the year after the report's."""
    found = Lists()
    for paragraph in paragraphs:
        for pattern in patterns().lists:
            if match := pattern.find.search(paragraph.text):
                _list(found, pattern.list, match, paragraph)
    _annexes(found, paragraphs)
    _dates(found, paragraphs, year)
    return found


def _list(found: Lists, kind: str, match: re.Match[str], paragraph: Paragraph) -> None:
    groups = match.groupdict()
    if any(kind == known for known, *_ in found.counts):
        return
    place = paragraph.place(match.start("number"))
    found.counts.append((kind, groups["number"], paragraph.section, place))
    at = match.start("names") if groups.get("names") else 0
    for name in split_names(groups.get("names") or ""):
        found.names.append((kind, name, paragraph.place(at)))


def split_names(text: str) -> list[str]:
    """The names of a list, without their short forms; an “及” between the last two is not a part of a name."""
    return [name for name in re.split(r"[、，；]", _SHORT.sub("", text)) if name]


def _annexes(found: Lists, paragraphs: Sequence[Paragraph]) -> None:
    """The annexes that the end of the document announces: their numbers' last, and their names."""
    last = 0
    place: Place | None = None
    for paragraph in paragraphs:
        match = _NUMBERED.fullmatch(paragraph.text)
        if paragraph.section.startswith(ANNEX) and match:
            last, place = int(match[1]), paragraph.place(0)
            found.names.append((ANNEX, match[2], place))
    if place:
        found.counts.append((ANNEX, str(last), "附件清单末号", place))


def _dates(found: Lists, paragraphs: Sequence[Paragraph], year: int) -> None:
    signed = next(
        (match for p in reversed(paragraphs) if (match := re.fullmatch(_DATE, p.text)) and "年" in match["day"]), None
    )
    filled = signed["day"].split("年")[0] if signed else str(year + 1)
    seen: set[str] = set()
    for pattern in patterns().dates:
        find = re.compile(pattern.find.replace("<日期>", _DATE))
        for paragraph in reversed(paragraphs) if pattern.event == SIGNED else paragraphs:
            match = find.search(paragraph.text)
            if match and pattern.event not in seen:
                seen.add(pattern.event)
                day = match["day"] if "年" in match["day"] else f"{filled}年{match['day']}"
                section = "落款" if pattern.event == SIGNED else paragraph.section or "引言"
                found.dates.append((pattern.event, day, section, paragraph.place(match.start("day"))))
