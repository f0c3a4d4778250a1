"""What became of each department's year: published, held back and by which cell, unreadable and where, not yet run.

Read from what runs have left: the record of current versions, the result that each year is settled at, the gates and
the judged tables of a build. What does not belong here: figures, which come from published tables alone.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal

from orchestration.base.departments import SOURCES, known_departments
from orchestration.base.files import read_file
from orchestration.base.locks import LockedError, open_database
from orchestration.base.problems import InputError, Problem
from orchestration.base.settings import Settings
from orchestration.base.yaml_files import read_yaml
from orchestration.publication.gates import stopping
from orchestration.publication.province.policy import POLICY_FILE
from orchestration.publication.watch import settled
from orchestration.warehouse.build import Build, open_build, read_inputs
from orchestration.warehouse.current import read_current
from orchestration.warehouse.rows import rows_of

State = Literal["published", "blocked", "refused", "not_run"]

_JUDGED = """
    select department, rule_id, instance, title, severity, status, difference, statement
    from reconciliation where fiscal_year = ? and department = ?
"""
_SUSPECT = """
    select suspect.address, suspect.statement, cell.file, cell.sheet, cell.cell
    from suspect_cell as suspect
    inner join cell using (fiscal_year, department, address)
    where suspect.fiscal_year = ? and suspect.department = ? and suspect.rank = 1
    order by suspect.fault, suspect.answer, suspect.address
    limit 1
"""


@dataclass(frozen=True)
class DepartmentState:
    """One department's year. ``version``: what readers see, also while a newer input is held back; ``said``: why it is
    held back or not read, in a sentence; ``place``, ``address``: of the first suspect cell, or of what can't be read.
    """

    department: str
    name: str
    state: State
    version: str = ""
    said: str = ""
    place: str = ""
    address: str = ""
    broken: int = 0  # rules of error severity, in places
    judged: tuple[dict[str, Any], ...] = field(default=(), repr=False)  # rules of a build that was held back
    superior: str = ""  # the code of the department above it


def department_states(settings: Settings, year: int) -> list[DepartmentState]:
    """Every department that has ledgers, a build or a version of the year, in the order of their codes."""
    versions = read_current(settings).versions
    return [
        replace(_state(own, year, versions.get((year, own.department), "")), superior=_superior(own, year))
        for own in map(settings.of, known_departments(settings, year))
    ]


def made_from(settings: Settings, year: int) -> str:
    """A fingerprint of what the province of a year shows: each department's version, its last result, the versions of
    the years before, and the rules of province.yml. Empty where it would not show several departments, or none that has
    come to a result.
    """
    versions = read_current(settings).versions
    shown = [(*whose, version) for whose, version in sorted(versions.items()) if whose[0] <= year]
    results = {code: settled(settings.of(code), year) for code in known_departments(settings, year)}
    if len(results) < 2 or not (any(results.values()) or any(of == year for of, *_ in shown)):
        return ""
    said = [(code, result and asdict(result)) for code, result in results.items()]
    rules = read_file(POLICY_FILE).decode("utf-8")
    return hashlib.sha256(json.dumps([shown, said, rules]).encode()).hexdigest()[:16]


def _state(settings: Settings, year: int, version: str) -> DepartmentState:
    code = settings.department
    name = "" if version else _name(settings, year)  # what is published says its name
    result = settled(settings, year)
    if result is not None and result.result == "refused":
        return _refused(settings, year, version, name or code)
    if result is not None and result.result == "blocked":
        return _blocked(open_build(settings, year), version, name or code)
    return DepartmentState(code, name or code, "published" if version else "not_run", version)


def _superior(settings: Settings, year: int) -> str:
    """Which department is above it, where it says so."""
    path = settings.ledgers(year) / SOURCES
    try:
        if b"superior:" not in path.read_bytes():  # most say nothing, and reading a hundred files takes its time
            return ""
        return str(read_yaml(path)["superior"])
    except (InputError, OSError, KeyError, TypeError):
        return ""  # what can't be read is said by its state


def _name(settings: Settings, year: int) -> str:
    """What the department calls itself; its code where it does not say so, or nobody can read it."""
    try:
        sources = read_yaml(settings.ledgers(year) / SOURCES)
        return str(sources["department"])
    except (InputError, KeyError, TypeError):
        return settings.department


def _refused(settings: Settings, year: int, version: str, name: str) -> DepartmentState:
    """What can't be read, read once more: nothing was kept of it but that it was refused."""
    code = settings.department
    try:
        read_inputs(settings, year)
    except InputError as error:
        first, others = error.problems[0], len(error.problems) - 1
        more = f"（另有 {others} 处）" if others else ""
        said = f"读到 {first.found}；应为 {first.expected}{more}"
        return DepartmentState(code, name, "refused", version, said, _place(first))
    return DepartmentState(code, name, "not_run", version, "已经改好，还没有再运行")


def _place(problem: Problem) -> str:
    return " ".join(part for part in (problem.file, problem.sheet, problem.cell) if part)


def _blocked(build: Build, version: str, name: str) -> DepartmentState:
    """What the last build says: its rules, and the cell that explains them."""
    gates = "、".join(gate["title"] for gate in stopping(build)) or "数据结构检查"
    try:
        with open_database(build.warehouse) as connection:
            of = (build.year, build.department)
            judged = rows_of(connection, _JUDGED, of)
            suspects = rows_of(connection, _SUSPECT, of)
    except (LockedError, OSError) as error:
        return DepartmentState(build.department, name, "blocked", version, f"未通过 {gates}（{error}）")
    broken = [row for row in judged if row["severity"] == "error" and row["status"] in ("inconsistent", "missing")]
    said, place, address = (broken[0]["statement"] if broken else f"未通过 {gates}"), "", ""
    for suspect in suspects:
        said, address = suspect["statement"], suspect["address"]
        place = " ".join(suspect[part] for part in ("file", "sheet", "cell") if suspect[part])
    return DepartmentState(build.department, name, "blocked", version, said, place, address, len(broken), tuple(judged))
