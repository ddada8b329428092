"""The replication engine: read SQL Server by CDC, land and apply in Snowflake. Knows no Prefect.

    engine.py, follow.py      a run: windows of changes and chunks of snapshots, in turn, until caught up
    pipeline.py, reading.py   what is read ahead by which thread, and applied in which order
    context.py       what all steps of a run share
    tables/          which tables are replicated, their columns and types, and what happens when those change
    changes/         windows of the log, and a table's changes in them
    snapshot/        chunks by key, copies of tables without one, the budget that slows them down
    policies/        what people decide about tables and columns, and how that is held to
    source/          SQL Server: its two readers, discovery, every T-SQL statement
    warehouse/       Snowflake: session, landing, stager, apply (one transaction), ledger, every statement
    reconcile/       mirrors proven equal to their sources by hash, and repaired
    health/          how replication is, what a run did and cost, the proof value by value
    lsn.py, quoting.py        the words they share

Known limit: a proof holds one table at a time in memory.
"""
