"""Tables of a published document that no contract knows, drafted and read by their drafts: their relations are judged
with all others, as warnings, since a person has signed none of them. Judges nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from orchestration.base.problems import InputError, Problem
from orchestration.documents.loose import LooseTable, Unplaced, figures_of
from orchestration.documents.reader import DocumentReading
from orchestration.documents.sheets import Sheet
from orchestration.documents.stated import PROSE
from orchestration.drafting import restated
from orchestration.drafting.document_tables import grid_of
from orchestration.drafting.draft import Draft, draft_grids
from orchestration.drafting.restated import add_again, into_rows, matches, mentions_of, said_again
from orchestration.drafting.tables import DraftTable
from orchestration.drafting.writing import undecided, write_draft
from orchestration.ledgers.contract import Contract, read_contracts
from orchestration.ledgers.reader import Ledger
from orchestration.ledgers.sources import Source
from orchestration.rules.compiler import compile_rules
from orchestration.rules.model import Rule, read_rules

#: What the ledgers of drafted tables are called: drafted_1, drafted_2; and how long a document's draft may take.
NAME, SECONDS = "drafted", 12


@dataclass(frozen=True)
class Drafted:
    """A document with the ledgers of its drafted tables; their contracts and rules, which are warnings."""

    reading: DocumentReading
    contracts: Mapping[str, Contract]
    rules: tuple[Rule, ...]


def draft_document(
    reading: DocumentReading, contracts: Mapping[str, Contract], folder: Path, number: int = 1
) -> Drafted:
    """The document with what could be drafted of it. ``folder``: where the draft is written; ``number``: which document
    of a check it is.
    """
    stem = Path(NAME if number == 1 else f"{NAME}_{number}")
    tables = {table.title: table for table in reading.loose}
    grids = [(stem, grid_of(table, reading.document.name)) for table in reading.loose]
    draft = draft_grids(grids, contracts, SECONDS) if grids else None
    found = {table.grid.sheet for table in draft.tables} if draft else set()
    unknown = [table for title, table in tables.items() if title not in found]
    notices = [_unread(reading, table, "认不出表头和各栏的表") for table in unknown]
    left = [each for table in unknown for each in figures_of(table)]
    if draft is None:
        return Drafted(_with_restated(_with(reading, {}, {}, notices, left), contracts, {}), {}, ())
    write_draft(draft, folder)
    drafts = read_contracts(folder / "contracts")
    made = _Made(notices=notices, left=left)
    for table in draft.tables:
        made.add(reading, drafts.get(table.name), table, tables[table.grid.sheet])
    rules, untold = _rules(folder / "rules", drafts, made.ledgers, reading)
    made.notices += [*untold, *_to_decide(reading, draft, made.ledgers)]
    drafted = _with(reading, made.ledgers, made.sheets, made.notices, made.left)
    reading = _with_restated(drafted, contracts, drafts)
    return Drafted(reading, {name: drafts[name] for name in made.ledgers}, tuple(rules))


@dataclass
class _Made:
    """What was read by drafts so far, and what was not."""

    notices: list[Problem]
    left: list[Unplaced]
    ledgers: dict[str, Ledger] = field(default_factory=dict)
    sheets: dict[str, Sheet] = field(default_factory=dict)

    def add(self, reading: DocumentReading, contract: Contract | None, table: DraftTable, loose: LooseTable) -> None:
        """One table, read by its draft; where it has none, or can't be read by it, its figures are left."""
        why = "没有几列能把各行区分开"
        if contract is not None:
            sheet = Sheet(contract, loose.title, loose.rows, loose.places, [], loose.merged)
            try:
                ledger = _ledger(reading, sheet, contract)
            except InputError as error:
                why = f"{error.problems[0].found}，应为 {error.problems[0].expected}"
            else:
                self.ledgers[table.name], self.sheets[table.name] = ledger, sheet
                self.left += _not_in(ledger, table, loose)
                return
        self.notices.append(_unread(reading, loose, why))
        self.left += figures_of(loose)


