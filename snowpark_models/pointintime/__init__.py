"""Features as they were known at a time: training sets without leakage, and serving by the same way."""

from snowpark_models.pointintime.declaration import AS_OF, Entity, FeatureView, StoredView, View
from snowpark_models.pointintime.history import Recording, backfill, record
from snowpark_models.pointintime.joining import asof_join, rank_join
from snowpark_models.pointintime.registration import has_feature_store, register
from snowpark_models.pointintime.sets import end_of_data, recorded, serving, training_set
from snowpark_models.pointintime.times import utc
from snowpark_models.pointintime.versions import changed_without_version

__all__ = [
    "AS_OF",
    "Entity",
    "FeatureView",
    "Recording",
    "StoredView",
    "View",
    "asof_join",
    "backfill",
    "changed_without_version",
    "end_of_data",
    "has_feature_store",
    "rank_join",
    "record",
    "recorded",
    "register",
    "serving",
    "training_set",
    "utc",
]
