"""One year's build, step by step: read, land, model. What Dagster's assets and ``ledgergate check`` both call."""

from __future__ import annotations

import dataclasses
import difflib
import functools
import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orchestration.base.departments import beside
from orchestration.base.files import drafts_of, sweep
from orchestration.base.locks import open_database
from orchestration.base.problems import InputError, Problem
from orchestration.base.settings import CONTRACTS, RULES, WAREHOUSE, Settings
from orchestration.entries.contract import EntryContract, read_entry_contracts
from orchestration.entries.year import Entries, bad_lines, file_rows, read_year_entries
from orchestration.ledgers.contract import Contract, read_contracts
from orchestration.ledgers.corrections import Correction, read_corrections
from orchestration.ledgers.exceptions import AcceptedException, read_exceptions
from orchestration.ledgers.narrative import Piece, read_narrative
from orchestration.ledgers.reader import Year, read_year
from orchestration.rules.compiler import compile_rules
from orchestration.rules.model import COMPUTED, Rulebook, rules_beside
from orchestration.warehouse.engine import DUCKDB
from orchestration.warehouse.engines import engine_of
from orchestration.warehouse.landing import land, raw_tables
from orchestration.warehouse.prior import read_prior
from orchestration.warehouse.rows import rows_of
from orchestration.warehouse.shares import forget_share, give_share, take_share
from orchestration.warehouse.tables import DRAFTS

if TYPE_CHECKING:
    import duckdb


@dataclass(frozen=True)
class Inputs:
    """Everything that a year is built from."""

    year: Year
    rulebook: Rulebook
    corrections: list[Correction]
    prior: list[dict[str, Any]] = field(default_factory=list)
    exceptions: list[AcceptedException] = field(default_factory=list)
    narrative: list[Piece] = field(default_factory=list)
    entries: list[Entries] = field(default_factory=list)
    entry_files: list[dict[str, Any]] = field(default_factory=list)  # rows of raw.entry_file
    prior_judged: list[dict[str, Any]] = field(default_factory=list)  # rows of raw.prior_judged
    known: frozenset[str] = frozenset()  # every ledger that a contract, entries or a computation can make
    sums: frozenset[str] = frozenset()  # those of them that are sums of entries, which not every year has


@dataclass(frozen=True)
class Build:
    """The build folder of a department's year."""

    year: int
    folder: Path
    department: str = ""  # its code; empty where the ledgers are no department's

    @property
    def warehouse(self) -> Path:
        """Its tables. Where it was built together with others, they are made a file of its own now."""
        take_share(self.folder, self.department)
        return self.folder / WAREHOUSE

    @property
    def gates(self) -> Path:
        return self.folder / "gates.json"

    @property
    def quarantine(self) -> Path:
        """Every line of the year's entries that could not be read; not there where there is none."""
        return self.folder / "quarantine.csv"

    @property
    def notices_file(self) -> Path:
        return self.folder / "notices.json"

    @property
    def notices(self) -> list[Problem]:
        """What was read in the ledgers, but should be looked at."""
        if not self.notices_file.is_file():
            return []
        return [Problem(**notice) for notice in json.loads(self.notices_file.read_text(encoding="utf-8"))]

    @property
    def not_read_file(self) -> Path:
        return self.folder / "not_read.json"

    @property
    def not_read(self) -> list[dict[str, str]]:
        """Files, sheets and rows that were not read, and rules that were not judged, each with the reason."""
        if not self.not_read_file.is_file():
            return []
        found: list[dict[str, str]] = json.loads(self.not_read_file.read_text(encoding="utf-8"))
        return found

    @property
    def inputs_file(self) -> Path:
        return self.folder / "inputs"

    @property
    def inputs(self) -> str:
        """The fingerprint of what the build was made from; empty where nobody said."""
        return self.inputs_file.read_text(encoding="utf-8") if self.inputs_file.is_file() else ""

    @property
    def input_files_file(self) -> Path:
        return self.folder / "input_files.json"

    @property
    def input_files(self) -> dict[str, str]:
        """The files that the build was made from, each with the hash of its content; none where nobody said."""
        if not self.input_files_file.is_file():
            return {}
        found: dict[str, str] = json.loads(self.input_files_file.read_text(encoding="utf-8"))
        return found

    @property
    def departments(self) -> list[str]:
        """Whose rows it holds: its own department's, or of a build in common those of all."""
        return [
            row["department"] for row in self.rows("select distinct department from raw.ledger order by department")
        ]

    @contextmanager
    def opened(self) -> Iterator[None]:
        """Many queries in a row: opening the file costs more than most of them, and is shared while it is open."""
        with open_database(self.warehouse):
            yield

    def rows(self, query: str, *parameters: object) -> list[dict[str, Any]]:
        """Query the build file, read-only."""
        with open_database(self.warehouse) as connection:
            return rows_of(connection, query, parameters)


