-- The department's general public budget as its report states it: basic, project and total.
with figures as (
    select
        fiscal_year,
        department,
        ledger,
        row_key,
        key_1 as expenditure_kind,
        {{ budget_measures() }}
    from {{ ref('int_cell') }}
    where
        ledger = 'department_summary'
        and row_kind in ('detail', 'total')
    group by fiscal_year, department, ledger, row_key, key_1
),

compared as (
    select
        *,
        max(case when expenditure_kind = 'total' then total_budget end)
            over (partition by fiscal_year, department) as whole
    from figures
)

select
    fiscal_year,
    department,
    {{ row_address() }} as row_address,
    expenditure_kind,
    {{ budget_amounts() }},
    {{ divided('total_budget', 'whole') }} as share
from compared
