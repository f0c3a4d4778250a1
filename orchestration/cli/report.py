"""The command ``ledgergate report``: thin, like ``cli``, which registers it."""

from __future__ import annotations

import dataclasses
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer
from rich.text import Text

from orchestration.base.departments import known_departments, the_department
from orchestration.base.problems import InputError
from orchestration.base.settings import Settings
from orchestration.cli.terminal import BAD_INPUT, Department, Year, err, out, print_json

if TYPE_CHECKING:
    from orchestration.reporting.published import Published
    from orchestration.reporting.report import Report


class _Edition(StrEnum):
    public = "public"
    internal = "internal"
    both = "both"


def register(app: typer.Typer) -> None:
    app.command(
        epilog="Examples:  ledgergate report 2024   |   ledgergate report 2024 --edition both --pdf --out 交件   |   "
        "ledgergate report 2024 --version 20250418T093000Z-1a2b3c4d   |   "
        "ledgergate report 2024 --redline 2024年度自评报告.pdf"
    )(report)


def report(
    year: Year,
    to: Annotated[
        Path | None,
        typer.Option("--out", help="Folder to write to; the version's under reports/ in LEDGERGATE_HOME without it."),
    ] = None,
    department: Department = "",
    version: Annotated[
        str | None,
        typer.Option(help="A published version, as `ledgergate versions` lists it; the current one without."),
    ] = None,
    pdf: Annotated[bool, typer.Option("--pdf", help="Also render the document to PDF, with LibreOffice.")] = False,
    edition: Annotated[
        _Edition, typer.Option(help="What to make: public (to publish), internal (with checks and index), or both.")
    ] = _Edition.public,
    template: Annotated[
        Path | None, typer.Option(help="A Word template instead of the one that comes with ledgergate.")
    ] = None,
    redline: Annotated[
        str | None,
        typer.Option(
            help="Only show what changed: since another version of the year, or against the document that it was read "
            "from (PDF, DOCX, TXT); also written to redline.html.",
            metavar="VERSION|FILE",
        ),
    ] = None,
    names: Annotated[
        bool, typer.Option("--fields", help="List every field that a template may use, with its value; make nothing.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object instead of the summary.")] = False,
) -> None:
    """Make the self-evaluation report of a published year: document and annexes workbook; internal also the page.

    Gaps that only people can fill are marked in the document and listed here; they are no failure.
    """
    from orchestration.reporting.edition import BOTH, Edition
    from orchestration.reporting.figures import FieldError
    from orchestration.reporting.pdf import PdfError
    from orchestration.reporting.published import NoVersionError, open_version
    from orchestration.reporting.report import make_report, report_folder

    settings = Settings.from_environment()
    if template is not None and not template.is_file():
        _refuse(f"没有这个模板：{template}", as_json)
    try:
        if department or known_departments(settings, year):
            settings = the_department(settings, year, department)
        published = open_version(settings, year, version)
        if names:
            return _show_fields(published, as_json=as_json)
        if redline:
            return _redline(settings, published, redline, to, as_json=as_json)
        folder = (to or report_folder(settings, year, published.name)).resolve()
        with err.status("生成报告") as status:
            editions = BOTH if edition is _Edition.both else (Edition(edition.value),)
            made = make_report(published, folder, editions=editions, pdf=pdf, template=template, step=status.update)
    except InputError as error:
        _refuse("；".join(f"{each.file}：{each.found}；应为 {each.expected}" for each in error.problems), as_json)
    except (NoVersionError, FieldError, PdfError) as error:
        _refuse(str(error), as_json)
    if as_json:
        facts = {
            "year": year, "department": settings.department, "version": published.name,
            "files": [str(path) for path in made.files], "figures": made.figures, "warnings": list(made.warnings),
        }  # fmt: skip
        print_json(facts)
        return None
    return _show(made)


def _show_fields(version: Published, *, as_json: bool) -> None:
    from orchestration.reporting.fields import Fields

    found = dict(Fields(version).names())
    if as_json:
        print_json(found)
        return
    for name, text in found.items():
        out.print(Text.assemble(("{{ " + name + " }}", "bold"), f"  {text}"))


def _redline(settings: Settings, version: Published, other: str, to: Path | None, *, as_json: bool) -> None:
    from orchestration.base.files import write_whole
    from orchestration.reporting.published import open_version
    from orchestration.reporting.redline import between_versions, from_document, render_redline
    from orchestration.reporting.report import report_folder

    file = Path(other)
    with err.status("对照"):
        found = (
            from_document(file, version)
            if file.is_file()
            else between_versions(open_version(settings, version.year, other), version)
        )
    page = (to or report_folder(settings, version.year, version.name)).resolve() / "redline.html"
    page.parent.mkdir(parents=True, exist_ok=True)
    write_whole(page, render_redline(found, version.year).encode())
    if as_json:
        return print_json({**dataclasses.asdict(found), "file": str(page)})
    for change in (*found.figures, *found.rules):
        out.print(Text.assemble(("改动  ", "yellow"), f"{change.label}  {change.before} → {change.after}"))
        out.print(Text(f"      {change.why}", style="dim"))
    counts = f"数字 {len(found.figures)} 处，核对结果 {len(found.rules)} 处，文字 {len(found.text)} 段"
    out.print(Text.assemble(("已生成  ", "green"), f"{page}（{counts}）"))
    return None


def _show(made: Report) -> None:
    for path in made.files:
        out.print(Text.assemble(("已生成  ", "green"), str(path)))
    out.print(f"数字  {made.figures} 个，都取自发布版本 {made.version.name}")
    for warning in made.warnings:
        out.print(Text.assemble(("待补  ", "yellow"), warning))


def _refuse(message: str, as_json: bool) -> NoReturn:
    if as_json:
        print_json({"errors": [message]})
    else:
        err.print(message, style="red", markup=False)
    raise typer.Exit(BAD_INPUT)
