"""The register of names beside a year's ledgers, ``names.csv``: what one thing is called in full, and what else tables
call it. Knows no ledger; which names a table writes is for whoever reads it.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from orchestration.base.problems import InputError, Problem
from orchestration.ledgers.spreadsheet import read_list
from orchestration.ledgers.texts import fold, shown

_HEADERS = {"name": "名称", "alias": "又称"}


class Register:
    """Other names -> the name in full. An empty one leaves every name as it is."""

    def __init__(self, full: Mapping[str, str] | None = None) -> None:
        self._full = dict(full or {})

    def of(self, name: str) -> str:
        return self._full.get(fold(name), name)


def read_register(path: Path) -> Register:
    """Raises ``InputError`` where a name stands for two things, or is itself one that others stand for."""
    rows, problems = read_list(path, _HEADERS)
    full: dict[str, str] = {}
    for fields, at in rows:
        name, alias = shown(fields["name"]), shown(fields["alias"])
        key = fold(alias)
        if not name or not alias:
            column = "name" if not name else "alias"
            problems.append(Problem(str(path), "", at[column], "空白", _HEADERS[column]))
        elif key == fold(name) or full.get(key, name) != name:
            found = f"{alias}（{full.get(key, name)}）"
            problems.append(Problem(str(path), "", at["alias"], found, "只指一个名称的又称"))
        full.setdefault(key, name)
    names = {fold(name) for name in full.values()}
    problems += [
        Problem(str(path), "", at["alias"], fields["alias"], "又称，而不是另一行的名称")
        for fields, at in rows
        if fold(fields["alias"]) in names and fold(fields["alias"]) != fold(fields["name"])
    ]
    if problems:
        raise InputError(problems)
    return Register(full)
