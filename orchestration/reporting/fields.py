"""What a report may say: every figure of a published version under the name that people know it by.

``表1.合计.上年结转`` is a *figure*: a value with the published table, row and column that it stands in, and the printed
cells that it comes from. Templates, forms and narratives speak of figures in this way only. What is unknown (a ledger
without a contract, a column) is an error that names it; what the year's ledgers don't hold, or a whole ledger that the
department doesn't keep, is *missing*, and shown as such, never as zero.
Layout belongs in ``forms``, wording in the templates.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from typing import Any

from orchestration.base.problems import InputError
from orchestration.base.sandbox import BAD_TEXT, Sandbox
from orchestration.base.yaml_files import read_yaml
from orchestration.ledgers.money import MONEY_UNITS
from orchestration.reporting.figures import (
    CLOSE,
    END,
    OPEN,
    RATE,
    TOKEN,
    FieldError,
    MissingFigure,
    ReportFigure,
    ReportLedger,
    ReportRow,
    amount,
    bare,
    chinese_date,
    half_up,
    percent,
    perhaps,
    places,
    plain,
    rounded_once,
)
from orchestration.reporting.prose import filters, sayings
from orchestration.reporting.published import Published

FIELDS = Path(__file__).parent / "templates" / "fields.yml"
_CORE = frozenset({"fiscal_year", "department", "row_address"})
#: A ledger's own table, and where its keys begin: behind year, department, the row's key and its label.
_LEDGER, _KEYS = "ledger_", 4


class Fields:
    """All names of one version, and a record of which figures were printed and which were missing."""

    def __init__(self, version: Published):
        self.version = version
        self.known = read_yaml(FIELDS)
        self.printed: list[ReportFigure] = []
        self.gaps: list[str] = []
        self._compiled: dict[str, Any] = {}
        self.corrections = {row["address"]: row for row in version.tables["correction"]}
        #: What people call each printed cell: 表3 第17行 … 本年调整.
        self.labels = {
            cell["address"]: " ".join(filter(None, (cell["ledger_label"], cell["row_label"], cell["header"])))
            for cell in version.tables["cell"]
        }
        self.ledgers = {ledger.name: ledger for ledger in self._ledgers()}

    # --- names ----------------------------------------------------------------------------------------------------

    @cached_property
    def environment(self) -> Sandbox:
        """A sandbox with the report's filters; an unknown name is an error."""
        return Sandbox(filters(self.known["phrases"]))

    @cached_property
    def context(self) -> dict[str, Any]:
        """What templates see: each ledger by its name, the facts of the version, and what is said of them."""
        return {
            **self.ledgers,
            "年度": str(self.version.year),
            "上年": str(self.version.year - 1),
            "下年": str(self.version.year + 1),
            "部门": self.version.department or self.missing("部门"),
            "署名日期": chinese_date(self.version.signed) if self.version.signed else self.missing("署名日期"),
            **sayings(self),
        }

    def evaluate(self, expression: str, where: str, **local: Any) -> Any:
        """The value of one expression. Raises ``FieldError`` naming where it stands."""
        try:
            if expression not in self._compiled:
                compiled = self.environment.compile_expression(expression, undefined_to_none=False)
                self._compiled[expression] = compiled
            return self._compiled[expression](**self.context, **local)
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
        for ledger in self.ledgers.values():
            for row in ledger.rows:
                number = row.label.split(" ")[0]
                row_name = number if number.startswith("第") else bare(row.label)
                for column, value in row.values.items() if row_name.isidentifier() else ():
                    yield (
                        f"{ledger.name}.{row_name}.{column}",
                        value.text if isinstance(value, ReportFigure) else str(value),
                    )

    def plain_text(self, text: str) -> str:
        """A text with its fields filled in, for places that keep no record of figures."""
        return TOKEN.sub(r"\2", self.render(text, "预览"))

    def missing(self, name: str) -> MissingFigure:
        return MissingFigure(name, self._record_gap)

    def unknown(self, error: Exception) -> str:
        text = str(error) or type(error).__name__
        found = re.match(r"'(.+?)' is undefined", text)
        if found:
            return f"没有“{found[1]}”{perhaps(found[1], self.context)}"
        inside = re.search(r" has no attribute '(.+?)'", text)
        return f"没有“{inside[1]}”" if inside else text

    def _record(self, figure: ReportFigure) -> str:
        self.printed.append(figure)
        return f"{OPEN}{len(self.printed) - 1}{CLOSE}{figure.text}{END}"

    def _record_gap(self, gap: MissingFigure) -> str:
        if gap.name not in self.gaps:
            self.gaps.append(gap.name)
        return f"【未提供：{gap.name}】"

    # --- ledgers from cells and marts -----------------------------------------------------------------------------

    def _ledgers(self) -> Iterator[ReportLedger]:
        yield from self._from_cells()
        yield from self._without_cells()
        yield from self._from_tables()

    def _without_cells(self) -> Iterator[ReportLedger]:
        """Every ledger that has a contract but was not read: no rows, and each column that it would have."""
        try:
            absent = self.version.absent
        except InputError as error:
            raise FieldError(str(error)) from None
        computed = [known["name"] for known in self.known["columns"].values()]
        for contract in absent:
            columns = frozenset(
                [*(column.header for column in contract.columns), *(computed if contract.table else ())]
            )
            keys = frozenset(column.name for column in contract.columns) if contract.table else frozenset()
            yield ReportLedger(contract.short, (), {}, columns, self, keys)

    def _from_cells(self) -> Iterable[ReportLedger]:
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
                own = ("cell", self._keys(ledger, key))
                table, mart = own if own[1] else marts.get(self.version.row_address(ledger, key), ("cell", {}))
                built.append((key, cells[0], self._row_values(cells, table, mart), mart))
            columns = frozenset(name for _, _, values, _ in built for name in values)
            found = [
                ReportRow(f"{labels[ledger]}.{first['row_label']}", key, first["row_label"], first["row_kind"], values,
                    columns, self, _printed_order(first["cell"]), mart)
                for key, first, values, mart in built
            ]  # fmt: skip
            names: dict[str, ReportRow] = {}
            for (key, first, _, _), row in zip(built, found, strict=True):
                for name in (key, first["row_label"], first["row_label"].split(" ")[0], bare(first["row_label"])):
                    names.setdefault(name, row)
            ordered = tuple(sorted(found, key=lambda row: row.order))
            published = frozenset(column for row in ordered for column in row.published)
            yield ReportLedger(labels[ledger], ordered, names, columns, self, published)

    def _keys(self, ledger: str, row_key: str) -> dict[str, str]:
        """The keys of a row of a ledger that is published in no table but its own, by which forms pick it."""
        rows = self.version.tables.get(f"{_LEDGER}{ledger}", []) if ledger in self._own_table else []
        return dict(zip(list(rows[0])[_KEYS:], row_key.split(":"), strict=False)) if rows else {}

    @cached_property
    def _own_table(self) -> frozenset[str]:
        """The ledgers of which no detail row flows to a mart."""
        tables = self.version.tables
        marts = {row["row_address"] for rows in tables.values() for row in rows if row.get("row_address")}
        rows = {name.removeprefix(_LEDGER): rows for name, rows in tables.items() if name.startswith(_LEDGER)}
        return frozenset(
            name
            for name, details in rows.items()
            if not any(self.version.row_address(name, str(row.get("row_key"))) in marts for row in details)
        )

    def _row_values(self, cells: list[dict[str, Any]], table: str, mart: Mapping[str, Any]) -> dict[str, Any]:
        """A row's figures and texts by column: first what was reported, then what the models computed beside it."""
        money_unit = next((c["printed_unit"] for c in cells if c["printed_unit"] in MONEY_UNITS), "万元")
        values = self._reported_values(cells, table, mart, money_unit)
        by_measure = {cell["measure"]: cell for cell in cells}
        row = f"{cells[0]['ledger']}/{cells[0]['row_key']}"
        for column, value in mart.items():
            known = self.known["columns"].get(column)
            if known is None or column in _CORE or value is None:
                continue
            reported = by_measure.get(column)
            if "unit" not in known:
                values.setdefault(known["name"], str(value))
            elif known["unit"] == "ratio" or known["name"] not in values:
                computed = self._computed(known, by_measure, (table, row, column), mart, money_unit)
                self._put(values, known["name"], computed, values.get(reported["header"]) if reported else None)
        return values

    def _reported_values(
        self, cells: list[dict[str, Any]], table: str, mart: Mapping[str, Any], money_unit: str
    ) -> dict[str, Any]:
        """A row's cells by column: figures with the value that they have after corrections, and texts."""
        values: dict[str, Any] = {}
        row = f"{cells[0]['ledger']}/{cells[0]['row_key']}"
        for cell in cells:
            name, measure = cell["header"] or cell["measure"], cell["measure"]
            # The mart has the last word, but not on a reported rate: that is a cell of its own, the mart's is computed.
            in_mart = measure in mart and cell["unit"] != "ratio" and not _computed(cell, self.known["columns"])
            value = mart[measure] if in_mart else cell["value"]
            if isinstance(value, Decimal | int) and cell["unit"] not in ("date", "text"):
                place = (table if in_mart else "cell", row, measure)
                values[name] = self._printed(Decimal(value), cell, place, money_unit)
            elif cell["text"]:
                values[name] = cell["text"]
        return values

    def _computed(
        self, known: Mapping[str, Any], cells: Mapping[str, Any], place: tuple[str, str, str], mart: Mapping[str, Any],
        money_unit: str,
    ) -> ReportFigure:  # fmt: skip
        """A figure that the models computed from others of its row."""
        addresses = tuple(
            cells[source]["address"] for source in known["from"]
            if source in cells and cells[source]["value"] is not None
        )  # fmt: skip
        figure = self.figure(Decimal(mart[place[2]]), known["unit"], place, addresses, money_unit, basis="derived")
        return rounded_once(figure, mart, known["from"]) if known["unit"] == "ratio" else figure

    @staticmethod
    def _put(values: dict[str, Any], name: str, computed: ReportFigure, reported: Any) -> None:
        """A rate that was reported is printed as it was reported; what it comes out as is kept beside it."""
        if not isinstance(reported, ReportFigure):
            values[name] = computed
            return
        # Rates are printed in hundredths of a percent: 100% beside 86.59% is 100.00%.
        decimals = max(2, places(Decimal(reported.text.rstrip("%")))) if RATE.fullmatch(reported.text) else 2
        exact = computed.exact if computed.exact is not None else Fraction(computed.value)
        if half_up(exact, decimals + 2) != reported.value:
            reported = replace(reported, recomputed=computed.text)
        values[name] = reported
        values[f"重算{name}"] = computed
        for header, value in list(values.items()):
            if isinstance(value, ReportFigure) and value.place == reported.place:
                values[header] = reported

    def _printed(
        self, value: Decimal, cell: Mapping[str, Any], place: tuple[str, str, str], money: str
    ) -> ReportFigure:
        own = cell["printed_unit"] if cell["printed_unit"] in MONEY_UNITS else money
        text = cell["text"]
        if cell["unit"] == "yuan":
            text = text if value == cell["printed_value"] and text.endswith("元") else amount(value, own) + own
        elif value != cell["printed_value"]:
            text = percent(value) if cell["unit"] == "ratio" else plain(value)
        return replace(self.figure(value, cell["unit"], place, (cell["address"],), money), text=text)

    def figure(
        self, value: Decimal, unit: str, place: tuple[str, str, str], addresses: tuple[str, ...], money: str = "万元",
        *, basis: str = "reported",
    ) -> ReportFigure:  # fmt: skip
        """A figure with its text and, where a correction stands behind it, its note."""
        text = {"yuan": lambda: f"{amount(value, money)}{money}", "ratio": lambda: percent(value)}.get(
            unit, lambda: plain(value)
        )()
        notes = [self.corrections[address] for address in addresses if address in self.corrections]
        note = "；".join(
            f"{self.labels[row['address']]} 原列示为 {row['printed']}，更正为 {row['corrected']}（{row['reason']}）"
            for row in notes
        )
        if notes and basis == "reported":
            basis = "corrected"
        return ReportFigure(value, unit, place, addresses, text, money, note, basis=basis, record=self._record)

    def _from_tables(self) -> Iterable[ReportLedger]:
        """Tables without a printed place of their own, as ``fields.yml`` names them."""
        sections = list(self.known["tables"]["得分"]["rows"])
        for name, known in self.known["tables"].items():
            columns = frozenset(column["name"] for column in known["columns"].values()) | set(known.get("cells", ()))
            rows = []
            for published in self.version.tables.get(known["table"], []):
                key = str(published[known["key"]])
                label = known.get("rows", {}).get(key, key)
                values = {**self._published_values(known, published), **dict(self._beside(known, published))}
                section = published.get("section", sections[-1])
                order = (sections.index(section), *self._orders.get(str(published.get("row_address")), ()))
                rows.append(ReportRow(f"{name}.{label}", key, label, "detail", values, columns, self, order, published))
            rows.sort(key=lambda row: row.order)
            published_columns = frozenset(column for row in rows for column in row.published)
            yield ReportLedger(
                name, tuple(rows), {bare(row.label): row for row in rows}, columns, self, published_columns
            )

    def _published_values(self, known: Mapping[str, Any], published: Mapping[str, Any]) -> dict[str, Any]:
        """A published row's figures and texts by the names that ``fields.yml`` gives its columns."""
        values: dict[str, Any] = {}
        for column, meaning in known["columns"].items():
            value = published[column]
            if isinstance(value, Decimal) and "unit" in meaning:
                sources = known.get("from", {}).get(column, [column])
                addresses = tuple(
                    address for source in sources
                    if (address := f"{published.get('row_address')}/{source}") in self._addresses
                )  # fmt: skip
                inferred = self._inferred(published) if meaning.get("inferred") else ""
                figure = self.figure(
                    value, meaning["unit"], (known["table"], str(published[known["key"]]), column), addresses,
                    basis="inferred" if inferred else "reported",
                )  # fmt: skip
                values[meaning["name"]] = replace(figure, inferred=inferred)
            elif value is not None:
                values[meaning["name"]] = str(value)
        return values

    def _beside(self, known: Mapping[str, Any], published: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
        """Cells of the row that the table itself does not hold."""
        for column, measure in known.get("cells", {}).items():
            cell = self.cells.get(f"{published.get('row_address')}/{measure}")
            if cell is not None and cell["value"] is not None:
                place = ("cell", f"{cell['ledger']}/{cell['row_key']}", measure)
                yield column, self._printed(cell["value"], cell, place, "万元")

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


def _printed_order(reference: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", reference))


def _computed(cell: Mapping[str, Any], known: Mapping[str, Any]) -> bool:
    """Whether a cell is blank in the ledger and the models filled it in."""
    return cell["value"] is None and cell["measure"] in known
