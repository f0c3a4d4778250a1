-- Departments that stand out, each by one rule of province.yml: the value, what it was compared with, the bound.
with measured as (
    unpivot (
        select
            department,
            cast(execution_rate as decimal(28, 6)) as execution_rate,
            cast(adjustment_share as decimal(28, 6)) as adjustment_share,
            cast(carryover_share as decimal(28, 6)) as carryover_share,
            cast(score as decimal(28, 6)) as score,
            cast(score_beside_execution as decimal(28, 6)) as score_beside_execution,
            cast(warning_places as decimal(28, 6)) as warning_places
        from main.province_department
    ) on columns(* exclude (department)) into name column_name value value
),

peers as (
    unpivot (
        select
            department,
            peers,
            cast(peer_execution_rate as decimal(28, 6)) as execution_rate,
            cast(peer_adjustment_share as decimal(28, 6)) as adjustment_share,
            cast(peer_carryover_share as decimal(28, 6)) as carryover_share,
            cast(peer_score as decimal(28, 6)) as score,
            cast(peer_score_beside_execution as decimal(28, 6)) as score_beside_execution,
            cast(peer_warning_places as decimal(28, 6)) as warning_places
        from main.province_department
    ) on columns(* exclude (department, peers)) into name column_name value middle
),

fences as (
    select
        column_name,
        quantile_disc(value, 0.25) as lower_quarter,
        quantile_disc(value, 0.5) as middle,
        quantile_disc(value, 0.75) as upper_quarter
    from measured
    group by column_name
),

judged as (
    select
        rules.rule_id,
        rules.place as rule_place,
        rules.title,
        rules.column_name,
        rules.kind,
        rules.bound,
        rules.advice,
        measured.department,
        measured.value,
        case when rules.kind in ('below_peers', 'above_peers') then peers.middle else fences.middle end as compared_with,
        peers.peers,
        case
            when rules.kind = 'beyond_fences'
                then cast(fences.lower_quarter - rules.bound * (fences.upper_quarter - fences.lower_quarter) as decimal(28, 6))
        end as lower_fence,
        case
            when rules.kind = 'beyond_fences'
                then cast(fences.upper_quarter + rules.bound * (fences.upper_quarter - fences.lower_quarter) as decimal(28, 6))
        end as upper_fence,
        peers.middle as peer_middle
    from main.outlier_rule as rules
    inner join measured on rules.column_name = measured.column_name
    inner join fences on rules.column_name = fences.column_name
    left join peers
        on
            rules.column_name = peers.column_name
            and measured.department = peers.department
)

select
    getvariable('year') as fiscal_year,
    department,
    rule_id,
    rule_place,
    title,
    column_name,
    kind,
    bound,
    value,
    compared_with,
    peers,
    lower_fence,
    upper_fence,
    advice
from judged
where
    case kind
        when 'below' then value < bound
        when 'above' then value > bound
        when 'below_peers' then value < peer_middle - bound
        when 'above_peers' then value > peer_middle + bound
        when 'beyond_fences' then lower_fence < upper_fence and (value < lower_fence or value > upper_fence)
    end
