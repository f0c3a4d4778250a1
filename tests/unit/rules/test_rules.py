"""The rule language: what a finance person writes, and what the message says where it can't be read."""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from orchestration.base.problems import InputError
from orchestration.base.settings import ROOT
from orchestration.base.wording import BROKEN_IN_SQL
from orchestration.base.yaml_files import read_yaml
from orchestration.ledgers.cell import Cell
from orchestration.ledgers.contract import Contract, read_contracts
from orchestration.rules.compiler import compile_rules
from orchestration.rules.model import Rule, Rulebook, read_rules

RULES = ROOT / "expectations" / "rules"


@pytest.fixture(scope="module")
def contracts() -> dict[str, Contract]:
    return read_contracts(ROOT / "raw" / "contracts")


def compiled(contracts: dict[str, Contract], check: str, **options: object) -> Rulebook:
    rule = Rule.model_validate({"id": "r", "title": "规则", "check": check, **options})
    return compile_rules([rule], contracts, 2024)


def refused(contracts: dict[str, Contract], check: str, **options: object) -> tuple[str, str]:
    with pytest.raises(InputError) as error:
        compiled(contracts, check, **options)
    (problem,) = error.value.problems
    assert problem.cell == "r"
    return problem.found, problem.expected


def test_a_variable_in_the_row_key_makes_an_instance_of_every_row(contracts: dict[str, Contract]) -> None:
    book = compiled(contracts, "fund_statement/{fund}:{side}:total/budget = sum(fund_statement/{fund}:{side}:*/budget)")
    total, items = book.selectors
    assert (total.slot_1, total.slot_2, total.slot_3, total.key_3, total.detail_only) == (1, 2, None, "total", False)
    assert (items.slot_1, items.slot_2, items.key_3, items.detail_only) == (1, 2, None, True)


def test_for_puts_each_value_in_turn(contracts: dict[str, Contract]) -> None:
    book = compiled(
        contracts,
        "{ledger}/total/{measure} = sum({ledger}/*/{measure})",
        **{
            "for": {"ledger": ["unit_basic_expenditure", "project_expenditure"], "measure": ["carryover", "adjustment"]}
        },
    )
    assert [s.variant for s in book.selectors[::2]] == [
        "unit_basic_expenditure/carryover",
        "unit_basic_expenditure/adjustment",
        "project_expenditure/carryover",
        "project_expenditure/adjustment",
    ]


def test_signs_constants_and_rates(contracts: dict[str, Contract]) -> None:
    book = compiled(
        contracts,
        "operating_cost/{i}/change_rate = operating_cost/{i}/change /"
        " ( operating_cost/{i}/actual - operating_cost/{i}/change )",
    )
    assert [(s.role, s.weight) for s in book.selectors] == [
        ("rate", Decimal(1)),
        ("numerator", Decimal(1)),
        ("denominator", Decimal(1)),
        ("denominator", Decimal(-1)),
    ]
    assert book.labels()["r", ""] == ("决算增减率", "决算比上年增减÷（决算支出－决算比上年增减）")


@pytest.mark.parametrize(
    ("text", "value"), [("100", "100"), ("6000万元", "6000000000"), ("1.5亿元", "15000000000"), ("100%", "1.00")]
)
def test_a_number_may_carry_its_unit(contracts: dict[str, Contract], text: str, value: str) -> None:
    book = compiled(contracts, f"project_expenditure/total/carryover <= {text}")
    assert book.selectors[1].weight == Decimal(value)


def test_a_rule_whose_ledgers_are_not_at_hand_is_skipped_and_said(contracts: dict[str, Contract]) -> None:
    only = {"project_expenditure": contracts["project_expenditure"]}
    book = compiled(only, "project_expenditure/total/carryover = unit_project_expenditure/total/carryover")
    assert (book.rules, book.skipped) == ([], {"r": ["unit_project_expenditure"]})


def test_a_variant_whose_ledger_is_not_at_hand_leaves_the_others(contracts: dict[str, Contract]) -> None:
    only = {"project_expenditure": contracts["project_expenditure"]}
    book = compiled(
        only,
        "{ledger}/{row}/carryover >= 0",
        **{"for": {"ledger": ["project_expenditure", "unit_basic_expenditure"]}},
    )
    assert {s.variant for s in book.selectors} == {"project_expenditure"}


