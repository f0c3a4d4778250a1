"""What a contract may say of a table's layout: where it stands in a sheet, what its header, totals and levels look
like, and what names a whole sheet. Reads no table.
"""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, ConfigDict, Field, StringConstraints, field_validator, model_validator

from orchestration.base.records import StrictRecord


def _is_a_pattern(text: str) -> str:
    try:
        re.compile(text)
    except re.error as error:
        raise ValueError(f"正则式（{error}）") from None
    return text


Pattern = Annotated[str, AfterValidator(_is_a_pattern)]
Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]


class Layout(StrictRecord):
    """How many rows the header has, where it is not one or two; then each column is called by its path through them."""

    rows: int = Field(ge=1, le=6)


class Region(StrictRecord):
    """The part of a sheet that a table stands in: from the cell that prints ``from`` (the first of its texts that is
    there) up to the cells that print ``until``, below it or to its right; and, where a row below prints one of them,
    before the row of ``before`` or through that of ``through``. Several contracts may so read one sheet.
    ``whole_rows``: what stands left of the first cell belongs to the part.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    begin: tuple[Annotated[str, StringConstraints(min_length=1)], ...] = Field(alias="from", min_length=1)
    until: tuple[str, ...] = ()
    before: tuple[str, ...] = ()
    through: tuple[str, ...] = ()
    whole_rows: bool = False

    @field_validator("begin", "until", "before", "through", mode="before")
    @classmethod
    def _one_or_several(cls, texts: object) -> object:
        return (texts,) if isinstance(texts, str) else texts


class Total(StrictRecord):
    """What a total row is called, and in which column where that alone tells it; ``same``: a total may be printed again
    with the same figures.
    """

    words: tuple[str, ...] = ("合计", "总计")
    column: str = ""
    repeated: Literal["error", "same"] = "error"

    @property
    def name(self) -> str:
        return self.words[0] if self.words else "合计"


class Hierarchy(StrictRecord):
    """Rows that are sums of rows below them: by the length of codes (``prefixes: [3, 5, 7]``), by their numbering (一、
    above （一） above 1.), or by how far the text is set in. ``key``: the key or text that says so.
    """

    key: Name
    prefixes: tuple[Annotated[int, Field(ge=1)], ...] = ()
    by: Literal["numbering", "indent"] | None = None

    @model_validator(mode="after")
    def _one_way(self) -> Hierarchy:
        if bool(self.prefixes) == bool(self.by):
            raise ValueError("prefixes、by 之一")
        if list(self.prefixes) != sorted(set(self.prefixes)):
            raise ValueError("prefixes 由短到长")
        return self


class SheetName(StrictRecord):
    """What names a whole sheet, as a form is that of one project: the text beside a cell that prints one of ``beside``,
    else the part in brackets of a title that is like ``title``.
    """

    beside: tuple[str, ...] = ()
    title: Pattern

    @field_validator("title")
    @classmethod
    def _one_group(cls, title: str) -> str:
        if re.compile(title).groups != 1:
            raise ValueError("正则式，恰有一对括号")
        return title
