{#
  The status of one rule instance under the figures `prefix` ('' after corrections, 'printed_' as published), by the
  closed intervals that printing implies (XBRL Calculations 1.1): equal as printed, within rounding, or neither; a rate
  of 0 / 0 is undefined, whatever is printed.
  Columns: operator, is_rate, and for each prefix left_value, right_value, allowed; for a rate its interval
  (rate_low, rate_high) and those of numerator and denominator (denominators made positive).
#}
{% macro judged(prefix) -%}
{%- set difference = prefix ~ 'left_value - ' ~ prefix ~ 'right_value' -%}
{%- set allowed -%} case when compare = 'printed' then 0 else {{ prefix }}allowed end {%- endset -%}
{%- set a = prefix ~ 'numerator' -%}
{%- set b = prefix ~ 'denominator' -%}
{%- set low = prefix ~ 'rate_low' -%}
{%- set high = prefix ~ 'rate_high' -%}
case
    -- Nothing of nothing: no rate can be wrong beside it, nor missing.
    when is_rate and {{ a }} = 0 and {{ b }} = 0 and missing_terms = missing_rates then 'undefined'
    when missing_terms > 0 then 'missing'
    when operator = 'rows' then 'consistent'
    when is_rate and {{ b }} = 0 then 'inconsistent'
    when is_rate then
        case
            when {{ a }} between {{ low }} * {{ b }} and {{ high }} * {{ b }} then 'consistent'
            when
                {{ a }} + {{ a }}_half_width
                >= least({{ low }} * ({{ b }} - {{ b }}_half_width), {{ low }} * ({{ b }} + {{ b }}_half_width))
                and {{ a }} - {{ a }}_half_width
                <= greatest({{ high }} * ({{ b }} - {{ b }}_half_width), {{ high }} * ({{ b }} + {{ b }}_half_width))
                then 'rounding'
            else 'inconsistent'
        end
    when operator = '=' then
        case
            when {{ difference }} = 0 then 'consistent'
            when abs({{ difference }}) <= {{ allowed }} then 'rounding'
            else 'inconsistent'
        end
    when operator in ('<=', '>=') then
        case
            when {{ signed_difference(prefix) }} <= 0 then 'consistent'
            when {{ signed_difference(prefix) }} <= {{ allowed }} then 'rounding'
            else 'inconsistent'
        end
    else
        case
            when {{ signed_difference(prefix) }} < 0 then 'consistent'
            when {{ signed_difference(prefix) }} < {{ allowed }} then 'rounding'
            else 'inconsistent'
        end
end
{%- endmacro %}

{# By how much an inequality is overstepped: positive where it is. #}
{% macro signed_difference(prefix) -%}
(case when operator in ('>=', '>') then -1 else 1 end * ({{ prefix }}left_value - {{ prefix }}right_value))
{%- endmacro %}
