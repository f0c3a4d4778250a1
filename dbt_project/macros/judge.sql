{#
  The status of one rule instance on one basis, by the closed intervals that printing implies (XBRL Calculations 1.1):
  equal as printed, within rounding, or neither; a rate of 0 / 0 is undefined, whatever is printed.
  Columns: operator, is_rate, left_value, right_value, allowed (what rounding explains of a difference of this sign); for
  a rate its interval (rate_low, rate_high) and those of numerator and denominator (denominators made positive).
#}
{% macro judged() -%}
{%- set difference = 'left_value - right_value' -%}
{%- set allowed -%} case when compare = 'printed' then 0 else allowed end {%- endset -%}
case
    -- Nothing of nothing: no rate can be wrong beside it, nor missing.
    when is_rate and numerator = 0 and denominator = 0 and missing_terms = missing_rates then 'undefined'
    when missing_terms > 0 then 'missing'
    when operator = 'rows' then 'consistent'
    when is_rate and denominator = 0 then 'inconsistent'
    when is_rate then
        case
            when numerator between rate_low * denominator and rate_high * denominator then 'consistent'
            when
                numerator_high >= least(rate_low * denominator_low, rate_low * denominator_high)
                and numerator_low <= greatest(rate_high * denominator_low, rate_high * denominator_high)
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
            when {{ signed_difference() }} <= 0 then 'consistent'
            when {{ signed_difference() }} <= {{ allowed }} then 'rounding'
            else 'inconsistent'
        end
    else
        case
            when {{ signed_difference() }} < 0 then 'consistent'
            when {{ signed_difference() }} < {{ allowed }} then 'rounding'
            else 'inconsistent'
        end
end
{%- endmacro %}

{# By how much an inequality is overstepped: positive where it is. #}
{% macro signed_difference() -%}
(case when operator in ('>=', '>') then -1 else 1 end * (left_value - right_value))
{%- endmacro %}

{# Whether a rule instance does not hold, or lacks a counterpart: BROKEN in orchestration/base/wording.py. #}
{% macro is_broken(status) -%}
{{ status }} in ('inconsistent', 'missing')
{%- endmacro %}
