"""Reconciliation: each mirror proven equal to its source at one LSN, under traffic, by counts and hashes.

compare.py    a table: searched against its mirror at rest, then judged
search.py     parts that differ are cut smaller until their rows are read and compared by key
parts.py      what a part is; ranges.py by key range, buckets.py where the servers sort keys differently
hashing.py    the text of each type that both servers write alike, and the hash made of it
judging.py    a key that somebody changed meanwhile is judged by its before image
sides.py, source_sql.py, mirror_sql.py, ops_sql.py   the servers, and every statement to them
results.py    what was found: OPS.RECONCILIATIONS
"""
