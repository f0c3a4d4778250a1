# ruff: noqa: E501  XML stands as it is
"""Damage to what a table says rather than to its file: headers, totals, names, encodings; and things that are no file.
``tests.damage`` lists these kinds with its own.
"""

from __future__ import annotations

import os
import random
import zipfile
from collections.abc import Callable
from pathlib import Path

from tests import damage as made
from tests import xlsb

Kind = Callable[[random.Random, Path], Path]


def headers(*names: str) -> str:
    return '<row r="1">' + "".join(made.text(f"{c}1", name) for c, name in zip("ABCDE", names, strict=False)) + "</row>"


def with_header(rng: random.Random, folder: Path, *names: str, first: int = 1) -> Path:
    """A plain table under another header; ``first``: the column in which its rows begin."""
    rows = made.table(rng)[1:]
    shifted = [
        row.replace('r="C', 'r="D').replace('r="B', 'r="C').replace('r="A', 'r="B') if first > 1 else row
        for row in rows
    ]
    return made.write(folder / "账.xlsx", dict(made.parts(made.sheet(headers(*names), *shifted))))


def doubled_header(rng: random.Random, folder: Path) -> Path:
    names = ["单位名称", "预算数", "决算数"]
    return with_header(rng, folder, *names, rng.choice(names))


def shifted_header(rng: random.Random, folder: Path) -> Path:
    """The rows stand a column further to the right than what they are called."""
    return with_header(rng, folder, "单位名称", "预算数", "决算数", first=2)


def other_header(rng: random.Random, folder: Path) -> Path:
    names = ["单位名称", "预算数", "决算数"]
    names[rng.randrange(3)] = rng.choice(["", "数", "预算", "2024", "#REF!", "单位"])
    return with_header(rng, folder, *names)


def merged_total(rng: random.Random, folder: Path) -> Path:
    """The total's two amounts are one cell."""
    row = f'<row r="20">{made.text("A20", "合计")}<c r="B20"><v>{rng.randint(1, 10**6)}</v></c></row>'
    return made.plain(rng, folder / "账.xlsx", row, around='<mergeCells><mergeCell ref="B20:C20"/></mergeCells>')


def merged_down(rng: random.Random, folder: Path) -> Path:
    """An amount that was printed once for a row and the total."""
    rows = (
        f'<row r="20">{made.text("A20", "乙")}<c r="B20"><v>{rng.randint(1, 999)}</v></c><c r="C20"><v>1</v></c></row>'
    )
    rows += f'<row r="21">{made.text("A21", "合计")}<c r="C21"><v>1</v></c></row>'
    return made.plain(rng, folder / "账.xlsx", rows, around='<mergeCells><mergeCell ref="B20:B21"/></mergeCells>')


def million_rows(rng: random.Random, folder: Path) -> Path:
    rows = "".join(f'<row r="{r}"/>' for r in range(20, 2**20 + 1))
    return made.plain(rng, folder / "账.xlsx", rows)


def million_rows_of_text(rng: random.Random, folder: Path) -> Path:
    path = folder / "账.csv"
    empty = rng.choice([",,\n", "\n", '"","",""\n'])
    path.write_text("单位名称,预算数,决算数\n甲中心,1,2\n" + empty * 10**6, encoding="utf-8")
    return path


def name_of_lines(rng: random.Random, folder: Path) -> Path:
    """One name on two lines of its cell is one name."""
    name = rng.choice(["省社会&#10;保障中心", "省社会&#13;&#10;保障中心", "省社会_x000D_保障中心", "a&#10;b"])
    row = f'<row r="20">{made.text("A20", name)}<c r="B20"><v>1</v></c><c r="C20"><v>2</v></c></row>'
    return made.plain(rng, folder / "账.xlsx", row)


def name_over_rows(rng: random.Random, folder: Path) -> Path:
    """One name over two rows: a name without figures."""
    rows = f'<row r="20">{made.text("A20", "省社会")}<c r="B20"><v>1</v></c><c r="C20"><v>2</v></c></row>'
    return made.plain(rng, folder / "账.xlsx", rows + f'<row r="21">{made.text("A21", "保障中心")}</row>')


