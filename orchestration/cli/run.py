"""The command ``ledgergate run``: thin, like ``cli``, which registers it. It runs the job that the Dagster UI runs, for
each department of the year by itself, and prints what it found.
"""

from __future__ import annotations

import traceback
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.text import Text

from orchestration.base.departments import departments, not_departments
from orchestration.base.obstacles import no_access, no_room
from orchestration.base.problems import InputError, Problem
from orchestration.base.settings import Settings
from orchestration.cli import alerts as cli_alerts
from orchestration.cli import province as cli_province
from orchestration.cli import summary
from orchestration.cli.terminal import (
    BAD_INPUT,
    BLOCKED,
    DONE,
    INTERNAL,
    AsJson,
    AsPublished,
    Year,
    err,
    finish,
    out,
    print_json,
)

if TYPE_CHECKING:
    from orchestration.base.watcher import Watcher
    from orchestration.pipeline.outcome import Outcome


#: What alerts call the ends of a department's run.
_ENDINGS = {DONE: "published", BLOCKED: "blocked", BAD_INPUT: "refused", INTERNAL: "crashed"}


def register(app: typer.Typer) -> None:
    app.command(
        epilog="Examples:  ledgergate run 2024   |   ledgergate run 2024 --department hunan_hrss   |   "
        "ledgergate run 2024 --as-published   |   ledgergate run 2024 --json"
    )(run)


def run(
    year: Year,
    department: Annotated[
        str, typer.Option(help="One department, by its code; all of the year without it.", show_default=False)
    ] = "",
    as_published: AsPublished = False,
    as_json: AsJson = False,
) -> None:
    """Read, build, judge and publish a year: each department's by itself, so that none holds back another."""
    settings = Settings.from_environment()
    cli_alerts.read_channels(settings)  # whoever is to be alerted must be reachable before something goes wrong

    def work(watcher: Watcher) -> int:
        try:
            codes = _departments(settings, year, department)
        except InputError as error:
            return _refuse(year, error.problems, as_json=as_json)
        alone = len(codes) == 1
        ended: list[_DepartmentRun] = []
        try:
            for each in _each(settings, year, codes, watcher, as_published, as_json):
                ended.append(each)
                if not as_json:
                    _show(each) if alone else _show_line(each)
        finally:
            if not alone and not as_published:
                _close(settings, year, ended)
        if as_json:
            told = [each.json for each in ended]
            print_json(told[0] if alone else {"year": year, "departments": told})
        elif not alone:
            _show_all(ended, year)
        if not alone and not as_published:
            cli_province.after_run(settings, year, quiet=as_json)
        _name_strangers(settings, year, department)
        return max(each.code for each in ended)

    try:
        finish(work)
    finally:
        if not as_published:
            cli_alerts.tell(settings)


def _close(settings: Settings, year: int, ended: list[_DepartmentRun]) -> None:
    """Tell those who look after all departments what the run came to, also where it broke off."""
    from orchestration.alerting import events

    events.digest(settings, year, Counter(_ENDINGS[each.code] for each in ended))


def _name_strangers(settings: Settings, year: int, department: str) -> None:
    """Folders of the year that are nobody's, where all departments were meant."""
    for strange in () if department else not_departments(settings.raw, year):
        err.print(Text.assemble(("未读  ", "yellow"), f"{strange.file}；应为 {strange.expected}"))


def _departments(settings: Settings, year: int, department: str) -> list[str]:
    known = departments(settings.raw, year)
    if department in known:
        return [department]
    if department or not known:
        place = settings.raw / str(year)
        expected = "、".join(known) or f"每个部门一个文件夹：{place}/<部门代码>/，账表和 sources.yml 放在里面"
        where = "--department" if department else str(place)
        raise InputError([Problem(where, "", "", department or "没有一个部门的账", expected)])
    return known


@dataclass(frozen=True)
class _DepartmentRun:
    """How one department's run ended."""

    department: str
    outcome: Outcome | None  # None where the input was refused before anything was built
    problems: tuple[Problem, ...]
    json: Mapping[str, Any]  # what --json prints of it
    crash: str = ""  # what an internal failure said

    @property
    def code(self) -> int:
        if self.crash:
            return INTERNAL
        failed = bool(self.outcome and self.outcome.failed)
        return BAD_INPUT if self.problems else BLOCKED if failed else DONE


def _each(
    settings: Settings, year: int, codes: list[str], watcher: Watcher, as_published: bool, as_json: bool
) -> Iterator[_DepartmentRun]:
    """How each department's run ends: all in one run, then those that want one of their own."""
    alone = len(codes) == 1
    together = {} if alone else _run_together(settings, year, codes, watcher, as_published, as_json)
    for code in codes:
        yield together.get(code) or _run(settings.of(code), year, watcher, as_published, as_json, alone)


