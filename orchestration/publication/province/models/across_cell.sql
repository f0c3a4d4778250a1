-- The cells that rules across departments speak of, each bound to its side: `bound` is what the variables of the rule
-- stand for, `named` the department that the key names. Only what may be added: money, persons, counts.
with cells as materialized (
    select * from published.cell
    where ledger in (select across_rule.ledger from main.across_rule)
),

bound as (
    select
        rules.rule_id,
        rules.scope,
        rules.side,
        cells.department,
        cells.address,
        concat_ws(' ', cells.ledger_label, cells.row_label, cells.header) as label,
        cells.unit,
        cells.printed_unit,
        cells.value,
        cells.half_width,
        cells.file,
        cells.sheet,
        cells.cell,
        levels.text as pooling_level,
        list_zip(
            list_append(string_split(rules.row_key, ':'), rules.measure), list_append(string_split(cells.row_key, ':'), cells.measure)
        ) as parts
    from main.across_rule as rules
    inner join cells
        on
            rules.ledger = cells.ledger
            and (rules.measure = cells.measure or starts_with(rules.measure, '{'))
            and len(string_split(rules.row_key, ':')) = len(string_split(cells.row_key, ':'))
    left join cells as levels
        on
            cells.department = levels.department
            and cells.ledger = levels.ledger
            and cells.row_key = levels.row_key
            and levels.measure = 'pooling_level'
    where cells.unit in ('yuan', 'person', 'count')
)

select
    * exclude (parts),
    array_to_string(
        list_sort(
            list_transform(
                list_filter(parts, lambda part: starts_with(part[1], '{') and part[1] not in ('{other}', '{self}')),
                lambda part: concat(part[1], part[2])
            )
        ), ' '
    ) as bound,
    list_filter(parts, lambda part: part[1] in ('{other}', '{self}'))[1][2] as named
from bound
where list_bool_and(list_transform(parts, lambda part: starts_with(part[1], '{') or part[1] = part[2]))
