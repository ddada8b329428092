-- What the support got, did and had left on each day on which anything happened, for each priority.
WITH days AS (
    SELECT opened_at::DATE AS day FROM support_tickets
    UNION SELECT closed_at::DATE FROM support_tickets WHERE closed_at IS NOT NULL
),
priorities AS (SELECT DISTINCT priority FROM support_tickets),
measured AS (
    SELECT *, round(date_diff('second', opened_at, closed_at) / 3600, 2)::DECIMAL(12, 2) AS hours
    FROM support_tickets
)
SELECT
    day,
    d.priority,
    count(*) FILTER (opened_at::DATE = day) AS opened,
    count(*) FILTER (closed_at::DATE = day) AS closed,
    count(*) FILTER (opened_at::DATE <= day AND (closed_at IS NULL OR closed_at::DATE > day)) AS backlog,
    median(hours::DOUBLE) FILTER (closed_at::DATE = day) AS median_hours_to_close,
    round(avg(satisfaction) FILTER (closed_at::DATE = day), 2)::DECIMAL(9, 2) AS average_satisfaction,
    count(*) FILTER (closed_at::DATE = day AND satisfaction <= 2) AS low_ratings
FROM (SELECT * FROM days, priorities) d JOIN measured t ON t.priority = d.priority
GROUP BY day, d.priority
