"""What OpenLineage's provider is told by tasks that have run: from the members of records to the published columns."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from airflow.exceptions import AirflowException
from airflow.providers.amazon.aws.hooks.redshift_sql import RedshiftSQLHook
from airflow.providers.openlineage.extractors.manager import ExtractorManager
from airflow.sdk import Connection
from airflow.sdk.exceptions import AirflowFailException
from airflow.utils.state import TaskInstanceState
from openlineage.client.serde import Serde

from include.sandbox.aws import SOURCE_BUCKET
from sparkify.lineage.datasets import Warehouse
from tests.bad_day import unloadable
from tests.events import facets_of

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "include" / "docs" / "lineage-and-metrics.md"
NAMED = re.compile(r"(?:`s3:[^`]+` )?`([^`]+)`")  # a dataset, without the bucket that it is in
PARTS = ("conf", "extractors", "sqlparser")  # the provider's; its name must be there for Airflow to list providers
NEEDED = (*(f"airflow.providers.openlineage.{part}" for part in PARTS), "openlineage", "openlineage_sql")
WITHOUT = f"""
import sys
sys.modules.update(dict.fromkeys({NEEDED}))  # an import of what is None there fails
from sparkify import preload
from tests.pipeline import sparkify
preload.import_modules()
assert len(sparkify().tasks) > 9
assert not [name for name in sys.modules if name.startswith("sparkify.lineage.")]
"""
PLAY = {"userId", "sessionId", "itemInSession", "ts"}
SONG = {"song_id", "title", "artist_id", "year", "duration"}
# Of each published column: the members of a record that its values are made of.
MADE_OF = {
    "songplays": {
        "songplay_id": PLAY, "start_time": {"ts"}, "user_id": {"userId"}, "level": {"level"}, "song_id": {"song_id"},
        "artist_id": {"artist_id"}, "session_id": {"sessionId"}, "location": {"location"}, "user_agent": {"userAgent"},
    },
    "users": {
        "user_id": {"userId"}, "first_name": {"firstName"}, "last_name": {"lastName"}, "gender": {"gender"},
        "level": {"level"},
    },
    "songs": {name: {name} for name in SONG},
    "artists": {
        "artist_id": {"artist_id"}, "name": {"artist_name"}, "location": {"artist_location"},
        "latitude": {"artist_latitude"}, "longitude": {"artist_longitude"},
    },
    "time": {name: {"ts"} for name in ("start_time", "hour", "day", "week", "month", "year", "weekday")},
}  # fmt: skip
OF_SONGS = {"song_id", "artist_id"}  # of a play: from the song that it is matched to


def told(run, task, state=TaskInstanceState.SUCCESS):
    """What the provider's manager gets out of a task that has been executed, as JSON."""
    found = ExtractorManager().extract_metadata(SimpleNamespace(run_id=run.run_id), task, state, None)
    return json.loads(Serde.to_json(found))


def executed(run, task_id):
    task = run.rendered(task_id)
    run.execute(task)
    return task


@pytest.fixture(scope="module")
def ran(new_pipeline, folder):
    """A pipeline that has loaded a day, and what each task said of it."""
    made = new_pipeline()
    made.upload(folder)
    run = made.run()
    lineage = {task.task_id: told(run, executed(run, task.task_id)) for task in made.dag.topological_sort()}
    yield made, run, lineage
    made.clear()


def names(datasets, star):
    """The datasets by their names, the star schema being called `sparkify`."""
    return {dataset["name"].replace(star, "sparkify"): dataset for dataset in datasets}


def test_the_graph_leads_from_the_source_to_the_star(ran):
    pipeline, _, lineage = ran
    edges = {
        task: (set(names(of["inputs"], pipeline.name)), set(names(of["outputs"], pipeline.name)))
        for task, of in lineage.items()
        if of["inputs"] or of["outputs"]
    }
    run, star = "dev.sparkify_run", "dev.sparkify"
    published = ("songplays", "users", "songs", "artists", "time")
    assert edges == {
        "stage_events": ({"sparkify/log_data", "sparkify/log_json_path.json"}, {f"{run}.staging_events"}),
        "stage_songs": ({"sparkify/song_data"}, {f"{run}.staging_songs"}),
        "load_songplays": ({f"{run}.staging_events"}, {f"{run}.songplays"}),
        "load_users": ({f"{run}.staging_events"}, {f"{run}.users"}),
        "load_time": ({f"{run}.staging_events"}, {f"{run}.time"}),
        "load_songs": ({f"{run}.staging_songs", f"{run}.staging_songs_objects"}, {f"{run}.songs"}),
        "load_artists": ({f"{run}.staging_songs"}, {f"{run}.artists"}),
        "check_quality": ({f"{run}.{table}" for table in (*published, "staging_events", "staging_songs")}, set()),
        "publish": (
            {f"{run}.{table}" for table in published if table != "artists"},
            {f"{star}.{table}" for table in published},
        ),
    }


