-- The four categories of project expenditure. The ledger prints no balance.
with figures as (
    select
        fiscal_year,
        department,
        ledger,
        row_key,
        key_1 as category,
        {{ budget_measures() }}
    from {{ ref('int_figure') }}
    where
        ledger = 'category_expenditure'
        and row_kind = 'detail'
    group by fiscal_year, department, ledger, row_key, key_1
)

select
    fiscal_year,
    department,
    {{ row_address() }} as row_address,
    category,
    {{ budget_amounts() }}
from figures
