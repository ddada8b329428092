"""SQL Server: what is captured, how it is read, and what that costs it."""
