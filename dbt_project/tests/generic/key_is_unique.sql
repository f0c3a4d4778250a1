{#
  The grain of a model: no two rows with the same key. One query, whatever the number of columns; a null is a value, so
  that rows without a key are told too.
#}
{% test key_is_unique(model, columns) %}
select
    {{ columns | join(', ') }},
    count(*) as rows_of_the_key
from {{ model }}
group by {{ columns | join(', ') }}
having count(*) > 1
{% endtest %}
