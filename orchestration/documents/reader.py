"""A published document as ledgers: its tables by the contracts' titles, its sentences by patterns, restated facts
beside what they restate. The result is a ``Year`` as any folder gives it, and how much of the document was read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from orchestration.base.problems import InputError, Problem
from orchestration.documents import claims, lists
from orchestration.documents.arithmetic import Arithmetic, read_arithmetic
from orchestration.documents.bindings import patterns
from orchestration.documents.docx import read_docx
from orchestration.documents.drawn import drawn_tables
from orchestration.documents.formats import ENDINGS
from orchestration.documents.identities import identities_of
from orchestration.documents.lines import Document, TextLine, refused
from orchestration.documents.loose import LooseTable, Unplaced, named_apart
from orchestration.documents.loose_lines import loose_in_lines
from orchestration.documents.paragraphs import Paragraph, paragraphs_of
from orchestration.documents.pdf import read_pdf
from orchestration.documents.plain_text import read_text
from orchestration.documents.sentences import Binding, Fact, SentenceReader, SentenceReadings, Unread
from orchestration.documents.sheets import Sheet, StatedRows, UniqueNames
from orchestration.documents.stated import PROSE, with_parts
from orchestration.documents.tables import FoundTable, find_text_tables, without
from orchestration.ledgers.contract import Contract
from orchestration.ledgers.money import FigureError, parse_figure
from orchestration.ledgers.not_read import NotRead
from orchestration.ledgers.reader import Ledger, Year
from orchestration.ledgers.sources import Source, Sources
from orchestration.rules.compiler import compile_rules
from orchestration.rules.model import Rule

#: What reads each format.
READERS: dict[str, Callable[[Path, str], Document]] = dict(zip(ENDINGS, (read_text, read_docx, read_pdf), strict=True))
#: Ledgers of facts that stand nowhere else, and of facts that are stated again.
RESTATEMENT, FACT = "restatement", "performance_fact"


@dataclass(frozen=True)
class DocumentReading:
    """What a document gives: ledgers as a year, its sheets, its paragraphs, and what its sentences say."""

    document: Document
    year: Year
    sheets: dict[str, Sheet]
    sentences: SentenceReadings
    paragraphs: list[Paragraph]
    tables: int  # tables that a contract knew
    figures: Mapping[str, int] = field(default_factory=dict)  # read | bound | unread, of figures in sentences
    loose: Sequence[LooseTable] = ()  # tables that no contract knows
    unplaced: Sequence[Unplaced] = ()  # figures of tables whose column can't be told
    drafted: Sequence[str] = ()  # ledgers of those that were drafted


def open_document(path: Path, name: str = "") -> Document:
    """Raises ``InputError`` where the file is none that can be read."""
    reader = READERS.get(path.suffix.lower())
    if reader is None:
        raise refused(name or str(path), f"{path.suffix or '没有扩展名'} 文件", "、".join(READERS))
    return reader(path, name or str(path))


def read_document(
    path: Path, contracts: dict[str, Contract], rules: Sequence[Rule], year: int | None = None
) -> DocumentReading:
    """Everything that a document states. Raises ``InputError`` with all that can't be read of its tables."""
    document = open_document(path)
    tables = tables_of(document, contracts, rules, year or 0)
    problems = [problem for table in tables.known for problem in table.problems]
    sheets: dict[str, Sheet] = {}
    for table in tables.known:
        contract = contracts[table.ledger]
        if table.ledger in sheets:
            problems.append(Problem(document.name, contract.short, "", f"第二份{contract.short}", "每本账一张表"))
        sheets[table.ledger] = Sheet(
            contract, contract.short, table.rows, table.places, list(table.notices), table.merged
        )  # fmt: skip
    paragraphs = paragraphs_of(tables.lines)
    found = year or _year_in(paragraphs)
    if found is None:
        problems.append(Problem(document.name, "", "", "看不出年度", "标题里有年度，或用 --year 指明"))
    if problems or found is None:
        raise InputError(problems)
    sentences = SentenceReader(patterns(), contracts).read(paragraphs)
    listed = lists.read_lists(paragraphs, found)
    for ledger, rows in _stated(sentences, listed, read_arithmetic(paragraphs), contracts, set(sheets)).items():
        sheets[ledger] = rows.sheet(PROSE)
    notices = tables.untold + _claimed(document.name, paragraphs, sheets, listed, contracts, found)
    return DocumentReading(
        document, _as_year(document, sheets, found, notices), sheets, sentences, paragraphs, len(tables.known),
        {
            "read": len(sentences.bindings) + len(sentences.facts),
            "bound": len(sentences.bindings),
            "unread": len(sentences.unread),
        },
        tables.loose, tables.unplaced,
    )  # fmt: skip


