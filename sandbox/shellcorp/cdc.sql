-- Capture all tables of Shellcorp: default capture instances, but orders_v1 for the orders; no gating role.
-- Texts of 100 kB are written: with the default of 64 kB the server refuses such writes on captured tables.
EXEC sys.sp_configure N'max text repl size', -1;
RECONFIGURE;
GO

EXEC sys.sp_cdc_enable_db;
GO

EXEC sys.sp_cdc_enable_table
    @source_schema = N'dbo',
    @source_name = N'customers',
    @role_name = NULL;
GO

EXEC sys.sp_cdc_enable_table
    @source_schema = N'dbo',
    @source_name = N'accounts',
    @role_name = NULL;
GO

EXEC sys.sp_cdc_enable_table
    @source_schema = N'dbo',
    @source_name = N'activities',
    @role_name = NULL;
GO

EXEC sys.sp_cdc_enable_table
    @source_schema = N'dbo',
    @source_name = N'products',
    @role_name = NULL;
GO

EXEC sys.sp_cdc_enable_table
    @source_schema = N'dbo',
    @source_name = N'orders',
    @capture_instance = N'orders_v1',
    @role_name = NULL;
GO

EXEC sys.sp_cdc_enable_table
    @source_schema = N'dbo',
    @source_name = N'order_lines',
    @role_name = NULL;
GO

EXEC sys.sp_cdc_enable_table
    @source_schema = N'dbo',
    @source_name = N'payments',
    @role_name = NULL;
GO

EXEC sys.sp_cdc_enable_table
    @source_schema = N'dbo',
    @source_name = N'support_tickets',
    @role_name = NULL;
GO

EXEC sys.sp_cdc_enable_table
    @source_schema = N'dbo',
    @source_name = N'portal_sessions',
    @role_name = NULL;
GO
