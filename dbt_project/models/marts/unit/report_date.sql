-- The dates that the report tells of.
select
    fiscal_year,
    department,
    {{ row_address() }} as row_address,
    key_1 as event,
    {{ day('value') }} as day
from {{ ref('int_cell') }}
where
    ledger = 'report_date'
    and measure = 'day'
