"""Copy objects from S3 into a staging table."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from airflow.sdk.exceptions import AirflowFailException
from tenacity import before_sleep_log, retry, retry_if_exception_type, stop_after_attempt

from sparkify import copying, drift, inspection, ledger, metrics, quarantine
from sparkify.copying import Copy
from sparkify.drift import Policy
from sparkify.errors import explained, retry_conflicts
from sparkify.feasible import require_feasible
from sparkify.feed import Feed
from sparkify.inspection import Inspections
from sparkify.objects import ObjectReplacedError, S3Object, Store
from sparkify.operators.warehouse import WarehouseOperator
from sparkify.quarantine import Quarantine, TooManyRejectedError
from sparkify.rejection import Rejected, listed, shown
from sparkify.selection import Missing, Selection
from sparkify.staging import Outcome, Staging
from sparkify.warehouse import Session, unqualified

if TYPE_CHECKING:
    from airflow.sdk import Context

    from sparkify.lineage.datasets import Warehouse
    from sparkify.lineage.loads import Lineage

log = logging.getLogger(__name__)

MEASURED = {
    metrics.OBJECTS: "objects",
    metrics.BYTES: "bytes",
    metrics.LINES: "lines",
    metrics.ROWS: "rows",
    metrics.REJECTED: "rejected",
}
ATTEMPTS = 3  # to copy objects that are replaced meanwhile, before Airflow's own retry waits for a quieter moment


class StageToRedshiftOperator(WarehouseOperator):
    """Replaces a staging table's rows by those of a set of objects, through COPY with a manifest, in one transaction.

    Which objects: with ``key_format`` the daily ones that the interval needs, without it all that match ``pattern``;
    with ``loaded_objects`` only those of them that are new or changed since they were loaded.

    Args:
        table: the staging table, qualified. Templated.
        source: ``s3://bucket/prefix`` below which the objects are. Templated.
        manifest: ``s3://bucket/key`` to write the manifest to. Templated.
        iam_role: ARN of the role that the warehouse assumes to read S3, or ``default``; the only way in which COPY is
            authorised. Templated.
        key_format: keys below ``source`` by day, with ``strftime`` codes of the date, e.g.
            ``%Y/%m/%Y-%m-%d-events.json``; none of the time of day, e.g. ``%H``.
        pattern: shell pattern of the file names to load when there is no ``key_format``.
        interval: the interval whose days ``key_format`` is applied to, as ``{"start_ms": …, "end_ms": …}`` in
            milliseconds from 1970-01-01T00:00:00Z. Templated.
        jsonpaths: ``auto``, or the ``s3://…`` of a jsonpaths file. Templated.
        file_format: COPY's format (AWS: copy-parameters-data-format).
        region: the buckets' region, empty for the warehouse's own. Templated.
        copy_options: further parameters of COPY, e.g. ``TRUNCATECOLUMNS``.
        missing: what an expected object that is not there means: ``fail``, ``warn`` or ``skip`` (say nothing). That
            there is no object at all below ``source`` is an error in any case.
        loaded_objects: table of what was loaded before (columns ``bucket``, ``object_key``, ``etag``,
            ``staged_table``); None to load whatever is there. Templated.
        staged_objects: table in which to note what was staged, and what was expected and not there; None not to.
            Templated.
        inspected_objects: table of what was seen in objects before (columns ``bucket``, ``object_key``, ``etag``,
            ``inspection``), so that the same version need not be looked at again; None to look at all. Templated.
        feed: what the records promise; every object, uncompressed JSON, is then looked into before it is copied, and
            the counts of records are held against the warehouse's. None not to.
        quarantine: where the records go that cannot be loaded or break a rule of the feed, and how many are tolerated;
            None to fail at the first that cannot be loaded.
        on_drift: what it means if the keys of an object's records are not those of the feed: ``evolve`` (load, and say
            what to add), ``warn`` (load, and say so) or ``freeze`` (fail). Templated.
        replay: addresses (``s3://…``), as a JSON list, of objects that are copied again although they were loaded in
            that version. Templated.
        aws_conn_id: the connection that lists the objects and writes the manifest.
        kwargs: see ``WarehouseOperator``.

    Raises:
        ValueError: arguments that cannot work, alone or together; see :func:`sparkify.feasible.require_feasible`.
    """

    template_fields: Sequence[str] = (
        "table",
        "source",
        "manifest",
        "iam_role",
        "interval",
        "jsonpaths",
        "region",
        "loaded_objects",
        "staged_objects",
        "inspected_objects",
        "quarantine",
        "on_drift",
        "replay",
        *WarehouseOperator.template_fields,
    )

    def __init__(
        self,
        *,
        table: str,
        source: str,
        manifest: str,
        iam_role: str,
        key_format: str | None = None,
        pattern: str = "*",
        interval: dict[str, str] | None = None,
        jsonpaths: str = "auto",
        file_format: str = "json",
        region: str = "",
        copy_options: Sequence[str] = (),
        missing: Missing = "fail",
        loaded_objects: str | None = None,
        staged_objects: str | None = None,
        inspected_objects: str | None = None,
        feed: Feed | None = None,
        quarantine: Quarantine | None = None,
        on_drift: Policy | str = "evolve",
        replay: str = "[]",
        aws_conn_id: str = "aws_default",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        # Here, and not when it executes: Airflow shows what is raised while a DAG is parsed as its import error, to
        # the person who has just written it, and no run begins that could end green with nothing loaded.
        require_feasible(
            key_format=key_format,
            file_format=file_format,
            copy_options=copy_options,
            region=region,
            reads_records=feed is not None or quarantine is not None,
            skips_records=quarantine is not None,
        )
        self.table = table
        self.source = source
        self.manifest = manifest
        self.iam_role = iam_role
        self.key_format = key_format
        self.pattern = pattern
        self.interval = interval
        self.jsonpaths = jsonpaths
        self.file_format = file_format
        self.region = region
        self.copy_options = copy_options
        self.missing = missing
        self.loaded_objects = loaded_objects
        self.staged_objects = staged_objects
        self.inspected_objects = inspected_objects
        self.feed = feed
        self.quarantine = quarantine
        self.on_drift = on_drift
        self.replay = replay
        self.aws_conn_id = aws_conn_id
        self._mapping = b""
        self._outcome: Outcome | None = None

    def pre_execute(self, context: Any) -> None:
        """See ``WarehouseOperator``.

        Raises:
            AirflowFailException: objects are to be replayed by a run that leaves them out.
        """
        again = json.loads(self.replay)
        if again and not self.is_wanted(unqualified(self.table)):
            raise AirflowFailException(
                f"This run is limited to {self.only}, which has nothing to do with the {len(again):,} objects to "
                "replay. Trigger it without such a limit, or without replay."
            )
        super().pre_execute(context)

    def execute(self, context: Context) -> dict[str, Any]:
        """Stage the objects.

        Returns:
            ``objects``, ``bytes``, ``lines``, ``rows``, ``rejected`` records and how many of them are new in
            ``quarantined``; ``drift``: how the keys of objects differ from the feed's; ``warnings``: of what a person
            should know ``name``, ``severity``, ``message``, ``examined``, ``failed`` and ``sample``; and ``seconds``.

        Raises:
            AirflowFailException: more records than are tolerated cannot be loaded (the message names file, line, column
                and value, and they are in quarantine), or bucket, role, jsonpaths file or object (also
                one to replay) is missing.
            AirflowException: something that a retry may cure.
        """
        began = time.monotonic()
        store = Store.of(self.aws_conn_id)
        persistent = retry(
            retry=retry_if_exception_type(ObjectReplacedError),
            stop=stop_after_attempt(ATTEMPTS),
            before_sleep=before_sleep_log(log, logging.INFO),
            reraise=True,
        )
        action = f"Staging {self.source} as {self.file_format} {self.jsonpaths} into {self.table}"
        with explained(str(self.conn_id), action), self.session() as session:
            counts = persistent(self._stage)(session, store, str(context["run_id"]))
        seconds = time.monotonic() - began
        self._measure(counts, seconds)
        counts["seconds"] = round(seconds, 2)
        self.log.info(
            "%s: %s", self.table, ", ".join(f"{name} {count}" for name, count in counts.items() if count != [])
        )
        return counts

    def _stage(self, session: Session, store: Store, run_id: str) -> dict[str, Any]:
        selection = Selection(store, self.source, self.key_format, self.pattern, self.interval, self.missing)
        objects = self._new(session, selection.expected())
        self._mapping = self._read_jsonpaths(store)
        seen = self._inspected(session, store, objects)
        drifted = drift.judged(self.on_drift, {found.url: one.drift for found, one in seen.items()}, self.table)
        try:
            with session.transaction():
                outcome = self._replace(session, selection, objects, seen, run_id)
                selection.require_unchanged(objects)
        except TooManyRejectedError as error:
            metrics.REJECTED.add(len(error.rejected), self.tags)
            self._keep(session, error.rejected, run_id)
            raise
        self._outcome = outcome
        new = self._keep(session, outcome.rejected, run_id)
        warnings = quarantine.warnings(outcome.rejected, len(new), outcome.records, self._personal)
        return {
            **outcome.counts,
            "quarantined": len(new),
            "drift": drifted,
            "warnings": [*warnings, *drift.warnings(drifted, len(objects))],
        }

    def lineage(self, warehouse: Warehouse) -> Lineage:
        """See ``WarehouseOperator``."""
        from sparkify.lineage.loads import by_copy

        copied = [one.found for one in self._outcome.objects if one.found.has_records] if self._outcome else []
        counts = self._outcome.counts if self._outcome else {}
        mapping = self._mapping
        return by_copy(warehouse, self.table, self.source, copied, counts, self.feed, self.jsonpaths, mapping)

    def _measure(self, counts: dict[str, Any], seconds: float) -> None:
        for metric, name in MEASURED.items():
            metric.add(counts[name], self.tags)
        metrics.STAGE.record(seconds, self.tags)

    def _new(self, session: Session, expected: list[S3Object]) -> list[S3Object]:
        if self.loaded_objects is None:
            return expected
        again = json.loads(self.replay)
        return ledger.differing(session, self.loaded_objects, self.table, self.source, expected, again)

    def _read_jsonpaths(self, store: Store) -> bytes:
        if not self.jsonpaths.startswith("s3://"):
            return b""
        return store.read(self.jsonpaths, f"the jsonpaths file that maps records to the columns of {self.table}")

    def _inspected(self, session: Session, store: Store, objects: list[S3Object]) -> Inspections:
        if self.feed is None:
            return {}
        to_copy = [one for one in objects if one.has_records]
        known = ledger.inspections(session, self.inspected_objects, to_copy) if self.inspected_objects else {}
        return {**known, **inspection.inspect(store, [one for one in to_copy if one not in known], self.feed)}

    def _replace(
        self, session: Session, selection: Selection, objects: list[S3Object], seen: Inspections, run_id: str
    ) -> Outcome:
        session.run(f"delete from {self.table}")
        if self.quarantine:
            session.run(f"delete from {self.quarantine.broken}")

        def copy(table: str, group: Sequence[S3Object]) -> None:
            self._copy(session, selection, table, group)

        staging = Staging(session, self.table, copy, selection.require_unchanged, self.feed, self.quarantine)
        batches = staging.fill([one for one in objects if one.has_records], seen)
        empty, keys = [one for one in objects if not one.has_records], self.feed.keys if self.feed else ()
        outcome = Outcome.of(selection.store, batches, seen, empty, keys)
        self._require_tolerable(outcome)
        if self.staged_objects is not None:
            ledger.note(session, self.staged_objects, self.table, outcome.objects, run_id)
        self.stamp(session, self.table, {})
        return outcome

    def _require_tolerable(self, outcome: Outcome) -> None:
        rejected = outcome.rejected
        if self.quarantine and not self.quarantine.tolerates(rejected, outcome.records):
            of = f"{outcome.records:,}"
            raise TooManyRejectedError(self.table, rejected, of, self.quarantine, self._personal, outcome.differences)
        if rejected:
            self.log.warning("Some records are not loaded:\n%s", listed(rejected, self._personal))

    def _keep(self, session: Session, rejected: Sequence[Rejected], run_id: str) -> Sequence[Rejected]:
        if self.quarantine is None:
            return []
        return retry_conflicts(quarantine.keep)(session, self.quarantine, self.table, rejected, run_id)

    def _copy(self, session: Session, selection: Selection, table: str, objects: Sequence[S3Object]) -> None:
        selection.store.write_manifest(self.manifest, objects)
        copy = Copy(
            table=table,
            manifest_url=self.manifest,
            iam_role=self.iam_role,
            format=self.file_format,
            jsonpaths=self.jsonpaths,
            region=self.region,
            columns=self._columns,
            options=[*([copying.SKIP_BAD_RECORDS] if self.quarantine else []), *self.copy_options],
        )
        self.log.info("Running:\n%s", copy.statement)
        began = time.monotonic()
        try:
            session.run(copy.statement)
        except Exception as error:
            with suppress(Exception):  # a lost connection cannot be rolled back: what was raised first is what counts
                session.connection.rollback()
            selection.require_unchanged(objects)
            if not copying.has_bad_records(error) or not (errors := copying.errors(session)):
                raise
            rejected = shown(selection.store, objects, errors)
            raise TooManyRejectedError(self.table, rejected, "the", self.quarantine, self._personal) from error
        metrics.COPY.record(time.monotonic() - began, self.tags)

    @property
    def _columns(self) -> Sequence[str]:
        """What COPY may fill: without a list a record whose key is ``object_key`` would name its object itself."""
        by_key = self.feed and self.feed.identified_by and self.jsonpaths == "auto"
        return list(self.feed.keys) if self.feed and by_key else []

    @property
    def _personal(self) -> Sequence[str]:
        return self.feed.personal if self.feed else ()
