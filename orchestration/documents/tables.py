"""Tables in lines of text: from a title that a contract knows to a grid that the reader of ledgers takes.

What parts cells in the page may be gone: headers, names and figures are broken over lines and pages, blanks have
vanished. Headers are found by the contract's words, rows by their numbers and figures, columns by ``solve``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from orchestration.base.problems import Problem
from orchestration.documents.columns import Span, column_of, gaps_by_place, spans_below
from orchestration.documents.headers import HeaderLines, longest_header
from orchestration.documents.identities import Identities
from orchestration.documents.lines import Place, TextLine, Word
from orchestration.documents.solve import RowFigures, Solved, is_figure, is_piece, settle, solve_row
from orchestration.documents.totals import solve_by_totals
from orchestration.ledgers.contract import Column, Contract
from orchestration.ledgers.money import squeeze
from orchestration.ledgers.texts import fold, is_among

_NUMBERING = frozenset({"序号", "编号", "行次", "项目序号"})
_TABLE_NUMBER = re.compile(r"^(?:附?表|附件)\s*[\d一二三四五六七八九十]+(?:[-—]\d+)?[:：.．、]?\s*")
_UNIT_NOTE = re.compile(r"[(（]?(?:金额)?单位[:：]?\S{0,8}[)）]?")
_PROSE = re.compile(r"[。；]|^[（(]?[一二三四五六七八九十]+[)）、]")
_MOST_BODY = 4_000  # lines
_LEADING = 1.45  # from one line of a cell to the next, at most, in heights of a character


@dataclass(frozen=True)
class FoundTable:
    """A table as a grid under its contract's headers, with the place of each of its cells."""

    ledger: str
    title: str
    rows: list[list[str]]
    places: list[list[Place]]
    first: int  # the lines that it takes up: indexes of the first and the last
    last: int
    problems: list[Problem] = field(default_factory=list)
    notices: list[Problem] = field(default_factory=list)
    merged: dict[tuple[int, int], str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Token:
    text: str
    word: Word
    line: int


@dataclass
class _Row:
    first: Word
    number: str = ""
    name: list[str] = field(default_factory=list)
    figures: list[_Token] = field(default_factory=list)
    gaps: list[int] = field(default_factory=list)
    breaks: set[int] = field(default_factory=set)

    def add_names(self, tokens: Sequence[_Token]) -> None:
        self.name += [token.text if token.word.gap == 0 or not self.name else f" {token.text}" for token in tokens]

    def add(self, tokens: Sequence[_Token], lead: int) -> None:
        """More figures from one line; ``lead``: the spaces before the first of them."""
        for i, token in enumerate(tokens):
            if i == 0:
                self.breaks.add(len(self.figures))
            self.gaps.append(lead if i == 0 else max(token.word.gap - 1, 0))
            self.figures.append(token)

    @property
    def as_figures(self) -> RowFigures:
        return RowFigures(tuple(token.text for token in self.figures), tuple(self.gaps), frozenset(self.breaks))


def title_of(line: TextLine, contracts: dict[str, Contract]) -> Contract | None:
    """The contract whose title a line is, with or without its number."""
    text = line.text.strip()
    names = {fold(text), fold(_TABLE_NUMBER.sub("", text))} - {""}
    return next((contract for contract in contracts.values() if names & contract.known_titles), None)


def find_text_tables(
    name: str, lines: Sequence[TextLine], contracts: dict[str, Contract], known: Identities
) -> tuple[list[FoundTable], list[Problem]]:
    """Every table below a title that a contract knows, and the titles below which no header of it was found."""
    found: list[FoundTable] = []
    unread: list[Problem] = []
    at = 0
    while at < len(lines):
        contract = title_of(lines[at], contracts)
        table = _Reader(name, lines, at, contract, known).read() if contract else None
        if table:
            found.append(table)
            at = table.last
        elif contract:
            place = str(lines[at].place)
            unread.append(Problem(name, contract.short, place, lines[at].text, f"其下有{contract.title}的表头，未读"))
        at += 1
    return found, unread


class _Reader:
    """Reads one table from its title down."""

    def __init__(self, name: str, lines: Sequence[TextLine], title: int, contract: Contract, known: Identities):
        self.name, self.lines, self.title, self.contract = name, lines, title, contract
        self.known = known
        self.problems: list[Problem] = []
        self.notices: list[Problem] = []
        self.spans: list[Span] | None = None  # of the columns, where lines have boxes
        self.held: list[_Token] = []  # lines of a name that stand above its number, in cells centred from top to bottom
        self.centred = False
        self.due = 0  # lines of the row's name that then stand below
        self.lead = 0  # columns before the first measure
        self.unit = ""
        self.unit_place = lines[title].place

    def read(self) -> FoundTable | None:
        header = self._header(self.title + 1)
        if header is None:
            return None
        columns, below = header.columns, header.below
        measures = [c for c in columns if self.contract.measure(c.name)]
        lead = [c for c in columns if not self.contract.measure(c.name)]
        if columns != [*lead, *measures] or not measures:
            return None
        self.lead = len(lead)
        rows, last = self._rows(below, columns, lead, len(measures))
        solved = self._solve(rows, measures)
        texts: list[list[str]] = [[self.lines[self.title].text]]
        places = [[self.lines[self.title].place]]
        if self.unit:
            texts.append([self.unit])
            places.append([self.unit_place])
        texts.append([column.header for column in columns])
        places.append([self.lines[below - 1].place] * len(columns))
        for row, figures in zip(rows, solved, strict=True):
            text, place = self._cells(row, figures, lead, len(measures))
            texts.append(text)
            places.append(place)
        return FoundTable(
            self.contract.ledger, self.lines[self.title].text, texts, places, self.title, last, self.problems,
            self.notices,
        )  # fmt: skip

    def _header(self, start: int) -> HeaderLines | None:
        """The header, below the title and a line that states the unit."""
        for first in range(start, min(start + 4, len(self.lines))):
            text = self.lines[first].text
            if found := self._header_at(first):
                return found
            if note := _UNIT_NOTE.match(squeeze(text)):
                self.unit, self.unit_place = squeeze(text), self.lines[first].place
                if note[0] != self.unit:
                    return None
            elif first > start + 1:
                return None
        return None

    def _header_at(self, first: int) -> HeaderLines | None:
        """The header, of all columns that the table must print, that begins with a line."""
        found = longest_header(self.lines, first, self.contract)
        if found is None:
            return None
        required = {column.name for column in self.contract.required_columns}
        if not required <= {column.name for column in found.columns}:
            return None  # a row may be called like a column
        self.spans = found.spans or self.spans
        return found

    def _rows(self, below: int, columns: list[Column], lead: list[Column], width: int) -> tuple[list[_Row], int]:
        numbered = lead[0].header in _NUMBERING or lead[0].name.endswith("_no")
        rows: list[_Row] = []
        self.centred = self.spans is not None and self._centred_names(below)
        at = last = below
        while at < len(self.lines):
            if again := self._header_at(at):
                at = again.below
                continue
            line = self.lines[at]
            if self._ends(line, rows, numbered, width):
                break
            if not (not rows and _UNIT_NOTE.fullmatch(squeeze(line.text))) and not self._take(line, at, rows, numbered):
                break
            last = at
            at += 1
        while rows and not rows[-1].figures and not rows[-1].number:
            rows.pop()
        return rows, last

    def _is_total(self, row: _Row) -> bool:
        return is_among("".join(row.name) or row.number, self.contract.total.words)

    def _ends(self, line: TextLine, rows: list[_Row], numbered: bool, width: int) -> bool:
        """Whether a line stands below the table: after the total row, a title, or prose."""
        if not rows or not rows[-1].figures:
            return bool(_PROSE.search(line.text)) and not numbered
        tokens = [word.text for word in line.words]
        goes_on = all(is_piece(text) for text in tokens) and len(rows[-1].figures) < width
        if self._is_total(rows[-1]) and not goes_on:
            return True
        if numbered:
            starts = tokens[0] == self._next(rows) or is_among(squeeze("".join(tokens[:2])), self.contract.total.words)
            starts = starts or is_among(tokens[0], self.contract.total.words)
            return not starts and bool(_PROSE.search(line.text) or _TABLE_NUMBER.match(line.text))
        return bool(_PROSE.search(line.text) or _TABLE_NUMBER.match(line.text))

    @staticmethod
    def _next(rows: list[_Row]) -> str:
        numbers = [int(row.number) for row in rows if row.number.isdecimal()]
        return str(numbers[-1] + 1 if numbers else 1)

    def _take(self, line: TextLine, at: int, rows: list[_Row], numbered: bool) -> bool:
        """One line into the rows; False where it belongs to no row."""
        tokens = [_Token(word.text, word, at) for word in line.words]
        begins = self._begins(tokens, rows, numbered)
        if begins:
            rows.append(self._begun(line, tokens, numbered=begins == "number"))
        elif numbered and self._is_above(tokens, rows):
            self.held += tokens
            return True
        if not rows:
            self.problems.append(self._bad(line, line.text, f"{self.contract.title}的第一行"))
            return False
        row = rows[-1]
        names, figures = self._parted(tokens[1:] if begins == "number" else tokens)
        if names and row.figures and figures:
            self.problems.append(self._bad(line, line.text, f"第{self._next(rows)}行" if numbered else "一行一个名称"))
            return True
        row.add_names(names)
        if figures:
            alone = len(figures) == len(tokens)
            row.add(figures, figures[0].word.gap if alone else max(figures[0].word.gap - 1, 0))
        return True

    def _begun(self, line: TextLine, tokens: Sequence[_Token], *, numbered: bool) -> _Row:
        """A new row, with the lines of its name that stood above its number."""
        row = _Row(tokens[0].word, number=tokens[0].text if numbered else "", name=[token.text for token in self.held])
        if self.due:
            self.problems.append(self._bad(line, line.text, "名称的行数上下对称，或名称从本行起"))
        self.due, self.held = len({token.line for token in self.held}), []
        return row

    def _parted(self, tokens: list[_Token]) -> tuple[list[_Token], list[_Token]]:
        """What a line says of a row's name, and its figures, which stand at the end of it."""
        cut = len(tokens)
        while cut and is_piece(tokens[cut - 1].text) and self._is_measure(tokens[cut - 1].word):
            cut -= 1
        return tokens[:cut], tokens[cut:]

    def _centred_names(self, below: int) -> bool:
        """Whether a line of a name stands closer to the figures below it than to the line above it: only where cells
        are centred from top to bottom.
        """
        lines = self.lines[below : below + _MOST_BODY]
        for before, line, after in zip(lines, lines[1:], lines[2:], strict=False):
            boxes = [each.place.box for each in (before, line, after)]
            if None in boxes or line.place.counted or len({each.place.page for each in (before, line, after)}) > 1:
                continue
            (above, _), (top, bottom), (below_it, _) = [(box[1], box[3]) for box in boxes if box]
            close = below_it - top < min(top - above, _LEADING * (bottom - top))
            if close and self._has_figures(after) and not self._has_figures(line) and not self._is_header(before):
                return True
        return False

    def _is_header(self, line: TextLine) -> bool:
        return any(not is_figure(word.text) and self._is_measure(word) for word in line.words)

    def _has_figures(self, line: TextLine) -> bool:
        return any(is_figure(word.text) and self._is_measure(word) for word in line.words)

    def _is_above(self, tokens: Sequence[_Token], rows: Sequence[_Row]) -> bool:
        """Whether a line of a name belongs to the row below: names are centred where the first one begins above its
        number, and then as many lines stand below a number as above it.
        """
        if any(is_piece(token.text) and self._is_measure(token.word) for token in tokens[-1:]):
            return False
        if rows and not self.centred:
            return False
        self.centred = True
        if self.due:
            self.due -= 1
            return False
        return not (rows and not rows[-1].figures)

    def _is_measure(self, word: Word) -> bool:
        """Whether a word stands in a column of figures: by its place, where that is known."""
        return self.spans is None or column_of(word, self.spans) >= self.lead

    def _place(self, rows: Sequence[_Row], width: int) -> None:
        """Blanks by where figures stand on the page, which says more than spaces: under those of rows without a blank,
        or where there are none, under the headers.
        """
        if self.spans is None:
            return
        pages: dict[int, list[_Row]] = {}
        for row in rows:  # a text that keeps its layout has its own columns on each page
            pages.setdefault(row.first.place.page if row.first.place.counted else 0, []).append(row)
        for page, there in pages.items():
            full = [[token.word for token in row.figures] for row in there if len(row.figures) == width]
            if not full and page not in (0, self.unit_place.page):
                continue
            spans = spans_below(full) if full else self.spans
            for row in there:
                gaps = gaps_by_place([token.word for token in row.figures], spans, 0 if full else self.lead)
                if gaps is not None:
                    row.gaps = gaps

    def _begins(self, tokens: list[_Token], rows: list[_Row], numbered: bool) -> str:
        """Whether a line begins a row: with the next number, a total, or (without numbers) a name after figures."""
        open_row = rows[-1] if rows else None
        if open_row and not open_row.figures:
            return ""
        first = tokens[0].text
        if is_among(first, self.contract.total.words) or (
            len(tokens) > 1 and is_among(first + tokens[1].text, self.contract.total.words)
        ):
            return "name"
        if numbered:
            return "number" if first == self._next(rows) else ""
        return "name" if not is_piece(first) else ""

    def _bad(self, line: TextLine, found: str, expected: str) -> Problem:
        return Problem(self.name, self.contract.short, str(line.place), found, expected)

    def _solve(self, rows: list[_Row], measures: list[Column]) -> list[Solved]:
        names = [measure.name for measure in measures]
        identities = self.known.of_row.get(self.contract.ledger, ())
        self._place(rows, len(names))
        figures = [row.as_figures for row in rows]
        solved = [solve_row(each, names, identities) for each in figures]
        solved = settle(list(zip(figures, solved, strict=True)), len(names))
        if any(len(each.readings) > 1 for each in solved):
            totals = [self._is_total(row) for row in rows]
            solved = solve_by_totals(solved, totals, names, self.known.summed.get(self.contract.ledger, frozenset()))
        for row, each in zip(rows, solved, strict=True):
            if len(each.readings) == 1:
                continue
            said = " ".join(token.text for token in row.figures) or "没有一个数"
            label = row.number or "".join(row.name)
            how = f"有 {len(each.readings)} 种读法" if each.readings else "没有一种读法"
            self.problems.append(
                Problem(self.name, self.contract.short, str(row.first.place), f"{label}：{said}（{how}）",
                        f"{len(names)} 栏里能由勾稽关系确定位置的数")
            )  # fmt: skip
        return solved

    def _cells(self, row: _Row, solved: Solved, lead: list[Column], width: int) -> tuple[list[str], list[Place]]:
        name = "".join(row.name).strip()
        numbered = bool(row.number)
        if len(lead) == 1:
            texts = [row.number or name]
        elif self._is_total(row) and not numbered:
            texts = [name] + [""] * (len(lead) - 1)
        elif numbered:
            texts = [row.number, name] + [""] * (len(lead) - 2)
        else:
            parts = name.split(" ")
            texts = parts if len(parts) == len(lead) else [name] + [""] * (len(lead) - 1)
        places = [row.first.place] * len(texts)
        reading = solved.readings[0] if len(solved.readings) == 1 else (None,) * width
        for i in reading:
            texts.append(solved.texts[i] if i is not None else "")
            places.append(row.figures[solved.starts[i]].word.place if i is not None else row.first.place)
        return texts, places


def without(lines: Sequence[TextLine], tables: Sequence[FoundTable]) -> list[TextLine]:
    """The lines that no table takes up."""
    taken = {at for table in tables for at in range(table.first, table.last + 1)}
    return [line for at, line in enumerate(lines) if at not in taken]
