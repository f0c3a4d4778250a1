"""The report of a published year: document, workbook and page, made from one version and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from orchestration.base.files import write_whole
from orchestration.base.settings import Settings
from orchestration.reporting.edition import BOTH, PAGE, Edition
from orchestration.reporting.fields import Fields
from orchestration.reporting.forms import build_forms
from orchestration.reporting.layout import PlacedFigure, printed_in_forms
from orchestration.reporting.published import Published


@dataclass(frozen=True)
class Report:
    """What was made. ``warnings``: gaps that people have to fill, each in one sentence."""

    version: Published
    folder: Path
    files: tuple[Path, ...]
    figures: int
    warnings: tuple[str, ...]
    outline: tuple[tuple[int, str], ...]


def report_folder(settings: Settings, year: int, version: str) -> Path:
    return settings.reports(year) / version


def is_made(folder: Path) -> bool:
    """Whether every file of both editions is there."""
    names = [name for edition in BOTH for name in (edition.document, edition.workbook)]
    return all((folder / name).is_file() for name in [*names, PAGE])


def make_report(
    version: Published,
    folder: Path,
    *,
    editions: Sequence[Edition] = BOTH,
    pdf: bool = False,
    template: Path | None = None,
    step: Callable[[str], None] = lambda name: None,
) -> Report:
    """Make every file of the editions, then put them in place. The same version gives the same bytes (a PDF's depend
    on LibreOffice). ``template``: the office's own instead of ``document.TEMPLATE``.

    Raises ``FieldError`` where the template, a form or the narrative names what is not there, ``PdfError`` where there
    is no LibreOffice; the other files are in place then.
    """
    from orchestration.reporting.charts import all_charts  # the libraries of documents take a second to import
    from orchestration.reporting.document import TEMPLATE, write_document
    from orchestration.reporting.page import render_page
    from orchestration.reporting.workbook import write_workbook

    fields = Fields(version)
    forms = build_forms(fields)
    charts = all_charts(fields)
    contents: dict[str, bytes] = {}
    for edition in editions:
        step("报告正文")
        written = write_document(fields, forms, charts, template or TEMPLATE, edition)
        step("附件工作簿")
        contents[edition.document] = written.content
        contents[edition.workbook] = write_workbook(fields, forms, written.printed, edition)
    if Edition.INTERNAL in editions:
        step("页面")
        contents[PAGE] = render_page(fields, forms, charts, written.body).encode()
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in contents.items():
        write_whole(folder / name, content)
    made = [folder / name for name in contents]
    for edition in editions if pdf else ():
        from orchestration.reporting.pdf import to_pdf

        step("PDF")
        (folder / edition.pdf).unlink(missing_ok=True)  # one of an earlier making would belong to another document
        to_pdf(folder / edition.document, folder / edition.pdf)
        made.append(folder / edition.pdf)
    figures = len(written.printed) + len(printed_in_forms(forms))
    return Report(version, folder, tuple(made), figures, tuple(written.warnings), tuple(written.headings))


def report_places(version: Published) -> list[PlacedFigure]:
    """Every figure of the report with its place, as the index lists them."""
    from orchestration.reporting.document import write_document

    fields = Fields(version)
    forms = build_forms(fields)
    return [*write_document(fields, forms, None).printed, *printed_in_forms(forms)]
