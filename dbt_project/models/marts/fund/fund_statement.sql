-- Income and expenditure of each social-insurance fund by item; `total` is the printed total of its side.
with figures as (
    select
        fiscal_year,
        department,
        ledger,
        row_key,
        key_1 as fund,
        key_2 as side,
        key_3 as item,
        {{ text('pooling_level') }} as pooling_level,
        {{ measure('budget') }} as budget,
        {{ measure('actual') }} as actual
    from {{ ref('int_figure') }}
    where
        ledger = 'fund_statement'
        and row_kind in ('detail', 'total')
    group by fiscal_year, department, ledger, row_key, key_1, key_2, key_3
)

select
    fiscal_year,
    department,
    {{ row_address() }} as row_address,
    fund,
    {{ pooling_level('pooling_level') }} as pooling_level,
    side,
    item,
    {{ yuan('budget') }} as budget,
    {{ yuan('actual') }} as actual,
    {{ divided('actual', 'budget') }} as completion_rate
from figures
