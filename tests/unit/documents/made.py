# ruff: noqa: E501 (sentences stand whole)
"""A report of our own wording that states the figures of raw/2024, built from its ledgers: as blocks, and laid out as
the text of a PDF (lines of 28 characters, names broken, blank cells gone but for a space, repeated headers).
"""

from __future__ import annotations

import csv
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, replace

from orchestration.base.settings import ROOT
from orchestration.ledgers.contract import Contract
from orchestration.ledgers.reader import Year, read_year

RAW = ROOT / "raw" / "2024" / "hunan_hrss"


def typed(contracts: dict[str, Contract]) -> Year:
    """The year as somebody typed it, and of no department: a document alone does not say in whose folder it belongs."""
    year = read_year(RAW, 2024, contracts)
    ledgers = {
        name: replace(ledger, cells=tuple(replace(cell, department="") for cell in ledger.cells))
        for name, ledger in year.ledgers.items()
    }
    return replace(year, ledgers=ledgers, department="")


FUNDS = ("企业职工基本养老保险", "机关事业单位基本养老保险", "城乡居民基本养老保险", "工伤保险", "失业保险")
TABLES = ("unit_basic_expenditure", "unit_project_expenditure", "project_expenditure")


@dataclass(frozen=True)
class Heading:
    text: str


@dataclass(frozen=True)
class Text:
    text: str


@dataclass(frozen=True)
class Table:
    title: str
    unit: str
    rows: list[list[str]]


Block = Heading | Text | Table


