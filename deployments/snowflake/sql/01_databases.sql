-- Databases and schemas. SYSADMIN owns both; in schemas with managed access only their owner grants, so that a role
-- which makes a table cannot open it to others. More than one day of retention needs Enterprise Edition.

-- create_database, as SYSADMIN
CREATE DATABASE IF NOT EXISTS {database}
    DATA_RETENTION_TIME_IN_DAYS = {days:number}
    COMMENT = {comment:text};

-- set_database_retention, as SYSADMIN
ALTER DATABASE {database} SET DATA_RETENTION_TIME_IN_DAYS = {days:number};

-- drop_database, as SYSADMIN
DROP DATABASE IF EXISTS {database};

-- create_schema, as SYSADMIN
CREATE SCHEMA IF NOT EXISTS {schema}
    WITH MANAGED ACCESS
    DATA_RETENTION_TIME_IN_DAYS = {days:number}
    COMMENT = {comment:text};

-- set_schema_retention, as SYSADMIN
ALTER SCHEMA {schema} SET DATA_RETENTION_TIME_IN_DAYS = {days:number};

-- manage_access, as SYSADMIN
ALTER SCHEMA {schema} ENABLE MANAGED ACCESS;

-- drop_schema, as SYSADMIN
DROP SCHEMA IF EXISTS {schema};
