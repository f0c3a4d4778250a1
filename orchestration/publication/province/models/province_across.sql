-- What a department prints, and what others print of the same: both sides, the difference, what rounding explains. A
-- department that should stand on a side and has published nothing makes it missing, never a smaller sum. Statuses are
-- those of rules, and: mixed (pooling levels that are not added), unpaired (nobody is named who could be the other side).
with lefts as (
    select * from main.province_across_cell
    where side = 'left'
),

summed as (
    select
        rule_id,
        scope,
        subject,
        is_of_nobody,
        other,
        bound,
        any_value(label) as label,
        any_value(unit) as unit,
        any_value(printed_unit) as printed_unit,
        cast(sum(value) as decimal(28, 9)) as value,
        cast(sum(half_width) as decimal(28, 9)) as half_width,
        count(*) as cells,
        list_sort(list_distinct(list(department) filter (where value is null))) as blank,
        list_distinct(list(pooling_level) filter (where pooling_level <> '')) as levels,
        count(distinct unit) as units
    from main.province_across_cell
    where side = 'right'
    group by rule_id, scope, subject, is_of_nobody, other, bound
),

paired as (
    select
        coalesce(lefts.rule_id, summed.rule_id) as rule_id,
        coalesce(lefts.scope, summed.scope) as scope,
        coalesce(lefts.subject, summed.subject) as subject,
        coalesce(lefts.other, summed.other) as other,
        coalesce(lefts.bound, summed.bound) as bound,
        coalesce(summed.is_of_nobody, false) as is_of_nobody,
        lefts.label as left_label,
        lefts.value as left_value,
        summed.label as right_label,
        summed.value as right_value,
        coalesce(summed.cells, 0) as right_cells,
        coalesce(lefts.printed_unit, summed.printed_unit) as printed_unit,
        lefts.half_width + summed.half_width as allowed,
        coalesce(summed.blank, []) as blank,
        list_sort(
            list_distinct(
                list_concat(
                    coalesce(summed.levels, []),
                    case when lefts.scope = 'all' and lefts.pooling_level <> '' then [lefts.pooling_level] else [] end
                )
            )
        ) as levels,
        summed.units > 1 or lefts.unit <> summed.unit as has_units
    from lefts
    full join summed
        on
            lefts.rule_id = summed.rule_id
            and lefts.subject = summed.subject
            and lefts.other = summed.other
            and lefts.bound = summed.bound
            and not summed.is_of_nobody
    where lefts.value is not null or summed.value is not null
),

-- Who should stand on either side and has published nothing.
expected as (
    select distinct
        paired.rule_id,
        paired.subject,
        paired.other,
        paired.bound,
        states.department
    from paired
    inner join main.department_state as states
        on
            case paired.scope
                when 'subordinates' then paired.subject in (states.superior, states.department)
                when 'counterpart' then states.department in (paired.subject, paired.other)
                when 'all' then true
            end
    where states.version is null
),

absent as (
    select
        rule_id,
        subject,
        other,
        bound,
        list_sort(list(department)) as departments
    from expected
    group by all
),

judged as (
    select
        paired.*,
        coalesce(absent.departments, []) as absent,
        left_value - right_value as difference,
        case
            when paired.is_of_nobody then 'unpaired'
            when paired.scope = 'counterpart' and not exists (from main.department_state as states where states.department = paired.other) then 'unpaired'
            when paired.scope = 'counterpart' and not exists (from main.department_state as states where states.department = paired.subject) then 'unpaired'
            when
                paired.scope = 'subordinates'
                and not exists (from main.department_state as states where states.superior = paired.subject)
                then 'unpaired'
            when absent.departments is not null or len(paired.blank) > 0 then 'missing'
            when paired.left_value is null or paired.right_value is null then 'missing'
            when paired.has_units or len(paired.levels) > 1 then 'mixed'
            when paired.left_value = paired.right_value then 'consistent'
            when abs(paired.left_value - paired.right_value) <= paired.allowed then 'rounding'
            else 'inconsistent'
        end as status
    from paired
    left join absent
        on
            paired.rule_id = absent.rule_id
            and paired.subject = absent.subject
            and paired.other = absent.other
            and paired.bound = absent.bound
)

select
    getvariable('year') as fiscal_year,
    rules.place as rule_place,
    rules.title,
    rules.advice,
    judged.rule_id,
    judged.scope,
    judged.subject as department,
    judged.other,
    judged.bound,
    judged.is_of_nobody,
    judged.status,
    judged.left_label,
    judged.left_value,
    judged.right_label,
    judged.right_value,
    judged.right_cells,
    judged.printed_unit,
    judged.difference,
    judged.allowed,
    judged.absent,
    judged.blank,
    judged.levels
from judged
inner join main.across_rule as rules
    on
        judged.rule_id = rules.rule_id
        and rules.side = 'left'
