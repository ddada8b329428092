-- Roles, and which role has which other one's rights. SYSADMIN has them all, so that nobody needs ACCOUNTADMIN.

-- create_role, as USERADMIN
CREATE ROLE IF NOT EXISTS {role} COMMENT = {comment:text};

-- grant_role, as SECURITYADMIN
GRANT ROLE {role} TO ROLE {to};

-- grant_database_role, as ACCOUNTADMIN
GRANT DATABASE ROLE {database_role} TO ROLE {to};

-- drop_role, as USERADMIN
DROP ROLE IF EXISTS {role};
