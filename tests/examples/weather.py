"""The operators with somebody else's tables: readings of weather stations, one object a day.

Nothing in the operators knows Sparkify. A DAG gives them a connection, its own tables and its own SQL; this one has no
run schema and no stamps, and writes its tables directly.
"""

from datetime import datetime, timezone

from airflow.sdk import DAG, CronDataIntervalTimetable

from sparkify.checks import expect, in_range, not_null, together, unique
from sparkify.macros import MACROS
from sparkify.operators.data_quality import DataQualityOperator
from sparkify.operators.load_dimension import LoadDimensionOperator
from sparkify.operators.load_fact import LoadFactOperator
from sparkify.operators.publish import PublishOperator
from sparkify.operators.stage_to_redshift import StageToRedshiftOperator

INTERVAL = {name: f"{{{{ interval().bound.{name} }}}}" for name in ("start", "end", "start_ms", "end_ms")}

with DAG(
    dag_id="weather",
    schedule=CronDataIntervalTimetable("0 0 * * *", timezone="UTC"),
    start_date=datetime(2024, 1, 1, tzinfo=timezone.utc),
    catchup=False,
    user_defined_macros=MACROS,
    params={"start": None, "end": None},
    default_args={"conn_id": "sparkify_redshift", "parameters": INTERVAL},
) as dag:
    stage = StageToRedshiftOperator(
        task_id="stage",
        table="weather.staging_readings",
        source="{{ var.value.weather_source }}/readings/",
        key_format="%Y-%m-%d.json",
        interval=INTERVAL,
        missing="warn",
        manifest="{{ var.value.sparkify_work }}/weather/{{ run_id }}.manifest",
        iam_role="default",
        region="us-west-2",
        copy_options=["timeformat 'auto'", "truncatecolumns"],
        aws_conn_id="sparkify_aws",
    )
    load_stations = LoadDimensionOperator(
        task_id="load_stations",
        table="weather.stations",
        sql="select station, max(town) from weather.staging_readings group by station",
        mode="merge",
        key=["station"],
    )
    load_readings = LoadFactOperator(
        task_id="load_readings",
        table="weather.readings",
        sql="select distinct station, taken_at, celsius from weather.staging_readings "
        "where taken_at >= %(start)s and taken_at < %(end)s",
        replace_where="taken_at >= %(start)s and taken_at < %(end)s",
    )
    check = DataQualityOperator(
        task_id="check",
        checks=together(
            [
                *expect(
                    "weather.readings",
                    not_null("station"),
                    not_null("taken_at"),
                    unique("station", "taken_at"),
                    zero_rows="fail",
                ),
                *expect("weather.readings", in_range("celsius", -90, 60), zero_rows="fail", severity="warn"),
            ]
        ),
    )
    publish = PublishOperator(
        task_id="publish",
        mutex_table="weather.publish_mutex",
        sql=[
            "delete from weather.daily_means where day >= %(start)s and day < %(end)s;"
            "insert into weather.daily_means select trunc(taken_at), station, avg(celsius) from weather.readings "
            "where taken_at >= %(start)s and taken_at < %(end)s group by 1, 2;"
        ],
        proofs=together(expect("weather.daily_means", unique("day", "station"), zero_rows="pass")),
    )
    stage >> [load_stations, load_readings] >> check >> publish
