"""What all commands share of the terminal: consoles, exit codes, JSON, progress, and the language of the screen. What a
command says is its own, in Chinese; the consoles put it into English for whoever reads that. JSON is data: as it is.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from contextlib import nullcontext
from typing import Annotated, Any, NoReturn

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.status import Status
from rich.text import Text

from orchestration.base.language import in_english, screen_language
from orchestration.base.years import FIRST_YEAR

#: Exit codes. ``BLOCKED``: it was judged, and not everything holds, was accepted, or arrived.
DONE, BLOCKED, BAD_INPUT, INTERNAL = 0, 1, 2, 3


Year = Annotated[int, typer.Argument(min=FIRST_YEAR, max=2999, help="Fiscal year, e.g. 2024.", show_default=False)]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of the summary.")]
AsPublished = Annotated[
    bool, typer.Option("--as-published", help="Ignore corrections, to see the gate at work. Publishes nothing.")
]
Department = Annotated[
    str, typer.Option("--department", help="Its code; not needed where the year has one.", show_default=False)
]


class Screen(Console):
    """A console that speaks the language of whoever reads it: all that is printed passes here, tables' cells too."""

    def print(self, *objects: Any, **options: Any) -> None:
        super().print(*(spoken(each) if isinstance(each, Text) else each for each in objects), **options)

    def render_str(self, text: str, **options: Any) -> Text:
        return spoken(super().render_str(text, **options))

    def status(self, status: Any, **options: Any) -> Status:
        return super().status(spoken(status) if isinstance(status, Text) else spoken(Text(status)), **options)


def spoken(text: Text) -> Text:
    """The text in the reader's language: what has a style of its own is a sentence, or a name, of its own."""
    if screen_language() == "zh":
        return text
    ends = sorted({0, len(text), *(place for span in text.spans for place in (span.start, span.end))})
    parts = text.divide(ends[1:-1]) if len(ends) > 2 else [text]
    said = Text(style=text.style, justify=text.justify, overflow=text.overflow, no_wrap=text.no_wrap, end=text.end)
    for part in parts:
        styles = [span.style for span in part.spans]
        piece = Text(in_english(part.plain))
        for style in styles:
            piece.stylize(style)
        said.append_text(piece)
    return said


out = Screen(highlight=False, soft_wrap=True)
err = Screen(stderr=True, highlight=False, soft_wrap=True)


def print_json(content: object) -> None:
    typer.echo(json.dumps(content, ensure_ascii=False, indent=2, default=str))


def _step(name: str) -> str:
    return spoken(Text(name)).plain


class Quiet:
    """No display: the output goes to a file or a pipe."""

    def step(self, name: str, total: int) -> None: ...

    def advance(self, what: str) -> None: ...


class Display:
    """Progress on stderr: one bar for the step that runs."""

    def __init__(self, progress: Progress):
        self.progress = progress
        self.task = progress.add_task(_step("启动"), total=None)

    def step(self, name: str, total: int) -> None:
        self.progress.update(self.task, visible=False)
        self.task = self.progress.add_task(_step(name), total=total)

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
    return Screen(file=os.fdopen(os.dup(err.file.fileno()), "w", encoding="utf-8"), highlight=False, soft_wrap=True)


def _with_field(add_task: Callable[..., Any]) -> Callable[..., Any]:
    return lambda description, **options: add_task(description, what="", **options)
