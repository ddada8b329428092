"""Who may leave: the newest features of each customer, scored by the model that was trained last."""

from __future__ import annotations

from snowflake.snowpark import DataFrame, Window
from snowflake.snowpark.functions import col, lit, row_number

from snowpark_models import Column, model
from snowpark_models.errors import ContractError
from snowpark_models.features._churn_model import CHURN_MODEL
from snowpark_models.features._views import CUSTOMER_CHURN


@model(
    key="customer_id",
    grain="one row a customer with an open account, as of the last commit that the mirrors know",
    owner="data-science@shellcorp.example",
    description="""How likely each customer is to close its last account within sixty days, and which model
        says so. The model is trained by examples/churn and kept in features/_churn_model.py.""",
    contract=[
        Column("customer_id", "NUMBER(10,0)", "Number of the customer."),
        Column("as_of", "TIMESTAMP_NTZ", "The time from which on the sixty days count, UTC."),
        Column("churn_probability", "NUMBER(8,6)", "From 0, stays, to 1, leaves."),
        Column("risk_rank", "NUMBER(18,0)", "1 for the likeliest to leave."),
        Column("model_name", "VARCHAR(100)", "What was trained."),
        Column("model_version", "NUMBER(9,0)", "Grows when the model comes to mean something else."),
        Column("model_code", "VARCHAR(16)", "Hash of the code that trained it."),
        Column("trained_at", "TIMESTAMP_NTZ", "When it was trained, UTC."),
        Column("trained_on", "VARCHAR(200)", "Feature view that it was trained on: name, version, code."),
    ],
)
def customer_churn_scores(customer_churn_features: DataFrame) -> DataFrame:
    """Score with what was trained on the same version of the features.

    Raises:
        ContractError: the features have another version than those that the model was trained on.
    """
    if not CHURN_MODEL.is_for(CUSTOMER_CHURN.name, CUSTOMER_CHURN.version):
        raise ContractError(
            f"model {CHURN_MODEL.identity} was trained on {CHURN_MODEL.features_of}, and the features are "
            f"{CUSTOMER_CHURN.name}/{CUSTOMER_CHURN.version} now: train it again with "
            "`python -m snowpark_models.examples.churn --save`"
        )
    customers = customer_churn_features.filter(col("OPEN_ACCOUNTS") > 0)
    scored = customers.select(
        "CUSTOMER_ID", "AS_OF", CHURN_MODEL.probability().cast("NUMBER(8,6)").alias("CHURN_PROBABILITY")
    )
    likeliest_first = Window.order_by(col("CHURN_PROBABILITY").desc(), col("CUSTOMER_ID"))
    return scored.select(
        "CUSTOMER_ID",
        "AS_OF",
        "CHURN_PROBABILITY",
        row_number().over(likeliest_first).alias("RISK_RANK"),
        lit(CHURN_MODEL.name).alias("MODEL_NAME"),
        lit(CHURN_MODEL.version).alias("MODEL_VERSION"),
        lit(CHURN_MODEL.code).alias("MODEL_CODE"),
        lit(CHURN_MODEL.trained_at).cast("TIMESTAMP_NTZ").alias("TRAINED_AT"),
        lit(CHURN_MODEL.features_of).alias("TRAINED_ON"),
    )
