-- All that happened to a customer, one after the other.
WITH events AS (
    SELECT customer_id, 'visit' AS event_type, session_id::VARCHAR AS event_id, started_at AS happened_at,
        NULL AS outcome, NULL AS amount, NULL AS currency_code, landing_page, 1 AS place, session_id AS number
    FROM portal_sessions
    UNION ALL
    SELECT customer_id, 'order_placed', order_id::VARCHAR, placed_at, status, total_amount, currency_code, NULL,
        2, order_id
    FROM orders
    UNION ALL
    SELECT o.customer_id, 'payment', upper(payment_id), paid_at, p.status, amount, p.currency_code, NULL,
        3, length(payment_id)
    FROM payments p JOIN orders o ON o.order_id = p.order_id
    UNION ALL
    -- shipped_at has no seconds: not before the order
    SELECT customer_id, 'order_shipped', order_id::VARCHAR,
        CASE WHEN shipped_at < placed_at THEN placed_at ELSE shipped_at END,
        status, total_amount, currency_code, NULL, 4, order_id
    FROM orders WHERE shipped_at IS NOT NULL
    UNION ALL
    SELECT customer_id, 'ticket_opened', ticket_id::VARCHAR, opened_at, status, NULL, NULL, NULL, 5, ticket_id
    FROM support_tickets
    UNION ALL
    SELECT customer_id, 'ticket_closed', ticket_id::VARCHAR, closed_at, status, NULL, NULL, NULL, 6, ticket_id
    FROM support_tickets WHERE closed_at IS NOT NULL
),
numbered AS (
    SELECT
        *,
        row_number() OVER (PARTITION BY customer_id ORDER BY happened_at, place, number, event_id) AS step
    FROM events
)
SELECT
    e.customer_id,
    e.event_type,
    e.event_id,
    e.happened_at,
    e.step,
    e.outcome,
    e.amount,
    e.currency_code,
    e.landing_page,
    before.event_type AS previous_event_type,
    round(date_diff('microsecond', before.happened_at, e.happened_at) / 1000000, 3)::DECIMAL(19, 3)
        AS seconds_since_previous,
    e.step = 1 AS is_first_touch,
    NOT EXISTS (FROM numbered l WHERE l.customer_id = e.customer_id AND l.step > e.step) AS is_last_touch
FROM numbered e
LEFT JOIN numbered before ON before.customer_id = e.customer_id AND before.step = e.step - 1
