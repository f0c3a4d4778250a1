-- How many offices, units, funds and annexes the report says there are.
select
    fiscal_year,
    department,
    {{ row_address() }} as row_address,
    key_1 as list,
    {{ whole('value') }} as number
from {{ ref('int_cell') }}
where
    ledger = 'stated_count'
    and measure = 'number'
