"""The charts: what is drawn is what was published, and a picture is the same each time."""

from __future__ import annotations

import json
import struct
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from orchestration.reporting import drawing
from orchestration.reporting.charts import all_charts
from orchestration.reporting.drawing import Chart, MissingFontError, draws, png
from orchestration.reporting.fields import Fields, MissingFigure, ReportFigure
from orchestration.reporting.published import open_version
from tests.conftest import Published
from tests.pipeline.version import copy_of, rewrite

needs_font = pytest.mark.office  # a font with Chinese characters: not skipped in silence, but run where there is one
IDS = ["unit_execution", "project_execution", "budget_flow", "funds", "category_execution", "scores"]


def charts(fields: Fields) -> dict[str, Chart]:
    """All charts that the version has figures for, by id."""
    return {chart.id: chart for chart in all_charts(fields) if chart.rows}


@pytest.fixture(scope="module")
def drawn(published: Published) -> dict[str, Chart]:
    return charts(Fields(open_version(published.settings, 2024)))


def data_of(chart: Chart, having: str) -> list[dict[str, Any]]:
    """Whatever the spec draws that has this field."""
    return [row for rows in chart.spec()["datasets"].values() for row in rows if having in row]


def test_the_year_has_every_chart(drawn: dict[str, Chart]) -> None:
    assert list(drawn) == IDS
    assert all(chart.id == name and chart.title and chart.note for name, chart in drawn.items())


@pytest.mark.parametrize("name", ["unit_execution", "project_execution", "category_execution", "funds"])
def test_each_rate_is_drawn_from_the_figures_beneath(drawn: dict[str, Chart], name: str) -> None:
    rates = [row[-1] for row in drawn[name].rows]
    figures = [rate for rate in rates if isinstance(rate, ReportFigure)]
    assert sorted(datum["rate"] for datum in data_of(drawn[name], "比率")) == sorted(float(f.value) for f in figures)
    assert {datum["比率"] for datum in data_of(drawn[name], "比率")} == {figure.text for figure in figures}
    assert {datum["地址"] for datum in data_of(drawn[name], "比率")} == {"、".join(f.addresses) for f in figures}


def test_the_lowest_project_comes_first(drawn: dict[str, Chart]) -> None:
    rates = [datum["rate"] for datum in data_of(drawn["project_execution"], "比率")]
    assert len(rates) == 37
    assert rates == sorted(rates)


def test_the_flow_steps_from_carryover_to_what_is_left(drawn: dict[str, Chart]) -> None:
    steps = data_of(drawn["budget_flow"], "begin")
    assert [step["step"] for step in steps] == ["上年结转", "年初预算", "本年调整", "全年预算", "决算支出", "结转结余"]
    assert [step["printed"] for step in steps] == [
        "+2,734.71", "+24,939.80", "+3,321.90", "30,996.40", "−26,842.05", "4,154.35"
    ]  # fmt: skip
    assert [step["end"] for step in steps] == [2734.71, 27674.51, 30996.41, 30996.40, 4154.35, 4154.35]


def test_a_fund_without_a_budget_is_listed_and_not_drawn(drawn: dict[str, Chart]) -> None:
    (row,) = [row for row in drawn["funds"].rows if str(row[0]).startswith("城乡居民") and row[1] == "支出"]
    assert isinstance(row[2], MissingFigure)
    assert isinstance(row[4], MissingFigure)
    assert len(data_of(drawn["funds"], "比率")) == 9


def test_a_budget_that_is_exceeded_has_a_shape_of_its_own(drawn: dict[str, Chart]) -> None:
    bands = {datum["名称"].split(" ")[0]: datum["series"] for datum in data_of(drawn["category_execution"], "比率")}
    assert bands == {"省级专项资金": "低", "其他事业发展资金": "低", "业务工作经费": "达到", "运行维护经费": "超"}
    shapes = [layer["encoding"]["shape"]["scale"] for layer in drawn["category_execution"].spec()["layer"]
              if "shape" in layer["encoding"]]  # fmt: skip
    assert len(set(shapes[0]["range"])) == len(shapes[0]["domain"]) == 3


def test_a_year_without_projects_has_no_chart_of_them(published: Published, tmp_path: Path) -> None:
    version = copy_of(published, tmp_path)
    rewrite(version, "cell", where="ledger <> 'project_expenditure'")
    rewrite(version, "project_expenditure", where="false")
    assert list(charts(Fields(version))) == [name for name in IDS if name != "project_execution"]


def test_a_changed_figure_changes_what_is_drawn(published: Published, tmp_path: Path) -> None:
    version = copy_of(published, tmp_path)
    rewrite(version, "project_expenditure",
            replace="case when project_no = 17 then 0.111111 else execution_rate end as execution_rate")  # fmt: skip
    chart = charts(Fields(version))["project_execution"]
    (datum,) = [datum for datum in data_of(chart, "比率") if datum["名称"].startswith("17")]
    assert (datum["rate"], datum["percent"]) == (0.111111, "11.11%")


def test_the_same_version_gives_the_same_specs(published: Published, drawn: dict[str, Chart]) -> None:
    again = charts(Fields(open_version(published.settings, 2024)))
    assert json.dumps({k: c.spec() for k, c in again.items()}) == json.dumps({k: c.spec() for k, c in drawn.items()})


@needs_font
@pytest.mark.parametrize("name", IDS)
def test_a_picture_is_sharp_at_15_cm_fits_a_page_and_is_the_same_twice(drawn: dict[str, Chart], name: str) -> None:
    picture = png(drawn[name])
    width, height = struct.unpack(">II", picture[16:24])
    assert width == 1400  # 237 dots an inch
    assert Decimal(height) / width * 15 < 23  # cm
    assert picture == png(drawn[name])


def test_without_a_chinese_font_the_package_to_install_is_named(
    drawn: dict[str, Chart], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drawing, "draws", lambda _: False)
    with pytest.raises(MissingFontError, match="fonts-noto-cjk"):
        png(drawn["scores"])


def test_characters_that_no_font_has_are_not_drawn() -> None:
    assert not draws("\U0010fffc\U0010fffd")


def test_altair_is_imported_by_who_draws_only() -> None:
    code = "import sys, orchestration.cli.main, orchestration.reporting.page as _; sys.exit('altair' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=60).returncode == 0
