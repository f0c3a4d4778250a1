"""The patterns by which sentences are read, as data: ``sentences.yml``, typed and strict. Reads no document."""

from __future__ import annotations

import functools
import re
from pathlib import Path
from typing import Annotated

from pydantic import BeforeValidator, Field

from orchestration.base.records import StrictRecord
from orchestration.ledgers.contract import read_model

PATTERNS = Path(__file__).parent / "sentences.yml"
#: A pattern as people write it.
Regex = Annotated[re.Pattern[str], BeforeValidator(re.compile)]
#: What may stand between a label and its figure: 预算执行率为, 决算支出数约.
_TAIL = r"(?:总数|数|额|金额|比例)?(?:约|共)?(?:为|是|达到|达|约|[:：])?$"


class Head(StrictRecord):
    """What stands right before a figure, and the measure that it then is."""

    label: str
    measure: str
    row: dict[str, str] = Field(default_factory=dict)
    whole: bool = False
    negative: bool = False
    respectively: bool = False

    @functools.cached_property
    def pattern(self) -> re.Pattern[str]:
        return re.compile(f"(?:{self.label}){_TAIL}")


class WordPattern(StrictRecord):
    """Words that state a figure without digits."""

    find: Regex
    word: str
    measure: str
    row: dict[str, str] = Field(default_factory=dict)


class Example(StrictRecord):
    text: str
    reads: tuple[str, ...]
    heading: str = ""


class Frame(StrictRecord):
    """From where on figures are those of a ledger, and which are which."""

    id: str
    ledger: str
    opens: Regex | None = None
    heading: Regex | None = None
    row: dict[str, str] = Field(default_factory=dict)
    names: dict[str, str] = Field(default_factory=dict)
    items: str = ""
    alike: bool = False  # items of a later measure are the rows of an earlier one that begin like them
    measure: str = ""
    heads: tuple[Head, ...] = ()
    words: tuple[WordPattern, ...] = ()
    texts: dict[str, Regex] = Field(default_factory=dict)
    examples: tuple[Example, ...] = ()
    counter_examples: tuple[str, ...] = ()


class ListPattern(StrictRecord):
    list: str
    find: Regex


class DatePattern(StrictRecord):
    event: str
    find: str


class Patterns(StrictRecord):
    frames: tuple[Frame, ...]
    lists: tuple[ListPattern, ...]
    dates: tuple[DatePattern, ...]


@functools.cache
def patterns() -> Patterns:
    return read_model(PATTERNS, Patterns)
