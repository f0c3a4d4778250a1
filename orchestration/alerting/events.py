"""What is told of a year: reads a judged build, or what went wrong before there was one, and records it in the outbox.

Each function is called by whoever finds the thing out, in the same process and before it goes on, so that nothing is
lost between the finding and the telling. Words belong in ``templates``, sending in ``delivery``.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from expectations.gate import GateResult
from orchestration.alerting.messages import Severity, policy
from orchestration.alerting.outbox import Event, Outbox
from orchestration.base.departments import beside
from orchestration.base.problems import InputError, Problem
from orchestration.base.settings import CONTRACTS, Settings
from orchestration.base.wording import BROKEN_IN_SQL
from orchestration.ledgers.contract import Contract, read_contracts
from orchestration.ledgers.sources import read_sources
from orchestration.warehouse.build import Build

Item = dict[str, Any]

_BROKEN = f"""
    select rule_id, instance, title, unit, left_label, left_value, right_label, right_value, difference, allowed,
           status, statement
    from reconciliation
    where severity = 'error' and status in {BROKEN_IN_SQL} order by rule_id, instance
"""
_SUSPECTS = """
    select suspect.fault, suspect.answer, suspect.address, suspect.printed_text, suspect.implied_low_yuan,
           suspect.implied_high_yuan, suspect.witnesses, suspect.statement, cell.file, cell.sheet, cell.cell,
           ledger.on_duty
    from suspect_cell as suspect
    inner join cell using (fiscal_year, address)
    left join raw.ledger as ledger on suspect.fiscal_year = ledger.fiscal_year and suspect.ledger = ledger.ledger
    where suspect.rank = 1
    order by suspect.fault, suspect.answer, suspect.address
"""
_SUSPECT_ENTRIES = """
    select suspect.fault, suspect.statement, suspect.file, suspect.line, suspect.amount_yuan, suspect.implied_low_yuan,
           suspect.implied_high_yuan, coalesce(ledger.on_duty, '') as on_duty
    from suspect_entry as suspect
    left join (
        select known.fiscal_year, known.entries, max(summed.on_duty) as on_duty
        from raw.entry_ledger as known inner join raw.ledger as summed using (fiscal_year, ledger) group by all
    ) as ledger on suspect.fiscal_year = ledger.fiscal_year and suspect.ledger = ledger.entries
    where suspect.rank = 1
    order by suspect.fault, suspect.ledger, suspect.file, suspect.line, suspect.statement
"""
# Every finding, also one that names no rule: a doubled file that breaks none is told all the same.
_CONCERNED = """
    select finding.fault, concerned.rule_id, concerned.instance
    from finding left join finding_rule as concerned using (fiscal_year, fault)
    where finding.severity = 'error' order by finding.fault, concerned.place
"""
_FIRST_CELL = f"""
    select term.rule_id, term.instance, cell.file, cell.sheet, cell.cell, ledger.on_duty
    from rule_term as term
    inner join reconciliation as judged using (fiscal_year, rule_id, instance)
    inner join raw.ledger as ledger on term.fiscal_year = ledger.fiscal_year and term.ledger = ledger.ledger
    left join cell on term.address = cell.address
    where judged.severity = 'error' and judged.status in {BROKEN_IN_SQL}
    qualify row_number() over (
        partition by term.rule_id, term.instance order by (cell.cell is null), term.side, term.term, term.address) = 1
"""
_CONTENT = """
    select 'ledger' as kind, ledger as name, sha256 as content from raw.ledger where file <> ''
    union all
    select 'correction', address, concat(printed, ' ', corrected) from raw.correction
    order by all