def _run_together(
    settings: Settings, year: int, codes: list[str], watcher: Watcher, as_published: bool, as_json: bool
) -> dict[str, _DepartmentRun]:
    """All departments in one run; those are left out that want one of their own."""
    from orchestration.pipeline.together import run_together

    outcomes = run_together(settings, year, codes, as_published=as_published, watcher=watcher)
    return {code: _ended(code, year, outcome, as_json) for code, outcome in outcomes.items()}


def _run(
    settings: Settings, year: int, watcher: Watcher, as_published: bool, as_json: bool, alone: bool
) -> _DepartmentRun:
    """One department's run. Where there are others, an internal failure ends its own alone."""
    try:
        return _run_one(settings, year, watcher, as_published=as_published, as_json=as_json, bundled=not alone)
    except Exception as error:
        if alone or no_room(error) or no_access(error):  # it would be the same with the others
            raise
        traceback.print_exc()
        said = f"{type(error).__name__}: {error}".splitlines()[0]
        found = summary.as_json(year, settings.department, None, None, []) | {"crash": said}
        return _DepartmentRun(settings.department, None, (), found, said)


def _run_one(
    settings: Settings, year: int, watcher: Watcher, *, as_published: bool, as_json: bool, bundled: bool
) -> _DepartmentRun:
    from orchestration.pipeline.refusal import refused

    code = settings.department
    if problems := refused(settings, year, as_published=as_published, bundled=bundled):
        found = summary.as_json(year, code, None, None, problems) if as_json else {}
        return _DepartmentRun(code, None, tuple(problems), found)
    from expectations.gate import gate_executor

    gate_executor()  # gets ready on the other core while this one imports the rest
    from orchestration.pipeline.run import run_year

    outcome = run_year(settings, year, as_published=as_published, watcher=watcher, bundled=bundled)
    return _ended(code, year, outcome, as_json)


def _ended(code: str, year: int, outcome: Outcome, as_json: bool) -> _DepartmentRun:
    name = outcome.version.name if outcome.version else None
    found = {}
    if as_json:
        built = outcome.build if not outcome.problems and summary.is_judged(outcome.build) else None
        found = summary.as_json(year, code, built, name, outcome.problems)
    return _DepartmentRun(code, outcome, tuple(outcome.problems), found)


def _refuse(year: int, problems: list[Problem], *, as_json: bool) -> int:
    if as_json:
        print_json(summary.as_json(year, "", None, None, problems))
    else:
        summary.show_problems(err, problems)
    return BAD_INPUT


def _show(ended: _DepartmentRun) -> None:
    """All that there is to say of one department, on one screen."""
    outcome = ended.outcome
    if ended.problems or outcome is None:
        summary.show_problems(err, list(ended.problems))
        return
    if summary.is_judged(outcome.build):
        with outcome.build.opened():
            summary.show_summary(out, outcome.build)
    if outcome.version:
        summary.show_version(out, outcome.version, outcome.is_new)
    elif outcome.failed:
        out.print(f"[red]未发布[/]  未通过：{'、'.join(outcome.failed)}")
        out.print(f"[dim]关卡页  {outcome.build.folder / 'gates.html'}[/]")


def _show_line(ended: _DepartmentRun) -> None:
    """One of many departments, in one line: published, held back and by what, or which place can't be read."""
    outcome = ended.outcome
    if ended.crash:
        out.print(Text.assemble(("内部错误  ", "red"), (ended.department, "bold"), "  ", ended.crash))
    elif ended.problems or outcome is None:
        first = ended.problems[0]
        place = "  ".join(part for part in (first.file, first.sheet, first.cell) if part)
        said = f"{len(ended.problems)} 处不对  {place}  读到 {first.found}；应为 {first.expected}"
        out.print(Text.assemble(("读不了  ", "red"), (ended.department, "bold"), "  ", said))
    elif outcome.failed:
        suspect = summary.first_suspect(outcome.build) if summary.is_judged(outcome.build) else ""
        said = suspect or "、".join(outcome.failed)
        out.print(Text.assemble(("未发布  ", "red"), (ended.department, "bold"), "  ", said))
    else:
        score = summary.score_text(outcome.build) if outcome.score is None else outcome.score
        version = outcome.version.name if outcome.version else "只核对，不发布"
        out.print(Text.assemble(("通过  ", "green"), (ended.department, "bold"), f"  {version}  {score}".rstrip()))


def _show_all(ended: list[_DepartmentRun], year: int) -> None:
    """How many of each."""
    counts = {code: sum(each.code == code for each in ended) for code in (DONE, BLOCKED, BAD_INPUT, INTERNAL)}
    said = f"{len(ended)} 个部门：通过 {counts[DONE]}，未发布 {counts[BLOCKED]}，读不了 {counts[BAD_INPUT]}"
    said += f"，内部错误 {counts[INTERNAL]}" if counts[INTERNAL] else ""
    out.print(Text.assemble((f"{year} 年度  ", "bold"), said))
    if counts[BLOCKED] or counts[BAD_INPUT]:
        out.print(f"[dim]逐个细看：ledgergate run {year} --department 部门代码[/]")
