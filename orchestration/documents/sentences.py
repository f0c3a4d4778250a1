"""Figures in sentences: each with its subject, bound to a cell of a ledger where a pattern says which. What is not read
is listed. Knows the patterns (``bindings``) and the contracts; builds no ledger and judges nothing.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from orchestration.documents.bindings import Frame, Head, Patterns
from orchestration.documents.figures import TextFigure, find_figures
from orchestration.documents.lines import Place
from orchestration.documents.paragraphs import Paragraph
from orchestration.ledgers.contract import Contract
from orchestration.ledgers.money import FigureError, parse_figure
from orchestration.ledgers.texts import fold

_SENTENCE = re.compile(r"[。；！？]")
_CLAUSE = re.compile(r"[，,。；：:！？（）()、]")
_LEADING = re.compile(r"^(?:年度?|其中|另有|另|分别|以及|包括|具体包括|并|和|及|共|约|的|为|是|达)+")
_TRAILING = re.compile(r"(?:分别|总数|共计|合计|达到|超过|约|近|共|为|是|达|了|有|至|到|的)+$")
_YEAR = re.compile(r"^20\d\d年度?")
_BRACKETED = re.compile(r"[（(][^（）()]*[)）]")
_ALIKE = 2  # characters with which names alike begin
_CHINESE = re.compile(r"[\u4e00-\u9fffA-Za-z]")


@dataclass(frozen=True)
class Binding:
    """A figure (or a word that states one) as a cell of a ledger."""

    ledger: str
    row: tuple[tuple[str, str], ...]  # key -> text as the ledger prints it
    measure: str
    text: str
    place: Place
    section: str
    frame: str = ""


@dataclass(frozen=True)
class Fact:
    """A figure with the subject that its sentence gives it, that no pattern binds to a ledger."""

    subject: str
    text: str
    place: Place
    section: str
    sentence: str


@dataclass(frozen=True)
class Unread:
    text: str
    place: Place
    section: str
    around: str


@dataclass
class SentenceReadings:
    """All that the sentences say."""

    bindings: list[Binding] = field(default_factory=list)
    texts: dict[tuple[str, tuple[tuple[str, str], ...]], dict[str, str]] = field(default_factory=dict)
    facts: list[Fact] = field(default_factory=list)
    unread: list[Unread] = field(default_factory=list)


@dataclass
class _Open:
    """A frame in use: its row so far, and the measure that items take."""

    frame: Frame
    row: dict[str, str]
    measure: str
    respectively: list[str] = field(default_factory=list)


class SentenceReader:
    """Reads paragraphs in order."""

    def __init__(self, patterns: Patterns, contracts: Mapping[str, Contract]):
        self.contracts = contracts
        self.frames = [frame for frame in patterns.frames if frame.ledger in contracts]
        self.reading = SentenceReadings()
        self._section: tuple[str, ...] = ()
        self._above = ""  # the text of the section so far
        self._by_heading: list[_Open] = []
        self._current: _Open | None = None

    def read(self, paragraphs: Sequence[Paragraph]) -> SentenceReadings:
        for paragraph in paragraphs:
            self._paragraph(paragraph)
        for frame in self.frames:
            if frame.alike:
                self.reading.bindings = _in_rows_alike(self.reading.bindings, frame)
        return self.reading

    def _paragraph(self, paragraph: Paragraph) -> None:
        if not paragraph.is_heading:
            self._current = None  # what one paragraph speaks of is not what the next one does
        if paragraph.headings != self._section:
            self._section, self._above, self._current = paragraph.headings, "", None
            self._by_heading = [
                _Open(frame, self._named(frame, match.groupdict()), frame.measure)
                for frame in self.frames
                if frame.heading and (match := self._in_headings(frame, paragraph.headings))
            ]
        self._above += paragraph.text
        opened = self._openings(paragraph.text)
        figures = find_figures(paragraph.text)
        self._words(paragraph, opened)
        before = 0
        for n, figure in enumerate(figures):
            for _, each in filter(lambda pair: before <= pair[0] <= figure.start, opened):
                self._current = each
            opened = [pair for pair in opened if pair[0] > figure.start]
            label = self._label(paragraph.text, figures, n)
            if figure.kind == "figure":
                follows = n > 0 and figures[n - 1].kind == "figure" and paragraph.text.endswith(label, 0, figure.start)
                self._figure(paragraph, figure, label, follows=follows)
            before = figure.start
        for _, each in opened:
            self._current = each

    @staticmethod
    def _in_headings(frame: Frame, headings: Sequence[str]) -> re.Match[str] | None:
        found = [frame.heading.search(text) for text in reversed(headings)] if frame.heading else []
        return next(filter(None, found), None)

    def _openings(self, text: str) -> list[tuple[int, _Open]]:
        found = [
            (match.start(), _Open(frame, self._named(frame, match.groupdict()), frame.measure))
            for frame in self.frames
            if frame.opens
            for match in frame.opens.finditer(text)
        ]
        return sorted(found, key=lambda pair: pair[0])

    def _named(self, frame: Frame, captured: Mapping[str, str | None]) -> dict[str, str]:
        keys = {key.name for key in self.contracts[frame.ledger].keys}
        named = {name: frame.names.get(text, text) for name, text in captured.items() if text and name in keys}
        return {**frame.row, **named}

    @staticmethod
    def _label(text: str, figures: Sequence[TextFigure], n: int) -> str:
        """What stands before a figure in its sentence, since the figure before it."""
        start = figures[n - 1].end if n else 0
        label = text[start : figures[n].start]
        return _SENTENCE.split(label)[-1]

    def _figure(self, paragraph: Paragraph, figure: TextFigure, label: str, *, follows: bool) -> None:
        in_use = [each for each in (self._current, *self._by_heading) if each]
        for bind in (self._bind, self._item):  # what a label says comes before what “其中” implies
            if any(bind(each, paragraph, figure, label) for each in in_use):
                return
        subject = _subject(paragraph.text, figure, label, follows=follows)
        place = paragraph.place(figure.start)
        if subject and figure.unit:
            sentence = _sentence_at(paragraph.text, figure.start)
            self.reading.facts.append(Fact(subject, figure.text, place, paragraph.section, sentence))
        else:
            around = paragraph.text[max(figure.start - 12, 0) : figure.end + 8]
            self.reading.unread.append(Unread(figure.text, place, paragraph.section, around))

    def _bind(self, each: _Open, paragraph: Paragraph, figure: TextFigure, label: str) -> bool:
        contract = self.contracts[each.frame.ledger]
        head = self._head(each.frame, contract, label)
        if each.respectively and not head and re.fullmatch(r"[、和及与]", label):
            name = each.respectively.pop(0)
            row = {**each.row, each.frame.items: name}
            return self._add(each, row, each.measure, figure, paragraph)
        if head is None:
            return False
        if head.respectively:
            names = self._names_before(each.frame, contract, paragraph.text, figure.start)
            each.respectively, each.measure = names[1:], head.measure
            if not names:
                return False
            return self._add(each, {**each.row, each.frame.items: names[0]}, head.measure, figure, paragraph, head)
        each.respectively = []
        row = {**each.row, **head.row}
        if each.frame.items and not head.row and (name := self._value_in(each.frame, contract, label)):
            row[each.frame.items] = name
        elif head.whole:
            each.row, each.measure = row, head.measure
        return self._add(each, row, head.measure, figure, paragraph, head)

    def _head(self, frame: Frame, contract: Contract, label: str) -> Head | None:
        """The head that a label ends in: the longest match; the frame's own before the contract's headers."""
        own = [(len(match[0]), head) for head in frame.heads if (match := head.pattern.search(label))]
        if own:
            return max(own, key=lambda pair: pair[0])[1]
        folded = fold(label)
        found = [
            (len(header), measure.name)
            for measure in contract.measures
            for header in measure.headers
            if header in folded and re.search(rf"{re.escape(header)}(?:数|额|金额)?(?:为|是|达|约|:)?$", folded)
        ]
        return Head(label="", measure=max(found)[1]) if found else None

    def _item(self, each: _Open, paragraph: Paragraph, figure: TextFigure, label: str) -> bool:
        """One of “其中”: its own name is the row, and it has the measure of the whole."""
        if not each.frame.items or not each.measure:
            return False
        contract = self.contracts[each.frame.ledger]
        name = self._value_in(each.frame, contract, label, ends=True)
        if name:
            return self._add(each, {**each.row, each.frame.items: name}, each.measure, figure, paragraph)
        key = next(key for key in contract.keys if key.name == each.frame.items)
        name = _clause_before(label)
        if key.values or not name or not self._row_is_whole(each, contract):
            return False
        return self._add(each, {**each.row, each.frame.items: name}, each.measure, figure, paragraph)

    @staticmethod
    def _row_is_whole(each: _Open, contract: Contract) -> bool:
        return {key.name for key in contract.keys} - {each.frame.items} <= set(each.row)

    def _value_in(self, frame: Frame, contract: Contract, label: str, *, ends: bool = False) -> str:
        """The value of the frame's items that a label names last (or ends with), in the ledger's words."""
        key = next((key for key in contract.keys if key.name == frame.items), None)
        clause = _CLAUSE.split(label)[-1] or label
        words = {**{word: word for word in (key.values if key else ())}, **frame.names}
        clause = _TRAILING.sub("", clause)
        found = [
            (clause.rfind(word) + len(word), len(word), name)
            for word, name in words.items()
            if (clause.endswith(word) if ends else word in clause)
        ]
        return max(found)[2] if found else ""

    def _names_before(self, frame: Frame, contract: Contract, text: str, end: int) -> list[str]:
        """The names of a sentence before “分别”, in order: those of the frame's items."""
        key = next((key for key in contract.keys if key.name == frame.items), None)
        words = {**{word: word for word in (key.values if key else ())}, **frame.names}
        start = max((match.end() for match in _SENTENCE.finditer(text, 0, end)), default=0)
        if not words:
            return []
        alternatives = "|".join(sorted(map(re.escape, words), key=len, reverse=True))
        return [words[match[0]] for match in re.finditer(alternatives, text[start:end])]

    def _add(
        self,
        each: _Open,
        row: Mapping[str, str],
        measure: str,
        figure: TextFigure,
        paragraph: Paragraph,
        head: Head | None = None,
    ) -> bool:
        contract = self.contracts[each.frame.ledger]
        if any(key.name not in row for key in contract.keys) or not _suits(contract, measure, figure):
            return False
        text = f"-{figure.text}" if head and head.negative else figure.text
        self._put(each, row, measure, text, paragraph, figure.start)
        return True

    def _put(self, each: _Open, row: Mapping[str, str], measure: str, text: str, paragraph: Paragraph, at: int) -> None:
        contract = self.contracts[each.frame.ledger]
        key = tuple((key.name, row[key.name]) for key in contract.keys)
        place = paragraph.place(at)
        self.reading.bindings.append(
            Binding(contract.ledger, key, measure, text, place, paragraph.section, each.frame.id)
        )
        texts = self.reading.texts.setdefault((contract.ledger, key), {})
        for name, pattern in each.frame.texts.items():
            if name not in texts and (match := pattern.search(self._above)):
                texts[name] = match[0]

    def _words(self, paragraph: Paragraph, opened: Sequence[tuple[int, _Open]]) -> None:
        """Words that state a figure: 不变, 未支出."""
        for start, end, each in self._in_use(opened, len(paragraph.text)):
            for word in each.frame.words:
                for match in word.find.finditer(paragraph.text, start, end):
                    row = {**each.row, **word.row}
                    if all(key.name in row for key in self.contracts[each.frame.ledger].keys):
                        self._put(each, row, word.measure, word.word, paragraph, match.start())

    def _in_use(self, opened: Sequence[tuple[int, _Open]], end: int) -> Iterator[tuple[int, int, _Open]]:
        """Which frame each stretch of a paragraph is read by."""
        yield from ((0, end, each) for each in self._by_heading)
        starts = [*((0, self._current),), *opened] if self._current else [*opened]
        for n, (start, each) in enumerate(starts):
            yield start, starts[n + 1][0] if n + 1 < len(starts) else end, each


