-- The wall: department and family of rules, with the state of the worst of them and the place that shows it.
select
    fiscal_year,
    department,
    family,
    cast(sum(judged) as bigint) as judged,
    cast(sum(case when severity = 'error' then broken else 0 end) as bigint) as errors,
    cast(sum(case when severity = 'warning' then broken else 0 end) as bigint) as warnings,
    cast(sum(mended) as bigint) as mended,
    cast(sum(rounding) as bigint) as rounding,
    case
        when sum(case when severity = 'error' then broken else 0 end) > 0 then 'error'
        when sum(case when severity = 'warning' then broken else 0 end) > 0 then 'warning'
        when sum(mended) > 0 then 'mended'
        else 'holds'
    end as state,
    arg_max(rule_id, (broken > 0 and severity = 'error', broken > 0, mended > 0, broken, rule_id)) as rule_id,
    arg_max(instance, (broken > 0 and severity = 'error', broken > 0, mended > 0, broken, rule_id)) as instance,
    arg_max(
        case when broken > 0 then statement else '' end,
        (broken > 0 and severity = 'error', broken > 0, mended > 0, broken, rule_id)
    ) as statement,
    bool_or(is_held_back) as is_held_back
from main.province_rule
group by fiscal_year, department, family
