"""The workbook itself: the archive, which sheets it lists, and which part holds what."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO
from xml.parsers import expat

from orchestration.base.archives import UNPACKING
from orchestration.base.problems import Problem
from orchestration.ledgers.grids import grid as bounds
from orchestration.ledgers.grids.grid import Grid, refused
from orchestration.ledgers.grids.ooxml.styles import StyleReader, Styles
from orchestration.ledgers.grids.ooxml.texts import SharedTexts
from orchestration.ledgers.grids.ooxml.worksheet import WHOLE, Worksheet

_CHUNK = 1 << 16


def read_workbook(path: Path, name: str) -> list[Grid]:
    """The visible sheets of a workbook. Raises ``InputError`` where it can't be opened or asks for too much."""
    try:
        with zipfile.ZipFile(path) as archive:
            return list(_Workbook(archive, name).grids())
    # What the archive, the parser, and attributes that are missing or no numbers raise; the cause is kept. Anything
    # else is ours and ends as an internal error.
    except (*UNPACKING, expat.ExpatError, ValueError, KeyError, OverflowError) as error:
        raise refused(name, f"打不开的工作簿（{' '.join(str(error).split())[:200]}）", WHOLE) from error


@dataclass
class _Entry:
    """One sheet as the workbook lists it."""

    name: str
    part: str
    hidden: bool


class _Workbook:
    def __init__(self, archive: zipfile.ZipFile, name: str):
        self.archive = archive
        self.name = name
        self.parts = {info.filename.lstrip("/").lower(): info for info in archive.infolist()}
        self.from_1904 = False

    def grids(self) -> Iterator[Grid]:
        entries = self._entries()
        strings = self._strings()
        styles = self._styles()
        left_out = [entry.name for entry in entries if entry.hidden]
        shown = [entry for entry in entries if not entry.hidden]
        for n, entry in enumerate(shown):
            sheet = Worksheet(self.name, entry.name, strings, styles, self.from_1904)
            self._parse(entry.part, sheet.start, sheet.end, sheet.text, bounds.MOST_EXPANDED)
            grid = sheet.grid()
            if n == 0 and left_out:
                grid.notices.append(
                    Problem(self.name, "、".join(left_out), "", "隐藏的工作表", "未读；要计入请取消隐藏")
                )
            yield grid

    def _entries(self) -> list[_Entry]:
        main = next((t for kind, t in self._relations("").values() if kind == "officeDocument"), "xl/workbook.xml")
        listed: list[dict[str, str]] = []

        def start(tag: str, attributes: dict[str, str]) -> None:
            if tag == "sheet":
                listed.append(attributes)
            elif tag == "workbookPr":
                self.from_1904 = attributes.get("date1904", "0") in ("1", "true")

        self._parse(main, start)
        relations = self._relations(main)
        entries = []
        for attributes in listed:
            identity = next((value for key, value in attributes.items() if key.endswith(":id")), "")
            kind, part = relations.get(identity, ("worksheet", ""))
            if kind == "worksheet":  # and not a chart sheet
                if part.lower() not in self.parts:
                    raise refused(self.name, f"缺少工作表 {attributes.get('name', '')} 的内容", WHOLE)
                hidden = attributes.get("state", "visible") != "visible"
                entries.append(_Entry(attributes.get("name", ""), part, hidden))
        return entries

    def _relations(self, part: str) -> dict[str, tuple[str, str]]:
        """Of a part's relations, kind and target; those that lead out of the file are left out."""
        folder, _, file = part.rpartition("/")
        relations: dict[str, tuple[str, str]] = {}

        def start(tag: str, attributes: dict[str, str]) -> None:
            if tag == "Relationship" and attributes.get("TargetMode") != "External":
                target = attributes.get("Target", "")
                path = target.lstrip("/") if target.startswith("/") else _joined(folder, target)
                relations[attributes.get("Id", "")] = (attributes.get("Type", "").rpartition("/")[2], path)

        name = f"{folder}/_rels/{file}.rels".lstrip("/") if part else "_rels/.rels"
        if name.lower() in self.parts:
            self._parse(name, start)
        return relations

    def _strings(self) -> list[str]:
        part = next((p for p in self.parts if p.endswith("sharedstrings.xml")), "")
        reader = SharedTexts(self.name)
        if part:
            self._parse(part, reader.start, reader.end, reader.text, bounds.MOST_STRINGS)
        return reader.strings

    def _styles(self) -> Styles:
        part = next((p for p in self.parts if p.endswith("styles.xml") and "/worksheets" not in p), "")
        reader = StyleReader()
        if part:
            self._parse(part, reader.start, reader.end)
        return reader.styles()

    def _parse(
        self,
        part: str,
        start: Callable[[str, dict[str, str]], None],
        end: Callable[[str], None] | None = None,
        text: Callable[[str], None] | None = None,
        most: int = bounds.MOST_STRINGS,
    ) -> None:
        info = self.parts[part.lower()]
        if info.flag_bits & 1:
            raise refused(self.name, "加密的工作簿", "去掉密码后另存的 xlsx")
        if info.file_size > most:
            found = f"{part} 展开后 {info.file_size / 2**20:,.0f} MiB"
            raise refused(self.name, found, f"每个部分展开后不超过 {most // 2**20} MiB；删去多余内容后另存")
        with self.archive.open(info) as stream:
            parse_xml(stream, self.name, part, start, end, text)


def parse_xml(
    stream: IO[bytes],
    name: str,
    part: str,
    start: Callable[[str, dict[str, str]], None],
    end: Callable[[str], None] | None,
    text: Callable[[str], None] | None,
) -> None:
    """Feed a part to handlers, by local names. No part of a workbook has a document type, so none is taken: no
    entities, nothing from outside.
    """
    parser = expat.ParserCreate()
    parser.buffer_text = True
    local: dict[str, str] = {}

    def started(tag: str, attributes: dict[str, str]) -> None:
        start(local.get(tag) or local.setdefault(tag, tag.rpartition(":")[2]), attributes)

    def ended(tag: str) -> None:
        if end is not None:
            end(local[tag])

    def doctype(*_: object) -> None:
        raise refused(name, f"{part} 带有 DOCTYPE", "表格软件保存的 xlsx")

    parser.StartElementHandler = started
    parser.EndElementHandler = ended
    parser.StartDoctypeDeclHandler = doctype
    if text is not None:
        parser.CharacterDataHandler = text
    while chunk := stream.read(_CHUNK):
        parser.Parse(chunk, False)
    parser.Parse(b"", True)


def _joined(folder: str, target: str) -> str:
    parts = folder.split("/") if folder else []
    for step in target.split("/"):
        if step == "..":
            parts = parts[:-1]
        elif step not in ("", "."):
            parts.append(step)
    return "/".join(parts)
