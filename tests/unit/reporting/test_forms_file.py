"""``forms.yml`` as people edit it: a key that no form has, and a filter that finds nothing, are told."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestration.reporting.figures import FieldError, ReportLedger, ReportRow
from orchestration.reporting.forms import read_forms

FORM = "- {id: 表9, title: 表, unit: 万元, widths: [9], body: [{row: [甲]}]}\n"


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (FORM.replace("unit:", "units:"), "0.units"),
        (FORM.replace("{row:", "{rows:"), "0.body.0.rows"),
        (FORM.replace("{row:", "{each: =表1.明细(), head:"), "带 row 的 each"),
        (FORM.replace("id: 表9, ", ""), "都有 id 和 title"),
    ],
)
def test_a_key_that_no_form_has_is_told_with_its_place(tmp_path: Path, wrong: str, said: str) -> None:
    path = tmp_path / "forms.yml"
    path.write_text(FORM, "utf-8")
    assert len(read_forms(path)) == 1
    path.write_text(wrong, "utf-8")
    with pytest.raises(FieldError, match=r"forms\.yml") as error:
        read_forms(path)
    assert said in str(error.value)


@pytest.mark.parametrize("call", ["明细", "行"])
def test_a_filter_on_a_column_that_the_table_has_not_is_told(call: str) -> None:
    row = ReportRow("账.甲", "甲", "甲", "detail", {}, frozenset(), None, (), {"fund": "work_injury"})  # type: ignore[arg-type]
    ledger = ReportLedger("账", (row,), {}, frozenset(), None, frozenset({"fund", "item"}))  # type: ignore[arg-type]
    assert getattr(ledger, call)(fund="work_injury") in (row, [row])
    with pytest.raises(FieldError, match=r"不能按“fnud”筛选.*fund"):
        getattr(ledger, call)(fnud="work_injury")
