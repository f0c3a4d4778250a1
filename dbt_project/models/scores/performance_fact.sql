-- The figures of the performance section, for the report's text and for cross-checks.
with figures as (
    select
        fiscal_year,
        department,
        ledger,
        row_key,
        key_1 as fact,
        {{ measure('value') }} as value,
        max(case when measure = 'value' then unit end) as unit,
        max(case when measure = 'value' then text end) as printed,
        {{ text('section') }} as section
    from {{ ref('int_cell') }}
    where
        ledger = 'performance_fact'
        and row_kind = 'detail'
    group by fiscal_year, department, ledger, row_key, key_1
)

select
    fiscal_year,
    department,
    {{ row_address() }} as row_address,
    fact,
    {{ published('value') }} as value,
    unit,
    printed,
    section
from figures
