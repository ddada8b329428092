-- Shellcorp's data, made by set-based T-SQL from whole numbers alone: the same numbers give the same rows, on any server.
-- Variables are filled in as sqlcmd -v does, and GO ends a batch. docs/shellcorp.md has the rules that hold.
-- a, b, c and d are pseudo-random whole numbers from 0 to 2147483646: a row's number times a large odd one, modulo a prime.
-- a % (b % n + 1) + 1 draws a number from 1 to n, the low ones far more often: a few customers do most of the business.

-- products: two letters of the category, a dash and the number
INSERT INTO dbo.products (product_code, name, category, list_price, weight_kg, is_discontinued, picture)
SELECT
    CONCAT(CHOOSE(n % 4 + 1, 'HW', 'SP', 'SW', 'SV'), '-', RIGHT(CONCAT('00000', n), 5)),
    CONCAT(
        CHOOSE(a % 6 + 1, N'Nordic', N'Solid', N'Café', N'Grün', N'"Quick"', N'Prime'), N' ',
        CHOOSE(b % 5 + 1, N'router', N'shell', N'sensor; outdoor', N'gauge', N'panel 5''8'), N' ', n
    ),
    CHOOSE(n % 4 + 1, 'hardware', 'spares', 'software', 'services'),
    CAST(c % 40000 + 99 AS decimal(19, 4)) / 100 + CASE WHEN n % 10 = 0 THEN 0.0025 ELSE 0 END,
    CASE WHEN n % 4 < 2 THEN CAST(d % 5000 + 20 AS float) / 1000 END,
    CASE WHEN a % 25 = 0 THEN 1 ELSE 0 END,
    CASE b % 10
        WHEN 0
            THEN 0x89504E470D0A1A0A0000000D4948445200000001000000010802000000907753DE0000000C4944415478DA633811A001000324014123E44C680000000049454E44AE426082
        WHEN 1
            THEN 0x89504E470D0A1A0A0000000D4948445200000001000000010802000000907753DE0000000C4944415478DA63D0885A000001D0012322EF65800000000049454E44AE426082
    END
FROM (
    SELECT
        value AS n,
        (CAST(value AS bigint) * 1103515245 + $(seed) * 7919) % 2147483647 AS a,
        (CAST(value AS bigint) * 1597334677 + $(seed) * 7907) % 2147483647 AS b,
        (CAST(value AS bigint) * 1181783497 + $(seed) * 7901) % 2147483647 AS c,
        (CAST(value AS bigint) * 1812433253 + $(seed) * 7883) % 2147483647 AS d
    FROM GENERATE_SERIES(1, $(products))
) AS g;
GO

-- customers: created over two years up to today
INSERT INTO dbo.customers (
    external_ref, name, email, country_code, segment, credit_limit, is_active, notes, created_at, updated_at
)
SELECT
    CAST(CONCAT(
        RIGHT(CONCAT('00000000', n), 8), '-', RIGHT(CONCAT('0000', a), 4), '-4', RIGHT(CONCAT('000', b), 3),
        '-8', RIGHT(CONCAT('000', c), 3), '-', RIGHT(CONCAT('000000000000', d), 12)
    ) AS uniqueidentifier),
    CASE
        WHEN b % 10 < 6 THEN CONCAT(
            CHOOSE(
                a % 12 + 1, N'Søren', N'Åse', N'李', N'Zoë', N'مريم', N'נועה', N'Jürgen', N'Marie-Claire', N'Sinéad', N'Jo 🦄',
                N'さくら', N'Anna'
            ),
            N' ',
            CHOOSE(c % 8 + 1, N'O''Brien', N'Nørgaard', N'王', N'de la Cruz', N'Müller', N'Smith; Jr.', N'حداد', N'"Mac" Intyre')
        )
        ELSE CONCAT(
            CHOOSE(a % 6 + 1, N'Fjord', N'Straße 7', N'Blue "Whale"', N'100% Cotton', N'Köhler & Søn', N'山田'), N' ',
            CHOOSE(c % 5 + 1, N'A/S', N'GmbH', N'Ltd; London', N'株式会社', N'S.A.'), N' ', n
        )
    END,
    CASE WHEN d % 3 > 0 THEN CONCAT('customer', n, '@', CHOOSE(a % 3 + 1, 'mail.example', 'post.example', 'books.example')) END,
    CHOOSE(d % 11 + 1, 'DK', 'SE', 'NO', 'DE', 'FR', 'GB', 'US', 'CN', 'IL', 'EG', 'JP'),
    CASE WHEN b % 10 < 6 THEN 'consumer' ELSE CHOOSE(c % 3 + 1, 'business', 'enterprise', 'public') END,
    CASE WHEN c % 3 > 0 THEN CAST(a % 1000 * 100 AS decimal(18, 2)) END,
    CASE WHEN d % 14 = 0 THEN 0 ELSE 1 END,
    CASE
        WHEN n % 997 = 3 THEN REPLICATE(CAST(N'Called again; asked for a "quote". Æ 😀 ' AS nvarchar(max)), 1250)
        WHEN a % 20 = 0 THEN CONCAT(N'Prefers a call before noon; doesn''t read mail. #', n)
        WHEN a % 20 = 1 THEN N''
    END,
    DATEADD(minute, a % 1051200, DATEADD(day, -730, CAST('$(today)' AS datetime2(3)))),
    DATEADD(
        microsecond, c % 59999999 + 1, DATEADD(minute, a % 1051200, DATEADD(day, -730, CAST('$(today)' AS datetime2(7))))
    )
