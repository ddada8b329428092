"""The rules of docs/shellcorp.md in T-SQL: each query counts the rows that break its rule."""

from __future__ import annotations

COUNTRIES = ("CN", "DE", "DK", "EG", "FR", "GB", "IL", "JP", "NO", "SE", "US")
NO_CUSTOMER = "NOT EXISTS (SELECT 1 FROM dbo.customers AS c WHERE c.customer_id = t.customer_id)"
NO_ORDER = "NOT EXISTS (SELECT 1 FROM dbo.orders AS o WHERE o.order_id = t.order_id)"
CAPTURED = """
SELECT o.order_id, o.status, o.total_amount, COALESCE(SUM(p.amount), 0) AS captured
FROM dbo.orders AS o
LEFT JOIN dbo.payments AS p ON p.order_id = o.order_id AND p.status = 'captured'
GROUP BY o.order_id, o.status, o.total_amount
"""


def rows(table: str, condition: str) -> str:
    """Count rows of a table, `t`, that meet a condition."""
    return f"SELECT COUNT(*) FROM dbo.{table} AS t WHERE {condition}"


def not_among(column: str, *values: str) -> str:
    """The column has another value than these."""
    return f"{column} NOT IN ({', '.join(repr(value) for value in values)})"


def repeated(table: str, column: str) -> str:
    """Count the values of a column, NULL aside, that occur more than once."""
    return (
        f"SELECT COUNT(*) FROM (SELECT {column} FROM dbo.{table} WHERE {column} IS NOT NULL "
        f"GROUP BY {column} HAVING COUNT(*) > 1) AS repeated"
    )


def is_set_unless(column: str, condition: str) -> str:
    """The column is NULL where the condition holds, or set where it does not."""
    return f"({column} IS NULL AND NOT ({condition})) OR ({column} IS NOT NULL AND ({condition}))"


