-- The general budget of all departments that have published the year, basic, project and total: what was appropriated,
-- what was spent of it, what is left.
select
    getvariable('year') as fiscal_year,
    expenditure_kind,
    cast(count(*) as bigint) as departments,
    whole_sum(carryover) as carryover,
    whole_sum(initial_budget) as initial_budget,
    whole_sum(adjustment) as adjustment,
    whole_sum(total_budget) as total_budget,
    whole_sum(final_expenditure) as final_expenditure,
    whole_sum(total_budget - final_expenditure) as balance,
    quotient(sum(final_expenditure), sum(total_budget)) as execution_rate
from published.department_summary
group by expenditure_kind
