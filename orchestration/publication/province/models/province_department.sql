-- Each department of the year in one line: its state, what it has published, where that stands among the others. A
-- department that has published nothing has a state and no figures. Ranks: 1 is the largest budget, the highest rate,
-- the most points.
with budget as (
    select
        department,
        max(case when expenditure_kind = 'total' then carryover end) as carryover,
        max(case when expenditure_kind = 'total' then initial_budget end) as initial_budget,
        max(case when expenditure_kind = 'total' then adjustment end) as adjustment,
        max(case when expenditure_kind = 'total' then total_budget end) as total_budget,
        max(case when expenditure_kind = 'total' then final_expenditure end) as final_expenditure,
        max(case when expenditure_kind = 'basic' then total_budget end) as basic_budget,
        max(case when expenditure_kind = 'basic' then final_expenditure end) as basic_expenditure,
        max(case when expenditure_kind = 'project' then total_budget end) as project_budget,
        max(case when expenditure_kind = 'project' then final_expenditure end) as project_expenditure
    from published.department_summary
    group by department
),

points as (
    select
        department,
        score,
        grade
    from published.score_summary
    where section = 'total'
),

warned as (
    select
        department,
        count(*) as warnings,
        cast(sum(broken) as bigint) as warning_places
    from published.rule_summary
    where
        severity = 'warning'
        and broken > 0
    group by department
),

named as (
    select
        department,
        max(department_name) as department_name
    from published.ledger_source
    where department_name <> ''
    group by department
),

compared as (
    select
        states.fiscal_year,
        states.department,
        coalesce(named.department_name, states.department_name) as department_name,
        states.state,
        states.version,
        budget.carryover,
        budget.initial_budget,
        budget.adjustment,
        budget.total_budget,
        budget.final_expenditure,
        cast(budget.total_budget - budget.final_expenditure as decimal(20, 2)) as balance,
        quotient(budget.final_expenditure, budget.total_budget) as execution_rate,
        budget.basic_budget,
        budget.basic_expenditure,
        budget.project_budget,
        budget.project_expenditure,
        quotient(budget.project_expenditure, budget.project_budget) as project_execution_rate,
        quotient(budget.adjustment, budget.initial_budget) as adjustment_share,
        quotient(budget.carryover, budget.total_budget) as carryover_share,
        points.score,
        points.grade,
        case when states.version is not null then coalesce(warned.warnings, 0) end as warnings,
        case when states.version is not null then coalesce(warned.warning_places, 0) end as warning_places
    from main.department_state as states
    left join named on states.department = named.department
    left join budget on states.department = budget.department
    left join points on states.department = points.department
    left join warned on states.department = warned.department
),

ranked as (
    select
        *,
        cast(score / 100 as decimal(18, 6)) - execution_rate as score_beside_execution,
        case when total_budget is not null then rank() over (order by total_budget desc nulls last) end as budget_rank,
        case when execution_rate is not null then rank() over (order by execution_rate desc nulls last) end
            as execution_rank,
        case when score is not null then rank() over (order by score desc nulls last) end as score_rank,
        row_number() over (order by total_budget desc nulls last, department asc) as place
    from compared
),

beside as (
    select unnest(range(-getvariable('peers'), getvariable('peers') + 1)) as step
    except
    select 0 as step
)

select
    ranked.* exclude (place),
    cast(count(peer.department) as bigint) as peers,
    quantile_disc(peer.execution_rate, 0.5) as peer_execution_rate,
    quantile_disc(peer.score, 0.5) as peer_score,
    quantile_disc(peer.adjustment_share, 0.5) as peer_adjustment_share,
    quantile_disc(peer.carryover_share, 0.5) as peer_carryover_share,
    quantile_disc(peer.score_beside_execution, 0.5) as peer_score_beside_execution,
    quantile_disc(peer.warning_places, 0.5) as peer_warning_places
from ranked
-- Peers are the departments next to it by budget, as many before as behind.
left join beside on ranked.total_budget is not null
left join ranked as peer
    on
        ranked.place + beside.step = peer.place
        and peer.total_budget is not null
group by all
