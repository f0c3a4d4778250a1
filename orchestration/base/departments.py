"""Which departments a year has: each is a folder of the year's, called by its code. What does not belong here: what a
department's folder holds.
"""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path

from orchestration.base.problems import InputError, Problem
from orchestration.base.settings import AS_PUBLISHED, CONTRACTS, RULES, SHARE, WAREHOUSE, Settings
from orchestration.base.years import fiscal_year

#: What makes a folder one of a department's year.
SOURCES = "sources.yml"
#: Letters of any script, digits, _ and -: a code stands in addresses, in partitions, in names of folders.
_CODE = re.compile(r"\w[\w-]*")


def is_code(text: str) -> bool:
    """Whether a folder may be called so: no year's name, and none that the build beside another's would have."""
    return bool(_CODE.fullmatch(text)) and fiscal_year(text) is None and not text.endswith(AS_PUBLISHED)


def department_of(folder: Path, year: int) -> str:
    """The department whose ledgers of the year lie in a folder; none where it does not lie among a year's."""
    return folder.name if folder.parent.name == str(year) and is_code(folder.name) else ""


def beside(folder: Path, year: int, kind: str) -> tuple[Path, ...]:
    """The folders of contracts, or rules, that hold for the ledgers of a folder: those of its year, then its own."""
    own = folder / kind
    return (folder.parent / kind, own) if department_of(folder, year) else (own,)


def departments(raw: Path, year: int) -> list[str]:
    """The departments that have a folder in a year. Raises ``InputError`` where ledgers lie beside those folders."""
    folder = raw / str(year)
    if (folder / SOURCES).exists():
        where = f"每个部门一个文件夹：移到 {folder}/<部门代码>/"
        raise InputError([Problem(str(folder / SOURCES), "", "", "账表直接放在年度文件夹里", where)])
    return [path.name for path in _folders(folder) if is_code(path.name)]


def not_departments(raw: Path, year: int) -> list[Problem]:
    """Folders of a year that can be no department's, by their names: nobody reads what lies in them."""
    wrong = [path for path in _folders(raw / str(year)) if not is_code(path.name)]
    return [Problem(str(path), "", "", path.name, "部门代码：字母、数字、_、-，不是年份") for path in wrong]


def _folders(year: Path) -> list[Path]:
    """What lies in a year's folder beside what its departments share."""
    found = [path for path in (year.iterdir() if year.is_dir() else ()) if path.is_dir()]
    return sorted(
        path for path in found if path.name not in (CONTRACTS, RULES) and not path.name.startswith((".", "~"))
    )


def known_departments(settings: Settings, year: int) -> list[str]:
    """The departments of a year that have ledgers, a build or a version."""
    builds = settings.home / "build" / str(year)
    built = {path.parent.name for name in (WAREHOUSE, SHARE) for path in builds.glob(f"*/{name}")}
    published = {path.parents[1].name for path in (settings.published / str(year)).glob("*/*/manifest.json")}
    known = {name.removesuffix(AS_PUBLISHED) for name in built} | published
    with suppress(InputError):  # what was built and published is known all the same
        known |= {*departments(settings.raw, year)}
    return sorted(known)


def the_department(settings: Settings, year: int, code: str = "") -> Settings:
    """The installation as one department's: the one that is named, or the only one that has ledgers in the year, or is
    known of it. Raises ``InputError`` where there is no such, or nobody says which.
    """
    known = known_departments(settings, year)
    if code in known:
        return settings.of(code)
    for only in (departments(settings.raw, year), known):
        if len(only) == 1 and not code:
            return settings.of(only[0])
    listed = "、".join(known) or f"没有一个；每个部门一个文件夹，如 {settings.raw / str(year)}/<部门代码>/"
    raise InputError([Problem("--department", "", "", code or "没有写", f"{year} 年度的部门之一：{listed}")])


def all_department_years(raw: Path) -> list[tuple[int, str]]:
    """Every department's year that has ledgers. A year that is not laid out by department is left out: running it says
    so.
    """
    years = [year for path in (raw.iterdir() if raw.is_dir() else ()) if (year := fiscal_year(path.name))]
    found = []
    for year in sorted(years):
        with suppress(InputError):
            found += [(year, code) for code in departments(raw, year)]
    return found


def expected_departments(raw: Path, year: int) -> set[str]:
    """The departments that a year should have: those that have begun it, and those of the year before."""
    return {code for of, code in all_department_years(raw) if of in (year - 1, year)}


def newest_year(raw: Path, before: int = 9999, department: str = "") -> int | None:
    """The newest year before another one that has ledgers, of one department or of any."""
    folders = raw.glob(f"[0-9]*/{department or '*'}/{SOURCES}") if raw.is_dir() else ()
    years = [fiscal_year(path.parents[1].name) for path in folders]
    return max((year for year in years if year and year < before), default=None)
