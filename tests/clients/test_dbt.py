"""dbt-redshift builds the project in tests/clients/dbt, twice: the second run changes a song and is incremental."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from dbt.cli.main import dbtRunner

PROJECT = Path(__file__).parent / "dbt"
SCHEMA = "plays_by_dbt"


class Dbt:
    """A copy of the project, which a test may change."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.seed = folder / "seeds" / "events.csv"

    def __call__(self, *arguments: str) -> Any:
        options = ("--project-dir", str(self.folder), "--profiles-dir", str(self.folder))
        return dbtRunner().invoke([*arguments, *options])

    def statuses(self, *arguments: str) -> dict[str, tuple[str, str]]:
        """Runs a command; returns what became of each node and what was said of it, by its name."""
        done = self(*arguments)
        assert done.exception is None, done.exception
        return {result.node.name: (str(result.status), result.message) for result in done.result.results}


@pytest.fixture(scope="module")
def dbt(sandbox: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dbt]:
    folder = tmp_path_factory.mktemp("dbt") / "project"
    shutil.copytree(PROJECT, folder)
    with pytest.MonkeyPatch.context() as patch:
        for name in ("host", "port", "database", "user", "password"):
            patch.setenv(f"SANDBOX_{name.upper()}", str(getattr(sandbox, name)))
        patch.setenv("SANDBOX_SCHEMA", SCHEMA)
        yield Dbt(folder)


