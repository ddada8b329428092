"""The engine of the stand-in SQL Server: T-SQL, bound and typed here, run by DuckDB."""
