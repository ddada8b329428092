"""Attempts to pay, cleaned."""

from expectations.rules import (
    always,
    computed,
    keeps_up_with,
    mean_is_usual,
    one_of,
    rows_of_mirror,
    suite,
    volume_is_usual,
)
from expectations.vocabulary import CURRENCIES, PAYMENT_METHODS, PAYMENT_STATUSES

SUITE = suite(
    "PAYMENT_ID",
    one_of("METHOD", *PAYMENT_METHODS),
    one_of("STATUS", *PAYMENT_STATUSES),
    one_of("CURRENCY_CODE", *CURRENCIES),
    always("AMOUNT is above 0", "AMOUNT > 0", column="AMOUNT"),
    always(
        "Failed payments, and no others, are without the provider's 32 bytes of reference",
        "IFF(STATUS = 'failed', PROVIDER_REF IS NULL, LENGTH(PROVIDER_REF) = 64)",
        severity="warning",
        column="PROVIDER_REF",
    ),
    rows_of_mirror(
        "RAW.PAYMENTS",
        {"PAYMENT_ID": "UPPER(PAYMENT_ID)"},
        "ORDER_ID",
        "AMOUNT",
        "PAID_AT",
        columns={
            "METHOD": "TRIM(METHOD)",
            "STATUS": "TRIM(STATUS)",
            "CURRENCY_CODE": "UPPER(TRIM(CURRENCY_CODE))",
            "PROVIDER_REF": "HEX_ENCODE(PROVIDER_REF)",
        },
    ),
    computed("IS_CAPTURED", "STATUS = 'captured'"),
    computed("PAID_ON", "TO_DATE(PAID_AT)"),
    keeps_up_with("RAW.PAYMENTS"),
    volume_is_usual("PAID_AT"),
    mean_is_usual("IFF(STATUS = 'failed', 1, 0)", "PAID_AT", "failures", smallest=0.05),
)
