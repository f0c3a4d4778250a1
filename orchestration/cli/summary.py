"""What a run found, read out of its build: the JSON object of ``run`` and ``check``, and the screen that people see."""

from __future__ import annotations

import dataclasses
from collections import Counter
from contextlib import nullcontext
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from expectations.coverage import COVERAGE, JUDGED
from orchestration.base.problems import Problem
from orchestration.base.wording import BROKEN_IN_SQL, SECTIONS, STATUSES, decimal_text
from orchestration.cli.sides import places_of, places_of_problems, said_once, sides_of, with_sides

if TYPE_CHECKING:
    from orchestration.publication.versions import Version
    from orchestration.warehouse.build import Build

_NOT_JUDGED = """
    select row_address as address, level3 as indicator, target_text as target, actual_text as actual,
           not_judged as reason
    from indicator_score where not_judged is not null order by address
"""


def as_json(
    year: int, department: str, build: Build | None, published: str | None, problems: list[Problem]
) -> dict[str, Any]:
    """The one object that ``--json`` prints; decimals as strings."""
    lists = ("judged_by_year", "not_checked", "coverage", "rules", "findings", "suspects", "suspect_entries")
    empty: dict[str, Any] = {**{name: [] for name in (*lists, "not_judged", "corrections")}, "score": {}}
    with build.opened() if build and not problems else nullcontext():
        found = _found(build) if build and not problems else empty
    notices = build.notices if build and not problems else []
    return {
        "year": year,
        "department": department,
        "published": published,
        "errors": [dataclasses.asdict(problem) for problem in problems],
        "notices": [dataclasses.asdict(notice) for notice in notices],
        "judged": _judged(build) if build and not problems else {},
        "not_read": build.not_read if build and not problems else [],
        **found,
    }


def _judged(build: Build) -> dict[str, dict[str, int]]:
    """How many rule instances were judged, by severity and status: nothing broken is not nothing checked."""
    counts: dict[str, dict[str, int]] = {"error": {}, "warning": {}}
    for row in build.rows("select severity, status, count(*) as n from reconciliation group by all order by all"):
        counts[row["severity"]][row["status"]] = row["n"]
    return counts


#: Each suspect cell with its place.
SUSPECTS = """
    select suspect.*, cell.file, cell.sheet, cell.cell
    from suspect_cell as suspect left join cell using (fiscal_year, address)
    order by suspect.fault, suspect.rank, suspect.answer, suspect.address
"""
#: Each figure that no rule binds, with its place.
_UNCHECKED = """
    select ledger, ledger_label, address, concat_ws(' ', row_label, header) as name, text, file, sheet, cell
    from cell where value is not null and address not in (select address from rule_term where address is not null)
    order by address
"""


def _found(build: Build) -> dict[str, Any]:
    score = build.rows("select section, weight, score, grade from score_summary order by section")
    return {
        "judged_by_year": build.rows(JUDGED),
        "not_checked": build.rows(_UNCHECKED),
        "coverage": build.rows(f"select kind, about, figures, statement from ({COVERAGE})"),
        "rules": with_sides(
            _plain(build.rows("from reconciliation where status <> 'consistent' order by severity, rule_id, instance")),
            sides_of(build),
        ),
        "findings": _plain(build.rows("from finding order by fault")),
        "suspects": _plain(build.rows(SUSPECTS)),
        "suspect_entries": _plain(build.rows("from suspect_entry order by fault, rank, ledger, file, line, statement")),
        "not_judged": build.rows(_NOT_JUDGED),
        "corrections": _plain(build.rows("from correction order by address")),
        "score": {row.pop("section"): row for row in _plain(score)},
    }


def _plain(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        {name: decimal_text(value) if isinstance(value, Decimal) else value for name, value in row.items()}
        for row in rows
    ]


