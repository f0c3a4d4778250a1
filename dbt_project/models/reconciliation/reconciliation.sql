-- Every rule instance: both sides, the difference, what rounding allows, the status, and one sentence to read.
with judgements as (
    select * from {{ ref('rule_judgement') }}
),

applicable as (
    select
        judgement.*,
        case
            when judgement.status in ('consistent', 'rounding') and judgement.printed_status = 'inconsistent'
                then 'corrected'
            else judgement.status
        end as final_status
    from judgements as judgement
    left join judgements as other
        on
            judgement.fiscal_year = other.fiscal_year
            and judgement.department = other.department
            and judgement.instance = other.instance
            and other.rule_id = coalesce(judgement.only_where_broken, judgement.companion_of)
    where
        (judgement.only_where_broken is null or other.status = 'inconsistent')
        and (judgement.companion_of is null or other.status in ('consistent', 'rounding'))
),

broken_rules as (
    select distinct
        fiscal_year,
        department,
        rule_id
    from applicable
    where final_status = 'inconsistent'
),

hints as (
    -- What keeps a hint back is looked for in the rule's own group, where the other rule has one of that name.
    select
        mine.fiscal_year,
        mine.department,
        mine.rule_id,
        mine.instance,
        hint.text
    from applicable as mine
    inner join {{ source('raw', 'rule_hint') }} as hint
        on
            mine.fiscal_year = hint.fiscal_year
            and mine.department = hint.department
            and mine.rule_id = hint.rule_id
    left join applicable as beside
        on
            mine.fiscal_year = beside.fiscal_year
            and mine.department = beside.department
            and mine.instance = beside.instance
            and hint.unless = beside.rule_id
    left join broken_rules
        on
            mine.fiscal_year = broken_rules.fiscal_year
            and mine.department = broken_rules.department
            and hint.unless = broken_rules.rule_id
    where mine.final_status = 'inconsistent'
    group by mine.fiscal_year, mine.department, mine.rule_id, mine.instance, hint.text
    having count(case when coalesce(beside.final_status, 'inconsistent') = 'inconsistent' then broken_rules.rule_id end) = 0
),

figures as (
    select
        applicable.*,
        variant.left_label,
        variant.right_label,
        rules.says,
        hints.text as hint,
        ledger.short as ledger_short,
        {{ divided('signed_numerator', 'signed_denominator', 6, 3, 'decimal(28, 9)') }} as quotient,
        {{ divided('numerator_high', 'denominator_low', 9, 3, 'decimal(28, 9)') }} as quotient_high,
        {{ divided('numerator_low', 'denominator_high', 9, 3, 'decimal(28, 9)') }} as quotient_low,
        case
            when share is not null and share_of <> 0
                then {{ divided('cast(left_value as decimal(25, 3))', 'share_of', 4, 3, 'decimal(28, 9)') }}
        end as actual_share
    from applicable
    left join {{ source('raw', 'rule_variant') }} as variant
        on
            applicable.fiscal_year = variant.fiscal_year
            and applicable.department = variant.department
            and applicable.rule_id = variant.rule_id
            and applicable.variant = variant.variant
    left join {{ source('raw', 'rule') }} as rules
        on
            applicable.fiscal_year = rules.fiscal_year
            and applicable.department = rules.department
            and applicable.rule_id = rules.rule_id
    left join {{ source('raw', 'ledger') }} as ledger
        on
            applicable.fiscal_year = ledger.fiscal_year
            and applicable.department = ledger.department
            and applicable.first_ledger = ledger.ledger
    left join hints
        on
            applicable.fiscal_year = hints.fiscal_year
            and applicable.department = hints.department
            and applicable.rule_id = hints.rule_id
            and applicable.instance = hints.instance
),

compared as (
    select
        *,
        case when missing_terms > 0 then null when is_rate then quotient else right_value end as compared_value,
        case
            when is_rate and is_cut and left_value < quotient
                then cast(rate_high - left_value + quotient - quotient_low as decimal(28, 9))
            when is_rate and is_cut then cast(left_value - rate_low + quotient_high - quotient as decimal(28, 9))
            when is_rate then cast((rate_high - rate_low) * 0.5 + (quotient_high - quotient_low) * 0.5 as decimal(28, 9))
            when compare = 'printed' then cast(0 as decimal(28, 9))
            else allowed
        end as allowance,
        coalesce(concat_ws(' ', ledger_short, first_row_label), instance) as place,
        case
            when operator = 'prior' or unit = 'date' then ''
            when unit = 'ratio' then '%'
            when printed_unit = '' then ''
            else concat_ws('', ' ', printed_unit)
        end as suffix
    from figures
),

