"""What is known about slips (``slips.yml``): their kinds and names, and the criteria that answers are ranked by.

Read and checked here, used in ``slips``, ``sum_slips``, ``ranking`` and by whoever words a finding.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from string import Formatter

from orchestration.base.yaml_files import read_yaml
from orchestration.localisation.patterns import KINDS as PATTERN_KINDS

_FILE = Path(__file__).with_name("slips.yml")
#: What a sentence about a pattern may name.
PLACES = ("ledger", "rows", "columns", "figures", "said", "unit")
CRITERIA = ("witness", "slip", "totals")
TYPING_KINDS = (
    "transposed",
    "digit_wrong",
    "digit_missing",
    "digit_extra",
    "sign_lost",
    "money_unit",
    "decimal_shifted",
)


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of slip: its name for people, and the powers of ten that correct it where it is one of scale."""

    kind: str
    name: str
    powers: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Knowledge:
    criteria: tuple[str, ...]
    kinds: tuple[Kind, ...]
    sums: Mapping[str, str]  # kind -> name
    patterns: Mapping[str, str]  # kind -> sentence with places for what was seen

    def name(self, kind: str) -> str:
        return next(known.name for known in self.kinds if known.kind == kind)


def read_knowledge(path: Path = _FILE) -> Knowledge:
    """Read ``slips.yml``. Raises ``ValueError`` where it names a criterion or a kind that does not exist."""
    data = read_yaml(path)
    kinds = tuple(Kind(k["kind"], k["name"], tuple(k.get("powers", ()))) for k in data["slips"])
    unknown = {k.kind for k in kinds} - {*TYPING_KINDS, "exchanged"} | set(data["criteria"]) - set(CRITERIA)
    unknown |= set(data["sums"]) - {"row_duplicated", "row_left_out", "row_counted_twice", "row_missing"}
    patterns = dict(data.get("patterns", {}))
    unknown |= set(patterns) - set(PATTERN_KINDS)
    unknown |= {place for sentence in patterns.values() for place in _places(sentence)} - set(PLACES)
    if unknown:
        raise ValueError(f"{path}：不认识的条目 {'、'.join(sorted(unknown))}")
    return Knowledge(tuple(data["criteria"]), kinds, dict(data["sums"]), patterns)


def _places(sentence: str) -> list[str]:
    return [name for _, name, _, _ in Formatter().parse(sentence) if name is not None]
