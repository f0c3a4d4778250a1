"""What a report may say: every figure of a published version under the name that people know it by.

``表1.合计.上年结转`` is a *figure*: a value with the published table, row and column that it stands in, and the printed
cells that it comes from. Templates, forms and narratives speak of figures in this way only. What is unknown (a ledger,
a column) is an error that names it; what the year's ledgers don't hold is *missing*, and shown as such, never as zero.
Layout belongs in ``forms``, wording in the templates.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

import yaml

from orchestration.base.sandbox import BAD_TEXT, Sandbox
from orchestration.ledgers.money import MONEY_UNITS
from orchestration.reporting.published import Published

FIELDS = Path(__file__).parent / "templates" / "fields.yml"
#: A figure's text is wrapped in these (private-use characters) on its way through a template, so that whoever lays the
#: text out knows which figure was printed where. They never reach a document.
OPEN, CLOSE, END = "\ue000", "\ue001", "\ue002"
TOKEN = re.compile(f"{OPEN}(\\d+){CLOSE}([^{END}]*){END}")
_FEN = Decimal("0.01")
_PUBLISHED = Fraction(1, 2 * 10**6)  # half the last place of a published rate
_CORE = frozenset({"fiscal_year", "row_address"})


class FieldError(Exception):
    """A template, form or narrative names what is not there. ``where``: the file and place that names it."""

    def __init__(self, message: str, where: str = ""):
        super().__init__(f"{where}：{message}" if where else message)
        self.message, self.where = message, where


@dataclass(frozen=True)
class Figure:
    """A published figure, as a report prints it.

    ``value``: as published (yuan, fractions, ones). ``place``: published table, row, column. ``addresses``: the printed
    cells that it is, or is computed from; none where the scoring rules made it. ``note``: what a correction changed.
    ``inferred``: from what it was inferred, where no ledger reports it.
    """

    value: Decimal
    unit: str
    place: tuple[str, str, str]
    addresses: tuple[str, ...]
    text: str
    money_unit: str = "万元"
    note: str = ""
    inferred: str = ""
    exact: Fraction | None = None  # of a rate: the quotient itself, which is published to six places
    record: Callable[[Figure], str] | None = field(default=None, compare=False, repr=False)

    def __str__(self) -> str:
        return self.record(self) if self.record else self.text

    def __lt__(self, other: object) -> bool:
        return self.value < _number(other)

    def __gt__(self, other: object) -> bool:
        return self.value > _number(other)

    def __le__(self, other: object) -> bool:
        return self.value <= _number(other)

    def __ge__(self, other: object) -> bool:
        return self.value >= _number(other)

    def __bool__(self) -> bool:
        return True

    @property
    def remarks(self) -> tuple[str, ...]:
        """What must be said wherever the figure is shown: that it was corrected, that it is inferred."""
        return tuple(filter(None, (self.note, f"推定：{self.inferred}" if self.inferred else "")))

    @property
    def is_missing(self) -> bool:
        return False


@dataclass(frozen=True)
class Missing:
    """A figure that the year's ledgers don't hold."""

    name: str
    record: Callable[[Missing], str] | None = field(default=None, compare=False, repr=False)

    def __str__(self) -> str:
        return self.record(self) if self.record else "未提供"

    def __bool__(self) -> bool:
        return False

    @property
    def is_missing(self) -> bool:
        return True


@dataclass(frozen=True)
class Row:
    """A row of a ledger or table: its columns by name. ``columns`` is what may be asked of any row of it."""

    name: str  # 表1.合计
    key: str
    label: str
    kind: str
    values: Mapping[str, Any]
    columns: frozenset[str]
    fields: Fields = field(repr=False)
    order: tuple[int, ...] = ()
    published: Mapping[str, Any] = field(default_factory=dict, repr=False)

    def __getitem__(self, column: str) -> Any:
        if column in self.values:
            return self.values[column]
        if column in ("名称", "键"):
            return _name(self) if column == "名称" else self.key
        if column == "项目" and "item" in self.published:
            return self.published["item"]
        if column in self.columns:
            return self.fields.missing(f"{self.name}.{column}")
        raise FieldError(f"{self.name} 没有“{column}”这一栏{_perhaps(column, self.columns)}")

    def __getattr__(self, column: str) -> Any:
        if column.startswith("__"):
            raise AttributeError(column)
        return self[column]

    def __str__(self) -> str:
        """A row with one figure stands for that figure."""
        figures = [value for value in self.values.values() if isinstance(value, Figure)]
        if len(figures) != 1:
            raise FieldError(f"{self.name} 有 {len(figures)} 个数，须写明栏目{_perhaps('', self.columns)}")
        return str(figures[0])


@dataclass(frozen=True)
class Ledger:
    """All rows of a ledger, in printed order."""

    name: str
    rows: tuple[Row, ...]
    names: Mapping[str, Row]
    columns: frozenset[str]
    fields: Fields = field(repr=False)
    open_to_templates: ClassVar = frozenset({"明细", "行"})

    def __getitem__(self, row: str) -> Row:
        found = self.names.get(row) or self.names.get(_bare(row))
        return found or self._absent(row)

    def __getattr__(self, row: str) -> Row:
        if row.startswith("__"):
            raise AttributeError(row)
        return self[row]

    def 明细(self, 不含: str = "", **where: str) -> list[Row]:  # noqa: N802, N803
        """Detail rows in printed order; ``where``: published columns that must have this value."""
        left_out = set(不含.split("、")) if 不含 else set()
        return [
            row
            for row in self.rows
            if row.kind == "detail" and _matches(row, where) and not left_out & {row.label, row.published.get("item")}
        ]

    def 行(self, **where: str) -> Row:  # noqa: N802
        """The one row with these published values; a row of missing figures where there is none."""
        found = [row for row in self.rows if _matches(row, where)]
        return found[0] if len(found) == 1 else self._absent("、".join(where.values()))

    def _absent(self, row: str) -> Row:
        return Row(f"{self.name}.{row}", row, row, "detail", {}, self.columns, self.fields)


class Fields:
    """All names of one version, and a record of which figures were printed and which were missing."""

    def __init__(self, version: Published):
        self.version = version
        self.known = yaml.safe_load(FIELDS.read_text(encoding="utf-8"))
        self.printed: list[Figure] = []
        self.gaps: list[str] = []
        self.corrections = {row["address"]: row for row in version.tables["correction"]}
        #: What people call each printed cell: 表3 第17行 … 本年调整.
        self.labels = {
            cell["address"]: " ".join(filter(None, (cell["ledger_label"], cell["row_label"], cell["header"])))
            for cell in version.tables["cell"]
        }
        self._ledgers = {ledger.name: ledger for ledger in (*self._from_cells(), *self._from_tables())}

    # --- names ----------------------------------------------------------------------------------------------------

    @cached_property
    def environment(self) -> Sandbox:
        """A sandbox with the report's filters; an unknown name is an error."""
        return Sandbox(self._filters())

    @cached_property
    def context(self) -> dict[str, Any]:
        """What templates see: each ledger by its name, and the facts of the version."""
        return {
            **self._ledgers,
            "年度": str(self.version.year),
            "上年": str(self.version.year - 1),
            "下年": str(self.version.year + 1),
            "部门": self.version.department or self.missing("部门"),
            "版本": self.version.name,
            "署名日期": chinese_date(self.version.signed) if self.version.signed else self.missing("署名日期"),
            "核对": self._statuses(),
            "执行率低的项目": self._listed(self._low_projects(), "执行率"),
            "未支出的项目": self._named(row for row in self._projects() if _spent_nothing(row)),
            "结余最多的单位": self._listed(self._most_left("表2"), "结转结余"),
            "超支的类别": self._named(row for row in self._details("项目支出分类") if _overspent(row)),
            "执行率界限": percent(Decimal(self.known["thresholds"]["low_execution"])),
            "扣分说明": self._deductions(),
            "基金分项": self._fund_items(),
        }

    def evaluate(self, expression: str, where: str, **local: Any) -> Any:
        """The value of one expression. Raises ``FieldError`` naming where it stands."""
        try:
            return self.environment.compile_expression(expression, undefined_to_none=False)(**self.context, **local)
        except FieldError as error:
            raise FieldError(error.message, f"{where}“{expression}”") from None
        except BAD_TEXT as error:
            raise FieldError(self.unknown(error), f"{where}“{expression}”") from error

    def render(self, text: str, where: str) -> str:
        """A text with its fields filled in, figures marked by tokens."""
        try:
            return self.environment.from_string(text).render(self.context)
        except FieldError as error:
            raise FieldError(error.message, where) from None
        except BAD_TEXT as error:
            raise FieldError(self.unknown(error), where) from error

    def names(self) -> Iterator[tuple[str, str]]:
        """Every name that a template may write, and what it prints now."""
        for name in ("年度", "上年", "部门", "署名日期"):
            yield name, str(self.context[name])
        for ledger in self._ledgers.values():
            for row in ledger.rows:
                number = row.label.split(" ")[0]
                row_name = number if number.startswith("第") else _bare(row.label)
                for column, value in row.values.items() if row_name.isidentifier() else ():
                    yield f"{ledger.name}.{row_name}.{column}", value.text if isinstance(value, Figure) else str(value)

    def plain_text(self, text: str) -> str:
        """A text with its fields filled in, for places that keep no record of figures."""
        return TOKEN.sub(r"\2", self.render(text, "预览"))

    def missing(self, name: str) -> Missing:
        return Missing(name, self._record_gap)

    def unknown(self, error: Exception) -> str:
        text = str(error) or type(error).__name__
        found = re.match(r"'(.+?)' is undefined", text)
        return f"没有“{found[1]}”{_perhaps(found[1], self.context)}" if found else text

    def _record(self, figure: Figure) -> str:
        self.printed.append(figure)
        return f"{OPEN}{len(self.printed) - 1}{CLOSE}{figure.text}{END}"

    def _record_gap(self, gap: Missing) -> str:
        if gap.name not in self.gaps:
            self.gaps.append(gap.name)
        return f"【未提供：{gap.name}】"

    # --- ledgers from cells and marts -----------------------------------------------------------------------------

    def _from_cells(self) -> Iterable[Ledger]:
        """Every ledger that was read. A figure's value is that of the mart it flows to; totals and printed rates,
        which flow to none, are those of ``cell``."""
        tables = self.version.tables
        marts = {
            row["row_address"]: (table, row) for table, rows in tables.items() for row in rows if "row_address" in row
        }
        grouped: dict[str, dict[str, list[dict[str, Any]]]] = {}
        labels: dict[str, str] = {}
        for cell in tables["cell"]:
            labels[cell["ledger"]] = cell["ledger_label"]
            grouped.setdefault(cell["ledger"], {}).setdefault(cell["row_key"], []).append(cell)
        for ledger, rows in grouped.items():
            built = []
            for key, cells in rows.items():
                table, mart = marts.get(f"{self.version.year}/{ledger}/{key}", ("cell", {}))
                built.append((key, cells[0], self._row_values(cells, table, mart), mart))
            columns = frozenset(name for _, _, values, _ in built for name in values)
            found = [
                Row(f"{labels[ledger]}.{first['row_label']}", key, first["row_label"], first["row_kind"], values,
                    columns, self, _printed_order(first["cell"]), mart)
                for key, first, values, mart in built
            ]  # fmt: skip
            names: dict[str, Row] = {}
            for (key, first, _, _), row in zip(built, found, strict=True):
                for name in (key, first["row_label"], first["row_label"].split(" ")[0], _bare(first["row_label"])):
                    names.setdefault(name, row)
            ordered = tuple(sorted(found, key=lambda row: row.order))
            yield Ledger(labels[ledger], ordered, names, columns, self)

    def _row_values(self, cells: list[dict[str, Any]], table: str, mart: Mapping[str, Any]) -> dict[str, Any]:
        values: dict[str, Any] = {}
        by_measure = {cell["measure"]: cell for cell in cells}
        money_unit = next((c["printed_unit"] for c in cells if c["printed_unit"] in MONEY_UNITS), "万元")
        for cell in cells:
            name = cell["header"] or cell["measure"]
            # The mart has the last word, but not on a printed rate: that is a cell of its own, the mart's is computed.
            in_mart = cell["measure"] in mart and cell["unit"] != "ratio"
            value = mart[cell["measure"]] if in_mart else cell["value"]
            if isinstance(value, Decimal | int) and cell["unit"] not in ("date", "text"):
                place = (table if in_mart else "cell", f"{cell['ledger']}/{cell['row_key']}", cell["measure"])
                values[name] = self._printed(Decimal(value), cell, place, money_unit)
            elif cell["text"]:
                values[name] = cell["text"]
        for column, value in mart.items():
            known = self.known["columns"].get(column)
            if known is None or column in _CORE or value is None or known["name"] in values:
                continue
            if "unit" not in known:
                values[known["name"]] = str(value)
                continue
            # Where a cell of the same name is printed (execution_rate), the computed one is still asked for by its own.
            sources = known["from"] if column not in by_measure or known["unit"] == "ratio" else [column]
            addresses = tuple(
                by_measure[source]["address"] for source in sources
                if source in by_measure and by_measure[source]["value"] is not None
            )  # fmt: skip
            figure = self._figure(
                Decimal(value),
                known["unit"],
                (table, f"{cells[0]['ledger']}/{cells[0]['row_key']}", column),
                addresses,
                money_unit,
            )
            values[known["name"]] = _exactly(figure, mart, known["from"]) if known["unit"] == "ratio" else figure
        return values

    def _printed(self, value: Decimal, cell: Mapping[str, Any], place: tuple[str, str, str], money: str) -> Figure:
        own = cell["printed_unit"] if cell["printed_unit"] in MONEY_UNITS else money
        text = cell["text"]
        if cell["unit"] == "yuan":
            text = text if value == cell["printed_value"] and text.endswith("元") else amount(value, own) + own
        elif value != cell["printed_value"]:
            text = percent(value) if cell["unit"] == "ratio" else plain(value)
        return replace(self._figure(value, cell["unit"], place, (cell["address"],), money), text=text)

    def _figure(
        self, value: Decimal, unit: str, place: tuple[str, str, str], addresses: tuple[str, ...], money: str = "万元"
    ) -> Figure:
        text = {"yuan": lambda: f"{amount(value, money)}{money}", "ratio": lambda: percent(value)}.get(
            unit, lambda: plain(value)
        )()
        notes = [self.corrections[address] for address in addresses if address in self.corrections]
        note = "；".join(
            f"{self.labels[row['address']]} 原印 {row['printed']}，更正为 {row['corrected']}（{row['reason']}）"
            for row in notes
        )
        return Figure(value, unit, place, addresses, text, money, note, record=self._record)

    def _from_tables(self) -> Iterable[Ledger]:
        """Tables without a printed place of their own, as ``fields.yml`` names them."""
        sections = list(self.known["tables"]["得分"]["rows"])
        for name, known in self.known["tables"].items():
            columns = frozenset(column["name"] for column in known["columns"].values())
            rows = []
            for published in self.version.tables.get(known["table"], []):
                key = str(published[known["key"]])
                label = known.get("rows", {}).get(key, key)
                values: dict[str, Any] = {}
                for column, meaning in known["columns"].items():
                    value = published[column]
                    if isinstance(value, Decimal) and "unit" in meaning:
                        sources = known.get("from", {}).get(column, [column])
                        addresses = tuple(
                            address for source in sources
                            if (address := f"{published.get('row_address')}/{source}") in self._addresses
                        )  # fmt: skip
                        figure = self._figure(value, meaning["unit"], (known["table"], key, column), addresses)
                        inferred = self._inferred(published) if column in ("weight", "score") else ""
                        values[meaning["name"]] = replace(figure, inferred=inferred)
                    elif value is not None:
                        values[meaning["name"]] = str(value)
                order = (sections.index(published["section"]), *self._orders.get(str(published.get("row_address")), ()))
                rows.append(Row(f"{name}.{label}", key, label, "detail", values, columns, self, order, published))
            rows.sort(key=lambda row: row.order)
            yield Ledger(name, tuple(rows), {_bare(row.label): row for row in rows}, columns, self)

    def _inferred(self, row: Mapping[str, Any]) -> str:
        """From what an indicator's weight, and so its score, was inferred; nothing where both are reported."""
        if row.get("basis") != "inferred":
            return ""
        if row["is_disclosed"]:
            return f"{row['level3']}的分值账上没有列示，由完成情况与扣分推出，得分随之"
        section = [each for each in self.version.tables["indicator_score"] if each["section"] == row["section"]]
        hidden = [
            f"{each['level3']} {plain(each['deduction'])} 分"
            for each in section
            if each["weight"] is None and each["deduction"]
        ]
        less = f"，得分另含未列分值的扣分：{'、'.join(hidden)}" if hidden else ""
        return f"{row['level1']}“{row['level3']}”的分值是该组分值减去所列指标的分值{less}"

    @cached_property
    def cells(self) -> dict[str, dict[str, Any]]:
        """The printed cells by address."""
        return {cell["address"]: cell for cell in self.version.tables["cell"]}

    @cached_property
    def _addresses(self) -> frozenset[str]:
        return frozenset(cell["address"] for cell in self.version.tables["cell"] if cell["value"] is not None)

    @cached_property
    def _orders(self) -> dict[str, tuple[int, ...]]:
        """Where each row was printed, by its address."""
        return {c["address"].rsplit("/", 1)[0]: _printed_order(c["cell"]) for c in self.version.tables["cell"]}

    # --- what follows from the figures ----------------------------------------------------------------------------

    def _statuses(self) -> dict[str, Figure]:
        """How many rule instances have which status: 核对.相符."""
        found = self.version.tables["reconciliation"]
        names = {"consistent": "相符", "rounding": "尾差范围内", "corrected": "更正后相符", "accepted": "已确认"}
        hard = [row for row in found if row["severity"] == "error"]
        broken = ("inconsistent", "missing")
        counts = {name: sum(row["status"] == status for row in hard) for status, name in names.items()}
        counts |= {
            "规则数": len(hard),
            "不符": sum(row["status"] in broken for row in hard),
            "提示": sum(row["severity"] == "warning" and row["status"] in broken for row in found),
            "更正": len(self.corrections),
        }
        return {
            name: self._figure(Decimal(count), "count", ("reconciliation", name, "count"), ())
            for name, count in counts.items()
        }

    def _projects(self) -> list[Row]:
        return self._details("表3")

    def _details(self, ledger: str) -> list[Row]:
        return self._ledgers[ledger].明细() if ledger in self._ledgers else []

    def _low_projects(self) -> list[Row]:
        limit = Decimal(self.known["thresholds"]["low_execution"])
        rates = [(row.values["执行率"], row) for row in self._projects() if "执行率" in row.values]
        return [row for rate, row in sorted(rates, key=lambda each: each[0].value) if rate.value < limit]

    def _most_left(self, ledger: str) -> list[Row]:
        rows = [row for row in self._details(ledger) if "结转结余" in row.values]
        return sorted(rows, key=lambda row: -row.values["结转结余"].value)

    def _deductions(self) -> Sentences:
        """Which indicators lost points, against what target, and why."""
        lost = [
            row for row in self._details("指标")
            if (row.published.get("deduction") or 0) > 0 and row.published.get("is_disclosed")
            and row.published["section"] != "execution"
        ]  # fmt: skip
        return Sentences([_deduction(row) for row in lost])

    def _fund_items(self) -> dict[str, Prose]:
        """Income and expenditure of each fund by item: 基金分项.失业保险收入."""
        found: dict[str, list[Row]] = {}
        for row in self._details("基金收支"):
            if row.published.get("item") not in (None, "total"):
                found.setdefault(_bare(row.label.removesuffix(str(row.published["item"]))), []).append(row)
        whole = {_bare(row.label.removesuffix("合计")) for row in self._ledgers["基金收支"].rows} if found else set()
        return {
            name: Prose(found.get(name, []), "实际数", len(found.get(name, [])), "项目") for name in {*found, *whole}
        }

    def _listed(self, rows: Iterable[Row], column: str) -> Prose:
        """“甲 78.00%、乙 80.00% 等 N 个”, the most telling first."""
        rows = list(rows)
        shown = rows[: self.known["thresholds"]["listed"]]
        return Prose(shown, column, len(rows))

    def _named(self, rows: Iterable[Row]) -> Prose:
        rows = list(rows)
        return Prose(rows[: self.known["thresholds"]["listed"]], "", len(rows))

    def _filters(self) -> dict[str, Callable[..., Any]]:
        phrases = self.known["phrases"]

        def in_unit(unit: str) -> Callable[[Any], Any]:
            def show(figure: Any) -> Any:
                if not isinstance(figure, Figure):
                    return figure
                return replace(figure, text=f"{amount(figure.value, unit)}{unit}", money_unit=unit)

            return show

        def signed(words: Mapping[str, str], *, bare: bool = False) -> Callable[[Any], Any]:
            def say(figure: Any) -> Any:
                if not isinstance(figure, Figure):
                    return figure
                word = words["rose" if figure.value > 0 else "fell" if figure.value < 0 else "same"]
                if bare or figure.value == 0:
                    return word
                return f"{word}{replace(figure, text=self._magnitude(figure))}"

            return say

        def left_or_over(row: Any) -> Any:
            """A row's balance in words: 结转结余 3.00 万元, or 超出预算."""
            figure = row["结转结余"]
            if not isinstance(figure, Figure):
                return figure
            words = phrases["balance"]
            if figure.value == 0:
                return words["none"]
            return f"{words['over' if figure.value < 0 else 'left']}{replace(figure, text=self._magnitude(figure))}"

        return {
            **{unit: in_unit(unit) for unit in MONEY_UNITS},
            "增减": signed(phrases["change"]),
            "升降": signed(phrases["trend"], bare=True),
            "幅度": lambda figure: (
                replace(figure, text=self._magnitude(figure)) if isinstance(figure, Figure) else figure
            ),
            "余超": left_or_over,
        }

    @staticmethod
    def _magnitude(figure: Figure) -> str:
        return figure.text.removeprefix("-")