def show_problems(console: Console, problems: list[Problem], outcome: str = "什么也没有构建") -> None:
    """All that is wrong with the input, one line each kind in a sheet: what comes often, once with its places."""
    console.print(f"[bold red]输入有 {len(problems)} 处不对，{outcome}[/]")
    for problem, alike in said_once(problems):
        cells = places_of_problems(alike) or problem.cell
        place = "  ".join(part for part in (problem.file, problem.sheet, cells) if part)
        console.print(Text.assemble((place, "bold"), "  读到 ", (problem.found, "red"), f"；应为 {problem.expected}"))
        if len(alike) > 1:
            console.print("[dim]      逐处见 --json[/]")


def show_summary(console: Console, build: Build) -> None:
    """Cells, rules by status, what is broken, warnings, corrections and score: one screen."""
    (cells,) = build.rows("select count(*) as n, count(value) as figures, count(distinct ledger) as ledgers from cell")
    rules = build.rows("select severity, status, count(*) as n from reconciliation group by all")
    count = {(row["severity"], row["status"]): row["n"] for row in rules}
    whose = f"  {build.department}" if build.department else ""
    console.print(
        f"[bold]{build.year} 年度[/]{whose}  {cells['ledgers']} 本账，{cells['figures']} 个数，{cells['n']} 个单元格"
    )
    table = Table(box=None, pad_edge=False, show_edge=False)
    table.add_column("", no_wrap=True)
    shown = [status for status in STATUSES if any(status == found for _, found in count)]
    for status in shown:
        table.add_column(STATUSES[status][0], justify="right", style=STATUSES[status][1])
    for severity, name in (("error", "必须成立的规则"), ("warning", "提示的规则")):
        table.add_row(name, *(str(count.get((severity, status), "")) for status in shown))
    console.print(table)
    _show_entries(console, build)
    _show_broken(console, build)
    _show_suspects(console, build)
    _show_warnings(console, build)
    for row in build.rows(_NOT_JUDGED):
        console.print(Text(f"未评  {row['indicator']}：{row['reason']}", style="yellow"))
    for row in build.rows(
        """select rule_id, instance
           from accepted_exception left join reconciliation using (fiscal_year, rule_id, instance)
           where status is distinct from 'accepted' order by rule_id, instance"""
    ):
        text = f"例外  {row['rule_id']} {row['instance']}：没有对应的差额，exceptions.csv 里的这一行没有用上"
        console.print(Text(text, style="yellow"))
    for row in build.rows("from correction order by address"):
        by = row["confirmed_by"] or "依勾稽关系推定"
        console.print(Text(f"更正  {row['address']}  {row['printed']} → {row['corrected']}（{by}）", style="cyan"))
    _show_score(console, build)
    _show_notices(console, build.notices)
    _show_not_read(console, build.not_read)
    _show_coverage(console, build)
    _show_rules_not_judged(console, build.not_read)


def _show_not_read(console: Console, not_read: list[dict[str, str]]) -> None:
    """Files, sheets and parts of sheets by name; rows and columns only counted, by what they are."""
    for each in not_read:
        if each["kind"] not in ("row", "column", "rule"):
            place = "  ".join(part for part in (each["file"], each["sheet"], each["cell"]) if part)
            console.print(Text.assemble(("未读  ", "yellow"), f"{place}  {each['found']}；{each['reason']}"))
    rows = Counter(each["reason"] for each in not_read if each["kind"] == "row")
    if rows:
        named = "、".join(f"{reason} {n} 行" for reason, n in rows.items())
        console.print(Text(f"未读  不含数字的行：{named}，位置见 --json", style="dim"))
    if columns := [each["found"] for each in not_read if each["kind"] == "column"]:
        named = "、".join(columns[:3]) + (f" 等 {len(columns)} 栏" if len(columns) > 3 else "")
        console.print(Text(f"未读  契约没有列出的栏：{named}，位置见 --json", style="dim"))


def _show_rules_not_judged(console: Console, not_read: list[dict[str, str]], limit: int = 3) -> None:
    """Rules on a ledger that nobody knows, or on a row that is not there, by name. Those that want a ledger
    are counted beside what was judged.
    """
    rules = [each for each in not_read if each["kind"] == "rule"]
    named = [each for each in rules if each["absent"] in ("contract", "row")]
    for each in named[:limit]:
        console.print(Text.assemble(("未核对  ", "yellow"), f"规则 {each['rule']}：{each['reason']}"))
    if len(named) > limit:
        console.print(Text(f"未核对  另有 {len(named) - limit} 条规则，见 --json", style="dim"))


