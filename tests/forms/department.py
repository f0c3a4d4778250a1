"""An invented department (示例厅，虚构), whole enough to fill annexes 1-13: its basic data, its own form, those of
three categories, four funds and a project with 20 indicators each, what each fund took in and spent, and the ledgers
that these restate. No figure of it is anybody's.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

from tests.forms import Form, Row, Sheet, form_sheet, write_sheets

NAME = "示例厅（虚构）"
LEDGERS = ("evaluation_indicator", "evaluation_funding", "evaluation_goal")
BASIC = ("basic_staff", "basic_cost", "basic_building")
FUND_FORM = ("fund_form",)
#: 一级指标, 二级指标, 三级指标, target, outcome, weight, share earned, reason.
_INDICATORS: tuple[tuple[str, str, str, str, str, str, str, str], ...] = (
    ("产出指标", "数量指标", "培训场次", "≥12场", "12场", "5", "1", ""),
    ("产出指标", "数量指标", "服务人数", "≥2000人", "2100人", "5", "1", ""),
    ("产出指标", "数量指标", "检查次数", "≥30次", "27次", "5", "0.9", "三次因汛情改期，已列入下年计划"),
    ("产出指标", "质量指标", "合格率", "≥95%", "96%", "5", "1", ""),
    ("产出指标", "质量指标", "差错率", "≤2%", "1.5%", "5", "1", ""),
    ("产出指标", "质量指标", "验收通过率", "=100%", "100%", "5", "1", ""),
    ("产出指标", "时效指标", "完成时间", "2024年12月底前", "2024年12月20日", "5", "1", ""),
    ("产出指标", "时效指标", "办结率", "≥98%", "98%", "5", "1", ""),
    ("产出指标", "成本指标", "项目成本", "≤120万元", "118万元", "5", "1", ""),
    ("产出指标", "成本指标", "人均成本", "≤500元/人", "550元/人", "5", "0.9", "场地租金上涨，已重新询价"),
    ("效益指标", "经济效益指标", "节约资金", "≥30万元", "33万元", "5", "1", ""),
    ("效益指标", "经济效益指标", "带动就业", "≥500人", "520人", "5", "1", ""),
    ("效益指标", "社会效益指标", "政策知晓率", "≥85%", "88%", "5", "1", ""),
    ("效益指标", "社会效益指标", "服务水平", "逐步提升", "达成预期指标", "5", "1", ""),
    ("效益指标", "生态效益指标", "无纸化率", "≥90%", "92%", "5", "1", ""),
    ("效益指标", "可持续影响指标", "新建制度", "≥3项", "3项", "5", "1", ""),
    ("满意度指标", "服务对象满意度指标", "群众满意度", "≥95%", "95%", "2.5", "1", ""),
    ("满意度指标", "服务对象满意度指标", "企业满意度", "≥90%", "91%", "2.5", "1", ""),
    ("满意度指标", "服务对象满意度指标", "单位满意度", "≥90%", "93%", "2.5", "1", ""),
    ("满意度指标", "服务对象满意度指标", "学员满意度", "≥90%", "95%", "2.5", "1", ""),
)
#: Category or fund -> its form's title, initial budget, carryover and expenditure, in the form's unit.
_CATEGORIES = {
    "业务工作经费": ("业务工作经费支出绩效自评表", "300.00", "20.00", "304.00"),
    "运行维护经费": ("运行维护经费支出绩效自评表", "100.00", "0.00", "95.00"),
    "其他事业发展资金": ("其他事业发展项目支出绩效自评表", "200.00", "30.00", "207.00"),
}
_FUNDS = {
    "企业职工基本养老保险": ("企业职工养老保险基金支出绩效自评表", "120.00", "117.60"),
    "机关事业单位基本养老保险": ("机关事业职工养老保险基金支出绩效自评表", "40.00", "38.00"),
    "工伤保险": ("工伤保险基金支出绩效自评表", "10.00", "9.50"),
    "失业保险": ("失业保险基金支出绩效自评表", "8.00", "7.20"),
}
_BASIC = ("500.00", "0.00", "490.00")
#: A project with a form of its own, beside those that have an annex of their own.
PROJECT = "数字化平台建设"
_PROJECT = ("80.00", "80.00", "76.00")
#: Annex 1: item, last year's outcome, this year's budget and outcome in 万元.
_COSTS: tuple[Row, ...] = (
    ("三公经费", 29.08, 63.46, 44.29),
    ("    1、公务用车购置和维护经费", 11.86, 41.46, 39.30),
    ("       其中：公车购置", None, 29.46, 29.46),
    ("             公车运行维护", 11.86, 12.00, 9.84),
    ("    2、出国经费", None, None, None),
    ("    3、公务接待", 17.22, 22.00, 4.99),
    ("项目支出：", 588.80, 650.00, 606.00),
    ("    1、业务工作专项", 300.10, 320.00, 304.00),
    ("    2、运行维护专项", 90.50, 100.00, 95.00),
    ("    3、其他事业发展资金", 198.20, 230.00, 207.00),
    ("公用经费", 152.36, 160.30, 148.04),
    ("    其中：办公经费", 24.44, 30.00, 26.68),
    ("      水费、电费、差旅费", 57.92, 67.50, 65.36),
    ("      会议费、培训费", 10.00, 10.80, 8.00),
    ("政府采购金额", "——", 130.66, 130.66),
    ("部门整体支出预算调整", "——", 1100.00, 1150.00),
)
_STAFF = (143, 136, "95.10%")
#: Approved and actual area in 平方米, budget and investment in 万元.
_BUILDING = (1250.5, 1240.25, "99.18%", 480.00, 472.80, "98.50%")
#: Of each fund: last year's balance, and its income as budgeted and received, in 亿元.
_FUND_INCOME = {
    "企业职工基本养老保险": ("60.00", "125.00", "126.50"),
    "机关事业单位基本养老保险": ("12.00", "41.00", "40.20"),
    "工伤保险": ("9.00", "10.50", "10.80"),
    "失业保险": ("15.00", "8.60", "8.90"),
}


def _points(share: Decimal, weight: str) -> Decimal:
    return (share * Decimal(weight)).quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)


def _rate(spent: Decimal, budget: Decimal) -> str:
    return f"{(spent / budget * 100).quantize(Decimal('0.01'), rounding=ROUND_HALF_UP)}%"


def _line(name: str, initial: Decimal, budget: Decimal, spent: Decimal, *, scored: bool = False) -> Row:
    points = (10, float(_points(spent / budget, "10"))) if scored else ("—", "—")
    rate = _rate(spent, budget) if budget else None
    return (name, float(initial), float(budget), float(spent), points[0], rate, points[1])


def _form(title: str, prefix: str, funding: tuple[Row, ...], label: str = "项目资金（万元）") -> Form:
    rows: list[Row] = []
    above = ("", "")
    total = Decimal(str(funding[0][6]))
    for level1, level2, name, target, actual, weight, share, reason in _INDICATORS:
        score = _points(Decimal(share), weight)
        total += score
        own = (None if level1 == above[0] else level1, None if (level1, level2) == above else level2)
        rows.append((*own, f"{prefix}{name}", target, actual, float(weight), float(score), reason or None))
        above = (level1, level2)
    goal = (f"{prefix}：办成年初定的各项工作。", f"{prefix}：已全部办成。")
    return Form(title, funding, goal, tuple(rows), (100, float(total)), label)


def forms() -> list[Form]:
    """The department's own form, then those of its categories, its funds and a project."""
    made = []
    lines: tuple[Row, ...]
    initial, budget, spent = (Decimal(0),) * 3
    for name, (title, *figures) in _CATEGORIES.items():
        first, carried, final = map(Decimal, figures)
        lines = (
            _line("年度资金总额", first, first + carried, final, scored=True),
            _line("其中：本年财政拨款", first, first, final - carried),
            _line("上年结转资金", Decimal(0), carried, carried),
            _line("其他资金", Decimal(0), Decimal(0), Decimal(0)),
        )
        made.append(_form(title, name[:2], lines))
        initial, budget, spent = initial + first, budget + first + carried, spent + final
    for name, (title, *figures) in _FUNDS.items():
        first, final = map(Decimal, figures)
        lines = (_line("年度资金总额", first, first, final, scored=True),)
        made.append(_form(title, name[:2], lines, label="基金支出（亿元）"))
    planned, granted, paid = map(Decimal, _PROJECT)
    lines = (_line("年度资金总额", planned, granted, paid, scored=True),)
    made.append(replace(_form("项目支出绩效自评表", "平台", lines), named=PROJECT))
    basic, _, used = map(Decimal, _BASIC)
    lines = (
        _line("年度资金总额", initial + basic, budget + basic, spent + used, scored=True),
        _line("其中：基本支出", basic, basic, used),
        _line("项目支出", initial, budget, spent),
    )
    return [_form("部门整体支出绩效评价自评表", "全厅", lines, label="年度预算（万元）"), *made]


