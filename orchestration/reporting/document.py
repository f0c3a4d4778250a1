"""The report as a Word document: the office's template filled in, its tables, charts and appendices put in place.

Wording belongs in ``templates/report.docx``, which is edited in Word. A field there prints a figure
(``{{ 表1.合计.上年结转 }}``) or stands for a block that takes the place of its paragraph: ``{{ 叙述.主要职能 }}``,
``{{ 表格.表1 }}``, ``{{ 图.预算资金流向 }}``, ``{{ 附件 }}``, ``{{ 核对附录 }}``, ``{{ 数字索引 }}``.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, time
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from docx import Document
from docx.document import Document as Docx
from docx.enum.text import WD_COLOR_INDEX
from docx.opc.constants import RELATIONSHIP_TYPE as RT
from docx.opc.exceptions import PackageNotFoundError
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls, qn
from docx.shared import Length, Mm
from docx.text.paragraph import Paragraph
from docx.text.run import Run
from docxtpl import DocxTemplate

from orchestration.base.sandbox import BAD_TEXT
from orchestration.reporting.charts import Chart, MissingFontError, png
from orchestration.reporting.fields import TOKEN, FieldError, Fields, Figure
from orchestration.reporting.forms import Cell, Form
from orchestration.reporting.forms import Row as FormRow
from orchestration.reporting.layout import INDEX, Printed, Table, index_by_row, index_rows, reconciliation_tables

TEMPLATE = Path(__file__).parent / "templates" / "report.docx"
MOST_UNPACKED = 64 * 2**20  # bytes of a template's parts
MOST_XML = 64 * 2**20  # characters that one of them may become
_BLOCK_OPEN, _BLOCK_CLOSE = "\ue010", "\ue011"
_BLOCK = re.compile(f"{_BLOCK_OPEN}([^:{_BLOCK_CLOSE}]+):?([^{_BLOCK_CLOSE}]*){_BLOCK_CLOSE}")
_GAP = re.compile(r"【(?:未提供|待补|图未生成)：[^】]*】")
_NUMBERED = (
    re.compile(r"([一二三四五六七八九十]+)、"),
    re.compile(r"（([一二三四五六七八九十]+)）"),
    re.compile(r"(\d+)[.．、]"),
)
_CAPTION = Mm(16)
_KIND_SHADE = {"head": "E7EDF3", "section": "F3F5F7", "total": "F3F5F7", "check": "FFFFFF"}


@dataclass
class Written:
    """A document, and what stands where in it."""

    content: bytes
    printed: list[Printed]
    warnings: list[str]
    headings: list[tuple[int, str]] = field(default_factory=list)


class _Blocks:
    """``表格.表1``: a marker for the block that takes this paragraph's place."""

    def __init__(self, kind: str, known: Sequence[str], place: str):
        self._kind, self._known, self._place = kind, known, place

    def __getattr__(self, name: str) -> str:
        if name.startswith("_"):
            raise AttributeError(name)
        if self._known and name not in self._known:
            raise FieldError(f"{self._place}没有“{name}”；有：{'、'.join(self._known)}")
        return f"{_BLOCK_OPEN}{self._kind}:{name}{_BLOCK_CLOSE}"

    __getitem__ = __getattr__


def write_document(
    fields: Fields,
    forms: Sequence[Form],
    charts: Sequence[Chart] | None,
    template: Path = TEMPLATE,
) -> Written:
    """Fill the template. ``charts``: those that it may ask for; None leaves charts out (they take the longest).

    Raises ``FieldError`` naming the template and the field where it names what is not there.
    """
    by_title = {chart.title: chart for chart in charts or ()}
    filled = _fill(fields, forms, list(by_title), template)
    writer = _Writer(fields, forms, by_title, filled, template.name)
    writer.place_blocks()
    _properties(filled, fields)
    output = io.BytesIO()
    filled.save(output)
    return Written(_reproducible(output.getvalue()), writer.printed, writer.warnings, writer.headings)


