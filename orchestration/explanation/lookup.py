"""Finds the cell that somebody names, whatever the name: in a year's build, its published version, or its report.
What a name may look like is in ``ledgers.cell_names``.
"""

from __future__ import annotations

from orchestration.base.departments import known_departments, the_department
from orchestration.base.settings import SHARE, WAREHOUSE, Settings
from orchestration.base.years import fiscal_year
from orchestration.explanation.source import UnknownAddressError, full_address, open_source
from orchestration.ledgers.cell_names import Named, cell_named, is_address, is_place, year_of
from orchestration.reporting.places import UnknownPlaceError, at_place
from orchestration.reporting.published import NoVersionError
from orchestration.warehouse.current import read_current

FORMS = "地址 年/部门/账/行/栏，或消息里的叫法（表3 第17行 本年调整），或文件与格（project_expenditure.csv E20）"
_CELLS = """
    select address, ledger_label, row_label, header, file, sheet, cell from cell where fiscal_year = ? order by address
"""


def find_cell(settings: Settings, text: str, year: int | None = None, *, as_published: bool = False) -> str:
    """The address of the cell that ``text`` names; an address is given back as it is, there or not.

    ``year``: where the caller knows it; where nobody says it, the newest that has such a cell. Raises
    ``UnknownAddressError`` with the nearest, or with all that it fits, and ``InputError`` where the department is none.
    """
    text = text.strip()
    if is_address(text):
        return full_address(settings, text)
    if is_place(text):
        return _at_place(settings, text)
    said = year_of(text) or year
    years = [said] if said else known_years(settings)
    named = [found for each in years if (found := _named(settings, text, each, as_published))]
    if not named:
        raise _nothing_known(settings, text, said, years)
    found = next((each for each in named if each.addresses), named[0])
    if found.address is None:
        several = "不止一个单元格叫这个名字，请指明其中一个" if found.addresses else f"认得的写法：{FORMS}"
        raise UnknownAddressError(text, found.addresses or found.nearest, several)
    return found.address


def _nothing_known(settings: Settings, text: str, said: int | None, years: list[int]) -> UnknownAddressError:
    """What to say where no year asked for has figures. Raises ``InputError`` where the department meant is none."""
    if settings.department and years:
        the_department(settings, years[0], settings.department)
    hint = f"{said} 年度还没有构建，先运行 ledgergate run {said}" if said else "还没有哪一年度构建过或发布过"
    return UnknownAddressError(text, [], hint)


def _named(settings: Settings, text: str, year: int, as_published: bool) -> Named | None:
    """What a text names in a year, of the department that is meant or of all; None where the year has no figures."""
    codes = [settings.department] if settings.department else known_departments(settings, year)
    sources = [open_source(settings.of(code), year, as_published) for code in codes]
    found = [cell_named(text, source.rows(_CELLS, year)) for source in sources if source]
    if not found:
        return None
    return Named(
        tuple(address for each in found for address in each.addresses),
        tuple(address for each in found for address in each.nearest),
    )


def _at_place(settings: Settings, text: str) -> str:
    """The one printed cell behind a figure of the report."""
    try:
        addresses = at_place(settings, text).printed.figure.addresses
    except UnknownPlaceError as error:
        raise UnknownAddressError(text, error.nearest, "报告的这个位置没有数") from None
    except NoVersionError as error:
        raise UnknownAddressError(text, [], str(error)) from None
    if len(addresses) != 1:
        raise UnknownAddressError(text, list(addresses), "报告的这个数不是单独一个单元格，请指明其中一个")
    return addresses[0]


def known_years(settings: Settings) -> list[int]:
    """The years that were built or published, the newest first: that is the one meant where none is said."""
    builds = settings.home / "build"
    names = {path.parents[1].name for name in (WAREHOUSE, SHARE) for path in builds.glob(f"[0-9]*/*/{name}")}
    built = {int(name) for name in names if fiscal_year(name)}
    return sorted(built | {year for year, _ in read_current(settings).versions}, reverse=True)


def year_taken(settings: Settings, text: str, address: str) -> str | None:
    """What to say where a name had no year and more than one would do."""
    others = [str(year) for year in known_years(settings) if not address.startswith(f"{year}/")]
    if year_of(text) is not None or not others:
        return None
    return f"没有写年度，取最近的 {address[:4]} 年度；另有 {'、'.join(others)} 年度"
