"""Find hours whose source has changed since they were published, and have them loaded again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta, timezone
from typing import TYPE_CHECKING, Any

from airflow.sdk.exceptions import DagRunTriggerException

from sparkify import copying, metrics, staleness
from sparkify.copying import Copy
from sparkify.errors import explained
from sparkify.interval import Interval, timestamp
from sparkify.objects import S3Object, Store
from sparkify.operators.stage_to_redshift import StageToRedshiftOperator
from sparkify.operators.warehouse import WarehouseOperator
from sparkify.staleness import Stale, StaleSql
from sparkify.warehouse import Session

if TYPE_CHECKING:
    from airflow.sdk import Context


class ReprocessStaleOperator(WarehouseOperator):
    """In a scheduled run, hands the stale hours of the recent past to one range run of the same DAG.

    An hour is stale when its events are not those that it was published from; a new version of its object alone does
    not make it so. The days that this run has staged are looked at as they were staged, and of the others those are
    copied whose object has changed.

    Args:
        stage: the task that stages the interval's own objects, one a day; source, mapping, role and connection are its.
        days: how far to look back from the end of the run's interval, as a whole number; 0 turns it off. Templated.
        manifest: ``s3://bucket/key`` to write the manifest to. Templated.
        search: its statements. Templated.
        confirm: notes that the hours which only seemed to be stale are not. Templated.
        mutex_table: locked for that, see ``PublishOperator``. Templated.
        kwargs: see ``WarehouseOperator``.
    """

    template_fields: Sequence[str] = (
        "days",
        "interval",
        "source",
        "manifest",
        "iam_role",
        "jsonpaths",
        "region",
        "staged_objects",
        "search",
        "confirm",
        "mutex_table",
        *WarehouseOperator.template_fields,
    )

    def __init__(
        self,
        *,
        stage: StageToRedshiftOperator,
        days: str,
        manifest: str,
        search: StaleSql,
        confirm: str,
        mutex_table: str,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.days = days
        self.manifest = manifest
        self.search = search
        self.confirm = confirm
        self.mutex_table = mutex_table
        self.source = stage.source
        self.key_format = stage.key_format
        self.interval = stage.interval
        self.iam_role = stage.iam_role
        self.jsonpaths = stage.jsonpaths
        self.region = stage.region
        self.copy_options = stage.copy_options
        self.staged_objects = stage.staged_objects
        self.aws_conn_id = stage.aws_conn_id

    def execute(self, context: Context) -> dict[str, Any]:
        """Search, and trigger the run if there is something to load again.

        Returns:
            ``stale``: 0, since otherwise a run is triggered.

        Raises:
            DagRunTriggerException: Airflow's way to have a run started; one of that id is there already: skipped.
            AirflowException: something that a retry may cure.
        """
        if context["dag_run"].run_type != "scheduled" or int(self.days) <= 0:
            self.log.info("Only scheduled runs look back, and only if they are told to (%s days)", self.days)
            return {"stale": 0}
        with explained(str(self.conn_id), f"Looking for stale hours of {self.source}"), self.session() as session:
            stale = self._found(session)
        metrics.STALE.add(len(stale.hours), self.tags)
        if not stale.hours:
            return {"stale": 0}
        self.log.warning("%d hours are stale, they are loaded again: %s", len(stale.hours), stale.interval)
        raise self._trigger(stale)

    def _found(self, session: Session) -> Stale:
        store = Store.of(self.aws_conn_id)
        end = Interval.from_bound(self.interval).end
        since = end - timedelta(days=int(self.days))
        staged = self._staged(session)
        days = sorted(set(Interval(since, end).days()) - {found.day for found in staged})
        objects = store.daily(self.source, str(self.key_format), days)
        stale = staleness.find(session, store, self._copy(), objects, since, self.search, staged)
        with session.transaction():
            session.run(f"lock {self.mutex_table}")
            session.script(self.confirm, {"since": timestamp(since)})
        return stale

    def _staged(self, session: Session) -> list[S3Object]:
        rows = session.run(
            f"select bucket, object_key, etag, size_bytes, last_modified, day from {self.staged_objects}"
        )
        return [
            S3Object(bucket, key, etag, size, written.replace(tzinfo=timezone.utc), day.replace(tzinfo=timezone.utc))
            for bucket, key, etag, size, written, day in rows
        ]

    def _copy(self) -> Copy:
        return Copy(
            table=staleness.EVENTS,
            manifest_url=self.manifest,
            iam_role=self.iam_role,
            jsonpaths=self.jsonpaths,
            region=self.region,
            options=[copying.SKIP_BAD_RECORDS, *self.copy_options],  # stage_events has told of what cannot be loaded
        )

    def _trigger(self, stale: Stale) -> DagRunTriggerException:
        return DagRunTriggerException(
            trigger_dag_id=str(self.dag_id),
            dag_run_id=stale.run_id,
            conf={"start": stale.interval.start.isoformat(), "end": stale.interval.end.isoformat()},
            reset_dag_run=False,
            skip_when_already_exists=True,
            wait_for_completion=False,
            allowed_states=[],
            failed_states=[],
            poke_interval=0,
            deferrable=False,
        )
