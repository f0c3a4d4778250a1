"""``ledgergate explain``: what a cell is, and the interval in which it would have to lie, on the real 2024 ledgers."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from itertools import product
from pathlib import Path
from typing import Any

import pytest
import typer
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner, Result

from orchestration.base.settings import ROOT, Settings
from orchestration.cli.cells import register
from orchestration.explanation.explain import Explanation, explain
from orchestration.explanation.wording import interval_text
from orchestration.localisation.implied import IMPOSSIBLE, ImpliedInterval, free_interval
from orchestration.localisation.solver.network import Quantity, Relation
from orchestration.reporting import places
from orchestration.reporting.published import open_version
from orchestration.reporting.report import report_places
from orchestration.warehouse import compiled
from orchestration.warehouse.build import land_inputs, open_build, read_inputs
from orchestration.warehouse.suspects import write_suspects
from tests.conftest import Published, edit

SUSPECT = "2024/hunan_hrss/project_expenditure/17/adjustment"
Invoke = Callable[..., Result]


def installation(folder: Path, change: Callable[[Path], None]) -> Settings:
    """The real ledgers, changed, in the build of their year."""
    raw = folder / "raw"
    shutil.copytree(ROOT / "raw", raw)
    change(raw / "2024" / "hunan_hrss")
    made = Settings(department="hunan_hrss", home=folder / "home", raw=raw)
    build = open_build(made, 2024)
    land_inputs(build, read_inputs(made, 2024))
    compiled.build(build.warehouse, ["reconciliation", "cell", "cell_flow", "correction"])
    write_suspects(build)
    return made


@pytest.fixture(scope="module")
def as_published(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """2024 as it was published: no corrections."""
    return installation(tmp_path_factory.mktemp("printed"), lambda year: (year / "corrections.csv").unlink())


@pytest.fixture
def invoke(as_published: Settings, monkeypatch: pytest.MonkeyPatch) -> Invoke:
    app = typer.Typer()
    register(app)
    monkeypatch.setenv("LEDGERGATE_HOME", str(as_published.home))
    return lambda *arguments: CliRunner().invoke(app, ["explain", *arguments])


def broken(found: Explanation) -> list[str]:
    assert found.rules is not None
    return [part.instance.rule_id for part in found.rules if part.instance.status == "inconsistent"]


def test_the_wrong_cell_of_2024_must_lie_where_its_row_requires(as_published: Settings) -> None:
    found = explain(as_published, SUSPECT)
    assert found.implied == ImpliedInterval(True, Fraction(-362_705_000), Fraction(-362_675_000))
    assert broken(found) == ["budget_composition", "project_column_total"]
    assert not found.fits
    assert found.rules is not None
    row, column = found.rules
    assert (row.implied, column.implied) == (
        found.implied,
        ImpliedInterval(True, Fraction(-362_760_000), Fraction(-362_600_000)),
    )
    assert (row.causes, row.others, column.causes, column.others) == ((), 3, (), 37), "nothing else alone could be it"


def test_a_neighbour_in_the_broken_row_points_to_the_cell_that_could_be_wrong(as_published: Settings) -> None:
    found = explain(as_published, "2024/hunan_hrss/project_expenditure/17/total_budget")
    assert found.implied.possible is False, "its row and its column require different values"
    assert found.rules is not None
    (cause,) = found.rules[0].causes
    assert (cause.address, cause.implied.low, cause.implied.high) == (SUSPECT, -362_705_000, -362_675_000)
    assert [part.implied.possible for part in found.rules] == [True, True, True, True]


def test_a_cell_that_no_broken_rule_touches_may_stay(as_published: Settings) -> None:
    found = explain(as_published, "2024/hunan_hrss/project_expenditure/2/total_budget")
    assert found.rules is not None and broken(found) == []
    assert found.implied.possible and found.fits
    assert all(part.causes == () and part.others == 0 for part in found.rules)
    assert found.flows == [
        {
            "published_table": "project_expenditure",
            "measure": "total_budget",
            "published_value": found.cell["value"],
        }
    ]
    assert (found.correction, found.cell["cell"]) == (None, "F5")


def test_cells_of_every_kind_may_stay_in_the_corrected_year(published: Published) -> None:
    """One of each kind: money, rate, count, date, total, a cell in both parts of its rate, a count of rows."""
    addresses = [
        SUSPECT, "2024/hunan_hrss/department_summary/project/execution_rate",
        "2024/hunan_hrss/establishment/total/headcount",
        "2024/hunan_hrss/report_date/report_signed/day", "2024/hunan_hrss/project_expenditure/total/total_budget",
        "2024/hunan_hrss/operating_cost/three_public/change", "2024/hunan_hrss/stated_count/accounting_unit/number",
    ]  # fmt: skip
    for address in addresses:
        found = explain(published.settings, address)
        assert found.implied.possible and found.fits, address


def test_a_corrected_cell_shows_print_value_and_reason(published: Published) -> None:
    found = explain(published.settings, SUSPECT)
    assert (found.cell["text"], found.cell["is_corrected"]) == ("-362.20", True)
    assert found.cell["value"] == Decimal("-3626900") and found.cell["printed_value"] == Decimal("-3622000")
    assert found.correction is not None and found.correction["corrected"] == "-362.69"
    assert found.fits and found.implied.low == -362_705_000
    assert found.rules is not None and {part.instance.status for part in found.rules} == {"corrected"}


def test_a_missing_counterpart_is_mended_by_no_value(tmp_path: Path) -> None:
    """Without the rule's other cell, no figure in this one makes it hold: said, not guessed."""
    changed = installation(tmp_path, lambda year: edit(year / "restatement.csv", '"17,548.21万元",三', ",三"))
    found = explain(changed, "2024/hunan_hrss/department_summary/project/total_budget")
    assert found.rules is not None
    missing = [part for part in found.rules if part.instance.status == "missing" and part.instance.severity == "error"]
    assert missing and all(part.implied == IMPOSSIBLE for part in missing)
    assert found.implied == IMPOSSIBLE


