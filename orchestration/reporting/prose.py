"""Sentences that follow from figures: which projects spent little, which indicators lost points, how a change is said.

What is listed, in which order and up to how many, is data: ``thresholds`` and ``phrases`` of ``templates/fields.yml``.
What a figure is belongs in ``figures``, which ones there are in ``fields``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from orchestration.ledgers.money import MONEY_UNITS
from orchestration.reporting.figures import (
    BASES,
    MissingFigure,
    ReportFigure,
    ReportRow,
    amount,
    bare,
    percent,
    row_name,
)

if TYPE_CHECKING:
    from orchestration.reporting.fields import Fields

_HEADCOUNTS = {"编制分类": ("编制数", "名"), "在职分类": ("实有人数", "人")}


@dataclass(frozen=True)
class Said:
    """Parts of a sentence, each made when it is printed, so that a figure is recorded where it stands."""

    parts: Sequence[Callable[[], str]]
    between: str = "、"
    more: str = ""  # after the last part, where not all are listed

    def __str__(self) -> str:
        return self.between.join(part() for part in self.parts) + (self.more if self.parts else "")

    def __bool__(self) -> bool:
        return bool(self.parts)


class _Named(dict[str, Any]):
    """What the ledgers name (a fund, a list) by its name; what they don't name is missing."""

    def __init__(self, name: str, found: Mapping[str, Any], fields: Fields):
        super().__init__(found)
        self._name, self._fields = name, fields

    def __missing__(self, key: str) -> MissingFigure:
        return self._fields.missing(f"{self._name}.{key}")


def sayings(fields: Fields) -> dict[str, Any]:
    """What templates may print as a sentence, by name."""
    return {
        "核对": _statuses(fields),
        "执行率界限": percent(Decimal(fields.known["thresholds"]["low_execution"])).replace(".00%", "%"),
        "执行率低的项目": _listed(fields, _low_projects(fields), "执行率"),
        "未支出的项目": _listed(fields, [row for row in _details(fields, "表3") if _spent_nothing(row)], ""),
        "结余最多的单位": _listed(fields, _most_left(fields, "表2"), "结转结余"),
        "超支的类别": Said(
            [_overspending(row) for row in _details(fields, "项目支出分类") if _overspent(row)], between="，"
        ),
        "扣分": _section_deductions(fields),
        "扣分说明": _deductions(fields),
        "基金分项": _Named("基金分项", _fund_items(fields), fields),
        "名单": _Named("名单", _lists(fields), fields),
        **{name: _headcounts(fields, *which) or fields.missing(name) for name, which in _HEADCOUNTS.items()},
        "标记说明": marks_note(fields),
    }


def marks_note(fields: Fields) -> str:
    """What the marks beside figures mean, and, where the office switched it on, which rates come out otherwise."""
    note = "注：" + "；".join(f"标{mark}的数{meaning}" for mark, meaning in BASES.values()) + "。"
    rates = different_rates(fields)
    if not (fields.known["switches"]["recomputed_note"] and rates):
        return note
    return (
        note + "按金额重算，" + "；".join(f"{label}为 {again}（列示为 {said}）" for label, said, again in rates) + "。"
    )


def different_rates(fields: Fields) -> list[tuple[str, str, str]]:
    """Reported rates that differ from their quotient beyond print: label, as reported, recomputed."""
    return [
        (fields.labels[figure.addresses[0]], figure.text, figure.recomputed)
        for ledger in fields.ledgers.values()
        for row in ledger.rows
        for figure in {id(value): value for value in row.values.values()}.values()
        if isinstance(figure, ReportFigure) and figure.recomputed
    ]


def filters(phrases: Mapping[str, Mapping[str, str]]) -> dict[str, Callable[..., Any]]:
    """A figure in a unit, and the words that a change, a trend or a balance is said in."""

    def in_unit(unit: str) -> Callable[[Any], Any]:
        def show(figure: Any) -> Any:
            if not isinstance(figure, ReportFigure):
                return figure
            return replace(figure, text=f"{amount(figure.value, unit)}{unit}", money_unit=unit)

        return show

    def signed(words: Mapping[str, str], *, alone: bool = False) -> Callable[[Any], Any]:
        def say(figure: Any) -> Any:
            if not isinstance(figure, ReportFigure):
                return figure
            word = words["rose" if figure.value > 0 else "fell" if figure.value < 0 else "same"]
            return word if alone or figure.value == 0 else f"{word}{_magnitude(figure)}"

        return say

    def left_or_over(row: Any) -> Any:
        """A row's balance in words: 结转结余 3.00 万元, or 超出预算."""
        figure = row["结转结余"]
        if not isinstance(figure, ReportFigure):
            return figure
        words = phrases["balance"]
        if figure.value == 0:
            return words["none"]
        return f"{words['over' if figure.value < 0 else 'left']}{_magnitude(figure)}"

    return {
        **{unit: in_unit(unit) for unit in MONEY_UNITS},
        "增减": signed(phrases["change"]),
        "升降": signed(phrases["trend"], alone=True),
        "幅度": lambda figure: _magnitude(figure) if isinstance(figure, ReportFigure) else figure,
        "余超": left_or_over,
    }


def _magnitude(figure: ReportFigure) -> ReportFigure:
    return replace(figure, text=figure.text.removeprefix("-"))


# --- what is listed -------------------------------------------------------------------------------------------------


