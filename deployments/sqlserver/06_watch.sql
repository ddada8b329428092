-- What to watch, a result a question. Everything that the platform can see itself, it watches and says in
-- OPS.REPLICATION_HEALTH; this is for whoever looks after the server. Run by a db_owner.
--
--   sqlcmd -b -S server -d database -i 06_watch.sql

-- Do the jobs run? No row of `capture`: CDC was enabled without the Agent (sys.sp_cdc_add_job). Stopped: started is
-- not NULL and ended is not NULL either.
SELECT j.job_type, j.pollinginterval, j.maxtrans, j.maxscans, j.retention,
    a.start_execution_date AS started, a.stop_execution_date AS ended
FROM msdb.dbo.cdc_jobs AS j
LEFT JOIN msdb.dbo.sysjobactivity AS a ON a.job_id = j.job_id
WHERE j.database_id = DB_ID();
GO

-- How far is the harvest behind? More than some minutes on a busy server: raise maxtrans and maxscans.
SELECT MAX(tran_end_time) AS harvested_up_to, DATEDIFF(second, MAX(tran_end_time), GETDATE()) AS seconds_behind
FROM cdc.lsn_time_mapping;
GO

-- What went wrong in the last scans?
SELECT entry_time, error_number, error_message FROM sys.dm_cdc_errors ORDER BY entry_time DESC;
GO

-- Does the log wait for the harvest? REPLICATION for long: the log grows, as the capture job does not read it.
SELECT name, log_reuse_wait_desc FROM sys.databases WHERE name = DB_NAME();
GO

-- Which tables are captured, from when on, by which instance; two instances of a table: an ALTER TABLE is under way.
SELECT OBJECT_SCHEMA_NAME(source_object_id) AS source_schema, OBJECT_NAME(source_object_id) AS source_name,
    capture_instance, role_name, create_date
FROM cdc.change_tables
ORDER BY source_schema, source_name, create_date;
GO

-- How many rows do the change tables keep?
SELECT OBJECT_NAME(p.object_id) AS change_table, SUM(p.rows) AS row_count
FROM sys.partitions AS p
JOIN cdc.change_tables AS ct ON ct.object_id = p.object_id
WHERE p.index_id IN (0, 1)
GROUP BY p.object_id
ORDER BY row_count DESC;
GO
