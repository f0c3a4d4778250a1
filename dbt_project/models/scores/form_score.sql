-- Each self-evaluation form as a whole: what its funding and its indicators add up to, beside the total that it prints.
with cells as (
    select * from {{ ref('int_cell') }}
),

indicators as (
    select
        fiscal_year,
        department,
        form,
        count(*) as indicators,
        sum(weight) as weight,
        sum(score) as score,
        sum(case when not_judged is not null then 1 else 0 end) as not_judged
    from {{ ref('form_indicator_score') }}
    group by fiscal_year, department, form
),

funding as (
    select
        fiscal_year,
        department,
        key_1 as form,
        {{ measure('weight') }} as weight,
        {{ measure('score') }} as score
    from cells
    where
        ledger = 'evaluation_funding'
        and row_kind = 'total'
    group by fiscal_year, department, key_1
),

printed as (
    select
        fiscal_year,
        department,
        key_1 as form,
        {{ measure('score') }} as score
    from cells
    where
        ledger = 'evaluation_indicator'
        and row_kind = 'total'
    group by fiscal_year, department, key_1
),

forms as (
    select
        indicators.fiscal_year,
        indicators.department,
        indicators.form,
        cast(indicators.indicators as bigint) as indicators,
        cast(indicators.not_judged as bigint) as not_judged,
        cast(coalesce(funding.weight, 0) + coalesce(indicators.weight, 0) as decimal(9, 2)) as weight,
        cast(coalesce(funding.score, 0) + coalesce(indicators.score, 0) as decimal(9, 2)) as score,
        cast(printed.score as decimal(9, 2)) as printed_score
    from indicators
    left join funding
        on
            indicators.fiscal_year = funding.fiscal_year
            and indicators.department = funding.department
            and indicators.form = funding.form
    left join printed
        on
            indicators.fiscal_year = printed.fiscal_year
            and indicators.department = printed.department
            and indicators.form = printed.form
)

select
    forms.fiscal_year,
    forms.department,
    forms.form,
    forms.indicators,
    forms.not_judged,
    forms.weight,
    forms.score,
    forms.printed_score,
    band.grade
from forms
left join {{ ref('grade_band') }} as band
    on
        {{ in_grade_band('forms.fiscal_year', 'coalesce(forms.printed_score, forms.score)') }}
