"""What a year's rules did not look at, and what is odd beside last year: queries over a build, and nothing else. The
gate ``coverage``, the summary and ``--json`` show the same rows.

What does not belong here: whether a rule holds. That is judged by the models under ``reconciliation``.
"""

#: Rows of department, kind, about, figures, statement. Kinds: ``unchecked`` figures that no rule binds; ``rule_gone`` a
#: rule that was judged last year and is not now; ``row_gone`` rows that last year had; ``same_as_last_year`` a ledger
#: that prints what it printed last year, all of it; ``other_year`` a date in neither the fiscal year nor the one after.
COVERAGE = """
    with figures as (
        select department, ledger, ledger_label, row_key, concat_ws(' ', row_label, header) as name, measure, text,
               unit, value, fiscal_year, address, cell
        from cell where value is not null
    ),
    bound as (select distinct address from rule_term where address is not null),
    unchecked as (
        select department, ledger_label, name, address,
               row_number() over (partition by department, ledger_label order by address) as place
        from figures where address not in (from bound)
    ),
    rules_now as (select distinct department, rule_id from reconciliation),
    rows_gone as (
        select department, ledger.short as ledger_label, prior.row_label,
               row_number() over (partition by department, ledger.short order by prior.row_label) as place
        from (select distinct department, ledger, row_key, row_label from raw.prior_cell) as prior
        inner join raw.ledger as ledger using (department, ledger)
        anti join (select distinct department, ledger, row_key from raw.cell) as now using (department, ledger, row_key)
    ),
    ledgers_gone as (
        select distinct department, ledger from raw.prior_cell
        anti join raw.ledger using (department, ledger)
        anti join raw.entry_ledger using (department, ledger)
    ),
    same as (
        select department, now.ledger, count(*) as figures, count(prior.address) as equal
        from raw.cell as now
        left join raw.prior_cell as prior using (department, ledger, row_key, measure, text)
        where now.value is not null and now.value <> 0
        group by all
    )
    select department, 'unchecked' as kind, ledger_label as about, count(*) as figures,
           concat(ledger_label, '：', count(*), ' 个数没有一条规则核对，如 ',
                  string_agg(name, '、' order by address) filter (place <= 3)) as statement
    from unchecked group by department, ledger_label
    union all
    select department, 'rule_gone', prior.rule_id, prior.instances,
           concat('规则 ', prior.rule_id, '（', prior.title, '）上年核对 ', prior.instances, ' 处，今年一处也没有')
    from raw.prior_judged as prior anti join rules_now using (department, rule_id)
    union all
    select department, 'row_gone', ledger_label, count(*),
           concat(ledger_label, '：上年有、今年没有的行 ', count(*), ' 行，如 ',
                  string_agg(row_label, '、' order by row_label) filter (place <= 3))
    from rows_gone group by department, ledger_label
    union all
    select department, 'row_gone', ledger, 0, concat('上年有账 ', ledger, '，今年没有') from ledgers_gone
    union all
    select department, 'same_as_last_year', ledger.short, same.figures,
           concat(ledger.short, '：', same.figures, ' 个数与上年列示的一字不差')
    from same inner join raw.ledger as ledger using (department, ledger)
    where same.equal = same.figures
    union all
    select department, 'other_year', ledger_label, count(*),
           concat(ledger_label, '：日期不在 ', min(fiscal_year), '、', min(fiscal_year) + 1, ' 年之内：',
                  string_agg(concat(name, ' ', text, '（', cell, '）'), '、' order by address))
    from figures
    where unit = 'date' and year(date '1970-01-01' + try_cast(value as integer)) not in (fiscal_year, fiscal_year + 1)
    group by department, ledger_label
    order by 1, 2, 3
"""
#: How many rules and instances were judged, this year and last: rows of year, rules, instances.
JUDGED = """
    select max(fiscal_year) as year, count(distinct rule_id) as rules, count(*) as instances from reconciliation
    union all
    select max(fiscal_year), count(distinct rule_id), cast(sum(instances) as bigint)
    from raw.prior_judged having count(*) > 0
    order by 1 desc
"""
