-- Running costs and the three public expenses. The prior year, where not printed, is actual less its change.
with figures as (
    select
        fiscal_year,
        department,
        ledger,
        row_key,
        key_1 as item,
        {{ measure('budget') }} as budget,
        {{ measure('actual') }} as actual,
        {{ measure('budget_change') }} as budget_change,
        {{ measure('change') }} as change
    from {{ ref('int_cell') }}
    where
        ledger = 'operating_cost'
        and row_kind = 'detail'
    group by fiscal_year, department, ledger, row_key, key_1
)

select
    fiscal_year,
    department,
    {{ row_address() }} as row_address,
    item,
    {{ yuan('budget') }} as budget,
    {{ yuan('actual') }} as actual,
    {{ divided('actual', 'budget') }} as completion_rate,
    {{ yuan('actual - change') }} as prior_actual,
    case when change is not null and actual is not null then 'derived' end as prior_actual_basis,
    {{ yuan('budget_change') }} as budget_change,
    {{ yuan('change') }} as change,
    {{ divided('change', '(actual - change)') }} as change_rate
from figures
