"""The typed table of each ledger."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

from orchestration.warehouse import compiled
from orchestration.warehouse.build import Build
from orchestration.warehouse.landing import land, raw_tables
from orchestration.warehouse.ledger_tables import published_tables, write_ledger_tables
from tests.variants import published


def test_every_ledger_is_a_table_of_its_detail_rows_typed_and_described(tmp_path: Path) -> None:
    year, rulebook, corrections = published()
    build = Build(2024, tmp_path)
    land(build.warehouse, raw_tables(year, rulebook, corrections))
    compiled.build(build.warehouse, ["cell"], tests=False)
    counts = write_ledger_tables(build)
    assert counts.keys() == {f"ledger_{name}" for name in year.ledgers} <= set(published_tables(build))
    for name, ledger in year.ledgers.items():
        assert counts[f"ledger_{name}"] == len({c.row_key for c in ledger.cells if c.row_kind == "detail"}), name
    columns = {
        row["column_name"]: (row["data_type"], row["comment"])
        for row in build.rows("from duckdb_columns() where table_name = 'ledger_project_expenditure'")
    }
    assert columns["adjustment"] == ("DECIMAL(20,2)", "本年调整")
    (row,) = build.rows("from ledger_project_expenditure where project_no = '17'")
    assert (row["row_key"], row["adjustment"]) == ("17", Decimal("-3626900.00"))  # as corrected
    (fund,) = build.rows("from ledger_fund_statement where fund = 'work_injury' and side = 'income' and item <> 'total'"
                         " order by all limit 1")  # fmt: skip
    assert fund["fiscal_year"] == 2024 and fund["item"]
