-- What became of each order; its lines and payments added up one order at a time.
WITH asked AS (
    SELECT
        *,
        (SELECT count(*) FROM order_lines l WHERE l.order_id = o.order_id) AS line_count,
        (SELECT coalesce(sum(quantity), 0) FROM order_lines l WHERE l.order_id = o.order_id) AS item_count,
        (SELECT coalesce(sum(line_amount), 0) FROM order_lines l WHERE l.order_id = o.order_id) AS lines_amount,
        (
            SELECT coalesce(sum(quantity * unit_price - line_amount), 0)
            FROM order_lines l WHERE l.order_id = o.order_id
        ) AS discount_amount,
        (SELECT count(*) FROM payments p WHERE p.order_id = o.order_id) AS payment_attempts,
        (SELECT count(*) FROM payments p WHERE p.order_id = o.order_id AND status = 'failed') AS failed_payments,
        (
            SELECT coalesce(sum(amount), 0) FROM payments p WHERE p.order_id = o.order_id AND status = 'captured'
        ) AS captured_amount,
        (
            SELECT coalesce(sum(amount), 0) FROM payments p WHERE p.order_id = o.order_id AND status = 'refunded'
        ) AS refunded_amount,
        (
            SELECT min(paid_at) FROM payments p WHERE p.order_id = o.order_id AND status = 'captured'
        ) AS first_captured_at,
        greatest(
            _committed_at,
            (SELECT max(_committed_at) FROM order_lines l WHERE l.order_id = o.order_id),
            (SELECT max(_committed_at) FROM payments p WHERE p.order_id = o.order_id)
        ) AS committed_at
    FROM orders o
)
SELECT
    order_id,
    customer_id,
    customer_id IN (SELECT customer_id FROM customers) AS customer_exists,
    status,
    status = 'cancelled' AS is_cancelled,
    currency_code,
    placed_at,
    placed_at::DATE AS placed_on,
    shipped_at,
    line_count,
    item_count,
    total_amount,
    lines_amount,
    total_amount - lines_amount AS lines_difference,
    line_count > 0 AND lines_amount = total_amount AS order_total_matches_lines,
    discount_amount,
    payment_attempts,
    failed_payments,
    captured_amount,
    refunded_amount,
    CASE WHEN status = 'cancelled' THEN 0 ELSE total_amount - captured_amount END AS outstanding_amount,
    CASE status
        WHEN 'placed' THEN captured_amount = 0 OR captured_amount < total_amount
        WHEN 'cancelled' THEN captured_amount = 0
        ELSE captured_amount = total_amount
    END AS payments_fit_status,
    first_captured_at,
    committed_at
FROM asked
