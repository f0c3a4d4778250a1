-- Which budgets the department is involved in.
select
    fiscal_year,
    department,
    {{ row_address() }} as row_address,
    key_1 as budget,
    text as involvement
from {{ ref('int_cell') }}
where
    ledger = 'budget_scope'
    and measure = 'involvement'
