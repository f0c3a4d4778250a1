-- The ledgers of the year: what they are called, the file each was read from, and who mends it.
select
    fiscal_year,
    ledger,
    title,
    short as label,
    file,
    document,
    section,
    sha256,
    department,
    on_duty
from {{ source('raw', 'ledger') }}
where file <> ''
