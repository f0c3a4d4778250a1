-- Each project's budget and expenditure (table 3), detail rows only. The ledger prints no balance.
with figures as (
    select
        fiscal_year,
        department,
        ledger,
        row_key,
        key_1 as project_no,
        {{ text('project_name') }} as project_name,
        {{ budget_measures() }}
    from {{ ref('int_figure') }}
    where
        ledger = 'project_expenditure'
        and row_kind = 'detail'
    group by fiscal_year, department, ledger, row_key, key_1
)

select
    fiscal_year,
    department,
    {{ row_address() }} as row_address,
    cast(project_no as integer) as project_no,
    project_name,
    {{ budget_amounts() }}
from figures
