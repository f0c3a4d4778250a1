"""The red-line of figures, by itself: what it costs where a whole ledger changed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from orchestration.reporting.published import Published
from orchestration.reporting.redline import cells_changed

CELLS = 300


class Counted(list[dict[str, Any]]):
    """Rows that know how many of them were looked at."""

    looked_at = 0

    def __iter__(self) -> Iterator[dict[str, Any]]:
        for row in super().__iter__():
            self.looked_at += 1
            yield row


def version(name: str, text: str) -> tuple[Published, Counted]:
    cells = Counted(
        {"address": f"2031/ledger/{n}/budget", "text": text, "printed_unit": "万元", "ledger_label": "表",
         "row_label": f"第{n}行", "header": "预算数", "file": "表.csv", "sheet": "", "cell": f"B{n}"}
        for n in range(CELLS)
    )  # fmt: skip
    made = Published(2031, name, Path())
    made.__dict__["tables"] = {"cell": cells, "correction": []}
    return made, cells


def test_a_whole_ledger_that_changed_is_looked_through_a_few_times_not_once_a_cell() -> None:
    (old, were), (new, are) = version("a", "1.00"), version("b", "2.00")
    changes = list(cells_changed(old, new))
    assert len(changes) == CELLS
    assert (changes[7].place, changes[7].before, changes[7].why) == ("表.csv B7", "1.00 万元", "账表改动：表.csv B7")
    assert were.looked_at + are.looked_at <= 10 * CELLS
