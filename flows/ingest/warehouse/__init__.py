"""Snowflake: landing, the change logs and mirrors, and the ledger."""
