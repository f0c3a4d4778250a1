"""From files to a draft: tables, the rules within and between them, and what could not be decided. Reads the files that
it is given; writes nothing (``writing`` does).
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from orchestration.base.problems import InputError, Problem
from orchestration.base.watcher import SILENT, Watcher
from orchestration.documents.formats import is_document
from orchestration.drafting.across import joined_rows, shared_totals
from orchestration.drafting.columns import vocabulary_of
from orchestration.drafting.levels import level_rules, with_levels
from orchestration.drafting.rule import Amounts, Break, DraftRule, amounts_of, readable
from orchestration.drafting.tables import DraftTable, find_tables
from orchestration.drafting.within import listed_rules, row_rules, share_rules, total_rules
from orchestration.ledgers.contract import Contract
from orchestration.ledgers.sources import COMPANIONS
from orchestration.ledgers.spreadsheet import SUFFIXES, Grid, read_grids
from orchestration.rules.model import Rule

#: What a table is looked through for, one after the other: rows, totals, named rows.
_PARTS = 3


@dataclass(frozen=True)
class Draft:
    """What was made of the files."""

    tables: tuple[DraftTable, ...]
    amounts: tuple[Amounts, ...]
    rules: tuple[DraftRule, ...]
    blanks_are_zero: Mapping[str, bool]  # table -> whether a blank is an exact zero
    not_printed: Mapping[str, frozenset[str]]  # table -> measures whose blanks are none even so
    grids: tuple[Grid, ...]
    undecided: tuple[str, ...]
    places: Mapping[tuple[str, str, str], str] = field(default_factory=dict)  # file, sheet, cell -> in a document

    @property
    def breaks(self) -> list[Break]:
        """Each place that breaks a relation which nearly all others keep."""
        return [replace(each, rule=rule.id) for rule in self.rules for each in rule.breaks]


def draft_paths(
    paths: Sequence[Path], contracts: Mapping[str, Contract], seconds: float | None = None,
    watcher: Watcher = SILENT, rules: Sequence[Rule] = (),
) -> Draft:  # fmt: skip
    """A draft of all tables under ``paths``. Raises ``InputError`` where a file can't be read or holds no table.

    ``contracts``: those known already, for the names of columns. ``seconds``: what it may take in all; what there was
    no time for is said among ``undecided``. ``rules``: those that documents are read by.
    """
    watcher.step("读表", 0)
    read = _read(paths, contracts, rules)
    draft = draft_grids(read.grids, contracts, seconds, watcher)
    if draft is None:
        raise InputError([Problem(str(paths[0]), "", "", "没有找到表格", "表头之下有数的表")])
    return _in_documents(draft, read) if read.places or read.unread else draft


def draft_grids(
    grids: Sequence[tuple[Path, Grid]],
    contracts: Mapping[str, Contract],
    seconds: float | None = None,
    watcher: Watcher = SILENT,
) -> Draft | None:
    """A draft of all tables of these grids, each with the file that it is named after; None where there is no table."""
    until = None if seconds is None else time.monotonic() + seconds
    tables = _tables(grids, contracts)
    if not tables:
        return None
    tables, amounts = _with_amounts(tables)
    rules: list[DraftRule] = []
    undecided = [f"{table.name}：{text}" for table in tables for text in table.undecided]
    zero: dict[str, bool] = {}
    unprinted: dict[str, frozenset[str]] = {}
    keyed = [(table, each) for table, each in zip(tables, amounts, strict=True) if table.keys]
    watcher.step("找表内关系", len(keyed) * _PARTS)
    for table, each in keyed:
        within, zero[table.name], partial = _within(table, each, until, watcher)
        if zero[table.name]:
            within, unprinted[table.name] = _with_blank_results(table, each, within)
        rules += within
        undecided += [f"{table.name}：时间不够，未找 {what}" for what in partial]
    if len(keyed) > 1:
        watcher.step("找表间关系", 0)
        some, theirs = [table for table, _ in keyed], [each for _, each in keyed]
        rules += shared_totals(some, theirs)
        rules += joined_rows(some, theirs, _left(until))
    return Draft(tuple(tables), tuple(amounts), tuple(_numbered(rules)), zero, unprinted,
                 tuple(g for _, g in grids), tuple(undecided))  # fmt: skip


def _with_amounts(tables: Sequence[DraftTable]) -> tuple[list[DraftTable], list[Amounts]]:
    """The tables without columns that can't be read, and with their levels; and their figures."""
    read = [readable(table) for table in tables]
    amounts = [amounts_of(table) for table in read]
    return [with_levels(table, each) for table, each in zip(read, amounts, strict=True)], amounts


