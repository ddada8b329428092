"""Shellcorp itself: its operational database and the traffic of its applications (docs/shellcorp.md)."""
