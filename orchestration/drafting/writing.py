"""A draft as files: ``contracts/*.yml``, ``rules/draft.yml`` and ``sources.yml`` in the project's own grammar, with
comments that say what speaks for it and what could not be decided; and as one JSON object.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from orchestration.drafting.columns import DraftColumn
from orchestration.drafting.draft import Draft
from orchestration.drafting.keys import DraftKey
from orchestration.drafting.rule import Break, DraftRule, assumed_unit, zero_words
from orchestration.drafting.tables import DraftTable
from orchestration.ledgers.row_kinds import is_beside
from orchestration.ledgers.spreadsheet import reference

#: Breaks that a rule's comment lists; all of them stand in the JSON.
_LISTED = 8


def write_draft(draft: Draft, folder: Path) -> list[Path]:
    """Writes the draft into a folder; what stood there under the same names is replaced."""
    (folder / "contracts").mkdir(parents=True, exist_ok=True)
    (folder / "rules").mkdir(exist_ok=True)
    written = []
    for table in draft.tables:
        if table.keys:
            path = folder / "contracts" / f"{table.name}.yml"
            path.write_text("\n".join(contract_lines(draft, table)) + "\n", encoding="utf-8")
            written.append(path)
    rules = folder / "rules" / "draft.yml"
    rules.write_text("\n".join(rule_lines(draft)) + "\n", encoding="utf-8")
    sources = folder / "sources.yml"
    sources.write_text("\n".join(source_lines(draft)) + "\n", encoding="utf-8")
    return [*written, rules, sources]


def contract_lines(draft: Draft, table: DraftTable) -> Iterator[str]:
    """The contract of one table."""
    first, last = table.header
    yield f"# 草稿：{_where(draft, table)}，表头第 {first + 1} 至 {last + 1} 行，数据 {len(table.rows)} 行。"
    for text in table.undecided:
        yield f"# 待定：{text}"
    yield f"ledger: {table.name}"
    yield f"title: {_text(table.title)}"
    yield f"short: {_text(table.title)}"
    yield f"titles: [{', '.join(_text(name) for name in _names(draft, table))}]"
    if any(column.kind == "money" for column in table.measures):
        yield f"unit: {table.unit or f'{assumed_unit(table)}  # 待定：表上没有写明金额单位'}"
    yield from _layout_lines(table)
    yield from _column_lines(table, draft.not_printed.get(table.name, frozenset()))
    if table.totals:
        yield f"total: [{', '.join(_text(word) for word in table.totals)}]"
    zero = draft.blanks_are_zero.get(table.name, False)
    reason = "有关系要空白为零才成立，或没有空白" if zero else "没有关系说明空白为零"
    yield f"blank: {'zero' if zero else 'not_printed'}  # {reason}"
    yield f"label: {_text(' '.join(f'{{{key.name}}}' for key in table.keys))}"
    yield "required: false"


def _layout_lines(table: DraftTable) -> Iterator[str]:
    """Where the table stands and what of it is not like the plainest."""
    if table.region:
        until = [f"until: {_text(text)}" for text in table.region.until]
        whole = ["whole_rows: true"] * table.region.whole_rows
        yield f"region: {{{', '.join([f'from: {_text(table.region.begin[0])}', *until, *whole])}}}"
    depth = table.header[1] - table.header[0] + 1
    if depth > 2:
        yield f"header: {{rows: {depth}}}"
    if any(column.role == "ignored" for column in table.columns):
        yield "others: ignore"
    if table.keying and table.keying.carried:
        yield "blank_key: carry"
    yield from _figureless_lines(table)
    if table.hierarchy:
        how = f"by: {table.hierarchy.by}" if table.hierarchy.by else f"prefixes: {list(table.hierarchy.prefixes)}"
        yield f"hierarchy: {{key: {table.hierarchy.key}, {how}}}"


def _figureless_lines(table: DraftTable) -> Iterator[str]:
    """What becomes of rows with a name and no figure: notes that the reader takes for none, and rows left empty."""
    if any(not is_beside(table.grid.rows[r]) for r in table.notes):
        yield "no_figures: skip  # 表下有附注，没有数的行略去并列出"
    elif any(not any(table.text(r, column) for column in table.measures) for r in table.rows) and table.measures:
        yield "no_figures: read  # 待定：有名称没有数的行按空白读；要略去的写 skip"


def _column_lines(table: DraftTable, not_printed: frozenset[str]) -> Iterator[str]:
    """The columns by their roles; keys are asked for also where none was found."""
    yield "keys:"
    yield from (f"  - {_key(table, key)}" for key in table.keys)
    texts = [column for column in table.columns if column.role == "text" and column.header]
    for part, columns in (("texts", texts), ("measures", table.measures)):
        if columns:
            yield f"{part}:"
            yield from (f"  - {_column(table, column, blank=column.name in not_printed)}" for column in columns)


def _key(table: DraftTable, key: DraftKey) -> str:
    if not key.columns:
        return f"{{name: {key.name}, number: rows}}"
    if len(key.columns) > 1:
        return f"{{name: {key.name}, columns: [{', '.join(_text(column.header) for column in key.columns)}]}}"
    if not key.columns[0].header:
        return f"{{name: {key.name}, header: 名称, left_of: figures}}"
    return _column(table, key.columns[0])


def _names(draft: Draft, table: DraftTable) -> list[str]:
    """By what the reader will know the sheet: the sheet's name, or the file's where it has but one."""
    alone = sum(grid.file == table.grid.file for grid in draft.grids) == 1
    names = [table.grid.sheet, Path(table.grid.file).stem if alone else ""]
    return [name for name in dict.fromkeys(names) if name]


def _column(table: DraftTable, column: DraftColumn, *, blank: bool = False) -> str:
    parts = [f"name: {column.name}", f"header: {_text(column.header)}"]
    if column.role == "key" and column.kind == "integer":
        parts.append("type: integer")
    if column.role == "measure":
        if column.kind != "money":
            parts.append(f"kind: {column.kind}")
        if column.unit:
            parts.append(f"unit: {_text(column.unit)}")
        if words := zero_words(table, column):
            parts.append(f"zero_words: [{', '.join(map(_text, words))}]")
        if blank:
            parts.append("blank: not_printed")
    comment = f"  # {column.why}" if column.why else ""
    if column.role == "measure" and zero_words(table, column):
        comment += "  # 待定：这些字按零读"
    return f"{{{', '.join(parts)}}}{comment}"


def rule_lines(draft: Draft) -> Iterator[str]:
    """All rules, each under its evidence."""
    yield "# 草稿：由各表的数推出，待人审定。每条上方是依据：几处成立、哪几处不成立。"
    for text in draft.undecided:
        yield f"# 待定：{text}"
    if not draft.rules:
        yield "[]"
    for rule in draft.rules:
        yield ""
        yield f"# {evidence(rule)}"
        yield f"- id: {rule.id}"
        yield f"  title: {_text(rule.title)}"
        if rule.severity != "error":
            yield f"  severity: {rule.severity}"
        if rule.variables:
            yield "  for:"
            yield from (f"    {name}: [{', '.join(values)}]" for name, values in rule.variables.items())
        yield f"  check: {_text(rule.check)}"
        if rule.when_printed:
            yield f"  when_printed: {rule.when_printed}"


def evidence(rule: DraftRule) -> str:
    """``469 处中 465 处成立；不成立：表3!E20（列示 -362.20，应为 -362.69）``."""
    text = f"依据：{rule.tried} 处中 {rule.kept} 处成立"
    if not rule.breaks:
        return text
    listed = "、".join(broken_place(each) for each in rule.breaks[:_LISTED])
    more = f" 等 {len(rule.breaks)} 处" if len(rule.breaks) > _LISTED else ""
    return f"{text}；不成立：{listed}{more}"


def broken_place(each: Break) -> str:
    """A break as people read it."""
    sheet = each.sheet or Path(each.file).name
    where = f"{sheet} {each.place}" if each.place else f"{sheet}!{each.cell}"
    return f"{where}（列示 {each.found or '空白'}，应为 {each.expected}）"


def source_lines(draft: Draft) -> Iterator[str]:
    """``sources.yml``: which file holds which ledger."""
    yield "# 草稿：year 改为账表的年度；document 与 section 待补。"
    yield "year: 0"
    yield "files:"
    for table in draft.tables:
        if table.keys:
            sheet = f", sheet: {_text(table.grid.sheet)}" if table.grid.sheet else ""
            yield f"  - {{file: {_text(Path(table.grid.file).name)}, ledger: {table.name}{sheet}}}"


def as_json(draft: Draft) -> dict[str, Any]:
    """The whole draft as one object."""
    return {
        "tables": [
            {
                "ledger": table.name, "file": table.grid.file, "sheet": table.grid.sheet, "title": table.title,
                "unit": table.unit, "header_rows": [row + 1 for row in table.header],
                "rows": [table.rows[0] + 1, table.rows[-1] + 1], "notes": [row + 1 for row in table.notes],
                "columns": [
                    {"name": c.name, "header": c.header, "column": reference(0, c.at)[:-1], "role": c.role,
                     "kind": c.kind, "unit": c.unit}
                    for c in table.columns
                ],
                "totals": list(table.totals), "undecided": list(table.undecided),
            }
            for table in draft.tables
        ],
        "rules": [
            {"id": r.id, "title": r.title, "check": r.check, "for": {k: list(v) for k, v in r.variables.items()},
             "severity": r.severity, "when_printed": r.when_printed, "kept": r.kept, "tried": r.tried}
            for r in draft.rules
        ],
        "breaks": [_break(each) for each in draft.breaks],
        "unread": [_break(each) for amounts in draft.amounts for each in amounts.unread],
        "undecided": list(draft.undecided),
    }  # fmt: skip


def _break(each: Break) -> dict[str, str]:
    return {"file": each.file, "sheet": each.sheet, "cell": each.place or each.cell, "found": each.found,
            "expected": each.expected, "rule": each.rule}  # fmt: skip


def _where(draft: Draft, table: DraftTable) -> str:
    """File and sheet; in a document also where the table's header begins."""
    name, sheet = table.grid.file, table.grid.sheet
    first = min(column.at for column in table.columns)
    place = draft.places.get((name, sheet, reference(table.header[0], first)), "")
    return " ".join(filter(None, (Path(name).name, sheet, place)))


def _text(text: str) -> str:
    """A YAML scalar: JSON's quotes are YAML's."""
    return json.dumps(text, ensure_ascii=False)


def undecided(draft: Draft) -> Iterable[str]:
    """What a person has to decide, over all tables."""
    yield from draft.undecided
    for table in draft.tables:
        for column in table.measures:
            if words := zero_words(table, column):
                yield f"{table.name}：{column.header}栏的“{'”“'.join(words)}”按零读"
        if not table.unit and any(column.kind == "money" for column in table.measures):
            yield f"{table.name}：表上没有写明金额单位，按 {assumed_unit(table)} 读"