def open_build(settings: Settings, year: int, as_published: bool = False) -> Build:
    return Build(year, settings.build(year, as_published), settings.department)


def read_inputs(
    settings: Settings,
    year: int,
    as_published: bool = False,
    on_file: Callable[[str], None] = lambda name: None,
    folder: Path | None = None,
) -> Inputs:
    """Read a year's ledgers, entries, rules and corrections, from the year's own folder or from ``folder``. ``on_file``
    hears of each file of entries as it is summed.

    Raises ``InputError`` with all that is wrong in all of them.
    """
    folder = folder or settings.ledgers(year)
    contracts = read_contracts(settings.contracts, *beside(folder, year, CONTRACTS))
    problems = []
    entries: list[Entries] = []
    entry_contracts: dict[str, EntryContract] = {}
    try:
        rules = rules_beside(settings.rules, *beside(folder, year, RULES))
    except InputError as error:
        problems += error.problems
    try:
        ledgers = read_year(folder, year, contracts)
    except InputError as error:
        problems += error.problems
    else:
        try:
            entry_contracts = read_entry_contracts(settings.entry_contracts)
            kept = settings.entry_sums(year)
            engine = engine_of(settings) if ledgers.sources.entries else DUCKDB
            with engine.entry_scanner(open_build(settings, year, as_published).warehouse) as scan:
                entries = read_year_entries(folder, ledgers.sources, entry_contracts, kept, on_file, scan)
        except InputError as error:
            problems += error.problems
    try:
        narrative = read_narrative(folder / "narrative.yml")
    except InputError as error:
        problems += error.problems
    if problems:
        raise InputError(problems)
    sums = {ledger.contract.ledger: ledger for each in entries for ledger in each.ledgers(year)}
    ledgers = replace(ledgers, ledgers={**ledgers.ledgers, **sums})
    rulebook = compile_rules(rules, ledgers.contracts, year, str(settings.rules), cells=ledgers.cells, known=contracts)
    corrections, exceptions = read_notes(folder, ledgers, rulebook)
    prior = read_prior(settings, year - 1, contracts)
    return Inputs(
        ledgers,
        rulebook,
        [] if as_published else corrections,
        prior.cells,
        exceptions,
        narrative,
        entries,
        file_rows(year, entries),
        prior.judged,
        *known_ledgers(contracts, entry_contracts),
    )


def known_ledgers(
    contracts: Mapping[str, Contract], entry_contracts: Mapping[str, EntryContract]
) -> tuple[frozenset[str], frozenset[str]]:
    """Every ledger that there can be, and those of them that are sums of entries."""
    sums = frozenset(each.ledger for entry in entry_contracts.values() for each in entry.sums)
    return frozenset(contracts) | sums | frozenset(COMPUTED), sums


def read_notes(folder: Path, ledgers: Year, rulebook: Rulebook) -> tuple[list[Correction], list[AcceptedException]]:
    """What stands beside the ledgers: corrections and accepted exceptions. Raises ``InputError`` with all problems."""
    problems = []
    corrections: list[Correction] = []
    exceptions: list[AcceptedException] = []
    try:
        corrections = read_corrections(folder / "corrections.csv", ledgers)
    except InputError as error:
        problems += error.problems
    try:
        rules = {rule.id for rule in rulebook.rules}
        exceptions = read_exceptions(folder / "exceptions.csv", ledgers.year, rules)
    except InputError as error:
        problems += error.problems
    if problems:
        raise InputError(problems)
    return corrections, exceptions


def land_inputs(build: Build, inputs: Inputs, fingerprint: str = "", files: Mapping[str, str] = {}) -> None:
    """Start the build anew from its inputs. Gate results of an earlier build go with it. ``files``: what they were read
    from, each with its hash.
    """
    _start_anew(build)
    forget_share(build.folder)
    land(build.warehouse, tables_of(build, inputs))
    write_beside(build, inputs, fingerprint, files)


def _start_anew(build: Build) -> None:
    for drafts in (drafts_of(build.gates), DRAFTS):  # what a killed run has left: one at a time builds in a folder
        sweep(build.folder, drafts)
    build.gates.unlink(missing_ok=True)
    build.inputs_file.unlink(missing_ok=True)


def tables_of(build: Build, inputs: Inputs) -> dict[str, list[dict[str, Any]]]:
    """What is landed of a department's year: the rows of every raw table."""
    shown = bad_lines(inputs.entries, build.quarantine) if inputs.entries else []
    return raw_tables(
        inputs.year, inputs.rulebook, inputs.corrections, inputs.prior, inputs.exceptions, inputs.narrative,
        inputs.entries, inputs.entry_files, shown, inputs.prior_judged,
    )  # fmt: skip


