"""Worked examples of what a data scientist does with the platform."""
