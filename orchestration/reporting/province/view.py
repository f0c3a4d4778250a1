"""A province build as its page and workbook show it: in the order in which people look, each figure as text.

What does not belong here: HTML and cells of workbooks.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import quote

from orchestration.base.settings import Settings
from orchestration.ledgers.contract import read_contracts
from orchestration.publication.gates import GATES_PAGE
from orchestration.publication.province.build import ProvinceBuild
from orchestration.publication.province.policy import policy
from orchestration.reporting.edition import PAGE
from orchestration.reporting.figures import amount
from orchestration.reporting.province.across import AcrossRule, Row, across_rules
from orchestration.reporting.report import report_folder

#: How each state is called, the gravest first.
STATES = {"blocked": "未发布", "refused": "读不了", "not_run": "未运行", "published": "已发布"}
KINDS = {"total": "合计", "basic": "基本支出", "project": "项目支出"}
#: Columns of ``province_department`` and measures of ``province_trend``, as people call them.
NAMES = {
    "total_budget": "全年预算", "final_expenditure": "决算支出", "balance": "结转结余", "carryover": "上年结转",
    "initial_budget": "年初预算", "adjustment": "本年调整", "execution_rate": "预算执行率",
    "adjustment_share": "本年调整占年初预算", "carryover_share": "上年结转占全年预算", "score": "自评得分",
    "score_beside_execution": "得分率高出执行率", "warning_places": "提示处数",
    "public_funds_actual": "公用经费决算", "three_public_actual": "三公经费决算",
}  # fmt: skip
MONEY = frozenset(
    {"total_budget", "final_expenditure", "balance", "carryover", "initial_budget", "adjustment",
     "public_funds_actual", "three_public_actual"}
)  # fmt: skip
POINTS = frozenset({"score"})
COUNTS = frozenset({"warning_places"})
POOLING = {"provincial_pool": "省级统筹", "provincial_own": "省本级"}


def quantity(column: str, value: Decimal | int | None) -> str:
    """A figure of a column as text: money in 万元, rates in per cent, points and counts as they are."""
    if value is None:
        return "—"
    if column in MONEY:
        return amount(Decimal(value), "万元")
    if column in POINTS:
        return f"{value:.2f}"
    if column in COUNTS:
        return f"{int(value)}"
    return f"{Decimal(value) * 100:,.2f}%"


@dataclass(frozen=True)
class Tile:
    """One department's rules of one family: what the worst of them is, and the page that shows its cells."""

    family: str
    state: str  # error | warning | mended | holds | none
    count: int
    said: str
    href: str
    judged: int


@dataclass(frozen=True)
class Department:
    """One row of the wall and of the ranking."""

    row: Row  # of province_department
    state: Row  # of department_state
    href: str  # its own page, as seen from the province's
    tiles: tuple[Tile, ...]

    @property
    def code(self) -> str:
        return str(self.row["department"])

    @property
    def name(self) -> str:
        return str(self.row["department_name"])

    def text(self, column: str) -> str:
        return quantity(column, self.row[column])


