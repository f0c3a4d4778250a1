-- Every rule spelled out: one row for each instance, term and cell. A term whose cell is not there keeps a row without
-- an address, so that a counterpart that vanished is seen (a full outer join, never a silent pass).
with cells as (
    select
        *,
        substring(address, 1, length(address) - length(measure) - 1) as row_address
    from {{ ref('int_rule_cell') }}
),

prior_years as (
    select distinct
        fiscal_year,
        department
    from cells
    where year_offset = -1
),

across_years as (
    select distinct
        fiscal_year,
        department,
        rule_id
    from {{ source('raw', 'rule_selector') }}
    where year_offset <> 0
),

selectors as (
    -- Rules that reach back to a year which was never published can't be judged; one line says so.
    select
        selector.*,
        case when selector.slot_1 is null then 0 else 1 end as captures
    from {{ source('raw', 'rule_selector') }} as selector
    left join across_years
        on
            selector.fiscal_year = across_years.fiscal_year
            and selector.department = across_years.department
            and selector.rule_id = across_years.rule_id
    left join prior_years
        on
            selector.fiscal_year = prior_years.fiscal_year
            and selector.department = prior_years.department
    where
        across_years.rule_id is null
        or prior_years.fiscal_year is not null
),

picked as (
    -- Rows that a term's filter lets through, by what one column of them says.
    select distinct
        selectors.fiscal_year,
        selectors.department,
        selectors.rule_id,
        selectors.variant,
        selectors.term,
        cells.row_address
    from selectors
    inner join cells
        on
            selectors.fiscal_year = cells.fiscal_year
            and selectors.department = cells.department
            and selectors.year_offset = cells.year_offset
            and selectors.ledger = cells.ledger
            and selectors.where_measure = cells.measure
    where
        case
            when selectors.where_text is not null
                then
                    ({{ folded('cells.text') }} = {{ folded('selectors.where_text') }})
                    = (selectors.where_operator = '=')
            when selectors.where_operator = '=' then cells.value = selectors.where_value
            when selectors.where_operator = '<>' then cells.value <> selectors.where_value
            when selectors.where_operator = '<' then cells.value < selectors.where_value
            when selectors.where_operator = '<=' then cells.value <= selectors.where_value
            when selectors.where_operator = '>' then cells.value > selectors.where_value
            when selectors.where_operator = '>=' then cells.value >= selectors.where_value
        end
),

