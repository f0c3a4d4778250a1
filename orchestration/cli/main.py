"""The ``ledgergate`` command: thin. It runs the same jobs as the Dagster UI and prints what they found."""

from __future__ import annotations

import gc
import os
import sys
import tempfile
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer
from rich.text import Text
from typer.exceptions import TyperException

from orchestration.base.clock import shown_stamp
from orchestration.base.departments import known_departments, the_department
from orchestration.base.foreign import said_by_call
from orchestration.base.obstacles import no_access, no_room
from orchestration.base.problems import InputError
from orchestration.base.settings import Settings
from orchestration.cli import alerts as cli_alerts
from orchestration.cli import backup as cli_backup
from orchestration.cli import cells as cli_cells
from orchestration.cli import documents as cli_documents
from orchestration.cli import draft as cli_draft
from orchestration.cli import entries as cli_entries
from orchestration.cli import new_year as cli_new_year
from orchestration.cli import province as cli_province
from orchestration.cli import report as cli_report
from orchestration.cli import run as cli_run
from orchestration.cli import summary
from orchestration.cli.terminal import (
    BAD_INPUT,
    BLOCKED,
    DONE,
    INTERNAL,
    AsJson,
    AsPublished,
    Department,
    Year,
    err,
    finish,
    out,
    print_json,
)

if TYPE_CHECKING:
    from orchestration.base.watcher import Watcher

app = typer.Typer(
    add_completion=True,
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    rich_markup_mode="rich",
    help="""Takes a department's yearly ledgers to gated, published marts, and says which cell is wrong.

    Exit codes: 0 done; 1 gates failed, nothing published; 2 the input or the call is wrong; 3 an internal failure.""",
)


def _say_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        out.print(f"ledgergate {version('ledgergate')}")
        raise typer.Exit(DONE)


@app.callback()
def program(
    version: Annotated[
        bool, typer.Option("--version", callback=_say_version, is_eager=True, help="Say the version and end.")
    ] = False,
) -> None:
    """Options before a command."""


cli_run.register(app)


@app.command(
    epilog="Examples:  ledgergate check raw/2024/hunan_hrss   |   ledgergate check 表3.xlsx --year 2024   |   "
    "ledgergate check table.csv --contract raw/contracts/project_expenditure.yml"
)
def check(
    paths: Annotated[
        list[Path],
        typer.Argument(
            help="Ledger files (csv, xlsx), folders of them, or a report (pdf, docx, txt).", show_default=False
        ),
    ],
    contract: Annotated[Path | None, typer.Option(help="Read every sheet by this contract.")] = None,
    rules: Annotated[Path | None, typer.Option(help="A rule file or folder instead of expectations/rules.")] = None,
    year: Annotated[int | None, typer.Option(help="Fiscal year, where no folder or title names it.")] = None,
    draft: Annotated[
        bool, typer.Option("--draft", help="Draft contracts and rules from the files themselves, and check by those.")
    ] = False,
    review: Annotated[
        Path | None, typer.Option(help="A folder for each report's remarks (xlsx) and marked copy.", show_default=False)
    ] = None,
    page: Annotated[
        Path | None, typer.Option(help="A file for the page of what the rules found (html).", show_default=False)
    ] = None,
    as_published: AsPublished = False,
    as_json: AsJson = False,
) -> None:
    """Reconcile any folder, workbook or published report, without publishing.

    A department's folder (raw/2025/hunan_hrss) is read as `run` reads it, beside its year before.
    """
    settings = Settings.from_environment()
    settings = settings.with_rules(rules) if rules else settings

    def work(watcher: Watcher) -> int:
        from orchestration.warehouse.check import check_paths

        with tempfile.TemporaryDirectory(prefix="ledgergate-") as folder:
            try:
                drafts = Path(folder) / "draft"
                used = cli_draft.drafted_settings(settings, paths, drafts, watcher) if draft else settings
                watcher.step("核对", 0)
                found = check_paths(
                    used, paths, Path(folder), contract=contract, year=year, as_published=as_published,
                    on_node=watcher.advance,
                )  # fmt: skip
            except InputError as error:
                if as_json:
                    print_json(summary.as_json(year or 0, "", None, None, error.problems))
                else:
                    summary.show_problems(err, error.problems)
                return BAD_INPUT
            if as_json:
                found_json = summary.as_json(found.build.year, found.build.department, found.build, None, [])
                print_json(found_json | {"documents": cli_documents.as_json([*found.documents], found.build)})
            else:
                with found.build.opened():
                    summary.show_summary(out, found.build)
                cli_documents.show(out, [*found.documents], found.build)
            if review:
                cli_documents.write_reviews(out, found, review)
            if page:
                from orchestration.publication.gates import write_rule_page

                write_rule_page(found.build, page)
                (err if as_json else out).print(f"核对页  {page}", markup=False)
            return BLOCKED if found.broken else DONE

    finish(work)


