"""Show states to `dbt snapshot`, one after the other; prints the versions that it makes, as JSON.

Runs in dbt's own environment: `.venv/dbt/bin/python look.py FOLDER < states.json`. A state is a time and a
row an id, `[["2026-01-01 00:00:01", [[1, 5], [2, null]]], …]`.
"""

import json
import os
import sys
from pathlib import Path

import duckdb
from dbt.cli.main import dbtRunner

HERE = Path(__file__).parent
TABLES = "CREATE TABLE clock (moment TIMESTAMP); CREATE TABLE state (id INTEGER, value INTEGER)"
VERSIONS = """
    SELECT id, value, dbt_valid_from::VARCHAR, dbt_valid_to::VARCHAR FROM versions ORDER BY id, dbt_valid_from
"""


def main(folder: Path) -> None:
    """Look at each state."""
    database = os.environ["ORACLE_DATABASE"] = str(folder / "oracle.duckdb")
    command = ["--quiet", "snapshot", "--project-dir", str(HERE), "--profiles-dir", str(HERE)]
    command += ["--target-path", str(folder / "target"), "--log-path", str(folder / "logs")]
    dbt = dbtRunner()
    with duckdb.connect(database) as connection:
        connection.execute(TABLES)
    for at, rows in json.load(sys.stdin):
        with duckdb.connect(database) as connection:
            connection.execute("DELETE FROM clock; DELETE FROM state")
            connection.execute("INSERT INTO clock VALUES (?)", [at])
            if rows:
                connection.executemany("INSERT INTO state VALUES (?, ?)", rows)
        looked = dbt.invoke(command)
        if not looked.success:
            sys.exit(f"dbt snapshot failed at {at}: {looked.exception or looked.result}")
    with duckdb.connect(database) as connection:
        json.dump(connection.execute(VERSIONS).fetchall(), sys.stdout)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
