{% snapshot versions %}
{{ config(unique_key="id", strategy="check", check_cols=["value"], hard_deletes="invalidate") }}
select id, value from main.state
{% endsnapshot %}
