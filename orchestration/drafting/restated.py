"""Figures of sentences that say which item of a table they are of (甲支出（类）…万元), beside cells of drafted tables.

A sentence speaks of the table that its heading names: 支出 of all funds is not that of one. Nobody has said which of
its columns 支出决算 is: the document shows that. A phrase stands for the column that figures behind it agree with time
and again; what then differs, and is printed nowhere in its row, is for a rule to judge.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from orchestration.base.records import StrictRecord
from orchestration.documents.arithmetic import Amount, amounts_of
from orchestration.documents.bindings import Example, Regex
from orchestration.documents.paragraphs import Paragraph
from orchestration.documents.sheets import StatedRows, UniqueNames
from orchestration.ledgers.cell import Cell
from orchestration.ledgers.contract import Contract, read_model
from orchestration.ledgers.money import squeeze
from orchestration.ledgers.naming import UnknownNameError, cell_path
from orchestration.ledgers.reader import Ledger
from orchestration.ledgers.texts import fold

LEDGER = "stated_cell"
_PATTERNS = Path(__file__).parent / "restated.yml"
#: So many figures that are no zero show what a phrase stands for, and so many of them for each that differs.
_FEWEST, _TO_ONE = 3, 3
_YEAR = re.compile(r"(?:19|20)\d\d(?=年|度)")
_CLAUSE, _ENDED = re.compile(r"[，。；：、]"), re.compile("[。；]")
_NUMBER = re.compile(r"^(?:[一二三四五六七八九十]+、|[（(][一二三四五六七八九十\d]+[)）]|\d+[.．、])")


class RestatedPatterns(StrictRecord):
    item: Regex
    digits: dict[str, int]
    bare: Regex
    columns: tuple[Regex, ...]
    goes_on: Regex
    title: Regex
    heading: Regex
    examples: tuple[Example, ...]
    counter_examples: tuple[str, ...]


@functools.cache
def restated_patterns() -> RestatedPatterns:
    return read_model(_PATTERNS, RestatedPatterns)


@dataclass(frozen=True)
class Mention:
    """An amount of a sentence, the item that it is of, and what stands between them: 支出决算."""

    name: str
    level: str
    phrase: str
    amount: Amount
    headings: tuple[str, ...]  # above it
    naming: int  # which naming of an item it goes on from

    @property
    def is_zero(self) -> bool:
        return not any(self.amount.interval)


@dataclass(frozen=True)
class Match:
    """A mention and the cell that it restates."""

    mention: Mention
    cell: Cell


def mentions_of(paragraphs: Iterable[Paragraph], year: int) -> Iterator[Mention]:
    """The amounts of sentences that name the item which they are of; none that speaks of another year."""
    of = restated_patterns()
    heading, naming = "", 0  # where it is the paragraph before: what begins below it is of the item that it names
    for paragraph in paragraphs:
        item = next(reversed([*of.item.finditer(heading)]), None)
        naming += 1
        for amount in amounts_of(paragraph):
            label = amount.label
            for found in of.item.finditer(amount.label):
                item, label, naming = found, amount.label[found.end() :], naming + 1
            phrase = of.bare.sub("", _CLAUSE.split(label)[-1])
            if _ENDED.search(label) and not of.goes_on.search(phrase):
                item = None  # the next sentence speaks of something else
            others = {said for said in _YEAR.findall(amount.label) if said != str(year)}
            if item and amount.is_money and not others:
                yield Mention(item["name"], item["level"], phrase, amount, paragraph.headings, naming)
        heading = paragraph.text if paragraph.is_heading else ""


def matches(mentions: Sequence[Mention], ledgers: Mapping[str, Ledger]) -> list[Match]:
    """The cells of drafted tables that mentions restate, where the document leaves no doubt which these are."""
    tables = [_Table(ledger) for ledger in ledgers.values()]
    found = []
    for phrase in dict.fromkeys(each.phrase for each in mentions):
        said = [each for each in mentions if each.phrase == phrase]
        columns = sorted(_columns(said, tables), key=len, reverse=True)
        for mention in said:
            match = next((each for column in columns for each in column if each.mention is mention), None)
            if match and (_agrees(match) or not _is_elsewhere(mention, tables)):
                found.append(match)
    return found


def said_again(mentions: Iterable[Mention]) -> list[tuple[Mention, Mention]]:
    """What is said of an item once more before anything else is, in words that stand for the same column, with what was
    said first.
    """
    first: dict[tuple[int, int], Mention] = {}
    again = []
    for mention in mentions:
        column = next((n for n, of in enumerate(restated_patterns().columns) if of.fullmatch(mention.phrase)), None)
        if column is None:
            continue
        before = first.setdefault((mention.naming, column), mention)
        if before is not mention:
            again.append((before, mention))
    return again


def into_rows(found: Iterable[Match], contract: Contract, drafts: Mapping[str, Contract]) -> StatedRows:
    """The restated cells as rows of the ledger that a rule goes through."""
    of, names = StatedRows(contract), UniqueNames()
    for each in found:
        cell, amount = each.cell, each.mention.amount
        draft = drafts[cell.ledger]
        path = f"{cell.ledger}/{cell.row_key}/{cell.measure}"
        measure = draft.measure(cell.measure)
        if measure is None or not _is_path(path, drafts):
            continue
        name = names.unique(f"{draft.short} {each.mention.name} {measure.header}（{amount.section or '正文'}）")
        row = (("fact", name),)
        of.put(row, "value", amount.text, amount.place)
        of.say(row, "section", amount.section)
        of.say(row, "restates", path)
    return of


def add_again(of: StatedRows, again: Iterable[tuple[Mention, Mention]]) -> None:
    """What is said twice as rows, the later one restating the first."""
    names = UniqueNames()
    for pair in again:
        path = ""
        for mention in pair:
            amount = mention.amount
            name = names.unique(squeeze(f"{mention.name}{mention.phrase}（{amount.section or '正文'}）"))
            row = (("fact", name),)
            of.put(row, "value", amount.text, amount.place)
            of.say(row, "section", amount.section)
            if _is_path(path, {LEDGER: of.contract}):
                of.say(row, "restates", path)
            path = f"{LEDGER}/{name}/value"


def _is_path(path: str, drafts: Mapping[str, Contract]) -> bool:
    """Whether a rule finds the cell by its path; a key with a stroke in it, it does not."""
    try:
        return cell_path(path, drafts) == path
    except UnknownNameError:
        return False


class _Table:
    """A drafted table by the names of its rows."""

    def __init__(self, ledger: Ledger):
        self.title = restated_patterns().title.sub("", fold(ledger.contract.title))
        self.figures: dict[str, list[Cell]] = {}  # row key -> its amounts
        self.rows: dict[str, list[str]] = {}  # name, folded -> row keys
        for cell in ledger.cells:
            if cell.value is not None and cell.unit == "yuan":
                self.figures.setdefault(cell.row_key, []).append(cell)
            for name in (cell.row_label, cell.text if cell.unit == "text" else ""):
                keys = self.rows.setdefault(_named(name), [])
                if name and cell.row_key not in keys:
                    keys.append(cell.row_key)

    def rows_of(self, mention: Mention) -> list[str]:
        """The rows of a name, where the mention speaks of this table; of those that are coded the ones of its level."""
        if self.title not in (restated_patterns().heading.sub("", fold(text)) for text in mention.headings):
            return []
        keys = self.rows.get(_named(mention.name), [])
        wanted = restated_patterns().digits[mention.level]
        return [key for key in keys if not key.isdecimal() or len(key) == wanted]


def _named(name: str) -> str:
    """A name as names are compared: without its number."""
    return _NUMBER.sub("", fold(name))


def _columns(said: Sequence[Mention], tables: Sequence[_Table]) -> Iterator[list[Match]]:
    """For each column that a phrase stands for: its mentions that name one row of the table, with their cells."""
    for table in tables:
        columns: dict[str, list[Match]] = {}
        for mention in said:
            keys = table.rows_of(mention)
            for cell in table.figures.get(keys[0], []) if len(keys) == 1 else ():
                columns.setdefault(cell.measure, []).append(Match(mention, cell))
        for column in columns.values():
            told = [each for each in column if not each.mention.is_zero]
            agree = sum(map(_agrees, told))
            differ = sum(not _agrees(each) for each in column)
            if agree >= max(_FEWEST, _TO_ONE * differ):
                yield column


def _agrees(match: Match) -> bool:
    low, high = match.mention.amount.interval
    cell = match.cell
    middle = (cell.value or Decimal(0)) + cell.skew
    return low <= middle + cell.half_width and high >= middle - cell.half_width


def _is_elsewhere(mention: Mention, tables: Sequence[_Table]) -> bool:
    """Whether some cell of a row of that name shows the figure: the sentence may speak of that one."""
    return any(
        _agrees(Match(mention, cell))
        for table in tables
        for key in table.rows.get(_named(mention.name), [])
        for cell in table.figures.get(key, [])
    )
