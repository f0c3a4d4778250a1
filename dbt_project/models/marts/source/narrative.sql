-- The report's free text, as people wrote it in narrative.yml; figures in it are references.
select
    fiscal_year,
    department,
    concat(slot, '/', cast(position as string)) as place,
    slot,
    position,
    kind,
    text
from {{ source('raw', 'narrative') }}