def ledgers() -> dict[str, str]:
    """The ledgers that the forms restate, as files."""
    held = {}
    for name, (_, *figures) in _CATEGORIES.items():
        first, carried, final = map(Decimal, figures)
        held[name] = (first + carried, carried, first, Decimal(0), final)
    category = [f"{name},{','.join(map(str, row))},{_rate(row[4], row[0])}" for name, row in held.items()]
    project = [sum((row[n] for row in held.values()), Decimal(0)) for n in range(5)]
    basic = [Decimal(_BASIC[0]), Decimal(0), Decimal(_BASIC[0]), Decimal(0), Decimal(_BASIC[2])]
    whole = [a + b for a, b in zip(basic, project, strict=True)]
    summary = []
    for name, row in (("基本支出", basic), ("项目支出", project), ("合计", whole)):
        share, rate = _rate(row[0], whole[0]) if row is not whole else "", _rate(row[4], row[0])
        summary.append(",".join(map(str, (name, row[0], share, *row[1:], rate, row[0] - row[4]))))
    funds = [
        f"{name},省级统筹,{side},{item},{planned},{final},{_rate(Decimal(final), Decimal(planned))}"
        for name, (_, *spent) in _FUNDS.items()
        for side, what, (planned, final) in (
            ("收入", "保险费收入", _FUND_INCOME[name][1:]),
            ("支出", "待遇支出", spent),
        )
        for item in (what, "合计")
    ]
    heads = {
        "category_expenditure": "单位：万元\n支出类别,预算资金总额,上年结转,年初预算,本年调整,决算支出,预算执行率",
        "department_summary": "单位：万元\n"
        "支出性质,资金总额,占资金总额比例,上年结转,年初预算,本年调整,决算支出,预算执行率,结转结余",
        "fund_statement": "单位：亿元\n险种,统筹层次,收支,项目,预算数,实际数,完成预算",
    }
    return {name: "\n".join([heads[name], *rows]) for name, rows in zip(heads, (category, summary, funds), strict=True)}


