"""The office's Word template filled in: its fields are figures as text, its blocks tokens that a table, a chart or a
narrative takes the place of later.

A template is input: bounds on what it unpacks to and becomes stand here. What does not belong here: putting anything
in the place of a block (``document``).
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Sequence
from pathlib import Path

from docx.document import Document as Docx
from docx.opc.exceptions import PackageNotFoundError
from docxtpl import DocxTemplate

from orchestration.base.archives import UNPACKING
from orchestration.base.sandbox import BAD_TEXT
from orchestration.reporting.edition import Edition
from orchestration.reporting.fields import Fields
from orchestration.reporting.figures import FieldError
from orchestration.reporting.forms import Form

MOST_UNPACKED = 64 * 2**20  # bytes of a template's parts
MOST_XML = 64 * 2**20  # characters that one of them may become
_BLOCK_OPEN, _BLOCK_CLOSE = "\ue010", "\ue011"
BLOCK = re.compile(f"{_BLOCK_OPEN}([^:{_BLOCK_CLOSE}]+):?([^{_BLOCK_CLOSE}]*){_BLOCK_CLOSE}")


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


def fill_template(fields: Fields, forms: Sequence[Form], charts: Sequence[str], path: Path, edition: Edition) -> Docx:
    """The template with its fields filled in; figures and blocks still marked by tokens."""
    context = {
        **fields.context,
        "内部版": edition is Edition.INTERNAL,
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
    # A template is input: whatever Jinja, the archive or Word's markup can't take of it is told as its fault, with the
    # cause kept. It runs no code of its own, so nothing of ours but the fields can have raised.
    except (*BAD_TEXT, *UNPACKING, PackageNotFoundError) as error:
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
