-- Each attempt to pay: the earlier ones on its order are counted, the one just before it is looked up.
SELECT
    upper(p.payment_id) AS payment_id,
    p.order_id,
    o.customer_id,
    p.method,
    p.status,
    p.status = 'captured' AS is_captured,
    p.amount,
    p.currency_code,
    o.currency_code IS NOT NULL AND o.currency_code = p.currency_code AS currency_is_the_orders,
    p.paid_at,
    p.paid_at::DATE AS paid_on,
    1 + (
        SELECT count(*) FROM payments e
        WHERE e.order_id = p.order_id AND (e.paid_at, e.payment_id) < (p.paid_at, p.payment_id)
    ) AS attempt,
    coalesce(
        (
            SELECT e.status FROM payments e
            WHERE e.order_id = p.order_id AND (e.paid_at, e.payment_id) < (p.paid_at, p.payment_id)
            ORDER BY e.paid_at DESC, e.payment_id DESC LIMIT 1
        ) = 'failed',
        FALSE
    ) AS follows_a_failure,
    -- whole seconds that begin between the two, in hours
    (round(date_diff('second', o.placed_at, p.paid_at) * 100 / 3600) / 100)::DECIMAL(12, 2) AS hours_since_order
FROM payments p LEFT JOIN orders o ON o.order_id = p.order_id
