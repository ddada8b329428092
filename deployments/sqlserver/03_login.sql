-- The platform's login, with what replication needs and nothing else: SELECT on the captured tables (snapshots), on
-- the schema cdc (changes), and the gating role. It writes nothing. Run by a sysadmin after 02, and again after each
-- table that is new in 02; the password of a login that is there stays.
--
--   sqlcmd -b -S server -d database -v reader=platform_reader gate=cdc_gate password=… -i 03_login.sql
IF SUSER_ID(N'$(reader)') IS NULL
    CREATE LOGIN [$(reader)] WITH PASSWORD = N'$(password)';
GO

IF USER_ID(N'$(reader)') IS NULL
    CREATE USER [$(reader)] FOR LOGIN [$(reader)];
GO

GRANT SELECT ON SCHEMA::cdc TO [$(reader)];

ALTER ROLE [$(gate)] ADD MEMBER [$(reader)];
GO

DECLARE @statement nvarchar(max);
DECLARE @table int = (SELECT MIN(source_object_id) FROM cdc.change_tables);
WHILE @table IS NOT NULL
BEGIN
    SET @statement = N'GRANT SELECT ON ' + QUOTENAME(OBJECT_SCHEMA_NAME(@table)) + N'.'
        + QUOTENAME(OBJECT_NAME(@table)) + N' TO [$(reader)]';
    EXEC sys.sp_executesql @statement;
    SET @table = (SELECT MIN(source_object_id) FROM cdc.change_tables WHERE source_object_id > @table);
END;
GO