def hiding_name(rng: random.Random, folder: Path) -> Path:
    """A name with a character that nobody sees or that turns the others round."""
    hidden = rng.choice(["\u202e", "\u2066", "\u2060", "\u061c", "\u180e"])
    row = f'<row r="20">{made.text("A20", f"甲{hidden}中心")}<c r="B20"><v>1</v></c><c r="C20"><v>2</v></c></row>'
    return made.plain(rng, folder / "账.xlsx", row)


def wrong_encoding(rng: random.Random, folder: Path) -> Path:
    """Chinese as other programs save it: not decodable, or decodable to other characters, which fit no header."""
    path = folder / "账.csv"
    text = "单位名称,预算数,决算数\n甲中心,1,2\n"
    traditional = text.replace("单", "單").replace("数", "數").replace("决", "決").replace("预", "預")
    path.write_bytes(
        rng.choice(
            [traditional.encode("big5", "replace"), traditional.encode("shift_jis", "replace"), traditional.encode("euc_kr", "replace"),
             text.encode("utf-16-le"), text.encode("utf-16-be"), text.encode("utf-32"), text.encode().replace(b"\xe6", b"\xff"),
             b"\xef\xbb\xbf" + text.encode("gb18030"), text.encode("utf-8").decode("latin-1").encode("utf-8"), text.encode("utf-7")]
        )
    )  # fmt: skip
    return path


def link_to_a_workbook(rng: random.Random, folder: Path) -> Path:
    """A formula on another workbook with its result: that is read, and the other workbook is not."""
    link = rng.choice(["[1]Sheet1!A1", "'file:///etc/[passwd]x'!A1", "DDE(&quot;cmd&quot;,&quot;/c calc&quot;)"])
    row = f'<row r="20">{made.text("A20", "乙")}<c r="B20"><f>{link}</f><v>3</v></c><c r="C20"><v>2</v></c></row>'
    return made.plain(rng, folder / "账.xlsx", row)


def other_name(rng: random.Random, folder: Path) -> Path:
    """A whole workbook of before 2007 under the name of a new one, or the other way round."""
    if rng.random() < 0.5:
        return made.plain(rng, folder / "账.xls")
    path = folder / rng.choice(["账.xlsx", "账.ods", "账.xlsb"])
    path.write_bytes((Path(__file__).parent / "unit/ledgers/cases/xls-left-out/表1.xls").read_bytes())
    return path


def damaged_old(rng: random.Random, folder: Path) -> Path:
    content = bytearray((Path(__file__).parent / "unit/ledgers/cases/xls-left-out/表1.xls").read_bytes())
    if rng.random() < 0.5:
        content = content[: rng.randrange(8, len(content) - 600)]
    for _ in range(rng.randint(8, 40)):
        content[rng.randrange(8, len(content))] ^= 1 << rng.randrange(8)
    path = folder / "账.xls"
    path.write_bytes(content)
    return path


def _records(rng: random.Random) -> dict[str, bytes]:
    """A plain, right workbook of records."""
    rows = [xlsb.row(1, *(xlsb.cell(n, xlsb.shared(n)) for n in range(3)))]
    for r in range(2, rng.randint(4, 9)):
        amounts = [xlsb.real(rng.randint(1, 99_999) / 100), xlsb.compact(rng.randint(1, 99_999), hundredths=True)]
        rows.append(xlsb.row(r, xlsb.cell(0, xlsb.inline(f"单位{r}")), *(xlsb.short(each, 1) for each in amounts)))
    look = xlsb.styles([0, "#,##0.00"])
    return xlsb.parts({"支出表": xlsb.sheet(*rows)}, look=look, shown=xlsb.texts(*made.HEADER))


def garbled_records(rng: random.Random, folder: Path) -> Path:
    """Bytes of a part changed, taken out or put in; the archive itself is whole."""
    found = _records(rng)
    name = rng.choice([each for each in found if each.endswith(".bin")])
    content = bytearray(found[name])
    for _ in range(rng.randint(1, 8)):
        where = rng.randrange(len(content))
        content[where : where + rng.randint(0, 4)] = rng.randbytes(rng.randint(0, 4))
    return xlsb.write(folder / "账.xlsb", {**found, name: bytes(content)})