@app.command(epilog="Example:  ledgergate versions 2024")
def versions(year: Year, department: Department = "", as_json: AsJson = False) -> None:
    """List the published versions of a department's year; the current one is marked."""
    from orchestration.publication import versions as version_store

    settings = Settings.from_environment()
    if department or known_departments(settings, year):
        settings = the_department(settings, year, department)
    found = version_store.versions(settings, year)
    if as_json:
        rows = [{"version": v.name, "current": v.current, "folder": str(v.folder)} for v in found]
        print_json({"year": year, "department": settings.department, "versions": rows})
        return
    if not found:
        out.print(f"{year} 年度还没有发布过")
        return
    for version in found:
        code = version.manifest["code"]
        made_by = f"{code['version']} {(code['commit'] or '')[:8]}".strip()
        at = shown_stamp(version.name)
        out.print(f"{'●' if version.current else ' '} {version.name}  {at}  [dim]{made_by}[/]  {version.folder}")


@app.command(epilog="Example:  ledgergate rollback 2024 20250418T093000Z-1a2b3c4d")
def rollback(
    year: Year,
    version: Annotated[str, typer.Argument(help="As `ledgergate versions` lists it.", show_default=False)],
    department: Department = "",
) -> None:
    """Switch readers back (or forward) to another published version of a department's year."""
    from orchestration.publication import versions as version_store

    settings = the_department(Settings.from_environment(), year, department)
    before = version_store.current_versions(settings).get(year)
    try:
        chosen = version_store.rollback(settings, year, version)
    except KeyError:
        known = "、".join(v.name for v in version_store.versions(settings, year)) or "（没有）"
        err.print(f"[red]{year} 年度没有版本 {version}[/]；有：{known}")
        raise typer.Exit(BAD_INPUT) from None
    out.print(f"[green]已切换[/]  {year} 年度现为 [bold]{chosen.name}[/]")
    if before and before != chosen.name:
        whose = f" --department {department}" if department else ""
        out.print(f"[dim]撤销：ledgergate rollback {year} {before}{whose}[/]")


cli_cells.register(app)
cli_report.register(app)
cli_province.register(app)
cli_alerts.register(app)
cli_entries.register(app)
cli_draft.register(app)
cli_documents.register(app)
cli_backup.register(app)
cli_new_year.register(app)


def _refuse_call(error: TyperException) -> NoReturn:
    """A call that is wrong: what is, and where the right one is written. Help that was asked for by giving nothing is
    help, in the words of the command."""
    context = getattr(error, "ctx", None)
    if type(error).__name__ == "NoArgsIsHelpError":
        print(getattr(error, "message", ""), file=sys.stderr)
        sys.exit(BAD_INPUT)
    where = context.command_path if context else "ledgergate"
    err.print(Text.assemble(("调用不对  ", "red"), said_by_call(error)))
    err.print(f"[dim]写法见 {where} -h[/]")
    sys.exit(BAD_INPUT)


def main() -> None:
    """Entry point: an exception that nobody expected is exit code 3, with its trace for whoever mends it."""
    os.environ["PYTHONSAFEPATH"] = "1"  # processes of its own import nothing that lies in the folder it is called in
    gc.set_threshold(50_000, 20, 50)  # records by the hundred thousand, hardly a circle: a tenth of a long check's time
    try:
        code = app(prog_name="ledgergate", standalone_mode=False)
        sys.exit(code if isinstance(code, int) else DONE)
    except (typer.Abort, KeyboardInterrupt):
        err.print("[yellow]已中断[/]")
        sys.exit(130)
    except TyperException as error:
        _refuse_call(error)
    except InputError as error:
        summary.show_problems(err, error.problems)
        sys.exit(BAD_INPUT)
    except Exception as error:
        if full := no_room(error):
            err.print(f"[red]写不下[/]  磁盘满了，或到了文件大小的上限：{full}")
            err.print("[dim]已发布的版本没有改动；腾出空间后重新运行即可[/]")
            sys.exit(INTERNAL)
        if refused := no_access(error):
            err.print(f"[red]无法读写[/]  {Settings.from_environment().home} 或其中的文件：{refused}")
            err.print("[dim]已发布的版本没有改动；换一个位置（LEDGERGATE_HOME）或给予读写权限后重新运行即可[/]")
            sys.exit(BAD_INPUT)
        traceback.print_exc()
        err.print(f"[red]内部错误[/]  {type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}")
        err.print("[dim]已发布的版本没有改动[/]")
        sys.exit(INTERNAL)


if __name__ == "__main__":
    main()
