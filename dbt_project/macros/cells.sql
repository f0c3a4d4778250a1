{# Cells as landed, with the parts of their row keys. #}
{% macro cells_of(table) -%}
with source as (
    select * from {{ source('raw', table) }}
),

renamed as (
    select
        -- place
        fiscal_year,
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