def test_the_page_shows_that_graph(ran):
    pipeline, _, lineage = ran
    shown = {}
    for row in PAGE.read_text().split("<!-- datasets -->\n")[1].split("<!-- end -->")[0].splitlines()[2:]:
        task, reads, writes = row.strip("|").split("|")
        shown[task.strip(" `")] = [NAMED.findall(cell) for cell in (reads, writes)]
    told = {
        task: [
            sorted(re.sub("^dev[.]|^sparkify/", "", name) for name in names(of[which], pipeline.name))
            for which in ("inputs", "outputs")
        ]
        for task, of in lineage.items()
        if of["inputs"]
    }
    assert {task: list(map(sorted, cells)) for task, cells in shown.items()} == told


def test_each_published_column_leads_to_the_members_of_the_records_that_it_is_made_of(ran):
    pipeline, _, lineage = ran
    made_of = {}
    for of in lineage.values():
        for name, dataset in names(of["outputs"], pipeline.name).items():
            for column, field in dataset["facets"].get("columnLineage", {}).get("fields", {}).items():
                made_of[name, column] = {
                    (one["name"].replace(pipeline.name, "sparkify"), one["field"]) for one in field["inputFields"]
                }

    def origins(column):
        return set().union(*map(origins, made_of[column])) if column in made_of else {column}

    for table, columns in MADE_OF.items():
        for column, members in columns.items():
            of_songs = table in ("songs", "artists") or (table == "songplays" and column in OF_SONGS)
            source = f"sparkify/{'song' if of_songs else 'log'}_data"
            assert origins((f"dev.sparkify.{table}", column)) == {(source, member) for member in members}, column
        assert columns.keys() == {column for name, column in made_of if name == f"dev.sparkify.{table}"}


def test_counts_are_those_of_the_warehouse_and_the_bucket(ran):
    pipeline, run, lineage = ran
    published = names(lineage["publish"]["outputs"], pipeline.name)
    for table, rows in pipeline.published().items():
        counted = published[f"dev.sparkify.{table}"]["outputFacets"]["outputStatistics"]
        assert counted["rowCount"] == sum(rows.values()) > 0, table
    for task, feed in (("stage_events", "log_data"), ("stage_songs", "song_data")):
        counts = run.xcoms[task]
        read = names(lineage[task]["inputs"], pipeline.name)[f"sparkify/{feed}"]
        assert read["namespace"] == f"s3://{SOURCE_BUCKET}"
        statistics = read["inputFacets"]["inputStatistics"]
        assert [statistics[name] for name in ("fileCount", "size", "rowCount")] == [
            counts[name] for name in ("objects", "bytes", "lines")
        ]
        listed = read["inputFacets"]["subset"]["inputCondition"]["locations"]
        assert len(listed) == min(counts["objects"], 100)
        keys = {f"s3://{SOURCE_BUCKET}/{key}" for key in pipeline.source()}
        assert set(listed) <= keys
        (output,) = lineage[task]["outputs"]
        assert output["outputFacets"]["outputStatistics"]["rowCount"] == counts["rows"]
    for task in ("load_songplays", "load_users", "load_songs", "load_artists", "load_time"):
        (output,) = lineage[task]["outputs"]
        assert output["outputFacets"]["outputStatistics"]["rowCount"] == run.xcoms[task]["rows"]


def test_every_facet_is_of_the_specification(ran):
    _, _, lineage = ran
    facets = {f"{task} {name}": read for task, of in lineage.items() for name, read in facets_of(of).items()}
    kinds = {name.rsplit(" ", 1)[1] for name in facets}
    assert kinds == {
        "schema", "version", "columnLineage", "outputStatistics", "inputStatistics", "subset", "dataQualityAssertions"
    }  # fmt: skip
    assert len(facets) == sum(
        len(dataset["facets"]) + len(dataset[f"{which[:-1]}Facets"])
        for of in lineage.values()
        for which in ("inputs", "outputs")
        for dataset in of[which]
    )


def test_schemas_are_those_of_the_warehouse(ran):
    pipeline, _, lineage = ran
    for name, dataset in names(lineage["publish"]["outputs"], pipeline.name).items():
        shown = [(field["name"], field["type"].split("(")[0]) for field in dataset["facets"]["schema"]["fields"]]
        kinds = {"character varying": "varchar", "character": "char", "timestamp without time zone": "timestamp"}
        real = pipeline.sql(
            "select column_name, data_type from information_schema.columns where table_schema = '{star}' "
            f"and table_name = '{name.rsplit('.', 1)[1]}' order by ordinal_position"
        )
        assert shown == [(column, kinds.get(kind, kind)) for column, kind in real]