def share_build(build: Build, shared: Build, inputs: Inputs, fingerprint: str, files: Mapping[str, str]) -> None:
    """Start the build anew as the department's share of one in common, which holds its tables already."""
    _start_anew(build)
    give_share(build.folder, shared.warehouse)
    write_beside(build, inputs, fingerprint, files)


def write_beside(build: Build, inputs: Inputs, fingerprint: str, files: Mapping[str, str]) -> None:
    """What a build says beside its tables: notices, what was not read, and what it was made from."""
    notices = [dataclasses.asdict(notice) for notice in inputs.year.notices]
    build.notices_file.write_text(json.dumps(notices, ensure_ascii=False), encoding="utf-8")
    not_read = [dataclasses.asdict(each) for each in inputs.year.not_read] + rules_not_judged(inputs)
    build.not_read_file.write_text(json.dumps(not_read, ensure_ascii=False), encoding="utf-8")
    build.input_files_file.write_text(json.dumps(files, ensure_ascii=False, indent=1), encoding="utf-8")
    build.inputs_file.write_text(fingerprint, encoding="utf-8")


def rules_not_judged(inputs: Inputs) -> list[dict[str, str]]:
    """Rules that were left out, wholly or for some of their variants, and what for: a ledger that this department does
    not bring, one that nobody knows (its name is misspelt, or its contract is lost), or a row that is not printed.
    """
    listed = []
    for rule, absent in inputs.rulebook.skipped.items():
        unknown = [ledger for ledger in absent if ledger not in inputs.known]
        sums = not unknown and set(absent) <= inputs.sums
        reason = f"没有 {'、'.join(absent)}"
        for ledger in unknown:
            near = difflib.get_close_matches(ledger, inputs.known, n=1)
            reason = f"没有哪一份契约叫 {ledger}" + "".join(f"；相近的有 {name}" for name in near)
        what = "contract" if unknown else "entries" if sums else "ledger"
        listed.append({"kind": "rule", "rule": rule, "absent": what, "reason": reason})
    for rule, rows in inputs.rulebook.rows_absent.items():
        listed.append({"kind": "rule", "rule": rule, "absent": "row", "reason": "、".join(rows)})
    return sorted(listed, key=lambda each: (each["rule"], each["reason"]))


def content_hash(build: Build, tables: list[str]) -> str:
    """sha256 of the content of tables, whatever order their rows lie in.

    The same file, unchanged since this process last hashed it, is not hashed again: a run asks before its gates and
    when it publishes. Raises ``duckdb.CatalogException`` where a table is missing.
    """
    log = build.warehouse.with_name(f"{build.warehouse.name}.wal")  # what is not yet copied into the file
    stats = [path.stat() for path in (build.warehouse, log) if path is build.warehouse or path.exists()]
    written = tuple((stat.st_ino, stat.st_size, stat.st_mtime_ns) for stat in stats)
    return _content_hash(build.warehouse, written, tuple(tables))


@functools.lru_cache(maxsize=8)
def _content_hash(warehouse: Path, written: tuple[tuple[int, int, int], ...], tables: tuple[str, ...]) -> str:
    del written  # part of the key: another state of the file is another content
    with open_database(warehouse) as connection:
        found = [_table_hashes(connection, table, "''") for table in tables]
    return _digest(tables, (hashes.get("", _EMPTY) for hashes in found))


def content_hashes(shared: Build, tables: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """``content_hash`` of each department's share of a build in common. ``tables``: by department, what is hashed."""
    found: dict[str, dict[str, str]] = {}
    with open_database(shared.warehouse) as connection:
        for table in sorted({table for own in tables.values() for table in own}):
            found[table] = _table_hashes(connection, table, "department")
    return {
        department: _digest(own, (found[table].get(department, _EMPTY) for table in own))
        for department, own in tables.items()
    }


#: Of a table without rows.
_EMPTY = hashlib.sha256(b"").hexdigest()


def _table_hashes(connection: duckdb.DuckDBPyConnection, table: str, key: str) -> dict[str, str]:
    """By ``key``, the hash of a table's rows, whatever order they lie in."""
    found = connection.execute(
        f"select key, sha256(string_agg(line, chr(10) order by line)) "
        f"from (select {key} as key, to_json(t)::varchar as line from {table} as t) group by key"
    )
    return dict(found.fetchall())


def _digest(tables: Iterable[str], hashes: Iterable[str]) -> str:
    digest = hashlib.sha256()
    for table, found in zip(tables, hashes, strict=True):
        digest.update(f"{table}:{found}\n".encode())
    return digest.hexdigest()