@dataclass(frozen=True)
class DocumentTables:
    """The tables of a document: those that a contract knows, by its headers; the others as they stand; and what is no
    table.
    """

    known: list[FoundTable]
    loose: list[LooseTable]
    unplaced: list[Unplaced]  # figures of the others whose column can't be told
    untold: list[Problem]  # titles below which no header was found
    lines: list[TextLine]


def tables_of(document: Document, contracts: dict[str, Contract], rules: Sequence[Rule], year: int) -> DocumentTables:
    """Every table of a document. ``rules``: by their identities blanks are told that text does not show."""
    stated = [rule for rule in rules if not rule.each_row_of]
    identities = identities_of(compile_rules(stated, contracts, year))
    drawn, loose, lines = drawn_tables(document, contracts)
    written, untold = find_text_tables(document.name, lines, contracts, identities)
    in_lines, unplaced, lines = loose_in_lines(without(lines, written))
    others = [*loose, *in_lines]
    left = [each for table in others for each in table.left]
    return DocumentTables([*drawn, *written], named_apart(others), [*unplaced, *left], untold, lines)


def joined(readings: Sequence[DocumentReading], others: Year | None) -> Year:
    """Documents and ledgers that are checked together, as one year.

    Raises ``InputError`` where a ledger is there twice, or the years differ.
    """
    years = [reading.year for reading in readings] + ([others] if others else [])
    ledgers: dict[str, Ledger] = {}
    problems: list[Problem] = []
    for each in years:
        if each.year != years[0].year:
            file = next((ledger.source.file for ledger in each.ledgers.values()), "")
            problems.append(Problem(file, "", "", f"{each.year} 年度", f"{years[0].year} 年度，或分开核对"))
        for name, ledger in each.ledgers.items():
            if name in ledgers:
                problems.append(Problem(ledger.source.file, "", "", f"第二份{ledger.contract.short}", "每本账一张表"))
            ledgers[name] = ledger
    if problems:
        raise InputError(problems)
    passed_over, told = (each for year in years for each in year.passed_over), (n for year in years for n in year.told)
    return Year(years[0].year, years[0].sources, ledgers, tuple(passed_over), told=tuple(told))


def nothing_read(reading: DocumentReading) -> list[Problem]:
    """Why a document that gives no figure is refused, with all that should be looked at: a check of nothing would end
    as one that found nothing.
    """
    name = reading.document.name
    unread: list[Unread | Unplaced] = [*reading.sentences.unread, *reading.unplaced]
    return [
        Problem(name, "", "", "没有读出一个数", "有表格的报告，或写明各是什么数的句子"),
        *(Problem(name, "", str(each.place), each.text, f"未读：{each.around}") for each in unread),
        *reading.year.told,
    ]


def _year_in(paragraphs: Iterable[Paragraph]) -> int | None:
    return lists.first_year(paragraph.text for paragraph in paragraphs)