def test_every_check_is_an_assertion_about_its_table(ran):
    _, run, lineage = ran
    asserted = [
        one
        for dataset in lineage["check_quality"]["inputs"]
        for one in dataset["inputFacets"]["dataQualityAssertions"]["assertions"]
    ]
    assert all(one["success"] for one in asserted) == (run.xcoms["check_quality"]["warned"] == 0)
    assert len(asserted) == run.xcoms["check_quality"]["passed"] + run.xcoms["check_quality"]["warned"]
    (level,) = (one for one in asserted if one["name"] == "songplays: level is one of free, paid")
    assert (level["column"], level["severity"], level["expected"]) == (
        "level", "error", "at most 0 of the rows break it",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("host", "named"),
    [
        ("prod.c1x2.eu-west-1.redshift.amazonaws.com", "redshift://prod.eu-west-1:5439"),
        ("etl.123456789012.eu-west-1.redshift-serverless.amazonaws.com", "redshift://etl.eu-west-1:5439"),
    ],
)
def test_the_warehouse_has_the_name_that_openlineage_gives_it(host, named):
    to = Connection(conn_id="w", conn_type="redshift", host=host, port=5439, schema="dev")
    warehouse = Warehouse.of(RedshiftSQLHook("w"), to, None)
    assert (warehouse.namespace, warehouse.name("sparkify_run_0123456789ab.songs")) == (named, "dev.sparkify_run.songs")


def test_another_run_names_the_same_datasets(ran):
    pipeline, _, lineage = ran
    run = pipeline.run(run_id="another")
    for task in pipeline.dag.topological_sort():
        again = told(run, executed(run, task.task_id))
        for which in ("inputs", "outputs"):
            assert [dataset["name"] for dataset in again[which]] == [
                dataset["name"] for dataset in lineage[task.task_id][which]
            ]


def test_checks_that_fail_are_told_as_assertions_that_do_not_hold(pipeline, folder):
    pipeline.upload(folder)
    run = pipeline.run()
    *before, check = ("prepare", "stage_events", "stage_songs", "load_songplays", "load_users", "load_songs",
                      "load_artists", "load_time", "check_quality")  # fmt: skip
    for task_id in before:
        executed(run, task_id)
    schema = run.xcoms["prepare"]["run_schema"]
    pipeline.execute(f"update {schema}.songplays set level = 'gold'")
    task = run.rendered(check)
    with pytest.raises(AirflowFailException, match="level"):
        run.execute(task)
    failed = [
        one
        for dataset in told(run, task, TaskInstanceState.FAILED)["inputs"]
        for one in dataset["inputFacets"]["dataQualityAssertions"]["assertions"]
        if not one["success"]
    ]
    assert {one["column"] for one in failed} == {"level"}
    assert all(one["actual"].split(" of ")[0] != "0" for one in failed)


@pytest.mark.parametrize("mapping", [json.dumps({"jsonpaths": ["$['artist']"] * 18}), "{}", "no JSON", "[1]"])
def test_a_task_that_fails_tells_what_it_would_have_read_and_counts_nothing(pipeline, mapping):
    pipeline.put("log_data/2018/12/2018-12-01-events.json", unloadable(1543622400001))
    pipeline.put("log_json_path.json", mapping.encode())
    run = pipeline.run()
    executed(run, "prepare")
    task = run.rendered("stage_events")
    with pytest.raises(AirflowException):
        run.execute(task)
    failed = told(run, task, TaskInstanceState.FAILED)
    assert len(failed["inputs"]) == 2
    assert "inputStatistics" not in failed["inputs"][0]["inputFacets"]
    assert failed["outputs"][0]["outputFacets"] == {}


def test_without_the_provider_everything_works(pipeline, folder, monkeypatch):
    for module in [name for name in sys.modules if name.startswith(("openlineage", "sparkify.lineage"))]:
        monkeypatch.delitem(sys.modules, module)
    for missing in NEEDED:
        monkeypatch.setitem(sys.modules, missing, None)  # an import of it fails, as that of what is not installed
    pipeline.upload(folder)
    assert pipeline.run().all()["publish"]


def test_without_the_provider_the_dag_is_parsed_and_what_tasks_need_imported():
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, (ROOT, ROOT / "plugins")))}
    done = subprocess.run([sys.executable, "-c", WITHOUT], env=environment, capture_output=True, text=True, timeout=200)
    assert done.returncode == 0, done.stderr
