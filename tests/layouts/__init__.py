"""Six layouts of public forms, three of them foreign, as a department would bring them: contracts and rules are data
beside the ledgers; the figures are the tests' own (synthetic), made from a seed so that every total is right.

Layouts: 部门决算 公开03表 (类/款/项 in three columns under a header of three rows), 公开05表 (codes in one column) and
公开07表 (三公: header of three rows, a row without a key); 社预执行表 (numbered groups, 0 / 0 printed 100.00%);
Mexico's Estado Analítico del Ejercicio by municipality and programme (four-part key, seven amounts, totals told in a
column); Germany's Beitragssätze (rates, semicolons, decimal commas); Japan's 決算カード (four blocks of one sheet).
"""

from __future__ import annotations

import csv
import random
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

import xlsxwriter
import yaml

HERE = Path(__file__).parent
YEAR = 2024
Rows = list[list[str]]
#: Ledger -> row key and measure of the cell that a slip is planted in, and what it prints then.
SLIPS = {
    "function_expenditure": ("2080101", "basic", "854.20"),
    "appropriation_expenditure": ("2080102", "project", "319.40"),
    "three_public": ("1", "actual_runs", "31.70"),
    "fund_execution": ("2.利息收入", "cumulative", "12,140,593.72"),
    "programme_budget": ("Municipio07·2024·Ramo11(Federal):P004", "modified", "1,000,000.00"),
    "contribution_rate": ("Rentenversicherung", "employer", "3.90"),
    "card_revenue": ("地方税", "settled", "4,218,347"),
    "card_nature": ("人件費", "settled", "2,152,410"),
    "card_purpose": ("教育費", "settled", "1,202,845"),
    "card_funds": ("減債基金", "balance", "442,560"),
}  # fmt: skip


def money(fen: int) -> str:
    return f"{Decimal(fen).scaleb(-2):,}"


def function_rows() -> Rows:
    """公开03表: three columns of codes."""
    leaves = {
        ("208", "01", "01", "行政运行"): (845_20, 0), ("208", "01", "99", "其他管理事务支出"): (0, 412_35),
        ("208", "05", "01", "行政单位离退休"): (512_60, 0), ("208", "05", "05", "养老保险缴费支出"): (791_40, 0),
        ("210", "11", "01", "行政单位医疗"): (233_10, 0), ("221", "02", "01", "住房公积金"): (401_75, 66_00),
    }  # fmt: skip
    names = {
        "208": "社会保障和就业支出", "210": "卫生健康支出", "221": "住房保障支出",
        "20801": "人力资源和社会保障管理事务", "20805": "行政事业单位养老支出",
        "21011": "行政事业单位医疗", "22102": "住房改革支出",
    }  # fmt: skip
    rows = [
        ["支出决算表"], ["公开03表"], ["部门：示例厅", "金额单位：万元"],
        ["项目", "", "", "", "本年支出合计", "基本支出", "项目支出"],
        ["支出功能分类科目编码", "", "", "科目名称", "", "", ""],
        ["类", "款", "项", "栏次", "1", "2", "3"],
    ]  # fmt: skip
    total = [sum(column) for column in zip(*leaves.values(), strict=True)]
    rows.append(["合计", "合计", "合计", "合计", money(sum(total)), *map(money, total)])
    printed: set[str] = set()
    for (kind, section, item, name), figures in leaves.items():
        for depth, code in ((1, kind), (2, kind + section)):
            if code not in printed:
                printed.add(code)
                inside = [f for key, f in leaves.items() if "".join(key[:depth]) == code]
                sums = [sum(column) for column in zip(*inside, strict=True)]
                parts = [kind, section if depth > 1 else "", ""]
                rows.append([*parts, names[code], money(sum(sums)), *map(money, sums)])
        rows.append([kind, section, item, name, money(sum(figures)), *map(money, figures)])
    return [*rows, ["注：本表反映部门本年度各项支出情况。"]]