def _tables(grids: Sequence[tuple[Path, Grid]], contracts: Mapping[str, Contract]) -> list[DraftTable]:
    vocabulary = vocabulary_of(contracts)
    found = [table for path, grid in grids for table in find_tables(grid, path.stem, vocabulary, contracts)]
    return _named_apart(found, contracts)


def _within(
    table: DraftTable, amounts: Amounts, until: float | None, watcher: Watcher
) -> tuple[list[DraftRule], bool, Sequence[str]]:
    """The rules of one table, whether its blanks are zeros, and what there was no time for."""
    found, relations = row_rules(table, amounts, _left(until))
    watcher.advance(table.name)
    totals = [*total_rules(table, amounts), *level_rules(table, amounts), *share_rules(table, amounts)]
    watcher.advance(table.name)
    rules = [*found, *totals, *listed_rules(table, amounts, _left(until))]
    watcher.advance(table.name)
    if zero := _blanks_are_zero(table, amounts, found):
        return rules, zero, relations.partial
    return [replace(rule, when_printed=_printed(rule)) for rule in rules], zero, relations.partial


def _printed(rule: DraftRule) -> str:
    """Where blanks are not zeros, a relation is asked for only where its figures are printed."""
    return "right" if "sum(" in rule.check else "both"


def _left(until: float | None) -> float | None:
    return None if until is None else max(0.1, until - time.monotonic())


@dataclass
class _ReadFiles:
    """The sheets of all files, each with the file that it is named after; of documents where their cells stand, and
    what is in no table.
    """

    grids: list[tuple[Path, Grid]] = field(default_factory=list)
    places: dict[tuple[str, str, str], str] = field(default_factory=dict)
    unread: list[str] = field(default_factory=list)

    def add_document(self, path: Path, contracts: Mapping[str, Contract], rules: Sequence[Rule]) -> None:
        from orchestration.drafting.document_tables import read_document_grids  # half a second, for few drafts

        read = read_document_grids(path, contracts, rules)
        self.grids += [(path, grid) for grid in read.grids]
        self.places |= {(str(path), *at): place for at, place in read.places.items()}
        self.unread += [f"{path.name}：{text}" for text in read.unread]


def _in_documents(draft: Draft, read: _ReadFiles) -> Draft:
    """The draft with the places that documents have, and what of them was not read."""

    def placed(breaks: Sequence[Break]) -> tuple[Break, ...]:
        return tuple(replace(each, place=read.places.get((each.file, each.sheet, each.cell), "")) for each in breaks)

    return replace(
        draft,
        rules=tuple(replace(rule, breaks=placed(rule.breaks)) for rule in draft.rules),
        amounts=tuple(replace(amounts, unread=placed(amounts.unread)) for amounts in draft.amounts),
        undecided=(*draft.undecided, *read.unread),
        places=read.places,
    )


def _read(paths: Sequence[Path], contracts: Mapping[str, Contract], rules: Sequence[Rule]) -> _ReadFiles:
    problems: list[Problem] = []
    read = _ReadFiles()
    for path in paths:
        if not path.exists():
            expected = "账表文件（csv、xlsx）、文档（pdf、docx、txt）或账表的文件夹"
            problems.append(Problem(str(path), "", "", "没有这个文件或文件夹", expected))
            continue
        if is_document(path):
            try:
                read.add_document(path, contracts, rules)
            except InputError as error:
                problems += error.problems
            continue
        inside = path.is_dir()
        for file in sorted(path.iterdir()) if inside else [path]:
            if inside and (
                file.suffix.lower() not in SUFFIXES or file.name in COMPANIONS or file.name.startswith((".", "~$"))
            ):
                continue
            try:
                read.grids += [(file, grid) for grid in read_grids(file, str(file))]
            except InputError as error:
                problems += error.problems
    if problems:
        raise InputError(problems)
    return read


