-- Every accepted exception as it stands in the year's exceptions.csv.
select
    fiscal_year,
    department,
    rule_id,
    instance,
    difference,
    reason,
    evidence,
    confirmed_by
from {{ source('raw', 'accepted_exception') }}
