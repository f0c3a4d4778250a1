"""An explanation on the screen."""

from __future__ import annotations

from datetime import UTC, datetime

from rich.console import Console
from rich.text import Text

from orchestration.base.clock import shown
from orchestration.base.wording import BROKEN, STATUSES, decimal_text
from orchestration.explanation.explain import Explanation, RulePart
from orchestration.explanation.scoring import formula_text
from orchestration.explanation.source import TableSource
from orchestration.explanation.wording import interval_text, printed_text

#: Rules and causes shown; ``--json`` has them all.
SHOWN = 10
_SEVERITIES = {"error": "必须成立", "warning": "提示"}


def show(console: Console, found: Explanation) -> None:
    """One screen: what was printed and where, what holds now, where it goes, its rules, what it would have to be."""
    cell = found.cell
    console.print(Text.assemble((found.label, "bold"), (f"  {cell['address']}", "dim")))
    place = "  ".join(part for part in (cell["file"], cell["sheet"], cell["cell"]) if part)
    told = "；".join(filter(None, (found.mark, "尾数是舍去的" if found.rounding == "cut" else "")))
    told = f"（{told}）" if told else ""
    console.print(
        Text.assemble("列示为  ", (printed_text(cell["text"], cell["printed_unit"]), "bold"), f"{told}  {place}")
    )
    _show_value(console, found)
    _show_flows(console, found)
    _show_score(console, found)
    _show_rules(console, found)
    _show_implied(console, found)
    console.print(Text(f"读自  {_source_text(found.source)}", style="dim"))


def _show_value(console: Console, found: Explanation) -> None:
    cell, correction = found.cell, found.correction
    if cell["value"] is None:
        console.print("现值  文字，不是数")
    elif correction is None:
        console.print("现值  如印（没有更正）")
    else:
        by = f"{correction['confirmed_by']} 确认" if correction["confirmed_by"] else "依勾稽关系推定"
        now = printed_text(correction["corrected"], cell["printed_unit"])
        console.print(Text.assemble("现值  ", (now, "cyan"), f"  更正（{by}）：{correction['reason']}"))


def _show_flows(console: Console, found: Explanation) -> None:
    if found.flows is None:
        return
    unit = {"yuan": " 元"}.get(found.cell["unit"], "")
    for flow in found.flows:
        if flow["published_table"] is None:
            console.print("去向  不进发布的明细表（合计、附注只在 cell 与 reconciliation）")
        else:
            value = "空" if flow["published_value"] is None else f"{decimal_text(flow['published_value'])}{unit}"
            console.print(f"去向  {flow['published_table']}.{flow['measure']} = {value}")
    if not found.flows:
        console.print("去向  只在 cell")
    if found.places:
        shown, hidden = "、".join(found.places[:SHOWN]), len(found.places) - SHOWN
        console.print(Text(f"报告  {shown}{f' 等 {len(found.places)} 处，见 --json' if hidden > 0 else ''}"))


def _show_score(console: Console, found: Explanation) -> None:
    if found.score and (text := formula_text(found.score)):
        console.print(Text(f"算法  {text}"))


def _show_rules(console: Console, found: Explanation) -> None:
    if found.rules is None:
        console.print(Text(f"规则  所读的表里没有规则明细；先运行 ledgergate run {found.source.year}", style="yellow"))
        return
    console.print(f"规则  {f'参加 {len(found.rules)} 条' if found.rules else '没有规则用到它'}")
    quantity = found.quantities.get(found.cell["address"])
    for part in found.rules[:SHOWN]:
        rule = part.instance
        is_broken = rule.status in BROKEN
        name, style = STATUSES.get(rule.status, (rule.status, ""))
        style = "yellow" if rule.severity == "warning" and is_broken else style
        text = f"就这一条，本格{interval_text(part.implied, quantity)}" if quantity else ""
        console.print(
            Text.assemble(
                (f"  {name}  ", style), rule.statement, (f"  {rule.rule_id}·{_SEVERITIES[rule.severity]}", "dim"),
                ("" if is_broken or not text else f"  {text}", "dim"),
            )
        )  # fmt: skip
        if is_broken and text:
            console.print(Text(f"      {text}"))
        _show_causes(console, part, found)
    if len(found.rules) > SHOWN:
        console.print(Text(f"  另有 {len(found.rules) - SHOWN} 条，见 --json", style="dim"))


def _show_causes(console: Console, part: RulePart, found: Explanation) -> None:
    for cause in part.causes[:SHOWN]:
        text = interval_text(cause.implied, found.quantities[cause.address])
        console.print(Text(f"      也可能错在 {cause.label}：{text}", style="magenta"))
    hidden = len(part.causes) - SHOWN
    if hidden > 0:
        console.print(Text(f"      也可能错在另外 {hidden} 格，见 --json", style="magenta"))
    if part.others:
        text = f"      同在其中的其他 {part.others} 格都不能单独改对：改了它，仍有别的规则不成立"
        console.print(Text(text, style="dim"))


def _show_implied(console: Console, found: Explanation) -> None:
    quantity = found.quantities.get(found.cell["address"])
    if quantity is None or not found.rules:
        return
    title = "若错在此格  "
    if any(part.instance.severity == "error" for part in found.rules):
        if found.implied.possible is False:
            console.print(Text(f"{title}单改此格，必须成立的规则不能都成立", style="yellow"))
        else:
            verdict = "现值在其中，不必改" if found.fits else "现值不在其中"
            text = interval_text(found.implied, quantity)
            console.print(Text.assemble((title, "bold"), (text, "" if found.fits else "red bold"), f"（{verdict}）"))
    else:
        console.print(Text(f"{title}只有提示的规则用到它", style="dim"))
    if found.implied_with_warnings != found.implied:
        text = interval_text(found.implied_with_warnings, quantity)
        console.print(Text(f"连提示的规则也要成立  {text}", style="dim"))
    for pattern in found.patterns:
        console.print(Text.assemble(("发现  ", "magenta"), pattern))
    for statement in found.suspects:
        console.print(Text.assemble(("疑点  ", "magenta"), statement))


def _source_text(source: TableSource) -> str:
    if source.kind == "published":
        return f"已发布的版本 {source.path.name}（没有构建文件）"
    return f"构建 {source.path}（{shown(datetime.fromtimestamp(source.path.stat().st_mtime, UTC))}）"
