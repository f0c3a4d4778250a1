"""The commands about one cell, ``ledgergate explain`` and ``correct``: thin, like ``cli``, which registers them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from orchestration.base.departments import the_department
from orchestration.base.problems import InputError
from orchestration.base.settings import Settings
from orchestration.cli import summary
from orchestration.cli.terminal import BAD_INPUT, BLOCKED, DONE, Department, Year, err, out, print_json

if TYPE_CHECKING:
    from orchestration.explanation.source import UnknownAddressError


Address = Annotated[
    str,
    typer.Argument(
        help="A cell: year/department/ledger/row key/measure (the department only where there are several), or as "
        "messages call it (表3 第17行 本年调整), or a file and its cell (project_expenditure.csv E20), or a place of "
        "the report (2024/表3!E20).",
        show_default=False,
    ),
]


def register(app: typer.Typer) -> None:
    """Add both commands. A value may begin with a minus sign and is still no option."""
    app.command(
        epilog="Examples:  ledgergate explain 2024/project_expenditure/17/adjustment   |   "
        "ledgergate explain '表3 第17行 本年调整'   |   ledgergate explain '2024/表3!E20'"
    )(explain)
    app.command(
        epilog="Example:  ledgergate correct 2024 2024/project_expenditure/17/adjustment -362.69 "
        "--reason 与本行、本栏都不相符 --evidence 表2第5行列示为-362.69 --dry-run",
        context_settings={"ignore_unknown_options": True},
    )(correct)


def explain(
    address: Address,
    department: Department = "",
    as_published: Annotated[
        bool, typer.Option("--as-published", help="Read the build that `run --as-published` made.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object instead of the summary.")] = False,
) -> None:
    """Explain a cell: its print, its place, where it flows, its rules, and what it would have to be if it were wrong.

    Reads the year's last build, or its published version where there is none. A place of the report will do as well:
    2024/表3!E19 is a cell of its tables, 2024/三（二）#4 the fourth figure of that section.
    """
    from orchestration.ledgers.cell_names import is_place

    if is_place(address):
        return _explain_place(address, department, as_json=as_json)
    from orchestration.explanation.explain import explain as explain_cell
    from orchestration.explanation.export import as_json as exported
    from orchestration.explanation.lookup import find_cell, year_taken
    from orchestration.explanation.screen import show
    from orchestration.explanation.source import UnknownAddressError

    settings = Settings.from_environment().of(department)
    try:
        cell = find_cell(settings, address, as_published=as_published)
        found = explain_cell(settings, cell, as_published=as_published)
    except UnknownAddressError as error:
        if as_json:
            print_json({"address": error.address, "nearest": error.nearest})
        else:
            _show_unknown(error)
        raise typer.Exit(BAD_INPUT) from None
    if as_json:
        print_json(exported(found))
    else:
        if taken := year_taken(settings, address, cell):
            out.print(taken, style="dim")
        show(out, found)
    return None


def _explain_place(text: str, department: str, *, as_json: bool) -> None:
    """What the report prints at a place, then each printed cell behind it."""
    from orchestration.explanation.explain import explain as explain_cell
    from orchestration.explanation.export import as_json as exported
    from orchestration.explanation.screen import show
    from orchestration.reporting.places import UnknownPlaceError, at_place
    from orchestration.reporting.published import NoVersionError

    settings = Settings.from_environment().of(department)
    try:
        found = at_place(settings, text)
    except (UnknownPlaceError, NoVersionError) as error:
        near = error.nearest if isinstance(error, UnknownPlaceError) else ()
        said = f"报告的这个位置没有数：{text}" if isinstance(error, UnknownPlaceError) else str(error)
        if as_json:
            print_json({"place": text, "error": said, "nearest": near})
        else:
            err.print(said, style="red", markup=False)
            for place in near:
                err.print(f"  相近的有  {place}", markup=False)
        raise typer.Exit(BAD_INPUT) from None
    figure = found.printed.figure
    table, row, column = figure.place
    cells = [explain_cell(settings, address) for address in figure.addresses]
    if as_json:
        print_json({
            "place": text, "text": figure.text, "table": table, "row": row, "column": column,
            "version": found.version.name, "cells": [exported(cell) for cell in cells],
        })  # fmt: skip
        return
    out.print(f"[bold]{text}[/]  列示为 [bold]{figure.text}[/]  发布表 {table}，行 {row}，栏 {column}")
    if not cells:
        out.print("来源  由评分标准或核对结果算出，没有单独印出的单元格")
    for cell in cells:
        out.print()
        show(out, cell)


def correct(
    year: Year,
    address: Address,
    value: Annotated[str, typer.Argument(help="The right value, as it should have been printed.", show_default=False)],
    reason: Annotated[str, typer.Option(help="Why the printed value is wrong.", show_default=False)],
    evidence: Annotated[str, typer.Option(help="What proves the right one.", show_default=False)],
    department: Department = "",
    confirmed_by: Annotated[
        str | None, typer.Option(help="Who confirmed it; without it the basis is `derived`.", show_default=False)
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Write it though no broken rule fewer is the result.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Judge and say, write nothing.")] = False,
) -> None:
    """Append a correction to the year's corrections.csv, if it leaves fewer rules broken."""
    from orchestration.explanation import correct as correcting
    from orchestration.explanation.lookup import find_cell
    from orchestration.explanation.source import UnknownAddressError

    settings = Settings.from_environment()
    try:
        settings = the_department(settings, year, department)
        with err.status("核对更正前后"):
            cell = find_cell(settings, address, year)
            proposal = correcting.propose(
                settings, year, cell, value, reason=reason, evidence=evidence, confirmed_by=confirmed_by
            )
        correcting.show(out, proposal)
        refused = not proposal.helps and not force
        if refused:
            err.print("[red]未写入[/]  这一更正没有使不成立的规则减少；确要写入，加 --force")
        elif dry_run:
            out.print(f"试算，未写入  {proposal.path}")
        else:
            correcting.write(proposal)
            forced = "" if proposal.helps else "（--force：不成立的规则没有减少）"
            out.print(f"[green]已写入[/]  {proposal.path}{forced}")
            whose = f" --department {department}" if department else ""
            out.print(f"[dim]撤销：删去该文件最后一行；生效：ledgergate run {year}{whose}[/]")
    except UnknownAddressError as error:
        _show_unknown(error)
        raise typer.Exit(BAD_INPUT) from None
    except InputError as error:
        summary.show_problems(err, error.problems, "什么也没有写入")
        raise typer.Exit(BAD_INPUT) from None
    raise typer.Exit(BLOCKED if refused else DONE)


def _show_unknown(error: UnknownAddressError) -> None:
    err.print(f"没有这个单元格：{error.address or '空白'}（地址写作 年/部门/账/行/栏）", style="red", markup=False)
    for address in error.nearest:
        err.print(f"  相近的有  {address}", markup=False)
    if not error.nearest:
        err.print("  没有相近的", markup=False)
    if error.hint:
        err.print(f"  {error.hint}", markup=False)
