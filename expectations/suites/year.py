"""The gates of a year, in the order in which they are read. Each is named for what it protects.

Queries judge all departments of a build at once; each row says whose it is.

Accounting identities are rules (``expectations/rules``), judged by dbt; a gate on them only asks for the outcome.
"""

from __future__ import annotations

from expectations.coverage import COVERAGE
from expectations.gate import Suite
from expectations.suites import expected
from expectations.suites.expected import FIGURES, HOLDS, PLACE, UNITS, USES
from orchestration.base.sql import listed

#: Every department of a build, also one of which a query finds nothing: a gate that saw nothing has not passed.
_EVERYBODY = "(select distinct fiscal_year, department from raw.ledger) as everybody"
_RULE_COLUMNS = {
    "rule_id": "规则名",
    "title": "规则",
    "instance": "所在",
    "left": "左方",
    "right": "右方",
    "difference_text": "差额",
    "allowed_text": "尾差范围",
    "gap": "差额（登记例外用）",
    "status": "状态",
    "statement": "说明",
    "suspects": "疑点",
}
_RULE_QUERY = """
    with likeliest as (
        select fiscal_year, department, fault, answer, address,
               concat(cell.statement, '（' || concat_ws(' ', place.file, nullif(place.sheet, ''), place.cell) || '）')
                   as statement
        from suspect_cell as cell left join stg_cell as place using (fiscal_year, department, address)
        where rank = 1
        union all
        select fiscal_year, department, fault, 1, concat(file, line), statement from suspect_entry where rank = 1
    ),
    ranked as (
        select fiscal_year, department, fault, statement, count(*) over fault_cells as cells,
               row_number() over (fault_cells order by answer, address, statement) as place
        from likeliest
        window fault_cells as (partition by fiscal_year, department, fault)
    ),
    named as (
        select fiscal_year, department, fault,
               concat(string_agg(statement, '；' order by place) filter (place <= 6),
                      case when max(cells) > 6 then concat('；另有 ', max(cells) - 6, ' 处') else '' end) as statements
        from ranked group by fiscal_year, department, fault
    ),
    suspected as (
        select fiscal_year, department, concerned.rule_id, concerned.instance,
               string_agg(coalesce(finding.pattern, named.statements), '；' order by finding.fault) as suspects
        from finding_rule as concerned
        inner join finding using (fiscal_year, department, fault)
        left join named using (fiscal_year, department, fault)
        group by all
    ),
    judged as (from reconciliation where severity = '{severity}')
    select department, rule_id, instance, title, status, statement, suspects,
           concat(left_label, ' ', coalesce(left_text, '缺')) as left,
           concat(right_label, ' ', coalesce(right_text, '缺')) as right,
           difference_text, allowed_text,
           {difference} as gap  -- as exceptions.csv takes it: yuan, not the printed unit
    from {everybody} left join judged using (fiscal_year, department)
    left join suspected using (fiscal_year, department, rule_id, instance)
"""
_ENTRY_QUERY = """
    select department, ledger, entry_ledger.label, count(*) as files, cast(sum(entries) as bigint) as entries,
           cast(sum(bad_lines) as bigint) as bad_lines, entry_ledger.allowed_bad_lines as allowed,
           string_agg(concat(file, ' 同 ', same_as), '；' order by file) filter (same_as is not null) as doubled,
           (select string_agg(concat(file, ' 第', line, '行：', reason), '；' order by file, line)
            from raw.bad_line as bad
            where bad.ledger = entry_file.ledger and bad.department = entry_file.department) as shown
    from raw.entry_file
    inner join (select distinct fiscal_year, department, entries as ledger, label, allowed_bad_lines
                from raw.entry_ledger) as entry_ledger using (fiscal_year, department, ledger)
    group by all order by department, ledger
"""


def _plain(value: str) -> str:
    """A decimal as text without padding zeros."""
    return rf"regexp_replace(cast({value} as varchar), '\.?0+$', '')"


def _one_of(values: list[str]) -> str:
    return f"in ({listed(values)})"


