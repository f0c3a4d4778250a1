"""What changed between two versions of a year's report, or between the document it was read from and ours: figures cell
by cell with the correction behind each, and the text word by word.

What it looks like belongs in ``templates/redline.html.j2``; which versions or files, to the command.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from orchestration.base.wording import BROKEN, STATUSES
from orchestration.documents.lines import Document, DrawnTable
from orchestration.documents.paragraphs import paragraphs_of
from orchestration.documents.reader import open_document
from orchestration.reporting.document import write_document
from orchestration.reporting.edition import Edition
from orchestration.reporting.fields import Fields
from orchestration.reporting.forms import build_forms
from orchestration.reporting.page import printed_text
from orchestration.reporting.published import Published

_TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"), autoescape=True, undefined=StrictUndefined,
    trim_blocks=True, lstrip_blocks=True,
)  # fmt: skip
#: A figure is one word of a paragraph, as is each letter beside it.
_WORD = re.compile(r"[-－]?\d[\d,.]*(?:%|％)?|\S")
_FIGURE = re.compile(r"(?<![\d.])\d[\d,]*(?:\.\d+)?[%％]?")
#: Paragraphs less alike than this are other paragraphs.
_ALIKE = 0.5


@dataclass(frozen=True)
class FigureChange:
    """A cell before and after, and why: a correction that was made or withdrawn, or that the ledger changed."""

    label: str
    place: str
    before: str
    after: str
    why: str


@dataclass(frozen=True)
class TextChange:
    """A paragraph: pieces that stayed (same), went (del) and came (ins)."""

    section: str
    pieces: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Redline:
    """All that differs. ``gone``, ``come``: figures of the text that one side alone has."""

    before: str
    after: str
    figures: tuple[FigureChange, ...]
    rules: tuple[FigureChange, ...]
    text: tuple[TextChange, ...]
    gone: tuple[str, ...] = ()
    come: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        return not (self.figures or self.rules or self.text)


def between_versions(old: Published, new: Published) -> Redline:
    """What the newer version changed in the older one."""
    gone, come = _figures_apart(_written(old), _written(new))
    return Redline(
        f"版本 {old.name}", f"版本 {new.name}", tuple(cells_changed(old, new)), tuple(_rules_changed(old, new)),
        tuple(_text_changed(_body(old), _body(new))), gone, come,
    )  # fmt: skip


def from_document(path: Path, version: Published) -> Redline:
    """What our report changed in the text of the document that it was read from, and the cells that it corrected.

    Raises ``InputError`` where the file can't be read.
    """
    document = open_document(path, path.name)
    theirs = [(each.section or "引言", each.text) for each in paragraphs_of(document.lines)]
    ours = _body(version)
    gone, come = _figures_apart(_words_of(document), _written(version))
    labels, sources = _labels(version), _sources(version)
    corrected = tuple(
        FigureChange(
            labels.get(row["address"], row["address"]), sources.get(row["address"], ""), row["printed"],
            row["corrected"], _reason(row),
        )
        for row in version.tables["correction"]
    )  # fmt: skip
    return Redline(path.name, f"版本 {version.name}", corrected, (), tuple(_text_changed(theirs, ours)), gone, come)


def render_redline(redline: Redline, year: int) -> str:
    """As a page that prints: what went struck out, what came underlined."""
    return _TEMPLATES.get_template("redline.html.j2").render(redline=redline, year=year)


# --- figures and rules ----------------------------------------------------------------------------------------------


def cells_changed(old: Published, new: Published) -> Iterable[FigureChange]:
    """Every cell that shows something else, or that one side alone has."""
    before, after = _shown(old), _shown(new)
    labels, sources = _labels(old) | _labels(new), _sources(old) | _sources(new)
    then, since = _corrections(old), _corrections(new)
    for address in dict.fromkeys((*before, *after)):
        was, now = before.get(address, "（没有）"), after.get(address, "（没有）")
        if was != now:
            source = sources.get(address, "")
            why = _why(then.get(address), since.get(address), source)
            yield FigureChange(labels[address], source, was, now, why)


def _shown(version: Published) -> dict[str, str]:
    """Each cell as the report shows it: as printed, or as corrected."""
    corrected = {address: row["corrected"] for address, row in _corrections(version).items()}
    return {
        cell["address"]: printed_text(corrected.get(cell["address"], cell["text"]), cell["printed_unit"])
        for cell in version.tables["cell"]
    }


def _corrections(version: Published) -> dict[str, Mapping[str, Any]]:
    return {row["address"]: row for row in version.tables["correction"]}


def _why(was: Mapping[str, Any] | None, now: Mapping[str, Any] | None, source: str) -> str:
    """Why a cell is another: by its corrections then and now."""
    if now and now != was:
        return f"更正：{_reason(now)}"
    if was and not now:
        return f"撤销更正：{_reason(was)}"
    return f"账表改动：{source}"


def _reason(row: Mapping[str, Any]) -> str:
    basis = f"{row['confirmed_by']} 确认" if row["confirmed_by"] else "依勾稽关系推定"
    return f"{row['reason']}；依据：{row['evidence']}（{basis}）"


def _rules_changed(old: Published, new: Published) -> Iterable[FigureChange]:
    before, after = (
        {(row["rule_id"], row["instance"]): row for row in each.tables["reconciliation"]} for each in (old, new)
    )
    for key in dict.fromkeys((*before, *after)):
        was, now = before.get(key), after.get(key)
        statuses = {row["status"] for row in (was, now) if row}
        if (len(statuses) == 1 and was and now) or (not (was and now) and not statuses & set(BROKEN)):
            continue  # the same, or a rule that one side alone has and that says nothing
        said = now or was or {}
        yield FigureChange(said["title"], said["instance"], _status(was), _status(now), said["statement"])


def _status(row: Mapping[str, Any] | None) -> str:
    return STATUSES[row["status"]][0] if row else "（未核对）"


def _labels(version: Published) -> dict[str, str]:
    return {
        cell["address"]: " ".join(part for part in (cell["ledger_label"], cell["row_label"], cell["header"]) if part)
        for cell in version.tables["cell"]
    }


def _sources(version: Published) -> dict[str, str]:
    """Where each cell stands: file, sheet, cell."""
    return {
        cell["address"]: place
        for cell in version.tables["cell"]
        if (place := " ".join(part for part in (cell["file"], cell["sheet"], cell["cell"]) if part))
    }


# --- text -----------------------------------------------------------------------------------------------------------


def _body(version: Published) -> list[tuple[str, str]]:
    """The text of the report, paragraph by paragraph, each with the heading that it stands under."""
    fields = Fields(version)
    section, found = "引言", []
    for block in write_document(fields, build_forms(fields), None, edition=Edition.PUBLIC).body:
        if block.level == 1:
            section = block.text
        if not block.form:
            found.append((section, re.sub(r"\s", "", block.text)))
    return found


def _text_changed(old: Sequence[tuple[str, str]], new: Sequence[tuple[str, str]]) -> Iterable[TextChange]:
    """Paragraphs that differ, in the order of the newer text; those much alike word by word, others as a whole."""
    before, after = [text for _, text in old], [text for _, text in new]
    for kind, i1, i2, j1, j2 in difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if kind == "equal":
            continue
        left = list(range(i1, i2))
        for j in range(j1, j2):
            # A paragraph is looked for in its own chapter: 三（二）1 is of 三、….
            alike = {i: _alike(before[i], after[j]) for i in left if old[i][0][0] == new[j][0][0]}
            twin = max(alike, key=lambda i: alike[i], default=None)
            if twin is None or alike[twin] < _ALIKE:
                yield TextChange(new[j][0], (("ins", after[j]),))
                continue
            left.remove(twin)
            yield TextChange(new[j][0], tuple(_pieces(before[twin], after[j])))
        yield from (TextChange(old[i][0], (("del", before[i]),)) for i in left)


def _alike(one: str, other: str) -> float:
    matcher = difflib.SequenceMatcher(None, _WORD.findall(one), _WORD.findall(other), autojunk=False)
    return matcher.ratio() if matcher.real_quick_ratio() >= _ALIKE <= matcher.quick_ratio() else 0.0


def _pieces(before: str, after: str) -> Iterable[tuple[str, str]]:
    was, now = _WORD.findall(before), _WORD.findall(after)
    for kind, i1, i2, j1, j2 in difflib.SequenceMatcher(None, was, now, autojunk=False).get_opcodes():
        if kind == "equal":
            yield "same", "".join(was[i1:i2])
            continue
        yield from ((name, text) for name, text in (("del", "".join(was[i1:i2])), ("ins", "".join(now[j1:j2]))) if text)


def _figures_apart(old: Iterable[str], new: Iterable[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Figures that one side alone writes, each once: 46.2 and 46.20 are one figure, 115.17% and 115.18% are two."""
    was, now = ({_same(found): found for text in texts for found in _FIGURE.findall(text)} for texts in (old, new))
    return tuple(was[key] for key in was if key not in now), tuple(now[key] for key in now if key not in was)


def _same(figure: str) -> tuple[Decimal, bool]:
    return Decimal(figure.rstrip("%％").replace(",", "")), figure[-1] in "%％"


def _written(version: Published) -> list[str]:
    """All that our report writes: text and tables."""
    cells = (cell.text for form in build_forms(Fields(version)) for row in form.rows for cell in row.cells)
    return [*(text for _, text in _body(version)), *cells]


def _words_of(document: Document) -> list[str]:
    """All that a document writes, word by word: figures of a table's row stand beside each other."""
    drawn = (cell for block in document.blocks if isinstance(block, DrawnTable) for row in block.rows for cell in row)
    return [*(word.text for line in document.lines for word in line.words), *drawn]
