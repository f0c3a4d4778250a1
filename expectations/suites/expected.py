"""What each gate of a year expects of the rows that its query finds, as Great Expectations has it.

What does not belong here: which rows a gate looks at and how it is told (``year``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from great_expectations.expectations.expectation import Expectation


#: Said once, for the expectation and for the SQL that spares it the rows which meet it.
UNITS = ["yuan", "person", "count", "point", "ratio", "date", "text"]
PLACE = r"^[A-Z]+[1-9]\d*$"
FIGURES = ["有数", "文字"]
USES = ["发布", "核对"]
HOLDS = ["consistent", "rounding", "undefined", "corrected", "accepted"]


def cells_are_placed() -> list[Expectation]:
    import great_expectations.expectations as gxe

    return [
        gxe.ExpectColumnValuesToBeUnique(column="address", description="每个地址只有一个单元格"),
        gxe.ExpectColumnValuesToNotBeNull(column="file", description="每个单元格都记着文件"),
        gxe.ExpectColumnValuesToMatchRegex(column="cell", regex=PLACE, description="每个单元格都记着位置"),
        gxe.ExpectColumnValuesToBeInSet(
            column="unit",
            value_set=UNITS,
            description="计量单位是已知的",
        ),
        gxe.ExpectColumnValuesToBeInSet(column="figure", value_set=FIGURES, description="每个数字单元格都有数"),
        gxe.ExpectColumnValuesToBeInSet(column="fen", value_set=["整"], description="金额是整数分"),
    ]


def ledgers_are_whole() -> list[Expectation]:
    import great_expectations.expectations as gxe

    return [
        gxe.ExpectColumnValuesToNotBeNull(column="ledger", description="读入了账"),
        gxe.ExpectColumnPairValuesToBeEqual(
            column_A="read", column_B="landed", description="读出几个单元格，落库就有几个"
        ),
        gxe.ExpectColumnPairValuesToBeEqual(column_A="landed", column_B="kept", description="更正前后单元格数相同"),
    ]


def nothing_is_lost() -> list[Expectation]:
    import great_expectations.expectations as gxe

    return [
        gxe.ExpectColumnPairValuesToBeEqual(
            column_A="cells_in", column_B="cells_out", description="该发布的单元格，个数进出相等"
        ),
        gxe.ExpectColumnPairValuesToBeEqual(
            column_A="amount_in", column_B="amount_out", description="该发布的单元格，数额进出相等"
        ),
        gxe.ExpectColumnValuesToBeInSet(column="differing", value_set=[0], description="逐格相等"),
    ]


def rules_hold_together() -> list[Expectation]:
    import great_expectations.expectations as gxe

    return [
        gxe.ExpectColumnValuesToNotBeInSet(column="kind", value_set=["joint"], description="没有合在一起不成立的规则")
    ]


def exceptions_are_used() -> list[Expectation]:
    import great_expectations.expectations as gxe

    return [
        gxe.ExpectColumnValuesToBeInSet(column="status", value_set=["accepted"], description="每条例外都有所指的差额"),
    ]


def entries_are_read() -> list[Expectation]:
    import great_expectations.expectations as gxe

    return [
        gxe.ExpectColumnPairValuesAToBeGreaterThanB(
            column_A="allowed", column_B="bad_lines", or_equal=True, description="读不出的行不超过容许的行数"
        ),
        gxe.ExpectColumnValuesToBeNull(column="doubled", description="没有内容相同的两个文件"),
    ]


def everything_is_used() -> list[Expectation]:
    import great_expectations.expectations as gxe

    return [
        gxe.ExpectColumnValuesToBeInSet(column="use", value_set=USES, description="每个数字都发布，或参与某条规则"),
    ]


def rules_hold() -> list[Expectation]:
    import great_expectations.expectations as gxe

    return [
        gxe.ExpectColumnValuesToNotBeNull(column="rule_id", description="核对过规则"),
        gxe.ExpectColumnValuesToBeInSet(column="status", value_set=HOLDS, description="每条必须成立的规则都成立"),
    ]


def notices() -> list[Expectation]:
    import great_expectations.expectations as gxe

    return [gxe.ExpectColumnValuesToBeInSet(column="broken", value_set=[0], description="没有需要提示的事项")]


def scores_add_up() -> list[Expectation]:
    import great_expectations.expectations as gxe

    return [
        gxe.ExpectColumnValuesToBeInSet(column="sections", value_set=[5], description="四个指标组和一个总分"),
        gxe.ExpectColumnValuesToNotBeNull(column="score", description="每个指标组都算出了得分"),
        gxe.ExpectColumnPairValuesAToBeGreaterThanB(
            column_A="weight", column_B="score", or_equal=True, description="得分不超过分值"
        ),
        gxe.ExpectColumnPairValuesAToBeGreaterThanB(
            column_A="score", column_B="zero", or_equal=True, description="得分不为负"
        ),
        gxe.ExpectColumnPairValuesToBeEqual(
            column_A="score", column_B="children_score", description="得分＝下级得分之和"
        ),
        gxe.ExpectColumnPairValuesToBeEqual(
            column_A="weight", column_B="printed_weight", description="分值＝下级分值之和"
        ),
        gxe.ExpectColumnValuesToBeInSet(column="graded", value_set=["有"], description="总分在某个等级之内"),
    ]


def indicators_are_judged() -> list[Expectation]:
    import great_expectations.expectations as gxe

    return [
        gxe.ExpectColumnValuesToBeNull(column="not_judged", description="每个指标都按评分办法评得出"),
        gxe.ExpectColumnValuesToBeNull(column="unexplained", description="每处扣分都写了原因"),
    ]


def coverage() -> list[Expectation]:
    import great_expectations.expectations as gxe

    return [
        gxe.ExpectColumnValuesToNotBeInSet(
            column="kind", value_set=["unchecked"], description="每个印出的数字至少有一条规则核对它"
        ),
        gxe.ExpectColumnValuesToNotBeInSet(
            column="kind", value_set=["rule_gone", "row_gone"], description="上年核对过的规则、上年有的行，今年都在"
        ),
        gxe.ExpectColumnValuesToNotBeInSet(
            column="kind", value_set=["same_as_last_year", "other_year"], description="不是上年的数字和日期"
        ),
    ]
