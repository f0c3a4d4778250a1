"""Departments of one year: each published or held back by itself, by one command."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
import pytest
from typer.testing import CliRunner

from orchestration.base.problems import InputError
from orchestration.base.settings import ROOT, Settings
from orchestration.cli.main import app
from orchestration.localisation.findings import Findings
from orchestration.localisation.solver.network import Quantity
from orchestration.pipeline.assets.gates import GATES
from orchestration.pipeline.resources import dagster_instance
from orchestration.publication.versions import current_versions, versions
from orchestration.warehouse import suspects
from orchestration.warehouse.current import read_current
from tests.conftest import edit


def set_home(patch: pytest.MonkeyPatch, settings: Settings) -> None:
    """Dagster's too, which a run in this process would leave behind for the next test."""
    places = {
        "LEDGERGATE_HOME": settings.home,
        "LEDGERGATE_RAW": settings.raw,
        "DAGSTER_HOME": settings.home / "dagster",
    }
    for name, path in places.items():
        patch.setenv(name, str(path))


@pytest.fixture(scope="module")
def province(tmp_path_factory: pytest.TempPathFactory) -> tuple[Settings, dict[str, object]]:
    """Three departments, made of the real ledgers: one as it is, one with the slip that its report printed, one with a
    figure that cannot be read; and what one run of all said. Labelled copies: there are no such departments.
    """
    folder = tmp_path_factory.mktemp("province")
    raw = Path(shutil.copytree(ROOT / "raw", folder / "raw"))
    for copy in ("示例甲", "示例乙"):
        shutil.copytree(raw / "2024" / "hunan_hrss", raw / "2024" / copy)
    (raw / "2024" / "示例甲" / "corrections.csv").unlink()
    edit(raw / "2024" / "示例乙" / "insured.csv", "5458.08万人", "许多")
    settings = Settings(home=folder / "home", raw=raw)
    with pytest.MonkeyPatch.context() as patch:
        set_home(patch, settings)
        office = f"file://{folder}/office"
        patch.setenv("LEDGERGATE_ALERT_URLS", f"{office} file://{folder}/own#department=示例甲,hunan_hrss")
        done = CliRunner().invoke(app, ["run", "2024", "--json"])
        assert done.exit_code == 2, done.output
        with dagster_instance(settings) as instance:
            found = instance.event_log_storage.get_asset_check_partition_info([dg.AssetCheckKey(GATES, "rules_hold")])
    seen = {each.partition_key: (each.latest_execution_status.value, each.is_current) for each in found}
    return settings, {**json.loads(done.stdout), "gates": seen}


def test_what_the_gates_saw_of_each_counts_for_what_was_built(province: tuple[Settings, dict[str, object]]) -> None:
    assert province[1]["gates"] == {"hunan_hrss|2024": ("SUCCEEDED", True), "示例甲|2024": ("FAILED", True)}


@pytest.fixture
def invoke(province: tuple[Settings, dict[str, object]], monkeypatch: pytest.MonkeyPatch):
    settings = province[0]
    set_home(monkeypatch, settings)
    return lambda *call: CliRunner().invoke(app, [*call])


def test_each_is_published_or_held_back_by_itself(province: tuple[Settings, dict[str, object]]) -> None:
    settings, said = province
    found = {each["department"]: each for each in said["departments"]}  # type: ignore[index,attr-defined]
    assert list(found) == ["hunan_hrss", "示例乙", "示例甲"]
    assert found["hunan_hrss"]["published"] and not found["示例甲"]["published"] and not found["示例乙"]["published"]
    (problem,) = found["示例乙"]["errors"]
    assert (problem["file"], problem["cell"], problem["found"]) == ("raw/2024/示例乙/insured.csv", "B2", "许多")
    (suspect,) = found["示例甲"]["suspects"]
    assert suspect["address"] == "2024/示例甲/project_expenditure/17/adjustment"
    assert (suspect["file"], suspect["cell"]) == ("raw/2024/示例甲/project_expenditure.csv", "E20")
    assert current_versions(settings.of("hunan_hrss")).keys() == {2024}
    assert [versions(settings.of(code), 2024) for code in ("示例甲", "示例乙")] == [[], []]


def test_each_is_alerted_of_its_own_and_the_province_once_of_all(
    province: tuple[Settings, dict[str, object]],
) -> None:
    folder = province[0].home.parent
    (own,) = (path.read_text(encoding="utf-8") for path in (folder / "own").glob("*.txt"))
    (office,) = (path.read_text(encoding="utf-8") for path in (folder / "office").glob("*.txt"))
    assert own.startswith("【未发布】示例甲 2024 年度：2 条规则不成立") and "疑点：表3 第17行" in own
    lines = office.splitlines()
    assert lines[0] == "【汇总】2024 年度 3 个部门：已发布 1，未发布 1，读不了 1"
    assert lines[1] == "读不了　示例乙：输入有 1 处不对" and lines[2].startswith(
        "raw/2024/示例乙/insured.csv B2　读到 许多"
    )
    assert lines[3] == "未发布　示例甲：2 条规则不成立" and lines[4].startswith(
        "疑点：表3 第17行 本年调整 列示为 -362.20"
    )