def appropriation_rows() -> Rows:
    """公开05表: one column of codes; whole rows of the same figures as a department's general budget."""
    leaves = {"2080101": ("行政运行", 812_20, 0), "2080102": ("一般行政管理事务", 0, 391_40),
              "2080505": ("养老保险缴费支出", 640_00, 0)}  # fmt: skip
    names = {"208": "社会保障和就业支出", "20801": "管理事务", "20805": "养老支出"}
    rows = [["一般公共预算财政拨款支出决算表"], ["公开05表"], ["金额单位：万元"],
            ["功能分类科目编码", "科目名称", "小计", "基本支出", "项目支出"], ["栏次", "", "1", "2", "3"]]  # fmt: skip

    def line(code: str, name: str, prefix: str) -> list[str]:
        inside = [figures[1:] for key, figures in leaves.items() if key.startswith(prefix)]
        basic, project = (sum(column) for column in zip(*inside, strict=True))
        return [code, name, money(basic + project), money(basic), money(project)]

    rows.append(line("合计", "", ""))
    for code in sorted([*leaves, *names]):
        rows.append(line(code, names.get(code) or leaves[code][0], code))
    return rows


def three_public_rows() -> Rows:
    """公开07表: one row of figures that nothing names."""
    budget, actual = (35_00, 0, 42_50, 12_80), (28_40, 0, 37_10, 9_65)  # abroad, buying, running, receptions

    def half(figures: tuple[int, ...]) -> list[str]:
        abroad, buying, running, receptions = figures
        return [money(f) for f in (sum(figures), abroad, buying + running, buying, running, receptions)]

    top = ["合计", "因公出国（境）费", "公务用车购置及运行维护费", "", "", "公务接待费"]
    low = ["", "", "小计", "公务用车购置费", "公务用车运行维护费", ""]
    return [
        ["财政拨款“三公”经费支出决算表"], ["公开07表"], ["金额单位：万元"],
        ["预算数", "", "", "", "", "", "决算数", "", "", "", "", ""], [*top, *top], [*low, *low],
        [str(n) for n in range(1, 13)], [*half(budget), *half(actual)],
        ["注：本表反映部门本年度“三公”经费支出预决算情况。"],
    ]  # fmt: skip


def percent(above: int, below: int) -> str:
    return f"{above * 100 / below:.2f}%" if below else "100.00%"  # as the form prints nothing of nothing


def fund_rows() -> Rows:
    """社预执行07表: budget, adjusted, this quarter, cumulative, the same a year ago; groups by their numbers."""
    leaves: dict[str, tuple[int, ...]] = {
        "1.工伤保险费收入": (709_841_093_00, 709_841_093_00, 201_872_098_53, 378_041_801_79, 143_987_121_83),
        "2.利息收入": (23_940_874_72, 23_940_874_72, 3_141_357_66, 12_410_593_72, 3_379_812_66),
        "3.财政补贴收入": (0, 0, 0, 0, 0),
        "4.其他收入": (0, 0, 122_418_14, 189_965_82, 1_094_445_48),
        "（二）上级补助收入": (0, 0, 0, 0, 0),
        "（三）下级上解收入": (0, 0, 0, 0, 0),
        "1.工伤保险待遇支出": (880_133_229_30, 880_133_229_30, 201_843_724_82, 428_040_322_43, 289_456_677_69),
        "2.劳动能力鉴定支出": (3_800_000_00, 3_800_000_00, 154_489_30, 157_928_06, 433_170_48),
        "（二）补助下级支出": (12_000_000_00, 12_000_000_00, 13_419_000_00, 13_419_000_00, 26_233_000_00),
    }
    leaves["4.其他收入"] = (500_000_00, 500_000_00, 122_418_14, 189_965_82, 1_094_445_48)
    opening = (694_417_573_66, 694_417_573_66, 640_657_024_29, 694_417_573_66, 1_137_004_608_37)

    def added(*rows: tuple[int, ...]) -> tuple[int, ...]:
        return tuple(sum(column) for column in zip(*rows, strict=True))

    income = added(*(leaves[name] for name in list(leaves)[:4]))
    all_income = added(income, leaves["（二）上级补助收入"], leaves["（三）下级上解收入"])
    spent = added(leaves["1.工伤保险待遇支出"], leaves["2.劳动能力鉴定支出"])
    all_spent = added(spent, leaves["（二）补助下级支出"])
    closing = tuple(o + i - s for o, i, s in zip(opening, all_income, all_spent, strict=True))
    lines = {
        "一、期初余额": opening, "二、收入合计": all_income, "（一）收入小计": income,
        **{name: leaves[name] for name in list(leaves)[:6]}, "三、支出合计": all_spent, "（一）支出小计": spent,
        **{name: leaves[name] for name in list(leaves)[6:]}, "四、期末余额": closing,
    }  # fmt: skip
    rows = [
        ["2024年2季度工伤保险基金预算执行情况表"], ["社预执行07表"], ["填报单位：示例市本级", "单位：元"],
        ["项 目", "预算数", "调整后预算数", "当期执行数", "累计执行数", "上年同期累计执行数", "预算执行进度(%)",
         "比上年同期增长(%)"],
    ]  # fmt: skip
    for name, (budget, adjusted, quarter, cumulative, before) in lines.items():
        figures = [money(f) if f else "" for f in (budget, adjusted, quarter, cumulative, before)]
        rows.append([name, *figures, percent(cumulative, adjusted), percent(cumulative - before, before)])
    return rows


