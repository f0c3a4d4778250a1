{# 省级统筹 and 省本级 are two different bases of account: never added together. #}
{% macro pooling_level(expression) -%}
case {{ expression }} when '省级统筹' then 'provincial_pool' when '省本级' then 'provincial_own' end
{%- endmacro %}