def test_readers_find_only_what_is_published_and_whose_it_is(province: tuple[Settings, dict[str, object]]) -> None:
    settings, _ = province
    with duckdb.connect(str(settings.serving), read_only=True) as reader:
        tables = [name for (name,) in reader.execute("select table_name from duckdb_tables()").fetchall()]
        for table in set(tables):
            of = reader.execute(f"select distinct fiscal_year, department from {table}").fetchall()
            assert of in ([(2024, "hunan_hrss")], []), table


def test_the_province_shows_all_of_them(province: tuple[Settings, dict[str, object]], invoke) -> None:
    settings, _ = province
    done = invoke("province", "2024", "--pages", "--json")
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    assert found["states"] == {"blocked": 1, "refused": 1, "not_run": 0, "published": 1}
    of = {each["department"]: each for each in found["departments"]}
    assert of["示例甲"]["address"] == "2024/示例甲/project_expenditure/17/adjustment" and of["示例甲"]["broken"] == 2
    assert of["示例乙"]["place"] == "raw/2024/示例乙/insured.csv B2"
    (total,) = [row for row in found["totals"] if row["expenditure_kind"] == "total"]
    assert (total["departments"], total["total_budget"]) == (1, "309964000.00"), "of what is published alone"
    page = Path(found["files"][0])
    assert page == settings.of("").reports(2024) / "province.html"
    (own,) = (page.parent / "hunan_hrss").glob("*/report.html")
    assert f'href="hunan_hrss/{own.parent.name}/report.html#rule=' in page.read_text(encoding="utf-8")
    assert invoke("province", "2023").exit_code == 2


def test_mended_it_is_published_beside_the_others(
    province: tuple[Settings, dict[str, object]],
    invoke,
) -> None:
    settings, _ = province
    before = read_current(settings).versions
    mended = settings.raw / "2024" / "示例甲" / "corrections.csv"
    shutil.copy(settings.raw / "2024" / "hunan_hrss" / "corrections.csv", mended)
    done = invoke("run", "2024", "--department", "示例甲")
    assert done.exit_code == 0 and "2024 年度  示例甲" in done.stdout, done.output
    after = read_current(settings).versions
    assert before.items() < after.items() and after.keys() - before.keys() == {(2024, "示例甲")}
    assert "更正  2024/示例甲/project_expenditure/17/adjustment" in done.stdout, "said without its department"
    listed = invoke("versions", "2024", "--department", "示例甲", "--json")
    assert json.loads(listed.stdout)["department"] == "示例甲"


def test_where_there_are_several_they_are_to_be_told_apart(invoke) -> None:
    short = invoke("explain", "2024/project_expenditure/17/adjustment")
    assert short.exit_code == 2 and "hunan_hrss、示例乙、示例甲" in short.stderr
    whole = invoke("explain", "2024/示例甲/project_expenditure/17/adjustment", "--json")
    assert json.loads(whole.stdout)["file"] == "raw/2024/示例甲/project_expenditure.csv"
    named = invoke("explain", "表3 第17行 本年调整", "--department", "示例甲", "--json")
    assert json.loads(named.stdout)["address"] == "2024/示例甲/project_expenditure/17/adjustment"
    several = invoke("explain", "表3 第17行 本年调整")
    assert several.exit_code == 2 and "2024/hunan_hrss/project_expenditure/17/adjustment" in several.stderr
    assert isinstance(invoke("versions", "2024").exception, InputError), "the entry point says it, with exit code 2"
    unknown = invoke("run", "2024", "--department", "无")
    assert unknown.exit_code == 2 and "hunan_hrss、示例乙、示例甲" in unknown.stderr
    stranger = invoke("explain", "2024 表3 第17行 本年调整", "--department", "示例丙").exception
    assert isinstance(stranger, InputError) and "hunan_hrss、示例乙、示例甲" in stranger.problems[0].expected


def test_what_fails_inside_for_one_holds_back_no_other(
    province: tuple[Settings, dict[str, object]],
    invoke,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings, _ = province
    corrections = settings.raw / "2024" / "hunan_hrss" / "corrections.csv"
    shutil.copy(corrections, settings.raw / "2024" / "示例甲")  # mended, whichever tests ran before
    whole = suspects.find

    def breaks(year: int, quantities: Sequence[Quantity], *rest: Any) -> Findings:
        if any("/hunan_hrss/" in quantity.address for quantity in quantities):
            raise RuntimeError("no such luck")
        return whole(year, quantities, *rest)

    monkeypatch.setattr(suspects, "find", breaks)
    (settings.raw / "2024" / "旧 底稿").mkdir()
    done = invoke("run", "2024")
    assert done.exit_code == 3 and "内部错误  hunan_hrss  RuntimeError: no such luck" in done.stdout
    assert "读不了  示例乙" in done.stdout and "通过  示例甲" in done.stdout
    assert "3 个部门：通过 1，未发布 0，读不了 1，内部错误 1" in done.stdout
    assert "旧 底稿" in done.stderr, "a folder that is nobody's is named"