def test_a_cell_that_a_rule_only_counts_may_have_any_value_for_it(as_published: Settings) -> None:
    found = explain(as_published, "2024/hunan_hrss/unit_project_expenditure/湖南省人力资源服务中心/total_budget")
    assert found.rules is not None
    (counted,) = [part for part in found.rules if part.instance.rule_id == "accounting_units_in_tables"]
    assert (counted.implied, counted.others) == (ImpliedInterval(True), 0)


def test_a_text_has_no_interval(as_published: Settings) -> None:
    found = explain(as_published, "2024/hunan_hrss/project_expenditure/17/project_name")
    assert (found.cell["value"], found.flows) == (None, [])
    assert found.implied == ImpliedInterval(True)


def test_the_screen_says_it_all_in_one_screen(invoke: Invoke) -> None:
    result = invoke(SUSPECT)
    assert result.exit_code == 0
    for told in ("列示为  -362.20 万元  raw/2024/hunan_hrss/project_expenditure.csv  E20", "现值  如印（没有更正）",
                 "project_expenditure.adjustment = -3622000.00 元", "budget_composition·必须成立",
                 "若错在此格  应在 -362.705 与 -362.675 万元之间（现值不在其中）", "表2 第5行 本年调整 列示为 -362.69",
                 "同在其中的其他 37 格都不能单独改对", "读自  构建 "):  # fmt: skip
        assert told in result.stdout, result.stdout
    assert len(result.stdout.splitlines()) <= 24


def test_the_json_has_amounts_in_yuan_as_strings(invoke: Invoke) -> None:
    result = invoke(SUSPECT, "--json")
    assert result.exit_code == 0
    found: dict[str, Any] = json.loads(result.stdout)
    assert (found["implied"]["low"], found["implied"]["high"]) == ("-3627050", "-3626750")
    assert found["implied"]["statement"] == "应在 -362.705 与 -362.675 万元之间"
    assert (found["value"], found["half_width"], found["fits"]) == ("-3622000.00", "50.00", False)
    assert found["source"]["kind"] == "build"
    assert found["flows"] == [{"table": "project_expenditure", "column": "adjustment", "value": "-3622000.00"}]
    assert [rule["rule_id"] for rule in found["rules"]] == ["budget_composition", "project_column_total"]


