"""What a published year hands on to the next is of its own precision, whatever contracts say since."""

from __future__ import annotations

import json
import shutil
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from orchestration.base.problems import InputError
from orchestration.base.settings import Settings
from orchestration.warehouse.current import MANIFEST, ROUNDING, Current, write_current
from orchestration.warehouse.prior import read_prior
from tests.unit.ledgers.conftest import contract

#: 8,055 万元: rounded half up it lies within 5,000 yuan; cut, less than 10,000 above, by a fen.
HALF, CUT = Decimal("5000.00"), Decimal("9999.99")


def published(folder: Path, half_width: Decimal, stated: dict[str, str] | None) -> Settings:
    settings = Settings(department="hunan_hrss", home=folder / "home", raw=folder / "raw")
    version = settings.versions(2023) / "v"
    version.mkdir(parents=True)
    (version / MANIFEST).write_text(json.dumps({} if stated is None else {ROUNDING: stated}), encoding="utf-8")
    with duckdb.connect() as connection:
        connection.execute(
            f"""copy (select 2023 as fiscal_year, '' as department, 'spending' as ledger, '本级' as row_key,
                'detail' as row_kind,
                '本级' as row_label, 'budget' as measure, '8,055' as text, 'yuan' as unit, '万元' as printed_unit,
                '账.csv' as file, '' as sheet, 'B2' as cell, '2023/spending/本级/budget' as address,
                80550000.00::decimal(28, 9) as value, {half_width}::decimal(28, 9) as half_width)
                to '{version / "cell.parquet"}'"""
        )
    write_current(settings, Current({(2023, "hunan_hrss"): "v"}))
    return settings


@pytest.mark.parametrize(
    ("now", "stated", "reach", "half_width", "skew"),
    [
        ("cut", {}, HALF, "500000", "0"),  # published half up, and its contract has been changed since
        ("half_up", {"spending/budget": "cut"}, CUT, "499999.5", "499999.5"),  # and the other way round
        ("cut", {"spending/budget": "cut"}, CUT, "499999.5", "499999.5"),
        ("cut", None, CUT, "499999.5", "499999.5"),  # a version that does not say it yet
        ("half_up", None, HALF, "500000", "0"),
    ],
)
def test_a_prior_figure_is_as_precise_as_its_own_version_says(
    tmp_path: Path, now: str, stated: dict[str, str] | None, reach: Decimal, half_width: str, skew: str
) -> None:
    settings = published(tmp_path, reach, stated)
    (cell,) = read_prior(settings, 2023, {"spending": contract(rounding=now)}).cells
    assert (cell["half_width"], cell["skew"]) == (Decimal(half_width), Decimal(skew))
    assert cell["value"] == Decimal(8_055_000_000)


@pytest.mark.parametrize("gone", ["", MANIFEST])
def test_a_version_that_has_gone_is_said_with_its_folder_and_the_way_out(tmp_path: Path, gone: str) -> None:
    settings = published(tmp_path, HALF, {})
    folder = settings.versions(2023) / "v"
    (folder / gone).unlink() if gone else shutil.rmtree(folder)
    with pytest.raises(InputError) as caught:
        read_prior(settings, 2023, {})
    (problem,) = caught.value.problems
    assert problem.file == str(folder) and MANIFEST in problem.found
    assert "ledgergate run 2023" in problem.expected and "rollback" in problem.expected
