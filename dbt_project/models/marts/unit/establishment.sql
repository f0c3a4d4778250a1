-- Posts approved and people in post, by kind. Kinds outside the total (retired cadres) say so.
with figures as (
    select
        fiscal_year,
        department,
        ledger,
        row_key,
        row_kind,
        key_1 as kind,
        {{ measure('quota') }} as quota,
        {{ measure('headcount') }} as headcount
    from {{ ref('int_cell') }}
    where
        ledger = 'establishment'
        and row_kind in ('detail', 'memo')
    group by fiscal_year, department, ledger, row_key, row_kind, key_1
)

select
    fiscal_year,
    department,
    {{ row_address() }} as row_address,
    kind,
    row_kind = 'detail' as in_total,
    {{ whole('quota') }} as quota,
    {{ whole('headcount') }} as headcount
from figures