SUITES = (
    Suite(
        name="cells_are_placed",
        title="单元格有据",
        protects="每个读入的单元格都有唯一的地址、出处和精确的数。",
        severity="error",
        query="""
            select department, address, file, sheet, unit, text, count(*) over (partition by address) as same_address,
                   -- a sum of entries stands in no single cell
                   case when (department, ledger) not in (select (department, ledger) from raw.entry_ledger)
                        then cell end as cell,
                   case when unit = 'text' then '文字' when value is not null then '有数' else '缺' end as figure,
                   case when unit <> 'yuan' or value = cast(value as decimal(28, 0)) then '整' else '有零头' end as fen
            from stg_cell
        """,
        keys=("address",),
        shown={"address": "地址", "file": "文件", "cell": "单元格", "text": "列示为", "unit": "单位"},
        expectations=expected.cells_are_placed,
        sound=f"""
            same_address = 1 and file is not null and unit {_one_of(UNITS)} and figure {_one_of(FIGURES)} and fen = '整'
            and (cell is null or regexp_matches(cell, '{PLACE}'))
        """,
        kinds=("unit", "figure", "cell is null"),
    ),
    Suite(
        name="ledgers_are_whole",
        title="账表完整",
        protects="每本账读出多少单元格，库里就有多少单元格。",
        severity="error",
        query=f"""
            with read as (
                select ledger.fiscal_year, ledger.department, ledger.ledger, ledger.short, ledger.file,
                       ledger.cells as read,
                       cast(count(distinct stg_cell.address) as integer) as landed,
                       cast(count(distinct int_cell.address) as integer) as kept
                from raw.ledger as ledger
                left join stg_cell
                    on ledger.fiscal_year = stg_cell.fiscal_year and ledger.department = stg_cell.department
                        and ledger.ledger = stg_cell.ledger
                left join int_cell on stg_cell.address = int_cell.address
                where ledger.file <> ''
                group by all
            )
            from {_EVERYBODY} left join read using (fiscal_year, department) order by all
        """,
        keys=("ledger",),
        shown={"short": "账", "file": "文件", "read": "读出", "landed": "落库", "kept": "更正后"},
        expectations=expected.ledgers_are_whole,
    ),
    Suite(
        name="entries_are_read",
        title="明细读全",
        protects="单笔明细没有一行读不出（超出 sources.yml 的容许），没有一个文件读了两次。",
        severity="error",
        query=_ENTRY_QUERY,
        keys=("ledger",),
        shown={
            "label": "明细",
            "files": "文件（个）",
            "entries": "读出（笔）",
            "bad_lines": "坏行",
            "allowed": "容许",
            "doubled": "内容相同的文件",
            "shown": "坏行所在",
        },
        expectations=expected.entries_are_read,
    ),
    Suite(
        name="nothing_is_lost",
        title="进出相等",
        protects="从账表到发布的表，单元格个数与数额进出相等，一格不少、一分不差。",
        severity="error",
        query="""
            select department, coalesce(published_table, '（只核对）') as published_table, ledger, measure,
                   count(*) as cells_in,
                   count(*) filter (published_table is null or published_value is not null) as cells_out,
                   {amount_in} as amount_in,
                   {amount_out} as amount_out,
                   count(*) filter (
                       published_table is not null and published_value is distinct from value) as differing,
                   string_agg(address, '、') filter (
                       published_table is not null and published_value is distinct from value) as addresses
            from cell_flow group by department, cell_flow.published_table, ledger, measure order by all
        """.format(
            amount_in=_plain("sum(value)"),
            amount_out=_plain("sum(case when published_table is null then value else published_value end)"),
        ),
        keys=("published_table", "ledger", "measure"),
        shown={
            "published_table": "发布表",
            "ledger": "账",
            "measure": "栏",
            "cells_in": "进（格）",
            "cells_out": "出（格）",
            "amount_in": "进（数）",
            "amount_out": "出（数）",
            "addresses": "单元格",
        },
        expectations=expected.nothing_is_lost,
    ),
    Suite(
        name="rules_hold",
        title="勾稽成立",
        protects="每条必须成立的规则，在四舍五入所能解释的范围内都成立。",
        severity="error",
        query=_RULE_QUERY.format(severity="error", difference=_plain("difference"), everybody=_EVERYBODY),
        keys=("rule_id", "instance"),
        shown=_RULE_COLUMNS,
        expectations=expected.rules_hold,
        sound=f"status {_one_of(HOLDS)}",
        kinds=("status",),
    ),
    Suite(
        name="scores_add_up",
        title="评分自洽",
        protects="得分在零与分值之间，下级之和等于上级，总分落在一个等级里。",
        severity="error",
        query=f"""
            with scores as (
                select summary.*, count(*) over (partition by fiscal_year, department) as sections
                from score_summary as summary
            ),
            children as (
                select fiscal_year, department, section, sum(score) as score from indicator_score group by all
                union all
                select fiscal_year, department, 'total', sum(score) from indicator_score group by all
            )
            select department, coalesce(summary.sections, 0) as sections, summary.section, summary.weight,
                   summary.score, summary.grade, children.score as children_score,
                   cast(0 as decimal(9, 2)) as zero,
                   case when summary.section = 'total' and summary.grade is null then '无' else '有' end as graded,
                   coalesce(printed.value, summary.weight) as printed_weight
            from {_EVERYBODY} left join scores as summary using (fiscal_year, department)
            left join children using (fiscal_year, department, section)
            left join cell as printed
                on printed.fiscal_year = summary.fiscal_year and printed.department = summary.department
                    and printed.ledger = 'score_section' and printed.row_key = summary.section
                    and printed.measure = 'weight'
            order by all
        """,
        keys=("section",),
        shown={
            "section": "指标组",
            "weight": "分值",
            "printed_weight": "印出的分值",
            "score": "得分",
            "children_score": "下级得分之和",
            "grade": "等级",
        },
        expectations=expected.scores_add_up,
        ledgers=("indicator", "score_section"),
    ),
    Suite(
        name="indicators_are_judged",
        title="指标评得出",
        protects="评不出分的指标、没有写原因的扣分都列出来，不拦发布，但不当作已经核对。",
        severity="warning",
        query="""
            select department, row_address, level3, target_text, actual_text, weight, score, not_judged,
                   case when deduction > 0 and reason is null then concat('扣 ', deduction, ' 分') end as unexplained
            from indicator_score where is_disclosed and section <> 'execution'
            union all
            -- The department's own form is above already.
            select department, row_address, level3, target_text, actual_text, weight, score, not_judged,
                   case when weight > score and reason is null then concat('扣 ', weight - score, ' 分') end
            from form_indicator_score where form <> 'department' and section <> 'execution'
            order by row_address
        """,
        keys=("row_address",),
        shown={
            "row_address": "地址",
            "level3": "三级指标",
            "target_text": "指标值",
            "actual_text": "实际完成值",
            "weight": "分值",
            "score": "得分",
            "not_judged": "未评的原因",
            "unexplained": "未说明的扣分",
        },
        expectations=expected.indicators_are_judged,
    ),
    Suite(
        name="rules_hold_together",
        title="合在一起也成立",
        protects="各自在尾差范围内成立的规则，合在一起也能同时成立。",
        severity="warning",
        query="from finding order by department, fault",
        keys=("fault",),
        shown={"kind": "类别", "rules": "规则", "pattern": "像是", "statement": "说明"},
        expectations=expected.rules_hold_together,
    ),
    Suite(
        name="coverage",
        title="核对齐全",
        protects="没有规则核对的数字、上年核对过而今年没有的规则和行、与上年一字不差的账，都让人看见。",
        severity="warning",
        query=COVERAGE,
        keys=("kind", "about"),
        shown={"about": "账或规则", "figures": "个数", "statement": "说明"},
        expectations=expected.coverage,
    ),
    Suite(
        name="exceptions_are_used",
        title="例外有用",
        protects="exceptions.csv 里确认过的每个差额，都还是某条规则现有的差额；不是的，该删去或重新确认。",
        severity="warning",
        query="""
            select department, accepted_exception.rule_id, accepted_exception.instance, accepted_exception.difference,
                   coalesce(reconciliation.status, 'nowhere') as status,
                   concat(case coalesce(reconciliation.status, 'nowhere')
                              when 'nowhere' then '规则没有这一处' when 'inconsistent' then '差额已不是所确认的'
                              else '规则已经成立' end,
                          '：', accepted_exception.rule_id, ' ', accepted_exception.instance) as statement
            from accepted_exception left join reconciliation
                using (fiscal_year, department, rule_id, instance)
            order by accepted_exception.rule_id, accepted_exception.instance
        """,
        keys=("rule_id", "instance"),
        shown={"rule_id": "规则", "instance": "所在", "difference": "差额", "status": "状态", "statement": "说明"},
        expectations=expected.exceptions_are_used,
    ),
    Suite(
        name="everything_is_used",
        title="每数有用",
        protects="每个印出的数字都进入发布的表，或至少有一条规则核对它。",
        severity="warning",
        query="""
            select department, cell_flow.address, cell.file, cell.cell, cell.text,
                   case when published_table is not null then '发布'
                        when rule_terms > 0 then '核对' else '无' end as use
            from cell_flow inner join cell using (fiscal_year, department, address)
        """,
        keys=("address",),
        shown={"address": "地址", "file": "文件", "cell": "单元格", "text": "列示为"},
        expectations=expected.everything_is_used,
        sound=f"use {_one_of(USES)}",
        kinds=("use",),
    ),
    Suite(
        name="notices",
        title="提示事项",
        protects="超支、执行率低、无支出项目、同一事实印数不同等，一类一行；不拦发布，但要让人看见。",
        severity="warning",
        query="""
            select department, rule_id, title, judged, broken, statement, advice from rule_summary
            where severity = 'warning' order by broken > 0 desc, rule_id
        """,
        keys=("rule_id",),
        shown={
            "rule_id": "规则名",
            "title": "规则",
            "judged": "核对处数",
            "broken": "不符处数",
            "statement": "说明",
            "advice": "办法",
        },
        expectations=expected.notices,
    ),
)
