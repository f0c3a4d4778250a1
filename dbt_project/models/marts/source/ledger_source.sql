-- The ledgers of the year: what they are called, the file each was read from, and who mends it.
select
    fiscal_year,
    department,
    ledger,
    title,
    short as label,
    file,
    document,
    section,
    sha256,
    department_name,
    on_duty
from {{ source('raw', 'ledger') }}
where file <> ''
