{{ config(group='reconciliation') }}
-- Every cell that rules speak of: this year's, last year's as published (`year_offset` -1), and the scores that the
-- warehouse computes, as cells of the ledgers `computed_score` and `computed_indicator`.
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

computed as (
    {% for measure in ['weight', 'score'] %}
    select
        fiscal_year,
        'computed_score' as ledger,
        section as key_1,
        cast(null as string) as key_2,
        section as row_label,
        '{{ measure }}' as measure,
        cast({{ measure }} as decimal(28, 9)) as value
    from {{ ref('score_summary') }}
    union all
    {% endfor %}
    {% for measure, expression in {
        'score': 'computed_score',
        'deduction': 'weight - computed_score',
        'band_floor': 'weight * band_floor',
        'band_top': 'case when band_floor is not null and band_ceiling is null then weight end',
        'band_ceiling': 'weight * band_ceiling',
    }.items() %}
    select
        fiscal_year,
        'computed_indicator' as ledger,
        section as key_1,
        level3 as key_2,
        level3 as row_label,
        '{{ measure }}' as measure,
        cast({{ expression }} as decimal(28, 9)) as value
    from {{ ref('int_indicator') }}
    where ledger = 'indicator'
    {% if not loop.last %}union all{% endif %}
    {% endfor %}
)

select
    fiscal_year,
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
    0 as year_offset,
    concat(cast(fiscal_year as string), '/', ledger, '/', concat_ws(':', key_1, key_2), '/', measure) as address,
    ledger,
    key_1,
    key_2,
    cast(null as string) as key_3,
    case when key_1 = 'total' then 'total' else 'detail' end as row_kind,
    row_label,
    measure,
    cast(value as string) as text,
    'point' as unit,
    '分' as printed_unit,
    cast(1 as decimal(13, 10)) as printed_factor,
    value,
    cast(0 as decimal(28, 9)) as half_width,
    cast(0 as decimal(28, 9)) as skew,
    value as printed_value,
    cast(0 as decimal(28, 9)) as printed_half_width,
    cast(0 as decimal(28, 9)) as printed_skew
from computed
where value is not null