FROM (
    SELECT
        value AS n,
        (CAST(value AS bigint) * 1103515245 + $(seed) * 6701) % 2147483647 AS a,
        (CAST(value AS bigint) * 1597334677 + $(seed) * 6691) % 2147483647 AS b,
        (CAST(value AS bigint) * 1181783497 + $(seed) * 6689) % 2147483647 AS c,
        (CAST(value AS bigint) * 1812433253 + $(seed) * 6679) % 2147483647 AS d
    FROM GENERATE_SERIES(1, $(customers))
) AS g
ORDER BY n;
GO

-- accounts: several for one customer, none for others; opened between the customer's first day and today. About one customer
-- in six leaves at some time: all its accounts are closed on that day. Those at the end of this file show it before.
INSERT INTO dbo.accounts (account_number, customer_id, account_type, status, balance, opened_on, closed_on, updated_at)
SELECT
    account_number,
    customer_id,
    account_type,
    status,
    CASE WHEN status = 'closed' THEN 0 WHEN account_type = 'credit' THEN balance - 9000 ELSE balance END,
    opened_on,
    CASE
        WHEN left_on IS NOT NULL THEN left_on
        WHEN status = 'closed' THEN DATEADD(day, c % (DATEDIFF(day, opened_on, CAST('$(today)' AS date)) + 1), opened_on)
    END,
    DATEADD(microsecond, d, CAST('$(today)' AS datetime2(7)))
FROM (
    SELECT
        CONCAT('AC-', RIGHT(CONCAT('0000000000', n), 10)) AS account_number,
        customers.customer_id,
        CHOOSE(b % 4 + 1, 'current', 'savings', 'credit', 'prepaid') AS account_type,
        CASE WHEN left_on IS NOT NULL OR c % 10 = 0 THEN 'closed' WHEN c % 10 = 1 THEN 'frozen' ELSE 'open' END AS status,
        CAST(d % 2000000 AS money) / 100 AS balance,
        CAST(DATEADD(
            day,
            d % (DATEDIFF(day, customers.created_at, COALESCE(CAST(left_on AS datetime2(3)), CAST('$(today)' AS datetime2(3)))) + 1),
            customers.created_at
        ) AS date) AS opened_on,
        customers.left_on,
        g.c,
        -(g.d % 2000000000) - 1 AS d
    FROM (
        SELECT
            value AS n,
            (CAST(value AS bigint) * 1103515245 + $(seed) * 5701) % 2147483647 AS a,
            (CAST(value AS bigint) * 1597334677 + $(seed) * 5693) % 2147483647 AS b,
            (CAST(value AS bigint) * 1181783497 + $(seed) * 5689) % 2147483647 AS c,
            (CAST(value AS bigint) * 1812433253 + $(seed) * 5683) % 2147483647 AS d
        FROM GENERATE_SERIES(1, $(accounts))
    ) AS g
    JOIN (
        SELECT
            customer_id,
            created_at,
            CASE
                WHEN h % 100 < 18 AND DATEDIFF(day, created_at, CAST('$(today)' AS datetime2(3))) > 120
                    THEN CAST(DATEADD(
                        day, 60 + h / 100 % (DATEDIFF(day, created_at, CAST('$(today)' AS datetime2(3))) - 60), created_at
                    ) AS date)
            END AS left_on
        FROM (
            SELECT
                customer_id,
                created_at,
                (CAST(customer_id AS bigint) * 1103515245 + $(seed) * 4099) % 2147483647 AS h
            FROM dbo.customers
        ) AS hashed
    ) AS customers ON customers.customer_id = g.a % (g.b % $(customers) + 1) + 1
) AS drawn;
GO