def basic_data() -> Sheet:
    """Annex 1 in the official layout: four blocks that share their columns, most of them merged in pairs."""
    rows: list[list[Any]] = [["附件1"], ["部门整体支出绩效评价基础数据表"]]
    merged = ["A2:G2"]

    def add(*cells: Any) -> None:
        """A row of a label, two pairs of columns and a last one."""
        n = len(rows) + 1
        rows.append([cells[0], None, cells[1], None, cells[2], None, cells[3]])
        merged.extend(f"{left}{n}:{right}{n}" for left, right in (("A", "B"), ("C", "D"), ("E", "F")))

    add("财政供养人员情况（人）", "编制数", "2024年实际在职人数", "控制率")
    add(None, *_STAFF)
    merged[:] = [each for each in merged if each not in ("A3:B3", "A4:B4")] + ["A3:B4"]
    add("经费控制情况（万元）", "2023年决算数", "2024年预算数", "2024年决算数")
    for row in _COSTS:
        add(*row)
    n = len(rows) + 1
    rows.append([
        "楼堂馆所控制情况（2024年完工项目）", "批复规模（㎡）", "实际规模（㎡）", "规模控制率",
        "预算投资（万元）", "实际投资（万元）", "投资概算控制率",
    ])  # fmt: skip
    rows.append([None, *_BUILDING])
    merged.append(f"A{n}:A{n + 1}")
    rows.append(["填表人：某甲", None, "填报日期：2025年3月1日"])
    return Sheet("基础数据表", rows, merged)


def fund_sheets() -> list[Sheet]:
    """Annexes 10-13: what each fund took in and spent."""
    made = []
    for name, (_, planned, spent) in _FUNDS.items():
        before, expected, received = map(Decimal, _FUND_INCOME[name])
        budget, final = Decimal(planned), Decimal(spent)
        lines: list[tuple[str, Decimal | None, Decimal | None]] = [
            ("一、上年结余", before, before), ("二、本年收入", None, None), ("保险费收入", expected, received),
            ("收入小计", expected, received), *((item, Decimal(0), Decimal(0)) for item in _TRANSFERS[0]),
            ("收入合计", expected, received), ("三、本年支出", None, None), ("待遇支出", budget, final),
            ("支出小计", budget, final), *((item, Decimal(0), Decimal(0)) for item in _TRANSFERS[1]),
            ("支出合计", budget, final), ("四、本年收支结余", expected - budget, received - final),
            ("五、年末滚存结余", before + expected - budget, before + received - final),
        ]  # fmt: skip
        rows: list[list[Any]] = [
            [f"{name}基金预算支出情况表"],
            ["单位：亿元"],
            ["项目", "预算数", "实际数", "完成预算（%）"],
        ]
        for item, plan, outcome in lines:
            balance = item[:1] in "一四五"
            rate = _rate(outcome, plan) if plan and outcome is not None and not balance else None
            rows.append([item, *(None if each is None else float(each) for each in (plan, outcome)), rate])
        made.append(Sheet(f"{name[:6]}情况", rows, ["A1:D1"]))
    return made


_TRANSFERS = (("转移收入", "上级补助收入", "下级上解收入"), ("转移支出", "补助下级支出", "上解上级支出"))


def write(folder: Path, suffix: str = ".xlsx") -> Path:
    """The department's year as it would bring it: all forms in one workbook."""
    book = f"附件{suffix}"
    write_sheets(folder / book, [basic_data(), *map(form_sheet, forms()), *fund_sheets()])
    files = [f"  - {{file: {book}, ledger: {name}}}" for name in (*LEDGERS, *FUND_FORM)]
    files += [f"  - {{file: {book}, ledger: {name}, sheet: 基础数据表}}" for name in BASIC]
    for name, text in ledgers().items():
        (folder / f"{name}.csv").write_text(f"{text}\n", "utf-8")
        files.append(f"  - {{file: {name}.csv, ledger: {name}}}")
    said = f"year: 2024\ndepartment: {NAME}\nrequired: []\nfiles:\n" + "\n".join(files) + "\n"
    (folder / "sources.yml").write_text(said, "utf-8")
    return folder
