{# Cells as landed, with the parts of their row keys. #}
{% macro cells_of(table) -%}
with source as (
    select * from {{ source('raw', table) }}
),

renamed as (
    select
        -- place
        fiscal_year,
        department,
        address,
        ledger,
        row_key,
        nullif(split_part(row_key, ':', 1), '') as key_1,
        nullif(split_part(row_key, ':', 2), '') as key_2,
        nullif(split_part(row_key, ':', 3), '') as key_3,
        row_kind,
        row_label,
        measure,
        file,
        sheet,
        cell,
        -- figure
        text,
        value,
        half_width,
        skew,
        unit,
        printed_unit,
        printed_factor
    from source
)

select * from renamed
{%- endmacro %}

{# A text as it is compared: no spaces, half width, one case. #}
{% macro folded(text) -%}
lower(translate({{ text }}, '（）：，　 ', '():,'))
{%- endmacro %}

{# What forms call a section of indicators (一级指标). #}
{% macro section_name(section) -%}
case {{ section }}
    when 'execution' then '预算执行率'
    when 'cost' then '成本指标'
    when 'output' then '产出指标'
    when 'benefit' then '效益指标'
    when 'satisfaction' then '满意度指标'
end
{%- endmacro %}

{#
  The columns of a table that hold figures, by its contract: integers are years and numbers of rows, the rest is words.
  None while dbt parses, when it knows no other model.
#}
{% macro figures_of(table) %}
{% set found = [] %}
{% if execute %}
{% for name, column in graph.nodes['model.ledgergate.' ~ table].columns.items() %}
{% if column.data_type.startswith('decimal') or column.data_type == 'bigint' %}
{% do found.append(name) %}
{% endif %}
{% endfor %}
{% endif %}
{% do return(found) %}
{% endmacro %}
