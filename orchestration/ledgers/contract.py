"""What each ledger looks like, read from ``raw/contracts/*.yml``. Typed, and strict: an unknown key is an error.

A contract is the only place that knows a ledger's Chinese headers. It says nothing about rules (``expectations/rules``)
and nothing about SQL beyond the name of the table that the ledger's figures are published in.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal, TypeVar

from pydantic import (
    BaseModel,
    Field,
    StringConstraints,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)

from orchestration.base.files import is_there
from orchestration.base.foreign import expected_by_pydantic
from orchestration.base.problems import InputError, Problem
from orchestration.base.records import StrictRecord
from orchestration.base.yaml_files import read_yaml
from orchestration.ledgers.layout import Hierarchy, Layout, Name, Pattern, Region, SheetName, Total
from orchestration.ledgers.money import MONEY_UNITS, FigureError, currency_of, parse_figure
from orchestration.ledgers.rounding import Rounding
from orchestration.ledgers.texts import fold

Blank = Literal["zero", "not_printed"]
RowKind = Literal["detail", "total", "subtotal", "of_which", "memo"]
ModelT = TypeVar("ModelT", bound=BaseModel)


class Column(StrictRecord):
    """A column of the ledger: its name in code, its header as printed, and the other ways offices write it."""

    name: Name
    header: str
    aliases: tuple[str, ...] = ()
    optional: bool = False

    @functools.cached_property
    def headers(self) -> frozenset[str]:
        return frozenset(fold(text) for text in (self.header, *self.aliases))

    @functools.cached_property
    def paths(self) -> frozenset[str]:
        """The headers as they are looked for: a header of several rows (决算数/小计) is one text from the top down."""
        return frozenset(text.replace("/", "") for text in self.headers)


class Naming(Column):
    """A column of names. ``points``: behind a name, in brackets, stand the points of the whole group, a measure of the
    group's first row. ``before``: what may stand before a name and is none of it (指标1：, 1、, 其中：).
    """

    points: Name | None = None
    before: Pattern = ""


class Text(Naming):
    """Names beside the keys. ``allowed``: nothing else may stand there; ``required``: something must; ``carried``: a
    blank is that of the row above, as a merged level of indicators is.
    """

    allowed: tuple[str, ...] = ()
    required: bool = False
    carried: bool = False


class Key(Naming):
    """What tells rows apart: a column, several columns joined to one key (``columns``), the number of the row within
    its group (``number: rows``), or the sheet (``sheet``). ``left_of: figures``: it has no header and stands left
    of all figures. ``values`` maps what is printed to a code; then nothing else is allowed, unless the key is ``open``.
    """

    header: str = ""
    columns: tuple[str, ...] = ()  # headers of the columns that are one key together: 类, 款, 项
    joined_by: str = "·"
    number: Literal["rows"] | None = None
    sheet: SheetName | None = None
    left_of: Literal["figures"] | None = None
    type: Literal["text", "integer"] = "text"
    values: dict[str, str] = Field(default_factory=dict)
    open: bool = False

    @model_validator(mode="before")
    @classmethod
    def _is_called_something(cls, content: object) -> object:
        """A key without a column of its own is called by the columns that it is made of."""
        if not isinstance(content, dict):
            return content
        said = [name for name in ("header", "columns", "number", "sheet", "left_of") if content.get(name)]
        if said in (["columns"], ["number"]):
            columns = content.get("columns")
            named = "".join(map(str, columns)) if isinstance(columns, list | tuple) else "行号"
            return {**content, "header": named}
        if said[:1] != ["header"] or len(said) > 2:
            raise ValueError("header、columns、number、sheet、left_of 之一")
        return content

    @property
    def printed(self) -> tuple[Column, ...]:
        """The columns of the table that the key is read from, left to right."""
        if self.number or self.sheet:
            return ()
        if not self.columns:
            return (self,)
        return tuple(
            Column(name=f"{self.name}__{n}", header=header, optional=self.optional)
            for n, header in enumerate(self.columns, 1)
        )


class RoundedTo(StrictRecord):
    """Figures rounded to a multiple and printed in full, in the printed unit: 100000 of an allocation in whole yuan."""

    rounded_to: Decimal = Field(gt=0, max_digits=18, decimal_places=9)


class Measure(Column):
    """A column of figures."""

    kind: Literal["money", "person", "count", "point", "ratio", "number", "target", "outcome", "date"] = "money"
    unit: str = ""
    blank: Blank | None = None
    zero_words: tuple[str, ...] = ()  # words that state an exact zero: 不变, 未支出
    #: How fine the figures are: as found (see ``precision``), exact, printed (the finest figure of the column gives the
    #: last place, of unformatted workbook numbers too), or rounded to a multiple whatever digits are printed.
    precision: Literal["exact", "printed"] | RoundedTo | None = None
    rounding: Rounding | None = None  # as the contract's, where the column does not say
    #: Of a target that forms print over three columns (≥ | 95 | %): the texts that hold its comparator and its unit.
    sign_in: Name | None = None
    unit_in: Name | None = None

    @field_validator("unit")
    @classmethod
    def _unit_suits_the_kind(cls, unit: str, info: ValidationInfo) -> str:
        kind = info.data.get("kind")
        if unit and kind:
            try:
                parse_figure("0", kind, unit)
            except FigureError as error:
                raise ValueError(f"{kind} 的单位（{error}）") from None
        return unit


class Contract(StrictRecord):
    """One ledger."""

    ledger: Name
    title: str  # as printed above the table
    short: str  # how people call it: 表3
    titles: tuple[str, ...] = ()  # other titles, file stems or sheet names that mean this ledger
    currency: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")] = "CNY"  # ISO 4217; amounts keep its name
    unit: str = ""  # money unit where neither the file, the column nor the cell prints one
    keys: tuple[Key, ...] = Field(min_length=1, max_length=3)
    texts: tuple[Text, ...] = ()
    measures: tuple[Measure, ...] = ()
    header: Layout | None = None
    region: Region | None = None
    blank_key: Literal["carry", "skip"] | None = None  # a blank key is that of the row above; or the row is no row here
    no_figures: Literal["read", "skip"] | None = None  # a row with a name and no figure: an error, or read, or left out
    others: Literal["ignore"] | None = None  # columns that are not listed: an error, unless they are to be left alone
    hierarchy: Hierarchy | None = None
    total: Total = Total()  # what a total row is called (a list: the words alone); its last key becomes ``total``
    rows: Literal["any", "every"] = "any"  # every: each value of the keys must have its row, and a lost one is told
    memo: tuple[str, ...] = ()  # rows printed beside the total, not part of it (另有 …)
    #: Rows that are another thing here than ``row_kinds.yml`` takes them for.
    row_kinds: dict[str, RowKind] = Field(default_factory=dict)
    ignored: tuple[str, ...] = ("备注",)  # columns that hold no figures
    blank: Blank = "zero"
    rounding: Rounding = "half_up"  # cut: digits behind the last place were left away, not rounded
    decimal: Literal["point", "comma"] | None = (
        None  # what parts decimals; else a comma only where the column proves it
    )
    not_printed_words: tuple[str, ...] = ()  # in place of a figure: N/R, 不适用
    label: str = ""  # how a person calls a row, from its columns: 第{project_no}行 {project_name}
    table: Name | None = None  # the published table that the detail rows flow to
    total_published: bool = False  # the table holds the printed total rows too
    unpublished: tuple[Name, ...] = ()  # measures that are checked only, not published in ``table``
    required: bool = True
    reliability: Decimal = Field(Decimal(1), gt=0, max_digits=12, decimal_places=6)  # price of suspecting one cell
    on_duty: str = ""  # who mends this ledger

    @model_validator(mode="after")
    def _names_are_unique(self) -> Contract:
        names = [column.name for column in (*self.keys, *self.texts, *self.measures)]
        if doubled := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"各栏不同的名字（重复的有 {'、'.join(doubled)}）")
        return self

    @model_validator(mode="after")
    def _columns_name_each_other(self) -> Contract:
        texts = {text.name for text in self.texts}
        parted = [name for measure in self.measures for name in (measure.sign_in, measure.unit_in) if name]
        if unknown := [name for name in parted if name not in texts]:
            raise ValueError(f"sign_in、unit_in 为文字栏的名字（没有 {unknown[0]}）")
        known = {measure.name for measure in self.measures}
        named = [column.points for column in self.naming if column.points]
        if unknown := [name for name in named if name not in known]:
            raise ValueError(f"points 为数栏的名字（没有 {unknown[0]}）")
        return self

    @model_validator(mode="after")
    def _every_row_is_named(self) -> Contract:
        if self.rows == "every" and not all(key.values for key in self.keys):
            raise ValueError("每个键都写明 values（rows: every 要用）")
        return self

    @field_validator("total", mode="before")
    @classmethod
    def _words_alone(cls, total: object) -> object:
        return {"words": total} if isinstance(total, list | tuple) else total

    @model_validator(mode="after")
    def _hierarchy_names_a_column(self) -> Contract:
        known = [column.name for column in (*self.keys, *self.texts)]
        if self.hierarchy and self.hierarchy.key not in known:
            raise ValueError(f"hierarchy.key 为 {'、'.join(known)} 之一")
        if any(key.number for key in self.keys[:-1]):
            raise ValueError("只有最后一个键可以是行号")
        return self

    @field_validator("reliability", mode="before")
    @classmethod
    def _reliability_is_exact(cls, value: object) -> object:
        if isinstance(value, bool | float):
            raise ValueError("精确的小数")
        return value

    @field_validator("unit")
    @classmethod
    def _unit_is_money(cls, unit: str, info: ValidationInfo) -> str:
        if unit and unit not in MONEY_UNITS:
            raise ValueError(f"金额单位（{'、'.join(MONEY_UNITS)}）")
        currency = info.data.get("currency", "CNY")
        if unit and currency_of(unit) != currency:
            raise ValueError(f"以 {currency} 计的单位")
        return unit

    @field_validator("label")
    @classmethod
    def _label_names_keys_and_texts(cls, label: str, info: ValidationInfo) -> str:
        if not {"keys", "texts"} <= info.data.keys():
            return label  # they are wrong themselves, and said to be
        named = (*info.data["keys"], *info.data["texts"])
        try:
            label.format(**dict.fromkeys([column.name for column in named], ""))
        except (KeyError, IndexError, ValueError) as error:
            raise ValueError(f"只写键或文字栏的名字（{error}）") from None
        return label

    @field_validator("unpublished")
    @classmethod
    def _unpublished_names_measures(cls, names: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        known = {measure.name for measure in info.data.get("measures", ())}
        if "measures" in info.data and (unknown := set(names) - known):
            raise ValueError(f"数栏的名字（没有 {'、'.join(sorted(unknown))}）")
        return names

    @functools.cached_property
    def naming(self) -> tuple[Naming, ...]:
        return (*self.keys, *self.texts)

    @property
    def columns(self) -> tuple[Column, ...]:
        return (*self.keys, *self.texts, *self.measures)

    @functools.cached_property
    def key_columns(self) -> tuple[Column, ...]:
        return tuple(column for key in self.keys for column in key.printed)

    @property
    def printed_columns(self) -> tuple[Column, ...]:
        """The columns that the table must print, among them the one in which totals are told."""
        headed = [key for key in self.keys if key.left_of is None]
        keys = [column for key in headed for column in key.printed]
        listed = (*keys, *self.texts, *self.measures)
        told = self.total_column
        return listed if told is None or told in listed else (*listed, told)

    @property
    def required_columns(self) -> tuple[Column, ...]:
        """The columns without which a header is not the table's."""
        return tuple(c for c in self.printed_columns if not c.optional and (not isinstance(c, Text) or c.required))

    @property
    def total_column(self) -> Column | None:
        """The column in which a total is told, where the contract names one."""
        if not self.total.column:
            return None
        own = fold(self.total.column).replace("/", "")
        listed = (*self.key_columns, *self.texts, *self.measures)
        return next((c for c in listed if own in c.paths), Column(name="total__column", header=self.total.column))

    @functools.cached_property
    def known_titles(self) -> frozenset[str]:
        return frozenset(fold(text) for text in (self.title, self.ledger, *self.titles))

    @property
    def form_titles(self) -> tuple[str, ...]:
        """What the titles of the sheets are like, of which each is one part of the ledger."""
        return tuple(key.sheet.title for key in self.keys if key.sheet)

    @property
    def is_of_sheets(self) -> bool:
        """Whether each sheet is one part of the ledger, told from the others by a key of the whole sheet."""
        return any(key.sheet for key in self.keys)

    def measure(self, name: str) -> Measure | None:
        return next((measure for measure in self.measures if measure.name == name), None)

    def rounding_of(self, name: str) -> Rounding:
        """How the figures of a measure were rounded."""
        measure = self.measure(name)
        return (measure and measure.rounding) or self.rounding


