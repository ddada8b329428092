-- The bucket of Iceberg tables, where there is one. What Snowflake is in the bucket's account (DESCRIBE EXTERNAL
-- VOLUME tells) has to be allowed there by hand: Snowflake, "Configure an external volume for Amazon S3".

-- create_volume, as ACCOUNTADMIN
CREATE EXTERNAL VOLUME IF NOT EXISTS {volume}
    STORAGE_LOCATIONS = ((
        NAME = {location:text}
        STORAGE_PROVIDER = 'S3'
        STORAGE_BASE_URL = {url:text}
        STORAGE_AWS_ROLE_ARN = {role_arn:text}
    ))
    ALLOW_WRITES = TRUE
    COMMENT = {comment:text};

-- drop_volume, as ACCOUNTADMIN
DROP EXTERNAL VOLUME IF EXISTS {volume};