settled as (
    -- An accepted exception passes only while its difference is the same to the fen.
    select
        compared.*,
        exception.difference as accepted_difference,
        case
            when
                compared.final_status = 'inconsistent'
                and exception.difference = {{ published('compared.left_value - compared.compared_value', 'compared.unit') }}
                then 'accepted'
            else compared.final_status
        end as settled_status
    from compared
    left join {{ source('raw', 'accepted_exception') }} as exception
        on
            compared.fiscal_year = exception.fiscal_year
            and compared.department = exception.department
            and compared.rule_id = exception.rule_id
            and compared.instance = exception.instance
),

worded as (
    select
        *,
        concat_ws('', {{ displayed('left_value', 'unit', 'printed_factor') }}, suffix) as left_text,
        concat_ws('', {{ displayed('compared_value', 'unit', 'printed_factor') }}, suffix) as right_text,
        case
            when unit = 'date' then concat_ws('', {{ trim_zeros('cast(left_value - compared_value as string)', 0) }}, ' 天')
            else concat_ws('', {{ displayed('(left_value - compared_value)', 'unit', 'printed_factor') }}, suffix)
        end as difference_text,
        concat_ws('', {{ displayed('allowance', "case when unit = 'date' then 'count' else unit end", 'printed_factor') }}, suffix)
            as allowed_text,
        concat_ws('', {{ displayed('actual_share', "'ratio'", '1') }}, '%') as share_text
    from settled
),

prior_year as (
    -- One line for the year before: published, or not.
    select
        rules.fiscal_year,
        rules.department,
        rules.rule_id,
        rules.title,
        rules.severity,
        cast(rules.fiscal_year - 1 as string) as instance,
        case when count(prior_cell.address) > 0 then 'consistent' else 'missing' end as status
    from {{ source('raw', 'rule') }} as rules
    left join {{ ref('stg_prior_cell') }} as prior_cell
        on
            rules.fiscal_year = prior_cell.fiscal_year + 1
            and rules.department = prior_cell.department
    where rules.operator = 'prior'
    group by rules.fiscal_year, rules.department, rules.rule_id, rules.title, rules.severity
)

select
    fiscal_year,
    department,
    rule_id,
    instance,
    title,
    severity,
    unit,
    left_label,
    case when missing_terms = 0 and operator <> 'rows' then {{ published('left_value') }} end as left_value,
    right_label,
    case when operator <> 'rows' then {{ published('compared_value') }} end as right_value,
    case when operator <> 'rows' then {{ published('(left_value - compared_value)') }} end as difference,
    case when missing_terms = 0 and operator <> 'rows' then {{ published('allowance') }} end as allowed,
    case when missing_terms = 0 and operator <> 'rows' then left_text end as left_text,
    case when operator <> 'rows' and compared_value is not null then right_text end as right_text,
    case when missing_terms = 0 and operator <> 'rows' and compared_value is not null then difference_text end as difference_text,
    case when missing_terms = 0 and operator <> 'rows' and allowance is not null then allowed_text end as allowed_text,
    settled_status as status,
    {{ instance_statement() }} as statement
from worded
union all
select
    fiscal_year,
    department,
    rule_id,
    instance,
    title,
    severity,
    cast(null as string) as unit,
    '上年度' as left_label,
    cast(null as decimal(28, 9)) as left_value,
    '已发布的版本' as right_label,
    cast(null as decimal(28, 9)) as right_value,
    cast(null as decimal(28, 9)) as difference,
    cast(null as decimal(28, 9)) as allowed,
    cast(null as string) as left_text,
    cast(null as string) as right_text,
    cast(null as string) as difference_text,
    cast(null as string) as allowed_text,
    status,
    concat(
        instance,
        case status
            when 'missing' then ' 年度没有已发布的版本，跨年规则未核对'
            else ' 年度已发布，跨年规则已核对'
        end
    ) as statement
from prior_year
