-- Where each printed figure goes: the published table that its contract names, what stands there, and how many rule
-- instances it takes part in. The gate on completeness reads this: not one cell is lost on the way.
{% set tables = [
    'department_summary', 'unit_expenditure', 'project_expenditure', 'category_expenditure', 'operating_cost',
    'establishment', 'fund_statement', 'fund_balance', 'insured', 'performance_fact', 'stated_count', 'indicator_score'
] %}
with published as (
    {% for table in tables %}
    {% set relation = ref(table) %}
    {% for column in figures_of(table) %}
    select
        fiscal_year,
        department,
        concat(row_address, '/{{ column }}') as address,
        '{{ table }}' as published_table,
        cast({{ column }} as decimal(28, 9)) as published_value
    from {{ relation }}
    where {{ column }} is not null
    union all
    {% endfor %}
    {% endfor %}
    select
        fiscal_year,
        department,
        concat(row_address, '/day') as address,
        'report_date' as published_table,
        cast({{ dbt.datediff("cast('1970-01-01' as date)", 'day', 'day') }} as decimal(28, 9)) as published_value
    from {{ ref('report_date') }}
),

expected as (
    select
        cells.fiscal_year,
        cells.department,
        cells.address,
        cells.ledger,
        cells.measure,
        {{ published('cells.value', 'cells.unit') }} as value,
        case
            when
                cells.row_kind in ('detail', 'memo')
                or (cells.row_kind = 'total' and measure.total_published)
                then measure.published_table
        end as published_table
    from {{ ref('int_figure') }} as cells
    inner join {{ source('raw', 'measure') }} as measure
        on
            cells.fiscal_year = measure.fiscal_year
            and cells.department = measure.department
            and cells.ledger = measure.ledger
            and cells.measure = measure.measure
    where cells.value is not null
),

uses as (
    select
        fiscal_year,
        department,
        address,
        count(*) as rule_terms
    from {{ ref('rule_term') }}
    where address is not null
    group by fiscal_year, department, address
)

select
    expected.fiscal_year,
    expected.department,
    expected.address,
    expected.ledger,
    expected.measure,
    expected.published_table,
    expected.value,
    published.published_value,
    coalesce(uses.rule_terms, 0) as rule_terms
from expected
left join published
    on
        expected.fiscal_year = published.fiscal_year
        and expected.department = published.department
        and expected.address = published.address
        and expected.published_table = published.published_table
left join uses
    on
        expected.fiscal_year = uses.fiscal_year
        and expected.department = uses.department
        and expected.address = uses.address