def read_contract(path: Path) -> Contract:
    """One contract file. Raises ``InputError`` naming the file and each wrong key."""
    contract = read_model(path, Contract, _with_shared_keys)
    if contract.ledger != path.stem:
        raise InputError([Problem(str(path), "", "ledger", contract.ledger, f"与文件同名：{path.stem}")])
    return contract


def _with_shared_keys(path: Path, content: object) -> object:
    """Keys that several contracts have alike are written in one: ``{name: form, as_in: evaluation_indicator}``; with
    ``sheet`` where the sheets of this one are called otherwise."""
    if not isinstance(content, dict) or not isinstance(content.get("keys"), list):
        return content
    keys = [_shared_key(path, key) if isinstance(key, dict) and key.get("as_in") else key for key in content["keys"]]
    return {**content, "keys": keys}


def _shared_key(path: Path, key: dict[str, object]) -> object:
    other = path.with_name(f"{key['as_in']}.yml")
    content = read_yaml(other) if is_there(other) else None
    listed = content.get("keys") if isinstance(content, dict) else None
    keys = listed if isinstance(listed, list) else []
    found = next((each for each in keys if isinstance(each, dict) and each.get("name") == key.get("name")), None)
    if found is None or "as_in" in found or set(key) - {"sheet"} != {"name", "as_in"}:
        raise InputError([Problem(str(path), "", "keys.as_in", str(key), f"{other.name} 里写明的同名的键")])
    return {**found, **({"sheet": key["sheet"]} if "sheet" in key else {})}


