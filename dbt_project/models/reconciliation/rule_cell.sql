-- Which printed cells each rule instance binds, on which side: for whoever asks of a figure what proves it.
select distinct
    fiscal_year,
    department,
    rule_id,
    instance,
    side,
    address
from {{ ref('rule_term') }}
where address is not null
