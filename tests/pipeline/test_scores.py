"""Indicators of a year that disagree with their points, or cannot be judged: all are told, none in silence."""

from __future__ import annotations

import shutil

import pytest

from orchestration.base.settings import Settings
from orchestration.warehouse.build import Build
from orchestration.warehouse.check import check_paths
from tests.conftest import ROOT

INDICATORS = """指标组,二级指标,三级指标,指标值,实际完成值,完成率,分值,分值依据,得分,扣分,披露情况,偏差原因
产出指标,数量指标,满意率,≥95%,96%,,10,印出,12,,披露,
产出指标,数量指标,投诉率,≤5%,6%,,10,印出,8.33,,披露,
产出指标,数量指标,机制建设,逐步提升,基本达成,,5,印出,4.5,,披露,
产出指标,数量指标,合格率,≥100百分比,100,,10,印出,3,,披露,
产出指标,数量指标,及时率,≥90%,达标,,5,印出,2,,披露,
产出指标,数量指标,足额率,100%,98%,,5,印出,4.90,,披露,
产出指标,时效指标,按期率,2024年12月底前,2025年1月5日,,2,印出,1,,披露,
产出指标,数量指标,活动,5次,3场,,2,印出,2,,披露,
产出指标,数量指标,调研,完成3个项目的调研,已调研,,1,印出,1,,披露,
效益指标,,其余指标,,,,,,,,正文未披露,
社会公众或服务对象满意度指标,,其余指标,,,,,,,,正文未披露,
"""
SECTIONS = """指标组,分值,得分,扣分,等级
预算执行率,10,8.66,1.34,
产出指标,50,38.73,11.27,
效益指标,30,30,,
社会公众或服务对象满意度指标,10,8.00,2.00,
合计,,85.39,,优
"""


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory) -> Build:
    folder = tmp_path_factory.mktemp("scores")
    shutil.copytree(ROOT / "raw" / "2024" / "hunan_hrss", folder / "2024")
    (folder / "2024" / "indicator.csv").write_text(INDICATORS, encoding="utf-8")
    (folder / "2024" / "score_section.csv").write_text(SECTIONS, encoding="utf-8")
    (folder / "build").mkdir()
    return check_paths(
        Settings(department="hunan_hrss", home=folder / "home", raw=ROOT / "raw"), [folder / "2024"], folder / "build"
    ).build


def test_points_that_their_formula_does_not_give_are_told(build: Build) -> None:
    broken = build.rows(
        "select rule_id, instance from reconciliation where status = 'inconsistent' and severity = 'error'"
    )
    told = {(row["rule_id"], row["instance"].rsplit(":", 1)[-1].rsplit("/", 1)[-1]) for row in broken}
    assert told >= {
        ("indicator_score_as_computed", "满意率"),
        ("indicator_score_as_computed", "投诉率"),
        ("indicator_score_as_computed", "合格率"),
        ("qualitative_score_not_below_band", "及时率"),
    }
    assert not {name for _, name in told} & {"机制建设", "足额率", "按期率", "活动", "调研"}


def test_what_is_not_judged_is_listed_with_the_reason(build: Build) -> None:
    rows = build.rows("select level3, not_judged from indicator_score where not_judged is not null order by level3")
    assert {row["level3"]: row["not_judged"] for row in rows} == {
        "机制建设": "实际完成情况“基本达成”介于两个档次之间，只核对得分的下限",
        "按期率": "没有达到指标值，评分办法没有定如何扣分",
        "活动": "指标值与实际完成值的单位不同（次、场）",
        "调研": "指标值“完成3个项目的调研”读不成一个数",
    }


def test_a_score_says_the_formula_that_gave_it(build: Build) -> None:
    rows = build.rows("select level3, formula, formula_parameter from indicator_score where formula is not null")
    found = {row["level3"]: (row["formula"], row["formula_parameter"]) for row in rows}
    assert found["投诉率"] == ("reverse_linear", 2) and found["足额率"] == ("proportional", None)
    assert found["预算执行率"] == ("proportional", 1) and "及时率" not in found
