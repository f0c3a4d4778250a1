"""Workbooks whose parts are XML (.xlsx, .xlsm)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from orchestration.base.archives import DamagedError, opened
from orchestration.ledgers.grids import grid as bounds
from orchestration.ledgers.grids.grid import Grid, refused
from orchestration.ledgers.grids.ooxml.package import ListedSheet, Workbook
from orchestration.ledgers.grids.ooxml.styles import StyleReader, Styles
from orchestration.ledgers.grids.ooxml.texts import SharedTexts
from orchestration.ledgers.grids.ooxml.worksheet import Worksheet


def read_workbook(path: Path, name: str) -> list[Grid]:
    """The visible sheets of a workbook. Raises ``InputError`` where it can't be opened or asks for too much."""
    return read_as(XmlWorkbook, path, name)


def read_as(kind: type[Workbook], path: Path, name: str) -> list[Grid]:
    """The visible sheets of a workbook of one kind."""
    try:
        with opened(path) as archive:
            return list(kind(archive, name).grids())
    except DamagedError as error:  # anything else is ours and ends as an internal error
        found = f"打不开的工作簿（{' '.join(str(error).split())[:200]}）"
        raise refused(name, found, f"未加密、完整的 {kind.kind}") from error


class XmlWorkbook(Workbook):
    kind, ending = "xlsx", "xml"

    def listed(self, main: str) -> Iterator[tuple[str, str, bool]]:
        sheets: list[dict[str, str]] = []

        def start(tag: str, attributes: dict[str, str]) -> None:
            if tag == "sheet":
                sheets.append(attributes)
            elif tag == "workbookPr":
                self.from_1904 = attributes.get("date1904", "0") in ("1", "true")

        self.parse(main, start)
        for attributes in sheets:
            identity = next((value for key, value in attributes.items() if key.endswith(":id")), "")
            yield attributes.get("name", ""), identity, attributes.get("state", "visible") != "visible"

    def strings(self, part: str, styles: Styles) -> list[str]:
        reader = SharedTexts(self.name)
        self.parse(part, reader.start, reader.end, reader.text)
        return reader.strings

    def styles(self, part: str) -> Styles:
        reader = StyleReader()
        self.parse(part, reader.start, reader.end)
        return reader.styles()

    def sheet(self, entry: ListedSheet, strings: list[str], styles: Styles) -> Grid:
        sheet = Worksheet(self.name, entry.name, strings, styles, self.from_1904)
        self.parse(entry.part, sheet.start, sheet.end, sheet.text, bounds.MOST_EXPANDED)
        return sheet.grid()