@pytest.mark.parametrize(
    ("wrong", "near"),
    [
        ("2024/hunan_hrss/project_expenditure/17/adjustmnt", SUSPECT),
        ("project_expenditure/17/adjustment", SUSPECT),
        ("2023/hunan_hrss/project_expenditure/17/adjustment", SUSPECT),
        ("2024/hunan_hrss/fund_balance/work_injury/close", "2024/hunan_hrss/fund_balance/work_injury/closing"),
    ],
)
def test_a_wrong_address_is_exit_2_with_the_nearest(invoke: Invoke, wrong: str, near: str) -> None:
    result = invoke(wrong)
    assert result.exit_code == 2
    assert f"没有这个单元格：{wrong}" in result.stderr and near in result.stderr
    assert near in json.loads(invoke(wrong, "--json").stdout)["nearest"]


@pytest.mark.parametrize("wrong", ["", "[red]", "二〇二四/a/b/c"])
def test_an_address_like_no_other_is_exit_2(invoke: Invoke, wrong: str) -> None:
    result = invoke(wrong)
    assert result.exit_code == 2 and "没有相近的" in result.stderr


def test_where_a_year_has_no_such_build_it_says_what_to_do(
    invoke: Invoke, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "先运行 ledgergate run 2031" in invoke(SUSPECT.replace("2024", "2031", 1)).stderr
    assert "认得的写法：地址 年/部门/账/行/栏" in invoke("17/adjustment").stderr
    build = Settings.from_environment().of("hunan_hrss").build(2024)
    monkeypatch.setenv("LEDGERGATE_HOME", str(tmp_path))
    shutil.copytree(build, Settings.from_environment().of("hunan_hrss").build(2024, as_published=True))
    assert "请加 --as-published" in invoke(SUSPECT).stderr


def test_without_a_build_the_published_version_is_read_and_said(
    invoke: Invoke, published: Published, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    shutil.copytree(published.settings.home / "published", home / "published")
    shutil.copy(published.settings.serving, home / "ledgergate.duckdb")
    monkeypatch.setenv("LEDGERGATE_HOME", str(home))
    result = invoke(SUSPECT)
    assert result.exit_code == 0
    assert "现值  -362.69 万元  更正（依勾稽关系推定）" in result.stdout
    assert "所读的表里没有规则明细" in result.stdout and "读自  已发布的版本 " in result.stdout
    found = json.loads(invoke(SUSPECT, "--json").stdout)
    assert (found["source"]["kind"], found["rules"], found["implied"], found["fits"]) == ("published", None, None, None)


def test_places_in_the_report_are_kept_for_as_long_as_version_and_program_stay(
    published: Published, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings(department="hunan_hrss", home=tmp_path / "home", raw=published.settings.raw)
    shutil.copytree(published.settings.home / "published", settings.home / "published")
    shutil.copy(published.settings.current, settings.current)
    found = places.places_of(settings, 2024, SUSPECT)
    assert found and found == [each.place for each in report_places(open_version(settings, 2024))
                               if SUSPECT in each.figure.addresses]  # fmt: skip
    kept = settings.build(2024) / places.KEPT
    told = json.loads(kept.read_text(encoding="utf-8"))
    assert told["places"][SUSPECT] == found
    kept.write_text(json.dumps({**told, "places": {SUSPECT: ["kept"]}}), encoding="utf-8")
    assert places.places_of(settings, 2024, SUSPECT) == ["kept"]
    assert places.places_of(settings, 2024, "2024/nowhere") == []
    monkeypatch.setattr(places, "_program", lambda: "another")
    assert places.places_of(settings, 2024, SUSPECT) == found
    assert places.places_of(settings, 2023, SUSPECT) is None


# --- the interval, by brute force ---------------------------------------------------------------------------------


def fen(address: str, value: int, half: int, unit: str = "yuan") -> Quantity:
    return Quantity(address, Decimal(value), Decimal(half), "t", address, "detail", "m", unit, "元", str(value))


SMALL = st.integers(-4, 4)
WEIGHT = st.sampled_from((-1, 0, 1)).map(Decimal)  # as rules have them


@st.composite
def networks(draw: st.DrawFn) -> tuple[dict[str, Quantity], list[Relation]]:
    cells = {name: fen(name, draw(SMALL), draw(st.integers(0, 2))) for name in "xabc"}
    relations = [
        Relation("r", str(n), (("x", draw(st.sampled_from((Decimal(1), Decimal(-1))))),
                               *((name, draw(WEIGHT)) for name in "abc")),
                 draw(st.sampled_from(("=", "=", "<=", ">="))), Decimal(draw(SMALL)))
        for n in range(draw(st.integers(1, 3)))
    ]  # fmt: skip
    return cells, relations


def holds(relation: Relation, point: dict[str, int]) -> bool:
    total = relation.constant + sum(weight * point[name] for name, weight in relation.terms)
    return {"=": total == 0, "<=": total <= 0, ">=": total >= 0}[relation.operator]


@settings(max_examples=150, deadline=None)
@given(networks())
def test_the_interval_is_that_of_brute_force(made: tuple[dict[str, Quantity], list[Relation]]) -> None:
    cells, relations = made
    boxes = [range(int(cells[name].low), int(cells[name].high) + 1) for name in "abc"]
    reach = 60
    good = [
        x
        for x in range(-reach, reach + 1)
        if any(
            all(holds(r, dict(zip("xabc", (x, *others), strict=True))) for r in relations) for others in product(*boxes)
        )
    ]
    found = free_interval(cells, relations, "x", time_limit=0.2)
    if found.possible is None:  # whole numbers that only parity forbids may stay undecided; the bounds hold even so
        assert all(found.meets(Fraction(x), Fraction(x)) for x in good if abs(x) < reach)
    elif not good:
        assert found.possible is False
    else:
        assert found.possible
        assert found.low == (None if good[0] == -reach else good[0])
        assert found.high == (None if good[-1] == reach else good[-1])


def test_two_rules_that_share_a_cell_are_taken_together() -> None:
    """x = a and x + a = 4 ± 0: each alone allows a range, together only x = 2."""
    cells = {"x": fen("x", 9, 0), "a": fen("a", 3, 2)}
    relations = [
        Relation("equal", "1", (("x", Decimal(1)), ("a", Decimal(-1)))),
        Relation("sum", "1", (("x", Decimal(1)), ("a", Decimal(1))), constant=Decimal(-4)),
    ]
    assert free_interval(cells, relations, "x") == ImpliedInterval(True, Fraction(2), Fraction(2))


def test_a_strict_bound_is_left_out() -> None:
    cells = {"x": fen("x", 0, 0)}
    relation = Relation("positive", "1", (("x", Decimal(1)),), ">=")
    found = free_interval(cells, [relation], "x", {relation.name})
    assert found == ImpliedInterval(True, Fraction(0), None, open_low=True)
    assert not found.meets(Fraction(0), Fraction(0)) and found.meets(Fraction(0), Fraction(1))
    assert interval_text(found, cells["x"]) == "应大于 0.00 元"


def test_a_rate_may_be_the_quotients_of_its_print() -> None:
    cells = {
        "r": Quantity("r", Decimal("0.5"), Decimal("0.005"), "t", "r", "detail", "m", "ratio", "%", "50%"),
        "a": fen("a", 10, 1),
        "b": fen("b", 30, 0),
    }
    relation = Relation("rate", "1", (("a", Decimal(1)),), rate="r", denominator=(("b", Decimal(1)),))
    found = free_interval(cells, [relation], "r")
    assert found == ImpliedInterval(True, Fraction(9, 30), Fraction(11, 30))
    assert interval_text(found, cells["r"]) == "应在 30.00% 与 约 36.6667%之间"
    assert free_interval(cells, [relation], "a") == ImpliedInterval(True, Fraction(15), Fraction(15))


def test_figures_of_a_quadrillion_fen_are_exact() -> None:
    big = 10**17 + 1
    cells = {"x": fen("x", 0, 0), "a": fen("a", big, 1), "b": fen("b", -3, 0)}
    relation = Relation("sum", "1", (("x", Decimal(1)), ("a", Decimal(-1)), ("b", Decimal(-1))))
    assert free_interval(cells, [relation], "x") == ImpliedInterval(True, Fraction(big - 4), Fraction(big - 2))
