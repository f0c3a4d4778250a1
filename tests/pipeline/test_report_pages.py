"""The pages of both editions as they are printed: none nearly empty, and no table that goes on without its head. What
stands on them belongs in ``test_report``.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pypdfium2
import pytest

from orchestration.reporting.edition import Edition
from orchestration.reporting.fields import Fields
from orchestration.reporting.forms import Form, build_forms
from orchestration.reporting.pdf import laid_out, parted_marks
from orchestration.reporting.published import open_version
from orchestration.reporting.report import make_report
from tests.conftest import Published

pytestmark = pytest.mark.office

_DOTS = 1  # to a point
_PAGE_NUMBER = re.compile(r"\s*—\s*\d+\s*—\s*")
_BEGINS_A_PART = re.compile(r"附件\s?1$|附录")
_FOLLOWS_A_TABLE = ("注：", "◇", "＊")
#: The part of an A4 page that the official format gives to text, from its top in points; a line of text's distance.
_TOP, _BOTTOM, _LINE = 100, 745, 29


@dataclass(frozen=True)
class Page:
    lines: list[str]
    filled: float  # the share of the text's part that holds something


@pytest.fixture(scope="module")
def forms(published: Published) -> list[Form]:
    return build_forms(Fields(open_version(published.settings, 2024)))


@pytest.fixture(scope="module")
def documents(published: Published, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("report")
    make_report(open_version(published.settings, 2024), folder, pdf=True)
    return folder


@pytest.fixture(scope="module")
def editions(documents: Path) -> dict[Edition, list[Page]]:
    made = {}
    for edition in Edition:
        with closing(pypdfium2.PdfDocument((documents / edition.document).with_suffix(".pdf"))) as pdf:
            made[edition] = [seen(page) for page in pdf]
    return made


def seen(page: pypdfium2.PdfPage) -> Page:
    text = _PAGE_NUMBER.sub("\n", page.get_textpage().get_text_range())
    picture = page.render(scale=_DOTS).to_pil().convert("L")
    width, rows = picture.width, picture.tobytes()
    inked = [y for y in range(_TOP, _BOTTOM) if min(rows[y * width : (y + 1) * width]) < 200]
    held = {y + below for y in inked for below in range(_LINE)}
    return Page([line.strip() for line in text.splitlines() if line.strip()], len(held) / (_BOTTOM - _TOP))


@pytest.mark.parametrize("edition", Edition)
def test_no_page_is_under_a_third_full_but_the_last_of_a_part(
    editions: dict[Edition, list[Page]], edition: Edition
) -> None:
    pages = editions[edition]
    followed = [*(bool(_BEGINS_A_PART.match(page.lines[0])) for page in pages[1:]), True]
    thin = [
        (number, round(page.filled, 2), page.lines[0])
        for number, (page, is_last) in enumerate(zip(pages, followed, strict=True), 1)
        if page.filled < 1 / 3 and not is_last
    ]
    assert thin == []
    assert sum(followed) == (2 if edition is Edition.PUBLIC else 4)  # the text, annexes, and two appendices


def test_no_mark_is_parted_from_its_figure(documents: Path, tmp_path: Path) -> None:
    document = documents / Edition.PUBLIC.document
    assert parted_marks(document, document.with_suffix(".pdf")) == []
    as_laid_out_first = laid_out(str(shutil.which("soffice")), document, tmp_path)
    assert len(parted_marks(document, as_laid_out_first)) == 1  # LibreOffice alone does part one


def test_an_empty_page_and_one_of_a_few_lines_are_seen_as_such() -> None:
    with closing(pypdfium2.PdfDocument.new()) as pdf:
        assert seen(pdf.new_page(595, 842)).filled == 0


@pytest.mark.parametrize("edition", Edition)
def test_a_form_that_goes_over_a_page_has_its_head_again(
    editions: dict[Edition, list[Page]], forms: list[Form], edition: Edition
) -> None:
    """Whichever of its parts goes on: annexes 2-9 have three heads each."""
    heads = {row.cells[0].text for form in forms if form.is_annex for row in form.rows if row.kind == "head"}
    goes_on = list(pages_of_annexes(editions[edition]))
    assert len(goes_on) >= 4
    assert {page.lines[0] for page in goes_on if not any(page.lines[0].startswith(head) for head in heads)} == set()


def pages_of_annexes(pages: list[Page]) -> Iterator[Page]:
    """Those pages of the annexes that begin within a table."""
    begun = False
    for page in pages:
        first = page.lines[0]
        if first.startswith("附录"):
            return
        if begun and not re.match(r"附件\s?\d", first) and not first.startswith(_FOLLOWS_A_TABLE):
            yield page
        begun = begun or bool(re.match(r"附件\s?1$", first))
