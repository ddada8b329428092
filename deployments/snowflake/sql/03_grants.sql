-- What each role may. Future grants are for what the platform makes in its runs; what replaces a published table
-- keeps that one's grants (COPY GRANTS, SWAP), so publishing again takes no right away.

-- grant, as SECURITYADMIN
GRANT {privileges:words} ON {kind:words} {name} TO ROLE {role};

-- grant_future, as SECURITYADMIN
GRANT {privileges:words} ON FUTURE {kinds:words} IN SCHEMA {schema} TO ROLE {role};

-- grant_all, as SECURITYADMIN
GRANT {privileges:words} ON ALL {kinds:words} IN SCHEMA {schema} TO ROLE {role};
