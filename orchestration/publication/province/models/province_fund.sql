-- Each social-insurance fund over all departments that print it. What is pooled by the whole province and what is the
-- provincial level's own are two lines, and nothing here adds them: they are balances of different accounts. What one
-- department does not print has no sum.
select
    getvariable('year') as fiscal_year,
    fund,
    pooling_level,
    cast(count(*) as bigint) as departments,
    whole_sum(opening) as opening,
    whole_sum(income) as income,
    whole_sum(expenditure) as expenditure,
    whole_sum(surplus) as surplus,
    whole_sum(closing) as closing
from published.fund_balance
group by fund, pooling_level
