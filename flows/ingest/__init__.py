"""The replication engine: read SQL Server by CDC, land and apply in Snowflake. Knows no Prefect.

    engine.py        a run: windows of changes and chunks of snapshots, in turn, until caught up
    registration.py  taking up tables, and what happens to a table with a gap
    window.py, changes.py, snapshot.py   what is read, in which order, and what proves it complete
    drift.py, stopped.py, copies.py   columns that change; tables that stood; tables without a key
    source/          SQL Server: session, discovery, every T-SQL statement
    warehouse/       Snowflake: session, landing, apply (one transaction), ledger (OPS), every statement
    reconcile/       mirrors proven equal to their sources by hash, and repaired
    proof.py, health.py, report.py       what a run, a proof and the status say
    lsn.py, types.py, tables.py, columns.py   the words they share

Known limit: a proof holds one table at a time in memory.
"""
