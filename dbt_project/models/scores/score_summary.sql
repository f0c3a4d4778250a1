-- Weight and score of each section and of the whole, and the grade. A section with an indicator that could not be
-- scored has no score: null is a finding, never a zero.
with sections as (
    select
        fiscal_year,
        department,
        section,
        cast(sum(weight) as decimal(9, 2)) as weight,
        case
            when sum(case when weight is not null and score is null then 1 else 0 end) = 0
                then cast(sum(score) as decimal(9, 2))
        end as score
    from {{ ref('indicator_score') }}
    group by fiscal_year, department, section
),

total as (
    select
        fiscal_year,
        department,
        'total' as section,
        cast(sum(weight) as decimal(9, 2)) as weight,
        case when count(score) = count(*) then cast(sum(score) as decimal(9, 2)) end as score
    from sections
    group by fiscal_year, department
)

select
    sections.fiscal_year,
    sections.department,
    sections.section,
    sections.weight,
    sections.score,
    cast(null as string) as grade
from sections
union all
select
    total.fiscal_year,
    total.department,
    total.section,
    total.weight,
    total.score,
    band.grade
from total
left join {{ ref('grade_band') }} as band
    on
        {{ in_grade_band('total.fiscal_year', 'total.score') }}
