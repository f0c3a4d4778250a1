# ruff: noqa: E501  XML stands as it is
"""Damaged and hostile ledger files, from a seed: what a sick disk, a careless hand or a bad will makes of a workbook.

``KINDS`` names each kind of damage; ``damaged(kind, seed, folder)`` writes one file and says what must come of it. Used by
the tests (a few hundred) and by ``tests.fuzz`` (a thousand, under bounds, with counts by kind and outcome).
"""

from __future__ import annotations

import random
import zipfile
from collections.abc import Callable
from pathlib import Path

from orchestration.base.problems import InputError
from orchestration.ledgers.contract import Contract
from orchestration.ledgers.reader import read_grid
from orchestration.ledgers.spreadsheet import read_grids

MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
HEADER = ["单位名称", "预算数", "决算数"]
CONTRACT = Contract.model_validate(
    {
        "ledger": "spending", "title": "支出表", "short": "支出表", "unit": "万元", "label": "{unit_name}",
        "keys": [{"name": "unit_name", "header": "单位名称"}],
        "measures": [{"name": "budget", "header": "预算数"}, {"name": "actual", "header": "决算数"}],
    }
)  # fmt: skip
REFUSED, TAKEN, EITHER = "refused", "taken", "either"


def text(place: str, value: str) -> str:
    return f'<c r="{place}" t="inlineStr"><is><t>{value}</t></is></c>'


def sheet(*rows: str, around: str = "", head: str = "") -> str:
    return f'<?xml version="1.0" encoding="UTF-8"?>{head}<worksheet {MAIN}><sheetData>{"".join(rows)}</sheetData>{around}</worksheet>'


def table(rng: random.Random, extra: str = "") -> list[str]:
    """A plain, right table of a few rows."""
    rows = ['<row r="1">' + "".join(text(f"{c}1", name) for c, name in zip("ABC", HEADER, strict=True)) + "</row>"]
    for r in range(2, rng.randint(4, 9)):
        a, b = rng.randint(1, 9999), rng.randint(1, 9999)
        rows.append(
            f'<row r="{r}">{text(f"A{r}", f"单位{r}")}<c r="B{r}"><v>{a}</v></c><c r="C{r}"><v>{b}</v></c></row>'
        )
    return [*rows, extra] if extra else rows


def parts(content: str, strings: str = "", styles: str = "", workbook: str = "") -> dict[str, str]:
    book = workbook or (
        f'<workbook {MAIN} xmlns:r="{OFFICE}"><sheets><sheet name="支出表" sheetId="1" r:id="r1"/></sheets></workbook>'
    )
    made = {
        "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>',
        "_rels/.rels": f'<Relationships xmlns="{PACKAGE}"><Relationship Id="a" Type="{OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": book,
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{PACKAGE}"><Relationship Id="r1" Type="{OFFICE}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
        "xl/worksheets/sheet1.xml": content,
    }
    if strings:
        made["xl/sharedStrings.xml"] = strings
    if styles:
        made["xl/styles.xml"] = styles
    return made


