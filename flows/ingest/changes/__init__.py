"""The stream of changes: windows of the log, and a table's changes in them."""
