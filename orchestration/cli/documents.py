"""What a check of a document says beyond a ledger's: how many figures were read, bound to a cell and verified."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.text import Text

if TYPE_CHECKING:
    from orchestration.documents.reader import DocumentReading
    from orchestration.warehouse.build import Build

#: Figures that stand in a rule that holds as printed or within rounding, and in none that doesn't.
_VERIFIED = """
    select count(*) as n from (
        select address, bool_and(status in ('consistent', 'rounding', 'accepted', 'corrected')) as holds
        from rule_term join reconciliation using (fiscal_year, rule_id, instance)
        where address is not null and address in (select address from cell where file = ? and value is not null)
          and severity = 'error' and status <> 'undefined'
        group by address
    ) where holds
"""


def as_json(readings: list[DocumentReading], build: Build) -> list[dict[str, Any]]:
    """For each document: figures of tables and sentences, read, bound and verified; and each one that was not read."""
    return [_counts(reading, build) for reading in readings]


def _counts(reading: DocumentReading, build: Build) -> dict[str, Any]:
    name = reading.document.name
    (verified,) = build.rows(_VERIFIED, name)
    in_tables = sum(
        cell.value is not None and ledger.source.sheet != "正文"
        for ledger in reading.year.ledgers.values()
        for cell in ledger.cells
    )
    return {
        "file": name,
        "tables": reading.tables,
        "figures_in_tables": in_tables,
        "figures_in_sentences": reading.figures["read"] + reading.figures["unread"],
        **{name: reading.figures[name] for name in ("read", "bound")},
        "verified": verified["n"],
        "scanned_pages": list(reading.document.scans),
        "unread": [
            {"place": str(each.place), "section": each.section, "text": each.text, "around": each.around}
            for each in reading.sentences.unread
        ],
    }


def show(console: Console, readings: list[DocumentReading], build: Build, limit: int = 5) -> None:
    """One line for each document, and the first figures that were not read."""
    for found in as_json(readings, build):
        total = found["figures_in_sentences"]
        share = f"（{found['read'] * 100 // total}%）" if total else ""
        console.print(
            Text(
                f"文档  {found['tables']} 张表 {found['figures_in_tables']} 个数；正文 {total} 个数，"
                f"读懂 {found['read']} 个{share}，其中 {found['bound']} 个"
                f"对应到账上的单元格；核实 {found['verified']} 个数",
                style="dim",
            )
        )
        for each in found["unread"][:limit]:
            console.print(Text.assemble(("未读  ", "yellow"), f"{each['place']}  {each['text']}（{each['around']}）"))
        if len(found["unread"]) > limit:
            console.print(Text(f"未读  另有 {len(found['unread']) - limit} 个数，见 --json", style="dim"))