"""


@dataclass(frozen=True)
class Run:
    """Which run found it out; a run without an id is told without a link. ``bundled``: one of several departments,
    which ``digest`` closes.
    """

    settings: Settings
    year: int
    run_id: str = ""
    bundled: bool = False

    @property
    def url(self) -> str:
        return f"{self.settings.ui_url}/runs/{self.run_id}" if self.run_id else ""

    @property
    def outbox(self) -> Outbox:
        return Outbox(self.settings.outbox, department=self.settings.department)


def gates_judged(run: Run, build: Build, results: Sequence[GateResult]) -> str | None:
    """Record gates that keep the year from being published, and findings that don't. Returns the new failure's id."""
    _record_notices(run, build, [result for result in results if result.severity != "error" and not result.passed])
    failed = [result for result in results if result.severity == "error" and not result.passed]
    if not failed:
        return None
    items = [*_rule_items(build), *(item for result in failed for item in _gate_items(result))]
    headline = _headline(items, failed)
    failing = [(item.get("rule"), item.get("status"), item["statement"]) for item in items if item["type"] != "suspect"]
    return _record(run, "blocked", {"headline": headline, "findings": items}, ("blocked", _content(build), failing))


def _headline(items: Sequence[Mapping[str, Any]], failed: Sequence[GateResult]) -> str:
    broken = sum(item["type"] == "rule" for item in items)
    return f"{broken} 条规则不成立" if broken else f"未通过 {'、'.join(result.title for result in failed)}"


def structure_failed(run: Run, build: Build, tests: Mapping[str, int]) -> str | None:
    """Record dbt's structure tests that failed: name -> rows."""
    items = [{"type": "gate", "statement": f"{name}（{rows} 行）"} for name, rows in tests.items()]
    return _record(
        run, "blocked", {"headline": "数据结构检查未通过", "findings": items}, ("structure", _content(build), items)
    )


def bad_input(run: Run, problems: Sequence[Problem]) -> str | None:
    """Record what is wrong with the input; nothing was built."""
    duty = _duty_by_file(run.settings, run.year)
    items = [
        {
            "type": "problem",
            "place": " ".join(part for part in (_short(run.settings, p.file), p.sheet, p.cell) if part),
            "found": p.found,
            "expected": p.expected,
            "duty": duty.get(Path(p.file).name, ""),
        }
        for p in problems
    ]
    facts = {"headline": f"输入有 {len(items)} 处不对", "findings": items}
    return _record(run, "bad_input", facts, ("bad_input", items))


def crashed(run: Run, what: str) -> str | None:
    """Record a run that ended without saying anything about the data. ``what``: one line, no trace."""
    headline = what.splitlines()[0][:200] if what.strip() else "运行中断，没有留下原因"
    return _record(run, "crashed", {"headline": headline, "findings": []}, ("crashed", headline))


def refused(run: Run, what: str) -> str | None:
    """A publication that was refused: nothing new where the year is known to have failed."""
    if run.outbox.is_open(run.year, "year"):
        run.outbox.acknowledge(run.run_id)
        return None
    items = [{"type": "gate", "statement": what}]
    return _record(run, "blocked", {"headline": "不能发布", "findings": items}, ("refused", what))


def published(run: Run, version: str) -> None:
    """The year is published, or still is: whoever heard of a failure hears that it is over."""
    run.outbox.resolve(run.year, "year", {"version": version}, run.url, run.run_id, run.bundled)
    run.outbox.resolve(run.year, "due", {"version": version}, run.url, bundled=run.bundled)


#: How a digest calls what has become of a department's year, in the order in which it counts them.
ENDINGS = {
    "published": "已发布", "blocked": "未发布", "refused": "读不了", "crashed": "运行出错", "due": "账未到齐",
    "apart": "另行运行",
}  # fmt: skip


def digest(settings: Settings, year: int, endings: Mapping[str, int], run_id: str = "") -> str | None:
    """Close a run of several departments: what it came to, in one message for those who look after all of them.
    ``endings``: how many departments ended how, by the keys of ``ENDINGS``. Returns the alert's id, or None where
    nothing is new.
    """
    run = Run(settings.of(""), year, run_id)
    said = "，".join(f"{name} {endings[ending]}" for ending, name in ENDINGS.items() if endings.get(ending))
    headline = f"{sum(endings.values())} 个部门：{said}"
    return run.outbox.record_digest(year, headline, {"page": settings.province_url(year)}, run.url)


