"""The command ``ledgergate new-year``: thin, like ``cli``, which registers it."""

from __future__ import annotations

from typing import Annotated

import typer

from orchestration.base.departments import is_code, newest_year, the_department
from orchestration.base.problems import InputError, Problem
from orchestration.base.settings import Settings
from orchestration.base.years import FIRST_YEAR
from orchestration.cli import summary
from orchestration.cli.terminal import BAD_INPUT, err, out


def register(app: typer.Typer) -> None:
    app.command(
        name="new-year", epilog="Examples:  ledgergate new-year 2025   |   ledgergate new-year 2025 --from 2024"
    )(new_year)


def new_year(
    year: Annotated[int, typer.Argument(min=FIRST_YEAR, max=2999, help="The year to begin.", show_default=False)],
    before: Annotated[
        int | None,
        typer.Option(
            "--from", help="The year whose ledgers, units and row names it takes over; the last one without it."
        ),
    ] = None,
    department: Annotated[
        str, typer.Option(help="Whose, by its code; that of the year before where it had one.", show_default=False)
    ] = "",
) -> None:
    """Make the folder of a department's new year: a workbook for each office with headers, units and checks, a guide.

    Figures are not carried over. A folder that is there is left alone; removing the new one undoes it.
    """
    from orchestration.drafting.new_year import new_year as make

    settings = Settings.from_environment()
    before = before or newest_year(settings.raw, year, department)
    try:
        if before and not department:
            settings = the_department(settings, before)
        elif is_code(department):
            settings = settings.of(department)
        else:
            place = f"{settings.raw / str(year)}/<部门代码>"
            raise InputError([Problem("--department", "", "", department or "没有写", f"部门代码，账表放在 {place}")])
        made = make(settings, year, before)
    except InputError as error:
        summary.show_problems(err, error.problems, "什么也没有写")
        raise typer.Exit(BAD_INPUT) from None
    took_over = f"账、单位与行名取自 {before} 年度，数留空" if before else "没有更早的年度，行名留空"
    out.print(f"[green]已建[/]  {made.folder}（{took_over}）")
    for workbook, sheets in made.workbooks.items():
        out.print(f"工作簿  {workbook}：{'、'.join(sheets)}", markup=False)
    out.print(f"核对公式  {made.checks} 条；填报说明  {made.folder / '填报说明.html'}")
    out.print(f"[dim]填好后：ledgergate check {made.folder}；撤销：删去 {made.folder}[/]")
