"""Every night: what the pipeline keeps about itself is shortened, and Redshift's tables are put in order.

| what | kept for |
|---|---|
| records in quarantine | 90 days after they were resolved, 400 days otherwise |
| results of checks | 180 days |
| counts of runs | 5 years |
| loaded hours with their fingerprints, loaded objects of events | 5 years |
| loaded objects of songs | as long as they are in the source |

The star schema itself is never shortened. **It failed?** Nothing depends on it: correct what its log says and clear it.
"""

from datetime import datetime, timedelta, timezone
from pathlib import Path

from airflow.sdk import DAG, CronDataIntervalTimetable

from sparkify.macros import MACROS
from sparkify.operators.publish import PublishOperator
from sparkify.operators.tune_tables import TuneTablesOperator
from sparkify.star import STAR

KEPT_DAYS = {
    "resolved_days": "90",
    "quarantine_days": "400",
    "results_days": "180",
    "runs_days": "1827",
    "books_days": "1827",
}

with DAG(
    dag_id="sparkify_maintenance",
    description="Shortens the books of the pipeline, and vacuums and analyses the tables, every night",
    doc_md=__doc__,
    schedule=CronDataIntervalTimetable("30 3 * * *", timezone="UTC"),
    start_date=datetime(2018, 11, 1, tzinfo=timezone.utc),
    catchup=False,
    max_active_runs=1,
    tags=["sparkify", "redshift", "maintenance"],
    template_searchpath=str(Path(__file__).parents[1] / "include" / "sql"),
    user_defined_macros=MACROS,
    default_args={
        "owner": "data-platform",
        "conn_id": "sparkify_redshift",
        "pool": "redshift",
        "retries": 2,
        "retry_delay": timedelta(minutes=10),
        "execution_timeout": timedelta(hours=2),
        "statement_timeout": timedelta(hours=1),
    },
) as dag:
    # Under the mutex of publications, which write the same books.
    expire = PublishOperator(
        task_id="expire",
        sql=["maintain/expire.sql"],
        mutex_table=f"{STAR}.publish_mutex",
        parameters=KEPT_DAYS,
    )
    tune = TuneTablesOperator(task_id="tune", schema=STAR)
    expire >> tune
