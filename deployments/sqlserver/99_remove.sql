-- Take it all back: CDC of the database with all changes that it keeps, and the platform's login. Mirrors stay as
-- they are, and are read anew when CDC comes back. Run by a sysadmin, by hand, with the database's name typed.
--
--   sqlcmd -b -S server -d database -v reader=platform_reader confirm=database -i 99_remove.sql
IF DB_NAME() <> N'$(confirm)'
BEGIN
    RAISERROR(N'confirm is not the name of this database: nothing was changed.', 16, 1);
    RETURN;
END;

IF EXISTS (SELECT 1 FROM sys.databases WHERE name = DB_NAME() AND is_cdc_enabled = 1)
BEGIN
    EXEC sys.sp_cdc_disable_db;
END;

DROP USER IF EXISTS [$(reader)];

USE msdb;

DROP USER IF EXISTS [$(reader)];

USE master;

IF SUSER_ID(N'$(reader)') IS NOT NULL
    DROP LOGIN [$(reader)];
GO
