-- How customers used the portal, week by week; DuckDB's weeks begin on Monday, too.
SELECT
    customer_id,
    date_trunc('week', started_at)::DATE AS week,
    count(*) AS sessions,
    count(*) FILTER (ended_at IS NULL) AS running_sessions,
    count(DISTINCT started_at::DATE) AS active_days,
    sum(pages_viewed) AS pages_viewed,
    count(DISTINCT landing_page) AS landing_pages,
    sum(date_diff('millisecond', started_at, ended_at)) / 1000 AS seconds,
    max(date_diff('millisecond', TIME '00:00:00', longest_view)) / 1000 AS longest_view_seconds,
    min(started_at) AS first_started_at,
    max(started_at) AS last_started_at
FROM portal_sessions
GROUP BY customer_id, week
