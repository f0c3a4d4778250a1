{#
  What is said of a rule instance: one macro a sentence, chosen in `instance_statement`. Each is an expression over the columns of
  reconciliation's `worded`: place, the labels and figures of both sides as text, the difference as text. A rule that
  brings a sentence of its own (`says`) is told in that one where it does not hold.
#}
{% macro instance_statement() -%}
concat_ws(
    '',
    place,
    '：',
    case
        when final_status = 'missing' then {{ says_missing() }}
        when final_status = 'undefined' then {{ says_undefined() }}
        when final_status = 'inconsistent' and says is not null then says
        when final_status = 'inconsistent' and is_rate and denominator = 0 then {{ says_divided_by_zero() }}
        when final_status = 'inconsistent' and compare = 'printed' and operator = '=' then {{ says_printed_differently() }}
        when final_status = 'inconsistent' and actual_share is not null then {{ says_beyond_share() }}
        when final_status = 'inconsistent' and operator in ('<=', '<') and unit = 'date' then {{ says_too_late() }}
        when final_status = 'inconsistent' and operator in ('<=', '<') then {{ says_too_much() }}
        when final_status = 'inconsistent' and operator in ('>=', '>') then {{ says_too_little() }}
        when final_status = 'inconsistent' then {{ says_unequal() }}
        when final_status = 'corrected' then {{ says_corrected() }}
        when final_status = 'rounding' then {{ says_rounding() }}
        when operator = 'rows' then '两表都列有此行'
        when operator in ('<=', '<') then {{ sides('未超过') }}
        when operator in ('>=', '>') then concat_ws('', left_label, ' ', left_text, ' 大于 ', right_text)
        else {{ says_equal() }}
    end,
    case
        when settled_status = 'accepted' then '，已确认'
        when final_status = 'inconsistent' and accepted_difference is not null then '，与已确认的差额不同'
        else ''
    end,
    case when final_status = 'inconsistent' and hint is not null then concat_ws('', '，', hint) else '' end
)
{%- endmacro %}

{# Both sides with a word between them. #}
{% macro sides(word) -%}
concat_ws('', left_label, ' ', left_text, ' {{ word }} ', right_label, ' ', right_text)
{%- endmacro %}

{% macro says_missing() -%}
concat_ws(
    '',
    '缺',
    missing_label,
    case when missing_terms > 1 then concat_ws('', ' 等 ', cast(missing_terms as string), ' 项') else '' end
)
{%- endmacro %}

{% macro says_divided_by_zero() -%}
concat_ws('', left_label, ' 列示为 ', left_text, '，但分母为零')
{%- endmacro %}

{% macro says_undefined() -%}
concat_ws(
    '',
    right_label,
    '，分子、分母都为零，比率没有意义',
    case when missing_terms = 0 then concat_ws('', '（', left_label, ' 列示为 ', left_text, '）') else '' end
)
{%- endmacro %}

{% macro says_printed_differently() -%}
concat_ws('', left_label, ' 列示为 ', left_text, '，', right_label, ' 列示为 ', right_text, '，同一事实印数不同')
{%- endmacro %}

{% macro says_too_late() -%}
concat_ws('', {{ sides('晚于') }}, '（', difference_text, '）')
{%- endmacro %}

{% macro says_beyond_share() -%}
concat_ws(
    '',
    left_label, ' ', left_text,
    case when operator in ('<=', '<') then ' 超过 ' else ' 不足 ' end,
    right_label, ' ', right_text, '，实为 ', share_text
)
{%- endmacro %}

{% macro says_too_much() -%}
concat_ws('', {{ sides('超过') }}, '，超出 ', difference_text)
{%- endmacro %}

{% macro says_too_little() -%}
concat_ws(
    '',
    left_label,
    ' ',
    left_text,
    case when operator = '>' then ' 应大于 ' else ' 不应低于 ' end,
    case when compared_value = 0 then '零' else right_text end
)
{%- endmacro %}

{% macro says_unequal() -%}
concat_ws(
    '',
    left_label, ' ', left_text, '，', right_label, ' ', right_text,
    '，相差 ', difference_text, case when is_cut then '，舍去尾数只能解释 ' else '，四舍五入只能解释 ' end, allowed_text
)
{%- endmacro %}

{% macro says_equal() -%}
concat_ws('', {{ sides('与') }}, ' 相符')
{%- endmacro %}

{% macro says_corrected() -%}
concat_ws('', '更正后 ', {{ says_equal() }})
{%- endmacro %}

{% macro says_rounding() -%}
concat_ws(
    '',
    {{ sides('与') }},
    case when is_cut then ' 在舍去尾数的尾差范围内' else ' 在四舍五入尾差范围内' end,
    '（相差 ', difference_text, '）'
)
{%- endmacro %}
