"""A stand-in Snowflake: speaks its HTTP protocol to the real drivers, on an embedded engine in a folder."""
