"""The review of a published document: a sheet of remarks (审核意见表) and the document itself with marks. Reads a build
and what was read of the document; decides nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from orchestration.base.wording import BROKEN_IN_SQL, decimal_text
from orchestration.documents.claims import LEDGER as CLAIMS
from orchestration.documents.marks import Mark, mark_docx, mark_pdf
from orchestration.documents.reader import DocumentReading
from orchestration.drafting.documents import NAME
from orchestration.ledgers.money import MONEY_UNITS
from orchestration.warehouse.build import Build

_MOST_MARKED = 6
_LINE = 34  # characters of a remark on a line of the sheet
_HEADERS = ("序号", "位置", "列示", "应为", "意见", "依据", "程度")
_WIDTHS = (6, 30, 16, 26, 70, 30, 8)
SUSPECT, ERROR, WARNING, NOTICE = "疑点", "不成立", "提示", "注意"

#: Every broken rule instance with each of its cells that is printed; of a claim also where it is made.
_BROKEN = f"""
    with place as (
        select t.fiscal_year, t.rule_id, t.instance, t.side, t.term, c.cell, c.file, c.text
        from rule_term as t left join cell as c on c.address = t.address
        union all
        select c.fiscal_year, r.rule_id, r.instance, 'said', 0, c.cell, c.file, c.text
        from reconciliation as r inner join cell as c on c.row_key = r.instance
        where c.ledger = '{CLAIMS}' and c.unit = 'text'
    )
    select r.severity, r.rule_id, r.instance, r.statement, place.side, place.cell, place.file, place.text
    from reconciliation as r left join place using (fiscal_year, rule_id, instance)
    where r.status in {BROKEN_IN_SQL}
    order by r.severity, r.rule_id, r.instance, place.side, place.term
"""
#: Figures that stand in rules that must hold, that a draft found or that sentences state, and all of those do.
_VERIFIED = f"""
    select address, cell, any_value(cell.text) as text
    from cell inner join rule_term using (fiscal_year, address)
    inner join reconciliation using (fiscal_year, rule_id, instance)
    where file = ? and cell.text <> '' and cell.value is not null and status <> 'undefined'
        and (severity = 'error' or starts_with(rule_id, '{NAME}_') or starts_with(rule_id, 'stated_'))
    group by address, cell having not bool_or(status in {BROKEN_IN_SQL})
"""


@dataclass(frozen=True)
class Remark:
    """One line of the sheet."""

    places: tuple[str, ...]
    stated: str
    should_be: str
    says: str
    evidence: str
    degree: str


def remarks(build: Build, file: str) -> list[Remark]:
    """Suspects first, then what doesn't hold, warnings, and what should be looked at."""
    found = [_suspect(row) for row in build.rows(
        """select s.*, c.cell, c.printed_unit from suspect_cell as s join cell as c using (address)
           where s.rank = 1 and c.file = ? order by s.fault, s.answer, s.address""", file)]  # fmt: skip
    instances: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for row in build.rows(_BROKEN):
        instances.setdefault((row["rule_id"], row["instance"]), []).append(row)
    for (rule, _), rows in instances.items():
        here = [row for row in rows if row["file"] == file]
        if here or not any(row["file"] for row in rows):
            found.append(_broken(rule, rows[0], here))
    found += [
        Remark((notice.cell,), notice.found, notice.expected, f"{notice.found}；{notice.expected}", "", NOTICE)
        for notice in build.notices
        if notice.file == file
    ]
    order = (SUSPECT, ERROR, WARNING, NOTICE)
    return sorted(found, key=lambda remark: order.index(remark.degree))


def verified(build: Build, file: str) -> list[dict[str, Any]]:
    """Address, place and text of each figure of a file that rules confirm; one that two ledgers hold stands once."""
    return list({(row["cell"], row["text"]): row for row in build.rows(_VERIFIED, file)}.values())


def _broken(rule: str, judged: dict[str, Any], here: list[dict[str, Any]]) -> Remark:
    """A rule that does not hold. ``here``: its cells in the file."""
    degree = ERROR if judged["severity"] == "error" else WARNING
    # Of a sum over a column the total is marked: which part is wrong is for the suspect to say.
    shown = here if len(here) <= _MOST_MARKED else [row for row in here if row["side"] == "left"]
    places = tuple(dict.fromkeys(row["cell"] for row in shown if row["cell"]))
    stated = here[0]["text"] if here else ""
    return Remark(places, stated or "", "", judged["statement"], f"规则 {rule}", degree)