def _show_notices(console: Console, notices: list[Problem], limit: int = 5) -> None:
    """What was read, but should be looked at: the first few, and how many more."""
    for notice in notices[:limit]:
        place = "  ".join(part for part in (notice.file, notice.sheet, notice.cell) if part)
        console.print(Text.assemble(("注意  ", "yellow"), f"{place}  {notice.found}；{notice.expected}"))
    if len(notices) > limit:
        console.print(Text(f"注意  另有 {len(notices) - limit} 处，见 --json", style="dim"))


def _wanting(build: Build) -> str:
    """How many rules want a ledger that is not there: behind what was judged."""
    absent = sum(each["kind"] == "rule" and each["absent"] == "ledger" for each in build.not_read)
    return f"；{absent} 条规则所需的账不在其中" if absent else ""


def _show_coverage(console: Console, build: Build) -> None:
    """How much was judged beside last year, what no rule looked at, by ledger, and what is odd beside last year."""
    this, *before = build.rows(JUDGED)
    last = "".join(f"；{row['year']} 年度 {row['rules']} 条、{row['instances']} 处" for row in before)
    fewer = any(row["rules"] > this["rules"] for row in before)
    judged = f"核对  {this['rules']} 条规则、{this['instances']} 处{last}{_wanting(build)}"
    console.print(Text(judged, style="yellow" if fewer else "dim"))
    rows = build.rows(COVERAGE)
    unchecked = [row for row in rows if row["kind"] == "unchecked"]
    if unchecked:
        figures = sum(row["figures"] for row in unchecked)
        ledgers = "、".join(f"{row['about']} {row['figures']}" for row in unchecked)
        console.print(Text(f"未核对  {figures} 个数没有一条规则核对：{ledgers}（逐个见 --json）", style="yellow"))
    same = [f"{row['about']} {row['figures']}" for row in rows if row["kind"] == "same_as_last_year"]
    told = [f"与上年列示的一字不差的账（个数）：{'、'.join(same)}"] if same else []
    told += [row["statement"] for row in rows if row["kind"] in ("rule_gone", "row_gone", "other_year")]
    for statement in told:
        console.print(Text.assemble(("提示  ", "yellow"), statement))


def _show_entries(console: Console, build: Build, limit: int = 3) -> None:
    """What was read of single entries, and which lines could not be."""
    for row in build.rows(
        """select ledger.label, count(*) as files, sum(file.entries) as entries, sum(file.bad_lines) as bad
           from raw.entry_file as file
           inner join (select distinct entries, label from raw.entry_ledger) as ledger on file.ledger = ledger.entries
           group by ledger.label order by ledger.label"""
    ):
        console.print(f"明细  {row['label']}：{row['entries']:,} 笔，{row['files']} 个文件", markup=False)
        if row["bad"]:
            console.print(Text(f"坏行  {row['bad']} 行读不出，全在 {build.quarantine}", style="yellow"))
    for row in build.rows(f"from raw.bad_line order by ledger, file, line limit {limit}"):
        console.print(Text(f"坏行  {row['file']} 第{row['line']}行：{row['reason']}", style="yellow"))


def _show_warnings(console: Console, build: Build) -> None:
    """One line a kind, the gravest of each; every one of them is on the page and in --json."""
    for row in build.rows(
        """select rule_id, statement from rule_summary where severity = 'warning' and broken > 0 order by rule_id"""
    ):
        console.print(Text.assemble(("提示  ", "yellow"), row["statement"], (f"  {row['rule_id']}", "dim")))


