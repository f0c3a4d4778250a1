"""What workbooks of both kinds are packed in: parts, how they relate, and the sheets that a workbook lists."""

from __future__ import annotations

import zipfile
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from orchestration.base.archives import DamagedError, unpacked
from orchestration.base.problems import Problem
from orchestration.ledgers.grids import grid as bounds
from orchestration.ledgers.grids.grid import Grid, refused
from orchestration.ledgers.grids.ooxml.styles import Styles
from orchestration.ledgers.grids.xml import parse_xml


@dataclass
class ListedSheet:
    """One sheet as the workbook lists it."""

    name: str
    part: str
    hidden: bool


class Workbook(ABC):
    """``kind``: what the file's name says that it is; ``ending``: of the parts of that kind."""

    kind: str
    ending: str

    def __init__(self, archive: zipfile.ZipFile, name: str):
        self.archive = archive
        self.name = name
        self.parts = {info.filename.lstrip("/").lower(): info for info in archive.infolist()}
        self.from_1904 = False

    @property
    def whole(self) -> str:
        return f"未加密、完整的 {self.kind}"

    @abstractmethod
    def listed(self, main: str) -> Iterator[tuple[str, str, bool]]:
        """Of each sheet its name, the relation to its part, and whether it is hidden."""

    @abstractmethod
    def strings(self, part: str, styles: Styles) -> list[str]: ...

    @abstractmethod
    def styles(self, part: str) -> Styles: ...

    @abstractmethod
    def sheet(self, entry: ListedSheet, strings: list[str], styles: Styles) -> Grid: ...

    def grids(self) -> Iterator[Grid]:
        """The visible sheets."""
        entries = self._entries()
        texts, formats = self._part("sharedstrings"), self._part("styles")
        styles = self.styles(formats) if formats else Styles()
        strings = self.strings(texts, styles) if texts else []
        left_out = [entry.name for entry in entries if entry.hidden]
        for n, entry in enumerate(entry for entry in entries if not entry.hidden):
            grid = self.sheet(entry, strings, styles)
            if n == 0 and left_out:
                grid.notices.append(
                    Problem(self.name, "、".join(left_out), "", "隐藏的工作表", "未读；要计入请取消隐藏")
                )
            yield grid

    def _part(self, stem: str) -> str:
        wanted = f"{stem}.{self.ending}"
        return next((part for part in self.parts if part.endswith(wanted) and "/worksheets" not in part), "")

    def _entries(self) -> list[ListedSheet]:
        default = f"xl/workbook.{self.ending}"
        main = next((target for kind, target in self._relations("").values() if kind == "officeDocument"), default)
        if main.lower() not in self.parts:
            raise DamagedError(f"缺少 {main[:60]}")
        if not main.lower().endswith(f".{self.ending}"):
            found = "xlsb" if main.lower().endswith(".bin") else "xlsx"
            raise refused(self.name, f"打不开的工作簿（内容是 {found}）", f"扩展名与内容相符：改名为 .{found}")
        relations = self._relations(main)
        entries = []
        for name, identity, hidden in self.listed(main):
            kind, part = relations.get(identity, ("worksheet", ""))
            if kind == "worksheet":  # and not a chart sheet
                if part.lower() not in self.parts:
                    raise refused(self.name, f"缺少工作表 {name} 的内容", self.whole)
                entries.append(ListedSheet(name, part, hidden))
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
            self.parse(name, start)
        return relations

    def parse(
        self,
        part: str,
        start: Callable[[str, dict[str, str]], None],
        end: Callable[[str], None] | None = None,
        text: Callable[[str], None] | None = None,
        most: int = bounds.MOST_STRINGS,
    ) -> None:
        """Feed a part of XML to handlers."""
        parse_xml(self.chunks(part, most), self.name, part, start, end, text)

    def chunks(self, part: str, most: int = bounds.MOST_STRINGS) -> Iterator[bytes]:
        """A part in pieces. Raises ``InputError`` where it is encrypted or larger than ``most`` unpacked."""
        info = self.parts[part.lower()]
        if info.flag_bits & 1:
            raise refused(self.name, "加密的工作簿", f"去掉密码后另存的 {self.kind}")
        if info.file_size > most:
            found = f"{part} 展开后 {info.file_size / 2**20:,.0f} MiB"
            raise refused(self.name, found, f"每个部分展开后不超过 {most // 2**20} MiB；删去多余内容后另存")
        return unpacked(self.archive, info)


def _joined(folder: str, target: str) -> str:
    parts = folder.split("/") if folder else []
    for step in target.split("/"):
        if step == "..":
            parts = parts[:-1]
        elif step not in ("", "."):
            parts.append(step)
    return "/".join(parts)
