"""The document as PDF, through LibreOffice where it is installed."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import pypdfium2
from docx import Document
from docx.document import Document as DocxDocument
from docx.oxml import OxmlElement
from docx.oxml.ns import qn

from orchestration.reporting.figures import MARKS

#: Fonts that the official format names, and free ones that stand in for them where they are not installed.
STAND_INS = {
    "方正小标宋简体": ("FZXiaoBiaoSong-B05S", "FandolSong", "Noto Serif CJK SC", "Source Han Serif SC"),
    "仿宋_GB2312": ("FangSong_GB2312", "FangSong", "FandolFang", "Noto Serif CJK SC", "Source Han Serif SC"),
    "楷体_GB2312": ("KaiTi_GB2312", "KaiTi", "FandolKai", "AR PL UKai CN", "Noto Serif CJK SC"),
    "黑体": ("SimHei", "FandolHei", "Noto Sans CJK SC", "Source Han Sans SC"),
    "宋体": ("SimSun", "FandolSong", "Noto Serif CJK SC", "Source Han Serif SC"),
    "Times New Roman": ("Liberation Serif", "Tinos", "Noto Serif CJK SC"),  # digits
}
TIME_LIMIT = 120
#: How much closer letters stand to make room for a mark, in twentieths of a point: half a letter a line.
_CLOSER = -8
_STOP = re.compile("[、。，；：]")
_PAGE_NUMBER = re.compile(r"—\s*\d+\s*—")


class PdfError(Exception):
    """LibreOffice is not there, or did not write the file."""


def to_pdf(document: Path, target: Path) -> None:
    """Render a DOCX. Raises ``PdfError`` that says what to do."""
    office = shutil.which("soffice") or shutil.which("libreoffice")
    if office is None:
        raise PdfError("没有找到 LibreOffice，不能生成 PDF：安装 libreoffice-writer，或在 Word 里另存；其余文件已生成")
    with tempfile.TemporaryDirectory(prefix="ledgergate-pdf-") as folder:
        made = laid_out(office, document, Path(folder))
        losing, parted = _losing_stops(document, made), parted_marks(document, made)
        if losing or parted:
            made = laid_out(office, _laid_out_closer(document, losing, parted, Path(folder)), Path(folder))
        shutil.copy(made, target)


def laid_out(office: str, document: Path, folder: Path) -> Path:
    """The PDF that LibreOffice makes of a document, in a folder of ours."""
    fonts = folder / "fonts.conf"
    fonts.write_text(_fonts(), encoding="utf-8")
    command = [
        office, f"-env:UserInstallation=file://{folder}/profile", "--headless", "--convert-to", "pdf",
        "--outdir", str(folder), str(document),
    ]  # fmt: skip
    try:
        done = subprocess.run(
            command, env={**os.environ, "FONTCONFIG_FILE": str(fonts)}, capture_output=True, text=True,
            timeout=TIME_LIMIT, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise PdfError(f"LibreOffice 在 {TIME_LIMIT} 秒内没有完成：{document.name}") from None
    made = folder / f"{document.stem}.pdf"
    if not made.is_file():
        said = (done.stderr or done.stdout).strip().splitlines()
        raise PdfError(f"LibreOffice 没有写出 PDF：{said[-1] if said else f'退出码 {done.returncode}'}")
    return made


def _losing_stops(document: Path, pdf: Path) -> list[int]:
    """Paragraphs with a stop that the PDF does not show. LibreOffice lets a stop at a line's end hang beyond the
    margin, and in some justified lines it then does not draw it.
    """
    shown = re.sub(r"\s", "", _printed(pdf))
    found = []
    for number, paragraph in enumerate(_paragraphs(Document(str(document)))):
        text = _words(paragraph)
        for stop in _STOP.finditer(text):
            before, after = text[max(0, stop.start() - 8) : stop.start()], text[stop.end() : stop.end() + 8]
            if before + stop[0] + after not in shown and before + after in shown:
                found.append(number)
                break
    return found


def parted_marks(document: Path, pdf: Path) -> list[int]:
    """Paragraphs in which a mark begins a line, parted from its figure. A template forbids that, and Word obeys;
    LibreOffice breaks lines where letters change their size, whatever is forbidden there.
    """
    with closing(pypdfium2.PdfDocument(pdf)) as pages:
        parted = [each for page in pages for each in _marks_at_line_starts(page.get_textpage())]
    return [
        number
        for number, paragraph in enumerate(_paragraphs(Document(str(document))))
        if any(each in _words(paragraph) for each in parted)
    ]


def _marks_at_line_starts(text: pypdfium2.PdfTextPage) -> Iterator[str]:
    """Each mark that stands further left than what is before it, behind the last few letters of that."""
    letters = text.get_text_range()
    for at in (number for number, letter in enumerate(letters) if letter in MARKS):
        before = letters[:at].rstrip()
        if before and text.get_charbox(at)[0] < text.get_charbox(len(before) - 1)[0]:
            yield re.sub(r"\s", "", before[-16:])[-8:] + letters[at]


def _printed(pdf: Path) -> str:
    """What stands on the pages, without their numbers."""
    with closing(pypdfium2.PdfDocument(pdf)) as pages:
        return _PAGE_NUMBER.sub("", "\n".join(page.get_textpage().get_text_range() for page in pages))


def _laid_out_closer(document: Path, losing: Sequence[int], parted: Sequence[int], folder: Path) -> Path:
    """A copy of the document in which nothing of the losing paragraphs hangs beyond the margin, and the letters of the
    parted ones stand a little closer, so that a mark finds room beside its figure; only layout differs.
    """
    copy = Document(str(document))
    every = list(_paragraphs(copy))
    for number in losing:
        properties = every[number].get_or_add_pPr()
        for old in properties.findall(qn("w:overflowPunct")):
            properties.remove(old)
        properties.insert_element_before(
            _valued("w:overflowPunct", "1"),  # LibreOffice hangs stops where this is 0
            "w:topLinePunct", "w:autoSpaceDE", "w:spacing", "w:ind", "w:jc", "w:rPr",
        )  # fmt: skip
    for number in parted:
        for run in every[number].iter(qn("w:r")):
            run.get_or_add_rPr().insert_element_before(
                _valued("w:spacing", str(_CLOSER)), "w:w", "w:kern", "w:position", "w:sz", "w:szCs", "w:highlight",
                "w:u", "w:effect", "w:bdr", "w:shd", "w:fitText", "w:vertAlign", "w:rtl", "w:cs", "w:em", "w:lang",
            )  # fmt: skip
    (folder / "closer").mkdir()
    path = folder / "closer" / document.name
    copy.save(str(path))
    return path


def _valued(tag: str, value: str) -> Any:
    element = OxmlElement(tag)
    element.set(qn("w:val"), value)
    return element


def _words(paragraph: Any) -> str:
    return re.sub(r"\s", "", "".join(each.text or "" for each in paragraph.iter(qn("w:t"))))


def _paragraphs(document: DocxDocument) -> Iterator[Any]:
    yield from document.element.body.iter(qn("w:p"))


def stand_ins() -> dict[str, str]:
    """The family that fontconfig finds for each font that the official format names."""
    with tempfile.TemporaryDirectory(prefix="ledgergate-fonts-") as folder:
        fonts = Path(folder) / "fonts.conf"
        fonts.write_text(_fonts(), encoding="utf-8")
        environment = {**os.environ, "FONTCONFIG_FILE": str(fonts)}
        return {
            name: subprocess.run(
                ["fc-match", "-f", "%{family}", f"{name}:lang=zh-cn"],
                env=environment, capture_output=True, text=True, timeout=TIME_LIMIT, check=True,
            ).stdout.split(",")[0]
            for name in STAND_INS
        }  # fmt: skip


def _fonts() -> str:
    """A fontconfig file: the system's own, and who stands in for whom."""
    aliases = "".join(
        f"<alias binding='same'><family>{escape(name)}</family><prefer>"
        + "".join(f"<family>{escape(other)}</family>" for other in others)
        + "</prefer></alias>"
        for name, others in STAND_INS.items()
    )
    return (
        "<?xml version='1.0'?><!DOCTYPE fontconfig SYSTEM 'fonts.dtd'><fontconfig>"
        f"<include ignore_missing='yes'>/etc/fonts/fonts.conf</include>{aliases}</fontconfig>"
    )