def _show_broken(console: Console, build: Build, limit: int = 2) -> None:
    """Rules that must hold and do not: the first instances of each, and how many more there are."""
    rows = build.rows(
        f"""select rule_id, instance, statement from reconciliation
           where severity = 'error' and status in {BROKEN_IN_SQL} order by rule_id, instance"""
    )
    sides = sides_of(build) if rows else {}
    by_rule: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        by_rule.setdefault(row["rule_id"], []).append(row)
    for rule, broken in by_rule.items():
        for row in broken[:limit]:
            console.print(Text.assemble(("不成立  ", "red"), row["statement"], (f"  {rule}", "dim")))
            if places := places_of(sides.get((rule, row["instance"]))):
                console.print(Text(f"      {places}", style="dim"))
        if len(broken) > limit:
            console.print(Text(f"不成立  同一规则另有 {len(broken) - limit} 条，见关卡页或 --json", style="dim"))


def _show_suspects(console: Console, build: Build, limit: int = 6) -> None:
    """The likeliest answers of each fault; where they are not the only ones, that is said too.

    Faults that one pattern explains are told as one, and their cells only counted.
    """
    for pattern in build.rows(
        """select pattern, count(*) as faults, sum(answers) as answers from finding
           where pattern is not null group by pattern order by min(fault)"""
    ):
        console.print(Text.assemble(("发现  ", "magenta"), pattern["pattern"], f"（合 {pattern['faults']} 处发现）"))
        console.print(Text(f"疑点  若不是，另有 {pattern['answers']} 种改法，见 --json", style="dim"))
    for finding in build.rows("from finding where pattern is null order by fault"):
        if not finding["is_unique"]:
            console.print(Text.assemble(("发现  ", "magenta"), finding["statement"]))
        rows = build.rows(
            """select statement, concat_ws(' ', file, nullif(sheet, ''), cell) as place
               from suspect_cell left join cell using (fiscal_year, address)
               where fault = ? and rank = 1 order by answer, address""",
            finding["fault"],
        ) + build.rows(
            """select statement, '' as place from suspect_entry where fault = ? and rank = 1
               order by ledger, file, line, statement""",
            finding["fault"],
        )
        for row in rows[:limit]:
            place = f"  {row['place']}" if row["place"] else ""
            console.print(Text.assemble(("疑点  ", "magenta"), row["statement"], (place, "dim")))
        if len(rows) > limit:
            console.print(Text(f"疑点  另有 {len(rows) - limit} 处，见 --json", style="dim"))


def is_judged(build: Build) -> bool:
    """Whether a build has come as far as its findings: one whose structure tests failed has not."""
    return bool(build.rows("select 1 as found from duckdb_tables() where table_name = 'finding'"))


def score_text(build: Build) -> str:
    """96.48 分 优; nothing where the year has no score."""
    total = _scores(build).get("total")
    return f"{total['score']} 分 {total['grade'] or ''}".rstrip() if total else ""


def first_suspect(build: Build) -> str:
    """The likeliest suspect of the first finding with its place, or the first rule that does not hold."""
    for query in (
        """select concat_ws('  ', statement, concat_ws(' ', file, nullif(sheet, ''), cell)) as said
           from suspect_cell left join cell using (fiscal_year, department, address)
           where rank = 1 order by fault, answer, address limit 1""",
        f"""select statement as said from reconciliation
            where severity = 'error' and status in {BROKEN_IN_SQL} order by rule_id, instance limit 1""",
    ):
        for row in build.rows(query):
            return str(row["said"])
    return ""


def _scores(build: Build) -> dict[str, dict[str, Any]]:
    """By section. Without indicators (a document that keeps them in an annex) what is left of a score is no grade."""
    rows = {row["section"]: row for row in build.rows("from score_summary")}
    return rows if "total" in rows and build.rows("from cell where ledger = 'indicator' limit 1") else {}


def _show_score(console: Console, build: Build) -> None:
    rows = _scores(build)
    if not rows:
        return
    parts = [f"{SECTIONS[s]} {row['score']}/{row['weight']}" for s in SECTIONS if s != "total" and (row := rows.get(s))]
    total = rows["total"]
    console.print(
        Text.assemble("得分  ", (f"{total['score']} 分 {total['grade'] or ''}", "bold"), f"  {'  '.join(parts)}")
    )


def show_version(console: Console, version: Version, is_new: bool) -> None:
    word = "已发布" if is_new else "内容未变，仍为"
    console.print(Text.assemble((f"{word}  ", "green"), (version.name, "bold"), f"  {version.folder}"))
