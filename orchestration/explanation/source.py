"""What an explanation is read from: the build of a year, else its published version; and the addresses that they know.

What does not belong here: what is made of it (``explain``).
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from orchestration.base.addresses import connect
from orchestration.base.departments import known_departments, the_department
from orchestration.base.locks import LockedError, open_database
from orchestration.base.problems import InputError
from orchestration.base.settings import AS_PUBLISHED, WAREHOUSE, Settings
from orchestration.publication.versions import MANIFEST, current_versions
from orchestration.warehouse.current import ROUNDING
from orchestration.warehouse.rows import rows_of
from orchestration.warehouse.shares import take_share

_SHORT = 3  # parts of an address behind the year where no department stands


class UnknownAddressError(Exception):
    """No known cell has the address. ``nearest``: known addresses that look most like it; ``hint``: what to do."""

    def __init__(self, address: str, nearest: Sequence[str], hint: str = ""):
        super().__init__(address)
        self.address, self.nearest, self.hint = address, tuple(nearest), hint


@dataclass(frozen=True)
class TableSource:
    """The tables of one year that an explanation is read from."""

    year: int
    kind: str  # build | published
    path: Path  # the build file, or the folder of the published version
    tables: frozenset[str]

    @contextmanager
    def opened(self) -> Iterator[None]:
        """Many queries in a row: opening a file costs more than most of them, and is shared while it is open."""
        with open_database(self.path) if self.kind == "build" else nullcontext():
            yield

    def rows(self, query: str, *parameters: object) -> list[dict[str, Any]]:
        if self.kind == "build":
            with open_database(self.path) as connection:
                return rows_of(connection, query, parameters)
        with connect([self.path]) as connection:
            for table in sorted(self.tables):
                connection.read_parquet(str(self.path / f"{table}.parquet")).create_view(table)
            return rows_of(connection, query, parameters)


def hint_for(settings: Settings, year: str, as_published: bool) -> str:
    """What to do where there is nothing to read of a year."""
    if not (year.isdecimal() and len(year) == 4):
        return "地址须以四位年度开头"
    other = open_source(settings, int(year), not as_published)
    if other is None:
        return f"该年度还没有构建，先运行 ledgergate run {year}{' --as-published' if as_published else ''}"
    return (
        "该年度没有按原样的构建，请去掉 --as-published"
        if as_published
        else "该年度只有按原样的构建，请加 --as-published"
    )


def open_source(settings: Settings, year: int, as_published: bool = False) -> TableSource | None:
    """The build of a year, else the published version that readers are at, else None."""
    folder = settings.build(year, as_published)
    take_share(folder, settings.department)
    warehouse = folder / WAREHOUSE
    if warehouse.is_file():
        try:
            with open_database(warehouse, wait=0) as connection:
                rows = rows_of(
                    connection, "select table_name as name, table_schema as part from information_schema.tables"
                )
        except LockedError:  # another process is building just now
            rows = []
        # What is landed bears the same names; the models' own show that the build has come so far.
        if {"cell", "correction", "reconciliation"} <= {row["name"] for row in rows if row["part"] == "main"}:
            return TableSource(year, "build", warehouse, frozenset(row["name"] for row in rows))
    version = None if as_published else current_versions(settings).get(year)
    if version is None:
        return None
    folder = settings.versions(year) / version
    return TableSource(year, "published", folder, frozenset(path.stem for path in folder.glob("[!.]*.parquet")))


def kept_of(source: TableSource, cell: Mapping[str, Any]) -> tuple[str, str]:
    """What the file says of a cell beside its text (a build alone knows), and how its figure was rounded."""
    if source.kind == "build":
        (row,) = source.rows(
            """select coalesce(printed.mark, '') as mark, coalesce(measure.rounding, 'half_up') as rounding
               from raw.cell as printed
               left join raw.measure as measure using (fiscal_year, department, ledger, measure)
               where fiscal_year = ? and address = ?""",
            source.year, cell["address"],
        )  # fmt: skip
        return row["mark"], row["rounding"]
    manifest = json.loads((source.path / MANIFEST).read_text(encoding="utf-8"))
    return "", manifest.get(ROUNDING, {}).get(f"{cell['ledger']}/{cell['measure']}", "half_up")


def nearest(address: str, known: Iterable[str], most: int = 5) -> list[str]:
    """Known addresses that look most like the one asked for, the likest first."""
    return difflib.get_close_matches(address, list(known), n=most, cutoff=0.6)


def full_address(settings: Settings, address: str) -> str:
    """An address with its department: the one that is meant, or the only one of its year. Raises
    ``UnknownAddressError`` where there are several.
    """
    year, *rest = address.strip().split("/")
    if len(rest) == _SHORT + 1 and settings.department not in ("", rest[0]):
        raise UnknownAddressError(address, [], f"--department 是 {settings.department}")
    if len(rest) != _SHORT or not year.isdecimal():
        return address.strip()
    try:
        code = the_department(settings, int(year), settings.department).department
    except InputError as error:
        known = known_departments(settings, int(year))
        hint = f"地址写明部门：{error.problems[0].expected}" if known else hint_for(settings, year, False)
        raise UnknownAddressError(address, [], hint) from None
    return "/".join((year, code, *rest))


def scoped(settings: Settings, address: str) -> Settings:
    """The installation as that of the department in an address."""
    return settings.of(address.split("/")[1]) if address.count("/") > _SHORT else settings


def all_addresses(settings: Settings) -> list[str]:
    folders = [folder for zone in (settings.home / "build", settings.published) for folder in zone.glob("[0-9]*/*")]
    known = {
        (int(folder.parent.name), folder.name.removesuffix(AS_PUBLISHED))
        for folder in folders
        if folder.parent.name.isdecimal() and folder.is_dir()
    }
    sources = [found for year, code in sorted(known, reverse=True) if (found := open_source(settings.of(code), year))]
    return [address for source in sources for address in addresses_of(source)]


def addresses_of(source: TableSource) -> list[str]:
    rows = source.rows("select address from cell where fiscal_year = ? order by address", source.year)
    return [row["address"] for row in rows]


def label_of(source: TableSource, cell: Mapping[str, Any]) -> str:
    """表3 第17行 流动人员人事档案管理基本公共服务专项 本年调整; by code names where the source has no headers."""
    short, header = cell["ledger"], cell["measure"]
    if source.kind == "build":
        for row in source.rows(
            """select short, header from raw.ledger join raw.measure using (fiscal_year, ledger)
               where fiscal_year = ? and ledger = ? and measure = ?""",
            source.year, cell["ledger"], cell["measure"],
        ):  # fmt: skip
            short, header = row["short"], row["header"]
    return " ".join(part for part in (short, cell["row_label"], header) if part)