def ledgers_due(settings: Settings, year: int, today: date, *, bundled: bool = False) -> str | None:
    """Record that a year's ledgers should be there and are not. Returns what is missing in a few words, or None."""
    due = date(year + 1, policy().due.month, policy().due.day)
    if today < due:
        return None
    missing = missing_ledgers(settings, year)
    if not missing:
        return None
    items = [
        {"type": "missing", "statement": f"{contract.title}（{name}）", "duty": duty}
        for name, (contract, duty) in missing.items()
    ]
    headline = f"还缺 {len(items)} 本账"
    facts = {"headline": headline, "findings": items, "due": due.isoformat()}
    mark = _fingerprint(("due", sorted(missing)))
    event = Event(year, "due", "due", "error", mark, facts, bundled=bundled)
    Outbox(settings.outbox, department=settings.department).record(event)
    return headline


def missing_ledgers(settings: Settings, year: int) -> dict[str, tuple[Contract, str]]:
    """Contracts that the department's year needs and has no file for, with who is to bring each."""
    folder = settings.ledgers(year)
    contracts = read_contracts(settings.contracts, *beside(folder, year, CONTRACTS))
    needed = {name for name, contract in contracts.items() if contract.required}
    duty = ""
    try:
        sources, _ = read_sources(folder, year)
    except InputError:
        pass  # what can't be read names no ledger; reading it in a run says why
    else:
        duty = sources.on_duty
        needed = needed if sources.required is None else {*sources.required} & contracts.keys()
        needed -= {each.ledger for each in sources.files if (folder / each.file).is_file()}
    return {name: (contracts[name], duty or contracts[name].on_duty) for name in contracts if name in needed}


def _record(run: Run, kind: Any, facts: dict[str, Any], same: object, severity: Severity = "error") -> str | None:
    event = Event(run.year, "year", kind, severity, _fingerprint(same), facts, run.url, run.run_id, run.bundled)
    return run.outbox.record(event)


def _record_notices(run: Run, build: Build, failed: Sequence[GateResult]) -> None:
    items = [item for result in failed for item in _notice_items(result)]
    if not items:
        run.outbox.resolve(run.year, "notice", {}, bundled=run.bundled)
        return
    facts = {"headline": f"{len(items)} 项请核实", "findings": items}
    mark = _fingerprint(("notice", [item["statement"] for item in items]))
    run.outbox.record(Event(run.year, "notice", "notice", "warning", mark, facts, run.url, bundled=run.bundled))


def _rule_items(build: Build) -> list[Item]:
    """Broken rules and suspect cells, so that the first ones say most: for each fault its first rule and its likeliest
    cells, then the other rules.
    """
    places = {(row["rule_id"], row["instance"]): row for row in build.rows(_FIRST_CELL)}
    rules = {(row["rule_id"], row["instance"]): _rule_item(row, places) for row in build.rows(_BROKEN)}
    suspects: dict[int, list[Item]] = {}
    for row in build.rows(_SUSPECTS):
        suspects.setdefault(row["fault"], []).append(_suspect_item(row))
    for row in build.rows(_SUSPECT_ENTRIES):
        suspects.setdefault(row["fault"], []).append(_entry_item(row))
    first: list[Item] = []
    rest: list[Item] = []
    concerned: dict[int, list[Item]] = {}
    for row in build.rows(_CONCERNED):
        rule = rules.pop((row["rule_id"], row["instance"]), None)
        concerned.setdefault(row["fault"], []).extend([rule] if rule else [])
    for fault, found in concerned.items():
        for item in found:
            item["duty"] = ""  # the suspect cell says where to look
        first += [*found[:1], *suspects.get(fault, [])]
        rest += found[1:]
    return [*first, *rest, *rules.values()]


