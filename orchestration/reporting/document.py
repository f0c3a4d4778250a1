"""The report as a Word document: the office's template filled in, its tables, charts and appendices put in place.

Wording belongs in ``templates/report.docx``, which is edited in Word. A field there prints a figure
(``{{ 表1.合计.上年结转 }}``) or stands for a block that takes the place of its paragraph: ``{{ 叙述.主要职能 }}``,
``{{ 表格.表1 }}``, ``{{ 图.预算资金流向 }}``, ``{{ 附件 }}``, ``{{ 核对附录 }}``, ``{{ 数字索引 }}``. What only the
internal edition has stands between ``{%p if 内部版 %}`` and ``{%p endif %}``. Tables as WordprocessingML belong in
``word_tables``.
"""

from __future__ import annotations

import io
import re
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from docx.document import Document as Docx
from docx.enum.text import WD_COLOR_INDEX
from docx.opc.constants import RELATIONSHIP_TYPE as RT
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls, qn
from docx.shared import Length, Mm
from docx.text.paragraph import Paragraph
from docx.text.run import Run

from orchestration.ledgers.cell import folder_of
from orchestration.reporting.drawing import Chart, MissingFontError
from orchestration.reporting.edition import Edition
from orchestration.reporting.fields import Fields
from orchestration.reporting.figures import MARKS, TOKEN, FieldError
from orchestration.reporting.forms import Form
from orchestration.reporting.layout import (
    INDEX,
    PlacedFigure,
    TextBlock,
    TextTable,
    index_by_row,
    index_rows,
    reconciliation_tables,
)
from orchestration.reporting.page_breaks import plan_breaks
from orchestration.reporting.word_file import reproducible, stamp
from orchestration.reporting.word_tables import BETWEEN, form_heights, form_tables, table_xml, text_width
from orchestration.reporting.word_template import BLOCK, fill_template

TEMPLATE = Path(__file__).parent / "templates" / "report.docx"
_GAP = re.compile(r"【(?:未提供|待补|图未生成)：[^】]*】")
_NUMBERED = (
    re.compile(r"([一二三四五六七八九十]+)、"),
    re.compile(r"（([一二三四五六七八九十]+)）"),
    re.compile(r"(\d+)[.．、]"),
)
_MARKED = re.compile(f"[{MARKS}]")
_CAPTION = Mm(16)
#: What stands above and below an annex's table, in points; and how much of a page is never counted on.
_ANNEX_FRAME, _RESERVE = 46.0, 0.005
_NOTE_LINE = 12.0


@dataclass
class WrittenDocument:
    """A document, and what stands where in it. ``body``: its text up to the annexes, for the page."""

    content: bytes
    printed: list[PlacedFigure]
    warnings: list[str]
    headings: list[tuple[int, str]] = field(default_factory=list)
    body: list[TextBlock] = field(default_factory=list)


def write_document(
    fields: Fields,
    forms: Sequence[Form],
    charts: Sequence[Chart] | None,
    template: Path = TEMPLATE,
    edition: Edition = Edition.INTERNAL,
) -> WrittenDocument:
    """Fill the template for one edition. ``charts``: those that it may ask for; None leaves charts out, which take
    the longest.

    Raises ``FieldError`` naming the template and the field where it names what is not there.
    """
    by_title = {chart.title: chart for chart in charts or ()}
    filled = fill_template(fields, forms, list(by_title), template, edition)
    shown = forms if edition is Edition.INTERNAL else [form.published() for form in forms]
    writer = _Writer(fields, shown, by_title, filled, template.name)
    writer.place_blocks()
    stamp(filled, fields.version, internal=edition is Edition.INTERNAL)
    output = io.BytesIO()
    filled.save(output)
    return WrittenDocument(
        reproducible(output.getvalue()), writer.printed, writer.warnings, writer.headings, writer.body
    )