def test_rules_of_other_years_are_left_out(contracts: dict[str, Contract]) -> None:
    assert compiled(contracts, "project_expenditure/total/carryover >= 0", years=[2025]).rules == []


def test_one_fact_printed_twice_gets_a_companion_on_digits(contracts: dict[str, Contract]) -> None:
    check = "project_expenditure/total/carryover = unit_project_expenditure/total/carryover"
    book = compiled(contracts, check, same_digits=True)
    assert [(rule.id, rule.severity, rule.compare) for rule in book.rules] == [
        ("r", "error", "interval"),
        ("r_digits", "warning", "printed"),
    ]
    assert book.companions == {"r_digits": "r"}


@pytest.mark.parametrize(
    ("check", "found"),
    [
        ("project_expenditure/total/carryover", "project_expenditure/total/carryover"),
        ("project_expenditure/total/carried = 1", "project_expenditure/carried"),
        ("project_expenditure/*/carryover = 1", "project_expenditure/*/carryover"),
        ("project_expenditure/total = 1", "project_expenditure/total"),
        (
            "project_expenditure/{a}/carryover = unit_basic_expenditure/{b}/carryover",
            "project_expenditure/{a}/carryover",
        ),
        ("project_expenditure/total/carryover = 1 1", "1 1"),
        ("project_expenditure/total/carryover = 3万圆", "3万圆"),
        (
            "project_expenditure/total/carryover = project_expenditure/total/total_budget -"
            " ( project_expenditure/total/adjustment + 1 )",
            "(",
        ),
    ],
)
def test_what_cannot_be_read_is_named(contracts: dict[str, Contract], check: str, found: str) -> None:
    said, expected = refused(contracts, check)
    assert found in said and expected


def test_a_share_is_a_bound_of_one_figure(contracts: dict[str, Contract]) -> None:
    t3 = "project_expenditure/{row}"
    book = compiled(contracts, f"{t3}/final_expenditure >= 80% * {t3}/total_budget", severity="warning")
    spent, budget = book.selectors
    assert (spent.share, budget.share, budget.label) == (None, Decimal("0.8"), "预算资金的80%")
    less = compiled(contracts, f"{t3}/adjustment >= -0.5 * {t3}/initial_budget", severity="warning")
    assert less.selectors[1].share == Decimal("-0.5")


def test_a_star_in_a_name_is_no_share(contracts: dict[str, Contract]) -> None:
    assert compiled(contracts, 'unit_basic_expenditure/"甲 * 乙"/carryover >= 0').selectors[0].share is None


@pytest.mark.parametrize(
    ("check", "options", "expected"),
    [
        ("{t3}/carryover <= 80% * {t3}/total_budget", {"severity": "error"}, "只用于提示"),
        ("{t3}/carryover >= 0", {"severity": "error", "matters": "10%"}, "只用于提示"),
        ("{t3}/carryover >= 0", {"matters": "一成"}, "一个数"),
        ("{t3}/carryover = 80% * {t3}/adjustment", {}, "不等式"),
        ("{t3}/carryover <= 八成 * {t3}/adjustment", {}, "不等式"),
        ("{t3}/carryover <= 80% * 6000万元", {}, "只有一项"),
        ("{t3}/carryover <= 80% * {t3}/adjustment + {t3}/carryover", {}, "只有一项"),
    ],
)
def test_a_bound_that_people_set_blocks_no_year_and_is_of_one_figure(
    contracts: dict[str, Contract], check: str, options: dict[str, str], expected: str
) -> None:
    check = check.replace("{t3}", "project_expenditure/total")
    assert expected in refused(contracts, check, **{"severity": "warning", **options})[1]


def test_a_reference_to_a_rule_that_is_not_there_is_named(contracts: dict[str, Contract]) -> None:
    said, _ = refused(contracts, "project_expenditure/total/carryover >= 0", only_where_broken="nowhere")
    assert said == "nowhere"


def test_wrong_rule_files_are_all_told_with_rule_and_key(tmp_path: Path) -> None:
    (tmp_path / "a.yml").write_text("- {id: one, title: 一, check: x, sevirity: error}\n", encoding="utf-8")
    (tmp_path / "b.yml").write_text("- {id: Two, title: 二, check: x}\n- {id: three, title: 三}\n", encoding="utf-8")
    (tmp_path / "c.yml").write_text("- {id: [\n", encoding="utf-8")
    with pytest.raises(InputError) as error:
        read_rules(tmp_path)
    assert [(Path(p.file).name, p.cell) for p in error.value.problems] == [
        ("a.yml", "one.sevirity"),
        ("b.yml", "Two.id"),
        ("b.yml", "three.check"),
        ("c.yml", "第2行"),
    ]


