-- Each rule instance judged twice: after corrections and as published.
with terms as (
    select * from {{ ref('rule_term') }}
),

rules as (
    select * from {{ source('raw', 'rule') }}
),

cells as (
    -- A cell that stands in several terms of one instance counts once, with its net weight.
    select
        fiscal_year,
        rule_id,
        instance,
        address,
        {% for prefix in ['', 'printed_'] %}
        abs(sum(case when side = 'left' then weight else -weight end)) * max({{ prefix }}half_width)
            as {{ prefix }}half_width{{ ',' if not loop.last }}
        {% endfor %}
    from terms
    where role = 'term'
    group by fiscal_year, rule_id, instance, address
),

allowances as (
    select
        fiscal_year,
        rule_id,
        instance,
        cast(sum(half_width) as decimal(28, 9)) as allowed,
        cast(sum(printed_half_width) as decimal(28, 9)) as printed_allowed
    from cells
    group by fiscal_year, rule_id, instance
),

sides as (
    select
        fiscal_year,
        rule_id,
        instance,
        max(variant) as variant,
        cast(sum(case when is_missing then 1 else 0 end) as bigint) as missing_terms,
        cast(sum(case when is_missing and role = 'rate' then 1 else 0 end) as bigint) as missing_rates,
        min(case when is_missing then label end) as missing_label,
        max(case when role = 'rate' then 1 else 0 end) = 1 as is_rate,
        min(case when term = 1 then ledger end) as first_ledger,
        min(case when term = 1 then row_label end) as first_row_label,
        coalesce(max(case when side = 'left' then unit end), max(unit)) as unit,
        coalesce(max(case when side = 'left' then printed_unit end), max(printed_unit), '') as printed_unit,
        coalesce(max(case when side = 'left' then printed_factor end), max(printed_factor), 1) as printed_factor,
        min(case when role = 'numerator' then printed_unit end) as numerator_unit,
        {% for prefix in ['', 'printed_'] %}
        {% for side in ['left', 'right'] %}
        cast(
            coalesce(
                sum(
                    case
                        when side = '{{ side }}' and role in ('term', 'constant', 'count', 'rate')
                            then case when weight < 0 then -{{ prefix }}value else {{ prefix }}value end
                    end
                ),
                0
            ) as decimal(28, 9)
        ) as {{ prefix }}{{ side }}_value,
        cast(
            sum(case when side = '{{ side }}' and role = 'term' then {{ prefix }}half_width end) as decimal(28, 9)
        ) as {{ prefix }}{{ side }}_half_width,
        {% endfor %}
        cast(sum(case when role = 'rate' then {{ prefix }}value - {{ prefix }}half_width end) as decimal(13, 9))
            as {{ prefix }}rate_low,
        cast(sum(case when role = 'rate' then {{ prefix }}value + {{ prefix }}half_width end) as decimal(13, 9))
            as {{ prefix }}rate_high,
        {% for role in ['numerator', 'denominator'] %}
        cast(
            sum(
                case when role = '{{ role }}' then case when weight < 0 then -{{ prefix }}value else {{ prefix }}value end end
            ) as decimal(25, 3)
        ) as {{ prefix }}signed_{{ role }},
        cast(sum(case when role = '{{ role }}' then {{ prefix }}half_width end) as decimal(25, 3))
            as {{ prefix }}{{ role }}_half_width{{ ',' if not loop.last }}
        {% endfor %}
        {{ ',' if not loop.last }}
        {% endfor %}
    from terms
    group by fiscal_year, rule_id, instance
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
        {% for prefix in ['', 'printed_'] %}
        case
            when sides.{{ prefix }}signed_denominator < 0 then -sides.{{ prefix }}signed_numerator
            else sides.{{ prefix }}signed_numerator
        end as {{ prefix }}numerator,
        abs(sides.{{ prefix }}signed_denominator) as {{ prefix }}denominator,
        coalesce(allowances.{{ prefix }}allowed, 0) as {{ prefix }}allowed{{ ',' if not loop.last }}
        {% endfor %}
    from sides
    inner join rules
        on
            sides.fiscal_year = rules.fiscal_year
            and sides.rule_id = rules.rule_id
    left join allowances
        on
            sides.fiscal_year = allowances.fiscal_year
            and sides.rule_id = allowances.rule_id
            and sides.instance = allowances.instance
)

select
    *,
    {{ judged('') }} as status,
    {{ judged('printed_') }} as printed_status
from instances
where
    -- Digits are compared only where both sides are printed to the same place.
    compare <> 'printed'
    or operator <> '='
    or left_half_width = right_half_width
