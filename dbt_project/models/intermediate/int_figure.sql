-- The cells that marts are made of: the year's cells as they now hold. Where a year has entries, what they sum to stands
-- in place of what is printed: exact to the fen, where print is rounded.
with cells as (
    select * from {{ ref('int_cell') }}
),

sums as (
    select
        cells.fiscal_year,
        cells.department,
        entry_ledger.prints as ledger,
        cells.row_key,
        cells.measure,
        cells.value
    from cells
    inner join {{ source('raw', 'entry_ledger') }} as entry_ledger
        on
            cells.fiscal_year = entry_ledger.fiscal_year
            and cells.department = entry_ledger.department
            and cells.ledger = entry_ledger.ledger
),

budgets as (
    -- What entries imply without saying so.
    select
        fiscal_year,
        department,
        ledger,
        row_key,
        sum(case when measure in ('carryover', 'initial_budget', 'adjustment') then value end) as total_budget,
        sum(case when measure = 'final_expenditure' then value end) as final_expenditure
    from sums
    group by fiscal_year, department, ledger, row_key
),

exact as (
    select
        fiscal_year,
        department,
        ledger,
        row_key,
        measure,
        value
    from sums
    union all
    select
        fiscal_year,
        department,
        ledger,
        row_key,
        'total_budget' as measure,
        cast(total_budget as decimal(28, 9)) as value
    from budgets
    union all
    select
        fiscal_year,
        department,
        ledger,
        row_key,
        'balance' as measure,
        cast(total_budget - final_expenditure as decimal(28, 9)) as value
    from budgets
)

select
    cells.fiscal_year,
    cells.department,
    cells.address,
    cells.ledger,
    cells.row_key,
    cells.key_1,
    cells.key_2,
    cells.key_3,
    cells.row_kind,
    cells.measure,
    cells.text,
    cells.unit,
    coalesce(exact.value, cells.value) as value,
    exact.value is not null as is_derived
from cells
left join exact
    on
        cells.fiscal_year = exact.fiscal_year
        and cells.department = exact.department
        and cells.ledger = exact.ledger
        and cells.row_key = exact.row_key
        and cells.measure = exact.measure