-- activities: two of three on an account; planned ones may lie ahead
INSERT INTO dbo.activities (
    activity_id, customer_id, account_number, activity_type, status, started_at, end_date, owner, details
)
SELECT
    n,
    customer_id,
    account_number,
    CHOOSE(b % 6 + 1, 'call', 'meeting', 'email', 'onboarding', 'contract_review', 'site_visit'),
    status,
    started_at,
    CASE WHEN status IN ('completed', 'cancelled') THEN DATEADD(day, d % 30, CAST(started_at AS date)) END,
    CASE WHEN b % 9 > 0 THEN CHOOSE(c % 5 + 1, N'Ida Sørensen', N'Tom O''Neil', N'佐藤', N'Łukasz', N'desk 7; night') END,
    CASE
        WHEN n % 2500 = 7 THEN REPLICATE(CAST(N'Minutes: "agreed", they said; naïve 🐚 ' AS nvarchar(max)), 1300)
        WHEN c % 12 = 0 THEN CONCAT(N'Step ', a % 9 + 1, N' done; next: ask for the customer''s approval')
    END
FROM (
    SELECT
        g.n,
        customers.customer_id,
        accounts.account_number,
        CASE
            WHEN g.d % 100 < 70 THEN 'completed' WHEN g.d % 100 < 82 THEN 'cancelled' WHEN g.d % 100 < 93 THEN 'open'
            ELSE 'planned'
        END AS status,
        CASE
            WHEN g.d % 100 >= 93 THEN DATEADD(minute, g.b % 43200, CAST('$(today)' AS datetime2(3)))
            WHEN g.d % 100 >= 82 THEN DATEADD(minute, -(g.b % 43200) - 1, CAST('$(today)' AS datetime2(3)))
            ELSE DATEADD(second, -(g.b % 59000000) - 3000000, CAST('$(today)' AS datetime2(3)))
        END AS started_at,
        g.a,
        g.b,
        g.c,
        g.d
    FROM (
        SELECT
            value AS n,
            (CAST(value AS bigint) * 1103515245 + $(seed) * 4703) % 2147483647 AS a,
            (CAST(value AS bigint) * 1597334677 + $(seed) * 4691) % 2147483647 AS b,
            (CAST(value AS bigint) * 1181783497 + $(seed) * 4679) % 2147483647 AS c,
            (CAST(value AS bigint) * 1812433253 + $(seed) * 4673) % 2147483647 AS d
        FROM GENERATE_SERIES(1, $(activities))
    ) AS g
    LEFT JOIN dbo.accounts AS accounts
        ON g.c % 3 > 0 AND accounts.account_number = CONCAT('AC-', RIGHT(CONCAT('0000000000', g.a % $(accounts) + 1), 10))
    JOIN dbo.customers AS customers ON customers.customer_id = COALESCE(accounts.customer_id, g.b % (g.a % $(customers) + 1) + 1)
) AS drawn;
GO

-- orders: of three customers in four, between the customer's first day and today, or the day on which it left; their totals come from their lines below
INSERT INTO dbo.orders (customer_id, status, currency_code, total_amount, placed_at, shipped_at, updated_at)
SELECT
    customer_id,
    status,
    CHOOSE(c % 5 + 1, 'EUR', 'USD', 'GBP', 'DKK', 'SEK'),
    0,
    placed_at,
    CASE WHEN status = 'shipped' THEN CAST(DATEADD(minute, d % 4000 + 60, placed_at) AS smalldatetime) END,
    DATEADD(
        microsecond, d % 900000000 + 60000000,
        CAST(CASE WHEN status = 'shipped' THEN DATEADD(minute, d % 4000 + 60, placed_at) ELSE placed_at END AS datetime2(7))
    )
