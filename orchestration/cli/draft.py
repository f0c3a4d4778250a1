"""The command ``ledgergate draft``: thin, like ``cli``, which registers it. Also what ``check --draft`` reads by."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.text import Text

from orchestration.base.problems import InputError
from orchestration.base.settings import Settings
from orchestration.base.watcher import SILENT, Watcher
from orchestration.cli import summary
from orchestration.cli.terminal import BAD_INPUT, DONE, err, finish, out, print_json
from orchestration.documents.formats import is_document

if TYPE_CHECKING:
    from orchestration.drafting.draft import Draft


def register(app: typer.Typer) -> None:
    app.command(
        epilog="Examples:  ledgergate draft 决算.xlsx   |   ledgergate draft tables/ --out draft   |   "
        "ledgergate draft 决算报告.pdf   |   ledgergate draft 决算.xlsx --json   |   "
        "ledgergate check 决算.xlsx --draft --year 2024"
    )(draft)


def draft(
    paths: Annotated[
        list[Path],
        typer.Argument(
            help="Ledger files (csv, xlsx), folders of them, or reports (pdf, docx, txt).", show_default=False
        ),
    ],
    folder: Annotated[
        Path | None,
        typer.Option("--out", help="An empty or new folder for the draft; <name>-draft without it."),
    ] = None,
    seconds: Annotated[float, typer.Option(min=1, help="Time limit; what it leaves out is said.")] = 60,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object and write nothing.")] = False,
) -> None:
    """Draft contracts and rules for tables that nobody has described, with the evidence; and tell what breaks them.

    Writes contracts/, rules/, sources.yml and draft.html, a page to look at before anyone signs. Edit them, then check.
    """
    from orchestration.drafting.page import write_page
    from orchestration.drafting.writing import as_json as draft_json
    from orchestration.drafting.writing import write_draft

    target = folder or Path(f"{paths[0].resolve().stem}-draft")
    if not as_json and target.is_dir() and any(target.iterdir()):
        err.print(f"[red]{target} 不是空文件夹[/]：改过的草稿不会被覆盖；用 --out 指明另一个")
        raise typer.Exit(BAD_INPUT)

    def work(watcher: Watcher) -> int:
        try:
            found = make_draft(Settings.from_environment(), paths, seconds, watcher)
        except InputError as error:
            summary.show_problems(err, error.problems, "什么也没有写")
            return BAD_INPUT
        if as_json:
            print_json(draft_json(found))
            return DONE
        written = write_draft(found, target)
        page = write_page(found, target / "draft.html")
        show(out, found)
        out.print(f"[green]已写[/]  {len(written)} 个文件，看 {page}")
        out.print(f"[dim]审定后：放进 raw/contracts 与 expectations/rules；或先 ledgergate check {paths[0]} --draft[/]")
        return DONE

    finish(work)


def make_draft(settings: Settings, paths: list[Path], seconds: float | None, watcher: Watcher = SILENT) -> Draft:
    """A draft with the names of the contracts that this installation has. Raises ``InputError``."""
    from orchestration.drafting.draft import draft_paths
    from orchestration.ledgers.contract import read_contracts
    from orchestration.rules.model import read_rules

    known = read_contracts(settings.contracts) if settings.contracts.is_dir() else {}
    rules = read_rules(settings.rules) if known and any(map(is_document, paths)) else []
    return draft_paths(paths, known, seconds, watcher, rules)


def drafted_settings(
    settings: Settings, paths: list[Path], folder: Path, watcher: Watcher, seconds: float | None = 60
) -> Settings:
    """Settings under which the paths are checked by a draft of themselves, written into ``folder``."""
    from orchestration.drafting.writing import write_draft

    write_draft(make_draft(settings, paths, seconds, watcher), folder)
    return replace(settings, raw=folder.resolve()).with_rules(folder / "rules")


def show(console: Console, found: Draft) -> None:
    """Tables, rules with their evidence, breaks and what is left to decide: one screen."""
    from orchestration.drafting.writing import broken_place, undecided

    for table in found.tables:
        keys = "、".join(key.header for key in table.keys) or "（待定）"
        console.print(Text.assemble(("表  ", "bold"), f"{table.name}  {table.title}  {len(table.rows)} 行，",
                                    f"行键 {keys}，{len(table.measures)} 栏数"))  # fmt: skip
    for rule in found.rules:
        style = "green" if not rule.breaks else "yellow"
        console.print(Text.assemble(("关系  ", style), rule.title, (f"  {rule.kept}/{rule.tried}  {rule.id}", "dim")))
    for each in found.breaks:
        console.print(Text.assemble(("发现  ", "red"), broken_place(each), (f"  {each.rule}", "dim")))
    for amounts in found.amounts:
        for each in amounts.unread:
            console.print(Text.assemble(("待定  ", "magenta"), broken_place(each)))
    for text in undecided(found):
        console.print(Text.assemble(("待定  ", "magenta"), text))
