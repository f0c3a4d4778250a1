-- Every indicator with its score: by formula where it can be judged, else as reported. The execution rate is an indicator
-- of the department's totals; indicators that the report's body does not disclose are one line a section. Where the
-- department's own form (部门整体支出绩效自评表) was read, its indicators are those of the department.
with cells as (
    select * from {{ ref('int_cell') }}
),

own_form as (
    select
        fiscal_year,
        department,
        'score_section' as ledger,
        section,
        section as row_key,
        max(level1) as level1,
        sum(weight) as weight,
        sum(score) as score
    from {{ ref('int_indicator_reported') }}
    where
        form = 'department'
        and section <> 'execution'
    group by fiscal_year, department, section
    union all
    select
        fiscal_year,
        department,
        'evaluation_funding' as ledger,
        'execution' as section,
        'department:total' as row_key,
        '预算执行率' as level1,
        {{ measure('weight') }} as weight,
        {{ measure('score') }} as score
    from cells
    where
        (ledger = 'evaluation_funding' and row_key = 'department:total')
        or (ledger = 'evaluation_indicator' and key_1 = 'department' and key_2 = 'execution')
    group by fiscal_year, department
),

section_rows as (
    select
        fiscal_year,
        department,
        ledger,
        key_1 as section,
        key_1 as row_key,
        max(row_label) as level1,
        {{ measure('weight') }} as weight,
        {{ measure('score') }} as score
    from cells
    where
        ledger = 'score_section'
        and row_kind = 'detail'
    group by fiscal_year, department, ledger, key_1
),

sections as (
    -- What a score table prints of a section, else what the form's own indicators add up to.
    select * from section_rows
    union all
    select own_form.*
    from own_form
    left join section_rows
        on
            own_form.fiscal_year = section_rows.fiscal_year
            and own_form.department = section_rows.department
            and own_form.section = section_rows.section
    where section_rows.section is null
),

whole as (
    select
        fiscal_year,
        department,
        {{ measure('total_budget') }} as total_budget,
        {{ measure('final_expenditure') }} as final_expenditure
    from cells
    where
        ledger = 'department_summary'
        and row_key = 'total'
    group by fiscal_year, department
),

parameters as (
    select
        years.fiscal_year,
        years.department,
        max(case when seeds.parameter = 'full_execution_rate' then seeds.value end) as full_execution_rate
    from (
        select distinct
            fiscal_year,
            department
        from cells
    ) as years
    inner join {{ ref('score_parameter') }} as seeds
        on years.fiscal_year between seeds.valid_from and seeds.valid_to
    group by years.fiscal_year, years.department
),

execution as (
    select
        sections.fiscal_year,
        sections.department,
        sections.ledger,
        sections.row_key,
        sections.section,
        sections.level1,
        cast(null as string) as level2,
        sections.level1 as level3,
        '>=' as direction,
        cast(parameters.full_execution_rate as decimal(28, 9)) as target,
        'ratio' as target_unit,
        cast(null as string) as target_text,
        cast({{ divided('whole.final_expenditure', 'whole.total_budget') }} as decimal(28, 9)) as actual,
        'ratio' as actual_unit,
        cast(null as string) as actual_text,
        sections.weight,
        cast(null as string) as weight_basis,
        cast(null as decimal(28, 9)) as printed_score,
        cast(null as decimal(28, 9)) as printed_deduction,
        true as is_disclosed,
        cast(null as string) as reason,
        'proportional' as formula,
        cast(parameters.full_execution_rate as decimal(9, 4)) as formula_parameter,
        cast(null as string) as not_judged,
        case
            when whole.final_expenditure < 0 then cast(0 as decimal(9, 2))
            when whole.final_expenditure >= whole.total_budget * parameters.full_execution_rate
                and whole.total_budget <> 0 then cast(sections.weight as decimal(9, 2))
            else {{ divided('whole.final_expenditure * cast(sections.weight as decimal(5, 2))',
                            '(whole.total_budget * parameters.full_execution_rate)', 2, 6, 'decimal(9, 2)') }}
        end as computed_score,
        cast(null as decimal(9, 4)) as band_floor,
        cast(null as decimal(9, 4)) as band_ceiling
    from sections
    inner join parameters
        on
            sections.fiscal_year = parameters.fiscal_year
            and sections.department = parameters.department
    left join whole
        on
            sections.fiscal_year = whole.fiscal_year
            and sections.department = whole.department
    where sections.section = 'execution'
),