def test_an_id_used_twice_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.yml").write_text(
        "- {id: one, title: 一, check: x}\n- {id: one, title: 二, check: y}\n", encoding="utf-8"
    )
    with pytest.raises(InputError, match="重复的规则 id"):
        read_rules(tmp_path)


# --- rows that name the cell that they speak of


RESTATED = {"each_row_of": "restatement"}


def naming(rows: dict[str, str]) -> list[Cell]:
    """Rows of the restatement ledger: fact -> what its column 原数 says."""
    blueprint = Cell(
        fiscal_year=2025, ledger="restatement", row_key="", row_kind="detail", row_label="", measure="restates",
        text="", value=None, unit="text", half_width=Decimal(0), printed_unit="", file="r.csv", sheet="", cell="",
    )  # fmt: skip
    return [replace(blueprint, row_key=fact, text=text, cell=f"D{n}") for n, (fact, text) in enumerate(rows.items(), 2)]


def test_each_row_is_bound_to_the_cell_that_it_names_in_any_year(contracts: dict[str, Contract]) -> None:
    rule = Rule(id="r", title="复述", check="restatement/{fact}/value = {restates}", each_row_of="restatement")
    cells = naming({"总额": "部门总数/合计/资金总额", "参保(失业)": "insured/unemployment/persons"})
    book = compile_rules([rule], contracts, 2025, cells=cells)
    assert [(s.variant, s.ledger, s.key_1, s.measure) for s in book.selectors] == [
        ("总额", "restatement", "总额", "value"),
        ("总额", "department_summary", "total", "total_budget"),
        ("参保(失业)", "restatement", "参保(失业)", "value"),
        ("参保(失业)", "insured", "unemployment", "persons"),
    ]


def test_a_row_of_a_ledger_that_is_not_at_hand_is_left_out_and_the_rule_says_so(contracts: dict[str, Contract]) -> None:
    rule = Rule(id="r", title="复述", check="restatement/{fact}/value = {restates}", each_row_of="restatement")
    cells = naming({"总额": "部门总数/合计/资金总额", "参保": "参保人数/失业保险/参保人数"})
    at_hand = {name: contracts[name] for name in ("restatement", "insured")}
    book = compile_rules([rule], at_hand, 2025, cells=cells, known=contracts)
    assert {s.variant for s in book.selectors} == {"参保"}
    assert book.skipped == {"r": ["department_summary"]}


def test_a_row_that_names_no_cell_is_an_error_with_its_place(contracts: dict[str, Contract]) -> None:
    rule = Rule(id="r", title="复述", check="restatement/{fact}/value = {restates}", each_row_of="restatement")
    with pytest.raises(InputError) as error:
        compile_rules([rule], contracts, 2025, cells=naming({"总额": "部门/合计/资金总额", "人数": "总人数"}))
    assert [(p.file, p.cell, p.found) for p in error.value.problems] == [
        ("r.csv", "D2", "部门/合计/资金总额"),
        ("r.csv", "D3", "总人数"),
    ]


def test_the_column_that_names_a_cell_must_be_one_of_the_ledger(contracts: dict[str, Contract]) -> None:
    assert refused(contracts, "restatement/{fact}/value = {origin}", **RESTATED)[0] == "{origin}"


def test_a_filter_names_a_column_by_code_or_header(contracts: dict[str, Contract]) -> None:
    book = compiled(
        contracts,
        "indicator/{section}:{level3}/score <= indicator/{section}:{level3}/weight where 分值 >= 2",
    )
    first, second = book.selectors
    assert (first.where_measure, first.where_operator, first.where_value, first.needed) == (
        "weight",
        ">=",
        Decimal(2),
        True,
    )
    assert (second.where_measure, second.needed) == (None, False)


