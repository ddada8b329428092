-- How far each customer came, asked of the source's tables one milestone at a time.
WITH standing AS (
    SELECT *, row_number() OVER (PARTITION BY customer_id ORDER BY placed_at, order_id) AS n
    FROM orders WHERE status <> 'cancelled'
),
money AS (
    SELECT o.customer_id, p.paid_at
    FROM payments p JOIN orders o ON o.order_id = p.order_id WHERE p.status = 'captured'
),
firsts AS (SELECT customer_id, placed_at AS first_order_at FROM standing WHERE n = 1),
happened AS (
    SELECT customer_id, started_at AS happened_at, 1 AS place, 'visit' AS kind FROM portal_sessions
    UNION ALL SELECT customer_id, placed_at, 2, 'order_placed' FROM orders
    UNION ALL SELECT o.customer_id, paid_at, 3, 'payment' FROM payments p JOIN orders o ON o.order_id = p.order_id
    UNION ALL SELECT customer_id, greatest(shipped_at, placed_at), 4, 'order_shipped'
        FROM orders WHERE shipped_at IS NOT NULL
    UNION ALL SELECT customer_id, opened_at, 5, 'ticket_opened' FROM support_tickets
    UNION ALL SELECT customer_id, closed_at, 6, 'ticket_closed' FROM support_tickets WHERE closed_at IS NOT NULL
),
found AS (
    SELECT
        c.customer_id,
        c.created_at AS signed_up_at,
        (SELECT min(started_at) FROM portal_sessions s WHERE s.customer_id = c.customer_id) AS first_visit_at,
        (
            SELECT landing_page FROM portal_sessions s
            WHERE s.customer_id = c.customer_id ORDER BY started_at, session_id LIMIT 1
        ) AS first_landing_page,
        first_order_at,
        (
            SELECT count(*) FROM portal_sessions s
            WHERE s.customer_id = c.customer_id AND (first_order_at IS NULL OR started_at <= first_order_at)
        ) AS visits_before_order,
        (
            SELECT landing_page FROM portal_sessions s
            WHERE s.customer_id = c.customer_id AND (first_order_at IS NULL OR started_at <= first_order_at)
            ORDER BY started_at DESC, session_id DESC LIMIT 1
        ) AS last_landing_page,
        (SELECT min(paid_at) FROM money m WHERE m.customer_id = c.customer_id) AS first_payment_at,
        (SELECT placed_at FROM standing o WHERE o.customer_id = c.customer_id AND n = 2) AS second_order_at,
        (SELECT min(opened_at) FROM support_tickets t WHERE t.customer_id = c.customer_id) AS first_ticket_at,
        (
            SELECT min(opened_at) FROM support_tickets t
            WHERE t.customer_id = c.customer_id AND opened_at >= first_order_at
        ) AS first_ticket_after_order_at,
        (SELECT count(*) FROM happened h WHERE h.customer_id = c.customer_id) AS events,
        (SELECT max(happened_at) FROM happened h WHERE h.customer_id = c.customer_id) AS last_event_at,
        (
            SELECT kind FROM happened h WHERE h.customer_id = c.customer_id ORDER BY happened_at DESC, place DESC LIMIT 1
        ) AS last_event_type
    FROM customers c LEFT JOIN firsts ON firsts.customer_id = c.customer_id
)
SELECT
    *,
    CASE
        WHEN second_order_at IS NOT NULL THEN 'ordered_again'
        WHEN first_order_at IS NULL AND first_visit_at IS NULL THEN 'signed_up'
        WHEN first_order_at IS NULL THEN 'visited'
        WHEN first_payment_at IS NULL THEN 'ordered'
        ELSE 'paid'
    END AS stage,
    first_visit_at::DATE - signed_up_at::DATE AS days_to_first_visit,
    first_order_at::DATE - signed_up_at::DATE AS days_to_first_order,
    first_payment_at::DATE - first_order_at::DATE AS days_to_first_payment,
    second_order_at::DATE - first_order_at::DATE AS days_to_second_order,
    first_ticket_after_order_at::DATE - first_order_at::DATE AS days_to_ticket_after_order
FROM found
