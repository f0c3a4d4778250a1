-- Every indicator with its score: computed where the body gives target and actual, else carried as reported.
select
    fiscal_year,
    department,
    {{ row_address() }} as row_address,
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
    score,
    cast(coalesce(printed_deduction, weight - score) as decimal(9, 2)) as deduction,
    case
        when weight_basis = '推断' then 'inferred'
        when computed_score is not null then 'computed'
        when section = 'execution' then 'computed'
        else 'reported'
    end as basis,
    is_disclosed,
    reason,
    case when computed_score is not null then formula end as formula,
    case when computed_score is not null then formula_parameter end as formula_parameter,
    not_judged
from {{ ref('int_indicator') }}