def _fill(fields: Fields, forms: Sequence[Form], charts: Sequence[str], path: Path) -> Docx:
    """The template with its fields filled in; figures and blocks still marked by tokens."""
    context = {
        **fields.context,
        "叙述": _Blocks("text", (), "叙述"),  # an unwritten one is a gap, not an error
        "表格": _Blocks("form", [form.id for form in forms if not form.is_annex], "表格"),
        "图": _Blocks("chart", charts, "图"),
        **{name: f"{_BLOCK_OPEN}{name}{_BLOCK_CLOSE}" for name in ("附件", "附件清单", "核对附录", "数字索引")},
    }
    environment = fields.environment.overlay(autoescape=True)
    environment.most_output = MOST_XML
    try:
        template = DocxTemplate(io.BytesIO(_whole(path)))
        template.render(context, environment, autoescape=True)
    except FieldError as error:
        raise FieldError(error.message, path.name) from None
    except (*BAD_TEXT, OSError, zipfile.BadZipFile, NotImplementedError, PackageNotFoundError) as error:
        raise FieldError(fields.unknown(error), path.name) from error
    document: Docx = template.docx
    return document


def _whole(path: Path) -> bytes:
    """A template's bytes, once it is known that what they unpack to has a bound."""
    content = path.read_bytes()
    with zipfile.ZipFile(io.BytesIO(content)) as parts:
        unpacked = sum(part.file_size for part in parts.infolist())
    if unpacked > MOST_UNPACKED:
        raise FieldError(f"解开后有 {unpacked} 字节，上限 {MOST_UNPACKED}")
    return content


