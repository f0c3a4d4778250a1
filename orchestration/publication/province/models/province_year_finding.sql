-- What a department is asked to explain of this year beside those before: one line a rule of province.yml.
with runs as (
    select
        trend.*,
        rules.rule_id,
        rules.place as rule_place,
        rules.title,
        rules.kind,
        rules.bound,
        rules.in_a_row,
        rules.advice,
        case rules.kind
            when 'change' then abs(trend.change_rate) > rules.bound
            when 'rise' then trend.change_rate > rules.bound
            when 'below' then trend.value < rules.bound
            when 'above' then trend.value > rules.bound
        end as is_beyond
    from main.province_trend as trend
    inner join main.year_rule as rules on trend.measure = rules.column_name
    where trend.department <> ''
),

counted as (
    -- How many years in a row up to this one: years without a break, each of them beyond.
    select
        *,
        sum(case when coalesce(is_beyond, false) then 0 else 1 end)
            over (partition by department, rule_id order by fiscal_year desc) as broken_off,
        fiscal_year + row_number() over (partition by department, rule_id order by fiscal_year desc) as run
    from runs
)

select
    max(fiscal_year) as fiscal_year,
    department,
    rule_id,
    max(rule_place) as rule_place,
    max(title) as title,
    max(measure) as measure,
    max(kind) as kind,
    max(bound) as bound,
    max(advice) as advice,
    arg_max(value, fiscal_year) as value,
    arg_max(prior, fiscal_year) as prior,
    arg_max(change_rate, fiscal_year) as change_rate,
    cast(count(*) as bigint) as years
from counted
where
    broken_off = 0
    and run = getvariable('year') + 1
group by department, rule_id
having
    count(*) >= max(in_a_row)
    and max(fiscal_year) = getvariable('year')
