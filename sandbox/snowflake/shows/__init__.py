"""SHOW and DESCRIBE: what is there, with Snowflake's columns."""
