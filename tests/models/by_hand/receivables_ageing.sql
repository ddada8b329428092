-- Who owes how much, and for how long: orders that are not cancelled and not paid in full.
WITH clock AS (
    SELECT max(_committed_at) + INTERVAL 1 MILLISECOND AS as_of
    FROM (
        SELECT _committed_at FROM orders
        UNION ALL SELECT _committed_at FROM order_lines WHERE order_id IN (SELECT order_id FROM orders)
        UNION ALL SELECT _committed_at FROM payments WHERE order_id IN (SELECT order_id FROM orders)
    )
),
owed AS (
    SELECT
        customer_id,
        currency_code,
        placed_at::DATE AS placed_on,
        as_of,
        as_of::DATE - placed_at::DATE AS age,
        total_amount - coalesce(
            (SELECT sum(amount) FROM payments p WHERE p.order_id = o.order_id AND p.status = 'captured'), 0
        ) AS amount
    FROM orders o, clock
    WHERE status <> 'cancelled'
)
SELECT
    customer_id,
    currency_code,
    count(*) AS unpaid_orders,
    sum(amount) AS receivable_amount,
    coalesce(sum(amount) FILTER (age < 31), 0) AS due_0_to_30_days,
    coalesce(sum(amount) FILTER (age BETWEEN 31 AND 60), 0) AS due_31_to_60_days,
    coalesce(sum(amount) FILTER (age BETWEEN 61 AND 90), 0) AS due_61_to_90_days,
    coalesce(sum(amount) FILTER (age > 90), 0) AS due_over_90_days,
    min(placed_on) AS oldest_placed_on,
    max(age) AS oldest_days,
    as_of
FROM owed
WHERE amount > 0
GROUP BY customer_id, currency_code, as_of
