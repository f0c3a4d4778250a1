-- Each indicator with its score by formula, where target and actual are printed. The execution rate is an indicator
-- of the department's totals; indicators that the report's body does not disclose are one line a section.
with cells as (
    select * from {{ ref('int_cell') }}
),

sections as (
    select
        fiscal_year,
        key_1 as section,
        max(row_label) as level1,
        {{ measure('weight') }} as weight,
        {{ measure('score') }} as score
    from cells
    where
        ledger = 'score_section'
        and row_kind = 'detail'
    group by fiscal_year, key_1
),

printed as (
    select
        fiscal_year,
        ledger,
        row_key,
        key_1 as section,
        key_2 as level3,
        {{ text('level2') }} as level2,
        {{ text('weight_basis') }} as weight_basis,
        {{ text('disclosure') }} as disclosure,
        {{ text('reason') }} as reason,
        {{ text('direction') }} as direction,
        {{ measure('target') }} as target,
        max(case when measure = 'target' then unit end) as target_unit,
        {{ text('target') }} as target_text,
        {{ measure('actual') }} as actual,
        max(case when measure = 'actual' then unit end) as actual_unit,
        {{ text('actual') }} as actual_text,
        coalesce({{ text('target_note') }}, {{ text('actual_note') }}) as note,
        coalesce({{ measure('target_high') }}, {{ measure('actual_high') }}) as upper_end,
        {{ measure('weight') }} as weight,
        {{ measure('score') }} as score,
        {{ measure('deduction') }} as deduction
    from cells
    where
        ledger = 'indicator'
        and row_kind = 'detail'
    group by fiscal_year, ledger, row_key, key_1, key_2
),

department as (
    select
        fiscal_year,
        {{ measure('total_budget') }} as total_budget,
        {{ measure('final_expenditure') }} as final_expenditure
    from cells
    where
        ledger = 'department_summary'
        and row_key = 'total'
    group by fiscal_year
),

parameters as (
    select
        years.fiscal_year,
        max(case when seeds.parameter = 'full_execution_rate' then seeds.value end) as full_execution_rate,
        max(case when seeds.parameter = 'reverse_zero_ratio' then seeds.value end) as reverse_zero_ratio
    from (select distinct fiscal_year from cells) as years
    inner join {{ ref('score_parameter') }} as seeds
        on years.fiscal_year between seeds.valid_from and seeds.valid_to
    group by years.fiscal_year
),

bands as (
    select
        printed.fiscal_year,
        printed.row_key,
        band.floor,
        band.ceiling
    from printed
    inner join {{ ref('qualitative_band') }} as band
        on
            printed.actual_text = band.outcome
            and printed.fiscal_year between band.valid_from and band.valid_to
    where printed.direction = 'qualitative'
),

execution as (
    select
        sections.fiscal_year,
        'score_section' as ledger,
        sections.section as row_key,
        sections.section,
        sections.level1,
        cast(null as string) as level2,
        sections.level1 as level3,
        '>=' as direction,
        cast(parameters.full_execution_rate as decimal(28, 9)) as target,
        'ratio' as target_unit,
        cast(null as string) as target_text,
        cast({{ divided('department.final_expenditure', 'department.total_budget') }} as decimal(28, 9)) as actual,
        cast(null as string) as actual_text,
        sections.weight,
        cast(null as string) as weight_basis,
        cast(null as decimal(28, 9)) as printed_score,
        cast(null as decimal(28, 9)) as printed_deduction,
        true as is_disclosed,
        cast(null as string) as reason,
        case
            when department.final_expenditure < 0 then cast(0 as decimal(9, 2))
            when department.final_expenditure >= department.total_budget * parameters.full_execution_rate
                and department.total_budget <> 0 then cast(sections.weight as decimal(9, 2))
            else {{ divided('department.final_expenditure * cast(sections.weight as decimal(5, 2))',
                            '(department.total_budget * parameters.full_execution_rate)', 2, 6, 'decimal(9, 2)') }}
        end as computed_score,
        cast(null as decimal(9, 4)) as band_floor,
        cast(null as decimal(9, 4)) as band_ceiling
    from sections
    inner join parameters on sections.fiscal_year = parameters.fiscal_year
    left join department on sections.fiscal_year = department.fiscal_year
    where sections.section = 'execution'
),

