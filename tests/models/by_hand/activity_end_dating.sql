-- How each activity was ended: its present dates, and what the change log says of their past.
WITH seen AS (
    SELECT * FROM raw.activities__changes
    WHERE _operation <> 1
    QUALIFY row_number() OVER (PARTITION BY activity_id, _committed_at ORDER BY _position DESC) = 1
),
steps AS (
    SELECT
        a.activity_id,
        a._committed_at AS at_time,
        a.end_date,
        b.end_date AS end_date_before,
        a.status IN ('planned', 'open') AND b.status IN ('completed', 'cancelled') AS is_reopening
    FROM seen a ASOF JOIN seen b ON b.activity_id = a.activity_id AND b._committed_at < a._committed_at
    -- the step in which all is as it was is none
    WHERE (a.end_date, a.status) IS DISTINCT FROM (b.end_date, b.status)
),
past AS (
    SELECT
        activity_id,
        max(at_time) FILTER (end_date IS NOT NULL AND end_date IS DISTINCT FROM end_date_before) AS set_at,
        count(*) FILTER (end_date_before IS NOT NULL AND end_date IS DISTINCT FROM end_date_before) AS corrections,
        count(*) FILTER (is_reopening) AS times_reopened,
        max(at_time) FILTER (is_reopening) AS reopened_at
    FROM steps
    GROUP BY activity_id
)
SELECT
    w.activity_id,
    w.customer_id,
    w.activity_type,
    w.status,
    w.started_at::DATE AS started_on,
    w.end_date,
    w.status IN ('planned', 'open') AND w.end_date IS NOT NULL AS is_open_though_end_dated,
    w.status IN ('planned', 'open') AND EXISTS (
        FROM accounts a WHERE a.account_number = upper(trim(w.account_number)) AND a.status = 'closed'
    ) AS is_open_on_closed_account,
    w.status IN ('planned', 'open') AND (
        w.end_date IS NOT NULL
        OR EXISTS (
            FROM accounts a WHERE a.account_number = upper(trim(w.account_number)) AND a.status = 'closed'
        )
    ) AS should_have_ended,
    w.status IN ('completed', 'cancelled') AND w.end_date IS NULL AS lacks_end_date,
    w.end_date IS NOT NULL AND w.end_date < w.started_at::DATE AS ends_before_start,
    CASE WHEN w.end_date IS NOT NULL THEN set_at END AS end_dated_at,
    CASE WHEN w.end_date IS NOT NULL THEN set_at::DATE - w.end_date END AS days_end_dated_late,
    w.end_date IS NOT NULL AND set_at IS NOT NULL AND set_at::DATE > w.end_date AS is_end_dated_late,
    coalesce(corrections, 0) AS end_date_corrections,
    coalesce(times_reopened, 0) AS times_reopened,
    reopened_at
FROM activities w LEFT JOIN past ON past.activity_id = w.activity_id
