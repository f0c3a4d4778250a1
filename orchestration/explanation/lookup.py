"""Finds the cell that somebody names, whatever the name: in a year's build, its published version, or its report.
What a name may look like is in ``naming``.
"""

from __future__ import annotations

from orchestration.base.settings import Settings
from orchestration.explanation.naming import cell_named, is_address, is_place, year_of
from orchestration.explanation.source import UnknownAddressError, open_source
from orchestration.publication.versions import current_versions
from orchestration.reporting.places import UnknownPlaceError, at_place
from orchestration.reporting.published import NoVersionError

FORMS = "地址 年/账/行/栏，或消息里的叫法（表3 第17行 本年调整），或文件与格（project_expenditure.csv E20）"
_CELLS = """
    select address, ledger_label, row_label, header, file, sheet, cell from cell where fiscal_year = ? order by address
"""


def find_cell(settings: Settings, text: str, year: int | None = None, *, as_published: bool = False) -> str:
    """The address of the cell that ``text`` names; an address is given back as it is, there or not.

    ``year``: where the caller knows it. Raises ``UnknownAddressError`` with the nearest, or with all that it fits.
    """
    text = text.strip()
    if is_address(text):
        return text
    if is_place(text):
        return _at_place(settings, text)
    year = year_of(text) or year or _only_year(settings)
    source = open_source(settings, year, as_published) if year else None
    if source is None:
        hint = (
            f"{year} 年度还没有构建，先运行 ledgergate run {year}"
            if year
            else "名字前加上年度，如 2024 表3 第17行 本年调整"
        )
        raise UnknownAddressError(text, [], hint)
    named = cell_named(text, source.rows(_CELLS, source.year))
    if named.address is None:
        several = "不止一个单元格叫这个名字，请指明其中一个" if named.addresses else f"认得的写法：{FORMS}"
        raise UnknownAddressError(text, named.addresses or named.nearest, several)
    return named.address


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


def _only_year(settings: Settings) -> int | None:
    """The year that is meant where none is said: the only one that was built or published."""
    years = {int(folder.name) for folder in (settings.home / "build").glob("20[0-9][0-9]")} | set(
        current_versions(settings)
    )
    return years.pop() if len(years) == 1 else None