@dataclass(frozen=True)
class ProvinceView:
    """All that page and workbook show."""

    settings: Settings
    province: ProvinceBuild

    @property
    def year(self) -> int:
        return self.province.year

    @property
    def folder(self) -> Path:
        return province_reports(self.settings, self.year)

    @cached_property
    def families(self) -> dict[str, str]:
        """The families that were judged anywhere, in the order of the policy."""
        judged = {row["family"] for row in self.province.rows("select distinct family from province_wall")}
        known = policy().families
        return {
            family: known.get(family, family) for family in [*known, *sorted(judged - known.keys())] if family in judged
        }

    @cached_property
    def departments(self) -> list[Department]:
        """Those whose newest input is not published first, the gravest before; then the largest budget first."""
        states = {row["department"]: row for row in self.province.rows("from department_state")}
        wall: dict[str, dict[str, Row]] = {}
        for row in self.province.rows("from province_wall"):
            wall.setdefault(row["department"], {})[row["family"]] = row
        rows = self.province.rows("from province_department order by budget_rank nulls last, department")
        order = list(STATES)
        found = [self._department(row, states[row["department"]], wall.get(row["department"], {})) for row in rows]
        return sorted(found, key=lambda each: order.index(each.state["state"]))

    def _department(self, row: Row, state: Row, wall: Mapping[str, Row]) -> Department:
        page = self._page(row, state)
        tiles = tuple(_tile(family, wall.get(family), page) for family in self.families)
        return Department(row, state, page, tiles)

    def _page(self, row: Row, state: Row) -> str:
        """The department's own page as a link from the province's: its report, or what its gates saw."""
        settings = self.settings.of(row["department"])
        gates = settings.build(self.year) / GATES_PAGE
        if state["state"] == "published" and row["version"]:
            report = report_folder(settings, self.year, row["version"]) / PAGE
            gates = settings.versions(self.year) / row["version"] / GATES_PAGE
            if report.is_file():
                return self._link(report)
        return self._link(gates) if gates.is_file() else ""

    def _link(self, path: Path) -> str:
        return quote(os.path.relpath(path, self.folder))

    @cached_property
    def names(self) -> dict[str, str]:
        return {each.code: each.name for each in self.departments}

    @property
    def ranked(self) -> list[Department]:
        """Those that have figures, the largest budget first."""
        found = [each for each in self.departments if each.row["budget_rank"] is not None]
        return sorted(found, key=lambda each: (each.row["budget_rank"], each.code))

    @cached_property
    def open_cases(self) -> list[Department]:
        """Departments whose newest input is not published, the gravest first."""
        return [each for each in self.departments if each.state["state"] != "published"]

    @cached_property
    def counts(self) -> dict[str, int]:
        return {state: sum(each.state["state"] == state for each in self.departments) for state in STATES}

    @cached_property
    def totals(self) -> dict[str, Row]:
        rows = {row["expenditure_kind"]: row for row in self.province.rows("from province_total")}
        return {kind: rows[kind] for kind in KINDS if kind in rows}

    @cached_property
    def funds(self) -> list[dict[str, Any]]:
        """Funds by pooling level, in 亿元; what is not printed everywhere has no sum."""
        found = self.province.rows("from province_fund order by pooling_level desc, fund")
        contract = read_contracts(self.settings.contracts).get("fund_balance") if found else None
        words = {code: word for key in contract.keys for word, code in key.values.items()} if contract else {}
        return [
            {
                **row,
                "name": words.get(row["fund"], row["fund"]),
                "level": POOLING.get(row["pooling_level"], row["pooling_level"] or ""),
            }
            for row in found
        ]

    @cached_property
    def findings(self) -> Sequence[Row]:
        """Kinds of finding: what must hold first, then by departments."""
        return self.province.rows(
            "from province_finding order by severity = 'warning', departments desc, places desc, rule_id"
        )

    @cached_property
    def across(self) -> list[AcrossRule]:
        return across_rules(self.province, self.names)

    @cached_property
    def outliers(self) -> list[dict[str, Any]]:
        rows = self.province.rows("from province_outlier order by rule_place, value, department")
        return [{**row, "reason": outlier_reason(row)} for row in rows]

    @cached_property
    def year_findings(self) -> list[dict[str, Any]]:
        rows = self.province.rows("from province_year_finding order by rule_place, department")
        targets = self.province.rows("from province_target_finding order by rule_place, department, section, level3")
        return [{**row, "reason": year_reason(row)} for row in rows] + [
            {**row, "reason": target_reason(row)} for row in targets
        ]

    @cached_property
    def trends(self) -> dict[str, dict[str, list[Row]]]:
        """By department (blank: all together), by measure, the years in order: of those that have two or more."""
        rows = self.province.rows("from province_trend order by department, measure, fiscal_year")
        found: dict[str, dict[str, list[Row]]] = {}
        for row in rows:
            found.setdefault(row["department"], {}).setdefault(row["measure"], []).append(row)
        return {code: of for code, of in found.items() if len(of["total_budget"]) > 1}

    @cached_property
    def indicators(self) -> dict[str, dict[str, list[Row]]]:
        """By department, by name, an indicator's years in order: of those with a figure in two or more, in one unit."""
        rows = self.province.rows("""
            from province_indicator where actual is not null and unit <> 'text'
            order by department, section, level3, fiscal_year
        """)
        found: dict[str, dict[tuple[str, str], list[Row]]] = {}
        for row in rows:
            found.setdefault(row["department"], {}).setdefault((row["section"], row["level3"]), []).append(row)
        return {
            code: {
                name: years
                for (_, name), years in of.items()
                if len(years) > 1 and len({row["unit"] for row in years}) == 1
            }
            for code, of in found.items()
        }