def _suspect(row: dict[str, Any]) -> Remark:
    return Remark((row["cell"],), row["printed_text"], _implied(row), row["statement"], row["witnesses"] or "", SUSPECT)


def _implied(row: dict[str, Any]) -> str:
    low, high = row["implied_low_yuan"], row["implied_high_yuan"]
    if low is None or high is None:
        return ""
    unit = row["printed_unit"] or ""
    if row["unit"] == "yuan" and unit in MONEY_UNITS:
        low, high = (value * 100 / MONEY_UNITS[unit] for value in (low, high))
    text = decimal_text(low) if low == high else f"{decimal_text(low)} 至 {decimal_text(high)}"
    return f"{text} {unit}" if row["unit"] == "yuan" else text


def write_review(build: Build, reading: DocumentReading, folder: Path) -> list[Path]:
    """The sheet, and a marked copy of a PDF or DOCX, in a folder."""
    source = Path(reading.document.name)
    found = remarks(build, reading.document.name)
    folder.mkdir(parents=True, exist_ok=True)
    written = [folder / f"{source.stem}-审核意见表.xlsx"]
    _write_sheet(written[0], source.name, found)
    if source.suffix.lower() in (".pdf", ".docx"):
        target = folder / f"{source.stem}-标注{source.suffix}"
        marks = _marks(build, reading, found)
        (mark_pdf if source.suffix.lower() == ".pdf" else mark_docx)(source, target, marks)
        written.append(target)
    return written


def _marks(build: Build, reading: DocumentReading, found: Sequence[Remark]) -> list[Mark]:
    """Grey and green below, amber and red above, each place once in its worst colour with all its notes."""
    noted: dict[str, tuple[str, list[str]]] = {}
    for remark in found:
        colour = "red" if remark.degree in (SUSPECT, ERROR) else "amber"
        for place in remark.places:
            before = noted.get(place, (colour, []))
            noted[place] = ("red" if "red" in (before[0], colour) else "amber", [*before[1], remark.says])
    unread = [each.place for each in reading.sentences.unread] + [each.place for each in reading.unplaced]
    below = [Mark(str(place), "grey") for place in unread]
    green = dict.fromkeys(row["cell"] for row in verified(build, reading.document.name))
    below += [Mark(place, "green") for place in green if place not in noted]
    return below + [
        Mark(place, "red" if colour == "red" else "amber", "\n".join(dict.fromkeys(notes)))
        for place, (colour, notes) in noted.items()
    ]


def _write_sheet(path: Path, name: str, found: Iterable[Remark]) -> None:
    import xlsxwriter

    with xlsxwriter.Workbook(str(path), {"strings_to_formulas": False, "strings_to_urls": False}) as book:
        sheet = book.add_worksheet("审核意见表")
        title = book.add_format({"bold": True, "font_size": 14})
        head = book.add_format({"bold": True, "border": 1, "bg_color": "#E7EEF7", "align": "center"})
        cell = book.add_format({"border": 1, "text_wrap": True, "valign": "top"})
        sheet.write_string(0, 0, f"审核意见表：{name}", title)
        for c, (text, width) in enumerate(zip(_HEADERS, _WIDTHS, strict=True)):
            sheet.set_column(c, c, width)
            sheet.write_string(2, c, text, head)
        for r, remark in enumerate(found, 3):
            longest = max(len(remark.says) // _LINE, len(remark.should_be) // 12, len(remark.stated) // 7) + 1
            sheet.set_row(r, 15 * max(longest, min(len(remark.places), 4)))
            sheet.write_number(r, 0, r - 2, cell)
            texts = ("\n".join(remark.places[:4]), remark.stated, remark.should_be, remark.says, remark.evidence)
            for c, text in enumerate((*texts, remark.degree), 1):
                sheet.write_string(r, c, text, cell)
        sheet.freeze_panes(3, 0)
        sheet.set_landscape()
        sheet.fit_to_pages(1, 0)
