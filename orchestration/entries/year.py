"""A year's ledgers of entries: which files ``sources.yml`` names, read and summed, or all that is wrong with them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from orchestration.base.addresses import resolve_path
from orchestration.base.departments import department_of
from orchestration.base.problems import InputError, Problem
from orchestration.base.sql import sql_text
from orchestration.base.years import fiscal_year
from orchestration.entries.contract import EntryContract
from orchestration.entries.read import EntryFile, EntryScanner, read_entries
from orchestration.entries.sums import sum_ledgers
from orchestration.ledgers.reader import EntrySource, Ledger, Sources

#: So many bad lines of a ledger are shown; the quarantine file has them all.
SHOWN = 20


@dataclass(frozen=True)
class Entries:
    """One ledger of entries of one year, as read."""

    contract: EntryContract
    source: EntrySource
    files: tuple[EntryFile, ...]
    folder: Path  # the year's

    @property
    def place(self) -> str:
        """What stands as the file of a sum."""
        return f"{self.contract.entries}（{len(self.files)} 个明细文件）"

    def name(self, file: EntryFile) -> str:
        """A file's name wherever the folder lies: raw/2024/hunan_hrss/entries/…; an address as it is."""
        try:
            of_year = self.folder.parent if fiscal_year(self.folder.parent.name) else self.folder
            place = self.folder.relative_to(of_year.parent).as_posix()
            return f"raw/{place}/{file.path.relative_to(self.folder).as_posix()}"
        except ValueError:
            return str(file.path)

    def ledgers(self, year: int) -> list[Ledger]:
        return sum_ledgers(self.contract, self.files, year, self.place, department_of(self.folder, year))


def read_year_entries(
    folder: Path,
    sources: Sources,
    contracts: Mapping[str, EntryContract],
    kept: Path,
    on_file: Callable[[str], None] = lambda name: None,
    scan: EntryScanner | None = None,
) -> list[Entries]:
    """Every ledger of entries that the year's ``sources.yml`` names; sums that no file has any more are forgotten.

    ``folder``: the year's, which relative paths start from; ``kept``: where sums are kept by content; ``scan``: what
    scans whole files, if not DuckDB.
    Raises ``InputError`` with all that is wrong with all of them.
    """
    at = str(folder / "sources.yml")
    problems: list[Problem] = []
    found: list[Entries] = []
    claimed: set[str] = set()
    for source in sources.entries:
        if source.ledger not in contracts:
            problems.append(Problem(at, "", "entries", source.ledger, f"明细契约之一：{'、'.join(contracts)}"))
        elif source.ledger in claimed:
            problems.append(Problem(at, "", "entries", f"两次 {source.ledger}", "每本明细一项，文件都写在 paths 里"))
        else:
            claimed.add(source.ledger)
            contract = contracts[source.ledger]
            try:
                paths = [resolve_path(path, folder) for path in source.paths]
                files = read_entries(contract, paths, sources.year, kept, on_file=on_file, scan=scan)
            except InputError as error:
                problems += error.problems
            else:
                found.append(Entries(contract, source, tuple(files), folder))
    unnamed = folder / "entries"
    if unnamed.is_dir() and not sources.entries:
        problems.append(Problem(str(unnamed), "", "", "没有登记的明细", f"在 {at} 的 entries 里登记"))
    if problems:
        raise InputError(problems)
    _forget(kept, [file for each in found for file in each.files])
    return found


def _forget(kept: Path, files: Sequence[EntryFile]) -> None:
    """Sums are kept for the files that the year has now."""
    used = {path for file in files for path in (file.sums, file.aside)}
    for path in kept.glob("*.parquet"):
        if path not in used:
            path.unlink(missing_ok=True)


def file_rows(year: int, entries: Sequence[Entries]) -> list[dict[str, Any]]:
    """Rows of ``raw.entry_file``: what each file holds. ``same_as`` names an earlier file of the same content."""
    rows = []
    for each in entries:
        first: dict[str, str] = {}
        with duckdb.connect() as connection:
            for file in each.files:
                name = each.name(file)
                ((number, fen),) = connection.execute(
                    "select coalesce(sum(entries), 0), coalesce(sum(fen), 0) from read_parquet(?)", [str(file.sums)]
                ).fetchall()
                ((bad,),) = connection.execute("select count(*) from read_parquet(?)", [str(file.aside)]).fetchall()
                rows.append(
                    {"fiscal_year": year, "ledger": each.contract.entries, "file": name, "content": file.content,
                     "entries": number, "fen": fen, "bad_lines": bad, "same_as": first.get(file.content)}
                )  # fmt: skip
                first.setdefault(file.content, name)
    return rows


def bad_lines(entries: Sequence[Entries], target: Path) -> list[dict[str, Any]]:
    """Write every bad line to the quarantine file ``target`` (CSV: file, line, reason, raw), or none where there is
    none; returns the first few of each ledger.
    """
    with duckdb.connect() as connection:
        connection.execute("create table aside (ledger text, file text, line bigint, reason text, raw text)")
        for each in entries:
            for file in each.files:
                parts = [each.contract.entries, each.name(file), str(file.aside)]
                connection.execute("insert into aside select ?, ?, line, reason, raw from read_parquet(?)", parts)
        ((number,),) = connection.execute("select count(*) from aside").fetchall()
        target.unlink(missing_ok=True)
        if number:
            target.parent.mkdir(parents=True, exist_ok=True)
            connection.execute(
                "copy (select file as 文件, line as 行, reason as 原因, raw as 原文 from aside order by file, line)"
                f" to {sql_text(str(target))} (format csv, header)"
            )
        names = ("ledger", "file", "line", "reason", "raw")
        query = f"from aside qualify row_number() over (partition by ledger order by file, line) <= {SHOWN}"
        return [dict(zip(names, row, strict=True)) for row in connection.execute(f"{query} order by all").fetchall()]