@dataclass(frozen=True)
class Prose:
    """Some rows named in a sentence, each with one figure where ``column`` names it."""

    rows: list[Row]
    column: str
    total: int
    named_by: str = "名称"

    def __str__(self) -> str:
        if self.named_by == "名称":
            said = [f"{row['名称']}（{row[self.column]}）" if self.column else row["名称"] for row in self.rows]
        else:
            said = [f"{row[self.named_by]}{row[self.column]}" for row in self.rows]
        return "、".join(said) + (" 等" if self.total > len(self.rows) else "")

    def __bool__(self) -> bool:
        return bool(self.rows)


@dataclass(frozen=True)
class Sentences:
    """Parts that are joined by ；, each made when it is printed."""

    parts: list[Callable[[], str]]

    def __str__(self) -> str:
        return "；".join(part() for part in self.parts)

    def __bool__(self) -> bool:
        return bool(self.parts)


# --- how figures are written ----------------------------------------------------------------------------------------


def amount(yuan: Decimal, unit: str) -> str:
    """Exact money in a unit: at least two decimals, more where the figure needs them."""
    number = yuan * 100 / Decimal(MONEY_UNITS[unit])
    return f"{number:,.{max(2, places(number))}f}"


def places(number: Decimal) -> int:
    """Decimals that a number needs."""
    exponent = number.normalize().as_tuple().exponent
    return max(0, -int(exponent))


