"""The replication engine: read SQL Server by CDC, land and apply in Snowflake. Knows no Prefect.

    engine.py        a run: windows of changes and chunks of snapshots, in turn, until caught up
    pipeline.py, reading.py   what is read ahead by which thread, and applied in which order
    registration.py  taking up tables, and what happens to a table with a gap
    window.py, changes.py, snapshot.py   what is read, in which order, and what proves it complete
    drift.py, stopped.py, copies.py   columns that change; tables that stood; tables without a key
    source/          SQL Server: its two readers, discovery, every T-SQL statement
    warehouse/       Snowflake: session, landing, stager, apply (one transaction), ledger, every statement
    reconcile/       mirrors proven equal to their sources by hash, and repaired
    proof.py, health.py, report.py       what a run, a proof and the status say
    change_columns.py, unchanged.py      what the columns of a change mean, for whole batches
    lsn.py, types.py, tables.py, columns.py   the words they share

Known limit: a proof holds one table at a time in memory.
"""