class _Writer:
    """Walks the filled template once: puts blocks in place, strips tokens, records where each figure stands."""

    def __init__(self, fields: Fields, forms: Sequence[Form], charts: Mapping[str, Chart], docx: Docx, name: str):
        self.fields, self.forms, self.charts, self.docx = fields, {form.id: form for form in forms}, charts, docx
        self.name = name
        self.section: list[str] = []
        self.count = 0
        self.printed: list[Printed] = []
        self.warnings: list[str] = []
        self.headings: list[tuple[int, str]] = []
        self.narrative: dict[str, list[dict[str, Any]]] = {}
        self.told: set[str] = set()  # slots of the narrative that the template asked for
        for row in sorted(fields.version.tables["narrative"], key=lambda row: (row["slot"], row["position"])):
            self.narrative.setdefault(row["slot"], []).append(row)

    def place_blocks(self) -> None:
        for paragraph in list(self.docx.paragraphs):
            found = _BLOCK.fullmatch(paragraph.text.strip())
            if found is None:
                if _BLOCK.search(paragraph.text):
                    raise FieldError(f"整块的内容要独占一段：“{_BLOCK.sub('…', paragraph.text)[:30]}”", self.name)
                self._settle(paragraph)
                continue
            kind, name = found.groups()
            for run in paragraph.runs:
                run.text = ""
            self._block(paragraph, kind, name)
        self._settle_elsewhere()
        year = self.fields.version.year
        self.warnings += [
            f"raw/{year}/narrative.yml 的“{slot}”没有用上：模板里没有 {{{{ 叙述.{slot} }}}}"
            for slot in self.narrative if slot not in self.told
        ]  # fmt: skip

    def _settle_elsewhere(self) -> None:
        """Fields that the office put into tables of its own, headers and footers."""
        # By relation: docxtpl replaces these parts, and python-docx still knows the ones from before.
        beside = [rel for rel in self.docx.part.rels.values() if rel.reltype in (RT.HEADER, RT.FOOTER)]
        places = {"模板中的表": [self.docx.element.body], "页眉页脚": [rel.target_part._element for rel in beside]}
        for name, roots in places.items():
            self.section, self.count = [name], 0
            for element in (paragraph for root in roots for paragraph in root.iter(qn("w:p"))):
                paragraph = Paragraph(element, self.docx._body)
                if _BLOCK.search(paragraph.text):
                    raise FieldError(f"整块的内容不能放在{name}里", self.name)
                if TOKEN.search(paragraph.text):
                    self._settle(paragraph)

    def _block(self, at: Paragraph, kind: str, name: str) -> None:
        if kind == "text":
            self._narrative(at, name)
        elif kind == "form":
            self._form(at, self.forms[name], caption=True)
            _remove(at)
        elif kind == "chart":
            self._chart(at, name)
        elif kind == "附件清单":
            annexes = [form for form in self.forms.values() if form.is_annex]
            for number, form in enumerate(annexes, 1):
                self._paragraph(at, f"{number}．{form.title}", "Body Text")
            _remove(at)
        elif kind == "附件":
            for form in self.forms.values():
                if form.is_annex:
                    heading = self._paragraph(at, f"{form.id}　{form.title}", "附件标题")
                    heading.paragraph_format.page_break_before = form.id != "附件1"
                    self._form(at, form, caption=False)
            _remove(at)
        elif kind == "核对附录":
            for table in reconciliation_tables(self.fields):
                self._table(at, table)
            _remove(at)
        elif kind == "数字索引":
            rows = index_rows(self.fields, self.printed) + index_by_row(self.fields, list(self.forms.values()))
            self._table(at, Table("", INDEX, [18, 34, 22, 26, 30, 50], rows), "索引文字")
            _remove(at)

    # --- text -----------------------------------------------------------------------------------------------------

    def _settle(self, paragraph: Paragraph) -> None:
        """Strip the tokens of a paragraph, record its figures, and mark what is corrected and what is missing."""
        self._enter(paragraph)
        notes: list[str] = []
        for run in paragraph.runs:
            if TOKEN.search(run.text):
                run.text = TOKEN.sub(lambda found: self._print(int(found[1]), found[2], notes), run.text)
            if _GAP.search(run.text):
                _highlight_gaps(run)
        for note in reversed(dict.fromkeys(notes)):
            self._after(paragraph, f"＊{note}", "表注")
        self.warnings += [gap for gap in _GAP.findall(paragraph.text) if gap not in self.warnings]

    def _print(self, number: int, text: str, notes: list[str]) -> str:
        figure = self.fields.printed[number]
        self.count += 1
        self.printed.append(Printed(f"{''.join(self.section) or '引言'}#{self.count}", figure))
        notes += figure.remarks
        return text + ("＊" if figure.remarks else "")

    def _enter(self, paragraph: Paragraph) -> None:
        """Keep track of the section, by the headings' own numbers: 三（二）1."""
        name = paragraph.style.name if paragraph.style else ""
        if not name or not name.startswith("Heading"):
            return
        level = int(name[-1])
        text = TOKEN.sub(r"\2", paragraph.text)
        self.headings.append((level, text))
        found = _NUMBERED[level - 1].match(text)
        label = found[0].strip("、.．") if found else text
        self.section = [*self.section[: level - 1], label]
        self.count = 0

    def _narrative(self, at: Paragraph, slot: str) -> None:
        pieces = self.narrative.get(slot)
        self.told.add(slot)
        if pieces is None:
            return self._gap(
                at, f"【待补：{slot}】", f" 在 raw/{self.fields.version.year}/narrative.yml 写“{slot}”一栏"
            )
        number = 0
        for piece in pieces:
            where = f"narrative.yml {slot} 第 {piece['position']} 段"
            text = self.fields.render(piece["text"], where)
            if piece["kind"] == "heading":
                number += 1
                text = f"{number}．{text}"
            self._settle(self._paragraph(at, text, "Heading 3" if piece["kind"] == "heading" else "Body Text"))
        return _remove(at)

    def _paragraph(self, before: Paragraph, text: str, style: str) -> Paragraph:
        return before.insert_paragraph_before(text, self.docx.styles[style])

    def _after(self, paragraph: Paragraph, text: str, style: str) -> None:
        element = parse_xml(f"<w:p {nsdecls('w')}/>")
        paragraph._p.addnext(element)
        added = Paragraph(element, paragraph._parent)
        added.style = self.docx.styles[style]
        added.add_run(text)

    def _chart(self, at: Paragraph, name: str) -> None:
        if not self.charts:
            return None
        chart = self.charts[name]
        try:
            picture = png(chart) if chart.rows else None
        except MissingFontError as error:
            return self._gap(at, f"【图未生成：{error}】")
        if picture is None:
            return self._gap(at, f"【未提供：图 {name}】")
        at.style = self.docx.styles["图"]
        drawn = at.runs[0].add_picture(io.BytesIO(picture))
        page = self.docx.sections[0]
        width = page.page_width - page.left_margin - page.right_margin  # type: ignore[operator]
        height = page.page_height - page.top_margin - page.bottom_margin - _CAPTION  # type: ignore[operator]
        share = min(width / drawn.width, height / drawn.height)  # a high one leaves room for its caption
        drawn.width, drawn.height = Length(int(drawn.width * share)), Length(int(drawn.height * share))
        at.paragraph_format.keep_with_next = True
        return self._after(at, f"图　{chart.title}", "表题")

    def _gap(self, at: Paragraph, gap: str, hint: str = "") -> None:
        at.runs[0].text = gap
        _highlight_gaps(at.runs[0])
        self.warnings.append(gap + hint)

    # --- tables ---------------------------------------------------------------------------------------------------

    def _form(self, at: Paragraph, form: Form, *, caption: bool) -> None:
        if caption:
            self._paragraph(at, f"{form.id}　{form.title}", "表题")
        self._paragraph(at, f"单位：{form.unit}", "表单位")
        at._p.addprevious(parse_xml(_form_xml(form, self._width(at), self.docx.styles["表格文字"].style_id)))
        notes = [f"＊{note}" for note in form.remarks]
        if any(row.kind == "check" for row in form.rows):
            notes.append("注：因四舍五入，明细之和与合计数可能略有差异，以合计数为准。")
        for note in notes or [""]:
            self._paragraph(at, note, "表注")

    def _table(self, at: Paragraph, table: Table, style: str = "表格文字") -> None:
        if table.title:
            self._paragraph(at, table.title, "表题")
        if not table.rows:
            self._paragraph(at, table.empty, "表注")
            return
        at._p.addprevious(parse_xml(_table_xml(table, self._width(at), self.docx.styles[style].style_id)))
        self._paragraph(at, "", "表注")

    def _width(self, at: Paragraph) -> int:
        """The text's width where a paragraph stands, in twentieths of a point."""
        after = [
            s
            for s in at._p.itersiblings(qn("w:p"), qn("w:sectPr"))
            if s.tag == qn("w:sectPr") or s.find(f".//{qn('w:sectPr')}") is not None
        ]
        own = at._p.find(f".//{qn('w:sectPr')}")
        found = (
            own
            if own is not None
            else after[0]
            if after[0].tag == qn("w:sectPr")
            else after[0].find(f".//{qn('w:sectPr')}")
        )
        size, margin = found.find(qn("w:pgSz")), found.find(qn("w:pgMar"))
        return int(size.get(qn("w:w"))) - int(margin.get(qn("w:left"))) - int(margin.get(qn("w:right")))


