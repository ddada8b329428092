-- What each customer ordered, paid and owes, by currency; owed and overpaid order by order.
WITH paid AS (
    SELECT
        o.*,
        coalesce((SELECT sum(amount) FROM payments p WHERE p.order_id = o.order_id AND status = 'captured'), 0)
            AS captured,
        coalesce((SELECT sum(amount) FROM payments p WHERE p.order_id = o.order_id AND status = 'refunded'), 0)
            AS refunded,
        CASE WHEN status = 'cancelled' THEN 0 ELSE total_amount END AS price
    FROM orders o
)
SELECT
    customer_id,
    currency_code,
    count(*) AS orders,
    count(*) FILTER (status = 'cancelled') AS cancelled_orders,
    count(*) FILTER (price > captured) AS unpaid_orders,
    sum(price) AS ordered_amount,
    sum(CASE WHEN status IN ('paid', 'shipped') THEN price ELSE 0 END) AS revenue_amount,
    sum(captured) AS captured_amount,
    sum(refunded) AS refunded_amount,
    sum(CASE WHEN status = 'cancelled' THEN 0 ELSE price - captured END) AS outstanding_amount,
    sum(greatest(price - captured, 0)) AS receivable_amount,
    sum(greatest(captured - price, 0)) AS overpaid_amount,
    min(placed_at) FILTER (status <> 'cancelled') AS first_order_at,
    max(placed_at) FILTER (status <> 'cancelled') AS last_order_at
FROM paid
GROUP BY customer_id, currency_code