def records_cut_short(rng: random.Random, folder: Path) -> Path:
    """A part that ends within a record: in its head, or before the 256 MiB that it says it has."""
    found = _records(rng)
    name = rng.choice([each for each in found if each.endswith(".bin")])
    head = b"\x05\xff\xff\xff" + rng.choice([b"", b"\x7f", b"\xff"])
    return xlsb.write(folder / "账.xlsb", {**found, name: found[name] + head + rng.randbytes(rng.randint(0, 9))})


def record_bomb(rng: random.Random, folder: Path) -> Path:
    """A part of 600 MiB of records in 600 KB."""
    found = _records(rng)
    name = rng.choice(["xl/worksheets/sheet1.bin", "xl/sharedStrings.bin", "xl/styles.bin"])
    with zipfile.ZipFile(folder / "账.xlsb", "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for part, content in found.items():
            if part != name:
                archive.writestr(part, content)
                continue
            with archive.open(part, "w", force_zip64=True) as out:
                for _ in range(600):
                    out.write(xlsb.record(12, bytes(4)) * (2**20 // 6))
    return folder / "账.xlsb"


def record_out_of_place(rng: random.Random, folder: Path) -> Path:
    """A cell or row that no sheet has, an error, a number that is none, a style or a text that is not there."""
    found = _records(rng)
    wrong = rng.choice(
        [
            xlsb.cell(rng.choice([16_384, 2**31, 2**32 - 1]), xlsb.truth(True)), xlsb.row(rng.choice([1_048_577, 2**32])),
            xlsb.cell(1, xlsb.error(rng.choice([0, 7, 42, 99]))), xlsb.cell(1, xlsb.real(float(rng.choice(["nan", "inf"])))),
            xlsb.cell(1, xlsb.real(1.5), rng.choice([2, 2**24 - 1])), xlsb.cell(1, xlsb.shared(rng.choice([3, 2**32 - 1]))),
            xlsb.row(1) + xlsb.cell(0, xlsb.inline("又一个")),
        ]
    )  # fmt: skip
    name = "xl/worksheets/sheet1.bin"
    end = len(found[name]) - len(xlsb.record(146) + xlsb.record(130))
    whole = found[name][:end] + xlsb.row(20, xlsb.cell(0, xlsb.inline("乙"))) + wrong + found[name][end:]
    return xlsb.write(folder / "账.xlsb", {**found, name: whole})


def pipe(rng: random.Random, folder: Path) -> Path:
    path = folder / rng.choice(["账.xlsx", "账.csv", "账.xls"])
    os.mkfifo(path)
    return path


def nothing(rng: random.Random, folder: Path) -> Path:
    path = folder / rng.choice(["账.xlsx", "账.csv", "账.xls", "账.xlsm", "账.tsv"])
    path.write_bytes(b"")
    return path


def dangling_link(rng: random.Random, folder: Path) -> Path:
    path = folder / "账.xlsx"
    path.symlink_to(rng.choice([folder / "没有.xlsx", path]))
    return path


#: Kind -> how it is made, what must come of it, and whether the message names a cell.
KINDS: dict[str, tuple[Kind, str, bool]] = {
    "header twice": (doubled_header, made.REFUSED, True), "header shifted": (shifted_header, made.REFUSED, True),
    "another header": (other_header, made.REFUSED, True), "total merged across": (merged_total, made.REFUSED, True),
    "total merged with a row": (merged_down, made.REFUSED, True), "10^6 empty rows": (million_rows, made.TAKEN, False),
    "10^6 empty lines": (million_rows_of_text, made.TAKEN, False), "name of two lines": (name_of_lines, made.TAKEN, False),
    "name over two rows": (name_over_rows, made.REFUSED, True), "name that hides": (hiding_name, made.REFUSED, True),
    "wrong encoding": (wrong_encoding, made.REFUSED, False), "link to a workbook": (link_to_a_workbook, made.TAKEN, False),
    "another format's name": (other_name, made.REFUSED, False), "damaged .xls": (damaged_old, made.EITHER, False),
    "garbled records": (garbled_records, made.EITHER, False), "records cut short": (records_cut_short, made.REFUSED, False),
    "bomb of records": (record_bomb, made.REFUSED, False), "record out of place": (record_out_of_place, made.REFUSED, False),
    "pipe": (pipe, made.REFUSED, False), "0 bytes": (nothing, made.REFUSED, False),
    "link to nothing": (dangling_link, made.REFUSED, False),
}  # fmt: skip
