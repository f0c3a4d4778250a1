"""What counts as an outlier, who are peers, which rules make a family: read from ``province.yml``, and checked."""

from __future__ import annotations

from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from orchestration.base.yaml_files import read_yaml

_FILE = Path(__file__).with_name("province.yml")
#: A family of its own: rules that stand beside a year or a department.
OWN = "own"


def _number(written: object) -> object:
    """70% is 0.7; never a float."""
    text = str(written)
    return Decimal(text.removesuffix("%")) / 100 if text.endswith("%") else Decimal(text)


Bound = Annotated[Decimal, BeforeValidator(_number)]


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str
    title: str
    advice: str

    @property
    def bounds(self) -> dict[str, Decimal]:
        """The one bound, by its kind."""
        raise NotImplementedError

    @property
    def said(self) -> str:
        """The title with its bound, which is written once."""
        (bound,) = self.bounds.values()
        points = f"{(bound * 100).normalize():f}"
        shown = f"{points}%" if bound <= 1 else f"{bound:f}"
        return self.title.replace("{bound}", shown).replace("{points}", points)


class Outlier(_Entry):
    """A column of ``province_department`` and the one bound beyond which a department is looked at."""

    column: Literal[
        "execution_rate", "adjustment_share", "carryover_share", "score", "score_beside_execution", "warning_places"
    ]
    below: Bound | None = None
    above: Bound | None = None
    below_peers: Bound | None = None
    above_peers: Bound | None = None
    beyond_fences: Bound | None = None

    @model_validator(mode="after")
    def _one_bound(self) -> Outlier:
        if len(self.bounds) != 1:
            raise ValueError("一条异常规则写一种界限")
        return self

    @property
    def bounds(self) -> dict[str, Decimal]:
        kinds = ("below", "above", "below_peers", "above_peers", "beyond_fences")
        return {kind: bound for kind in kinds if (bound := getattr(self, kind)) is not None}


class AcrossYears(_Entry):
    """A measure of ``province_trend`` and the change, or the run of years, that wants a reason."""

    measure: str
    change: Bound | None = None
    rise: Bound | None = None
    below: Bound | None = None
    above: Bound | None = None
    in_a_row: int = Field(1, ge=1)

    @model_validator(mode="after")
    def _one_bound(self) -> AcrossYears:
        if len(self.bounds) != 1:
            raise ValueError("一条跨年规则写一种界限")
        return self

    @property
    def bounds(self) -> dict[str, Decimal]:
        kinds = ("change", "rise", "below", "above")
        return {kind: bound for kind in kinds if (bound := getattr(self, kind)) is not None}


class ProvincePolicy(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    families: dict[str, str]
    peers: int = Field(ge=1)
    outliers: tuple[Outlier, ...]
    years: tuple[AcrossYears, ...]


@cache
def policy() -> ProvincePolicy:
    return ProvincePolicy.model_validate(read_yaml(_FILE))


def families_of(rules: Path) -> dict[str, str]:
    """By rule, the file that it stands in."""
    found: dict[str, str] = {}
    for path in sorted(rules.glob("*.yml")):
        entries: list[dict[str, Any]] = read_yaml(path) or []
        found |= {str(entry["id"]): path.stem for entry in entries}
    return found
