"""What a year's rules did not look at, and what is odd beside last year: queries over a build, and nothing else. The
gate ``coverage``, the summary and ``--json`` show the same rows.

What does not belong here: whether a rule holds. That is judged by the models under ``reconciliation``.
"""

#: Rows of kind, about, figures, statement. Kinds: ``unchecked`` figures that no rule binds; ``rule_gone`` a rule that
#: was judged last year and is not now; ``row_gone`` rows that last year had; ``same_as_last_year`` a ledger that prints
#: what it printed last year, all of it; ``other_year`` a date in neither the fiscal year nor the one after.
COVERAGE = """
    with figures as (
        select ledger, ledger_label, row_key, concat_ws(' ', row_label, header) as name, measure, text, unit, value,
               fiscal_year, address, cell
        from cell where value is not null
    ),
    unchecked as (
        select ledger_label, name, address, row_number() over (partition by ledger_label order by address) as place
        from figures where address not in (select address from rule_term where address is not null)
    ),
    rules_now as (select distinct rule_id from reconciliation),
    rows_gone as (
        select ledger.short as ledger_label, prior.row_label,
               row_number() over (partition by ledger.short order by prior.row_label) as place
        from (select distinct ledger, row_key, row_label from raw.prior_cell) as prior
        inner join raw.ledger as ledger on prior.ledger = ledger.ledger
        where not exists (
            select 1 from raw.cell as now where now.ledger = prior.ledger and now.row_key = prior.row_key)
    ),
    ledgers_gone as (
        select distinct ledger from raw.prior_cell
        where ledger not in (select ledger from raw.ledger)
          and ledger not in (select ledger from raw.entry_ledger)
    ),
    same as (
        select now.ledger, count(*) as figures, count(prior.address) as equal
        from raw.cell as now
        left join raw.prior_cell as prior
            on now.ledger = prior.ledger and now.row_key = prior.row_key and now.measure = prior.measure
            and now.text = prior.text
        where now.value is not null and now.value <> 0
        group by now.ledger
    )
    select 'unchecked' as kind, ledger_label as about, count(*) as figures,
           concat(ledger_label, '：', count(*), ' 个数没有一条规则核对，如 ',
                  string_agg(name, '、' order by address) filter (place <= 3)) as statement
    from unchecked group by ledger_label
    union all
    select 'rule_gone', prior.rule_id, prior.instances,
           concat('规则 ', prior.rule_id, '（', prior.title, '）上年核对 ', prior.instances, ' 处，今年一处也没有')
    from raw.prior_judged as prior where prior.rule_id not in (select rule_id from rules_now)
    union all
    select 'row_gone', ledger_label, count(*),
           concat(ledger_label, '：上年有、今年没有的行 ', count(*), ' 行，如 ',
                  string_agg(row_label, '、' order by row_label) filter (place <= 3))
    from rows_gone group by ledger_label
    union all
    select 'row_gone', ledger, 0, concat('上年有账 ', ledger, '，今年没有') from ledgers_gone
    union all
    select 'same_as_last_year', ledger.short, same.figures,
           concat(ledger.short, '：', same.figures, ' 个数与上年列示的一字不差')
    from same inner join raw.ledger as ledger on same.ledger = ledger.ledger
    where same.equal = same.figures
    union all
    select 'other_year', ledger_label, count(*),
           concat(ledger_label, '：日期不在 ', min(fiscal_year), '、', min(fiscal_year) + 1, ' 年之内：',
                  string_agg(concat(name, ' ', text, '（', cell, '）'), '、' order by address))
    from figures
    where unit = 'date' and year(date '1970-01-01' + try_cast(value as integer)) not in (fiscal_year, fiscal_year + 1)
    group by ledger_label
    order by 1, 2
"""
#: How many rules and instances were judged, this year and last: rows of year, rules, instances.
JUDGED = """
    select max(fiscal_year) as year, count(distinct rule_id) as rules, count(*) as instances from reconciliation
    union all
    select max(fiscal_year), count(distinct rule_id), cast(sum(instances) as bigint)
    from raw.prior_judged having count(*) > 0
    order by 1 desc
"""
