-- What was ordered on a day, by currency, and what has come of it.
WITH paid AS (
    SELECT
        o.*,
        coalesce((SELECT sum(amount) FROM payments p WHERE p.order_id = o.order_id AND status = 'captured'), 0)
            AS captured,
        coalesce((SELECT sum(amount) FROM payments p WHERE p.order_id = o.order_id AND status = 'refunded'), 0)
            AS refunded
    FROM orders o
)
SELECT
    placed_at::DATE AS placed_on,
    currency_code,
    count(*) AS orders,
    count(*) FILTER (status = 'cancelled') AS cancelled_orders,
    count(DISTINCT customer_id) AS customers,
    sum(CASE WHEN status = 'cancelled' THEN 0 ELSE total_amount END) AS ordered_amount,
    sum(CASE WHEN status IN ('paid', 'shipped') THEN total_amount ELSE 0 END) AS revenue_amount,
    sum(captured) AS captured_amount,
    sum(refunded) AS refunded_amount,
    sum(CASE WHEN status = 'cancelled' THEN 0 ELSE total_amount - captured END) AS outstanding_amount,
    round(avg(total_amount) FILTER (status <> 'cancelled')::DOUBLE, 4)::DECIMAL(19, 4) AS average_order_amount
FROM paid
GROUP BY 1, 2