FROM (
    SELECT
        customer_id,
        CASE
            WHEN c % 100 < 9 THEN 'placed'
            WHEN c % 100 < 16 THEN 'cancelled'
            WHEN c % 100 < 28 OR placed_at > DATEADD(day, -4, CAST('$(today)' AS datetime2(3))) THEN 'paid'
            ELSE 'shipped'
        END AS status,
        placed_at,
        n,
        c,
        d
    FROM (
        SELECT
            customers.customer_id,
            DATEADD(
                millisecond, g.d % 60000,
                DATEADD(
                    minute, g.b % (DATEDIFF(minute, customers.created_at, COALESCE(
                        DATEADD(day, 1, CAST(leavers.left_on AS datetime2(3))), CAST('$(today)' AS datetime2(3))
                    )) + 1),
                    customers.created_at
                )
            ) AS placed_at,
            g.n,
            g.c,
            g.d
        FROM (
            SELECT
                value AS n,
                (CAST(value AS bigint) * 1103515245 + $(seed) * 3701) % 2147483647 AS a,
                (CAST(value AS bigint) * 1597334677 + $(seed) * 3697) % 2147483647 AS b,
                (CAST(value AS bigint) * 1181783497 + $(seed) * 3691) % 2147483647 AS c,
                (CAST(value AS bigint) * 1812433253 + $(seed) * 3677) % 2147483647 AS d
            FROM GENERATE_SERIES(1, $(orders))
        ) AS g
        JOIN dbo.customers AS customers ON customers.customer_id = g.a % (g.d % ($(customers) * 3 / 4) + 1) + 1
        LEFT JOIN (
            SELECT customer_id, MAX(closed_on) AS left_on
            FROM dbo.accounts
            GROUP BY customer_id
            HAVING COUNT(*) = COUNT(closed_on) AND MAX(closed_on) < DATEADD(day, -1, CAST('$(today)' AS date))
        ) AS leavers ON leavers.customer_id = customers.customer_id
    ) AS timed
) AS drawn
ORDER BY placed_at, n;
GO

-- order_lines: one to four an order
INSERT INTO dbo.order_lines (order_id, line_number, product_code, quantity, unit_price, discount_rate, line_amount)
SELECT
    drawn.order_id,
    drawn.line_number,
    products.product_code,
    drawn.quantity,
    products.list_price,
    drawn.discount_rate,
    CAST(ROUND(drawn.quantity * products.list_price * (1 - drawn.discount_rate), 4) AS decimal(19, 4))
FROM (
    SELECT
        order_id,
        line_number,
        a % $(products) + 1 AS product,
        CAST(CASE WHEN b % 50 = 0 THEN b % 1000 + 1 ELSE b % 9 + 1 END AS int) AS quantity,
        CAST(CHOOSE(c % 6 + 1, 0, 0, 0, 0.05, 0.125, 0.3333) AS decimal(5, 4)) AS discount_rate
    FROM (
        SELECT
            orders.order_id,
            lines.value AS line_number,
            (CAST(orders.order_id * 10 + lines.value AS bigint) * 1103515245 + $(seed) * 2711) % 2147483647 AS a,
            (CAST(orders.order_id * 10 + lines.value AS bigint) * 1597334677 + $(seed) * 2707) % 2147483647 AS b,
            (CAST(orders.order_id * 10 + lines.value AS bigint) * 1181783497 + $(seed) * 2699) % 2147483647 AS c
        FROM dbo.orders AS orders
        CROSS JOIN GENERATE_SERIES(1, 4) AS lines
        WHERE lines.value <= (CAST(orders.order_id AS bigint) * 1812433253) % 2147483647 % 4 + 1
    ) AS g
) AS drawn
JOIN dbo.products AS products
    ON products.product_code
    = CONCAT(CHOOSE(drawn.product % 4 + 1, 'HW', 'SP', 'SW', 'SV'), '-', RIGHT(CONCAT('00000', drawn.product), 5));
GO

UPDATE dbo.orders
SET total_amount = (SELECT SUM(line_amount) FROM dbo.order_lines WHERE order_lines.order_id = orders.order_id);
GO

-- payments: the first attempt settles a paid order, every tenth time with a second one; the third one failed
INSERT INTO dbo.payments (payment_id, order_id, method, status, amount, currency_code, paid_at, provider_ref)
SELECT
    CAST(CONCAT(
        RIGHT(CONCAT('00000000', order_id), 8), '-', RIGHT(CONCAT('0000', a), 4), '-4', RIGHT(CONCAT('000', b), 3),
        '-8', RIGHT(CONCAT('000', attempt), 3), '-', RIGHT(CONCAT('000000000000', a, b), 12)
    ) AS uniqueidentifier),
    order_id,
    CHOOSE(b % 4 + 1, 'card', 'transfer', 'direct_debit', 'wallet'),
    outcome,
    CASE
        WHEN outcome <> 'captured' THEN total_amount
        WHEN order_status = 'placed' THEN first_part
        WHEN attempt = 2 THEN total_amount - first_part
        WHEN order_id % 10 = 0 THEN first_part
        ELSE total_amount
    END,
    currency_code,
    DATEADD(second, a % 800 + attempt, CAST(placed_at AS datetime)),
    CASE
        WHEN outcome <> 'failed'
            THEN CAST(RIGHT(CONCAT('ref-00000000000000000000-', a, '-', b, '-', order_id), 32) AS varbinary(32))
    END
