"""BACKUP and RESTORE DATABASE, who may be in a database meanwhile, and kills in the middle."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from sandbox.sqlserver import cdc
from sandbox.sqlserver.engine.engine import StandInEngine
from sandbox.sqlserver.results import SqlServerError
from tests.sandbox.sqlserver.engine.engine_client import DATABASE, PASSWORDS, Client

BACK_UP = f"BACKUP DATABASE {DATABASE} TO DISK = N'{DATABASE}.bak' WITH INIT"
RESTORE = f"RESTORE DATABASE {DATABASE} FROM DISK = N'{DATABASE}.bak' WITH REPLACE, KEEP_CDC"
SINGLE_USER = f"ALTER DATABASE {DATABASE} SET SINGLE_USER WITH ROLLBACK IMMEDIATE"


def _open(folder: Path) -> StandInEngine:
    engine = StandInEngine(folder, PASSWORDS, prepare=cdc.install)
    engine.register(cdc.PROCEDURES)
    if not engine.has_database(DATABASE):
        engine.create_database(DATABASE)
    return engine


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[StandInEngine]:
    engine = _open(tmp_path / "server")
    yield engine
    engine.close()


@pytest.fixture
def master(engine: StandInEngine) -> Iterator[Client]:
    with Client(engine, database="master") as client:
        yield client


def _fill(engine: StandInEngine) -> None:
    with Client(engine) as client:
        client.run(
            "CREATE TABLE dbo.t (id int IDENTITY PRIMARY KEY, v varchar(9)); EXEC sys.sp_cdc_enable_db"
        )
        client.run("EXEC sys.sp_cdc_enable_table 'dbo', 't', NULL; INSERT INTO t (v) VALUES ('old')")
        client.run("EXEC sys.sp_cdc_scan")


def test_a_restore_brings_back_rows_changes_and_lsns(engine: StandInEngine, master: Client) -> None:
    _fill(engine)
    master.run(BACK_UP)
    with Client(engine) as client:
        before = client.value("sys.fn_cdc_get_max_lsn()")
        client.run("INSERT INTO t (v) VALUES ('new'); EXEC sys.sp_cdc_scan")
        assert client.value("sys.fn_cdc_get_max_lsn()") > before
        client.run(SINGLE_USER)
    master.run(RESTORE)
    with Client(engine) as client:
        assert client.rows("SELECT id, v FROM t") == [(1, "old")]
        assert client.value("sys.fn_cdc_get_max_lsn()") == before
        assert client.value("COUNT(*) FROM cdc.dbo_t_CT") == 1
        client.run("INSERT INTO t (v) VALUES ('other'); EXEC sys.sp_cdc_scan")
        assert client.rows("SELECT id, v FROM cdc.dbo_t_CT ORDER BY [__$start_lsn]") == [
            (1, "old"),
            (2, "other"),
        ]
    history = "SELECT destination_database_name, backup_set_id, [replace] FROM msdb.dbo.restorehistory"
    assert master.rows(history) == [(DATABASE, 1, True)]
    sets = "SELECT s.database_name, s.type, f.physical_device_name FROM msdb.dbo.backupset AS s JOIN "
    sets += "msdb.dbo.backupmediafamily AS f ON f.media_set_id = s.media_set_id"
    assert master.rows(sets) == [(DATABASE, "D", f"{DATABASE}.bak")]


def test_nobody_may_use_what_is_restored(engine: StandInEngine, master: Client) -> None:
    _fill(engine)
    master.run(BACK_UP)
    with Client(engine) as user:
        assert user.error(RESTORE) == 3102
        assert master.error(RESTORE) == 3101
        assert master.error(f"DROP DATABASE {DATABASE}") == 3702
        assert master.error(f"ALTER DATABASE {DATABASE} SET SINGLE_USER WITH NO_WAIT") == 5070
        user.run("BEGIN TRAN; DELETE FROM t")
        master.run(SINGLE_USER)
        with pytest.raises(SqlServerError) as told:
            user.run("COMMIT")
        assert (told.value.number, told.value.severity) == (596, 21)
    with Client(engine), pytest.raises(SqlServerError, match="4060"):
        Client(engine)
    with Client(engine):
        assert master.error(f"USE {DATABASE}") == 924
    assert master.error(RESTORE.replace("WITH REPLACE, KEEP_CDC", "")) == 3159
    master.run(RESTORE)
    with Client(engine) as one, Client(engine) as other:
        assert one.value("COUNT(*) FROM t") == other.value("COUNT(*) FROM t") == 1


def test_a_dropped_database_comes_back_with_its_changes(engine: StandInEngine, master: Client) -> None:
    _fill(engine)
    master.run(BACK_UP)
    master.run(f"DROP DATABASE {DATABASE}")
    assert master.error(f"DROP DATABASE {DATABASE}") == 3701
    master.run(f"DROP DATABASE IF EXISTS {DATABASE}")
    assert master.error(f"USE {DATABASE}") == 911
    assert master.value("COUNT(*) FROM msdb.dbo.cdc_jobs") == 0
    master.run(f"RESTORE DATABASE {DATABASE} FROM DISK = N'{DATABASE}.bak' WITH KEEP_CDC")
    with Client(engine) as client:
        assert client.value("COUNT(*) FROM cdc.dbo_t_CT") == 1


REFUSALS = {
    f"BACKUP DATABASE {DATABASE} TO DISK = N'../out.bak'": 3201,
    f"BACKUP DATABASE {DATABASE} TO DISK = N'/tmp/out.bak'": 3201,
    f"BACKUP DATABASE {DATABASE} TO DISK = N'a\\..\\..\\out.bak'": 3201,
    f"RESTORE DATABASE {DATABASE} FROM DISK = N'none.bak' WITH REPLACE": 3201,
    f"RESTORE DATABASE {DATABASE} FROM DISK = N'text.bak' WITH REPLACE": 3241,
    f"RESTORE DATABASE other FROM DISK = N'{DATABASE}.bak'": 40517,
    f"BACKUP DATABASE {DATABASE} TO DISK = N'{DATABASE}.bak'": 40517,
    f"BACKUP LOG {DATABASE} TO DISK = N'log.bak'": 40517,
    f"BACKUP DATABASE {DATABASE} TO DISK = N'x.bak' WITH DIFFERENTIAL": 40517,
    f"BEGIN TRAN; {BACK_UP}": 3021,
    "BACKUP DATABASE nowhere TO DISK = N'x.bak'": 911,
    "DROP DATABASE master": 3708,
}


def test_refusals(engine: StandInEngine, master: Client) -> None:
    master.run(BACK_UP)
    (engine.folder / "backup" / "text.bak").write_text("no backup")
    found = {}
    for statement in REFUSALS:
        found[statement] = master.error(statement)
        master.run("IF @@TRANCOUNT > 0 ROLLBACK")
    assert found == REFUSALS


RESTORER = """
import os, sys
from pathlib import Path
from sandbox.sqlserver.engine import backup_media
from tests.sandbox.sqlserver.engine.engine_client import Client
from tests.sandbox.sqlserver.engine.test_backups import RESTORE, _open

