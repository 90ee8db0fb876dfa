"""Every hour, Sparkify's event logs and song metadata go from S3 into the star schema on Redshift.

A run covers the half-open interval `[start, end)`, in UTC: its hour when it is scheduled or backfilled, or the range of
whole hours that its params `start` and `end` give. It works in a schema of its own and publishes in one transaction, so
readers see each hour as a whole or not at all, and loading an hour again gives the same rows.

| task | what it does |
|---|---|
| prepare | creates what is missing: schema, star tables, bookkeeping, the run's own schema |
| stage_events | COPY of the log objects of the interval's days |
| stage_songs | COPY of the song objects that are new or have changed |
| load_* | fan out into the run's own songplays, users, songs, artists and time |
| check_quality | checks what is about to be published; an error stops the run here |
| publish | one transaction under a mutex: dimensions, fact, links, bookkeeping |
| reprocess_stale | scheduled runs: hours of the last days whose source has changed go to one range run |
| cleanup | drops the run's schema; fails, and keeps it for a retry, if nothing was published |

**A run failed?** Read the failed task's log: it says what is wrong and what to do. Correct the cause, then clear the
failed task with everything downstream of it.

| to load | start |
|---|---|
| each hour as it ends | nothing: the schedule does |
| a range as one run | *Trigger* or *Materialize* with the params `start` and `end`; leave *Logical date* empty |
| each hour of a range as a run of its own | `airflow backfill create`, without params |

A run that is started in another way, with a logical date but no params, is refused: Airflow would have it load the hour
before that date, or the last one of now. `only` redoes a part: `facts` (the plays), `dimensions`, or `checks` (of what
is published; nothing is changed).
"""

from datetime import datetime, timedelta, timezone
from pathlib import Path

from airflow.sdk import (  # type: ignore[attr-defined]  # its stub leaves out what deadlines need
    DAG,
    Asset,
    AsyncCallback,
    CronDataIntervalTimetable,
    DeadlineAlert,
    DeadlineReference,
    Param,
)

from sparkify.alerts import (
    LATE_AFTER,
    notify_failure,
    notify_late,
    notify_recovery,
    notify_run_failure,
    notify_warnings,
)
from sparkify.checks import together
from sparkify.contracts import EVENTS, SONGS
from sparkify.declared import Declared
from sparkify.macros import MACROS, bound, parameters
from sparkify.operators.clean_up import CleanUpOperator
from sparkify.operators.data_quality import DataQualityOperator
from sparkify.operators.load_dimension import LoadDimensionOperator
from sparkify.operators.load_fact import LoadFactOperator
from sparkify.operators.prepare_warehouse import PrepareWarehouseOperator
from sparkify.operators.publish import PublishOperator
from sparkify.operators.reprocess_stale import ReprocessStaleOperator
from sparkify.operators.stage_to_redshift import StageToRedshiftOperator
from sparkify.parts import CHECKS, DIMENSIONS, EVERYTHING, FACTS
from sparkify.quarantine import Quarantine
from sparkify.staleness import StaleSql
from sparkify.star import (
    BEFORE_COMMIT,
    BEFORE_PUBLICATION,
    IN_INTERVAL,
    LOG_KEY_FORMAT,
    OF_PUBLISHED,
    PARTS_OF,
    PERSONAL,
    PUBLICATION,
    PUBLISHED,
    RUN,
    STAR,
)

SQL = Path(__file__).parents[1] / "include" / "sql"
SOURCE, WORK = "{{ address('sparkify_source') }}", "{{ address('sparkify_work') }}"
# A run goes on with as many records in quarantine, if they are no greater share of all.
REJECTED_RECORDS = "{{ var.value.get('sparkify_rejected_records', 100) }}"
REJECTED_SHARE = "{{ var.value.get('sparkify_rejected_share', 0.1) }}"
CHANGES = sorted(f"create/{path.name}" for path in (SQL / "create").glob("[0-9]*.sql"))
DECLARED = Declared(SQL, [*CHANGES, "create/run_schema.sql"])
IAM_ROLE = "{{ var.value.sparkify_iam_role }}"
# Where the search for stale hours finds events: those of this run's own days, and those that it copies.
STAGED_OR_RECENT = (
    "{% set events = '(select * from ' ~ run() ~ '.staging_events union all select * from #recent_events) as events' %}"
)

