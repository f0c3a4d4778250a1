-- Findings by kind: in how many departments a rule does not hold, at how many places, and where most.
select
    fiscal_year,
    rule_id,
    family,
    severity,
    max(title) as title,
    cast(count(*) filter (where broken > 0) as bigint) as departments,
    cast(count(*) as bigint) as judged_departments,
    cast(sum(broken) as bigint) as places,
    arg_max(department, (broken, department)) as most_department,
    cast(max(broken) as bigint) as most_places,
    arg_max(statement, (broken, department)) as statement
from main.province_rule
group by fiscal_year, rule_id, family, severity
having sum(broken) > 0
