-- Every rule judged, one line a kind: how often it does not hold, the gravest of that in a sentence, and what to do.
with instances as (
    select
        judged.*,
        rules.matters,
        rules.advice,
        case when {{ is_broken('judged.status') }} then 1 else 0 end as is_broken,
        case
            when judged.status = 'inconsistent' and abs(judged.difference) > rules.matters * abs(judged.right_value)
                then 1
            else 0
        end as is_beyond,
        row_number() over (
            partition by judged.fiscal_year, judged.department, judged.rule_id
            order by
                case when {{ is_broken('judged.status') }} then 0 else 1 end,
                abs(coalesce(judged.difference, 0)) desc,
                judged.instance asc
        ) as place_by_size
    from {{ ref('reconciliation') }} as judged
    left join {{ source('raw', 'rule') }} as rules
        on
            judged.fiscal_year = rules.fiscal_year
            and judged.department = rules.department
            and judged.rule_id = rules.rule_id
),

counted as (
    select
        fiscal_year,
        department,
        rule_id,
        max(severity) as severity,
        max(title) as title,
        cast(count(*) as bigint) as judged,
        cast(sum(is_broken) as bigint) as broken,
        case when max(matters) is not null then cast(sum(is_beyond) as bigint) end as beyond,
        max(matters) as matters,
        max(case when place_by_size = 1 and is_broken = 1 then statement end) as gravest,
        max(coalesce(advice, '')) as advice
    from instances
    group by fiscal_year, department, rule_id
),

worded as (
    select
        fiscal_year,
        department,
        rule_id,
        severity,
        title,
        judged,
        broken,
        beyond,
        gravest,
        advice,
        case
            when broken > 1
                then concat_ws(
                    '',
                    title,
                    '：',
                    cast(judged as string),
                    ' 处中 ',
                    cast(broken as string),
                    ' 处不符',
                    case
                        when matters is not null
                            then concat_ws(
                                '',
                                '，其中相差 ',
                                {{ trim_zeros('cast(matters * 100 as string)', 0) }},
                                '% 以上的 ',
                                cast(beyond as string),
                                ' 处'
                            )
                        else ''
                    end
                )
        end as counts
    from counted
)

select
    fiscal_year,
    department,
    rule_id,
    severity,
    title,
    judged,
    broken,
    beyond,
    counts,
    gravest,
    case when counts is null then gravest else concat_ws('', counts, '；差额最大的：', gravest) end as statement,
    advice
from worded
