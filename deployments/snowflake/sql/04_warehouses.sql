-- Warehouses, and what stops one that spends too much. Only ACCOUNTADMIN makes monitors and gives them warehouses;
-- they count credits by calendar month. At 100 percent running statements end well, at 110 percent they are ended.

-- create_monitor, as ACCOUNTADMIN
CREATE RESOURCE MONITOR IF NOT EXISTS {monitor} WITH
    CREDIT_QUOTA = {credits:number}
    FREQUENCY = MONTHLY
    START_TIMESTAMP = IMMEDIATELY
    TRIGGERS
        ON 75 PERCENT DO NOTIFY
        ON 100 PERCENT DO SUSPEND
        ON 110 PERCENT DO SUSPEND_IMMEDIATE;

-- set_quota, as ACCOUNTADMIN
ALTER RESOURCE MONITOR {monitor} SET CREDIT_QUOTA = {credits:number};

-- drop_monitor, as ACCOUNTADMIN
DROP RESOURCE MONITOR IF EXISTS {monitor};

-- create_warehouse, as SYSADMIN
CREATE WAREHOUSE IF NOT EXISTS {warehouse}
    WAREHOUSE_SIZE = {size:words}
    AUTO_SUSPEND = {auto_suspend:number}
    AUTO_RESUME = TRUE
    INITIALLY_SUSPENDED = TRUE
    STATEMENT_TIMEOUT_IN_SECONDS = {statement_timeout:number}
    STATEMENT_QUEUED_TIMEOUT_IN_SECONDS = {queued_timeout:number}
    COMMENT = {comment:text};

-- set_warehouse, as SYSADMIN
ALTER WAREHOUSE {warehouse} SET {option:words} = {value:number};

-- set_monitor, as ACCOUNTADMIN
ALTER WAREHOUSE {warehouse} SET RESOURCE_MONITOR = {monitor};

-- drop_warehouse, as SYSADMIN
DROP WAREHOUSE IF EXISTS {warehouse};
