-- The cells on both sides of each relation between departments: whose relation it is (`subject`), with whom (`other`).
-- A cell that nobody named could be the other side of is its own department's, and `is_of_nobody`.
with called as (
    select
        department,
        department as name
    from main.department_state
    union
    select
        department,
        department_name as name
    from main.province_department
),

-- A key is printed without its blanks.
known as (
    select
        department,
        regexp_replace(name, '\s', '', 'g') as name
    from called
),

lefts as (
    select
        cells.*,
        cells.department as subject,
        case when cells.scope = 'counterpart' then coalesce(known.department, cells.named) else '' end as other
    from main.across_cell as cells
    left join known on regexp_replace(cells.named, '\s', '', 'g') = known.name
    where cells.side = 'left'
),

rights as (
    select
        cells.*,
        case cells.scope
            when 'subordinates' then nullif(states.superior, '')
            when 'counterpart' then coalesce(known.department, cells.named)
        end as subject,
        case when cells.scope = 'counterpart' then cells.department else '' end as other
    from main.across_cell as cells
    inner join main.department_state as states on cells.department = states.department
    left join known on regexp_replace(cells.named, '\s', '', 'g') = known.name
    where
        cells.side = 'right'
        and cells.scope <> 'all'
    union all
    -- A total is of every other department.
    select
        cells.*,
        lefts.subject,
        '' as other
    from main.across_cell as cells
    inner join lefts
        on
            cells.rule_id = lefts.rule_id
            and cells.bound = lefts.bound
            and cells.department <> lefts.subject
    where
        cells.side = 'right'
        and cells.scope = 'all'
)

select
    * exclude (subject),
    coalesce(subject, department) as subject,
    subject is null as is_of_nobody
from (from lefts union all by name from rights)