class _Writer:
    """Walks the filled template once: puts blocks in place, strips tokens, records where each figure stands."""

    def __init__(self, fields: Fields, forms: Sequence[Form], charts: Mapping[str, Chart], docx: Docx, name: str):
        self.fields, self.charts, self.docx = fields, charts, docx
        self.forms = {form.id: form for form in forms}
        self.name = name
        self.section: list[str] = []
        self.count = self.drawn = 0
        self.printed: list[PlacedFigure] = []
        self.warnings: list[str] = []
        self.headings: list[tuple[int, str]] = []
        self.body: list[TextBlock] = []
        self.is_body = True  # until the annexes
        self.narrative: dict[str, list[dict[str, Any]]] = {}
        self.told: set[str] = set()  # slots of the narrative that the template asked for
        for row in sorted(fields.version.tables["narrative"], key=lambda row: (row["slot"], row["position"])):
            self.narrative.setdefault(row["slot"], []).append(row)

    def place_blocks(self) -> None:
        for paragraph in list(self.docx.paragraphs):
            found = BLOCK.fullmatch(paragraph.text.strip())
            if found is None:
                if BLOCK.search(paragraph.text):
                    raise FieldError(f"整块的内容要独占一段：“{BLOCK.sub('…', paragraph.text)[:30]}”", self.name)
                self._settle(paragraph)
                continue
            kind, name = found.groups()
            for run in paragraph.runs:
                run.text = ""
            self._block(paragraph, kind, name)
        self._settle_elsewhere()
        self.warnings += [
            f"{self._text_file} 的“{slot}”没有用上：模板里没有 {{{{ 叙述.{slot} }}}}"
            for slot in self.narrative if slot not in self.told
        ]  # fmt: skip

    @property
    def _text_file(self) -> str:
        """The file that the report's free text stands in, as people call it."""
        version = self.fields.version
        return f"raw/{version.year}/{folder_of(version.code)}narrative.yml"

    def _settle_elsewhere(self) -> None:
        """Fields that the office put into tables of its own, headers and footers."""
        # By relation: docxtpl replaces these parts, and python-docx still knows the ones from before.
        beside = [rel for rel in self.docx.part.rels.values() if rel.reltype in (RT.HEADER, RT.FOOTER)]
        places = {"模板中的表": [self.docx.element.body], "页眉页脚": [rel.target_part._element for rel in beside]}
        for name, roots in places.items():
            self.section, self.count = [name], 0
            for element in (paragraph for root in roots for paragraph in root.iter(qn("w:p"))):
                # Thousands of them are cells of our own tables, and python-docx is slow to put their text together.
                text = "".join(part.text or "" for part in element.iter(qn("w:t")))
                if not BLOCK.search(text) and not TOKEN.search(text):
                    continue
                paragraph = Paragraph(element, self.docx._body)
                if BLOCK.search(paragraph.text):
                    raise FieldError(f"整块的内容不能放在{name}里", self.name)
                if TOKEN.search(paragraph.text):
                    self._settle(paragraph)

    def _block(self, at: Paragraph, kind: str, name: str) -> None:
        if kind == "text":
            self._narrative(at, name)
        elif kind == "form":
            self._form(at, self.forms[name], caption=True)
            self.body.append(TextBlock(0, (), name))
            _remove(at)
        elif kind == "chart":
            self._chart(at, name)
        elif kind == "附件清单":
            self.is_body = False
            if self.body and self.body[-1].text.rstrip("：") == "附件":
                self.body.pop()  # the page lists annexes in a place of its own
            annexes = [form for form in self.forms.values() if form.is_annex]
            for number, form in enumerate(annexes, 1):
                self._paragraph(at, f"{number}．{form.title}", "Body Text")
            _remove(at)
        elif kind == "附件":
            self._annexes(at)
            _remove(at)
        elif kind == "核对附录":
            for table in reconciliation_tables(self.fields):
                self._table(at, table)
            _remove(at)
        elif kind == "数字索引":
            rows = index_rows(self.fields, self.printed) + index_by_row(self.fields, list(self.forms.values()))
            self._table(at, TextTable("", INDEX, [16, 27, 38, 40], rows), "索引文字")
            _remove(at)

    # --- text -----------------------------------------------------------------------------------------------------

    def _annexes(self, at: Paragraph) -> None:
        """附件1 at the left, its title beneath. The first begins a page; the others follow one another, or
        begin one where that leaves less paper, or fewer ends of tables alone."""
        page = self.docx.sections[-1]
        height = (page.page_height - page.top_margin - page.bottom_margin) / 12700 * (1 - _RESERVE)  # type: ignore[operator]
        annexes = [form for form in self.forms.values() if form.is_annex]
        width, letters = self._width(at), self._letters()

        def heights(number: int, room: float) -> list[float]:
            form = annexes[number]
            notes = sum(-(-text_width(note, letters[0]) // width) for note in form.remarks)
            below = _NOTE_LINE * (form.is_rounded + notes)
            return form_heights(form, width, *letters, (_ANNEX_FRAME, below), (room, height))

        for form, begins in zip(annexes, plan_breaks(heights, len(annexes), height), strict=True):
            mark = self._paragraph(at, form.id, self._style("附件标记", "附件标题"))
            mark.paragraph_format.page_break_before = begins
            self._paragraph(at, form.title, "附件标题")
            self._form(at, form, caption=False)

    def _letters(self) -> tuple[float, float]:
        """How high letters and lines of tables are, in points."""
        style = self.docx.styles["表格文字"]
        size = style.font.size.pt if style.font.size else 9.0
        line = style.paragraph_format.line_spacing
        return size, line.pt if isinstance(line, Length) else size * 1.3

    def _style(self, name: str, otherwise: str) -> str:
        """A style that templates of offices may not have yet."""
        return name if name in [style.name for style in self.docx.styles] else otherwise

    def _settle(self, paragraph: Paragraph) -> None:
        """Strip the tokens of a paragraph, record its figures, and mark what is corrected and what is missing."""
        self._enter(paragraph)
        whole, before = paragraph.text, len(self.printed)
        notes: list[str] = []
        for run in paragraph.runs:
            if TOKEN.search(run.text):
                run.text = TOKEN.sub(lambda found: self._print(int(found[1]), found[2], notes), run.text)
            if _GAP.search(run.text):
                _set_apart(run, _GAP, highlight=True)
            elif _MARKED.search(run.text) and not paragraph.text.startswith("注："):
                _set_apart(run, _MARKED, highlight=False)
        for note in reversed(dict.fromkeys(notes)):
            self._after(paragraph, f"{note}。", "表注")
        self.warnings += [gap for gap in _GAP.findall(paragraph.text) if gap not in self.warnings]
        if self.is_body and whole.strip() and (style := paragraph.style.name if paragraph.style else "") != "Title":
            self.body.append(_block(style or "", whole, self.printed[before:]))

    def _print(self, number: int, text: str, notes: list[str]) -> str:
        figure = self.fields.printed[number]
        self.count += 1
        self.printed.append(PlacedFigure(f"{''.join(self.section) or '引言'}#{self.count}", figure))
        notes += figure.remarks
        return text + figure.mark

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
            return self._gap(at, f"【待补：{slot}】", f" 在 {self._text_file} 写“{slot}”一栏")
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
            picture = chart.picture if chart.rows else None
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
        self.drawn += 1
        return self._after(at, f"图{self.drawn}　{chart.title}", self._style("图题", "表题"))

    def _gap(self, at: Paragraph, gap: str, hint: str = "") -> None:
        at.runs[0].text = gap
        _set_apart(at.runs[0], _GAP, highlight=True)
        self.warnings.append(gap + hint)

    # --- tables ---------------------------------------------------------------------------------------------------

    def _form(self, at: Paragraph, form: Form, *, caption: bool) -> None:
        if caption:
            self._paragraph(at, f"{form.id}　{form.title}", "表题")
        self._paragraph(at, f"单位：{form.unit}", "表单位")
        style = self.docx.styles["表格文字"].style_id
        for number, table in enumerate(form_tables(form, self._width(at), style, self._letters()[0])):
            if number:
                at._p.addprevious(parse_xml(BETWEEN))
            at._p.addprevious(parse_xml(table))
        notes = [f"{note}。" for note in form.remarks]
        if form.is_rounded:
            notes.append("注：因尾数取舍，明细之和与合计数可能略有差异，以合计数为准。")
        for note in notes or ([""] if not form.is_annex else []):
            self._paragraph(at, note, "表注")

    def _table(self, at: Paragraph, table: TextTable, style: str = "表格文字") -> None:
        if table.title:
            self._paragraph(at, table.title, "表题")
        if not table.rows:
            self._paragraph(at, table.empty, "表注")
            return
        at._p.addprevious(parse_xml(table_xml(table, self._width(at), self.docx.styles[style].style_id)))
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


def _block(style: str, text: str, figures: Sequence[PlacedFigure]) -> TextBlock:
    """A paragraph as it reads, with the figures that were printed in it."""
    words = TOKEN.split(text)  # words, a token's number and its text, words, …
    pieces: list[str | tuple[PlacedFigure, str]] = [words[0]]
    for figure, shown, between in zip(figures, words[2::3], words[3::3], strict=True):
        pieces += [(figure, shown), between]
    level = int(style[-1]) if style.startswith("Heading") else 0
    return TextBlock(level, tuple(piece for piece in pieces if piece))


def _set_apart(run: Run, what: re.Pattern[str], *, highlight: bool) -> None:
    """Give each find in a run a run of its own: a gap highlighted, a mark raised."""
    parts = re.split(f"({what.pattern})", run.text)
    run.text = parts[0]
    last = run
    for part in parts[1:]:
        element = parse_xml(f"<w:r {nsdecls('w')}/>")
        if run._r.rPr is not None:
            element.append(deepcopy(run._r.rPr))
        last._r.addnext(element)
        last = Run(element, run._parent)
        last.text = part
        if what.fullmatch(part) and highlight:
            last.font.highlight_color = WD_COLOR_INDEX.YELLOW
        elif what.fullmatch(part):
            last.font.superscript = True


def _remove(paragraph: Paragraph) -> None:
    """Take a marker out; one that ends a section stays, emptied, since the section's layout hangs on it."""
    if paragraph._p.find(f".//{qn('w:sectPr')}") is None:
        paragraph._p.getparent().remove(paragraph._p)
