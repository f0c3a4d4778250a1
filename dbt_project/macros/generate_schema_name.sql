{# Every table of a build stands in the one schema `main`, under the name that readers know it by. #}
{% macro generate_schema_name(custom_schema_name, node) -%}
{{ target.schema }}
{%- endmacro %}