FROM (
    SELECT
        order_id,
        attempt,
        order_status,
        total_amount,
        CAST(ROUND(total_amount * 0.4, 2) AS decimal(19, 4)) AS first_part,
        currency_code,
        placed_at,
        CASE
            WHEN attempt = 3 AND b % 20 = 0 THEN 'failed'
            WHEN attempt = 2 AND order_status IN ('paid', 'shipped') AND order_id % 10 = 0 THEN 'captured'
            WHEN attempt > 1 THEN NULL
            WHEN order_status IN ('paid', 'shipped') THEN 'captured'
            WHEN order_status = 'placed' THEN CHOOSE(a % 4 + 1, 'authorised', 'failed', 'captured', NULL)
            ELSE CHOOSE(a % 3 + 1, 'refunded', 'failed', NULL)
        END AS outcome,
        a,
        b
    FROM (
        SELECT
            orders.order_id,
            attempts.value AS attempt,
            orders.status AS order_status,
            orders.total_amount,
            orders.currency_code,
            orders.placed_at,
            (CAST(orders.order_id AS bigint) * 1103515245 + $(seed) * 1709) % 2147483647 AS a,
            (CAST(orders.order_id AS bigint) * 1597334677 + $(seed) * 1699) % 2147483647 AS b
        FROM dbo.orders AS orders
        CROSS JOIN GENERATE_SERIES(1, 3) AS attempts
    ) AS g
) AS drawn
WHERE outcome IS NOT NULL;
GO

-- support_tickets: most closed, some with a satisfaction; a few bodies of 100 kB
INSERT INTO dbo.support_tickets (customer_id, subject, body, priority, status, satisfaction, opened_at, closed_at)
SELECT
    b % (c % $(customers) + 1) + 1,
    CONCAT(
        CHOOSE(a % 6 + 1, N'Invoice', N'Delivery', N'Login', N'Rückgabe', N'注文', N'Item "5''8" broken;'), N' #', n
    ),
    CASE
        WHEN n % 900 = 5 THEN REPLICATE(CAST(N'It says: "error; try again", naïvely. 😡 ' AS nvarchar(max)), 1250)
        ELSE REPLICATE(CAST(N'Dear team, it doesn''t work yet; please help. שלום ' AS nvarchar(max)), CAST(c % 20 + 1 AS int))
    END,
    CASE WHEN d % 20 = 0 THEN 1 ELSE d % 3 + 2 END,
    status,
    CASE WHEN status = 'closed' AND c % 5 < 3 THEN CAST(a % 9 + 2 AS real) / 2 END,
    opened_at,
    CASE WHEN status = 'closed' THEN DATEADD(second, c % 2500000, opened_at) END
FROM (
    SELECT
        n,
        CASE WHEN d % 100 < 85 THEN 'closed' WHEN d % 100 < 93 THEN 'answered' ELSE 'open' END AS status,
        CAST(DATEADD(
            second, CASE WHEN d % 100 < 85 THEN -(a % 60000000) - 2500000 ELSE -(a % 1200000) - 1 END,
            CAST('$(today)' AS datetime2(0))
        ) AS datetime2(0)) AS opened_at,
        a,
        b,
        c,
        d
    FROM (
        SELECT
            value AS n,
            (CAST(value AS bigint) * 1103515245 + $(seed) * 1301) % 2147483647 AS a,
            (CAST(value AS bigint) * 1597334677 + $(seed) * 1297) % 2147483647 AS b,
            (CAST(value AS bigint) * 1181783497 + $(seed) * 1291) % 2147483647 AS c,
            (CAST(value AS bigint) * 1812433253 + $(seed) * 1289) % 2147483647 AS d
        FROM GENERATE_SERIES(1, $(support_tickets))
    ) AS g
) AS drawn
ORDER BY opened_at, n;
GO

