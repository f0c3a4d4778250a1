{# Exact arithmetic on cells. Money is fen inside and yuan DECIMAL(20,2) outside; nothing passes through a float. #}

{# One measure of a row, pivoted out of cells, in its base unit (fen, persons, points, fractions). #}
{% macro measure(name) -%}
max(case when measure = '{{ name }}' then value end)
{%- endmacro %}

{% macro text(name) -%}
max(case when measure = '{{ name }}' then text end)
{%- endmacro %}

{% macro yuan(expression) -%}
cast(({{ expression }}) * 0.01 as decimal(20, 2))
{%- endmacro %}

{# A value in the unit of published tables: yuan for money, ones for the rest. #}
{% macro published(expression, unit='unit') -%}
cast(case when {{ unit }} = 'yuan' then ({{ expression }}) * 0.01 else {{ expression }} end as decimal(28, 9))
{%- endmacro %}

{# So much of a value: 0.8 of it. A value without a share is as it was. #}
{% macro share_of(value, share) -%}
case
    when {{ share }} is null then {{ value }}
    else cast(cast({{ value }} as decimal(28, 6)) * cast({{ share }} as decimal(9, 3)) as decimal(28, 9))
end
{%- endmacro %}

{# A count, as the whole number that it is. Rounded by name: engines differ in how they cast a decimal to an integer. #}
{% macro whole(expression) -%}
cast(round({{ expression }}) as bigint)
{%- endmacro %}

{#
  numerator / denominator, rounded half up (away from zero) to `places` decimals, exact; null where the denominator is
  zero or anything is null. Both sides are whole numbers of 1e-`scale`. Integer arithmetic, since DuckDB's own division
  of decimals is a DOUBLE.
#}
{% macro divided(numerator, denominator, places=6, scale=0, type='decimal(18, 6)') -%}
{{ return(adapter.dispatch('divided', 'ledgergate')(numerator, denominator, places, scale, type)) }}
{%- endmacro %}

{% macro default__divided(numerator, denominator, places, scale, type) -%}
{%- set n -%} cast(abs({{ numerator }}) * {{ 10 ** scale }} as hugeint) {%- endset -%}
{%- set d -%} cast(abs({{ denominator }}) * {{ 10 ** scale }} as hugeint) {%- endset -%}
cast(
    case
        when {{ denominator }} = 0 then null
        else (case when ({{ numerator }} < 0) <> ({{ denominator }} < 0) then -1 else 1 end)
            * cast((2 * {{ n }} * {{ 10 ** places }} + {{ d }}) // (2 * {{ d }}) as decimal(30, 0))
            * cast({{ '0.' ~ '0' * (places - 1) ~ '1' }} as decimal({{ places + 1 }}, {{ places }}))
    end as {{ type }}
)
{%- endmacro %}

{#
  Spark has no integer wider than 64 bits, and its `div` gives no more than that; so the remainder is taken off first,
  and the division that is left is exact. A divisor of 28 digits leaves 24 to the whole part of the quotient.
#}
{% macro spark__divided(numerator, denominator, places, scale, type) -%}
{%- set n -%} cast(abs({{ numerator }}) * {{ 10 ** scale }} as decimal(38, 0)) {%- endset -%}
{%- set d -%} cast(abs({{ denominator }}) * {{ 10 ** scale }} as decimal(38, 0)) {%- endset -%}
{%- set dividend -%} (2 * {{ n }} * {{ 10 ** places }} + {{ d }}) {%- endset -%}
{%- set divisor -%} cast(nullif(2 * {{ d }}, 0) as decimal(28, 0)) {%- endset -%}
cast(
    case
        when {{ denominator }} = 0 then null
        else (case when ({{ numerator }} < 0) <> ({{ denominator }} < 0) then -1 else 1 end)
            * cast(({{ dividend }} - {{ dividend }} % {{ divisor }}) / {{ divisor }} as decimal(30, 0))
            * cast({{ '0.' ~ '0' * (places - 1) ~ '1' }} as decimal({{ places + 1 }}, {{ places }}))
    end as {{ type }}
)
{%- endmacro %}

{# A base value as people read it in its printed unit: -362.20 (万元), 86.60 (%), 2024-12-31. #}
{% macro displayed(value, unit, factor) -%}
{%- set money -%} cast(cast({{ value }} as decimal(24, 0)) * {{ factor }} as string) {%- endset -%}
{%- set counted -%} cast(cast({{ value }} as decimal(24, 4)) * {{ factor }} as string) {%- endset -%}
case
    when {{ unit }} = 'date' then cast({{ day(value) }} as string)
    when {{ unit }} = 'yuan' then {{ trim_zeros(money, 2) }}
    when {{ unit }} = 'ratio' then {{ trim_zeros('cast(' ~ value ~ ' * 100 as string)', 2) }}
    when {{ unit }} in ('person', 'count') then {{ trim_zeros(counted, 0) }}
    else {{ trim_zeros('cast(cast(' ~ value ~ ' as decimal(28, 9)) as string)', 0) }}
end
{%- endmacro %}

{# Trailing zeros off a decimal's text, keeping at least `places` decimals. #}
{% macro trim_zeros(expression, places) -%}
{%- if places == 0 -%}
{{ replaced(replaced(expression, '(\\.[0-9]*?)0+$', 1), '\\.$') }}
{%- else -%}
{{ replaced(expression, '(\\.[0-9]{' ~ places ~ '}[0-9]*?)0+$', 1) }}
{%- endif -%}
{%- endmacro %}

{# What the pattern matches at the end of a text, replaced by its group of that number, or by nothing. #}
{% macro replaced(expression, pattern, group=none) -%}
{{ return(adapter.dispatch('replaced', 'ledgergate')(expression, pattern, group)) }}
{%- endmacro %}

{% macro default__replaced(expression, pattern, group) -%}
regexp_replace({{ expression }}, '{{ pattern }}', '{{ '\\' ~ group if group else '' }}')
{%- endmacro %}

{% macro spark__replaced(expression, pattern, group) -%}
regexp_replace({{ expression }}, r'{{ pattern }}', '{{ '$' ~ group if group else '' }}')
{%- endmacro %}

{# The date that a cell of unit `date` stands for. #}
{% macro day(value) -%}
cast({{ dbt.dateadd('day', 'cast(' ~ value ~ ' as integer)', "cast('1970-01-01' as date)") }} as date)
{%- endmacro %}

{# Where a published row was printed; with `/measure` behind it, the address of a cell. #}
{% macro row_address(of='', row='row_key') -%}
concat_ws('/', cast({{ of }}fiscal_year as string), nullif({{ of }}department, ''), {{ of }}ledger, {{ of }}{{ row }})
{%- endmacro %}