def _in_rows_alike(bindings: Sequence[Binding], frame: Frame) -> list[Binding]:
    """The bindings, those of a frame's later measures in the rows of its first that begin alike."""
    of_frame = [each for each in bindings if each.frame == frame.id]
    names = {dict(each.row)[frame.items] for each in of_frame if each.measure == of_frame[0].measure}
    moved = []
    for each in bindings:
        name = dict(each.row).get(frame.items, "")
        like = _begins_like(name, names) if each.frame == frame.id and name not in names else ""
        row = tuple((key, like if like and key == frame.items else text) for key, text in each.row)
        moved.append(replace(each, row=row))
    return moved


def _begins_like(name: str, others: Iterable[str]) -> str:
    """The one name that begins most like another; none where two do, or hardly any."""
    shared = sorted(((_shared(name, other), other) for other in others), reverse=True)
    alone = len(shared) == 1 or (len(shared) > 1 and shared[0][0] > shared[1][0])
    return shared[0][1] if alone and shared[0][0] >= _ALIKE else ""


def _shared(one: str, other: str) -> int:
    """How many characters two names begin with alike."""
    return sum(1 for _ in itertools.takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))


def _suits(contract: Contract, measure: str, figure: TextFigure) -> bool:
    """Whether a figure can be one of the measure: no rate for an amount, and nothing that a ledger can't hold."""
    column = contract.measure(measure)
    if column is None or (column.kind == "money" and not figure.unit.endswith("元")):
        return False
    if column.kind in ("person", "count") and (figure.unit in ("%", "‰") or figure.unit.endswith("元")):
        return False
    try:
        parse_figure(figure.text, column.kind, contract.unit)
    except FigureError:
        return False
    return column.kind != "ratio" or figure.unit in ("%", "‰")


