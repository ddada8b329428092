"""Which tables are replicated, of which columns and types, and what happens when those change."""
