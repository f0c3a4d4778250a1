-- Every printed figure with its place, as it now holds (after corrections) and as it was printed. Money in yuan.
select
    cells.fiscal_year,
    cells.department,
    cells.address,
    cells.ledger,
    ledger.short as ledger_label,
    cells.row_key,
    cells.row_kind,
    cells.row_label,
    cells.measure,
    measure.header,
    cells.text,
    cells.unit,
    {{ published('cells.value', 'cells.unit') }} as value,
    {{ published('cells.half_width + abs(cells.skew)', 'cells.unit') }} as half_width,
    {{ published('cells.printed_value', 'cells.unit') }} as printed_value,
    cells.printed_unit,
    cells.is_corrected,
    cells.file,
    cells.sheet,
    cells.cell
from {{ ref('int_cell') }} as cells
inner join {{ source('raw', 'ledger') }} as ledger
    on
        cells.fiscal_year = ledger.fiscal_year
        and cells.department = ledger.department
        and cells.ledger = ledger.ledger
left join {{ source('raw', 'measure') }} as measure
    on
        cells.fiscal_year = measure.fiscal_year
        and cells.department = measure.department
        and cells.ledger = measure.ledger
        and cells.measure = measure.measure
