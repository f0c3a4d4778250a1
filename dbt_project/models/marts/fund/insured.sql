-- Insured persons by scheme, and the change against the year before.
select
    fiscal_year,
    {{ row_address() }} as row_address,
    key_1 as scheme,
    cast({{ measure('persons') }} as bigint) as persons,
    cast({{ measure('change') }} as bigint) as change
from {{ ref('int_cell') }}
where ledger = 'insured'
group by fiscal_year, ledger, row_key, key_1
