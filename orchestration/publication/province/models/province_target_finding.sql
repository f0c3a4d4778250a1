-- Targets that were made easier from year to year: one line an indicator and rule of province.yml, of those that are
-- beyond in the year, and in so many years before it without a break.
with runs as (
    select
        indicators.*,
        rules.rule_id,
        rules.place as rule_place,
        rules.title,
        rules.bound,
        rules.in_a_row,
        rules.advice,
        coalesce(indicators.loosened > rules.bound, false) as is_beyond
    from main.province_indicator as indicators
    cross join main.target_rule as rules
),

counted as (
    select
        *,
        sum(case when is_beyond then 0 else 1 end)
            over (partition by department, rule_id, section, level3 order by fiscal_year desc) as broken_off,
        fiscal_year + row_number() over (partition by department, rule_id, section, level3 order by fiscal_year desc) as run
    from runs
)

select
    max(fiscal_year) as fiscal_year,
    department,
    rule_id,
    max(rule_place) as rule_place,
    max(title) as title,
    max(bound) as bound,
    max(advice) as advice,
    section,
    level3,
    arg_max(target_text, fiscal_year) as target_text,
    arg_max(prior_target_text, fiscal_year) as prior_target_text,
    arg_max(loosened, fiscal_year) as loosened,
    cast(count(*) as bigint) as years
from counted
where
    broken_off = 0
    and run = getvariable('year') + 1
group by department, rule_id, section, level3
having
    count(*) >= max(in_a_row)
    and max(fiscal_year) = getvariable('year')
