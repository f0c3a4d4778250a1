-- The department's general public budget as its report states it: basic, project and total.
with figures as (
    select
        fiscal_year,
        ledger,
        row_key,
        key_1 as expenditure_kind,
        {{ measure('carryover') }} as carryover,
        {{ measure('initial_budget') }} as initial_budget,
        {{ measure('adjustment') }} as adjustment,
        {{ measure('total_budget') }} as total_budget,
        {{ measure('final_expenditure') }} as final_expenditure,
        {{ measure('balance') }} as balance
    from {{ ref('int_cell') }}
    where ledger = 'department_summary'
    group by fiscal_year, ledger, row_key, key_1
)

select
    fiscal_year,
    {{ row_address() }} as row_address,
    expenditure_kind,
    {{ yuan('carryover') }} as carryover,
    {{ yuan('initial_budget') }} as initial_budget,
    {{ yuan('adjustment') }} as adjustment,
    {{ yuan('total_budget') }} as total_budget,
    {{ yuan('final_expenditure') }} as final_expenditure,
    {{ yuan('coalesce(balance, total_budget - final_expenditure)') }} as balance,
    {{ divided('final_expenditure', 'total_budget') }} as execution_rate
from figures