@pytest.fixture(scope="module")
def query(sandbox: Any) -> Iterator[Callable[[str], list[tuple[Any, ...]]]]:
    with closing(psycopg2.connect(**sandbox.libpq, options=f"-csearch_path={SCHEMA}")) as connection:
        connection.autocommit = True
        cursor = connection.cursor()

        def query(text: str) -> list[tuple[Any, ...]]:
            cursor.execute(text)
            return cursor.fetchall()

        yield query
        cursor.execute(f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE")


@pytest.fixture(scope="module")
def first(dbt: Dbt) -> dict[str, tuple[str, str]]:
    """What became of each node when all was built."""
    return dbt.statuses("build")


@pytest.fixture(scope="module")
def second(dbt: Dbt, first: Any) -> dict[str, tuple[str, str]]:
    """The same when it was built again, after a song's name had changed."""
    dbt.seed.write_text(dbt.seed.read_text().replace("Intro", "Changed"))
    return dbt.statuses("build")


@pytest.mark.can("connect")
def test_c6_debug_connects(dbt: Dbt) -> None:
    assert dbt("debug").success


@pytest.mark.can("DDL", "insert")
def test_c6_seed_loads_what_the_file_says(first: Any, query: Any) -> None:
    assert first["events"][0] == "success", first["events"]
    assert query("SELECT id, song, seconds FROM events ORDER BY id")[1:] == [
        (2, "Song, with a comma", 200), (3, "It's", None)
    ]  # fmt: skip


@pytest.mark.can("DDL")
@pytest.mark.parametrize("model", ["plays", "listeners", "late", "contracted", "functions"])
def test_c6_run_makes_tables_and_views(first: Any, query: Any, model: str) -> None:
    assert first[model][0] == "success", first[model]
    assert query(f"SELECT count(*) FROM {model}")[0][0] == (2 if model == "listeners" else 3)


@pytest.mark.can("checks")
@pytest.mark.parametrize(
    "test",
    [
        "unique_plays_id", "not_null_plays_id", "unique_by_merge_id", "unique_by_delete_insert_id",
        "accepted_values_plays_song__Intro__Song_with_a_comma__It_s__Changed",
        "relationships_plays_user_id__user_id__ref_listeners_",
    ],
)  # fmt: skip
def test_c6_tests_pass(first: Any, test: str) -> None:
    assert first[test][0] == "pass", first[test]


@pytest.mark.can("upsert")
@pytest.mark.parametrize(("model", "count"), [("by_delete_insert", 3), ("by_merge", 3), ("by_append", 5)])
def test_c6_incremental_runs_change_what_is_new(second: Any, query: Any, model: str, count: int) -> None:
    assert second[model][0] == "success", second[model]
    assert query(f"SELECT count(*), count(DISTINCT run), sum(added) FROM {model}") == [(count, 2, 2)]


@pytest.mark.can("replace")
def test_c6_a_full_refresh_replaces(dbt: Dbt, second: Any, query: Any) -> None:
    done = dbt.statuses("run", "--full-refresh", "--select", "by_append")
    assert done["by_append"][0] == "success", done
    assert query("SELECT (SELECT count(*) FROM by_append), (SELECT count(*) FROM plays)") == [(3, 3)]


@pytest.mark.can("DDL")
def test_c6_a_materialized_view_is_refreshed_and_altered(dbt: Dbt, second: Any, query: Any) -> None:
    assert second["by_song"][0] == "success", second["by_song"]
    assert ("Changed", 1) in query("SELECT song, plays FROM by_song")
    model = dbt.folder / "models" / "by_song.sql"
    info = f"SELECT autorefresh, is_stale FROM svv_mv_info WHERE schema_name = '{SCHEMA}'"
    assert query(info) == [("t", "f")]
    model.write_text(model.read_text().replace("auto_refresh=true", "auto_refresh=false"))
    assert dbt.statuses("run", "--select", "by_song")["by_song"][0] == "success"
    assert query(info) == [("f", "f")]
    model.write_text(model.read_text().replace("dist='song'", "dist='even'"))
    assert dbt.statuses("run", "--select", "by_song")["by_song"][0] == "success"
    assert query(f"SELECT diststyle FROM svv_table_info WHERE schema = '{SCHEMA}' AND \"table\" = 'by_song'") == [
        ("EVEN",)
    ]


@pytest.mark.can("snapshot")
def test_c6_a_snapshot_keeps_what_was(second: Any, query: Any) -> None:
    assert second["songs"][0] == "success", second["songs"]
    assert query("SELECT song, dbt_valid_to IS NULL FROM songs WHERE id = 1 ORDER BY dbt_valid_from") == [
        ("Intro", False), ("Changed", True)
    ]  # fmt: skip
    assert query("SELECT count(*) FROM songs")[0][0] == 4


@pytest.mark.can("introspection")
def test_c6_docs_describe_the_tables(dbt: Dbt, second: Any) -> None:
    done = dbt("docs", "generate")
    assert done.success, done.exception
    nodes = json.loads((dbt.folder / "target" / "catalog.json").read_text())["nodes"]
    plays = nodes["model.plays.plays"]
    assert {name: column["type"] for name, column in plays["columns"].items()} == {
        "id": "integer", "user_id": "integer", "song": "character varying(18)",
        "played_at": "timestamp without time zone", "seconds": "numeric(8,2)",
    }  # fmt: skip
    assert plays["metadata"]["type"] == "BASE TABLE"
    assert plays["stats"]["diststyle"]["value"] == "KEY(user_id)"
    assert plays["columns"]["id"]["comment"] == "It's the key."


@pytest.mark.can("errors")
def test_c6_a_failed_test_and_a_failed_model_are_told(dbt: Dbt, second: Any) -> None:
    dbt.seed.write_text(dbt.seed.read_text() + "3,11,Intro,2018-11-01 02:00:00,1\n")
    (dbt.folder / "models" / "contracted.sql").write_text("select nothing from {{ ref('plays') }}")
    done = dbt.statuses("build", "--select", "events", "plays", "contracted", "unique_plays_id")
    assert done["unique_plays_id"] == ("fail", "Got 1 result, configured to fail if != 0")
    done = dbt.statuses("run", "--select", "contracted")
    assert done["contracted"][0] == "error"
    assert 'column "nothing" does not exist' in done["contracted"][1]
