-- Every rule of every department that was judged: how often, how often it does not hold, the gravest of that. Of a
-- department that was held back, what its last build says.
select
    getvariable('year') as fiscal_year,
    judged.department,
    coalesce(family.family, 'own') as family,
    judged.rule_id,
    judged.severity,
    max(judged.title) as title,
    cast(count(*) as bigint) as judged,
    cast(count(*) filter (where judged.status in ('inconsistent', 'missing')) as bigint) as broken,
    cast(count(*) filter (where judged.status in ('corrected', 'accepted')) as bigint) as mended,
    cast(count(*) filter (where judged.status = 'rounding') as bigint) as rounding,
    arg_max(judged.instance, (judged.status in ('inconsistent', 'missing'), abs(coalesce(judged.difference, 0)), judged.instance))
        as instance,
    arg_max(judged.statement, (judged.status in ('inconsistent', 'missing'), abs(coalesce(judged.difference, 0)), judged.instance))
        as statement,
    bool_or(judged.is_held_back) as is_held_back
from main.judged_rule as judged
left join main.rule_family as family on judged.rule_id = family.rule_id
group by judged.department, family.family, judged.rule_id, judged.severity
