"""What all commands share of the terminal: consoles, exit codes, JSON, progress. What a command says is its own."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any, NoReturn

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

#: Exit codes. ``BLOCKED``: it was judged, and not everything holds, was accepted, or arrived.
DONE, BLOCKED, BAD_INPUT, INTERNAL = 0, 1, 2, 3

out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)


def print_json(content: object) -> None:
    typer.echo(json.dumps(content, ensure_ascii=False, indent=2, default=str))


class Quiet:
    """No display: the output goes to a file or a pipe."""

    def step(self, name: str, total: int) -> None: ...

    def advance(self, what: str) -> None: ...


class Display:
    """Progress on stderr: one bar for the step that runs."""

    def __init__(self, progress: Progress):
        self.progress = progress
        self.task = progress.add_task("启动", total=None)

    def step(self, name: str, total: int) -> None:
        self.progress.update(self.task, visible=False)
        self.task = self.progress.add_task(name, total=total)

    def advance(self, what: str) -> None:
        self.progress.update(self.task, advance=1, what=what)


def finish(work: Callable[[Any], int]) -> NoReturn:
    """Run with a progress display; the exit code says how it went."""
    progress = Progress(
        SpinnerColumn(), TextColumn("{task.description}"), BarColumn(bar_width=24), MofNCompleteColumn(),
        TimeElapsedColumn(), TextColumn("[dim]{task.fields[what]}"), console=_screen(), transient=True,
    )  # fmt: skip
    interactive = err.is_terminal
    progress.add_task = _with_field(progress.add_task)  # type: ignore[method-assign]
    try:
        with progress if interactive else nullcontext():
            code = work(Display(progress) if interactive else Quiet())
    except KeyboardInterrupt:
        err.print("[yellow]已中断[/]；已发布的版本没有改动")
        raise typer.Exit(130) from None
    raise typer.Exit(code)


def _screen() -> Console:
    """Standard error under a descriptor of its own: Dagster turns 1 and 2 aside while a step runs."""
    if not err.is_terminal:
        return err
    return Console(file=os.fdopen(os.dup(err.file.fileno()), "w", encoding="utf-8"), highlight=False, soft_wrap=True)


def _with_field(add_task: Callable[..., Any]) -> Callable[..., Any]:
    return lambda description, **options: add_task(description, what="", **options)