# --- table XML: python-docx builds tables cell by cell, which takes seconds for an index of a thousand rows ---------


def _form_xml(form: Form, width: int, style: str) -> str:
    widths = _shares(form.widths, width)
    one_head = sum(row.kind == "head" for row in form.rows) == 1  # of several, the first does not head what follows
    rows = "".join(_row_xml(row, widths, style, repeat=one_head and row.kind == "head") for row in form.rows)
    return _tbl(widths, rows)


def _row_xml(row: FormRow, widths: Sequence[int], style: str, *, repeat: bool) -> str:
    cells = []
    for c, cell in enumerate(row.cells):
        if cell.merged and cell.value == "<":
            continue
        span = _span(row.cells, c)
        merge = '<w:vMerge w:val="restart"/>' if cell.rows > 1 else "<w:vMerge/>" if cell.merged else ""
        text = "" if cell.merged else cell.text
        mark = "＊" if isinstance(cell.value, Figure) and cell.value.remarks else ""
        shade = _KIND_SHADE.get(row.kind, "")
        bold = row.kind in ("head", "section", "total")
        cells.append(
            _tc(text, sum(widths[c : c + span]), span, merge, _align(row, cell, c), shade, style,
                bold=bold, mark=mark, muted=_is_muted(row, cell))
        )  # fmt: skip
    return _tr("".join(cells), repeat=repeat)


def _span(cells: Sequence[Cell], c: int) -> int:
    span = 1
    while c + span < len(cells) and cells[c + span].merged and cells[c + span].value == "<":
        span += 1
    return span


def _align(row: FormRow, cell: Cell, column: int) -> str:
    if row.kind == "head" or (column == 0 and len(cell.text) <= 3):
        return "center"
    if cell.value is None or isinstance(cell.value, str):
        return "center" if row.kind == "total" and cell.columns > 1 else "left"
    return "center" if cell.text == "未提供" else "right"


def _is_muted(row: FormRow, cell: Cell) -> bool:
    return row.kind == "check" or cell.text == "未提供"


