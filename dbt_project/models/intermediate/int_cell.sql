-- The year's cells after corrections. What was printed stays beside what now holds.
with cells as (
    select * from {{ ref('stg_cell') }}
),

corrections as (
    select * from {{ ref('stg_correction') }}
)

select
    cells.fiscal_year,
    cells.department,
    cells.address,
    cells.ledger,
    cells.row_key,
    cells.key_1,
    cells.key_2,
    cells.key_3,
    cells.row_kind,
    cells.row_label,
    cells.measure,
    cells.file,
    cells.sheet,
    cells.cell,
    cells.text,
    cells.unit,
    cells.printed_unit,
    cells.printed_factor,
    cells.value as printed_value,
    cells.half_width as printed_half_width,
    cells.skew as printed_skew,
    coalesce(corrections.value, cells.value) as value,
    coalesce(corrections.half_width, cells.half_width) as half_width,
    coalesce(corrections.skew, cells.skew) as skew,
    corrections.address is not null as is_corrected
from cells
left join corrections
    on
        cells.fiscal_year = corrections.fiscal_year
        and cells.department = corrections.department
        and cells.address = corrections.address
