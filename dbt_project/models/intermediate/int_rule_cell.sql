{{ config(group='reconciliation') }}
-- Every cell that rules speak of: this year's, last year's as published (`year_offset` -1), and the scores that the
-- warehouse computes, as cells of the ledgers `computed_score`, `computed_indicator`, `computed_form`, `computed_funding`.
{% set columns = [
    'address', 'ledger', 'key_1', 'key_2', 'key_3', 'row_kind', 'row_label', 'measure', 'text', 'unit',
    'printed_unit', 'printed_factor'
] %}
with prior_year as (
    select
        *,
        fiscal_year + 1 as judged_year
    from {{ ref('stg_prior_cell') }}
),

declared as (
    -- What the form of the year's start was to reach, as it compares.
    select
        fiscal_year,
        department,
        row_key,
        {{ text('direction') }} as direction,
        {{ text('target') }} as target_text,
        {{ measure('target_high') }} as target_high
    from {{ ref('int_cell') }}
    where
        ledger = 'declared_target'
        and row_kind = 'detail'
    group by fiscal_year, department, row_key
),

forms as (
    -- Indicators of forms beside what their reason, their second level, the department's form and that of the year's
    -- start say of them.
    select
        indicators.*,
        case
            when indicators.reason is null then greatest(indicators.weight - indicators.score, 0)
            else 0
        end as unexplained_deduction,
        case
            when
                indicators.reason is null
                and indicators.direction in ('>=', '>', '=', '~')
                and indicators.target > 0
                and indicators.target_unit = indicators.actual_unit
                and indicators.target_unit <> 'date'
                and indicators.actual_high is null
                then {{ divided('indicators.actual', 'indicators.target', 6, 9, 'decimal(28, 9)') }}
        end as unexplained_completion,
        case
            when indicators.level2_weight is not null
                then sum(indicators.weight)
                over (
                    partition by
                        indicators.fiscal_year,
                        indicators.department,
                        indicators.form,
                        indicators.section,
                        indicators.level2
                )
        end as level2_sum,
        case
            when declared.direction is null then null
            when declared.direction <> indicators.direction then 1
            when coalesce(declared.target_high, -1) <> coalesce(indicators.target_high, -1) then 1
            when indicators.target is null and declared.target_text <> indicators.target_text then 1
            else 0
        end as changed_target,
        whole.actual as department_actual
    from {{ ref('int_indicator_computed') }} as indicators
    left join {{ ref('int_indicator_reported') }} as whole
        on
            indicators.fiscal_year = whole.fiscal_year
            and indicators.department = whole.department
            and indicators.section = whole.section
            and indicators.level3 = whole.level3
            and indicators.form <> 'department'
            and whole.form = 'department'
    left join declared
        on
            indicators.fiscal_year = declared.fiscal_year
            and indicators.department = declared.department
            and indicators.row_key = declared.row_key
    where indicators.form is not null
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
        from {{ ref('int_cell') }}
    ) as years
    inner join {{ ref('score_parameter') }} as seeds
        on years.fiscal_year between seeds.valid_from and seeds.valid_to
    group by years.fiscal_year, years.department
),

funding_rows as (
    select
        fiscal_year,
        department,
        key_1,
        key_2,
        max(row_label) as row_label,
        {{ measure('total_budget') }} as total_budget,
        {{ measure('final_expenditure') }} as final_expenditure,
        {{ measure('weight') }} as weight
    from {{ ref('int_cell') }}
    where ledger = 'evaluation_funding'
    group by fiscal_year, department, key_1, key_2
),

funding as (
    -- Points of the funding: the execution rate's share of them; of no budget there is none.
    select
        funding_rows.fiscal_year,
        funding_rows.department,
        funding_rows.key_1,
        funding_rows.key_2,
        funding_rows.row_label,
        case
            when funding_rows.total_budget <= 0 then null
            when funding_rows.final_expenditure <= 0 then 0
            when funding_rows.final_expenditure >= funding_rows.total_budget * parameters.full_execution_rate
                then funding_rows.weight
            else {{ divided('funding_rows.final_expenditure * cast(funding_rows.weight as decimal(5, 2))',
                            '(funding_rows.total_budget * parameters.full_execution_rate)', 2, 6, 'decimal(9, 2)') }}
        end as score
    from funding_rows
    inner join parameters
        on
            funding_rows.fiscal_year = parameters.fiscal_year
            and funding_rows.department = parameters.department
),