def province_reports(settings: Settings, year: int) -> Path:
    """Where the province's page and workbook of a year are: beside its departments' reports."""
    return settings.of("").reports(year)


def _tile(family: str, row: Row | None, page: str) -> Tile:
    if row is None:
        return Tile(family, "none", 0, "没有核对", "", 0)
    count = {"error": row["errors"], "warning": row["warnings"], "mended": row["mended"]}.get(row["state"], 0)
    rule = f"#rule={quote(row['rule_id'], safe='')}/{quote(row['instance'], safe='')}"
    place = rule if page.endswith(PAGE) else "#rules_hold"  # of a gate page: its gate on rules
    return Tile(family, row["state"], count, row["statement"], f"{page}{place}" if page else "", row["judged"])


def outlier_reason(row: Row) -> str:
    """Why a department stands out: the value, and what it was held against."""
    column = row["column_name"]
    value, bound, middle = (quantity(column, row[name]) for name in ("value", "bound", "compared_with"))
    name = NAMES[column]
    if row["kind"] in ("below_peers", "above_peers"):
        more = "低" if row["kind"] == "below_peers" else "高"
        apart = _apart(column, abs(row["value"] - row["compared_with"]))
        return f"{name} {value}，比同规模 {row['peers']} 个部门的中位数 {middle} {more} {apart}"
    if row["kind"] == "beyond_fences":
        fence = "lower_fence" if row["value"] < row["lower_fence"] else "upper_fence"
        word = "低于" if fence == "lower_fence" else "高于"
        return f"{name} {value}，{word}界限 {quantity(column, row[fence])}；各部门的中位数 {middle}"
    return f"{name} {value}，{'低于' if row['kind'] == 'below' else '高于'} {bound}；各部门的中位数 {middle}"


def _apart(column: str, difference: Decimal) -> str:
    return f"{difference * 100:.2f} 个百分点" if column not in MONEY | POINTS | COUNTS else quantity(column, difference)


def year_reason(row: Row) -> str:
    """What changed, or for how many years."""
    measure = row["measure"]
    name, value = NAMES[measure], quantity(measure, row["value"])
    if row["kind"] in ("change", "rise"):
        way = "增加" if row["change_rate"] > 0 else "减少"
        return f"{name} {value}，比上年 {quantity(measure, row['prior'])} {way} {abs(row['change_rate']) * 100:.2f}%"
    way = "低于" if row["kind"] == "below" else "高于"
    return f"{name} {value}，连续 {row['years']} 年{way} {quantity(measure, row['bound'])}"


def target_reason(row: Row) -> str:
    """Which target was made easier, by how much, for how many years."""
    again = f"，连续 {row['years']} 年放宽" if row["years"] > 1 else ""
    said = f"指标 {row['level3']} 的目标值 {row['target_text']}，上年 {row['prior_target_text']}"
    return f"{said}，放宽 {row['loosened'] * 100:.2f}%{again}"


def share_of(part: Decimal | None, whole: Decimal | None) -> str:
    """How much of the whole a bar takes, in whole thousandths as per cent; drawing alone."""
    if not part or not whole or part < 0:
        return "0"
    thousandths = min(1000, int(part * 1000 / whole))
    return f"{thousandths // 10}.{thousandths % 10}"


def line(values: Sequence[Decimal], width: int, height: int) -> str:
    """The points of a small line from left to right, drawn from the least value to the greatest."""
    low, high = min(values), max(values)
    span = high - low
    found = []
    for n, value in enumerate(values):
        x = 2 + (width - 4) * n // max(1, len(values) - 1)
        y = height // 2 if not span else 2 + int((high - value) * (height - 4) / span)
        found.append(f"{x},{y}")
    return " ".join(found)
