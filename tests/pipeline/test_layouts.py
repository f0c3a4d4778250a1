"""A year of ledgers that no shared contract knows is published by what stands beside them."""

from __future__ import annotations

import shutil
from decimal import Decimal

import duckdb

from orchestration.base.settings import Settings
from tests.layouts import FILES, YEAR, write_year
from tests.steps import take_year


def test_six_layouts_are_published_by_contracts_and_rules_beside_them(settings: Settings) -> None:
    shutil.rmtree(settings.ledgers(YEAR))
    write_year(settings.ledgers(YEAR), groups=60)
    outcome = take_year(settings, YEAR)
    assert outcome.version is not None, (outcome.problems, outcome.failed)
    with duckdb.connect(str(settings.serving), read_only=True) as connection:
        ledgers = connection.execute("select distinct ledger from cell").fetchall()
        programmes = connection.execute("select count(*), sum(paid) from ledger_programme_budget").fetchall()
        quarter = connection.execute("select quarter from ledger_fund_execution where item like '2.利息%'").fetchall()
        judged = connection.execute("select status, count(*) from reconciliation group by 1").fetchall()
    assert {name for (name,) in ledgers} == set(FILES)
    assert (programmes[0][0], quarter) == (600, [(Decimal("3141357.66"),)])
    assert {status for status, _ in judged} <= {"consistent", "rounding", "undefined", "missing"}
