-- More than the platform's login needs: that it may see the capture job. Then a stopped job is told at once,
-- instead of when its last harvest is eleven minutes old, and a snapshot of an idle database ends sooner.
USE msdb;
GO

IF USER_ID(N'$(reader)') IS NULL
    CREATE USER [$(reader)] FOR LOGIN [$(reader)];
GO

GRANT SELECT ON dbo.cdc_jobs TO [$(reader)];
GRANT SELECT ON dbo.sysjobactivity TO [$(reader)];
GO
