-- The files of entries that the year's exact figures come from; none where only printed ledgers are at hand.
select
    fiscal_year,
    department,
    ledger,
    file,
    content,
    entries,
    {{ yuan('fen') }} as amount,
    bad_lines
from {{ source('raw', 'entry_file') }}
