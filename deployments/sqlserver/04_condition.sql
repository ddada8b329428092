-- More than replication needs: that the platform's login may see in which condition CDC is. Without it a stopped
-- capture job is told when its last harvest is eleven minutes old, instead of at once, and OPS.REPLICATION_HEALTH
-- says "not permitted". Each GRANT stands alone: leave out what your rules forbid. Run by a sysadmin.
--
--   sqlcmd -b -S server -d database -v reader=platform_reader -i 04_condition.sql

-- Errors of the capture job: sys.dm_cdc_errors.
GRANT VIEW DATABASE STATE TO [$(reader)];
GO

USE master;
GO

-- Whether the Agent runs, and the limit of large values: sys.dm_server_services, sys.configurations.
GRANT VIEW SERVER STATE TO [$(reader)];
GO

USE msdb;
GO

IF USER_ID(N'$(reader)') IS NULL
    CREATE USER [$(reader)] FOR LOGIN [$(reader)];
GO

-- The jobs' settings and whether they run, and when the database was last restored: LSNs go back then.
GRANT SELECT ON dbo.cdc_jobs TO [$(reader)];
GRANT SELECT ON dbo.sysjobactivity TO [$(reader)];
GRANT SELECT ON dbo.restorehistory TO [$(reader)];
GO
