-- CDC for the database. Run by a sysadmin; again, it changes nothing.
--
--   sqlcmd -b -S server -d database -i 01_enable_cdc.sql
--
-- SQL Server Agent has to run: its jobs harvest the log and clean up. Azure SQL Database has no Agent and needs none.

-- Of captured tables, SQL Server refuses to write values that are longer than this: 64 kB, if nobody has said so.
EXEC sys.sp_configure N'max text repl size', -1;
RECONFIGURE;
GO

IF EXISTS (SELECT 1 FROM sys.databases WHERE name = DB_NAME() AND is_cdc_enabled = 0)
BEGIN
    EXEC sys.sp_cdc_enable_db;
END;
GO

-- With it, snapshots read without a lock; without it, they may wait for writers, chunk by chunk.
IF EXISTS (SELECT 1 FROM sys.databases WHERE name = DB_NAME() AND snapshot_isolation_state = 0)
BEGIN
    ALTER DATABASE CURRENT SET ALLOW_SNAPSHOT_ISOLATION ON;
END;
GO