disclosed as (
    select
        computed.fiscal_year,
        computed.department,
        computed.ledger,
        computed.row_key,
        computed.section,
        computed.level1,
        computed.level2,
        computed.level3,
        computed.direction,
        computed.target,
        computed.target_unit,
        computed.target_text,
        computed.actual,
        computed.actual_unit,
        computed.actual_text,
        computed.weight,
        computed.weight_basis,
        computed.score as printed_score,
        computed.deduction as printed_deduction,
        true as is_disclosed,
        computed.reason,
        computed.formula,
        computed.parameter as formula_parameter,
        computed.not_judged,
        computed.computed_score,
        computed.band_floor,
        computed.band_ceiling
    from {{ ref('int_indicator_computed') }} as computed
    left join own_form
        on
            computed.fiscal_year = own_form.fiscal_year
            and computed.department = own_form.department
            and computed.section = own_form.section
    where
        computed.section <> 'execution'
        and (computed.form = 'department' or (computed.form is null and own_form.section is null))
),

named as (
    select
        fiscal_year,
        department,
        section,
        count(*) as indicators,
        sum(coalesce(weight, 0)) as weight,
        sum(case when weight is null then coalesce(printed_deduction, 0) else 0 end) as deduction_without_weight
    from disclosed
    group by fiscal_year, department, section
),

undisclosed as (
    -- The rest of a section: its weight is what the named indicators leave. Where some are named, the body names every
    -- deduction, so the rest keeps its full marks less the deductions whose weight is not printed; where none is, the
    -- section's printed score is carried.
    select
        reported.fiscal_year,
        reported.department,
        reported.ledger,
        reported.row_key,
        reported.section,
        sections.level1,
        reported.level2,
        reported.level3,
        cast(null as string) as direction,
        cast(null as decimal(28, 9)) as target,
        cast(null as string) as target_unit,
        cast(null as string) as target_text,
        cast(null as decimal(28, 9)) as actual,
        cast(null as string) as actual_unit,
        cast(null as string) as actual_text,
        cast(sections.weight - coalesce(named.weight, 0) as decimal(28, 9)) as weight,
        case when named.indicators > 0 then '推断' end as weight_basis,
        case
            when named.indicators > 0
                then cast(sections.weight - named.weight - named.deduction_without_weight as decimal(28, 9))
            else sections.score
        end as printed_score,
        -- what the named indicators lose is said beside them
        case when named.indicators > 0 then cast(0 as decimal(28, 9)) end as printed_deduction,
        false as is_disclosed,
        reported.disclosure as reason,
        cast(null as string) as formula,
        cast(null as decimal(9, 4)) as formula_parameter,
        cast(null as string) as not_judged,
        cast(null as decimal(9, 2)) as computed_score,
        cast(null as decimal(9, 4)) as band_floor,
        cast(null as decimal(9, 4)) as band_ceiling
    from {{ ref('int_indicator_reported') }} as reported
    left join sections
        on
            reported.fiscal_year = sections.fiscal_year
            and reported.department = sections.department
            and reported.section = sections.section
    left join named
        on
            reported.fiscal_year = named.fiscal_year
            and reported.department = named.department
            and reported.section = named.section
    left join own_form
        on
            reported.fiscal_year = own_form.fiscal_year
            and reported.department = own_form.department
            and reported.section = own_form.section
    where
        reported.disclosure = '正文未披露'
        and reported.form is null
        and own_form.section is null
),

indicators as (
    select * from execution
    union all
    select * from disclosed
    union all
    select * from undisclosed
)

select
    *,
    coalesce(
        computed_score,
        cast(printed_score as decimal(9, 2)),
        cast(weight - printed_deduction as decimal(9, 2))
    ) as score
from indicators