def _statuses(fields: Fields) -> dict[str, ReportFigure]:
    """How many rule instances have which status: 核对.相符."""
    found = fields.version.tables["reconciliation"]
    names = {"consistent": "相符", "rounding": "尾差范围内", "corrected": "更正后相符", "accepted": "已确认"}
    hard = [row for row in found if row["severity"] == "error"]
    broken = ("inconsistent", "missing")
    counts = {name: sum(row["status"] == status for row in hard) for status, name in names.items()}
    counts |= {
        "规则数": len(hard),
        "不符": sum(row["status"] in broken for row in hard),
        "提示": sum(row["severity"] == "warning" and row["status"] in broken for row in found),
        "更正": len(fields.corrections),
    }
    return {
        name: fields.figure(Decimal(count), "count", ("reconciliation", name, "count"), ())
        for name, count in counts.items()
    }


def _details(fields: Fields, ledger: str) -> list[ReportRow]:
    return fields.ledgers[ledger].明细() if ledger in fields.ledgers else []


def _low_projects(fields: Fields) -> list[ReportRow]:
    limit = Decimal(fields.known["thresholds"]["low_execution"])
    rates = [(row.values["执行率"], row) for row in _details(fields, "表3") if "执行率" in row.values]
    return [row for rate, row in sorted(rates, key=lambda each: each[0].value) if 0 < rate.value < limit]


def _most_left(fields: Fields, ledger: str) -> list[ReportRow]:
    rows = [row for row in _details(fields, ledger) if "结转结余" in row.values]
    return sorted(rows, key=lambda row: -row.values["结转结余"].value)


def _deductions(fields: Fields) -> Said:
    """Which indicators lost points, against what target, and why."""
    lost = [
        row for row in _details(fields, "指标")
        if (row.published.get("deduction") or 0) > 0 and row.published.get("is_disclosed")
        and row.published["section"] != "execution"
    ]  # fmt: skip
    return Said([_deduction(row) for row in lost], between="；")


def _deduction(row: ReportRow) -> Callable[[], str]:
    def say() -> str:
        goal, actual = row.values.get("年度指标值"), row.values.get("实际完成值")
        rate = row.values.get("完成率")
        against = f"年度指标值{goal}，实际完成{actual}" if goal and actual else ""
        against = f"（{against}{f'，完成率{rate}' if rate else ''}）" if against else ""
        reason = f"，原因是{row.values['偏差原因']}" if row.values.get("偏差原因") else ""
        return f"{row.values['三级指标']}{against}扣{row['扣分']}分{reason}"

    return say


def _section_deductions(fields: Fields) -> dict[str, Said]:
    """What each section of the score lost, as reported: ，扣 1.34 分; nothing where it lost none."""
    reported = {row.key: row for row in _details(fields, "自评得分")}
    sections: Mapping[str, str] = fields.known["tables"]["得分"]["rows"]
    return {
        label: Said([_lost(found)] if (found := reported.get(key)) and _lost_points(found) else [])
        for key, label in sections.items()
    }


def _lost_points(row: ReportRow) -> bool:
    deduction = row.values.get("扣分")
    return isinstance(deduction, ReportFigure) and deduction.value > 0


def _lost(row: ReportRow) -> Callable[[], str]:
    return lambda: f"，扣{row['扣分']}分"


def _fund_items(fields: Fields) -> dict[str, Said]:
    """Income and expenditure of each fund by item: 基金分项.失业保险收入."""
    found: dict[str, list[ReportRow]] = {}
    for row in _details(fields, "基金收支"):
        if row.published.get("item") not in (None, "total"):
            found.setdefault(bare(row.label.removesuffix(str(row.published["item"]))), []).append(row)
    funds = fields.ledgers["基金收支"].rows if found else ()
    whole = {bare(row.label.removesuffix("合计")) for row in funds}
    return {
        name: Said([_with(row, "项目", "实际数") for row in found.get(name, [])]) for name in sorted({*found, *whole})
    }


def _lists(fields: Fields) -> dict[str, Any]:
    """The names that a register lists, by the list's name: 名单.内设处室."""
    lists: dict[str, list[str]] = {}
    for row in fields.ledgers["名录"].rows if "名录" in fields.ledgers else ():
        of, _, name = row.label.partition(" ")
        lists.setdefault(of, []).append(name)
    return {of: "、".join(names) for of, names in lists.items()}


def _headcounts(fields: Fields, column: str, counted: str) -> Said:
    """行政编制 121 名、…: each kind of staff that has a figure in this column."""
    rows = [row for row in _details(fields, "人员情况") if isinstance(row.values.get(column), ReportFigure)]
    return Said([_with(row, "名称", column, counted) for row in rows])


def _with(row: ReportRow, named_by: str, column: str, after: str = "") -> Callable[[], str]:
    return lambda: f"{row[named_by]}{row[column]}{after}"


def _listed(fields: Fields, rows: Iterable[ReportRow], column: str) -> Said:
    """“甲（78.00%）、乙（80.00%）等 N 个”, the most telling first."""
    rows = list(rows)
    shown = rows[: fields.known["thresholds"]["listed"]]
    more = f"等{len(rows)}个" if len(rows) > len(shown) else ""
    return Said([_bracketed(row, column) for row in shown], more=more)


def _bracketed(row: ReportRow, column: str) -> Callable[[], str]:
    return lambda: f"{row_name(row)}（{row[column]}）" if column else row_name(row)


def _overspending(row: ReportRow) -> Callable[[], str]:
    return lambda: f"{row_name(row)}决算支出超出预算{_magnitude(row['结转结余'])}"


def _spent_nothing(row: ReportRow) -> bool:
    spent, budget = row.published.get("final_expenditure"), row.published.get("total_budget")
    return spent == 0 and budget is not None and budget > 0


def _overspent(row: ReportRow) -> bool:
    return row.published.get("balance") is not None and row.published["balance"] < 0
