"""Tables in a Word document: forms and plain tables as WordprocessingML, columns as wide as their longest figure needs.

python-docx builds tables cell by cell, which takes seconds for an index of a thousand rows; so they are written here.
Which tables stand where belongs in ``document``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from xml.sax.saxutils import escape

from docx.oxml.ns import nsdecls

from orchestration.base.wording import NOT_PROVIDED
from orchestration.reporting.figures import ReportFigure
from orchestration.reporting.forms import Form, FormCell, FormRow, alignment
from orchestration.reporting.layout import TextTable

_KIND_SHADE = {"head": "E7EDF3", "section": "F3F5F7", "total": "F3F5F7", "check": "FFFFFF"}
#: Left and right margin of a cell, and what edges and rounding may take, in twentieths of a point.
_MARGIN, _SLACK = 57, 30
#: Widths of characters in thousandths of the letter height, as the widest of the fonts that may draw them does (Noto
#: Serif CJK); what is not here is as wide as high, as Chinese is.
_WIDTHS = {
    **dict.fromkeys("0123456789", 557),
    **dict.fromkeys(".,", 327),
    "-": 346,
    "%": 923,
    " ": 256,
    "/": 400,
    "A": 740,
    "B": 690,
}
#: What parts two tables that read as one: Word joins tables that follow one another. Its height in points.
BETWEEN_HEIGHT = 1.0
BETWEEN = (
    f'<w:p {nsdecls("w")}><w:pPr><w:snapToGrid w:val="0"/>'
    f'<w:spacing w:before="0" w:after="0" w:line="{BETWEEN_HEIGHT * 20:.0f}" w:lineRule="exact"/>'
    '<w:rPr><w:sz w:val="2"/></w:rPr></w:pPr></w:p>'
)
#: What a row takes beside its lines, in points.
_ROW = 1.1
_MARK = 600  # a raised mark
#: Parts of heads up to this many characters are not broken.
_SHORT_WORD = 5
_UNBROKEN = re.compile(r"（[!-~]+）|[!-~]+|.")
#: No column of words gets narrower than this many characters.
_LEAST_WORDS = 2


def form_tables(form: Form, width: int, style: str, size: float) -> list[str]:
    """A form as tables ``width`` wide (twentieths of a point), in letters ``size`` points high: one for each of its
    heads, since only a table's first rows are printed again on the next page. ``BETWEEN`` stands between them.
    """
    widths = column_widths(form, width, size)
    return [
        _tbl(widths, "".join(_row_xml(row, widths, style, repeat=row.kind == "head") for row in part))
        for part in form_parts(form.rows)
    ]


def form_parts(rows: Sequence[FormRow]) -> list[list[FormRow]]:
    """A form's rows from one head to the next; heads that follow one another begin a part together."""
    parts: list[list[FormRow]] = []
    for before, row in zip([None, *rows], rows, strict=False):
        if before is None or (row.kind == "head" and before.kind != "head"):
            parts.append([])
        parts[-1].append(row)
    return parts


def column_widths(form: Form, width: int, size: float) -> list[int]:
    """Shares as the form asks for, but never less than a column's longest figure needs, whatever its size."""
    asked = shares(form.widths, width)
    needed = [0] * len(form.widths)
    for row in form.rows:
        for c, cell in enumerate(row.cells):
            if row.kind == "head" and not cell.merged and cell.columns == 1:
                needed[c] = max(needed[c], *(text_width(word, size) for word in _whole_words(cell.text)), 0)
            if not cell.merged and cell.columns == 1 and not isinstance(cell.value, str | None):
                mark = getattr(cell.value, "mark", "")
                needed[c] = max(
                    needed[c], text_width(cell.text, size) + (round(size * 20 * _MARK / 1000) if mark else 0)
                )
    least = [
        max(need, round(_LEAST_WORDS * size * 20)) + 2 * _MARGIN + _SLACK
        if need
        else round(_LEAST_WORDS * size * 20) + 2 * _MARGIN
        for need in needed
    ]
    return fitted(asked, least, width)


