"""Features as they were known at a time: training sets without leakage, and serving by the same way."""

from snowpark_models.pointintime.declaration import AS_OF, Entity, FeatureView
from snowpark_models.pointintime.joining import asof_join, rank_join
from snowpark_models.pointintime.sets import serving, training_set

__all__ = ["AS_OF", "Entity", "FeatureView", "asof_join", "rank_join", "serving", "training_set"]
