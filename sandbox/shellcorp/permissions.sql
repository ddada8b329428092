-- What the platform's login needs, and nothing else: SELECT on the captured tables and on the schema cdc.
-- The login itself is the server's: CREATE LOGIN … WITH PASSWORD = N'…' comes first on a real one; the stand-in
-- makes platform_reader at its first start.
IF USER_ID(N'$(reader)') IS NULL
    CREATE USER [$(reader)] FOR LOGIN [$(reader)];
GO

GRANT SELECT ON SCHEMA::cdc TO [$(reader)];

GRANT SELECT ON dbo.customers TO [$(reader)];
GRANT SELECT ON dbo.accounts TO [$(reader)];
GRANT SELECT ON dbo.activities TO [$(reader)];
GRANT SELECT ON dbo.products TO [$(reader)];
GRANT SELECT ON dbo.orders TO [$(reader)];
GRANT SELECT ON dbo.order_lines TO [$(reader)];
GRANT SELECT ON dbo.payments TO [$(reader)];
GRANT SELECT ON dbo.support_tickets TO [$(reader)];
GRANT SELECT ON dbo.portal_sessions TO [$(reader)];
GO
