-- Each rule instance judged on two bases: as corrected, and as reported where a correction makes a difference.
{% set columns = [
    'fiscal_year', 'department', 'rule_id', 'instance', 'variant', 'term', 'side', 'role', 'weight', 'label', 'address',
    'ledger', 'row_label', 'unit', 'printed_unit', 'printed_factor', 'is_missing', 'share', 'whole'
] %}
with rules as (
    select * from {{ source('raw', 'rule') }}
),

corrected as (
    select distinct
        fiscal_year,
        department,
        rule_id,
        instance
    from {{ ref('rule_term') }}
    where
        value <> printed_value
        or half_width <> printed_half_width
        or (value is null) <> (printed_value is null)
        or (half_width is null) <> (printed_half_width is null)
),

terms as (
    select
        'corrected' as basis,
        {{ columns | join(', ') }},
        value,
        half_width,
        coalesce(skew, 0) as skew
    from {{ ref('rule_term') }}
    union all
    select
        'reported' as basis,
        {% for column in columns %}
        term.{{ column }},
        {% endfor %}
        term.printed_value as value,
        term.printed_half_width as half_width,
        coalesce(term.printed_skew, 0) as skew
    from {{ ref('rule_term') }} as term
    inner join corrected
        on
            term.fiscal_year = corrected.fiscal_year
            and term.department = corrected.department
            and term.rule_id = corrected.rule_id
            and term.instance = corrected.instance
),

cells as (
    -- A cell that stands in several terms of one instance counts once, with its net weight.
    select
        fiscal_year,
        department,
        rule_id,
        instance,
        basis,
        address,
        -- A width by name: an engine that makes one itself keeps fewer decimals of the product.
        abs(cast(sum(case when side = 'left' then weight else -weight end) as decimal(9, 0))) * max(half_width)
            as half_width,
        cast(sum(case when side = 'left' then weight else -weight end) as decimal(9, 0)) * max(skew) as skew
    from terms
    where role = 'term'
    group by fiscal_year, department, rule_id, instance, basis, address
),

allowances as (
    select
        fiscal_year,
        department,
        rule_id,
        instance,
        basis,
        cast(sum(half_width) as decimal(28, 9)) as half_width,
        cast(sum(skew) as decimal(28, 9)) as skew
    from cells
    group by fiscal_year, department, rule_id, instance, basis
),

sides as (
    select
        fiscal_year,
        department,
        rule_id,
        instance,
        basis,
        max(variant) as variant,
        cast(sum(case when is_missing then 1 else 0 end) as bigint) as missing_terms,
        cast(sum(case when is_missing and role = 'rate' then 1 else 0 end) as bigint) as missing_rates,
        min(case when is_missing then label end) as missing_label,
        max(case when role = 'rate' then 1 else 0 end) = 1 as is_rate,
        max(case when skew <> 0 then 1 else 0 end) = 1 as is_cut,
        min(case when term = 1 then ledger end) as first_ledger,
        min(case when term = 1 then row_label end) as first_row_label,
        coalesce(max(case when side = 'left' then unit end), max(unit)) as unit,
        coalesce(max(case when side = 'left' then printed_unit end), max(printed_unit), '') as printed_unit,
        coalesce(max(case when side = 'left' then printed_factor end), max(printed_factor), 1) as printed_factor,
        min(case when role = 'numerator' then printed_unit end) as numerator_unit,
        max(share) as share,
        cast(sum(whole) as decimal(25, 3)) as share_of,
        {% for side in ['left', 'right'] %}
        cast(
            coalesce(
                sum(
                    case
                        when side = '{{ side }}' and role in ('term', 'constant', 'count', 'rate')
                            then case when weight < 0 then -value else value end
                    end
                ),
                0
            ) as decimal(28, 9)
        ) as {{ side }}_value,
        cast(sum(case when side = '{{ side }}' and role = 'term' then half_width + abs(skew) end) as decimal(28, 9))
            as {{ side }}_reach,
        {% endfor %}
        cast(sum(case when role = 'rate' then value + skew - half_width end) as decimal(13, 9)) as rate_low,
        cast(sum(case when role = 'rate' then value + skew + half_width end) as decimal(13, 9)) as rate_high,
        {% for role in ['numerator', 'denominator'] %}
        cast(
            sum(case when role = '{{ role }}' then case when weight < 0 then -value else value end end)
            as decimal(25, 3)
        ) as signed_{{ role }},
        cast(
            sum(case when role = '{{ role }}' then case when weight < 0 then -(value + skew) else value + skew end end)
            as decimal(25, 3)
        ) as signed_{{ role }}_middle,
        cast(sum(case when role = '{{ role }}' then half_width end) as decimal(25, 3))
            as {{ role }}_half_width{{ ',' if not loop.last }}
        {% endfor %}
    from terms
    group by fiscal_year, department, rule_id, instance, basis
),

settled_sides as (
    -- A rate over a negative denominator is that over its opposite.
    select
        *,
        signed_denominator < 0 as is_turned,
        left_value - right_value as difference
    from sides
),

instances as (
    select
        sides.*,
        rules.title,
        rules.severity,
        rules.operator,
        rules.compare,
        rules.only_where_broken,
        rules.companion_of,
        {% for role in ['numerator', 'denominator'] %}
        case when sides.is_turned then -sides.signed_{{ role }} else sides.signed_{{ role }} end as {{ role }},
        {% for end, sign in {'low': '-', 'high': '+'}.items() %}
        cast(
            case when sides.is_turned then -sides.signed_{{ role }}_middle else sides.signed_{{ role }}_middle end
            {{ sign }} sides.{{ role }}_half_width
            as decimal(25, 3)
        ) as {{ role }}_{{ end }},
        {% endfor %}
        {% endfor %}
        -- Where cut figures lie to one side of what is reported, so does what they explain of a difference.
        cast(
            coalesce(allowances.half_width, 0)
            + case
                when rules.operator in ('<', '<=') then -coalesce(allowances.skew, 0)
                when rules.operator in ('>', '>=') or sides.difference < 0 then coalesce(allowances.skew, 0)
                else -coalesce(allowances.skew, 0)
            end
            as decimal(28, 9)
        ) as allowed
    from settled_sides as sides
    inner join rules
        on
            sides.fiscal_year = rules.fiscal_year
            and sides.department = rules.department
            and sides.rule_id = rules.rule_id
    left join allowances
        on
            sides.fiscal_year = allowances.fiscal_year
            and sides.department = allowances.department
            and sides.rule_id = allowances.rule_id
            and sides.instance = allowances.instance
            and sides.basis = allowances.basis
),

judgements as (
    select
        *,
        {{ judged() }} as status
    from instances
),

reported as (
    select
        fiscal_year,
        department,
        rule_id,
        instance,
        status
    from judgements
    where basis = 'reported'
)

select
    judgements.*,
    coalesce(reported.status, judgements.status) as printed_status
from judgements
left join reported
    on
        judgements.fiscal_year = reported.fiscal_year
        and judgements.department = reported.department
        and judgements.rule_id = reported.rule_id
        and judgements.instance = reported.instance
where
    judgements.basis = 'corrected'
    -- Digits are compared only where both sides are printed to the same place.
    and (
        judgements.compare <> 'printed'
        or judgements.operator <> '='
        or judgements.left_reach = judgements.right_reach
    )
