"""Mends of faults in fakesnow 0.12.1 and sqlglot 30.22.0, one idea each, to be given back upstream.

Each file names the fault and how one sees that it is mended there.
tests/sandbox/snowflake/test_snowflake_mends.py asks plain fakesnow for each of them: after an upgrade it is
red where a mend is to be dropped.
"""