def rows_of(ledger: str) -> list[list[str]]:
    with (RAW / f"{ledger}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def records(ledger: str) -> list[dict[str, str]]:
    rows = [row for row in rows_of(ledger) if len(row) > 1]
    return [dict(zip(rows[0], row, strict=True)) for row in rows[1:]]


def blocks() -> list[Block]:
    """The report, from its title to its signature."""
    return [
        Heading("2024年度某厅预算执行自查报告"),
        Text("按照年度工作安排，本厅自2025年3月25日起对全年预算执行开展自评，现把结果写在下面。"),
        Heading("一、基本情况"), *_organisation(),
        Heading("二、工作过程"), Text("3月24日，本厅印发《关于开展自评的通知》。4月1日各处室完成绩效自评，4月20日现场评价结束并提交。"),
        Heading("三、一般公共预算"), *_budget(),
        Heading("六、社会保险基金"), *_funds(),
        Heading("七、绩效"), *_results(),
        Heading("八、问题"), *_issues(),
        Heading("附件："), *_annexes(),
        Text("2025年4月18日"),
    ]  # fmt: skip


def _names(kind: str) -> str:
    return "、".join(row["名称"] for row in records("organisation") if row["类别"] == kind)


def _organisation() -> list[Block]:
    return [
        Text(f"机关内设处室26个（{_names('内设处室')}），另有厅属处级事业单位7个，与军区共同管理处级事业单位1个。"),
        Text(f"按照预算口径，共有8个财务独立核算单位：{_names('财务独立核算单位')}。"),
        Text(
            "核定人员编制数370名，其中：行政编制121名、参照公务员管理事业编及非参公事业编249名；截至2024年12月31日，实有在职人数338人。"
        ),
    ]


def _amounts(row: Mapping[str, str]) -> str:
    return f"其中：上年结转{row['上年结转']}万元、年初预算{row['年初预算']}万元、本年调整{row['本年调整']}万元"


def _budget() -> list[Block]:
    whole = {row["支出性质"]: row for row in records("department_summary")}
    total = whole["合计"]
    found: list[Block] = [
        Text(
            f"全年一般公共预算总金额为{total['资金总额']}万元，{_amounts(total)}。全年一般公共预算决算支出数为{total['决算支出']}万元，预算执行率为{total['预算执行率']}。"
        ),
    ]
    for n, (kind, ledger) in enumerate((("基本支出", TABLES[0]), ("项目支出", TABLES[1])), 1):
        row = whole[kind]
        found += [
            Heading(f"（{'一二'[n - 1]}）{kind}"),
            Text(
                f"本年{kind}预算资金总额为{row['资金总额']}万元，占全部一般公共预算资金总额{total['资金总额']}万元的{row['占资金总额比例']}，{_amounts(row)}。决算支出{row['决算支出']}万元，执行率为{row['预算执行率']}，结转结余{row['结转结余']}万元。"
            ),
            table(ledger),
        ]
    for n, row in enumerate(records("category_expenditure"), 1):
        found += [
            Heading(f"（{n}）{row['支出类别']}"),
            Text(
                f"本年{row['支出类别']}预算资金总额为{row['预算资金总额']}万元，{_amounts(row)}。决算支出{row['决算支出']}万元，预算执行率为{row['预算执行率']}。"
            ),
        ]
    costs = {row["项目"]: row for row in records("operating_cost")}
    public, three = costs["公用经费"], costs["三公经费"]
    return [
        *found, table(TABLES[2]), Heading("（三）机关运转"),
        Text(f"公用经费全年预算金额为{public['全年预算']}万元，决算支出{public['决算支出']}万元，执行率为{public['执行率']}。“三公经费”全年预算金额为{three['全年预算']}万元，决算支出{three['决算支出']}万元，执行率为{three['执行率']}。与上年相比，全年预算金额不变；决算支出增加{three['决算比上年增减']}万元，上升比例为{three['决算增减率']}。"),
    ]  # fmt: skip


def table(ledger: str) -> Table:
    (title,), (unit,), *rows = rows_of(ledger)
    return Table(title, unit, rows)


def _funds() -> list[Block]:
    found: list[Block] = [
        Text(
            f"社会保险基金涉及{'、'.join(FUNDS)}五部分。全省参加养老保险5458.08万人、工伤保险1027万人、失业保险750.7万人。"
        )
    ]
    balances = {row["险种"]: row for row in records("fund_balance")}
    for n, fund in enumerate(FUNDS):
        rows = [row for row in records("fund_statement") if row["险种"] == fund]
        level = balances[fund]["统筹层次"]
        sentences = [_side([row for row in rows if row["收支"] == side], side, level) for side in ("收入", "支出")]
        balance = "，".join(
            f"{name}{balances[fund][name]}亿元"
            for name in ("收支结余", "期初结余", "期末滚存结余")
            if balances[fund][name]
        )
        found += [
            Heading(f"（{'一二三四五'[n]}）{fund}基金"),
            *(Text(each) for each in sentences),
            Text(f"本年{balance}。"),
        ]
    return found


def _side(rows: list[dict[str, str]], side: str, level: str) -> str:
    total = rows[-1]
    if total["实际数"] == "未支出":
        return f"{level}基金预算未支出。"
    said = []
    for word, column in (("预算", "预算数"), ("实际", "实际数")):
        parts = "，".join(f"{row['项目']}{_unit(row[column])}" for row in rows[:-1])
        said.append(f"{level}{word}{side}为{_unit(total[column])}{f'，其中：{parts}' if parts else ''}。")
    return f"{''.join(said)}完成预算的{total['完成预算']}。"


def _unit(figure: str) -> str:
    return figure if figure.endswith("元") else f"{figure}亿元"


def _results() -> list[Block]:
    return [
        Text("本年自评分为96.48分，为“优”等级。"),
        Text(
            "全年预算执行率指标共计10分，得分8.66分，扣1.34分。产出指标共计50分，得分49.82分，扣0.18分。效益指标共计30分，得分30分。社会公众或服务对象满意度指标共计10分，得分8.00分，扣2.00分。"
        ),
        Text(
            "困难人员就业人数≥10万人，实际完成9.7万人，该指标扣0.03分；非税收入≥4,000万元，实际完成3,791.22万元，该指标扣0.05分；政府采购因立项问题没有采购，该指标扣0.10分。"
        ),
        Text(
            "本年基本养老保险、工伤保险、失业保险参保人数分别为5,458.08万、1,027万、750.7万，同比分别增加26.68万、32.53万、10.27万。完成失业保险金支出的115.18%属于另一口径。"
        ),
    ]


def _issues() -> list[Block]:
    return [
        Text("全厅预算执行率为86.60%，其中基本支出执行率为96.95%，项目支出执行率为78.67%。"),
        Text("个别项目的经费还未支付，主要是三支一扶”省级配套资金、征兵经费等。"),
    ]


def _annexes() -> list[Block]:
    names = [row["名称"] for row in records("organisation") if row["类别"] == "附件"]
    return [Heading(f"{n}．{name}") for n, name in enumerate(names, 1)]


# --- as the text of a PDF --------------------------------------------------------------------------------------------


def as_text(content: list[Block], *, width: int = 56, spaces: bool = True) -> str:
    """``spaces``: whether a blank cell leaves one space more, as some tools do."""
    lines: list[str] = []
    for block in content:
        if isinstance(block, Table):
            lines += _table_lines(block, spaces=spaces)
        else:
            lines += _wrapped(block.text, width)
    return "\n\n".join(lines) + "\n"


def _wrapped(text: str, width: int) -> list[str]:
    lines, line, used = [], "", 0
    for n, character in enumerate(text):
        wide = 2 if unicodedata.east_asian_width(character) in "WF" else 1
        inside = character.isascii() and line[-1:].isascii() and character not in " "  # figures stay whole
        if used + wide > width and not inside:
            lines.append(line)
            line, used = "", 0
        before = text[n - 1] if n else ""
        gap = " " if before and before.isascii() != character.isascii() and "%" not in (before, character) else ""
        line += gap + character
        used += wide
    return [*lines, line]


def _table_lines(block: Table, *, spaces: bool) -> list[str]:
    header, *rows = block.rows
    lines = [block.title.replace("表", "表 ", 1), block.unit, "序", f"号 {' '.join(header[1:])}"]
    for n, row in enumerate(rows):
        if n and n % 12 == 0:  # the next page repeats the header
            lines += ["序", f"号 {' '.join(header[1:])}"]
        figures = (" ".join(row[2:]) if spaces else " ".join(filter(None, row[2:]))).rstrip()
        name = row[1]
        if len(name) <= 11:
            lines.append(f"{row[0]} {name} {figures}".replace("合计  ", "合计 "))
        else:
            lines += [row[0], *(name[i : i + 13] for i in range(0, len(name), 13)), figures]
    return lines