def _whole_words(head: str) -> list[str]:
    """The short parts of a head that are read at one go: 执行率 and （B/A）."""
    return [part for part in re.split("(?=（)", head) if len(part) <= _SHORT_WORD] or [""]


def fitted(asked: Sequence[int], least: Sequence[int], width: int) -> list[int]:
    """Widths as asked for; what is too narrow gets its least, and those that have more than that give it."""
    over = sum(max(few - share, 0) for share, few in zip(asked, least, strict=True))
    spare = [max(share - few, 0) for share, few in zip(asked, least, strict=True)]
    whole = sum(spare)
    if not over or not whole:
        return list(asked)
    given = min(over, whole)
    widths = [max(share, few) - own * given // whole for share, few, own in zip(asked, least, spare, strict=True)]
    widths[max(range(len(widths)), key=lambda c: spare[c])] += width - sum(widths)
    return widths


def text_width(text: str, size: float) -> int:
    """How wide a text is in twentieths of a point."""
    return round(sum(_WIDTHS.get(letter, 1000) for letter in text) * size * 20 / 1000)


def form_heights(
    form: Form, width: int, size: float, line: float, around: tuple[float, float], room: tuple[float, float]
) -> list[float]:
    """About how high a form comes out on each page that it takes, in points: each row as many lines as its fullest
    cell, a part's head again on the next page. ``around``: what stands above and below the form; ``room``: on this
    page, and on a whole one.
    """
    widths = column_widths(form, width, size)
    above, below = around
    left, whole = room
    pages = [above]
    for number, part in enumerate(form_parts(form.rows)):
        pages[-1] += BETWEEN_HEIGHT if number else 0
        heads, body = _head_and_body([(row, line * _lines(row, widths, size) + _ROW) for row in part])
        head = sum(heads)
        for opening, height in zip([head, *[0.0] * len(body)], body or [0.0], strict=False):
            if pages[-1] + opening + height > (left if len(pages) == 1 else whole):
                pages.append(head)
                opening = 0.0
            pages[-1] += opening + height
    if pages[-1] + below > (left if len(pages) == 1 else whole):
        pages.append(0.0)
    pages[-1] += below
    return pages


def _head_and_body(rows: Sequence[tuple[FormRow, float]]) -> tuple[list[float], list[float]]:
    """The heights of a part's head and of what stands below it."""
    return [high for row, high in rows if row.kind == "head"], [high for row, high in rows if row.kind != "head"]


def _lines(row: FormRow, widths: Sequence[int], size: float) -> int:
    return max(
        _broken(cell.text, sum(widths[c : c + cell.columns]) - 2 * _MARGIN, size)
        for c, cell in enumerate(row.cells)
        if not cell.merged and cell.rows == 1
    )


def _broken(text: str, width: int, size: float) -> int:
    """How many lines a text takes: Chinese is broken at any character, a figure or a word nowhere."""
    lines, used = 1, 0
    for piece in _UNBROKEN.findall(text):
        wide = text_width(piece, size)
        if used and used + wide > width:
            lines, used = lines + 1, 0
        used += wide
    return lines


def table_xml(table: TextTable, width: int, style: str) -> str:
    """A plain table of texts."""
    widths = shares(table.widths, width)
    head = "".join(
        _tc(text, w, 1, "", "center", _KIND_SHADE["head"], style, bold=True)
        for text, w in zip(table.columns, widths, strict=True)
    )
    rows = [_tr(head, repeat=True)]
    sides = ["right" if each else "left" for each in table.figures()]
    rows += [
        _tr("".join(_tc(text, w, 1, "", side, "", style) for text, w, side in zip(row, widths, sides, strict=True)),
            repeat=False)
        for row in table.rows
    ]  # fmt: skip
    return _tbl(widths, "".join(rows))


def shares(relative: Sequence[int], width: int) -> list[int]:
    whole = sum(relative)
    return [width * share // whole for share in relative]


def _row_xml(row: FormRow, widths: Sequence[int], style: str, *, repeat: bool) -> str:
    cells = []
    for c, cell in enumerate(row.cells):
        if cell.merged and cell.value == "<":
            continue
        span = _span(row.cells, c)
        merge = '<w:vMerge w:val="restart"/>' if cell.rows > 1 else "<w:vMerge/>" if cell.merged else ""
        text = "" if cell.merged else cell.text
        mark = cell.value.mark if isinstance(cell.value, ReportFigure) else ""
        shade = _KIND_SHADE.get(row.kind, "")
        bold = row.kind in ("head", "section", "total")
        cells.append(
            _tc(text, sum(widths[c : c + span]), span, merge, alignment(row, cell, c), shade, style,
                bold=bold, mark=mark, muted=_is_muted(row, cell))
        )  # fmt: skip
    return _tr("".join(cells), repeat=repeat)


def _span(cells: Sequence[FormCell], c: int) -> int:
    span = 1
    while c + span < len(cells) and cells[c + span].merged and cells[c + span].value == "<":
        span += 1
    return span


def _is_muted(row: FormRow, cell: FormCell) -> bool:
    return row.kind == "check" or cell.text == NOT_PROVIDED


def _tbl(widths: Sequence[int], rows: str) -> str:
    edges = "".join(
        f'<w:{e} w:val="single" w:sz="4" w:space="0" w:color="5B6770"/>'
        for e in ("top", "left", "bottom", "right", "insideH", "insideV")
    )
    grid = "".join(f'<w:gridCol w:w="{w}"/>' for w in widths)
    return (
        f'<w:tbl {nsdecls("w")}><w:tblPr><w:tblW w:w="{sum(widths)}" w:type="dxa"/><w:jc w:val="center"/>'
        f'<w:tblBorders>{edges}</w:tblBorders><w:tblLayout w:type="fixed"/>'
        f'<w:tblCellMar><w:left w:w="{_MARGIN}" w:type="dxa"/><w:right w:w="{_MARGIN}" w:type="dxa"/></w:tblCellMar>'
        f"</w:tblPr><w:tblGrid>{grid}</w:tblGrid>{rows}</w:tbl>"
    )


def _tr(cells: str, *, repeat: bool) -> str:
    header = "<w:tblHeader/>" if repeat else ""
    return f"<w:tr><w:trPr><w:cantSplit/>{header}</w:trPr>{cells}</w:tr>"


def _tc(
    text: str, width: int, span: int, merge: str, align: str, shade: str, style: str,
    *, bold: bool = False, mark: str = "", muted: bool = False,
) -> str:  # fmt: skip
    look = ("<w:b/>" if bold else "") + ('<w:color w:val="6B7780"/>' if muted else "")
    look = f"<w:rPr>{look}</w:rPr>" if look else ""
    star = f'<w:r><w:rPr><w:vertAlign w:val="superscript"/></w:rPr><w:t>{mark}</w:t></w:r>' if mark else ""
    return (
        f'<w:tc><w:tcPr><w:tcW w:w="{width}" w:type="dxa"/>'
        + (f'<w:gridSpan w:val="{span}"/>' if span > 1 else "")
        + merge
        + (f'<w:shd w:val="clear" w:color="auto" w:fill="{shade}"/>' if shade else "")
        + ("<w:noWrap/>" if align == "right" else "")
        + f'<w:vAlign w:val="center"/></w:tcPr><w:p><w:pPr><w:pStyle w:val="{style}"/>'
        f'<w:jc w:val="{align}"/></w:pPr>'
        f'<w:r>{look}<w:t xml:space="preserve">{escape(text)}</w:t></w:r>{star}</w:p></w:tc>'
    )