def _not_in(ledger: Ledger, table: DraftTable, loose: LooseTable) -> list[Unplaced]:
    """The figures of a table that its ledger does not hold: of columns without a header, of rows left out."""
    read = {cell.cell for cell in ledger.cells if cell.value is not None}
    columns = {column.at for column in table.columns if column.role in ("measure", "ignored")}
    body = set(table.rows)
    return [
        each
        for r in sorted(body)
        for each in figures_of(replace(loose, rows=[loose.rows[r]], places=[loose.places[r]]), columns)
        if str(each.place) not in read
    ]


def _with_restated(
    reading: DocumentReading, contracts: Mapping[str, Contract], drafts: Mapping[str, Contract]
) -> DocumentReading:
    """The reading with the figures of its sentences that restate a cell of a drafted table, or each other."""
    ledgers = {name: reading.year.ledgers[name] for name in reading.drafted}
    mentions = [*mentions_of(reading.paragraphs, reading.year.year)]
    found = matches(mentions, ledgers)
    held = [each.mention for each in found]
    again = [pair for pair in said_again(mentions) if pair[1] not in held]
    if restated.LEDGER not in contracts or not (found or again):
        return reading
    contract = contracts[restated.LEDGER]
    rows = into_rows(found, contract, drafts)
    bound = len(rows.rows)
    add_again(rows, again)
    sheet = rows.sheet(PROSE)
    ledger = {restated.LEDGER: _ledger(reading, sheet, contract)} if rows.rows else {}
    return replace(
        reading,
        year=replace(reading.year, ledgers={**reading.year.ledgers, **ledger}),
        sheets={**reading.sheets, restated.LEDGER: sheet},
        figures={**reading.figures, "bound": reading.figures["bound"] + bound},
    )


def _ledger(reading: DocumentReading, sheet: Sheet, contract: Contract) -> Ledger:
    name, document = contract.ledger, reading.document
    table = sheet.read(document.name, reading.year.year)
    source = Source(file=document.name, ledger=name, sheet=sheet.name)
    return Ledger(contract, source, document.sha256, tuple(table.cells), tuple(table.notices), tuple(table.left_out))


def _rules(
    folder: Path, drafts: Mapping[str, Contract], ledgers: Mapping[str, Ledger], reading: DocumentReading
) -> tuple[list[Rule], list[Problem]]:
    """The drafted rules on the tables that were read, as warnings; and what of them can't be judged."""
    rules, left = [], []
    for rule in read_rules(folder):
        asked = rule.model_copy(update={"severity": "warning"})
        used = {name for name in drafts if f"{name}/" in asked.check}
        if not used <= set(ledgers):
            continue
        cells = [cell for name in used for cell in ledgers[name].cells]
        try:
            compile_rules([asked], dict(drafts), reading.year.year, cells=cells)
        except InputError as error:
            left += [Problem(reading.document.name, "", "", asked.title, each.expected) for each in error.problems]
        else:
            rules.append(asked)
    return rules, left


def _unread(reading: DocumentReading, table: LooseTable, why: str) -> Problem:
    place = str(next((row[0] for row in table.places if row), ""))
    return Problem(reading.document.name, table.title, place, why, "有契约的表，或表头在上、各行有名称的表；未读")


def _to_decide(reading: DocumentReading, draft: Draft, ledgers: Mapping[str, Ledger]) -> Iterable[Problem]:
    """What a person has to decide of the drafts, where it bears on how figures are read: the units taken."""
    by_name: dict[str, DraftTable] = {table.name: table for table in draft.tables}
    for text in undecided(draft):
        name, _, what = text.partition("：")
        if name in ledgers:
            yield Problem(reading.document.name, by_name[name].grid.sheet, "", what, "由人审定（草拟的表）")


def _with(
    reading: DocumentReading,
    ledgers: Mapping[str, Ledger],
    sheets: Mapping[str, Sheet],
    notices: list[Problem],
    left: Sequence[Unplaced],
) -> DocumentReading:
    """The reading with ledgers added, and what should be looked at of the tables."""
    year = reading.year
    year = replace(year, ledgers={**year.ledgers, **ledgers}, told=(*year.told, *notices))
    return replace(
        reading, year=year, sheets={**reading.sheets, **sheets}, drafted=tuple(ledgers),
        unplaced=(*reading.unplaced, *left),
    )  # fmt: skip