with DAG(
    dag_id="sparkify",
    description="S3 event logs and song metadata into the star schema on Redshift, every hour",
    doc_md=__doc__,
    # A bare cron string would give every run an interval of no length in Airflow 3.
    schedule=CronDataIntervalTimetable("0 * * * *", timezone="UTC"),
    start_date=datetime(2018, 11, 1, tzinfo=timezone.utc),
    catchup=False,
    max_active_runs=4,
    tags=["sparkify", "redshift", "hourly"],
    template_searchpath=str(SQL),
    user_defined_macros=MACROS,
    on_failure_callback=notify_run_failure,
    # From the start of the hour. Not a VariableInterval: without its Variable Airflow would create no run at all.
    deadline=DeadlineAlert(
        reference=DeadlineReference.DAGRUN_LOGICAL_DATE,
        interval=timedelta(hours=1) + LATE_AFTER,
        callback=AsyncCallback(notify_late),
    ),
    params={
        "start": Param(
            None,
            type=["null", "string"],
            format="date-time",
            title="Start (included)",
            description="First hour of the range to load: a whole hour in UTC, e.g. 2018-11-01T00:00:00Z. Always give "
            "start and end; the logical date says nothing, leave it empty.",
        ),
        "end": Param(
            None,
            type=["null", "string"],
            format="date-time",
            title="End (not included)",
            description="The hour at which the range ends, e.g. 2018-11-02T00:00:00Z for all of 2018-11-01. A whole "
            "hour in UTC, not after the last full one: at 12:34 that is 12:00.",
        ),
        "only": Param(
            EVERYTHING,
            type="string",
            enum=[EVERYTHING, FACTS, DIMENSIONS, CHECKS],
            title="Only",
            description="What to redo: everything, or a part. Hours count as loaded only by runs of everything.",
        ),
        "replay": Param(
            [],
            type="array",
            items={"type": "string"},
            title="Replay",
            description="Addresses (s3://...) of song objects to load again although they have not changed.",
        ),
    },
    default_args={
        "owner": "data-platform",
        "conn_id": "sparkify_redshift",
        "pool": "redshift",
        "aws_conn_id": "sparkify_aws",
        "region": "{{ var.value.sparkify_region }}",
        "copy_options": ["compupdate off", "statupdate off"],
        "statement_timeout": timedelta(minutes=10),
        "execution_timeout": timedelta(minutes=30),
        "retries": 3,
        "retry_delay": timedelta(seconds=30),
        "retry_exponential_backoff": 2.0,  # the factor from one try to the next
        "max_retry_delay": timedelta(minutes=10),
        "on_failure_callback": notify_failure,
        "interval": bound,
        "parameters": parameters,
        "only": "{{ params.only }}",
        "parts_of": PARTS_OF,
        "declared": DECLARED,
        "stamps_table": f"{RUN}.table_stamps",
    },
) as dag:
    prepare = PrepareWarehouseOperator(
        task_id="prepare",
        schema=STAR,
        run_schema=RUN,
        bootstrap="create/schema.sql",
        changes=CHANGES,
        run_sql="create/run_schema.sql",
        reader_role="{{ reader_role() }}",
    )
    stage_events = StageToRedshiftOperator(
        task_id="stage_events",
        table=f"{RUN}.staging_events",
        source=f"{SOURCE}/log_data/",
        key_format=LOG_KEY_FORMAT,
        missing="skip",  # a day on which nobody used the app has no object, and its hours are empty
        jsonpaths=f"{SOURCE}/log_json_path.json",
        manifest=f"{WORK}/{RUN}/events.manifest",
        iam_role=IAM_ROLE,
        staged_objects=f"{RUN}.staging_events_objects",
        inspected_objects=f"{STAR}.loaded_objects",
        feed=EVENTS,
        quarantine=Quarantine(
            f"{STAR}.quarantine", f"{RUN}.rejected_records", f"{RUN}.broken_events", REJECTED_RECORDS, REJECTED_SHARE
        ),
        on_drift="{{ var.value.get('sparkify_events_drift', 'evolve') }}",
        on_success_callback=notify_warnings,
    )
    stage_songs = StageToRedshiftOperator(
        task_id="stage_songs",
        table=f"{RUN}.staging_songs",
        source=f"{SOURCE}/song_data/",
        pattern="*.json",
        manifest=f"{WORK}/{RUN}/songs.manifest",
        iam_role=IAM_ROLE,
        loaded_objects=f"{STAR}.loaded_objects",
        staged_objects=f"{RUN}.staging_songs_objects",
        feed=SONGS,
        # An object holds one song, so that one bad object among few new ones is no sign of more.
        quarantine=Quarantine(
            f"{STAR}.quarantine",
            f"{RUN}.rejected_records",
            f"{RUN}.broken_songs",
            REJECTED_RECORDS,
            share="1",
            per_object=True,
        ),
        on_drift="{{ var.value.get('sparkify_songs_drift', 'evolve') }}",
        replay="{{ params.replay | tojson }}",
        on_success_callback=notify_warnings,
    )
    load_songplays = LoadFactOperator(
        task_id="load_songplays",
        table=f"{RUN}.songplays",
        sql="load/songplays.sql",
        replace_where=IN_INTERVAL,
        inputs=["staging_events"],
    )
    load_users, load_songs, load_artists, load_time = (
        LoadDimensionOperator(
            task_id=f"load_{name}",
            table=f'{RUN}."{name}"',
            sql=f"load/{name}.sql",
            mode="overwrite",
            inputs=[staging],
        )
        for name, staging in (
            ("users", "staging_events"),
            ("songs", "staging_songs"),
            ("artists", "staging_songs"),
            ("time", "staging_events"),
        )
    )
    check_quality = DataQualityOperator(
        task_id="check_quality",
        checks=together([*BEFORE_PUBLICATION, *OF_PUBLISHED], DECLARED.tables, PERSONAL),
        results_table=f"{STAR}.quality_results",
        inputs=PUBLISHED,
        trigger_rule="none_failed",  # a limited run skips some of the loads
        on_success_callback=notify_warnings,
    )
    publish = PublishOperator(
        task_id="publish",
        sql=PUBLICATION,
        mutex_table=f"{STAR}.publish_mutex",
        proofs=together(BEFORE_COMMIT, DECLARED.tables, PERSONAL),
        inputs=["staging_events", "staging_songs", *PUBLISHED, "check_quality"],
        outlets=[Asset(f"sparkify.{table}") for table in PUBLISHED],
    )
    reprocess_stale = ReprocessStaleOperator(
        task_id="reprocess_stale",
        stage=stage_events,
        days="{{ var.value.get('sparkify_stale_days', 3) }}",
        manifest=f"{WORK}/{RUN}/recent_events.manifest",
        search=StaleSql(
            "stale/create.sql", "stale/suspects.sql", f"{STAGED_OR_RECENT}{{% include 'stale/hours.sql' %}}"
        ),
        confirm="stale/confirm.sql",
        mutex_table=f"{STAR}.publish_mutex",
    )
    cleanup = CleanUpOperator(
        task_id="cleanup",
        run_schema=RUN,
        decisive="{{ 'check_quality' if params.only == 'checks' else 'publish' }}",
        schemas_table=f"{STAR}.run_schemas",
        on_success_callback=notify_recovery,
        on_failure_callback=[notify_failure, notify_recovery],  # it fails with the run, of which much may be well again
    )

    prepare >> [stage_events, stage_songs]
    stage_events >> [load_songplays, load_users, load_time]
    stage_songs >> [load_songs, load_artists]
    [load_songplays, load_users, load_songs, load_artists, load_time] >> check_quality >> publish
    publish >> reprocess_stale >> cleanup.as_teardown(setups=prepare, on_failure_fail_dagrun=True)
