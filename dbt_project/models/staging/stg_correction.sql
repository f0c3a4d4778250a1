-- Corrections of the year, as checked when they were read.
select
    fiscal_year,
    department,
    address,
    printed,
    corrected,
    value,
    half_width,
    skew,
    reason,
    evidence,
    basis,
    confirmed_by
from {{ source('raw', 'correction') }}
