"""Shellcorp's models: one small file each, by layer. `model.py` says what a model is."""

from snowpark_models.contract import Column
from snowpark_models.model import Model, model
from snowpark_models.storage import DynamicTable, IcebergTable

__all__ = ["Column", "DynamicTable", "IcebergTable", "Model", "model"]
