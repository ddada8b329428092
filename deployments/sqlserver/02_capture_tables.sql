-- The tables that are replicated: THE LIST TO EDIT. Run by a db_owner; again, it captures what is new in the list.
--
--   sqlcmd -b -S server -d database -v gate=cdc_gate -i 02_capture_tables.sql
--
-- gate: the role that changes are shown to (made if missing). A table is captured once; its capture instance has the
-- usual name, <schema>_<table>, but the platform looks instances up and takes any. A second instance of a table is
-- for changed columns (docs/schema-drift.md). Columns that shall not leave the database at all: leave the table out
-- here and enable it by hand with @captured_column_list; those that the platform shall not read are `exclude` in
-- deployments/replication.toml. Net changes are not read, so no index is made for them.
DECLARE @wanted TABLE (number int IDENTITY(1, 1) PRIMARY KEY, source_schema sysname, source_name sysname);
INSERT INTO @wanted (source_schema, source_name)
VALUES
    (N'dbo', N'customers'),
    (N'dbo', N'accounts'),
    (N'dbo', N'activities'),
    (N'dbo', N'products'),
    (N'dbo', N'orders'),
    (N'dbo', N'order_lines'),
    (N'dbo', N'payments'),
    (N'dbo', N'support_tickets'),
    (N'dbo', N'portal_sessions');

DECLARE @number int = 1;
DECLARE @last int = (SELECT MAX(number) FROM @wanted);
DECLARE @schema sysname;
DECLARE @name sysname;
DECLARE @table nvarchar(517);
WHILE @number <= @last
BEGIN
    SELECT @schema = source_schema, @name = source_name FROM @wanted WHERE number = @number;
    SET @table = QUOTENAME(@schema) + N'.' + QUOTENAME(@name);
    IF NOT EXISTS (SELECT 1 FROM cdc.change_tables WHERE source_object_id = OBJECT_ID(@table))
    BEGIN
        EXEC sys.sp_cdc_enable_table
            @source_schema = @schema,
            @source_name = @name,
            @role_name = N'$(gate)',
            @supports_net_changes = 0;
    END;
    SET @number = @number + 1;
END;
GO
