{# What every budget-execution table holds, written once: 上年结转, 年初预算, 本年调整, 全年预算, 决算支出, 结转结余. #}

{# The measures of a row, pivoted out of cells. #}
{% macro budget_measures() -%}
{%- for name in ['carryover', 'initial_budget', 'adjustment', 'total_budget', 'final_expenditure', 'balance'] -%}
{{ measure(name) }} as {{ name }}{{ ',' if not loop.last }}
        {% endfor -%}
{%- endmacro %}

{# The same as published: yuan, with the execution rate. Where no balance is printed it is budget less expenditure. #}
{% macro budget_amounts() -%}
{%- for name in ['carryover', 'initial_budget', 'adjustment', 'total_budget', 'final_expenditure'] -%}
{{ yuan(name) }} as {{ name }},
    {% endfor -%}
{{ yuan('coalesce(balance, total_budget - final_expenditure)') }} as balance,
    {{ divided('final_expenditure', 'total_budget') }} as execution_rate
{%- endmacro %}