disclosed as (
    select
        printed.fiscal_year,
        printed.ledger,
        printed.row_key,
        printed.section,
        sections.level1,
        printed.level2,
        printed.level3,
        printed.direction,
        printed.target,
        printed.target_unit,
        printed.target_text,
        printed.actual,
        printed.actual_text,
        printed.weight,
        printed.weight_basis,
        printed.score as printed_score,
        printed.deduction as printed_deduction,
        true as is_disclosed,
        printed.reason,
        case
            when
                printed.target is null or printed.actual is null or printed.weight is null
                or printed.target_unit <> printed.actual_unit
                or printed.note is not null or printed.upper_end is not null or printed.target_unit = 'date'
                or printed.direction not in ('>=', '>', '<=', '<', '=')
                then null
            when
                (printed.direction in ('>=', '>') and printed.actual >= printed.target)
                or (printed.direction in ('<=', '<') and printed.actual <= printed.target)
                or (printed.direction = '=' and printed.target > 0 and printed.actual >= printed.target)
                or (printed.direction = '=' and printed.target = 0 and printed.actual <= 0)
                then cast(printed.weight as decimal(9, 2))
            when printed.target <= 0 then cast(0 as decimal(9, 2))
            when printed.direction in ('<=', '<') then
                case
                    when printed.actual >= printed.target * parameters.reverse_zero_ratio then cast(0 as decimal(9, 2))
                    else {{ divided(
                        '(cast(printed.target as decimal(24, 4)) * parameters.reverse_zero_ratio - cast(printed.actual as decimal(24, 4))) * cast(printed.weight as decimal(5, 2))',
                        '(cast(printed.target as decimal(24, 4)) * (parameters.reverse_zero_ratio - 1))', 2, 10, 'decimal(9, 2)') }}
                end
            when printed.actual <= 0 then cast(0 as decimal(9, 2))
            else {{ divided('cast(printed.actual as decimal(25, 6)) * cast(printed.weight as decimal(5, 2))',
                            'cast(printed.target as decimal(25, 6))', 2, 8, 'decimal(9, 2)') }}
        end as computed_score,
        bands.floor as band_floor,
        bands.ceiling as band_ceiling
    from printed
    inner join parameters on printed.fiscal_year = parameters.fiscal_year
    left join sections
        on
            printed.fiscal_year = sections.fiscal_year
            and printed.section = sections.section
    left join bands
        on
            printed.fiscal_year = bands.fiscal_year
            and printed.row_key = bands.row_key
    where
        coalesce(printed.disclosure, '') <> '正文未披露'
        and printed.section <> 'execution'
),

named as (
    select
        fiscal_year,
        section,
        count(*) as indicators,
        sum(coalesce(weight, 0)) as weight,
        sum(case when weight is null then coalesce(printed_deduction, 0) else 0 end) as deduction_without_weight
    from disclosed
    group by fiscal_year, section
),

undisclosed as (
    -- The rest of a section: its weight is what the named indicators leave. Where some are named, the body names every
    -- deduction, so the rest keeps its full marks less the deductions whose weight is not printed; where none is, the
    -- section's printed score is carried.
    select
        printed.fiscal_year,
        printed.ledger,
        printed.row_key,
        printed.section,
        sections.level1,
        printed.level2,
        printed.level3,
        cast(null as string) as direction,
        cast(null as decimal(28, 9)) as target,
        cast(null as string) as target_unit,
        cast(null as string) as target_text,
        cast(null as decimal(28, 9)) as actual,
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
        printed.disclosure as reason,
        cast(null as decimal(9, 2)) as computed_score,
        cast(null as decimal(9, 4)) as band_floor,
        cast(null as decimal(9, 4)) as band_ceiling
    from printed
    left join sections
        on
            printed.fiscal_year = sections.fiscal_year
            and printed.section = sections.section
    left join named
        on
            printed.fiscal_year = named.fiscal_year
            and printed.section = named.section
    where printed.disclosure = '正文未披露'
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
