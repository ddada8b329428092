"""The SQL that the runner sends, one function a statement."""
