"""Sets an account up for one environment: `python -m deployments.snowflake plan|apply|teardown`.

names.py         what everything is called in an environment
wanted.py        what shall be there: databases, schemas, roles and what each may, warehouses, monitors
sql/             the statements, one file a subject; script.py fills names in, quoted
present.py       what is there, as SHOW tells
options.py       the pipeline's key and a bucket for Iceberg tables, where they are given
subjects/        one file a subject: what is wanted against what is there, as steps
plan.py          all steps, in words; taken one after the other
teardown.py      drops what this has made, and nothing else
"""
