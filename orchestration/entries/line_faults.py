"""What can be wrong with a line of entries, column by column, as SQL: conditions and the reasons that people are told.

To ask as little as possible of a scan, some columns are only counted, and some answered from a file's statistics.
"""

from __future__ import annotations

from orchestration.base.sql import sql_text
from orchestration.entries.contract import EntryColumn
from orchestration.entries.files import CSV, EntryFiles
from orchestration.entries.line_sql import plain_amount, typed


def in_groups(files: EntryFiles, year: int) -> list[str]:
    """What makes lines bad because of a column that they are grouped by."""
    contract = files.contract
    return [condition for name in contract.grouping for condition in conditions(contract.column(name), files, year)]


def faults(column: EntryColumn, files: EntryFiles, year: int) -> list[tuple[str, str]]:
    """What can be wrong with a column: (condition, true for a bad line and never null; Chinese reason in SQL)."""
    raw, is_text = f"raw_{column.name}", files.type_of(column.name) == "VARCHAR"
    named = f"{sql_text(column.header + '「')} || left({raw}::varchar, 60) || '」'"
    value = typed(column, files)
    blank = f"({raw} is null or {raw} = '')" if is_text else f"{raw} is null"
    found = [(blank, sql_text(f"{column.header}空白"))] if column.required else []
    given = f"not {blank}"
    if is_text:
        found.append((f"coalesce(contains({raw}, chr(10)), false)", f"{sql_text(column.header)} || '里有换行'"))
    if column.values:
        expected = sql_text(f"不是其中之一：{'、'.join(column.values)}")
        found.append((f"({given} and {value} is null)", f"{named} || {expected}"))
    elif column.type == "money":
        value, exact = plain_amount(column), _plain_number(raw, 2) if is_text else "true"
        expected = sql_text(f"不是以{column.unit or '元'}计、至多两位小数的数")
        found.append((f"({given} and ({value} is null or not {exact}))", f"{named} || {expected}"))
    elif column.type == "integer":
        exact = _plain_number(raw, 0) if is_text else "true"
        found.append((f"({given} and ({value} is null or not {exact}))", f"{named} || '不是整数'"))
    elif column.type == "date":
        exact = f"length({raw}) = 10" if is_text else "true"
        found.append((f"({given} and ({value} is null or not {exact}))", f"{named} || '不是 年-月-日'"))
        found.append((f"coalesce(year({value}) <> {year}, false)", f"{named} || '不在 {year} 年'"))
    return found


def _plain_number(raw: str, places: int) -> str:
    """Whether a text is digits with so many places at most: a cast alone would round, and takes 1e5."""
    fraction = f"([.][0-9]{{1,{places}}})?" if places else ""
    return f"regexp_full_match({raw}, '-?[0-9]+{fraction}')"


def conditions(column: EntryColumn, files: EntryFiles, year: int) -> list[str]:
    """What makes a line bad because of a column, less what ``pruned`` asks."""
    if _is_pruned(column, files):
        return []
    if column.type in ("money", "integer") and column.required and files.type_of(column.name) == "VARCHAR":
        # All that can be wrong in one look: what is blank or holds a line break is no plain number.
        raw, is_money = f"raw_{column.name}", column.type == "money"
        value = plain_amount(column) if is_money else typed(column, files)
        return [f"not coalesce({_plain_number(raw, 2 if is_money else 0)} and {value} is not null, false)"]
    return [condition for condition, _ in faults(column, files, year)]


def is_counted(column: EntryColumn, files: EntryFiles, quoted: bool) -> bool:
    """Whether a text column of CSV can be wrong only by being null, so that counting does instead of looking: an empty
    field is null, and without quotation marks there is no other blank and no line break."""
    return files.kind == CSV and not quoted and column.type in ("text", "code") and not column.values


def _is_pruned(column: EntryColumn, files: EntryFiles) -> bool:
    """Whether a column of a Parquet file is neither grouped by nor summed, and can be wrong only by being blank: then
    the statistics of its row groups say so, and it need not be read."""
    contract = files.contract
    plain = column.type in ("text", "code") or files.type_of(column.name) != "VARCHAR"
    return files.kind != CSV and plain and column.name not in (*contract.grouping, contract.amount.name)


def pruned(files: EntryFiles) -> list[str]:
    """Conditions for bad lines that DuckDB answers from the statistics of Parquet row groups, each for itself."""
    found = []
    for column in files.contract.columns:
        if _is_pruned(column, files) and column.required:
            found.append(f"raw_{column.name} is null")
            found += [f"raw_{column.name} = ''"] if files.type_of(column.name) == "VARCHAR" else []
    return found


def reason_of(files: EntryFiles, year: int) -> str:
    """The first thing that is wrong with a line; null where nothing is."""
    known = [fault for column in files.contract.columns for fault in faults(column, files, year)]
    return f"case {' '.join(f'when {condition} then {said}' for condition, said in known)} end"
