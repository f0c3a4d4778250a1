-- Each indicator as its form reports it (of the department's own score, `form` is null), beside its section, the parameters of its place and year, and the formula that
-- they give its kind of target.
with cells as (
    select * from {{ ref('int_cell') }}
),

places as (
    select
        fiscal_year,
        department,
        max(department_name) as department_name
    from {{ source('raw', 'ledger') }}
    group by fiscal_year, department
),

sections as (
    select
        fiscal_year,
        department,
        key_1 as section,
        max(row_label) as level1,
        {{ measure('weight') }} as weight,
        {{ measure('score') }} as score
    from cells
    where
        ledger = 'score_section'
        and row_kind = 'detail'
    group by fiscal_year, department, key_1
),

reported as (
    select
        fiscal_year,
        department,
        ledger,
        row_key,
        case when ledger = 'evaluation_indicator' then key_1 end as form,
        case when ledger = 'evaluation_indicator' then key_2 else key_1 end as section,
        case when ledger = 'evaluation_indicator' then key_3 else key_2 end as level3,
        {{ text('level2') }} as level2,
        {{ text('weight_basis') }} as weight_basis,
        {{ text('disclosure') }} as disclosure,
        {{ text('reason') }} as reason,
        {{ text('direction') }} as direction,
        {{ measure('target') }} as target,
        {{ measure('target_high') }} as target_high,
        max(case when measure = 'target' then unit end) as target_unit,
        {{ text('target') }} as target_text,
        {{ measure('actual') }} as actual,
        {{ measure('actual_high') }} as actual_high,
        max(case when measure = 'actual' then unit end) as actual_unit,
        {{ text('actual') }} as actual_text,
        coalesce({{ text('target_note') }}, {{ text('actual_note') }}) as note,
        {{ measure('weight') }} as weight,
        {{ measure('score') }} as score,
        {{ measure('deduction') }} as deduction,
        {{ measure('level2_weight') }} as level2_weight
    from cells
    where
        ledger in ('indicator', 'evaluation_indicator')
        and row_kind = 'detail'
    group by fiscal_year, department, ledger, row_key, key_1, key_2, key_3
),

formulas as (
    -- The province's own formula beats the general one, and one for days beats one for any unit.
    select
        reported.fiscal_year,
        reported.department,
        reported.row_key,
        seeds.formula,
        seeds.parameter,
        row_number() over (
            partition by reported.fiscal_year, reported.department, reported.row_key
            order by length(coalesce(seeds.place, '')) desc, case when seeds.unit is not null then 0 else 1 end
        ) as preference
    from reported
    left join places
        on
            reported.fiscal_year = places.fiscal_year
            and reported.department = places.department
    inner join {{ ref('score_formula') }} as seeds
        on
            reported.direction = seeds.direction
            and reported.fiscal_year between seeds.valid_from and seeds.valid_to
            and (seeds.unit is null or reported.target_unit = seeds.unit)
            and (seeds.place is null or substring(places.department_name, 1, length(seeds.place)) = seeds.place)
)

select
    reported.*,
    case when reported.form is null then sections.level1 else {{ section_name('reported.section') }} end as level1,
    formulas.formula,
    formulas.parameter
from reported
left join sections
    on
        reported.fiscal_year = sections.fiscal_year
        and reported.department = sections.department
        and reported.section = sections.section
left join formulas
    on
        reported.fiscal_year = formulas.fiscal_year
        and reported.department = formulas.department
        and reported.row_key = formulas.row_key
        and formulas.preference = 1
