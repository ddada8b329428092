"""Snapshots: chunks by key, copies of tables without one, and the budget that slows them down."""