def write(path: Path, made: dict[str, str | bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in made.items():
            archive.writestr(name, content)
    return path


def plain(rng: random.Random, path: Path, extra: str = "", **options: str) -> Path:
    return write(path, dict(parts(sheet(*table(rng, extra), **options))))


# --- kinds -----------------------------------------------------------------------------------------------------------


def truncated(rng: random.Random, folder: Path) -> Path:
    path = plain(rng, folder / "账.xlsx")
    content = path.read_bytes()
    path.write_bytes(content[: rng.randint(0, len(content) - 1)])
    return path


def flipped(rng: random.Random, folder: Path) -> Path:
    path = plain(rng, folder / "账.xlsx")
    content = bytearray(path.read_bytes())
    for _ in range(rng.randint(1, 20)):
        content[rng.randrange(len(content))] ^= 1 << rng.randrange(8)
    path.write_bytes(content)
    return path


def garbled_xml(rng: random.Random, folder: Path) -> Path:
    made = parts(sheet(*table(rng)))
    name = rng.choice(["xl/workbook.xml", "xl/worksheets/sheet1.xml", "xl/_rels/workbook.xml.rels"])
    content = bytearray(made[name].encode())
    for _ in range(rng.randint(1, 8)):
        where = rng.randrange(len(content))
        content[where : where + rng.randint(0, 4)] = rng.randbytes(rng.randint(0, 4))
    return write(folder / "账.xlsx", {**made, name: bytes(content)})


def missing_part(rng: random.Random, folder: Path) -> Path:
    made = parts(sheet(*table(rng)))
    del made[rng.choice(["xl/workbook.xml", "xl/worksheets/sheet1.xml", "xl/_rels/workbook.xml.rels"])]
    return write(folder / "账.xlsx", dict(made))


def far_cell(rng: random.Random, folder: Path) -> Path:
    place = rng.choice(["A1048576", "XFD1048576", "XFD1", "G1048576", "XFD500000"])
    row = f'<row r="{place.lstrip("ABCDEFGXZ")}">{text(place, "x")}</row>'
    return write(folder / "账.xlsx", dict(parts(sheet(*(table(rng) if rng.random() < 0.5 else []), row))))


def beyond_the_sheet(rng: random.Random, folder: Path) -> Path:
    place = rng.choice(["A1048577", "XFE1", "A0", "A99999999999", "1A", "", "ZZZZ1", "A-1"])
    return plain(rng, folder / "账.xlsx", f'<row r="20"><c r="{place or "?"}"><v>1</v></c></row>')


def wide_rows(rng: random.Random, folder: Path) -> Path:
    rows = "".join(f'<row r="{r}"><c r="XFD{r}"><v>1</v></c></row>' for r in range(20, 20 + rng.randint(300, 900)))
    return plain(rng, folder / "账.xlsx", rows)


def far_merge(rng: random.Random, folder: Path) -> Path:
    ranges = rng.choice([["A1:XFD1048576"], ["A20:C1048576"], ["C9:XFD9", "B2:B1048576"], ["D1:XFD1"] * 500])
    merged = "<mergeCells>" + "".join(f'<mergeCell ref="{each}"/>' for each in ranges) + "</mergeCells>"
    return plain(rng, folder / "账.xlsx", around=merged)


def far_format(rng: random.Random, folder: Path) -> Path:
    rows = "".join(f'<row r="{r}" s="0" customFormat="1"><c r="XFD{r}" s="0"/></row>' for r in range(20, 20 + 2000))
    return plain(rng, folder / "账.xlsx", rows)


def empty_rows(rng: random.Random, folder: Path) -> Path:
    rows = "".join(f'<row r="{r}"/>' for r in range(20, 20 + rng.choice([1000, 20_000, 100_000])))
    return plain(rng, folder / "账.xlsx", rows)


def bomb(rng: random.Random, folder: Path) -> Path:
    """A part of 600 MiB in 600 KB."""
    path = folder / "账.xlsx"
    made = parts(sheet(*table(rng)), strings=" ")
    name = rng.choice(["xl/worksheets/sheet1.xml", "xl/sharedStrings.xml", "xl/workbook.xml"])
    block = b" " * 2**20
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for part, content in made.items():
            if part == name:
                with archive.open(part, "w", force_zip64=True) as out:
                    for _ in range(600):
                        out.write(block)
            else:
                archive.writestr(part, content)
    return path


def lying_size(rng: random.Random, folder: Path) -> Path:
    """A directory that says a part is far smaller than it is."""
    path = plain(rng, folder / "账.xlsx", " " * 200_000)
    content = bytearray(path.read_bytes())
    at = content.rfind(b"PK\x01\x02")
    while at >= 0:
        content[at + 24 : at + 28] = (100).to_bytes(4, "little")
        at = content.rfind(b"PK\x01\x02", 0, at)
    path.write_bytes(content)
    return path


def entities(rng: random.Random, folder: Path) -> Path:
    dtd = rng.choice(
        [
            '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>',
            '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY e "&b;&b;&b;&b;&b;">]>',
            '<!DOCTYPE x SYSTEM "x.dtd">',
        ]
    )
    body = sheet(*table(rng, f'<row r="20">{text("A20", "&e;")}</row>'), head=dtd)
    return write(folder / "账.xlsx", dict(parts(body)))


def error_cell(rng: random.Random, folder: Path) -> Path:
    error = rng.choice(["#DIV/0!", "#N/A", "#REF!", "#SPILL!", "#CALC!", "#NAME?", "#GETTING_DATA", "#错误", ""])
    return plain(
        rng, folder / "账.xlsx", f'<row r="20">{text("A20", "乙")}<c r="B20" t="e"><f>1/0</f><v>{error}</v></c></row>'
    )


def formula_without_value(rng: random.Random, folder: Path) -> Path:
    cell = rng.choice(["<f>SUM(B2:B3)</f>", '<f t="shared" si="0"/>', "<f>[1]Sheet1!A1</f><v/>"])
    return plain(rng, folder / "账.xlsx", f'<row r="20">{text("A20", "乙")}<c r="B20">{cell}</c></row>')


def bad_number(rng: random.Random, folder: Path) -> Path:
    number = rng.choice(["1e400", "-1E999", "NaN", "INF", "0x10", "1,5", "９", "--1", "1" * 500, "1e-400x"])
    return plain(rng, folder / "账.xlsx", f'<row r="20">{text("A20", "乙")}<c r="B20"><v>{number}</v></c></row>')


def unknown_type(rng: random.Random, folder: Path) -> Path:
    kind = rng.choice(["x", "date", "S", "n n", "ss"])
    return plain(rng, folder / "账.xlsx", f'<row r="20">{text("A20", "乙")}<c r="B20" t="{kind}"><v>1</v></c></row>')


def no_such_string(rng: random.Random, folder: Path) -> Path:
    index = rng.choice(["5", "-1", "999999999999", "x", "1.5"])
    return plain(rng, folder / "账.xlsx", f'<row r="20">{text("A20", "乙")}<c r="B20" t="s"><v>{index}</v></c></row>')


def odd_format(rng: random.Random, folder: Path) -> Path:
    code = rng.choice(
        ["0." + "0" * 500, "0" * 240, "#" * 200 + "?" * 55, "[&gt;5]0", "0.00E+00", "# ?/?", "&quot;x", "0;0;0;0;0;0", "\\", "_",
         "[DBNum1]0", "0.0&quot;k&quot;", "General;General", "*", "[", "&quot;&quot;", ";;;"]
    )  # fmt: skip
    styles = (
        f'<styleSheet {MAIN}><numFmts><numFmt numFmtId="200" formatCode="{code}"/></numFmts><fonts><font/></fonts>'
        '<cellXfs><xf numFmtId="0" fontId="0"/><xf numFmtId="200" fontId="0"/></cellXfs></styleSheet>'
    )
    row = f'<row r="20">{text("A20", "乙")}<c r="B20" s="1"><v>12.5</v></c><c r="C20"><v>1</v></c></row>'
    return write(folder / "账.xlsx", dict(parts(sheet(*table(rng, row)), styles=styles)))


def odd_style(rng: random.Random, folder: Path) -> Path:
    style = rng.choice(["7", "-1", "x", "99999999999999999999"])
    return plain(rng, folder / "账.xlsx", f'<row r="20">{text("A20", "乙")}<c r="B20" s="{style}"><v>1.5</v></c></row>')


def other_content(rng: random.Random, folder: Path) -> Path:
    path = folder / rng.choice(["账.xlsx", "账.xlsm"])
    ole = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
    path.write_bytes(
        rng.choice(
            [b"", ole + rng.randbytes(4000), ole + "EncryptedPackage".encode("utf-16-le") + rng.randbytes(99), b"<html><table>",
             "单位名称,预算数\n甲,1\n".encode(), rng.randbytes(3000), b"PK\x03\x04", b"PK\x05\x06" + bytes(18), b"%PDF-1.7"]
        )
    )  # fmt: skip
    return path


def a_folder(rng: random.Random, folder: Path) -> Path:
    path = folder / rng.choice(["账.xlsx", "账.csv"])
    path.mkdir()
    return path


def out_of_the_file(rng: random.Random, folder: Path) -> Path:
    """Relations that lead to other files; nothing of them may be opened."""
    made = parts(sheet(*table(rng)))
    target = rng.choice(["file:///etc/passwd", "../../../../etc/passwd", "/etc/passwd", "\\\\server\\share\\x.xml"])
    mode = rng.choice(["", ' TargetMode="External"'])
    made["xl/_rels/workbook.xml.rels"] = (
        f'<Relationships xmlns="{PACKAGE}"><Relationship Id="r1" Type="{OFFICE}/worksheet" Target="{target}"{mode}/></Relationships>'
    )
    return write(folder / "账.xlsx", dict(made))


def long_text(rng: random.Random, folder: Path) -> Path:
    return plain(rng, folder / "账.xlsx", f'<row r="20">{text("A20", "长" * rng.randint(40_000, 400_000))}</row>')


def deep_xml(rng: random.Random, folder: Path) -> Path:
    depth = rng.choice([1_000, 100_000])
    return plain(rng, folder / "账.xlsx", "<x>" * depth + "</x>" * depth)


def repeated_rows(rng: random.Random, folder: Path) -> Path:
    return plain(rng, folder / "账.xlsx", f'<row r="2">{text("A2", "又一个")}<c r="B2"><v>1</v></c></row>')


def odd_csv(rng: random.Random, folder: Path) -> Path:
    path = folder / "账.csv"
    right = "单位名称,预算数,决算数\n甲,1,2\n"
    path.write_bytes(
        rng.choice(
            [right.encode()[: rng.randint(1, 20)], right.encode("utf-16"), b"\xff\xfe\x00", rng.randbytes(500), b"\0" * 1000,
             (right + '"').encode(), (right + "乙,1\n" * 3).encode(), ("x" * 200_000).encode(), (right + "乙," + "9" * 5000).encode(),
             b"\xef\xbb\xbf", ("," * 50_000 + "\n").encode(), right.replace(",", ";").encode()]
        )
    )  # fmt: skip
    return path


def macros(rng: random.Random, folder: Path) -> Path:
    """Macros, links to other workbooks and drawings stand beside the sheets: never opened, so the figures are read."""
    made = dict(parts(sheet(*table(rng))))
    made |= {
        "xl/vbaProject.bin": rng.randbytes(2000),
        "xl/externalLinks/externalLink1.xml": "<broken",
        "xl/drawings/d.xml": "",
    }
    return write(folder / "账.xlsm", made)


KINDS: dict[str, tuple[Callable[[random.Random, Path], Path], str]] = {
    "truncated": (truncated, REFUSED), "bits flipped": (flipped, EITHER), "garbled XML": (garbled_xml, EITHER),
    "part missing": (missing_part, REFUSED), "cell in the far corner": (far_cell, REFUSED),
    "cell beyond the sheet": (beyond_the_sheet, REFUSED), "rows of full width": (wide_rows, REFUSED),
    "merged to the far corner": (far_merge, EITHER), "formatted to the far corner": (far_format, TAKEN),
    "empty rows": (empty_rows, TAKEN), "zip bomb": (bomb, REFUSED), "size that lies": (lying_size, REFUSED),
    "entities": (entities, REFUSED), "error value": (error_cell, REFUSED), "formula without result": (formula_without_value, REFUSED),
    "number that is none": (bad_number, REFUSED), "unknown type of cell": (unknown_type, REFUSED),
    "text that is not there": (no_such_string, REFUSED), "odd number format": (odd_format, EITHER),
    "style that is not there": (odd_style, REFUSED), "other content": (other_content, REFUSED), "folder": (a_folder, REFUSED),
    "relation out of the file": (out_of_the_file, REFUSED), "text too long": (long_text, REFUSED),
    "deep XML": (deep_xml, EITHER), "row twice": (repeated_rows, REFUSED), "odd CSV": (odd_csv, EITHER), "macros": (macros, TAKEN),
}  # fmt: skip


#: Kinds of which the message must name the cell.
AT_A_CELL = frozenset(
    {"cell in the far corner", "rows of full width", "error value", "formula without result", "number that is none",
     "unknown type of cell", "text that is not there", "row twice", "style that is not there"}
)  # fmt: skip


def kinds() -> dict[str, tuple[Callable[[random.Random, Path], Path], str, bool]]:
    """Every kind: how it is made, what must come of it, whether the message must name a cell."""
    from tests.damaged_tables import KINDS as TABLES

    own = {kind: (make, expected, kind in AT_A_CELL) for kind, (make, expected) in KINDS.items()}
    return own | TABLES


def damaged(kind: str, seed: int, folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return kinds()[kind][0](random.Random(f"{kind}:{seed}"), folder)


def outcome(path: Path, *, at_a_cell: bool = False) -> str:
    """``taken``, or ``refused`` with what must come with it: a message of file, found and expected for each problem, none
    of them twice; of the sheet and the cell too, where one is to blame.

    Anything else that is raised is a traceback to a user, and comes through.
    """
    try:
        for grid in read_grids(path, path.name):
            read_grid(grid, CONTRACT, 2024)
    except InputError as error:
        assert error.problems
        for problem in error.problems:
            assert problem.file == path.name and problem.found and problem.expected
            assert len(str(problem)) < 2_000
        assert len(set(error.problems)) == len(error.problems)
        assert not at_a_cell or any(p.cell and (p.sheet or path.suffix == ".csv") for p in error.problems), error
        return REFUSED
    return TAKEN
