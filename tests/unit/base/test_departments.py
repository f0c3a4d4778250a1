"""Which departments a year has, and which one is meant."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestration.base.departments import (
    all_department_years,
    beside,
    department_of,
    departments,
    expected_departments,
    known_departments,
    newest_year,
    not_departments,
    the_department,
)
from orchestration.base.problems import InputError
from orchestration.base.settings import Settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """2023 of one department, 2024 of two; what lies beside them is no department's."""
    for place in ("2023/rst", "2024/rst", "2024/民政厅"):
        (tmp_path / "raw" / place).mkdir(parents=True)
        (tmp_path / "raw" / place / "sources.yml").write_text("year: 0", encoding="utf-8")
    for place in ("contracts", "2024/contracts", "2024/rules", "2024/.rst-draft", "notes/rst"):
        (tmp_path / "raw" / place).mkdir(parents=True)
    return Settings(home=tmp_path / "home", raw=tmp_path / "raw")


def test_a_year_has_the_departments_that_have_a_folder(settings: Settings) -> None:
    assert departments(settings.raw, 2024) == ["rst", "民政厅"]
    assert departments(settings.raw, 2025) == []
    assert all_department_years(settings.raw) == [(2023, "rst"), (2024, "rst"), (2024, "民政厅")]
    assert expected_departments(settings.raw, 2025) == {"rst", "民政厅"}
    assert (newest_year(settings.raw), newest_year(settings.raw, 2024), newest_year(settings.raw, 2024, "民政厅")) == (
        2024, 2023, None,
    )  # fmt: skip


def test_ledgers_in_the_years_own_folder_are_refused_with_the_way_out(settings: Settings) -> None:
    (settings.raw / "2024" / "sources.yml").write_text("year: 2024", encoding="utf-8")
    with pytest.raises(InputError, match="账表直接放在年度文件夹里；应为 每个部门一个文件夹：移到"):
        departments(settings.raw, 2024)
    assert all_department_years(settings.raw) == [(2023, "rst")], "no other year waits for it"


@pytest.mark.parametrize("name", ["民 政", "a|b", "-a", "#recycle", "2023", "rst-as-published"])
def test_a_folder_that_can_be_no_code_holds_nobody_back_and_is_named(settings: Settings, name: str) -> None:
    (settings.raw / "2024" / name).mkdir()
    assert departments(settings.raw, 2024) == ["rst", "民政厅"]
    assert [(problem.found, problem.file) for problem in not_departments(settings.raw, 2024)] == [
        (name, str(settings.raw / "2024" / name))
    ]
    assert (2024, "rst") in all_department_years(settings.raw) and the_department(settings, 2024, "rst")


def test_the_only_department_need_not_be_named(settings: Settings) -> None:
    assert the_department(settings, 2023).department == "rst"
    assert the_department(settings, 2024, "民政厅").ledgers(2024) == settings.raw / "2024" / "民政厅"
    for year, code in ((2024, ""), (2024, "jyt"), (2025, ""), (2023, "民政厅")):
        with pytest.raises(InputError, match=f"{year} 年度的部门之一"):
            the_department(settings, year, code)


def test_a_department_whose_ledgers_have_gone_is_known_by_its_versions_and_builds(settings: Settings) -> None:
    for path in (
        settings.of("jyt").versions(2024) / "v" / "manifest.json",
        settings.of("gat").build(2024, as_published=True) / "warehouse.duckdb",
        settings.home / "build" / "2024" / ".gat.lock",
        settings.home / "build" / "2024" / "inputs",  # of before there were departments, as is the next
        settings.published / "2024" / "20250418T093000Z-1a2b3c4d" / "manifest.json",
    ):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("")
    assert known_departments(settings, 2024) == ["gat", "jyt", "rst", "民政厅"]
    (settings.of("old").versions(2023) / "v").mkdir(parents=True)
    (settings.of("old").versions(2023) / "v" / "manifest.json").write_text("")
    assert the_department(settings, 2023).department == "rst", "the one that has ledgers, not one that had"


def test_contracts_stand_beside_the_year_and_beside_the_department(settings: Settings, tmp_path: Path) -> None:
    year, own = settings.raw / "2024", settings.raw / "2024" / "rst"
    assert department_of(own, 2024) == "rst" and department_of(own, 2023) == ""
    assert beside(own, 2024, "contracts") == (year / "contracts", own / "contracts")
    assert beside(tmp_path / "表", 2024, "rules") == (tmp_path / "表" / "rules",)
