"""What counts as an outlier, who are peers, which rules make a family: read from ``province.yml``, and checked."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from orchestration.base.yaml_files import read_yaml
from orchestration.ledgers.contract import read_model

POLICY_FILE = Path(__file__).with_name("province.yml")
#: A family of its own: rules that stand beside a year or a department.
OWN = "own"
_BOUND = re.compile(r"-?\d+(?:\.\d+)?%?", re.ASCII)


def _number(written: object) -> Decimal:
    """70% is 0.7; never a float."""
    text = str(written)
    if not _BOUND.fullmatch(text):
        raise ValueError("界限写成数或百分数，如 70%")
    number = Decimal(text.removesuffix("%"))
    return number / 100 if text.endswith("%") else number


Bound = Annotated[Decimal, BeforeValidator(_number)]


class _Entry(BaseModel):
    """A rule with one bound, of one of the kinds that it may have."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    KINDS: ClassVar[tuple[str, ...]]

    id: str
    title: str
    advice: str

    @model_validator(mode="after")
    def _one_bound(self) -> Self:
        if len(self.bounds) != 1:
            raise ValueError(f"写一种界限：{'、'.join(self.KINDS)}")
        return self

    @property
    def bounds(self) -> dict[str, Decimal]:
        """The one bound, by its kind."""
        return {kind: bound for kind in self.KINDS if (bound := getattr(self, kind)) is not None}

    @property
    def said(self) -> str:
        """The title with its bound, which is written once."""
        (bound,) = self.bounds.values()
        points = f"{(bound * 100).normalize():f}"
        shown = f"{points}%" if bound <= 1 else f"{bound:f}"
        return self.title.replace("{bound}", shown).replace("{points}", points)


class Outlier(_Entry):
    """A column of ``province_department`` and the one bound beyond which a department is looked at."""

    KINDS = ("below", "above", "below_peers", "above_peers", "beyond_fences")

    column: Literal[
        "execution_rate", "adjustment_share", "carryover_share", "score", "score_beside_execution", "warning_places"
    ]
    below: Bound | None = None
    above: Bound | None = None
    below_peers: Bound | None = None
    above_peers: Bound | None = None
    beyond_fences: Bound | None = None


class AcrossYears(_Entry):
    """A measure of ``province_trend`` and the change, or the run of years, that wants a reason."""

    KINDS = ("change", "rise", "below", "above")

    measure: str
    change: Bound | None = None
    rise: Bound | None = None
    below: Bound | None = None
    above: Bound | None = None
    in_a_row: int = Field(1, ge=1)


class LoosenedTarget(_Entry):
    """How much an indicator's target may be loosened, as a share of the year before's, so many years in a row."""

    KINDS = ("loosened",)

    loosened: Bound | None = None
    in_a_row: int = Field(1, ge=1)


#: Three parts of a cell's address: ledger, row key, measure. A part of the key, or the measure, may be a variable.
_TERM = re.compile(r"([a-z_]+)/([^/]+)/([a-z_]+|\{[a-z_]+\})")
_VARIABLE = re.compile(r"\{[a-z_]+\}")
#: In a key: the other department's code or name; in the other's key: this one's.
OTHER, SELF = "{other}", "{self}"


@dataclass(frozen=True)
class CellPattern:
    """One side of a relation between departments."""

    ledger: str
    key: tuple[str, ...]
    measure: str

    @property
    def variables(self) -> set[str]:
        return {part for part in (*self.key, self.measure) if _VARIABLE.fullmatch(part)}


def _term(written: object) -> CellPattern:
    found = _TERM.fullmatch(str(written))
    if not found:
        raise ValueError("写作 账/行键/栏，如 fund_statement/{fund}:income:total/actual")
    ledger, key, measure = found.groups()
    return CellPattern(ledger, tuple(key.split(":")), measure)


class AcrossDepartments(BaseModel):
    """A figure of one department and those of others that it is the sum of."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str
    title: str
    left: Annotated[CellPattern, BeforeValidator(_term)]
    right: Annotated[CellPattern, BeforeValidator(_term)]
    over: Literal["subordinates", "all", "counterpart"]
    advice: str

    @model_validator(mode="after")
    def _the_same_variables(self) -> Self:
        named = (OTHER in self.left.variables, SELF in self.right.variables)
        if named != ((self.over == "counterpart",) * 2):
            raise ValueError(f"over: counterpart 时，left 里有 {OTHER}，right 里有 {SELF}；其他时候都没有")
        if self.left.variables - {OTHER} != self.right.variables - {SELF}:
            raise ValueError("left 与 right 用同样的变量")
        return self


class ProvincePolicy(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    families: dict[str, str]
    peers: int = Field(ge=1)
    outliers: tuple[Outlier, ...]
    years: tuple[AcrossYears, ...]
    targets: tuple[LoosenedTarget, ...]
    across: tuple[AcrossDepartments, ...]


@cache
def policy() -> ProvincePolicy:
    """Raises ``InputError`` naming each wrong key of the file."""
    return read_model(POLICY_FILE, ProvincePolicy)


def families_of(rules: Path) -> dict[str, str]:
    """By rule, the file that it stands in."""
    found: dict[str, str] = {}
    for path in sorted(rules.glob("*.yml")):
        entries: list[dict[str, Any]] = read_yaml(path) or []
        found |= {str(entry["id"]): path.stem for entry in entries}
    return found
