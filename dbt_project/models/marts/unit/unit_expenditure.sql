-- Basic and project expenditure of each accounting unit (tables 1 and 2), detail rows only.
with figures as (
    select
        fiscal_year,
        ledger,
        row_key,
        key_1 as unit_name,
        case ledger when 'unit_basic_expenditure' then 'basic' else 'project' end as expenditure_kind,
        {{ text('row_no') }} as row_no,
        {{ measure('carryover') }} as carryover,
        {{ measure('initial_budget') }} as initial_budget,
        {{ measure('adjustment') }} as adjustment,
        {{ measure('total_budget') }} as total_budget,
        {{ measure('final_expenditure') }} as final_expenditure,
        {{ measure('balance') }} as balance
    from {{ ref('int_cell') }}
    where
        ledger in ('unit_basic_expenditure', 'unit_project_expenditure')
        and row_kind = 'detail'
    group by fiscal_year, ledger, row_key, key_1
)

select
    fiscal_year,
    {{ row_address() }} as row_address,
    unit_name,
    expenditure_kind,
    row_no,
    {{ yuan('carryover') }} as carryover,
    {{ yuan('initial_budget') }} as initial_budget,
    {{ yuan('adjustment') }} as adjustment,
    {{ yuan('total_budget') }} as total_budget,
    {{ yuan('final_expenditure') }} as final_expenditure,
    {{ yuan('balance') }} as balance,
    {{ divided('final_expenditure', 'total_budget') }} as execution_rate
from figures