def name_before(label: str) -> str:
    """The name right before a figure: its year, and what brackets add to it, are none of it."""
    return _YEAR.sub("", _clause_before(_BRACKETED.sub("", label)))


def _clause_before(label: str) -> str:
    return _TRAILING.sub("", _LEADING.sub("", _CLAUSE.split(label)[-1]))


def _subject(text: str, figure: TextFigure, label: str, *, follows: bool) -> str:
    """What a figure is of: the words before it in its clause, and behind it where those say too little."""
    before = _clause_before(label)
    if follows and not _CLAUSE.search(label) and "和" in label:
        before = _clause_before(label.rpartition("和")[2])  # 3期甲班和1期乙班: 甲班 is the figure's before
    counted = _counted(text, figure)
    if _length(before) >= 4 and not counted:
        return before
    clauses = [clause for clause in (_LEADING.sub("", c) for c in _CLAUSE.split(label)) if clause]
    context = clauses[-2] if not before and len(clauses) > 1 else ""
    whole = f"{context}{before}{counted}"
    if _length(whole) >= 2:
        return whole
    earlier = _CLAUSE.split(re.sub(r"[\d.,%]+", "", text[max(figure.start - 30, 0) : figure.start]))
    return next((clause for clause in reversed(earlier) if _length(clause) >= 2), "")


def _counted(text: str, figure: TextFigure) -> str:
    """What stands behind a figure that is neither a rate nor an amount, where it says what is counted: 12 场培训."""
    if figure.unit in ("%", "‰") or figure.unit.endswith("元"):
        return ""
    behind = re.split(r"[\d的]", _CLAUSE.split(text[figure.end : figure.end + 24])[0])[0]
    return behind if _length(behind) >= 2 else ""


def _length(text: str) -> int:
    """How much a text says: its Chinese characters and letters."""
    return len(_CHINESE.findall(text))


def _sentence_at(text: str, at: int) -> str:
    start = max((match.end() for match in _SENTENCE.finditer(text, 0, at)), default=0)
    end = next((match.start() for match in _SENTENCE.finditer(text, at)), len(text))
    return text[start:end]
