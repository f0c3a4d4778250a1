"""An archive whose parts can't be unpacked, however they are packed, is one message of the file and no traceback."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from orchestration.base.problems import InputError
from orchestration.documents.reader import open_document
from orchestration.ledgers.spreadsheet import read_grids

METHODS = {"stored": zipfile.ZIP_STORED, "deflate": zipfile.ZIP_DEFLATED, "bzip2": zipfile.ZIP_BZIP2,
           "lzma": zipfile.ZIP_LZMA}  # fmt: skip


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    ("name", "part"), [("账.xlsx", "xl/workbook.xml"), ("账.ods", "content.xml"), ("文.docx", "[Content_Types].xml")]
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