def _stated(
    sentences: SentenceReadings,
    lists_: lists.Lists,
    arithmetic: Arithmetic,
    contracts: Mapping[str, Contract],
    tables: set[str],
) -> dict[str, StatedRows]:
    """Rows of every ledger that sentences give. What was stated before, or stands in a table, is a restatement."""
    rows: dict[str, StatedRows] = {}
    seen: dict[tuple[str, tuple[tuple[str, str], ...], str], Binding] = {}
    again: list[Binding] = []
    for binding in sentences.bindings:
        key = (binding.ledger, binding.row, binding.measure)
        if key in seen or binding.ledger in tables:
            again.append(binding)
            continue
        seen[key] = binding
        of = rows.setdefault(binding.ledger, StatedRows(contracts[binding.ledger]))
        of.put(binding.row, binding.measure, binding.text, binding.place)
        for name, text in sentences.texts.get((binding.ledger, binding.row), {}).items():
            of.say(binding.row, name, text)
    if RESTATEMENT in contracts:
        _restated(rows, again, contracts)
    if FACT in contracts:
        _facts(rows, sentences.facts, contracts[FACT])
    lists_.into(rows, contracts)
    arithmetic.into(rows, contracts)
    return rows


def _claimed(
    file: str,
    paragraphs: list[Paragraph],
    sheets: dict[str, Sheet],
    listed: lists.Lists,
    contracts: Mapping[str, Contract],
    year: int,
) -> list[Problem]:
    """Adds the sheet of claims, and gives what should be looked at."""
    if claims.LEDGER not in contracts:
        return []
    read = claims.read_claims(file, paragraphs, sheets, listed, contracts, year)
    if read.rows.rows:
        sheets[claims.LEDGER] = read.rows.sheet(PROSE)
    return [*read.notices, *read.open]


def _restated(rows: dict[str, StatedRows], again: Iterable[Binding], contracts: Mapping[str, Contract]) -> None:
    of, names = StatedRows(contracts[RESTATEMENT]), UniqueNames()
    for binding in again:
        if not _is_number(binding.text):  # 不变, 未支出: said once more in words
            continue
        contract = contracts[binding.ledger]
        measure = next(m for m in contract.measures if m.name == binding.measure)
        key = ":".join(text for _, text in binding.row)
        name = names.unique(f"{contract.short} {key} {measure.header}（{binding.section or '正文'}）")
        row = (("fact", name),)
        of.put(row, "value", binding.text, binding.place)
        of.say(row, "section", binding.section)
        of.say(row, "restates", f"{contract.short}/{key}/{measure.header}")
    if of.rows:
        rows[RESTATEMENT] = of


def _is_number(text: str) -> bool:
    try:
        parse_figure(text, "number")
    except FigureError:
        return False
    return True


def _facts(rows: dict[str, StatedRows], facts: Iterable[Fact], contract: Contract) -> None:
    of, names = StatedRows(contract), UniqueNames()
    for fact in facts:
        if not _is_number(fact.text):
            continue
        row = (("fact", names.unique(fact.subject)),)
        of.put(row, "value", fact.text, fact.place)
        of.say(row, "section", fact.section)
    if of.rows:
        rows[contract.ledger] = of


def _as_year(document: Document, sheets: Mapping[str, Sheet], year: int, said: Sequence[Problem]) -> Year:
    ledgers: dict[str, Ledger] = {}
    problems: list[Problem] = []
    for name, sheet in sheets.items():
        try:
            table = sheet.read(document.name, year)
        except InputError as error:
            problems += error.problems
            continue
        cells, notices = table.cells, [*sheet.notices, *table.notices]
        if sheet.stated:
            cells, parts = with_parts(cells, sheet.contract)
            notices += parts
        source = Source(file=document.name, ledger=name, sheet=sheet.name)
        ledgers[name] = Ledger(
            sheet.contract, source, document.sha256, tuple(cells), tuple(notices), tuple(table.left_out)
        )
    if problems:
        raise InputError(problems)
    scans = tuple(
        NotRead("page", document.name, "", f"第{page}页", "扫描页", "这一页是图像，没有文字；请另附可复制文字的文件")
        for page in document.scans
    )
    return Year(year, Sources(year=year), ledgers, scans, told=tuple(said))