matches as (
    -- A term that names a row outright is looked up by it, so that thousands of them are no product with all rows.
    {% for named in [true, false] %}
    select
        selectors.fiscal_year,
        selectors.department,
        selectors.rule_id,
        selectors.variant,
        selectors.term,
        selectors.captures,
        selectors.role,
        cells.address,
        cells.ledger,
        cells.row_label,
        cells.unit,
        cells.printed_unit,
        cells.printed_factor,
        cells.value,
        cells.half_width,
        cells.skew,
        cells.printed_value,
        cells.printed_half_width,
        cells.printed_skew,
        {% for slot in [1, 2, 3] %}
        coalesce(
            case selectors.slot_{{ slot }} when 1 then cells.key_1 when 2 then cells.key_2 when 3 then cells.key_3 end,
            ''
        ) as slot_{{ slot }}{{ ',' if not loop.last }}
        {% endfor %}
    from selectors
    inner join cells
        on
            selectors.fiscal_year = cells.fiscal_year
            and selectors.department = cells.department
            and selectors.year_offset = cells.year_offset
            and selectors.ledger = cells.ledger
            and selectors.measure = cells.measure
            {{ 'and selectors.key_1 = cells.key_1' if named }}
            and (selectors.key_2 is null or selectors.key_2 = cells.key_2)
            and (selectors.key_3 is null or selectors.key_3 = cells.key_3)
            and (not selectors.detail_only or cells.row_kind = 'detail')
            and (cells.value is not null or selectors.role = 'count')
    left join picked
        on
            selectors.fiscal_year = picked.fiscal_year
            and selectors.department = picked.department
            and selectors.rule_id = picked.rule_id
            and selectors.variant = picked.variant
            and selectors.term = picked.term
            and cells.row_address = picked.row_address
    where
        {{ '' if named else 'selectors.key_1 is null and ' -}}
        (selectors.where_measure is null or picked.term is not null)
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

instances as (
    select distinct
        fiscal_year,
        department,
        rule_id,
        variant,
        slot_1,
        slot_2,
        slot_3
    from matches
    where captures = 1
    union all
    select
        fiscal_year,
        department,
        rule_id,
        variant,
        '' as slot_1,
        '' as slot_2,
        '' as slot_3
    from selectors
    group by fiscal_year, department, rule_id, variant
    having max(captures) = 0
),

terms as (
    select
        instances.fiscal_year,
        instances.department,
        instances.rule_id,
        instances.variant,
        instances.slot_1,
        instances.slot_2,
        instances.slot_3,
        selectors.term,
        selectors.side,
        selectors.role,
        selectors.weight,
        selectors.constant,
        selectors.label,
        selectors.needed,
        selectors.share,
        matches.address,
        -- A figure that is not there is still that of a ledger and a row.
        coalesce(matches.ledger, nullif(selectors.ledger, '')) as ledger,
        coalesce(
            matches.row_label,
            nullif(
                concat_ws(
                    ' ',
                    nullif(selectors.row_name, ''),
                    case when selectors.captures = 1 then nullif(instances.slot_1, '') end,
                    case when selectors.captures = 1 then nullif(instances.slot_2, '') end,
                    case when selectors.captures = 1 then nullif(instances.slot_3, '') end
                ),
                ''
            )
        ) as row_label,
        matches.unit,
        matches.printed_unit,
        matches.printed_factor,
        matches.value,
        matches.half_width,
        matches.skew,
        matches.printed_value,
        matches.printed_half_width,
        matches.printed_skew
    from instances
    inner join selectors
        on
            instances.fiscal_year = selectors.fiscal_year
            and instances.department = selectors.department
            and instances.rule_id = selectors.rule_id
            and instances.variant = selectors.variant
    left join matches
        on
            instances.fiscal_year = matches.fiscal_year
            and instances.department = matches.department
            and instances.rule_id = matches.rule_id
            and instances.variant = matches.variant
            and selectors.term = matches.term
            -- Equalities alone, so that an engine can hash: with an `or` it compares every instance with every cell.
            {% for slot in [1, 2, 3] %}
            and case when selectors.captures = 0 then '' else instances.slot_{{ slot }} end
            = case when matches.captures = 0 then '' else matches.slot_{{ slot }} end
            {% endfor %}
),

unprinted as (
    select distinct
        fiscal_year,
        department,
        rule_id,
        variant,
        slot_1,
        slot_2,
        slot_3
    from terms
    where
        needed
        and address is null
)

select
    terms.fiscal_year,
    terms.department,
    terms.rule_id,
    coalesce(
        nullif(
            concat_ws(
                '/',
                nullif(terms.variant, ''),
                nullif(terms.slot_1, ''),
                nullif(terms.slot_2, ''),
                nullif(terms.slot_3, '')
            ),
            ''
        ),
        'all'
    ) as instance,
    terms.variant,
    terms.term,
    terms.side,
    terms.role,
    terms.weight,
    terms.label,
    terms.address,
    terms.ledger,
    terms.row_label,
    terms.unit,
    terms.printed_unit,
    terms.printed_factor,
    terms.address is null and terms.role <> 'constant' as is_missing,
    terms.share,
    case when terms.share is not null then terms.value end as whole,
    {% for prefix in ['', 'printed_'] %}
    case terms.role
        when 'constant' then terms.constant
        when 'count' then cast(case when terms.address is null then 0 else 1 end as decimal(28, 9))
        else {{ share_of('terms.' ~ prefix ~ 'value', 'terms.share') }}
    end as {{ prefix }}value,
    {% for name in ['half_width', 'skew'] %}
    case
        when terms.role in ('constant', 'count') then cast(0 as decimal(28, 9))
        else {{ share_of('terms.' ~ prefix ~ name, 'abs(terms.share)' if name == 'half_width' else 'terms.share') }}
    end as {{ prefix }}{{ name }}{{ '' if loop.last and prefix else ',' }}
    {% endfor %}
    {% endfor %}
from terms
left join unprinted
    on
        terms.fiscal_year = unprinted.fiscal_year
        and terms.department = unprinted.department
        and terms.rule_id = unprinted.rule_id
        and terms.variant = unprinted.variant
        and terms.slot_1 = unprinted.slot_1
        and terms.slot_2 = unprinted.slot_2
        and terms.slot_3 = unprinted.slot_3
where unprinted.rule_id is null
