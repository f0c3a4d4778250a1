"""Where printed figures go: each is found in the table that its contract names, whichever of its columns it is."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

from orchestration.ledgers.contract import Measure
from orchestration.warehouse import compiled
from orchestration.warehouse.build import Build
from orchestration.warehouse.landing import land, raw_tables
from tests.variants import published


def test_a_column_that_only_other_departments_print_is_found_in_its_table(tmp_path: Path) -> None:
    """The table of projects has a balance, which our own ledger does not print."""
    year, rulebook, _ = published()
    projects = year.ledgers["project_expenditure"]
    like = next(cell for cell in projects.cells if (cell.row_key, cell.measure) == ("17", "total_budget"))
    printed = replace(like, measure="balance", text="197.32", value=Decimal(197_320_000), cell="H20")
    measures = (*projects.contract.measures, Measure(name="balance", header="结余"))
    contract = projects.contract.model_copy(update={"measures": measures})
    more = replace(projects, contract=contract, cells=(*projects.cells, printed))
    build = Build(2024, tmp_path)
    land(
        build.warehouse,
        raw_tables(replace(year, ledgers={**year.ledgers, projects.contract.ledger: more}), rulebook, []),
    )
    compiled.build(build.warehouse, ["cell_flow"], tests=False)
    (flow,) = build.rows(f"from cell_flow where address = '{printed.address}'")
    assert flow["published_table"] == "project_expenditure"
    assert flow["published_value"] == flow["value"] == Decimal("1973200.00")
