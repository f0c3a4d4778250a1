"""One correction, checked and appended to ``raw/<year>/corrections.csv``.

The folder is reconciled as it stands and with the new row, each in a scratch build of its own; the file is written
only afterwards, in one step. Ledgers are never edited. Knows nothing of Dagster.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.text import Text

from orchestration.base.files import replacing
from orchestration.base.problems import InputError, Problem
from orchestration.base.settings import Settings
from orchestration.explanation.source import UnknownAddressError, full_address, nearest
from orchestration.ledgers.cell import Cell
from orchestration.ledgers.corrections import HEADERS, Correction, corrected_figure, read_corrections, with_row
from orchestration.ledgers.money import FigureError
from orchestration.warehouse import compiled
from orchestration.warehouse.build import Build, Inputs, land_inputs, read_inputs
from orchestration.warehouse.engine import DUCKDB

Row = dict[str, Any]


@dataclass(frozen=True)
class Proposal:
    """A correction that can be read, and what it would do to the rules of severity error.

    ``before``/``after``: the broken instances (rows of ``reconciliation``) without and with it; ``statements``: what
    the judge says with it of each instance that was broken before.
    """

    path: Path  # corrections.csv
    row: dict[str, str]  # by the names of HEADERS
    cell: Cell
    content: bytes | None  # the file as it was when judged; None: no file
    proposed: bytes
    before: list[Row]
    after: list[Row]
    statements: dict[tuple[str, str], str]

    @property
    def helps(self) -> bool:
        return len(self.after) < len(self.before)

    @property
    def mended(self) -> list[Row]:
        return _less(self.before, self.after)

    @property
    def newly_broken(self) -> list[Row]:
        return _less(self.after, self.before)


def propose(
    settings: Settings,
    year: int,
    address: str,
    value: str,
    *,
    reason: str,
    evidence: str,
    confirmed_by: str | None = None,
    on_node: Callable[[str], None] = lambda name: None,
) -> Proposal:
    """Read the year and judge it with and without the correction. Writes nothing under raw/.

    Basis: ``confirmed`` where ``confirmed_by`` is given, else ``derived``. Raises ``UnknownAddressError``, and
    ``InputError`` where the year, its corrections or any text of the new one can't be read, or where the cell has a
    correction already.
    """
    path = settings.ledgers(year) / "corrections.csv"
    content = path.read_bytes() if path.is_file() else None  # first: what changes after this is noticed in ``write``
    inputs = read_inputs(replace(settings, target=DUCKDB.name), year)  # as it is judged, whatever the engine
    cell = _cell(inputs, full_address(settings, address))
    row = {
        "address": cell.address,
        "printed": cell.text,
        "corrected": value.strip(),
        "reason": reason.strip(),
        "evidence": evidence.strip(),
        "basis": "derived" if confirmed_by is None else "confirmed",
        "confirmed_by": (confirmed_by or "").strip(),
    }
    _check(inputs, cell, row, confirmed_by is not None, path)
    try:
        proposed = with_row(content, row)
    except UnicodeEncodeError as error:
        raise InputError([Problem(str(path), "", "", ascii(error.object), "可写成 UTF-8 的文字")]) from None
    with tempfile.TemporaryDirectory(prefix="ledgergate-") as scratch:
        corrections = _read_back(proposed, inputs, Path(scratch), path)
        before = _judged(inputs, Path(scratch) / "before", on_node)
        after = _judged(replace(inputs, corrections=corrections), Path(scratch) / "after", on_node)
    was = _broken(before)
    statements = {name: found["statement"] for name, found in after.items() if name in {_name(row) for row in was}}
    return Proposal(path, row, cell, content, proposed, was, _broken(after), statements)


def write(proposal: Proposal) -> None:
    """Put the proposed file in place in one step: a reader sees the old file or the new one.

    Raises ``InputError`` where the file is no longer the one that was judged.
    """
    path = proposal.path.resolve()  # where a link leads, so that the link stays
    with replacing(path) as draft:
        draft.write_bytes(proposal.proposed)
        if proposal.content is not None:
            shutil.copymode(path, draft)
        if (path.read_bytes() if path.is_file() else None) != proposal.content:
            raise InputError([Problem(str(path), "", "", "核对期间有人改动过的文件", "核对时的那份；请重新运行")])


def _cell(inputs: Inputs, address: str) -> Cell:
    cells = {cell.address: cell for cell in inputs.year.cells if cell.value is not None}
    if address not in cells:
        raise UnknownAddressError(address, nearest(address, cells))
    return cells[address]


def _check(inputs: Inputs, cell: Cell, row: dict[str, str], is_confirmed: bool, path: Path) -> None:
    """Raise ``InputError`` with all that is wrong in the texts of the call."""
    wanted = ("reason", "evidence", *(["confirmed_by"] if is_confirmed else []))
    problems = [
        Problem(f"--{name.replace('_', '-')}", "", "", "空白", f"写明{HEADERS[name]}")
        for name in wanted
        if not row[name]
    ]
    standing = [correction for correction in inputs.corrections if correction.address == cell.address]
    if standing:
        (old,) = standing
        problems.append(
            Problem(
                str(path), "", cell.address, f"已有更正 {old.printed} → {old.corrected}", "先删去那一行，再写新的更正"
            )
        )
    try:
        corrected_figure(inputs.year, cell, row["corrected"])
    except FigureError as error:
        problems.append(Problem(cell.address, "", "", row["corrected"] or "空白", str(error)))
    if problems:
        raise InputError(problems)


def _read_back(content: bytes, inputs: Inputs, scratch: Path, path: Path) -> list[Correction]:
    """The corrections of the proposed file, read as the next run will read them."""
    draft = scratch / path.name
    draft.write_bytes(content)
    try:
        return read_corrections(draft, inputs.year)
    except InputError as error:
        raise InputError(replace(problem, file=str(path)) for problem in error.problems) from None


def _judged(inputs: Inputs, folder: Path, on_node: Callable[[str], None]) -> dict[tuple[str, str], Row]:
    """Every error rule instance as the models judge it: what ``run`` would find, prior year and sources included."""
    build = Build(inputs.year.year, folder, inputs.year.department)
    land_inputs(build, inputs)
    compiled.build(build.warehouse, ["reconciliation"], on_node=on_node)
    rows = build.rows(
        "select rule_id, instance, status, statement from reconciliation where severity = 'error' order by all"
    )
    return {_name(row): row for row in rows}


def _name(row: Row) -> tuple[str, str]:
    return row["rule_id"], row["instance"]


def _broken(rows: dict[tuple[str, str], Row]) -> list[Row]:
    return [row for row in rows.values() if row["status"] in ("inconsistent", "missing")]


def _less(rows: list[Row], others: list[Row]) -> list[Row]:
    names = {_name(row) for row in others}
    return [row for row in rows if _name(row) not in names]


def show(console: Console, proposal: Proposal) -> None:
    """The correction, and what it does to each rule that it touches."""
    row = proposal.row
    by = f"{row['confirmed_by']} 确认" if row["confirmed_by"] else "依勾稽关系推定"
    console.print(
        Text.assemble(
            ("更正  ", "cyan"), (row["address"], "bold"), f"  {row['printed'] or '空白'} → {row['corrected']}（{by}）"
        )
    )
    console.print(f"不成立的规则  {len(proposal.before)} 条 → {len(proposal.after)} 条（只计必须成立的）")
    for rule in proposal.mended:
        statement = proposal.statements.get(_name(rule), "不再适用")
        console.print(Text.assemble(("  成立  ", "green"), statement, (f"  {rule['rule_id']}", "dim")))
    still_broken = _less(proposal.after, proposal.newly_broken)
    for title, rules in (("  新不成立  ", proposal.newly_broken), ("  仍不成立  ", still_broken)):
        for rule in rules[:10]:
            console.print(Text.assemble((title, "red"), rule["statement"], (f"  {rule['rule_id']}", "dim")))
        if len(rules) > 10:
            console.print(Text(f"{title}另有 {len(rules) - 10} 条", style="dim"))