def programme_rows(groups: int = 500, details: int = 10) -> Rows:
    """Estado Analítico: each group of programmes closes with its total; seven amounts."""
    rng = random.Random(11)
    rows = [["Municipio", "Ciclo", "Ramo", "Programa", "Tipo de Registro", "Descripción", "Aprobado",
             "Ampliaciones/(Reducciones)", "Modificado", "Comprometido", "Devengado", "Ejercido", "Pagado",
             ]]  # fmt: skip
    for group in range(groups):
        keys = [f"Municipio {group // 20 + 1:02d}", "2024", f"Ramo {group % 20 + 1:02d} (Federal)"]
        sums = [0] * 7
        for detail in range(details):
            approved = rng.randrange(10_000_00, 90_000_000_00)
            change = rng.randrange(-approved // 10, approved // 5)
            modified = approved + change
            committed = modified - rng.randrange(0, modified // 20)
            accrued = committed - rng.randrange(0, committed // 20)
            exercised = accrued - rng.randrange(0, accrued // 50)
            paid = exercised - rng.randrange(0, exercised // 50)
            figures = [approved, change, modified, committed, accrued, exercised, paid]
            sums = [a + b for a, b in zip(sums, figures, strict=True)]
            rows.append([*keys, f"P{detail + 1:03d}", "Programa", f"Programa {detail + 1}", *map(money, figures)])
        rows.append([*keys, "", "Total", "", *map(money, sums)])
    return rows


def rate_rows() -> Rows:
    return [
        ["Zweig", "Arbeitgeber", "Arbeitnehmer", "Beitragssatz"],
        ["Krankenversicherung", "7,30", "7,30", "14,60"], ["Rentenversicherung", "9,30", "9,30", "18,60"],
        ["Arbeitslosenversicherung", "1,30", "1,30", "2,60"], ["Pflegeversicherung", "1,70", "1,70", "3,40"],
        ["Insgesamt", "19,60", "19,60", "39,20"],
    ]  # fmt: skip


def card_rows() -> Rows:
    """決算カード: two blocks side by side, two below them."""
    revenue = {"地方税": 4_128_347, "地方交付税": 2_764_019, "国庫支出金": 1_903_552, "地方債": 811_300}
    nature = {"人件費": 2_125_410, "扶助費": 1_987_664, "公債費": 934_120}
    purpose = {"民生費": 2_892_177, "教育費": 1_220_845, "土木費": 934_172}
    funds = {"財政調整基金": (1_204_331, 52_000), "減債基金": (421_060, 3_500)}

    def block(title: str, figures: dict[str, int]) -> Rows:
        whole = sum(figures.values())
        lines = [[name, f"{f:,}", f"{f * 100 / whole:.1f}"] for name, f in figures.items()]
        return [[title, "", ""], ["区分", "決算額", "構成比"], *lines, ["合計", f"{whole:,}", "100.0"]]

    left, right = block("歳入の状況", revenue), block("性質別歳出の状況", nature)
    height = max(len(left), len(right))
    pad = ["", "", ""]
    rows = [["令和5年度 決算カード"], ["（単位：千円・％）"]]
    rows += [[*(left[n] if n < len(left) else pad), "", *(right[n] if n < len(right) else pad)] for n in range(height)]
    rows += [
        pad,
        *block("目的別歳出の状況", purpose),
        pad,
        ["積立金現在高の状況"],
        ["区分", "前年度末", "積立額", "現在高"],
    ]
    for name, (before, added) in funds.items():
        rows.append([name, f"{before:,}", f"{added:,}", f"{before + added:,}"])
    sums = [sum(column) for column in zip(*funds.values(), strict=True)]
    rows.append(["合計", f"{sums[0]:,}", f"{sums[1]:,}", f"{sum(sums):,}"])
    return [*rows, ["（注）数値は表示単位未満を四捨五入している。"]]


def write_csv(path: Path, rows: Sequence[Sequence[str]], delimiter: str = ",") -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, delimiter=delimiter).writerows(rows)


def write_workbook(path: Path, sheets: dict[str, Rows], merged: dict[str, list[str]]) -> None:
    """Texts as they are; ``merged``: by sheet, ranges that print their first cell's text once."""
    book = xlsxwriter.Workbook(str(path))
    for name, rows in sheets.items():
        sheet = book.add_worksheet(name)
        for r, row in enumerate(rows):
            for c, text in enumerate(row):
                if text:
                    sheet.write_string(r, c, text)
        for cells in merged.get(name, []):
            first = cells.split(":")[0]
            column, line = ord(first[0]) - ord("A"), int(first[1:]) - 1
            sheet.merge_range(cells, rows[line][column])
    book.close()


#: File and sheet of each ledger.
FILES = {
    "function_expenditure": ("部门决算.xlsx", "公开03表"), "appropriation_expenditure": ("部门决算.xlsx", "公开05表"),
    "three_public": ("部门决算.xlsx", "公开07表"), "fund_execution": ("社预执行07表.csv", ""),
    "programme_budget": ("estado_analitico.csv", ""), "contribution_rate": ("Beitragssaetze.csv", ""),
    "card_revenue": ("決算カード.csv", ""), "card_nature": ("決算カード.csv", ""),
    "card_purpose": ("決算カード.csv", ""), "card_funds": ("決算カード.csv", ""),
}  # fmt: skip


def write_year(folder: Path, year: int = YEAR, groups: int = 500) -> None:
    """A year's folder with all layouts, its contracts and its rules beside them."""
    folder.mkdir(parents=True)
    for inside in ("contracts", "rules"):
        (folder / inside).mkdir()
        for path in sorted((HERE / inside).glob("*.yml")):
            (folder / inside / path.name).write_bytes(path.read_bytes())
    sheets = {"公开03表": function_rows(), "公开05表": appropriation_rows(), "公开07表": three_public_rows()}
    merged = {
        "公开03表": ["A4:D4", "A5:C5", "A7:D7"],
        "公开07表": ["A4:F4", "G4:L4", "A5:A6", "B5:B6", "C5:E5", "F5:F6", "G5:G6", "H5:H6", "I5:K5", "L5:L6"],
    }
    write_workbook(folder / "部门决算.xlsx", sheets, merged)
    write_csv(folder / "社预执行07表.csv", fund_rows())
    write_csv(folder / "estado_analitico.csv", programme_rows(groups))
    write_csv(folder / "Beitragssaetze.csv", rate_rows(), ";")
    write_csv(folder / "決算カード.csv", card_rows())
    files = [{"file": file, "ledger": ledger, "sheet": sheet} for ledger, (file, sheet) in FILES.items()]
    sources = {"year": year, "required": list(FILES), "files": files}
    (folder / "sources.yml").write_text(yaml.safe_dump(sources, allow_unicode=True), encoding="utf-8")
