-- Where each activity stands at the end of the data.
WITH clock AS (
    SELECT max(_committed_at) + INTERVAL 1 MILLISECOND AS as_of
    FROM (SELECT _committed_at FROM activities UNION ALL SELECT _committed_at FROM accounts)
),
told AS (
    SELECT
        activity_id,
        customer_id,
        nullif(upper(trim(account_number)), '') AS account_number,
        activity_type,
        owner,
        status,
        started_at,
        end_date,
        status IN ('completed', 'cancelled') AS over,
        CASE WHEN over THEN end_date - started_at::DATE END AS duration_days,
        CASE WHEN status = 'open' THEN as_of::DATE - started_at::DATE END AS running_days,
        _committed_at AS committed_at,
        as_of
    FROM activities, clock
)
SELECT
    * EXCLUDE (over),
    CASE
        WHEN over THEN 'ended'
        WHEN status = 'open' THEN 'running'
        WHEN started_at < as_of THEN 'not begun'
        ELSE 'upcoming'
    END AS stage,
    CASE
        WHEN over THEN end_date IS NOT NULL AND end_date >= started_at::DATE
        ELSE end_date IS NULL
    END AS is_end_dated_well,
    account_number IS NULL
    OR EXISTS (
        FROM accounts a WHERE a.account_number = told.account_number AND a.customer_id = told.customer_id
    ) AS account_is_the_customers,
    stage = 'not begun' OR (stage = 'running' AND running_days > 30) AS is_overdue
FROM told
