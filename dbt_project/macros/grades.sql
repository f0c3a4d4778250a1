{# The band of `grade_band` (joined as band) that a score of a year falls in: its floor belongs to it, its ceiling does not. #}
{% macro in_grade_band(year, score) -%}
{{ year }} between band.valid_from and band.valid_to
        and {{ score }} >= band.floor
        and (band.ceiling is null or {{ score }} < band.ceiling)
{%- endmacro %}