def _table_xml(table: Table, width: int, style: str) -> str:
    widths = _shares(table.widths, width)
    rows = [
        _tr(
            "".join(
                _tc(t, w, 1, "", "center", _KIND_SHADE["head"], style, bold=True)
                for t, w in zip(table.columns, widths, strict=True)
            ),
            repeat=True,
        )
    ]
    rows += [
        _tr("".join(_tc(text, w, 1, "", "left", "", style) for text, w in zip(row, widths, strict=True)), repeat=False)
        for row in table.rows
    ]
    return _tbl(widths, "".join(rows))


def _shares(relative: Sequence[int], width: int) -> list[int]:
    whole = sum(relative)
    return [width * share // whole for share in relative]


def _tbl(widths: Sequence[int], rows: str) -> str:
    edges = "".join(
        f'<w:{e} w:val="single" w:sz="4" w:space="0" w:color="5B6770"/>'
        for e in ("top", "left", "bottom", "right", "insideH", "insideV")
    )
    grid = "".join(f'<w:gridCol w:w="{w}"/>' for w in widths)
    return (
        f'<w:tbl {nsdecls("w")}><w:tblPr><w:tblW w:w="{sum(widths)}" w:type="dxa"/><w:jc w:val="center"/>'
        f'<w:tblBorders>{edges}</w:tblBorders><w:tblLayout w:type="fixed"/>'
        f'<w:tblCellMar><w:left w:w="57" w:type="dxa"/><w:right w:w="57" w:type="dxa"/></w:tblCellMar></w:tblPr>'
        f"<w:tblGrid>{grid}</w:tblGrid>{rows}</w:tbl>"
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
        + f'<w:vAlign w:val="center"/></w:tcPr><w:p><w:pPr><w:pStyle w:val="{style}"/><w:jc w:val="{align}"/></w:pPr>'
        f'<w:r>{look}<w:t xml:space="preserve">{escape(text)}</w:t></w:r>{star}</w:p></w:tc>'
    )


# --- the file -------------------------------------------------------------------------------------------------------


def _highlight_gaps(run: Run) -> None:
    """Give each gap of a run a run of its own, highlighted."""
    parts = re.split(f"({_GAP.pattern})", run.text)
    run.text = parts[0]
    last = run
    for part in parts[1:]:
        element = parse_xml(f"<w:r {nsdecls('w')}/>")
        if run._r.rPr is not None:
            element.append(_copy(run._r.rPr))
        last._r.addnext(element)
        last = Run(element, run._parent)
        last.text = part
        if _GAP.fullmatch(part):
            last.font.highlight_color = WD_COLOR_INDEX.YELLOW


def _copy(element: Any) -> Any:
    from copy import deepcopy

    return deepcopy(element)


def _remove(paragraph: Paragraph) -> None:
    """Take a marker out; one that ends a section stays, emptied, since the section's layout hangs on it."""
    if paragraph._p.find(f".//{qn('w:sectPr')}") is None:
        paragraph._p.getparent().remove(paragraph._p)


def _properties(document: Docx, fields: Fields) -> None:
    """Whose report it is, dated by its signature: nothing of the moment at which it was made."""
    version = fields.version
    core = document.core_properties
    signed = datetime.combine(version.signed, time(), UTC) if version.signed else published_at(version.name)
    core.title = f"{version.year}年度{version.department}部门整体支出绩效自评报告"
    core.author = core.last_modified_by = version.department
    core.created = core.modified = signed.replace(tzinfo=None)
    core.comments = f"发布版本 {version.name}"
    core.revision = 1


def published_at(name: str) -> datetime:
    """When a version was published, by its name."""
    return datetime.strptime(name.partition("-")[0], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)


def _reproducible(content: bytes) -> bytes:
    """The same parts without the clock that zip files carry."""
    output = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as source, zipfile.ZipFile(output, "w", zipfile.ZIP_DEFLATED) as target:
        for name in sorted(source.namelist(), key=lambda name: (name != "[Content_Types].xml", name)):
            info = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o644 << 16
            target.writestr(info, source.read(name))
    return output.getvalue()


def text_of(content: bytes) -> Iterator[str]:
    """Paragraphs of a document, for the preview."""
    for paragraph in Document(io.BytesIO(content)).paragraphs:
        if paragraph.text.strip():
            yield paragraph.text
