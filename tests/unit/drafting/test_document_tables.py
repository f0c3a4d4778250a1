"""Tables of a published document are drafted as those of a workbook are, and say where they stand in it."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from orchestration.base.problems import InputError
from orchestration.base.settings import Settings
from orchestration.drafting.draft import Draft, draft_paths
from orchestration.drafting.writing import as_json, write_draft
from tests.command import ledgergate
from tests.unit.documents import laid_out, made
from tests.unit.documents.made import Block, Heading, Table, Text
from tests.unit.documents.test_documents import CONTRACTS, RULES
from tests.unit.drafting.made import write_csv

TITLE = "支出预算总表"
HEADER = ["序号", "单位名称", "合计", "基本支出", "项目支出"]
BASIC = ("170.30", "149.70", "31.10", "18.90", "50.00", "72.40", "66.60", "81.20", "93.30", "44.50")
OTHER = ("40.10", "139.90", "30.10", "19.90", "45.00", "11.70", "20.20", "35.60", "28.80", "16.30")
BUDGET = [
    HEADER,
    *(
        [str(n), f"{'甲乙丙丁戊己庚辛壬癸'[n - 1]}中心", str(Decimal(one) + Decimal(two)), one, two]
        for n, (one, two) in enumerate(zip(BASIC, OTHER, strict=True), 1)
    ),
    ["合计", "", *(str(sum(map(Decimal, column))) for column in ([*BASIC, *OTHER], BASIC, OTHER))],
]
#: 38.80 typed as 83.80: neither the sum of its row nor, with the others, that of its column.
WRONG = [[text.replace("38.80", "83.80") for text in row] for row in BUDGET]
REPORT: list[Block] = [
    Heading("2031年度某局部门预算"), Text("本局预算按规定编制，下面是明细。"), Table(TITLE, "单位：万元", WRONG),
    Text("以上各项均已公开。"),
]  # fmt: skip


def text(blocks: list[Block], path: Path) -> Path:
    """As common tools take it out of a PDF: a line a row, and blanks leave nothing."""
    lines = []
    for block in blocks:
        below = [" ".join(filter(None, row)) for row in block.rows] if isinstance(block, Table) else []
        lines += [block.title, block.unit, *below] if isinstance(block, Table) else [block.text]
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def wrapped(blocks: list[Block], path: Path) -> Path:
    path.write_text(made.as_text(blocks), encoding="utf-8")
    return path


#: How a report is laid out -> what writes it, and what places in it look like.
LAYOUTS: dict[str, tuple[Callable[[list[Block], Path], Path], str]] = {
    "ruled.docx": (laid_out.write_docx, r"第1张表 第(?:5|12)行第3格"),
    "ruled.pdf": (laid_out.write_pdf, r"第1页 \(\d+,\d+,\d+,\d+\)"),
    "unruled.pdf": (
        lambda blocks, path: laid_out.write_pdf(blocks, path, ruled=False), r"第1页 \(\d+,\d+,\d+,\d+\)",
    ),
    "report.txt": (text, r"第\d+行"),
}  # fmt: skip


def drafted(path: Path) -> Draft:
    return draft_paths([path], CONTRACTS, rules=RULES)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_document_is_drafted_as_a_workbook_of_its_tables(layout: str, tmp_path: Path) -> None:
    write, place = LAYOUTS[layout]
    found = drafted(write(REPORT, tmp_path / layout))
    of_sheet = drafted(write_csv(tmp_path / f"{TITLE}.csv", [[TITLE], ["单位：万元"], *WRONG]))

    (table,), (typed,) = found.tables, of_sheet.tables
    assert [(c.name, c.header, c.role, c.kind) for c in table.columns] == [
        (c.name, c.header, c.role, c.kind) for c in typed.columns
    ]
    assert [(rule.title, rule.kept, rule.tried) for rule in found.rules] == [
        (rule.title, rule.kept, rule.tried) for rule in of_sheet.rules
    ]
    assert len(found.breaks) == len(of_sheet.breaks) > 0
    assert all(re.fullmatch(place, each.place) for each in found.breaks)
    assert {each["cell"] for each in as_json(found)["breaks"]} == {each.place for each in found.breaks}

    contract, *_, sources = write_draft(found, tmp_path / "draft")
    said = contract.read_text(encoding="utf-8").splitlines()[0]
    assert said.startswith(f"# 草稿：{layout} {TITLE} 第")
    assert f'file: "{layout}", ledger: {table.name}, sheet: "{TITLE}"' in sources.read_text(encoding="utf-8")


@pytest.mark.parametrize("write", [wrapped, laid_out.write_docx])
def test_tables_that_a_contract_knows_are_drafted_too(write: Callable[..., Path], tmp_path: Path) -> None:
    """In plain text it is the contract that tells where a blank is."""
    found = drafted(write(made.blocks(), tmp_path / ("r.txt" if write is wrapped else "r.docx")))
    assert [len(table.rows) for table in found.tables] == [9, 9, 38]
    assert {each.found for each in found.breaks} == {"929.20", "4,512.02"}
    assert found.undecided == ()


def test_what_is_read_of_no_table_is_told(tmp_path: Path) -> None:
    """A row without one of its figures: in plain text nothing shows which."""
    rows = [*BUDGET[:-1], ["11", "服务中心", "10.00", "", "10.00"], BUDGET[-1]]
    found = drafted(text([REPORT[0], Table(TITLE, "单位：万元", rows)], tmp_path / "r.txt"))
    assert len(found.tables) == 1
    assert [told for told in found.undecided if "10.00" in told and "看不出是哪一栏" in told]


def test_a_document_without_a_table_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError) as refused:
        drafted(text([Heading("2031年度报告"), Text("全年支出5.00万元。")], tmp_path / "r.txt"))
    (problem,) = refused.value.problems
    assert problem.found == "没有找到表格"


def test_the_command_says_of_a_document_what_it_says_of_a_workbook(tmp_path: Path) -> None:
    settings = Settings.from_environment({"LEDGERGATE_HOME": str(tmp_path / "home")})
    ended = ledgergate(settings, "draft", str(text(REPORT, tmp_path / "r.txt")), "--out", str(tmp_path / "draft"))
    assert ended.returncode == 0
    assert "支出预算总表 第9行（列示 83.80，应为 38.80" in ended.stdout
    names = {str(path.relative_to(tmp_path / "draft")) for path in (tmp_path / "draft").rglob("*.*")}
    assert names == {"contracts/r.yml", "draft.html", "rules/draft.yml", "sources.yml"}
