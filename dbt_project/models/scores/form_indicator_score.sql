-- Every indicator of every self-evaluation form: as reported, and the points that its formula gives beside.
select
    fiscal_year,
    department,
    {{ row_address() }} as row_address,
    form,
    section,
    level1,
    level2,
    level3,
    target_text,
    {{ published('target', 'target_unit') }} as target,
    actual_text,
    {{ published('actual', 'actual_unit') }} as actual,
    target_unit as unit,
    direction,
    cast(weight as decimal(9, 2)) as weight,
    cast(score as decimal(9, 2)) as score,
    computed_score,
    reason,
    case when computed_score is not null then formula end as formula,
    case when computed_score is not null then cast(parameter as decimal(9, 4)) end as formula_parameter,
    not_judged
from {{ ref('int_indicator_computed') }}
where form is not null
