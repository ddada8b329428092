-- Everything about a customer, one question at a time.
WITH clock AS (
    SELECT max(_committed_at) + INTERVAL 1 MILLISECOND AS as_of
    FROM (
        SELECT _committed_at FROM customers
        UNION ALL SELECT _committed_at FROM accounts
        UNION ALL SELECT _committed_at FROM orders
        UNION ALL SELECT _committed_at FROM order_lines WHERE order_id IN (SELECT order_id FROM orders)
        UNION ALL SELECT _committed_at FROM payments WHERE order_id IN (SELECT order_id FROM orders)
        UNION ALL SELECT _committed_at FROM support_tickets
        UNION ALL SELECT _committed_at FROM activities
        UNION ALL SELECT _committed_at FROM portal_sessions
    )
),
standing AS (SELECT * FROM orders WHERE status <> 'cancelled'),
earned AS (SELECT * FROM orders WHERE status IN ('paid', 'shipped')),
captured AS (SELECT order_id, sum(amount) AS amount FROM payments WHERE status = 'captured' GROUP BY order_id)
SELECT
    c.customer_id,
    trim(c.name) AS name,
    lower(c.email) AS email,
    upper(c.country_code) AS country_code,
    c.segment,
    c.is_active,
    c.created_at,
    (SELECT count(*) FROM accounts a WHERE a.customer_id = c.customer_id) AS accounts,
    (SELECT count(*) FROM accounts a WHERE a.customer_id = c.customer_id AND status <> 'closed') AS open_accounts,
    (SELECT coalesce(sum(balance), 0) FROM accounts a WHERE a.customer_id = c.customer_id) AS balance,
    (SELECT count(*) FROM standing o WHERE o.customer_id = c.customer_id) AS orders,
    (SELECT count(*) FROM orders o WHERE o.customer_id = c.customer_id AND status = 'cancelled')
        AS cancelled_orders,
    (
        SELECT count(*) FROM standing o LEFT JOIN captured p ON p.order_id = o.order_id
        WHERE o.customer_id = c.customer_id AND total_amount > coalesce(p.amount, 0)
    ) AS unpaid_orders,
    (SELECT coalesce(sum(total_amount) FILTER (currency_code = 'EUR'), 0) FROM earned o
        WHERE o.customer_id = c.customer_id) AS revenue_eur,
    (SELECT coalesce(sum(total_amount) FILTER (currency_code = 'USD'), 0) FROM earned o
        WHERE o.customer_id = c.customer_id) AS revenue_usd,
    (SELECT coalesce(sum(total_amount) FILTER (currency_code = 'GBP'), 0) FROM earned o
        WHERE o.customer_id = c.customer_id) AS revenue_gbp,
    (SELECT coalesce(sum(total_amount) FILTER (currency_code = 'DKK'), 0) FROM earned o
        WHERE o.customer_id = c.customer_id) AS revenue_dkk,
    (SELECT coalesce(sum(total_amount) FILTER (currency_code = 'SEK'), 0) FROM earned o
        WHERE o.customer_id = c.customer_id) AS revenue_sek,
    (SELECT min(placed_at) FROM standing o WHERE o.customer_id = c.customer_id) AS first_order_at,
    (SELECT max(placed_at) FROM standing o WHERE o.customer_id = c.customer_id) AS last_order_at,
    as_of::DATE - (SELECT max(placed_at) FROM standing o WHERE o.customer_id = c.customer_id)::DATE
        AS days_since_last_order,
    (SELECT count(*) FROM support_tickets t WHERE t.customer_id = c.customer_id) AS tickets,
    (SELECT count(*) FROM support_tickets t WHERE t.customer_id = c.customer_id AND status <> 'closed')
        AS open_tickets,
    (SELECT round(avg(satisfaction), 2)::DECIMAL(9, 2) FROM support_tickets t
        WHERE t.customer_id = c.customer_id) AS average_satisfaction,
    (SELECT count(*) FROM activities w
        WHERE w.customer_id = c.customer_id AND status IN ('planned', 'open')) AS open_activities,
    (SELECT count(*) FROM portal_sessions s WHERE s.customer_id = c.customer_id) AS sessions,
    (SELECT count(*) FROM portal_sessions s
        WHERE s.customer_id = c.customer_id AND started_at >= as_of - INTERVAL 90 DAY) AS recent_sessions,
    (SELECT max(started_at) FROM portal_sessions s WHERE s.customer_id = c.customer_id) AS last_session_at,
    EXISTS (
        SELECT customer_id FROM standing o
        WHERE o.customer_id = c.customer_id AND placed_at >= as_of - INTERVAL 90 DAY
        UNION ALL
        SELECT customer_id FROM portal_sessions s
        WHERE s.customer_id = c.customer_id AND started_at >= as_of - INTERVAL 90 DAY
    ) AS is_engaged,
    as_of
FROM customers c, clock
