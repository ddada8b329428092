"""Inputs of models that predict: what was known of an entity strictly before a time."""