def die(*_):
    os.kill(os.getpid(), 9)

moment = sys.argv[2]
engine = _open(Path(sys.argv[1]))
if moment != "after":
    step = getattr(backup_media, moment)
    setattr(backup_media, moment, die)
Client(engine, database="master").run(RESTORE)
die()
"""


@pytest.mark.parametrize(("moment", "left"), [("replace", "new"), ("after", "old")])
def test_a_kill_in_the_middle_leaves_the_old_or_the_new_state(tmp_path: Path, moment: str, left: str) -> None:
    engine = _open(tmp_path)
    _fill(engine)
    with Client(engine, database="master") as master:
        master.run(BACK_UP)
    with Client(engine) as client:
        client.run("UPDATE t SET v = 'new'")
    engine.close()
    killed = subprocess.run([sys.executable, "-c", RESTORER, str(tmp_path), moment], check=False)
    assert killed.returncode == -signal.SIGKILL
    engine = _open(tmp_path)
    with Client(engine) as client:
        assert client.rows("SELECT v FROM t") == [(left,)]
    engine.close()
    assert not list(tmp_path.glob("*.restoring*"))


def test_a_backup_leaves_the_databases_lock_in_place(engine: StandInEngine, master: Client) -> None:
    """POSIX locks go when any descriptor of the file is closed: the copy must not do that."""
    master.run(BACK_UP)
    attempt = f"import duckdb; duckdb.connect({str(engine.database(DATABASE).file)!r})"
    other = subprocess.run([sys.executable, "-c", attempt], capture_output=True, text=True, check=False)
    assert duckdb.IOException.__name__ in other.stderr
    assert (engine.folder / "backup" / f"{DATABASE}.bak").exists()
