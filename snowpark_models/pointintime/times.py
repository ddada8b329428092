"""Times as the warehouse keeps them: UTC, in TIMESTAMP_NTZ, which knows no zone."""

from __future__ import annotations

from datetime import UTC, datetime

from snowflake.snowpark import Column as Expression
from snowflake.snowpark import DataFrame
from snowflake.snowpark.functions import col, lit
from snowflake.snowpark.types import DateType, TimestampTimeZone, TimestampType

from snowpark_models.errors import ModelError
from snowpark_models.pointintime.declaration import AS_OF

NTZ = "TIMESTAMP_NTZ"


def utc(time: datetime) -> datetime:
    """The same instant in UTC, without a zone; a time that has none is UTC already."""
    return time if time.tzinfo is None else time.astimezone(UTC).replace(tzinfo=None)


def text(time: datetime) -> str:
    """A time as statements have it, in UTC."""
    return utc(time).isoformat(" ")


def moment(time: datetime | None) -> Expression:
    """A time as a value of the warehouse; None is NULL."""
    return lit(None if time is None else text(time)).cast(NTZ)


def with_times(labels: DataFrame) -> DataFrame:
    """Labels whose AS_OF is TIMESTAMP_NTZ; a DATE is its midnight.

    A type with a zone is compared by the clock of the session's zone: east of UTC, with hours of the future.

    Raises:
        ModelError: AS_OF is of another type; it says which cast to write.
    """
    (kind,) = (field.datatype for field in labels.schema.fields if field.name.strip('"') == AS_OF)
    if isinstance(kind, DateType):
        return labels.with_column(AS_OF, col(AS_OF).cast(NTZ))
    if not isinstance(kind, TimestampType):
        raise ModelError(f"the labels' {AS_OF} is no TIMESTAMP_NTZ: write {AS_OF}::{NTZ}, in UTC")
    if kind.tz in (TimestampTimeZone.LTZ, TimestampTimeZone.TZ):
        raise ModelError(
            f"the labels' {AS_OF} is TIMESTAMP_{kind.tz.name}, and times are {NTZ} in UTC: "
            f"write CONVERT_TIMEZONE('UTC', {AS_OF})::{NTZ}"
        )
    return labels