def _named_apart(tables: Sequence[DraftTable], taken: Container[str]) -> list[DraftTable]:
    """Tables under names of their own. A ledger that has a contract may have models that rely on its keys: a draft
    does not take its name.
    """
    tables = [replace(table, name=f"draft_{table.name}") if table.name in taken else table for table in tables]
    doubled = Counter(table.name for table in tables)
    seen: Counter[str] = Counter()
    named = []
    for table in tables:
        seen[table.name] += 1
        named.append(replace(table, name=f"{table.name}_{seen[table.name]}") if doubled[table.name] > 1 else table)
    return named


def _blanks_are_zero(table: DraftTable, amounts: Amounts, rules: Sequence[DraftRule]) -> bool:
    """A blank is a zero where relations hold only if it is; else it is taken for not printed."""
    measures = {column.at: m for m, column in enumerate(table.measures)}
    for rule in rules:
        terms = [measures[at] for _, _, at in rule.operands[1:]]
        if rule.when_printed or not rule.operands:
            continue
        broken = {each.cell for each in rule.breaks}
        blank = sum(
            1 for row in amounts.figures.values
            if row[measures[rule.operands[0][2]]] is not None and any(row[m] is None for m in terms)
        )  # fmt: skip
        if blank > len(broken):
            return True
    return all(value is not None for row in amounts.figures.values for value in row)


def _with_blank_results(
    table: DraftTable, amounts: Amounts, rules: Sequence[DraftRule]
) -> tuple[list[DraftRule], frozenset[str]]:
    """Where blanks are zeros but a sum is not printed in some rows: the rule is for the rows that print it, and the
    measure's blanks are none; where another rule needs them as zeros, the rule is but a warning.
    """
    blank = {}
    for number, rule in enumerate(rules):
        terms = _terms(table, rule)
        if terms and terms[0][0] < 0 and not rule.when_printed and _left_blank(amounts, [m for _, m in terms]):
            blank[number] = terms[0][1]
    needed = _needed_zeros(table, amounts, rules)
    told = list(rules)
    for number, m in blank.items():
        rule = rules[number]
        told[number] = replace(rule, severity="warning") if m in needed else replace(rule, when_printed="left")
    return told, frozenset(table.measures[m].name for m in set(blank.values()) - needed)


def _terms(table: DraftTable, rule: DraftRule) -> list[tuple[int, int]]:
    """What a rule speaks of: rows of the sheet (-1: every row), and the numbers of measures."""
    measures = {column.at: m for m, column in enumerate(table.measures)}
    return [(row, measures[at]) for _, row, at in rule.operands]


def _needed_zeros(table: DraftTable, amounts: Amounts, rules: Sequence[DraftRule]) -> set[int]:
    """The measures of which some blank is a term of a sum."""
    values, row_of = amounts.figures.values, {r: i for i, r in enumerate(table.rows)}
    needed: set[int] = set()
    for rule in rules:
        terms = _terms(table, rule)
        every = [m for row, m in terms[1:] if row < 0]
        needed |= {m for m in every if any(row[m] is None for row in values)}
        needed |= {m for row, m in terms if row in row_of and values[row_of[row]][m] is None}
    return needed


def _left_blank(amounts: Amounts, terms: Sequence[int]) -> bool:
    """Whether some row does not print the first of these and prints others that are no zero together."""
    return any(row[terms[0]] is None and sum(row[m] or 0 for m in terms[1:]) for row in amounts.figures.values)


def _numbered(rules: Sequence[DraftRule]) -> list[DraftRule]:
    """Each rule under an id of its own."""
    counts = Counter(rule.id for rule in rules)
    seen: Counter[str] = Counter()
    named = []
    for rule in rules:
        seen[rule.id] += 1
        named.append(replace(rule, id=f"{rule.id}_{seen[rule.id]}") if counts[rule.id] > 1 else rule)
    return named