def read_model(
    path: Path, model: type[ModelT], completed: Callable[[Path, object], object] = lambda _, content: content
) -> ModelT:
    """A YAML file as a model, ``completed`` first. Raises ``InputError`` naming the file and each wrong key."""
    try:
        return model.model_validate(completed(path, read_yaml(path)))
    except ValidationError as error:
        raise InputError(validation_problems(path, error)) from None


def read_contracts(folder: Path, *beside: Path) -> dict[str, Contract]:
    """All contracts of a folder, by ledger, and those of the folders ``beside`` it, which add to them or stand in their
    place. Every wrong file is reported, not just the first.
    """
    contracts: dict[str, Contract] = {}
    problems: list[Problem] = []
    for path in [path for each in (folder, *beside) for path in sorted(each.glob("*.yml"))]:
        try:
            contract = read_contract(path)
        except InputError as error:
            problems += error.problems
            continue
        contracts[contract.ledger] = contract
    if not contracts and not problems:
        problems.append(Problem(str(folder), "", "", "没有契约文件", "每本账一个 *.yml"))
    if problems:
        raise InputError(problems)
    return contracts


def validation_problems(path: Path, error: ValidationError) -> list[Problem]:
    """What pydantic found wrong, as problems that name the file and the key."""
    return [
        Problem(
            str(path),
            "",
            ".".join(map(str, each["loc"])) or "(全文)",
            _found(each["input"]),
            expected_by_pydantic(each["type"], each.get("ctx")),
        )
        for each in error.errors(include_url=False)
    ]


def _found(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
