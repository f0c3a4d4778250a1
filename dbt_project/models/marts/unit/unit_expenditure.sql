-- Basic and project expenditure of each accounting unit (tables 1 and 2), detail rows only.
with figures as (
    select
        fiscal_year,
        department,
        ledger,
        row_key,
        key_1 as unit_name,
        case ledger when 'unit_basic_expenditure' then 'basic' else 'project' end as expenditure_kind,
        {{ text('row_no') }} as row_no,
        {{ budget_measures() }}
    from {{ ref('int_figure') }}
    where
        ledger in ('unit_basic_expenditure', 'unit_project_expenditure')
        and row_kind = 'detail'
    group by fiscal_year, department, ledger, row_key, key_1
)

select
    fiscal_year,
    department,
    {{ row_address() }} as row_address,
    unit_name,
    expenditure_kind,
    row_no,
    {{ budget_amounts() }}
from figures
