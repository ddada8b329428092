"""The wire of the stand-in SQL Server: TDS 7.4 on TCP ([MS-TDS]). `server.TdsServer` is the way in."""
