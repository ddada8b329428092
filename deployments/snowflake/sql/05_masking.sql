-- Personal columns. The tag PERSONAL has a masking policy for each type that it masks. Schemas have the tag, and by it
-- every column in them that has none itself: so a table that is made anew, swapped or published in whatever way is
-- masked from its first moment on, and what a run forgets to say is masked, not shown. A column shows its values
-- where it is tagged 'no' itself: the runner does so in the statement that makes the table, as the contract says.
-- Snowflake, "Tag-based masking policies": a column's own tag counts before its schema's; one policy a type. A view
-- that reads RAW shows RAW's masks to who is masked, whatever its own columns are tagged.

-- create_tag, as SYSADMIN
CREATE TAG IF NOT EXISTS {tag}
    ALLOWED_VALUES 'yes', 'no', 'unknown'
    COMMENT = {comment:text};

-- create_policy, as SYSADMIN
CREATE MASKING POLICY IF NOT EXISTS {policy} AS (VAL {type:words}) RETURNS {type:words} ->
    CASE
        WHEN IS_ROLE_IN_SESSION({sees:text}) THEN VAL
        WHEN SYSTEM$GET_TAG_ON_CURRENT_COLUMN({tag:text}) = 'no' THEN VAL
        ELSE {mask:literal}
    END
    COMMENT = {comment:text};

-- set_policy_body, as SYSADMIN
ALTER MASKING POLICY {policy} SET BODY ->
    CASE
        WHEN IS_ROLE_IN_SESSION({sees:text}) THEN VAL
        WHEN SYSTEM$GET_TAG_ON_CURRENT_COLUMN({tag:text}) = 'no' THEN VAL
        ELSE {mask:literal}
    END;

-- set_policy, as ACCOUNTADMIN
ALTER TAG {tag} SET MASKING POLICY {policy};

-- unset_policy, as ACCOUNTADMIN
ALTER TAG {tag} UNSET MASKING POLICY {policy};

-- tag_schema, as ACCOUNTADMIN
ALTER SCHEMA {schema} SET TAG {tag} = {value:text};

-- untag_schema, as ACCOUNTADMIN
ALTER SCHEMA {schema} UNSET TAG {tag};

-- tag_column, as ACCOUNTADMIN
ALTER {kind:words} {table} MODIFY COLUMN {column} SET TAG {tag} = {value:text};

-- drop_policy, as SYSADMIN
DROP MASKING POLICY IF EXISTS {policy};

-- drop_tag, as SYSADMIN
DROP TAG IF EXISTS {tag};
