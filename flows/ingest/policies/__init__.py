"""What people decide about each table and column, and how that is held to."""
