-- Insured persons by scheme, and the change against the year before.
select
    fiscal_year,
    department,
    {{ row_address() }} as row_address,
    key_1 as scheme,
    {{ whole(measure('persons')) }} as persons,
    {{ whole(measure('change')) }} as change
from {{ ref('int_cell') }}
where
    ledger = 'insured'
    and row_kind = 'detail'
group by fiscal_year, department, ledger, row_key, key_1
