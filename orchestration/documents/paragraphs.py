"""Lines into paragraphs, each under its headings, with the place of every character. Knows no contract."""

from __future__ import annotations

import bisect
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from orchestration.documents.lines import Place, TextLine
from orchestration.documents.solve import is_figure
from orchestration.ledgers.money import squeeze

#: How official documents number their headings (GB/T 9704), from the outermost.
_LEVELS = tuple(
    re.compile(pattern)
    for pattern in (
        r"(?P<mark>[一二三四五六七八九十]{1,3})、|(?P<annex>附件)[:：]?$",
        r"(?P<mark>[（(][一二三四五六七八九十]{1,3}[)）])",
        r"(?P<mark>\d{1,2})(?:、|[．.](?!\d))",
        r"(?P<mark>[（(]\d{1,2}[)）])",
    )
)
_SENTENCE_END = ("。", "：", "；", ":", "！", "？")
_PAGE_NUMBER = re.compile(r"[-—－– ]*\d{1,4}[-—－– ]*")
#: Of the widest usual line: a shorter one ends its paragraph, a heading without a sentence sooner.
_FULL, _TITLE = 0.8, 0.95
_IN_SENTENCES = re.compile("[，。；：]")


@dataclass(frozen=True)
class Paragraph:
    """A paragraph without spaces. ``section``: the numbers of the headings above it, 三（二）1; ``headings``: they."""

    text: str
    section: str
    headings: tuple[str, ...]
    is_heading: bool
    starts: tuple[int, ...]  # where each word begins in ``text``
    places: tuple[Place, ...]  # of each word

    def place(self, offset: int) -> Place:
        return self.places[max(bisect.bisect_right(self.starts, offset) - 1, 0)]


def paragraphs_of(lines: Sequence[TextLine]) -> list[Paragraph]:
    """The paragraphs in order. Page numbers are left out."""
    full = _usual_width(lines)
    groups: list[list[TextLine]] = []
    ended = True
    for line in lines:
        text = squeeze(line.text)
        if not text or (_PAGE_NUMBER.fullmatch(text) and not line.whole):
            continue
        begins = ended or line.whole or _is_heading(text, groups[-1] if groups else [])
        if begins or not groups:
            groups.append([line])
        else:
            groups[-1].append(line)
        ended = line.whole or _width(text) < full * (_TITLE if begins and _is_title(text) else _FULL)
    return _under_headings(groups)


def _usual_width(lines: Sequence[TextLine]) -> float:
    widths = sorted(_width(squeeze(line.text)) for line in lines)
    return widths[int(len(widths) * 0.9)] if widths else 0


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def _is_heading(text: str, before: Sequence[TextLine]) -> bool:
    if not any(level.match(text) for level in _LEVELS):
        return False
    return not before or squeeze(before[-1].text).endswith(_SENTENCE_END) or _follows(squeeze(before[0].text), text)


def _is_title(text: str) -> bool:
    mark = next((match for level in _LEVELS if (match := level.match(text))), None)
    return bool(mark) and not _IN_SENTENCES.search(text) and not re.search(r"\d", text[mark.end() :])  # type: ignore[union-attr]


def _follows(before: str, text: str) -> bool:
    """Whether two lines begin with one number and the next."""
    numbers = [_LEVELS[2].match(each) for each in (before, text)]
    return all(numbers) and int(numbers[1]["mark"]) == int(numbers[0]["mark"]) + 1  # type: ignore[index]


def _under_headings(groups: Sequence[Sequence[TextLine]]) -> list[Paragraph]:
    marks = [""] * len(_LEVELS)
    titles = [""] * len(_LEVELS)
    found = []
    for group in groups:
        text, starts, places = "", [], []
        for line in group:
            before = ""
            for word in line.words:
                if is_figure(before) and is_figure(word.text):
                    text += " "  # two figures beside each other are no third one
                before = word.text
                for offset, place in word.parts or ((0, word.place),):
                    starts.append(len(text) + offset)
                    places.append(place)
                text += squeeze(word.text)
        level = next((n for n, pattern in enumerate(_LEVELS) if pattern.match(text)), None)
        if level is not None:
            match = _LEVELS[level].match(text)
            marks[level:] = [next(filter(None, match.groups()), "") if match else ""] + [""] * (len(marks) - level - 1)
            titles[level:] = [text.split("。")[0]] + [""] * (len(titles) - level - 1)
        found.append(
            Paragraph(
                text, "".join(marks), tuple(filter(None, titles)), level is not None, tuple(starts), tuple(places)
            )
        )
    return found