-- portal_sessions: numbered by time up to today; the last few still run
INSERT INTO dbo.portal_sessions (
    session_id, customer_id, started_at, ended_at, pages_viewed, longest_view, landing_page, user_agent, ip_address
)
SELECT
    n,
    b % (c % $(customers) + 1) + 1,
    started_at,
    CASE WHEN is_running = 0 THEN DATEADD(microsecond, c % 1800000000 + 30000000, started_at) END,
    d % 40 + 1,
    CASE WHEN is_running = 0 THEN DATEADD(millisecond, c % 30000, CAST('00:00:00' AS time(3))) END,
    CONCAT(
        N'/', CHOOSE(a % 6 + 1, N'', N'orders', N'søg?q=skruer;8', N'support/new', N'catalogue#"top"', N'帳戶'),
        CASE WHEN a % 6 = 1 THEN CONCAT(N'/', c % $(orders) + 1) ELSE N'' END
    ),
    CASE
        WHEN d % 12 > 0 THEN CONCAT(
            N'Mozilla/5.0 (', CHOOSE(d % 3 + 1, N'Windows NT 10.0; Win64', N'X11; Linux', N'iPhone; CPU'), N') Shell/',
            c % 40 + 80, N'.0'
        )
    END,
    CASE
        WHEN c % 10 = 0 THEN NULL
        WHEN c % 10 = 1 THEN 0x20010DB8000000000000000000000001
        ELSE CAST(CAST(d % 16777216 + 167772160 AS int) AS binary(4))
    END
FROM (
    SELECT
        n,
        CASE WHEN n > $(portal_sessions) - 12 THEN 1 ELSE 0 END AS is_running,
        DATEADD(
            microsecond, a % 900000000,
            DATEADD(
                minute, -(CAST($(portal_sessions) - n AS int) * 35 % 1051200) - 45, CAST('$(today)' AS datetime2(7))
            )
        ) AS started_at,
        a,
        b,
        c,
        d
    FROM (
        SELECT
            value AS n,
            (CAST(value AS bigint) * 1103515245 + $(seed) * 907) % 2147483647 AS a,
            (CAST(value AS bigint) * 1597334677 + $(seed) * 887) % 2147483647 AS b,
            (CAST(value AS bigint) * 1181783497 + $(seed) * 883) % 2147483647 AS c,
            (CAST(value AS bigint) * 1812433253 + $(seed) * 881) % 2147483647 AS d
        FROM GENERATE_SERIES(1, $(portal_sessions))
    ) AS g
) AS drawn;
GO

-- customers who leave come less often in the 45 days before, and not at all afterwards: somebody else has those visits
UPDATE visits
SET customer_id = (visits.session_id * 48271) % $(customers) + 1
FROM dbo.portal_sessions AS visits
JOIN (
    SELECT customer_id, MAX(closed_on) AS left_on FROM dbo.accounts GROUP BY customer_id HAVING COUNT(*) = COUNT(closed_on)
) AS leavers ON leavers.customer_id = visits.customer_id
WHERE
    visits.started_at > CAST(leavers.left_on AS datetime2(7))
    OR (visits.started_at > DATEADD(day, -45, CAST(leavers.left_on AS datetime2(7))) AND visits.session_id % 4 > 0);
GO

-- and many of them complain in the two months before: a fifth of the tickets is theirs, with ratings of 2 or lower, or none
UPDATE tickets
SET
    customer_id = leavers.customer_id,
    satisfaction = CHOOSE(tickets.ticket_id % 7 + 1, 1, 1.5, 2, 2, 1, NULL, NULL),
    opened_at = DATEADD(minute, -(tickets.ticket_id * 7919 % 86400) - 4320, CAST(leavers.left_on AS datetime2(0))),
    closed_at = DATEADD(
        minute, tickets.ticket_id * 104729 % 4320 - (tickets.ticket_id * 7919 % 86400) - 4320, CAST(leavers.left_on AS datetime2(0))
    )
FROM dbo.support_tickets AS tickets
JOIN (
    SELECT
        customer_id,
        left_on,
        ROW_NUMBER() OVER (ORDER BY customer_id) AS number,
        COUNT(*) OVER () AS leavers
    FROM (
        SELECT customer_id, MAX(closed_on) AS left_on FROM dbo.accounts GROUP BY customer_id HAVING COUNT(*) = COUNT(closed_on)
    ) AS g
    WHERE customer_id % 10 < 7
) AS leavers ON leavers.number = CAST(tickets.ticket_id AS bigint) * 16807 % leavers.leavers + 1
WHERE tickets.ticket_id % 5 = 0 AND tickets.status = 'closed';
GO