def _rule_item(row: Mapping[str, Any], places: Mapping[tuple[str, str], Mapping[str, Any]]) -> Item:
    place = places.get((row["rule_id"], row["instance"]), {})
    amounts = {name: _text(row[name]) for name in ("left_value", "right_value", "difference", "allowed")}
    return {
        "type": "rule", "rule": row["rule_id"], "instance": row["instance"], "title": row["title"],
        "status": row["status"], "statement": row["statement"], "unit": row["unit"], "left_label": row["left_label"],
        "right_label": row["right_label"], **amounts, "place": _place(place), "duty": place.get("on_duty") or "",
    }  # fmt: skip


def _suspect_item(row: Mapping[str, Any]) -> Item:
    return {
        "type": "suspect", "address": row["address"], "statement": row["statement"], "printed": row["printed_text"],
        "low_yuan": _text(row["implied_low_yuan"]), "high_yuan": _text(row["implied_high_yuan"]),
        "witnesses": row["witnesses"], "place": _place(row), "duty": row["on_duty"] or "",
    }  # fmt: skip


def _entry_item(row: Mapping[str, Any]) -> Item:
    """A file, line or month of entries; its place takes the address's, since no printed cell is meant."""
    place = f"{row['file'] or ''}" + (f" 第{row['line']}行" if row["line"] else "")
    return {
        "type": "suspect", "address": place, "statement": row["statement"], "printed": _text(row["amount_yuan"]),
        "low_yuan": _text(row["implied_low_yuan"]), "high_yuan": _text(row["implied_high_yuan"]), "witnesses": "",
        "place": place, "duty": row["on_duty"],
    }  # fmt: skip


def _gate_items(result: GateResult) -> Iterable[Item]:
    """What a gate saw, for gates other than the one on rules, whose rows are told one by one."""
    if result.status == "crashed":
        yield {"type": "gate", "statement": f"{result.title}：检查本身出错，请交维护人员"}
    elif result.name != "rules_hold":
        rows = "；".join("，".join(f"{name} {value}" for name, value in row.items()) for row in result.rows[:2])
        yield {"type": "gate", "statement": f"{result.title}：{result.failing} 行不符　{rows}".rstrip()}


def _notice_items(result: GateResult) -> Iterable[Item]:
    if result.status == "crashed":
        yield {"type": "notice", "statement": f"{result.title}：检查本身出错，请交维护人员"}
        return
    for row in result.rows:
        text = row.get("说明") or "，".join(f"{name} {value}" for name, value in row.items())
        yield {"type": "notice", "statement": text if result.name == "notices" else f"{result.title}：{text}"}


def _place(row: Mapping[str, Any]) -> str:
    return " ".join(str(row[name]) for name in ("file", "sheet", "cell") if row.get(name))


def _text(value: object) -> str:
    """An exact amount as text, without the padding of its column."""
    if value is None:
        return ""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _short(settings: Settings, file: str) -> str:
    """A file as people call it: raw/2024/…, wherever the installation lies."""
    path = Path(file)
    return f"raw/{path.relative_to(settings.raw)}" if path.is_relative_to(settings.raw) else file


def _duty_by_file(settings: Settings, year: int) -> dict[str, str]:
    """Who is on duty for each file of the year, as far as contracts and sources can be read at all."""
    try:
        contracts = read_contracts(settings.contracts, *beside(settings.ledgers(year), year, CONTRACTS))
        sources, _ = read_sources(settings.ledgers(year), year)
    except InputError:
        return {}  # the very thing that is told may be why
    own = {name: sources.on_duty or contract.on_duty for name, contract in contracts.items()}
    listed = {each.file: each.on_duty or own.get(each.ledger, sources.on_duty) for each in sources.files}
    return {f"{name}.csv": duty for name, duty in own.items()} | listed


def _content(build: Build) -> list[dict[str, Any]]:
    """What the year was built from: the ledgers' hashes and the corrections."""
    return build.rows(_CONTENT)


def _fingerprint(same: object) -> str:
    return hashlib.sha256(json.dumps(same, ensure_ascii=False, sort_keys=True, default=str).encode()).hexdigest()