@pytest.mark.parametrize(
    ("check", "found"),
    [
        ("project_expenditure/total/carryover = sum(project_expenditure/*/carryover where 性质 = 专项)", "where 性质"),
        ("project_expenditure/total/carryover = sum(project_expenditure/*/carryover where 年初预算)", "where 年初预算"),
        (
            "project_expenditure/total/carryover = sum(project_expenditure/*/carryover where 年初预算 = 多)",
            "where 年初预算 = 多",
        ),
        (
            "project_expenditure/total/carryover = sum(project_expenditure/*/carryover where 项目明细 < 多)",
            "where 项目明细 < 多",
        ),
        ('project_expenditure/"第一/carryover = 1', 'project_expenditure/"第一/carryover = 1'),
        (
            "sum(project_expenditure/*/carryover) = 1 where 年初预算 > 0",
            "sum(project_expenditure/*/carryover) = 1 where 年初预算 > 0",
        ),
        (
            "project_expenditure/{row}/carryover = children(project_expenditure/total/carryover)",
            "project_expenditure/total/carryover",
        ),
    ],
)
def test_what_a_filter_or_a_group_cannot_say_is_told(contracts: dict[str, Contract], check: str, found: str) -> None:
    assert refused(contracts, check)[0] == found


def test_a_quoted_name_is_a_row_key_as_ledgers_hold_it(contracts: dict[str, Contract]) -> None:
    (first, _) = compiled(contracts, 'unit_basic_expenditure/"省本级 (含 A/B)"/carryover = 0').selectors
    assert first.key_1 == "省本级(含A／B)"


def test_a_rule_that_is_judged_only_if_printed_names_a_row_that_can_be(contracts: dict[str, Contract]) -> None:
    found, expected = refused(contracts, "fund_balance/enterprise/opening >= 0", when_printed="left")
    assert found == "fund_balance/enterprise/opening" and "enterprise_pension" in expected
    found, expected = refused(contracts, "fund_balance/total:total/opening >= 0", when_printed="left")
    assert "行键有 1 段" in expected


def test_a_row_that_is_not_printed_this_year_is_listed_with_the_nearest(contracts: dict[str, Contract]) -> None:
    rule = Rule.model_validate(
        {"id": "r", "title": "规则", "check": "performance_fact/化解率/value <= 100%", "when_printed": "left"}
    )
    cells = [
        Cell(
            fiscal_year=2024, ledger="performance_fact", row_key="化解率%", row_kind="detail", row_label="",
            measure="value", text="1", value=Decimal(1), unit="ratio", half_width=Decimal(0), printed_unit="", file="",
            sheet="", cell="A1",
        )
    ]  # fmt: skip
    book = compile_rules([rule], contracts, 2024, cells=cells)
    assert [line for lines in book.rows_absent.values() for line in lines] == [
        f"{contracts['performance_fact'].short}没有“化解率”这一行（相近的有 化解率%）"
    ]
    assert compile_rules([rule], contracts, 2024, cells=[replace(cells[0], row_key="化解率")]).rows_absent == {}


def test_a_bound_stands_in_the_check_alone_and_the_title_says_it(tmp_path: Path) -> None:
    written = """
    - id: slow
      title: 项目执行率不低于 {share}
      severity: warning
      check: project_expenditure/{row}/final_expenditure >= 75.5% * project_expenditure/{row}/total_budget
    - id: cut
      title: 本年调减不超过年初预算的 {share}
      severity: warning
      check: project_expenditure/{row}/adjustment >= -30% * project_expenditure/{row}/initial_budget
    """
    path = tmp_path / "warnings.yml"
    path.write_text(written, encoding="utf-8")
    assert [rule.title for rule in read_rules(path)] == ["项目执行率不低于 75.5%", "本年调减不超过年初预算的 30%"]
    path.write_text(written.replace("75.5% * ", ""), encoding="utf-8")
    with pytest.raises(InputError) as refused:
        read_rules(path)
    (problem,) = refused.value.problems
    assert "标题才写 {share}" in problem.expected


def test_no_title_repeats_a_bound_of_its_check() -> None:
    """Written twice, one of them is forgotten when the other is changed."""
    for path in sorted(RULES.glob("*.yml")):
        for entry in read_yaml(path):
            bound = re.search(r"(\d+(?:\.\d+)?%) \* ", entry["check"])
            assert bound is None or bound[1] not in entry["title"], entry["id"]


def test_models_and_screens_call_the_same_statuses_broken() -> None:
    macro = (ROOT / "dbt_project" / "macros" / "judge.sql").read_text(encoding="utf-8")
    assert f"{{{{ status }}}} in {BROKEN_IN_SQL}\n" in macro
