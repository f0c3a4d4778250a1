-- Each measure of each department over the years that it has published, with the year before; the blank department is
-- all of them together (rates computed anew, never averaged), of those years' departments.
with summed as (
    select
        fiscal_year,
        coalesce(department, '') as department,
        sum(carryover) as carryover,
        sum(initial_budget) as initial_budget,
        sum(adjustment) as adjustment,
        sum(total_budget) as total_budget,
        sum(final_expenditure) as final_expenditure,
        count(*) as departments
    from history.department_summary
    where expenditure_kind = 'total'
    group by grouping sets ((fiscal_year, department), (fiscal_year))
),

running as (
    select
        fiscal_year,
        coalesce(department, '') as department,
        sum(case when item = 'public_funds' then actual end) as public_funds_actual,
        sum(case when item = 'three_public' then actual end) as three_public_actual,
        sum(case when item = 'three_public' then prior_actual end) as three_public_prior
    from history.operating_cost
    group by grouping sets ((fiscal_year, department), (fiscal_year))
),

points as (
    select
        fiscal_year,
        coalesce(department, '') as department,
        quantile_disc(score, 0.5) as score
    from history.score_summary
    where section = 'total'
    group by grouping sets ((fiscal_year, department), (fiscal_year))
),

wide as (
    select
        summed.fiscal_year,
        summed.department,
        cast(summed.departments as bigint) as departments,
        cast(summed.total_budget as decimal(28, 6)) as total_budget,
        cast(summed.final_expenditure as decimal(28, 6)) as final_expenditure,
        cast(summed.initial_budget as decimal(28, 6)) as initial_budget,
        cast(summed.adjustment as decimal(28, 6)) as adjustment,
        cast(summed.carryover as decimal(28, 6)) as carryover,
        cast(summed.total_budget - summed.final_expenditure as decimal(28, 6)) as balance,
        cast(quotient(summed.final_expenditure, summed.total_budget) as decimal(28, 6)) as execution_rate,
        cast(quotient(summed.adjustment, summed.initial_budget) as decimal(28, 6)) as adjustment_share,
        cast(quotient(summed.carryover, summed.total_budget) as decimal(28, 6)) as carryover_share,
        cast(running.public_funds_actual as decimal(28, 6)) as public_funds_actual,
        cast(running.three_public_actual as decimal(28, 6)) as three_public_actual,
        cast(points.score as decimal(28, 6)) as score
    from summed
    left join running
        on
            summed.fiscal_year = running.fiscal_year
            and summed.department = running.department
    left join points
        on
            summed.fiscal_year = points.fiscal_year
            and summed.department = points.department
),

long as (
    unpivot wide on columns(* exclude (fiscal_year, department, departments)) into name measure value value
),

-- The year before as its own version says it, else as this year's report tells it of itself (三公经费比上年).
told as (
    select
        long.*,
        coalesce(
            before.value,
            case when long.measure = 'three_public_actual' then cast(running.three_public_prior as decimal(28, 6)) end
        ) as prior,
        before.value is not null as is_prior_published
    from long
    left join long as before
        on
            long.fiscal_year = before.fiscal_year + 1
            and long.department = before.department
            and long.measure = before.measure
    left join running
        on
            long.fiscal_year = running.fiscal_year
            and long.department = running.department
)

select
    *,
    value - prior as change,
    quotient(value - prior, prior) as change_rate
from told