def percent(fraction: Decimal) -> str:
    """Two decimals, half up as the published rates are."""
    return f"{(fraction * 100).quantize(_FEN, rounding=ROUND_HALF_UP)}%"


def _exactly(figure: Figure, row: Mapping[str, Any], of: Sequence[str]) -> Figure:
    """A rate rounded once, from its quotient: 0.79844961 is published as 0.798450, but is 79.84% and not 79.85%."""
    if len(of) != 2 or not row.get(of[1]) or row.get(of[0]) is None:
        return figure
    exact = Fraction(row[of[0]]) / Fraction(row[of[1]])
    if abs(exact - Fraction(figure.value)) > _PUBLISHED:  # another formula, or a rate that is not this quotient
        return figure
    hundredths = exact * 10000
    nearest = (2 * abs(hundredths.numerator) + hundredths.denominator) // (2 * hundredths.denominator)
    sign = -1 if exact < 0 else 1
    return replace(figure, text=percent(Decimal(sign * nearest).scaleb(-4)), exact=exact)


def plain(number: Decimal) -> str:
    """No decimals where none are needed, else two at least."""
    whole = number == number.to_integral_value()
    return f"{number:,.{0 if whole else max(2, places(number))}f}"


def chinese_date(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"


def _name(row: Row) -> str:
    return str(row.published.get("project_name") or row.published.get("unit_name") or row.label)


def _deduction(row: Row) -> Callable[[], str]:
    def say() -> str:
        goal, actual = row.values.get("年度指标值"), row.values.get("实际完成值")
        against = f"（年度指标值{goal}，实际完成{actual}）" if goal and actual else ""
        reason = f"，原因是{row.values['偏差原因']}" if row.values.get("偏差原因") else ""
        return f"{row.values['三级指标']}{against}扣{row['扣分']}分{reason}"

    return say


def _number(other: object) -> Decimal:
    return other.value if isinstance(other, Figure) else Decimal(str(other))


def _spent_nothing(row: Row) -> bool:
    spent, budget = row.published.get("final_expenditure"), row.published.get("total_budget")
    return spent == 0 and budget is not None and budget > 0


def _overspent(row: Row) -> bool:
    return row.published.get("balance") is not None and row.published["balance"] < 0


def _matches(row: Row, where: Mapping[str, str]) -> bool:
    return all(str(row.published.get(column)) == value for column, value in where.items())


def _printed_order(reference: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", reference))


def _bare(name: str) -> str:
    """A name as an identifier: 基本养老保险参保人数（七（一）2） -> 基本养老保险参保人数七一2."""
    return re.sub(r"\W", "", name)


def _perhaps(name: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(name, list(known), n=3, cutoff=0.4) if name else []
    return f"；相近的有：{'、'.join(near)}" if near else f"；有：{'、'.join(sorted(known))}"
