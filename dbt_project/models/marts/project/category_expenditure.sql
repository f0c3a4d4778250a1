-- The four categories of project expenditure. The ledger prints no balance.
with figures as (
    select
        fiscal_year,
        ledger,
        row_key,
        key_1 as category,
        {{ measure('carryover') }} as carryover,
        {{ measure('initial_budget') }} as initial_budget,
        {{ measure('adjustment') }} as adjustment,
        {{ measure('total_budget') }} as total_budget,
        {{ measure('final_expenditure') }} as final_expenditure
    from {{ ref('int_cell') }}
    where
        ledger = 'category_expenditure'
        and row_kind = 'detail'
    group by fiscal_year, ledger, row_key, key_1
)

select
    fiscal_year,
    {{ row_address() }} as row_address,
    category,
    {{ yuan('carryover') }} as carryover,
    {{ yuan('initial_budget') }} as initial_budget,
    {{ yuan('adjustment') }} as adjustment,
    {{ yuan('total_budget') }} as total_budget,
    {{ yuan('final_expenditure') }} as final_expenditure,
    {{ yuan('total_budget - final_expenditure') }} as balance,
    {{ divided('final_expenditure', 'total_budget') }} as execution_rate
from figures
