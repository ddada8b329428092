"""Articles of the catalogue."""

from __future__ import annotations

from snowflake.snowpark import DataFrame
from snowflake.snowpark.functions import col, trim, upper

from snowpark_models import Column, model
from snowpark_models.staging._mirror import COMMITTED_AT, OWNER, committed_at, live_rows


@model(
    key="product_code",
    grain="one row an article",
    owner=OWNER,
    description="Articles of the catalogue. The picture stays in RAW.",
    materialized="incremental",
    contract=[
        Column("product_code", "VARCHAR(8)", "Two letters of the category, a dash and five digits."),
        Column("name", "VARCHAR(120)", "What the catalogue calls it."),
        Column("category", "VARCHAR(40)", "hardware, spares, software or services."),
        Column("list_price", "NUMBER(19,4)", "Price of one before discounts."),
        Column("weight_kg", "FLOAT", "Weight of one; none for what cannot be carried.", nullable=True),
        Column("is_discontinued", "BOOLEAN", "No longer sold."),
        Column("has_picture", "BOOLEAN", "RAW holds a picture of it."),
        COMMITTED_AT,
    ],
)
def stg_products(raw_products: DataFrame) -> DataFrame:
    """Leave the pictures behind."""
    return live_rows(raw_products).select(
        upper(trim(col("PRODUCT_CODE"))).alias("PRODUCT_CODE"),
        trim(col("NAME")).alias("NAME"),
        trim(col("CATEGORY")).alias("CATEGORY"),
        col("LIST_PRICE"),
        col("WEIGHT_KG"),
        col("IS_DISCONTINUED"),
        col("PICTURE").is_not_null().alias("HAS_PICTURE"),
        committed_at(),
    )
