"""A synthetic province of many folders. That whole runs of it are published belongs in ``tests/pipeline``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from orchestration.base.problems import InputError
from orchestration.base.settings import Settings
from orchestration.synthetic.departments import Province, write_departments
from orchestration.warehouse.check import CheckResult, check_paths

YEAR = 2024


@dataclass(frozen=True)
class Written:
    raw: Path
    province: Province


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Written:
    raw = tmp_path_factory.mktemp("province") / "raw"
    return Written(raw, write_departments(raw, YEAR, 3, faults=[2], unreadable=[3]))


def check(written: Written, code: str, folder: Path) -> CheckResult:
    settings = Settings(home=folder / "home", raw=written.raw)
    return check_paths(settings, [written.raw / str(YEAR) / code], folder / "build", year=YEAR)


def test_a_department_holds_by_itself_though_each_figure_is_rounded(written: Written, tmp_path: Path) -> None:
    found = check(written, "synthetic_001", tmp_path)
    assert found.broken == 0
    rounded = found.build.rows("select count(*) as n from reconciliation where status = 'rounding'")
    assert rounded[0]["n"] > 10, "printed as offices print: not every sum is exact"
    cells = found.build.rows("select count(*) as n from cell where value is not null")
    assert cells[0]["n"] > 500


def test_a_planted_cell_is_the_one_suspect(written: Written, tmp_path: Path) -> None:
    (planted,) = written.province.faults
    found = check(written, planted.department, tmp_path)
    assert found.broken
    suspects = found.build.rows("select address from suspect_cell where answer = 1")
    assert [row["address"] for row in suspects] == [planted.address]


def test_a_cell_that_is_no_figure_is_told_with_its_place(written: Written, tmp_path: Path) -> None:
    (planted,) = written.province.unreadable
    with pytest.raises(InputError, match=re.escape(planted.printed)) as refused:
        check(written, planted.department, tmp_path)
    (problem,) = refused.value.problems
    assert (problem.file.rpartition("/")[2], problem.cell) == (planted.file, planted.cell)


def test_the_same_seed_writes_the_same_and_departments_differ(written: Written, tmp_path: Path) -> None:
    again = write_departments(tmp_path / "raw", YEAR, 3, faults=[2], unreadable=[3])
    assert again == written.province
    for path in sorted((tmp_path / "raw" / str(YEAR)).rglob("*.*")):
        assert path.read_bytes() == (written.raw / path.relative_to(tmp_path / "raw")).read_bytes(), path
    totals = {
        (written.raw / str(YEAR) / code / "department_summary.csv").read_text(encoding="utf-8")
        for code in written.province.departments
    }
    assert len(totals) == 3


def test_everything_says_that_it_is_synthetic(written: Written) -> None:
    for code in written.province.departments:
        text = (written.raw / str(YEAR) / code / "sources.yml").read_text(encoding="utf-8")
        assert text.count("SYNTHETIC") == 2  # the comment and the department's name
        assert "湖南省" not in "".join(
            path.read_text(encoding="utf-8") for path in (written.raw / str(YEAR) / code).iterdir()
        )