{% set bands = {
    'score': 'computed_score',
    'deduction': 'weight - computed_score',
    'band_floor': 'weight * band_floor',
    'band_top': 'case when band_floor is not null and band_ceiling is null then weight end',
    'band_ceiling': 'weight * band_ceiling',
} %}
computed as (
    {% for measure in ['weight', 'score'] %}
    select
        fiscal_year,
        department,
        'computed_score' as ledger,
        section as key_1,
        cast(null as string) as key_2,
        cast(null as string) as key_3,
        section as row_label,
        '{{ measure }}' as measure,
        'point' as unit,
        cast({{ measure }} as decimal(28, 9)) as value
    from {{ ref('score_summary') }}
    union all
    {% endfor %}
    {% for measure, expression in bands.items() %}
    select
        fiscal_year,
        department,
        'computed_indicator' as ledger,
        section as key_1,
        level3 as key_2,
        cast(null as string) as key_3,
        level3 as row_label,
        '{{ measure }}' as measure,
        'point' as unit,
        cast({{ expression }} as decimal(28, 9)) as value
    from {{ ref('int_indicator') }}
    where ledger = 'indicator'
    union all
    {% endfor %}
    {% set of_forms = {
        'unexplained_deduction': 'unexplained_deduction',
        'unexplained_completion': 'unexplained_completion',
        'level2_weight': 'level2_sum',
        'department_actual': 'department_actual',
        'changed_target': 'changed_target',
    } %}
    {% do of_forms.update(bands) %}
    {% for measure, expression in of_forms.items() %}
    select
        fiscal_year,
        department,
        'computed_form' as ledger,
        form as key_1,
        section as key_2,
        level3 as key_3,
        level3 as row_label,
        '{{ measure }}' as measure,
        {{ {'unexplained_completion': "'ratio'", 'department_actual': 'actual_unit', 'changed_target': "'count'"}.get(measure, "'point'") }} as unit,
        cast({{ expression }} as decimal(28, 9)) as value
    from forms
    union all
    {% endfor %}
    select
        fiscal_year,
        department,
        'computed_funding' as ledger,
        key_1,
        key_2,
        cast(null as string) as key_3,
        row_label,
        'score' as measure,
        'point' as unit,
        cast(score as decimal(28, 9)) as value
    from funding
)

select
    fiscal_year,
    department,
    0 as year_offset,
    {{ columns | join(', ') }},
    value,
    half_width,
    skew,
    printed_value,
    printed_half_width,
    printed_skew
from {{ ref('int_cell') }}
union all
select
    judged_year as fiscal_year,
    department,
    -1 as year_offset,
    {{ columns | join(', ') }},
    value,
    half_width,
    skew,
    value as printed_value,
    half_width as printed_half_width,
    skew as printed_skew
from prior_year
union all
select
    fiscal_year,
    department,
    0 as year_offset,
    concat_ws('/', {{ row_address(row="concat_ws(':', key_1, key_2, key_3)") }}, measure) as address,
    ledger,
    key_1,
    key_2,
    key_3,
    case when key_1 = 'total' then 'total' else 'detail' end as row_kind,
    row_label,
    measure,
    cast(value as string) as text,
    unit,
    case unit when 'point' then '分' when 'ratio' then '%' else '' end as printed_unit,
    cast(case unit when 'ratio' then 100 else 1 end as decimal(13, 10)) as printed_factor,
    value,
    cast(0 as decimal(28, 9)) as half_width,
    cast(0 as decimal(28, 9)) as skew,
    value as printed_value,
    cast(0 as decimal(28, 9)) as printed_half_width,
    cast(0 as decimal(28, 9)) as printed_skew
from computed
where value is not null
