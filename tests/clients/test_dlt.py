"""dlt loads from the file system to Redshift: by INSERT, and by COPY from a staging bucket."""

from __future__ import annotations

import json
from contextlib import closing
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import dlt
import psycopg2
import pytest
from dlt.sources.filesystem import filesystem, read_jsonl

FIRST = [
    {"id": 1, "song": "Intro", "at": "2018-11-01T00:00:01.796Z", "seconds": 180.5, "paid": True},
    {
        "id": 2,
        "song": 'it\'s \\ "é"\nnew line',
        "at": "2018-11-01T00:01:00Z",
        "seconds": None,
        "paid": False,
        "tags": [],
    },
]
SECOND = [{"id": 2, "song": "Changed", "at": "2018-11-02T00:00:00Z", "seconds": 1.0, "paid": True}]


@pytest.fixture(params=["insert", "jsonl", "parquet"])
def form(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def pipeline(sandbox: Any, schema: str, form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("RUNTIME__DLTHUB_TELEMETRY", "false")
    credentials = {"host": sandbox.host, "port": sandbox.port, "database": sandbox.database,
                   "username": sandbox.user, "password": sandbox.password}  # fmt: skip
    staging = dlt.destinations.filesystem(f"s3://{sandbox.bucket}/{schema}", credentials={
        "aws_access_key_id": sandbox.access_key_id, "aws_secret_access_key": sandbox.secret_access_key,
        "endpoint_url": sandbox.endpoint, "region_name": sandbox.region})  # fmt: skip
    return dlt.pipeline(
        schema, pipelines_dir=str(tmp_path / "dlt"), dataset_name=schema,
        destination=dlt.destinations.redshift(credentials=credentials),
        staging=None if form == "insert" else staging,
    )  # fmt: skip


def load(pipeline: Any, form: str, folder: Path, records: list[dict[str, Any]], **how: Any) -> None:
    folder.mkdir(exist_ok=True)
    (folder / "plays.jsonl").write_text("\n".join(map(json.dumps, records)))
    plays = (filesystem(str(folder), file_glob="*.jsonl") | read_jsonl()).with_name("plays")
    plays.apply_hints(columns={"tags": {"data_type": "json"}} if "tags" in records[0] else {})
    pipeline.run(plays, loader_file_format=None if form == "insert" else form, **how).raise_on_failed_jobs()


@pytest.fixture
def rows(sandbox: Any, schema: str) -> Any:
    def rows(columns: str = "id, song") -> list[tuple[Any, ...]]:
        with closing(psycopg2.connect(**sandbox.libpq)) as connection, connection.cursor() as cursor:
            cursor.execute(f"SELECT {columns} FROM {schema}.plays ORDER BY id, song")
            return cursor.fetchall()

    return rows


@pytest.mark.can("connect", "DDL", "insert", "introspection", "COPY")
def test_c8_append_adds(pipeline: Any, form: str, tmp_path: Path, rows: Any) -> None:
    load(pipeline, form, tmp_path / "in", FIRST, write_disposition="append")
    load(pipeline, form, tmp_path / "in", SECOND, write_disposition="append")
    assert rows() == [(1, "Intro"), (2, "Changed"), (2, FIRST[1]["song"])]


@pytest.mark.can("types", "COPY")
def test_c8_types_are_redshifts(pipeline: Any, form: str, tmp_path: Path, rows: Any) -> None:
    load(pipeline, form, tmp_path / "in", FIRST)
    assert rows("id, at, seconds, paid") == [
        (1, datetime(2018, 11, 1, 0, 0, 1, 796000, timezone.utc), 180.5, True),
        (2, datetime(2018, 11, 1, 0, 1, tzinfo=timezone.utc), None, False),
    ]


@pytest.mark.can("types", "COPY")
def test_c8_nested_values_are_super(pipeline: Any, form: str, tmp_path: Path, rows: Any) -> None:
    tags = {"all": ["a\\b", "c\nd"], "n": 1}
    load(pipeline, form, tmp_path / "in", [FIRST[0] | {"tags": tags}, FIRST[1] | {"tags": []}])
    found = [json.loads(text) for (text,) in rows("json_serialize(tags)")]
    # In Parquet a nested value of dlt's is text, which becomes a string in SUPER.
    assert [json.loads(value) if form == "parquet" else value for value in found] == [tags, []]


@pytest.mark.can("replace", "COPY")
@pytest.mark.parametrize("strategy", ["truncate-and-insert", "insert-from-staging"])
def test_c8_replace_replaces(
    pipeline: Any, form: str, tmp_path: Path, rows: Any, strategy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DESTINATION__REPLACE_STRATEGY", strategy)
    load(pipeline, form, tmp_path / "in", FIRST, write_disposition="replace")
    load(pipeline, form, tmp_path / "in", SECOND, write_disposition="replace")
    assert rows() == [(2, "Changed")]


@pytest.mark.can("upsert", "COPY")
@pytest.mark.parametrize("strategy", ["delete-insert", "scd2"])
def test_c8_merge_replaces_what_has_the_same_key(
    pipeline: Any, form: str, tmp_path: Path, rows: Any, strategy: str
) -> None:
    merge = {"write_disposition": {"disposition": "merge", "strategy": strategy}}
    merge |= {} if strategy == "scd2" else {"primary_key": "id"}
    load(pipeline, form, tmp_path / "in", FIRST, **merge)
    load(pipeline, form, tmp_path / "in", [FIRST[0], *SECOND], **merge)
    if strategy == "scd2":
        assert rows("id, song, _dlt_valid_to IS NULL") == [
            (1, "Intro", True), (2, "Changed", True), (2, FIRST[1]["song"], False)
        ]  # fmt: skip
    else:
        assert rows() == [(1, "Intro"), (2, "Changed")]


@pytest.mark.can("DDL", "introspection")
def test_c8_a_new_column_is_added(pipeline: Any, form: str, tmp_path: Path, rows: Any) -> None:
    load(pipeline, form, tmp_path / "in", FIRST)
    load(pipeline, form, tmp_path / "in", [SECOND[0] | {"level": "paid"}])
    assert rows("id, level") == [(1, None), (2, "paid"), (2, None)]


@pytest.mark.can("introspection")
def test_c8_what_was_loaded_is_read_back(pipeline: Any, form: str, tmp_path: Path) -> None:
    load(pipeline, form, tmp_path / "in", FIRST)
    songs = pipeline.dataset().plays.select("song").fetchall()
    assert sorted(songs) == sorted((record["song"],) for record in FIRST)
