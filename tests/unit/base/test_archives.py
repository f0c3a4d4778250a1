"""An archive whose parts can't be unpacked, however they are packed, is one message of the file and no traceback."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from orchestration.base.problems import InputError
from orchestration.documents.reader import open_document
from orchestration.ledgers.grids.sheet import SheetParts
from orchestration.ledgers.spreadsheet import Grid, read_grids
from tests.unit.ledgers.test_ods import HEAD, ods

LEDGERS = Path(__file__).parents[1] / "ledgers"
METHODS = {"stored": zipfile.ZIP_STORED, "deflate": zipfile.ZIP_DEFLATED, "bzip2": zipfile.ZIP_BZIP2,
           "lzma": zipfile.ZIP_LZMA}  # fmt: skip


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("账.xlsx", "xl/workbook.xml"),
        ("账.xlsb", "xl/workbook.bin"),
        ("账.ods", "content.xml"),
        ("文.docx", "[Content_Types].xml"),
    ],
)
def test_a_part_that_cannot_be_unpacked_is_told(name: str, part: str, method: str, tmp_path: Path) -> None:
    path = tmp_path / name
    with zipfile.ZipFile(path, "w", METHODS[method]) as archive:
        archive.writestr(part, f"<a>{'账表' * 500}</a>")
    content = bytearray(path.read_bytes())
    begin = content.index(part.encode()) + len(part)
    for at in range(begin + 4, begin + 14):
        content[at] ^= 0xFF
    path.write_bytes(content)
    with pytest.raises(InputError, match="打不开") as error:
        _ = open_document(path, name) if name.endswith("docx") else read_grids(path, name)
    assert error.value.problems[0].file == name


@pytest.mark.parametrize("kind", ["xlsx", "xlsb", "ods", "xls"])
@pytest.mark.parametrize("mistake", [KeyError("row"), ValueError("row"), IndexError("row")])
def test_a_mistake_of_a_reader_is_not_told_as_a_damaged_file(
    kind: str, mistake: Exception, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def wrong(self: SheetParts) -> Grid:
        raise mistake

    monkeypatch.setattr(SheetParts, "grid", wrong)
    with pytest.raises(type(mistake)):
        read_grids(whole_workbook(kind, tmp_path), "账")


def whole_workbook(kind: str, folder: Path) -> Path:
    if kind == "xls":
        return LEDGERS / "cases" / "xls-left-out" / "表1.xls"
    if kind == "ods":
        return ods(folder / "账.ods", HEAD)
    return LEDGERS / "files" / f"支出表.{kind}"
