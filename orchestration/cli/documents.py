"""The command ``ledgergate read``, and what a check of a document says beyond a ledger's: how many figures were read,
bound to a cell and verified. Thin, like ``cli``, which registers it.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from orchestration.base.problems import InputError
from orchestration.base.settings import Settings
from orchestration.cli import summary
from orchestration.cli.terminal import BAD_INPUT, err, out

if TYPE_CHECKING:
    from orchestration.documents.reader import DocumentReading
    from orchestration.warehouse.build import Build
    from orchestration.warehouse.check import CheckResult


def register(app: typer.Typer) -> None:
    app.command(epilog="Example:  ledgergate read 2024年度自评报告.pdf --into raw/2024/hunan_hrss")(read)


def read(
    document: Annotated[Path, typer.Argument(help="A published report: pdf, docx or txt.", show_default=False)],
    into: Annotated[Path, typer.Option(help="A year's folder, new or without these ledgers.", show_default=False)],
    year: Annotated[int | None, typer.Option(help="Fiscal year, where the document names none.")] = None,
) -> None:
    """Write a document's ledgers as reported, with sources.yml and the place of every figure (evidence.csv).

    A year then starts from the document itself. Nothing that is there is written over.
    """
    from orchestration.documents.reader import nothing_read, read_document
    from orchestration.documents.writing import write_year
    from orchestration.ledgers.contract import read_contracts
    from orchestration.rules.model import read_rules

    settings = Settings.from_environment()
    try:
        reading = read_document(document, read_contracts(settings.contracts), read_rules(settings.rules), year)
        if not reading.year.ledgers:
            raise InputError(nothing_read(reading))
        written = write_year(reading, into)
    except InputError as error:
        summary.show_problems(err, error.problems, "什么也没有写")
        raise typer.Exit(BAD_INPUT) from None
    figures = sum(cell.value is not None for cell in reading.year.cells)
    out.print(f"[green]已写[/]  {into}：{len(written) - 2} 本账，{figures} 个数，每个数的位置见 evidence.csv")
    if reading.loose:
        titles = "、".join(table.title for table in reading.loose)
        told = f"未写  {len(reading.loose)} 张没有契约的表：{titles}（check 按草拟的契约核对它们）"
        out.print(Text(told, style="yellow"))
    for each in reading.sentences.unread:
        out.print(Text.assemble(("未读  ", "yellow"), f"{each.place}  {each.text}（{each.around}）"))
    out.print("[dim]补上文档里没有的账（sources.yml 的 required 随之改），再 ledgergate check 或 run[/]")


def as_json(readings: list[DocumentReading], build: Build) -> list[dict[str, Any]]:
    """For each document: figures of tables and sentences, read, bound and verified; and each one that was not read."""
    return [_counts(reading, build) for reading in readings]


def write_reviews(console: Console, found: CheckResult, folder: Path) -> None:
    """The sheet of remarks and the marked copy of each document that was checked."""
    from orchestration.reporting.review import write_review

    for reading in found.documents:
        for path in write_review(found.build, reading, folder):
            console.print(f"[green]已写[/]  {path}")


def _counts(reading: DocumentReading, build: Build) -> dict[str, Any]:
    from orchestration.reporting.review import verified

    name = reading.document.name
    in_tables = sum(
        bool(cell.text) and cell.value is not None and ledger.source.sheet != "正文"
        for ledger in reading.year.ledgers.values()
        for cell in ledger.cells
    )
    return {
        "file": name,
        "tables": reading.tables,
        "drafted_tables": len(reading.drafted),
        "figures_in_tables": in_tables,
        "figures_in_sentences": reading.figures["read"] + reading.figures["unread"],
        **{name: reading.figures[name] for name in ("read", "bound")},
        "verified": len(verified(build, name)),
        "scanned_pages": list(reading.document.scans),
        "figures_not_read": len(reading.sentences.unread) + len(reading.unplaced),
        "unread": [
            *(
                {"place": str(each.place), "section": each.section, "text": each.text, "around": each.around}
                for each in reading.sentences.unread
            ),
            *(
                {"place": str(each.place), "section": "表", "text": each.text, "around": each.around}
                for each in reading.unplaced
            ),
        ],
    }


def _drafted(count: int) -> str:
    return f"、{count} 张草拟的表" if count else ""


def show(console: Console, readings: list[DocumentReading], build: Build, limit: int = 5) -> None:
    """One line for each document, and the first figures that were not read."""
    for found in as_json(readings, build):
        total = found["figures_in_sentences"]
        share = f"（{found['read'] * 100 // total}%）" if total else ""
        console.print(
            Text(
                f"文档  {found['tables']} 张表{_drafted(found['drafted_tables'])} {found['figures_in_tables']} 个数；"
                f"正文 {total} 个数，"
                f"读懂 {found['read']} 个{share}，其中 {found['bound']} 个"
                f"对应到账上的单元格；核实 {found['verified']} 个数",
                style="dim",
            )
        )
        for each in found["unread"][:limit]:
            console.print(Text.assemble(("未读  ", "yellow"), f"{each['place']}  {each['text']}（{each['around']}）"))
        if len(found["unread"]) > limit:
            console.print(Text(f"未读  另有 {len(found['unread']) - limit} 个数，见 --json", style="dim"))