RULES: dict[str, dict[str, tuple[str, ...]]] = {
    "customers": {
        "external_ref is unique": (repeated("customers", "external_ref"),),
        "email is NULL or has the form `something@something`, and is unique": (
            rows("customers", "email NOT LIKE '%_@_%'"),
            repeated("customers", "email"),
        ),
        "country_code is one of CN, DE, DK, EG, FR, GB, IL, JP, NO, SE, US": (
            rows(
                "customers",
                not_among(
                    "country_code", *["CN", "DE", "DK", "EG", "FR", "GB", "IL", "JP", "NO", "SE", "US"]
                ),
            ),
        ),
        "segment is one of consumer, business, enterprise, public": (
            rows("customers", not_among("segment", "consumer", "business", "enterprise", "public")),
        ),
        "credit_limit is NULL or from 0 to 1,000,000": (
            rows("customers", "credit_limit NOT BETWEEN 0 AND 1000000"),
        ),
        "name is not blank; created_at ≤ updated_at": (
            rows("customers", "LTRIM(name) = ''"),
            rows("customers", "created_at > updated_at"),
        ),
    },
    "accounts": {
        "account_number is `AC-` or, once migrated, `SC-`, followed by 10 digits": (
            rows(
                "accounts",
                "LEFT(account_number, 3) NOT IN ('AC-', 'SC-') OR LEN(account_number) <> 13 "
                "OR TRY_CAST(RIGHT(account_number, 10) AS bigint) IS NULL",
            ),
        ),
        "account_type is one of current, savings, credit, prepaid": (
            rows("accounts", not_among("account_type", "current", "savings", "credit", "prepaid")),
        ),
        "status is one of open, frozen, closed; closed exactly when closed_on is set": (
            rows("accounts", not_among("status", "open", "frozen", "closed")),
            rows("accounts", is_set_unless("closed_on", "status <> 'closed'")),
        ),
        "closed_on ≥ opened_on": (rows("accounts", "closed_on < opened_on"),),
        "the balance is 0 on a closed account, and below 0 only on a credit account": (
            rows("accounts", "status = 'closed' AND balance <> 0"),
            rows("accounts", "balance < 0 AND account_type <> 'credit'"),
        ),
        "the customer exists, and was created on or before opened_on": (
            rows("accounts", NO_CUSTOMER),
            (
                "SELECT COUNT(*) FROM dbo.accounts AS a "
                "JOIN dbo.customers AS c ON c.customer_id = a.customer_id "
                "WHERE CAST(c.created_at AS date) > a.opened_on"
            ),
        ),
    },
    "activities": {
        "activity_type is one of call, meeting, email, onboarding, contract_review, site_visit": (
            rows(
                "activities",
                not_among(
                    "activity_type", "call", "meeting", "email", "onboarding", "contract_review", "site_visit"
                ),
            ),
        ),
        "status is one of planned, open, completed, cancelled": (
            rows("activities", not_among("status", "planned", "open", "completed", "cancelled")),
        ),
        "end_date is set exactly when completed or cancelled, and is not before the day of started_at": (
            rows("activities", is_set_unless("end_date", "status NOT IN ('completed', 'cancelled')")),
            rows("activities", "end_date < CAST(started_at AS date)"),
        ),
        "the customer exists; the account, if any, is one of that customer": (
            rows("activities", NO_CUSTOMER),
            (
                "SELECT COUNT(*) FROM dbo.activities AS t LEFT JOIN dbo.accounts AS a "
                "ON a.account_number = t.account_number AND a.customer_id = t.customer_id "
                "WHERE t.account_number IS NOT NULL AND a.account_number IS NULL"
            ),
        ),
    },
    "products": {
        "product_code is two capital letters, `-`, and 5 digits": (
            rows(
                "products",
                "LEFT(product_code, 3) NOT IN ('HW-', 'SP-', 'SW-', 'SV-') OR LEN(product_code) <> 8 "
                "OR TRY_CAST(RIGHT(product_code, 5) AS int) IS NULL",
            ),
        ),
        "category is one of hardware, spares, software, services; only hardware and spares have a weight, "
        "above 0": (
            rows("products", not_among("category", "hardware", "spares", "software", "services")),
            rows("products", "weight_kg <= 0"),
            rows("products", is_set_unless("weight_kg", "category IN ('software', 'services')")),
        ),
        "list_price > 0; picture is NULL or a PNG": (
            rows("products", "list_price <= 0"),
            rows("products", "SUBSTRING(picture, 1, 8) <> 0x89504E470D0A1A0A"),
        ),
    },
    "orders": {
        "status is one of placed, paid, shipped, cancelled": (
            rows("orders", not_among("status", "placed", "paid", "shipped", "cancelled")),
        ),
        "currency_code is one of EUR, USD, GBP, DKK, SEK": (
            rows("orders", not_among("currency_code", "EUR", "USD", "GBP", "DKK", "SEK")),
        ),
        "shipped_at is set exactly when shipped, and at most a minute before placed_at (smalldatetime keeps "
        "minutes)": (
            rows("orders", is_set_unless("shipped_at", "status <> 'shipped'")),
            rows("orders", "shipped_at < DATEADD(minute, -1, placed_at)"),
        ),
        "total_amount ≥ 0; placed_at ≤ updated_at": (
            rows("orders", "total_amount < 0"),
            rows("orders", "placed_at > updated_at"),
        ),
        "**total_amount is exactly the sum of its line_amounts, and there is at least one line**": (
            (
                "SELECT COUNT(*) FROM dbo.orders AS o LEFT JOIN (SELECT order_id, SUM(line_amount) AS total "
                "FROM dbo.order_lines GROUP BY order_id) AS l ON l.order_id = o.order_id "
                "WHERE l.total IS NULL OR l.total <> o.total_amount"
            ),
        ),
        "the customer exists, and was created on or before placed_at": (
            rows("orders", NO_CUSTOMER),
            (
                "SELECT COUNT(*) FROM dbo.orders AS o "
                "JOIN dbo.customers AS c ON c.customer_id = o.customer_id WHERE c.created_at > o.placed_at"
            ),
        ),
        "paid and shipped: captured payments sum up to total_amount exactly": (
            (
                f"SELECT COUNT(*) FROM ({CAPTURED}) AS o "
                "WHERE status IN ('paid', 'shipped') AND captured <> total_amount"
            ),
        ),
        "placed: captured payments, if any, sum up to less than total_amount": (
            f"SELECT COUNT(*) FROM ({CAPTURED}) AS o WHERE status = 'placed' AND captured >= total_amount",
        ),
        "cancelled: no captured payment": (
            f"SELECT COUNT(*) FROM ({CAPTURED}) AS o WHERE status = 'cancelled' AND captured > 0",
        ),
    },
    "order_lines": {
        "line_number ≥ 1; quantity is from 1 to 1,000; unit_price > 0; discount_rate is from 0 to 0.5": (
            rows("order_lines", "line_number < 1"),
            rows("order_lines", "quantity NOT BETWEEN 1 AND 1000"),
            rows("order_lines", "unit_price <= 0"),
            rows("order_lines", "discount_rate NOT BETWEEN 0 AND 0.5"),
        ),
        "line_amount = ROUND(quantity × unit_price × (1 − discount_rate), 4)": (
            rows("order_lines", "line_amount <> ROUND(quantity * unit_price * (1 - discount_rate), 4)"),
        ),
        "the order exists; the product exists": (
            rows("order_lines", NO_ORDER),
            rows(
                "order_lines",
                "NOT EXISTS (SELECT 1 FROM dbo.products AS p WHERE p.product_code = t.product_code)",
            ),
        ),
    },
    "payments": {
        "method is one of card, transfer, direct_debit, wallet": (
            rows("payments", not_among("method", "card", "transfer", "direct_debit", "wallet")),
        ),
        "status is one of authorised, captured, failed, refunded": (
            rows("payments", not_among("status", "authorised", "captured", "failed", "refunded")),
        ),
        "amount > 0; provider_ref is NULL exactly when failed, else 32 bytes": (
            rows("payments", "amount <= 0"),
            rows("payments", is_set_unless("provider_ref", "status = 'failed'")),
            rows("payments", "DATALENGTH(provider_ref) <> 32"),
        ),
        "the order exists, with the same currency_code; amount ≤ its total_amount; paid_at ≥ its placed_at": (
            rows("payments", NO_ORDER),
            (
                "SELECT COUNT(*) FROM dbo.payments AS p JOIN dbo.orders AS o ON o.order_id = p.order_id "
                "WHERE p.currency_code <> o.currency_code OR p.amount > o.total_amount "
                "OR p.paid_at < o.placed_at"
            ),
        ),
    },
    "support_tickets": {
        "priority is from 1 (urgent) to 4; subject and body are not blank": (
            rows("support_tickets", "priority NOT BETWEEN 1 AND 4"),
            rows("support_tickets", "LTRIM(subject) = '' OR LTRIM(body) = ''"),
        ),
        "status is one of open, answered, closed; closed exactly when closed_at is set; "
        "closed_at ≥ opened_at": (
            rows("support_tickets", not_among("status", "open", "answered", "closed")),
            rows("support_tickets", is_set_unless("closed_at", "status <> 'closed'")),
            rows("support_tickets", "closed_at < opened_at"),
        ),
        "satisfaction is NULL or from 1 to 5, and NULL unless closed": (
            rows("support_tickets", "satisfaction NOT BETWEEN 1 AND 5"),
            rows("support_tickets", "satisfaction IS NOT NULL AND status <> 'closed'"),
        ),
        "the customer exists": (rows("support_tickets", NO_CUSTOMER),),
    },
    "portal_sessions": {
        "ended_at is NULL (still running) or ≥ started_at; longest_view is NULL exactly while running": (
            rows("portal_sessions", "ended_at < started_at"),
            rows("portal_sessions", is_set_unless("longest_view", "ended_at IS NULL")),
        ),
        "pages_viewed ≥ 1; landing_page begins with `/`; ip_address is NULL, 4 or 16 bytes": (
            rows("portal_sessions", "pages_viewed < 1"),
            rows("portal_sessions", "landing_page NOT LIKE '/%'"),
            rows("portal_sessions", "DATALENGTH(ip_address) NOT IN (4, 16)"),
        ),
        "the customer exists": (rows("portal_sessions", NO_CUSTOMER),),
    },
}
