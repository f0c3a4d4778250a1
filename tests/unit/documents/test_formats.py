"""The same report as DOCX and PDF, however it is laid out, gives the same cells, each at its place; what can't be read
is one clear message.
"""

from __future__ import annotations

import re
import zipfile
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.pdfgen.canvas import Canvas

from orchestration.base.problems import InputError
from orchestration.documents import pdf
from orchestration.documents.reader import DocumentReading, open_document, read_document
from orchestration.ledgers.money import squeeze
from tests.unit.documents import laid_out, made
from tests.unit.documents.test_documents import CONTRACTS, RULES, TYPED, WHOLE, facts

LAYOUTS: dict[str, dict[str, Any]] = {
    "ruled.docx": {}, "unruled.docx": {"ruled": False}, "ruled.pdf": {}, "unruled.pdf": {"ruled": False},
    "wide.pdf": {"wide": True}, "turned.pdf": {"rotated": 90}, "turned-not-said.pdf": {"rotated": 360},
    "turned-unruled.pdf": {"rotated": 90, "ruled": False},
}  # fmt: skip


@pytest.fixture(scope="module", params=LAYOUTS)
def laid(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> DocumentReading:
    path = tmp_path_factory.mktemp("laid") / request.param
    write = laid_out.write_docx if path.suffix == ".docx" else laid_out.write_pdf
    return read_document(write(made.blocks(), path, **LAYOUTS[request.param]), CONTRACTS, RULES)


def test_every_ledger_equals_the_typed_one(laid: DocumentReading) -> None:
    assert {ledger: facts(laid.year.ledgers[ledger].cells) for ledger in WHOLE} == {
        ledger: facts(TYPED.ledgers[ledger].cells) for ledger in WHOLE
    }


def test_names_broken_over_lines_and_pages_are_whole(laid: DocumentReading) -> None:
    def names(year: Any) -> dict[str, str]:
        cells = year.ledgers["project_expenditure"].cells
        return {cell.address: squeeze(cell.text) for cell in cells if cell.value is None}

    assert names(laid.year) == names(TYPED)


def test_every_cell_has_its_place(laid: DocumentReading) -> None:
    places = [cell.cell for cell in laid.year.cells if cell.value is not None]
    page = r"第\d+页 \(\d+,\d+,\d+,\d+\)"
    paragraph = r"第\d+段|第\d张表 第\d+行第\d格"
    assert all(re.fullmatch(page if laid.document.pages else paragraph, place) for place in places)


def test_the_box_of_a_cell_holds_its_figure(laid: DocumentReading) -> None:
    if not laid.document.pages:
        return
    (cell,) = [c for c in laid.year.cells if c.address == "2024/project_expenditure/17/adjustment"]
    page, *box = map(int, re.findall(r"\d+", cell.cell))
    opened = pypdfium2.PdfDocument(laid.document.name)[page - 1]
    text = opened.get_textpage()
    turned = pdf.upright(opened, text)
    (ax, ay), (bx, by) = turned.back(box[0] - 1, box[1] - 1), turned.back(box[2] + 1, box[3] + 1)
    found = text.get_text_bounded(min(ax, bx), min(ay, by), max(ax, bx), max(ay, by))
    assert squeeze(found) == "-362.20"


def test_a_minus_at_the_end_of_a_line_is_a_minus(tmp_path: Path) -> None:
    canvas = Canvas(str(tmp_path / "m.pdf"))
    laid_out.pdfmetrics.registerFont(laid_out.UnicodeCIDFont(laid_out.FONT))
    canvas.setFont(laid_out.FONT, 11)
    canvas.drawString(60, 700, "2031年度报告")
    canvas.drawString(60, 680, "基本支出预算资金总额为500.00万元，其中本年调整-")
    canvas.drawString(60, 664, "1,190.12万元。")
    canvas.save()
    reading = read_document(tmp_path / "m.pdf", CONTRACTS, RULES)
    assert "-1,190.12万元" in [each.text for each in reading.sentences.bindings]


# --- what can't be read ----------------------------------------------------------------------------------------------


def scan(canvas: Canvas) -> None:
    from PIL import Image
    from reportlab.lib.utils import ImageReader

    canvas.drawImage(ImageReader(Image.new("RGB", (60, 80), "grey")), 0, 0, 595, 842)
    canvas.showPage()


def refusal(path: Path) -> str:
    with pytest.raises(InputError) as error:
        open_document(path)
    (problem,) = error.value.problems
    assert problem.file == str(path)
    return problem.found


def test_a_scanned_page_is_said_to_be_one_and_a_scanned_document_is_refused(tmp_path: Path) -> None:
    canvas = Canvas(str(tmp_path / "s.pdf"))
    scan(canvas)
    canvas.save()
    assert "扫描件" in refusal(tmp_path / "s.pdf")
    canvas = Canvas(str(tmp_path / "half.pdf"))
    canvas.drawString(60, 700, "2031年度 text enough to be read")
    canvas.showPage()
    scan(canvas)
    canvas.save()
    assert open_document(tmp_path / "half.pdf").scans == (2,)
    (page,) = read_document(tmp_path / "half.pdf", CONTRACTS, RULES, 2031).year.passed_over
    assert (page.kind, page.cell) == ("page", "第2页")


def test_an_encrypted_pdf_is_said_to_be_encrypted(tmp_path: Path) -> None:
    canvas = Canvas(str(tmp_path / "e.pdf"), encrypt=StandardEncryption("secret"))
    canvas.drawString(60, 700, "text")
    canvas.save()
    assert "加密" in refusal(tmp_path / "e.pdf")


@pytest.mark.parametrize("suffix", [".pdf", ".docx"])
@pytest.mark.parametrize(
    ("content", "said"), [(b"", "空文件"), (b"<html>no</html>", "打不开"), (b"%PDF-1.7\n1 0 obj\n<<", "打不开")]
)
def test_a_damaged_file_is_one_message(tmp_path: Path, suffix: str, content: bytes, said: str) -> None:
    (tmp_path / f"d{suffix}").write_bytes(content)
    assert said in refusal(tmp_path / f"d{suffix}")


def test_a_truncated_document_is_one_message(tmp_path: Path) -> None:
    whole = laid_out.write_docx(made.blocks()[:3], tmp_path / "w.docx").read_bytes()
    (tmp_path / "t.docx").write_bytes(whole[: len(whole) // 2])
    assert "打不开" in refusal(tmp_path / "t.docx")
    (tmp_path / "o.docx").write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512))
    assert "加密" in refusal(tmp_path / "o.docx")


def test_a_document_that_unpacks_to_too_much_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "b.docx", "w", zipfile.ZIP_DEFLATED) as parts, parts.open("a", "w") as part:
        for _ in range(520):
            part.write(bytes(2**20))
    assert "过大" in refusal(tmp_path / "b.docx")


def test_a_pdf_of_too_many_pages_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf, "MOST_PAGES", 2)
    canvas = Canvas(str(tmp_path / "p.pdf"))
    for _ in range(3):
        canvas.drawString(60, 700, "text")
        canvas.showPage()
    canvas.save()
    assert "3 页" in refusal(tmp_path / "p.pdf")
