-- Every printed figure with its place, as it now holds (after corrections) and as it was printed. Money in yuan.
select
    fiscal_year,
    address,
    ledger,
    row_key,
    row_kind,
    row_label,
    measure,
    text,
    unit,
    {{ published('value') }} as value,
    {{ published('half_width') }} as half_width,
    {{ published('printed_value') }} as printed_value,
    printed_unit,
    is_corrected,
    file,
    sheet,
    cell
from {{ ref('int_cell') }}
