-- Each indicator of each department over the years that it has published, with its target of the year before: known again
-- by its name, where one year has no two of that name. `loosened`: how much easier the target is, as a share of that one.
with named as (
    select * from history.indicator_score
    where level3 <> ''
    qualify count(*) over (partition by fiscal_year, department, section, level3) = 1
)

select
    named.fiscal_year,
    named.department,
    named.section,
    named.level3,
    named.unit,
    named.direction,
    named.target,
    named.target_text,
    named.actual,
    named.actual_text,
    earlier.target as prior_target,
    earlier.target_text as prior_target_text,
    case
        when named.unit <> earlier.unit or named.direction <> earlier.direction or named.unit in ('date', 'text') then null
        when named.direction in ('>=', '>', '=', '~') then quotient(earlier.target - named.target, earlier.target)
        when named.direction in ('<=', '<') then quotient(named.target - earlier.target, earlier.target)
    end as loosened
from named
left join named as earlier
    on
        named.fiscal_year = earlier.fiscal_year + 1
        and named.department = earlier.department
        and named.section = earlier.section
        and named.level3 = earlier.level3
