-- Every correction as it stands in the year's corrections.csv.
select
    fiscal_year,
    department,
    address,
    printed,
    corrected,
    reason,
    evidence,
    basis,
    confirmed_by
from {{ ref('stg_correction') }}
