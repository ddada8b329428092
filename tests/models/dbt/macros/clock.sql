{% macro duckdb__snapshot_get_time() %}(select moment from main.clock){% endmacro %}
