-- Each disclosed indicator with the points that its formula gives, or why it gives none. A score is weight x gained /
-- whole, rounded once, half up. An outcome that is a range has two ends: points only where both earn the same.
with reported as (
    select
        *,
        cast(target as decimal(24, 6)) as goal,
        cast(coalesce(target_high, target) as decimal(24, 6)) as goal_high
    from {{ ref('int_indicator_reported') }}
    where
        coalesce(disclosure, '') <> '正文未披露'
        and (section <> 'execution' or form is not null)
),

places as (
    select
        fiscal_year,
        department,
        min(case when parameter = 'score_places' then value end) as score_places
    from (
        select
            years.fiscal_year,
            years.department,
            seeds.parameter,
            seeds.value
        from (
            select distinct
                fiscal_year,
                department
            from reported
        ) as years
        inner join {{ ref('score_parameter') }} as seeds
            on years.fiscal_year between seeds.valid_from and seeds.valid_to
    ) as known
    group by fiscal_year, department
),

grades as (
    -- A grade without a ceiling that begins below the highest (基本达成) may be either of two.
    select
        *,
        max(floor) over (partition by valid_from, valid_to) as highest
    from {{ ref('qualitative_band') }}
),

bands as (
    select
        reported.fiscal_year,
        reported.department,
        reported.row_key,
        band.floor,
        band.ceiling,
        coalesce(band.ceiling is null and band.floor < band.highest, false) as spans_grades
    from reported
    inner join grades as band
        on
            -- what says just what its target says has reached it
            case
                when reported.actual_text = reported.target_text and reported.note is null then '达成预期指标'
                else reported.actual_text
            end = band.outcome
            and reported.fiscal_year between band.valid_from and band.valid_to
    where reported.actual is null
),

ends as (
    select
        *,
        cast(actual as decimal(24, 6)) as met
    from reported
    union all
    select
        *,
        cast(actual_high as decimal(24, 6)) as met
    from reported
    where actual_high is not null
),

measured as (
    select
        *,
        case
            when
                goal is null or met is null or weight is null or note is not null
                or case when target_unit = 'person' then 'count' else target_unit end
                <> case when actual_unit = 'person' then 'count' else actual_unit end
                then null
            when formula in ('proportional', 'over_stepped', 'all_or_nothing', 'stepwise')
                then case when met >= goal and (goal <> 0 or direction <> '=' or met <= 0) then 'full' else 'part' end
            when formula in ('reverse_linear', 'reverse_quotient', 'day_late')
                then case when met <= goal then 'full' else 'part' end
            when formula = 'range' then case when met between goal and goal_high then 'full' else 'part' end
        end as reach
    from ends
),

steps as (
    select
        measured.fiscal_year,
        measured.department,
        measured.row_key,
        measured.met,
        step.share,
        row_number() over (
            partition by measured.fiscal_year, measured.department, measured.row_key, measured.met
            order by step.floor desc
        ) as place
    from measured
    inner join {{ ref('score_step') }} as step
        on
            measured.fiscal_year between step.valid_from and step.valid_to
            and measured.formula = step.formula
            and coalesce(measured.parameter, 0) = coalesce(step.scale, 0)
            and measured.met >= measured.goal * cast(step.floor as decimal(5, 2))
    where
        (measured.formula = 'stepwise' and measured.reach = 'part')
        or (measured.formula = 'over_stepped' and measured.reach = 'full' and measured.goal > 0)
),

shares as (
    select
        measured.*,
        case
            when measured.reach = 'full' then cast(coalesce(steps.share, 1) as decimal(29, 8))
            when measured.formula in ('day_late', 'range') and measured.parameter is null then null
            when measured.formula = 'day_late'
                then greatest(0, cast(1 - cast(measured.parameter as decimal(5, 4)) * (measured.met - measured.goal) as decimal(29, 8)))
            when measured.formula = 'stepwise' then cast(coalesce(steps.share, 0) as decimal(29, 8))
            when measured.formula = 'all_or_nothing' or measured.goal_high <= 0 then 0
            when measured.formula = 'reverse_linear'
                then greatest(0, cast(measured.goal * cast(measured.parameter as decimal(5, 2)) - measured.met as decimal(29, 8)))
            when measured.formula = 'reverse_quotient' or (measured.formula = 'range' and measured.met > measured.goal_high)
                then cast(measured.goal_high as decimal(29, 8))
            when measured.formula in ('proportional', 'over_stepped', 'range') and measured.goal > 0
                then greatest(0, cast(measured.met as decimal(29, 8)))
            else 0
        end as gained,
        case
            when measured.reach = 'full' or measured.formula in ('day_late', 'stepwise', 'all_or_nothing')
                then cast(1 as decimal(29, 8))
            when measured.goal_high <= 0 then 1
            when measured.formula = 'reverse_linear'
                then cast(measured.goal * (cast(measured.parameter as decimal(5, 2)) - 1) as decimal(29, 8))
            when measured.formula = 'reverse_quotient' or (measured.formula = 'range' and measured.met > measured.goal_high)
                then cast(measured.met as decimal(29, 8))
            when measured.goal > 0 then cast(measured.goal as decimal(29, 8))
            else 1
        end as whole
    from measured
    left join steps
        on
            measured.fiscal_year = steps.fiscal_year
            and measured.department = steps.department
            and measured.row_key = steps.row_key
            and measured.met = steps.met
            and steps.place = 1
),

scored as (
    select
        shares.fiscal_year,
        shares.department,
        shares.row_key,
        shares.reach,
        case
            when shares.reach is null then null
            when places.score_places = 1
                then {{ divided('shares.gained * cast(shares.weight as decimal(5, 2))', 'shares.whole', 1, 10, 'decimal(9, 2)') }}
            else {{ divided('shares.gained * cast(shares.weight as decimal(5, 2))', 'shares.whole', 2, 10, 'decimal(9, 2)') }}
        end as score
    from shares
    left join places
        on
            shares.fiscal_year = places.fiscal_year
            and shares.department = places.department
),

points as (
    select
        fiscal_year,
        department,
        row_key,
        case when min(score) = max(score) and count(score) = count(*) then min(score) end as computed_score,
        max(score) as most,
        sum(case when reach = 'part' and score is null then 1 else 0 end) as missed
    from scored
    group by fiscal_year, department, row_key
)

select
    -- The columns of int_indicator_reported are that model's to list.
    reported.*, -- noqa: AM04
    points.computed_score,
    bands.floor as band_floor,
    bands.ceiling as band_ceiling,
    case
        when bands.spans_grades and reported.weight is not null
            then concat('实际完成情况“', reported.actual_text, '”介于两个档次之间，只核对得分的下限')
        when points.computed_score is not null or (bands.floor is not null and reported.weight is not null) then null
        when reported.note is not null then reported.note
        when reported.weight is null then '没有列分值'
        when reported.target_text is null then '没有列指标值'
        when reported.actual_text is null then '没有列实际完成值'
        when points.missed > 0 then '没有达到指标值，评分办法没有定如何扣分'
        when points.most is not null then '实际完成值是一个区间，两端得分不同'
        when reported.actual is null then concat('实际完成情况“', reported.actual_text, '”不在定性档次之内')
        when reported.formula is null or reported.formula = 'none' then '评分办法没有这一类指标的算法'
        else '指标值与实际完成值的单位不同'
    end as not_judged
from reported
left join points
    on
        reported.fiscal_year = points.fiscal_year
        and reported.department = points.department
        and reported.row_key = points.row_key
left join bands
    on
        reported.fiscal_year = bands.fiscal_year
        and reported.department = bands.department
        and reported.row_key = bands.row_key
