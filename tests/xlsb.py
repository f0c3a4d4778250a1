"""Workbooks of records (.xlsb) made byte by byte by [MS-XLSB], for tests: no library of ours writes them. Each maker
gives the bytes of one thing; ``parts`` puts them together.
"""

from __future__ import annotations

import struct
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from tests.damage import OFFICE, PACKAGE

Cell = tuple[int, bytes]  # number of the record, and what follows its column and style


def record(kind: int, content: bytes = b"") -> bytes:
    return _number(kind, 2) + _number(len(content), 4) + content


def _number(value: int, most: int) -> bytes:
    found = bytearray()
    while True:
        value, low = value >> 7, value & 0x7F
        found.append(low | (0x80 if value else 0))
        if not value:
            assert len(found) <= most
            return bytes(found)


def wide(text: str) -> bytes:
    """A text as records hold it."""
    return struct.pack("<I", len(text.encode("utf-16-le")) // 2) + text.encode("utf-16-le")


def compact(number: int, *, hundredths: bool = False, whole: bool = True) -> Cell:
    return 2, struct.pack("<I", (number << 2 & 0xFFFFFFFF if whole else number) | 2 * whole | hundredths)


def compact_float(value: float, *, hundredths: bool = False) -> Cell:
    """A float of which the lower 34 bits are nothing."""
    (bits,) = struct.unpack("<Q", struct.pack("<d", value))
    assert bits & 0x3FFFFFFFF == 0
    return compact(bits >> 32, hundredths=hundredths, whole=False)


def error(code: int, *, formula: bool = False) -> Cell:
    return (11, bytes([code]) + bytes(10)) if formula else (3, bytes([code]))


def truth(value: bool) -> Cell:
    return 4, bytes([value])


def real(value: float, *, formula: bool = False) -> Cell:
    return (9, struct.pack("<d", value) + bytes(10)) if formula else (5, struct.pack("<d", value))


def inline(text: str, *, formula: bool = False) -> Cell:
    return (8, wide(text) + bytes(10)) if formula else (6, wide(text))


def rich(text: str, *runs: tuple[int, int]) -> Cell:
    """A text whose parts have fonts of their own, each from a place on."""
    fonts = b"".join(struct.pack("<HH", *run) for run in runs)
    return 62, b"\x01" + wide(text) + struct.pack("<I", len(runs)) + fonts


def shared(number: int) -> Cell:
    return 7, struct.pack("<I", number)


def cell(column: int, made: Cell, style: int = 0) -> bytes:
    kind, content = made
    return record(kind, struct.pack("<II", column, style) + content)


def short(made: Cell, style: int = 0) -> bytes:
    """A cell right of the one before it."""
    kind, content = made
    return record(61 if kind == 62 else kind + 11, struct.pack("<I", style) + content)


def row(number: int, *cells: bytes, hidden: bool = False) -> bytes:
    """A row by its number from 1."""
    head = struct.pack("<IIHBBB", number - 1, 0, 300, 0, 0x10 if hidden else 0, 0) + struct.pack("<I", 0)
    return record(0, head) + b"".join(cells)


def columns(first: int, last: int, *, hidden: bool) -> bytes:
    return record(390) + record(60, struct.pack("<IIIIH", first, last, 2304, 0, 1 if hidden else 0)) + record(391)


def merged(*ranges: tuple[int, int, int, int]) -> bytes:
    """Each by first and last row, first and last column."""
    return record(177) + b"".join(record(176, struct.pack("<IIII", *each)) for each in ranges) + record(178)


def sheet(*rows: bytes, before: bytes = b"", after: bytes = b"") -> bytes:
    return record(129) + before + record(145) + b"".join(rows) + record(146) + after + record(130)


def styles(
    formats: Sequence[str | int], struck: Sequence[int] = (), indents: Mapping[int, int] = MappingProxyType({})
) -> bytes:
    """Style n has the n-th format, by its code or its built-in number; ``struck``: styles whose font is struck out;
    ``indents``: of styles that set their text in."""
    codes = {164 + n: each for n, each in enumerate(formats) if isinstance(each, str)}
    found = record(278) + record(615)
    found += b"".join(record(44, struct.pack("<H", number) + wide(code)) for number, code in codes.items())
    found += record(616) + record(611)
    for flags, place in ((0, 0), (0x08, 0), (0, 1)):
        found += record(43, struct.pack("<HHHH", 220, flags, 400, place) + bytes(13) + wide("宋体"))
    found += (
        record(612)
        + record(626)
        + record(47, struct.pack("<HHH", 0xFFFF, 12, 1) + bytes(10))
        + record(627)
        + record(617)
    )
    for n, each in enumerate(formats):
        number = each if isinstance(each, int) else 164 + n
        found += record(47, struct.pack("<HHHHHBB", 0, number, int(n in struck), 0, 0, 0, indents.get(n, 0)) + bytes(4))
    return found + record(618) + record(279)


def texts(*shown: str) -> bytes:
    return record(159, bytes(8)) + b"".join(record(19, b"\0" + wide(each)) for each in shown) + record(160)


def parts(
    sheets: Mapping[str, bytes],
    hidden: Sequence[str] = (),
    look: bytes = b"",
    shown: bytes = b"",
    *,
    from_1904: bool = False,
) -> dict[str, bytes]:
    listed = b"".join(
        record(156, struct.pack("<II", int(name in hidden), n) + wide(f"r{n}") + wide(name))
        for n, name in enumerate(sheets, 1)
    )
    relations = "".join(
        f'<Relationship Id="r{n}" Type="{OFFICE}/worksheet" Target="worksheets/sheet{n}.bin"/>'
        for n in range(1, len(sheets) + 1)
    )
    main = f'<Relationship Id="a" Type="{OFFICE}/officeDocument" Target="xl/workbook.bin"/>'
    made = {
        "_rels/.rels": f'<Relationships xmlns="{PACKAGE}">{main}</Relationships>'.encode(),
        "xl/workbook.bin": record(131) + record(153, struct.pack("<III", int(from_1904), 0, 0)) + record(143) + listed
        + record(144) + record(132),
        "xl/_rels/workbook.bin.rels": f'<Relationships xmlns="{PACKAGE}">{relations}</Relationships>'.encode(),
        "xl/styles.bin": look,
        "xl/sharedStrings.bin": shown,
    }  # fmt: skip
    made |= {f"xl/worksheets/sheet{n}.bin": content for n, content in enumerate(sheets.values(), 1)}
    return {name: content for name, content in made.items() if content}


def write(path: Path, made: Mapping[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in made.items():
            archive.writestr(name, content)
    return path
