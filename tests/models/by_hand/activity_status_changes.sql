-- How activities went from status to status: of changes at one commit time the last was there to be seen.
WITH seen AS (
    SELECT *, CASE WHEN _operation = 1 THEN 'deleted' ELSE status END AS state
    FROM raw.activities__changes c
    WHERE NOT EXISTS (
        FROM raw.activities__changes l
        WHERE l.activity_id = c.activity_id AND l._committed_at = c._committed_at AND l._position > c._position
    )
),
before AS (
    SELECT
        *,
        (
            SELECT state FROM seen e
            WHERE e.activity_id = s.activity_id AND e._committed_at < s._committed_at
            ORDER BY _committed_at DESC LIMIT 1
        ) AS from_status
    FROM seen s
),
changes AS (SELECT * FROM before WHERE from_status IS DISTINCT FROM state),
dated AS (
    SELECT
        *,
        (
            SELECT max(_committed_at) FROM changes e
            WHERE e.activity_id = c.activity_id AND e._committed_at < c._committed_at
        ) AS entered_at,
        (
            SELECT min(_committed_at) FROM changes l
            WHERE l.activity_id = c.activity_id AND l._committed_at > c._committed_at
        ) AS next_changed_at
    FROM changes c
)
SELECT
    activity_id,
    -- a delete says what was deleted
    customer_id,
    activity_type,
    _committed_at AS changed_at,
    (SELECT count(*) FROM changes e WHERE e.activity_id = d.activity_id AND e._committed_at <= d._committed_at)
        AS change_number,
    from_status,
    state AS to_status,
    (round(date_diff('second', entered_at, _committed_at) * 100 / 3600) / 100)::DECIMAL(12, 2)
        AS hours_in_from_status,
    (SELECT count(*) FROM changes e WHERE e.activity_id = d.activity_id AND e._committed_at < d._committed_at) = 1
        AS hours_are_a_minimum,
    from_status IS NOT NULL AND from_status IN ('completed', 'cancelled') AND state IN ('planned', 'open')
        AS is_reopening,
    next_changed_at IS NULL AS is_current,
    next_changed_at
FROM dated d
