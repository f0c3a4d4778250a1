-- Opening, year's flow and closing of each fund; what the report does not print is null.
with balances as (
    select
        fiscal_year,
        department,
        ledger,
        row_key,
        key_1 as fund,
        {{ text('pooling_level') }} as pooling_level,
        {{ measure('opening') }} as opening,
        {{ measure('surplus') }} as surplus,
        {{ measure('closing') }} as closing
    from {{ ref('int_figure') }}
    where
        ledger = 'fund_balance'
        and row_kind = 'detail'
    group by fiscal_year, department, ledger, row_key, key_1
),

totals as (
    select
        fiscal_year,
        department,
        key_1 as fund,
        max(case when key_2 = 'income' then value end) as income,
        max(case when key_2 = 'expenditure' then value end) as expenditure
    from {{ ref('int_figure') }}
    where
        ledger = 'fund_statement'
        and key_3 = 'total'
        and measure = 'actual'
    group by fiscal_year, department, key_1
)

select
    balances.fiscal_year,
    balances.department,
    {{ row_address('balances.') }} as row_address,
    balances.fund,
    {{ pooling_level('balances.pooling_level') }} as pooling_level,
    {{ yuan('balances.opening') }} as opening,
    {{ yuan('totals.income') }} as income,
    {{ yuan('totals.expenditure') }} as expenditure,
    {{ yuan('balances.surplus') }} as surplus,
    {{ yuan('balances.closing') }} as closing
from balances
left join totals
    on
        balances.fiscal_year = totals.fiscal_year
        and balances.department = totals.department
        and balances.fund = totals.fund
