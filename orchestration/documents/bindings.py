"""The patterns by which sentences are read, as data: ``sentences.yml``, typed and strict. Reads no document."""

from __future__ import annotations

import functools
import re
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict

from orchestration.base.yaml_files import read_yaml
from orchestration.ledgers.contract import read_model

PATTERNS = Path(__file__).parent / "sentences.yml"
_Regex = Annotated[re.Pattern[str], BeforeValidator(re.compile)]
#: What may stand between a label and its figure: 预算执行率为, 决算支出数约.
_TAIL = r"(?:总数|数|额|金额|比例)?(?:约|共)?(?:为|是|达到|达|约|[:：])?$"


class _PatternRecord(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


class Head(_PatternRecord):
    """What stands right before a figure, and the measure that it then is."""

    label: str
    measure: str
    row: dict[str, str] = {}
    whole: bool = False
    negative: bool = False
    respectively: bool = False

    @functools.cached_property
    def pattern(self) -> re.Pattern[str]:
        return re.compile(f"(?:{self.label}){_TAIL}")


class WordPattern(_PatternRecord):
    """Words that state a figure without digits."""

    find: _Regex
    word: str
    measure: str
    row: dict[str, str] = {}


class Example(_PatternRecord):
    text: str
    reads: tuple[str, ...]
    heading: str = ""


class Frame(_PatternRecord):
    """From where on figures are those of a ledger, and which are which."""

    id: str
    ledger: str
    opens: _Regex | None = None
    heading: _Regex | None = None
    row: dict[str, str] = {}
    names: dict[str, str] = {}
    items: str = ""
    measure: str = ""
    heads: tuple[Head, ...] = ()
    words: tuple[WordPattern, ...] = ()
    texts: dict[str, _Regex] = {}
    examples: tuple[Example, ...] = ()
    counter_examples: tuple[str, ...] = ()


class ListPattern(_PatternRecord):
    list: str
    find: _Regex


class DatePattern(_PatternRecord):
    event: str
    find: str


class Patterns(_PatternRecord):
    frames: tuple[Frame, ...]
    lists: tuple[ListPattern, ...]
    dates: tuple[DatePattern, ...]


@functools.cache
def patterns() -> Patterns:
    return read_model(PATTERNS, Patterns)


__all__ = ["Frame", "Head", "Patterns", "patterns", "read_yaml"]
