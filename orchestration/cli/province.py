"""The command ``ledgergate province``: thin, like ``cli``, which registers it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.text import Text

from orchestration.base.departments import known_departments
from orchestration.base.settings import Settings
from orchestration.cli.terminal import BAD_INPUT, AsJson, Year, err, out, print_json

if TYPE_CHECKING:
    from orchestration.reporting.province.make import ProvinceReport
    from orchestration.reporting.province.view import ProvinceView

#: Departments and outliers that the screen lists; the page has all.
_SHOWN = 12


def register(app: typer.Typer) -> None:
    app.command(
        epilog="Examples:  ledgergate province 2024   |   ledgergate province 2024 --pages   |   "
        "ledgergate province 2024 --json"
    )(province)


def province(
    year: Year,
    pages: Annotated[
        bool, typer.Option("--pages", help="First make the page of each department's report that is not there.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Show all departments of a year side by side: province.html with the wall, totals, ranking and outliers, and the
    workbook 汇总表.xlsx. Made of what each has published; who was held back is there with the cell that did it.
    """
    from orchestration.reporting.province.make import make_province

    settings = Settings.from_environment()
    if not known_departments(settings, year):
        message = f"{year} 年度没有一个部门的账；每个部门一个文件夹，如 {settings.raw / str(year)}/<部门代码>/"
        print_json({"year": year, "errors": [message]}) if as_json else err.print(message, style="red", markup=False)
        raise typer.Exit(BAD_INPUT)
    with err.status("汇总各部门") as status:
        if pages:
            _make_pages(settings, year, status.update)
        made = make_province(settings, year, step=status.update)
    if as_json:
        return print_json(_facts(made))
    return show(made)


def after_run(settings: Settings, year: int, *, quiet: bool) -> None:
    """The province anew, where several departments have run."""
    from orchestration.reporting.province.make import make_province

    made = make_province(settings, year)
    if not quiet:
        out.print(Text.assemble(("汇总  ", "green"), str(made.page)))


def _make_pages(settings: Settings, year: int, step: Any) -> None:
    """The page of each published department whose version has none yet."""
    from orchestration.reporting.edition import PAGE, Edition
    from orchestration.reporting.published import open_version
    from orchestration.reporting.report import make_report, report_folder
    from orchestration.warehouse.current import read_current

    for (of, code), name in sorted(read_current(settings).versions.items()):
        own = settings.of(code)
        folder = report_folder(own, year, name)
        if of == year and not (folder / PAGE).is_file():
            step(f"报告页 {code}")
            make_report(open_version(own, year), folder, editions=(Edition.INTERNAL,))


def show(made: ProvinceReport) -> None:
    """One screen: how many of each state, totals, what stands out, where the files are."""
    from orchestration.reporting.province.view import STATES, quantity

    view = made.view
    counts = "，".join(f"{name} {view.counts[state]}" for state, name in STATES.items() if view.counts[state])
    out.print(Text.assemble((f"{view.year} 年度  ", "bold"), f"{len(view.departments)} 个部门：{counts}"))
    if total := view.totals.get("total"):
        columns = ("total_budget", "final_expenditure", "balance", "execution_rate")
        budget, spent, left, rate = (quantity(column, total[column]) for column in columns)
        out.print(f"合计  全年预算 {budget} 万元，决算支出 {spent} 万元，结转结余 {left} 万元，预算执行率 {rate}")
    for each in view.open_cases[:_SHOWN]:
        place = f"  {each.state['place']}" if each.state["place"] else ""
        said = f"  {each.state['said']}{place}"
        out.print(Text.assemble((f"{STATES[each.state['state']]}  ", "red"), (each.code, "bold"), said))
    _more(len(view.open_cases))
    for row in view.outliers[:_SHOWN]:
        out.print(Text.assemble(("异常  ", "yellow"), (row["department"], "bold"), f"  {row['reason']}"))
    _more(len(view.outliers))
    for path in (made.page, made.workbook):
        out.print(Text.assemble(("已生成  ", "green"), str(path)))


def _more(found: int) -> None:
    if found > _SHOWN:
        out.print(f"[dim]      另有 {found - _SHOWN} 项，见页面[/]")


def _facts(made: ProvinceReport) -> dict[str, Any]:
    view: ProvinceView = made.view
    return {
        "year": view.year,
        "files": [str(Path(path)) for path in (made.page, made.workbook)],
        "states": view.counts,
        "totals": [*view.totals.values()],
        "departments": [{**each.row, **{name: each.state[name] for name in _CASE}} for each in view.departments],
        "outliers": view.outliers,
        "findings": view.findings,
        "years": view.year_findings,
        "across": [{**place.row, "statement": place.said} for rule in view.across for place in rule.places],
    }


_CASE = ("said", "place", "address", "broken")
