-- The user of the pipeline: a service, which has no password and logs in with its key pair. A key is changed by
-- applying with the new one; RSA_PUBLIC_KEY_2 is left to whoever wants both to count for a while.

-- create_user, as USERADMIN
CREATE USER IF NOT EXISTS {user}
    TYPE = SERVICE
    RSA_PUBLIC_KEY = {key:text}
    DEFAULT_ROLE = {role}
    DEFAULT_WAREHOUSE = {warehouse}
    COMMENT = {comment:text};

-- set_key, as SECURITYADMIN
ALTER USER {user} SET RSA_PUBLIC_KEY = {key:text};

-- grant_role, as SECURITYADMIN
GRANT ROLE {role} TO USER {user};

-- drop_user, as USERADMIN
DROP USER IF EXISTS {user};
