"""Copy objects from S3 into a staging table."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Literal

from airflow.sdk.exceptions import AirflowFailException
from tenacity import before_sleep_log, retry, retry_if_exception_type, stop_after_attempt

from sparkify import copying, ledger, provenance
from sparkify.copying import Copy
from sparkify.errors import RETRY, explained
from sparkify.interval import Interval
from sparkify.objects import ObjectReplacedError, S3Object, Store
from sparkify.operators.warehouse import WarehouseOperator
from sparkify.warehouse import Session

if TYPE_CHECKING:
    from airflow.sdk import Context

log = logging.getLogger(__name__)

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
        key_format: keys below ``source`` by day, with ``strftime`` codes, e.g. ``%Y/%m/%Y-%m-%d-events.json``.
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
        record_key: the JSON key that identifies a record, also a column of the table; with it the table's column
            ``object_key`` is filled with the key of the object that a row is from. The objects, uncompressed JSON that
            is mapped by ``auto``, are read once more for that. None not to.
        aws_conn_id: the connection that lists the objects and writes the manifest.
        kwargs: see ``WarehouseOperator``.
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
        missing: Literal["fail", "warn", "skip"] = "fail",
        loaded_objects: str | None = None,
        staged_objects: str | None = None,
        record_key: str | None = None,
        aws_conn_id: str = "aws_default",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
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
        self.record_key = record_key
        self.aws_conn_id = aws_conn_id

    def execute(self, context: Context) -> dict[str, Any]:
        """Stage the objects.

        Returns:
            ``objects``, ``bytes``, ``lines``, ``rows`` and ``seconds``.

        Raises:
            AirflowFailException: a record cannot be loaded (the message names file, line, column and value), or
                bucket, role, jsonpaths file or an object is missing.
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
        counts["seconds"] = round(time.monotonic() - began, 2)
        self.log.info("%s: %s", self.table, ", ".join(f"{name} {count:,}" for name, count in counts.items()))
        return counts

    def _stage(self, session: Session, store: Store, run_id: str) -> dict[str, Any]:
        expected = self._expected(store)
        objects = expected
        if self.loaded_objects is not None:
            objects = ledger.differing(session, self.loaded_objects, self.table, self.source, expected)
        self._require_jsonpaths(store)
        with session.transaction():
            counts = self._replace(session, store, objects, run_id)
            self._require_unchanged(store, objects)
        return counts

    def _expected(self, store: Store) -> list[S3Object]:
        found = self._found(store)
        if not any(one.has_records for one in found) and store.is_empty(self.source):
            raise AirflowFailException(
                f"There is no object below {self.source}: is the prefix right, and may connection "
                f"{self.aws_conn_id!r} list it? Nothing was loaded."
            )
        self._report_missing([one.url for one in found if not one.has_records])
        return found

    def _found(self, store: Store) -> list[S3Object]:
        if self.key_format is None:
            return store.under(self.source, self.pattern)
        return store.daily(self.source, self.key_format, Interval.from_bound(self.interval).days())

    def _report_missing(self, urls: list[str]) -> None:
        if not urls or self.missing == "skip":
            return
        text = f"{len(urls)} expected objects are missing or empty: {', '.join(urls[:10])}"
        if self.missing == "fail":
            raise AirflowFailException(f"{text}. Nothing was loaded.")
        self.log.warning(text)

    def _require_unchanged(self, store: Store, objects: list[S3Object]) -> None:
        """COPY reads whatever is there when it comes to it: only what is still there afterwards is what it read."""
        now = {one.key: one.etag for one in self._found(store)} if objects else {}
        replaced = [one.url for one in objects if now.get(one.key, "") != one.etag]
        if replaced:
            raise ObjectReplacedError(f"{', '.join(replaced[:10])} changed while it was being copied. {RETRY}")

    def _require_jsonpaths(self, store: Store) -> None:
        if self.jsonpaths.startswith("s3://"):
            store.require(self.jsonpaths, f"the jsonpaths file that maps records to the columns of {self.table}")

    def _replace(self, session: Session, store: Store, objects: list[S3Object], run_id: str) -> dict[str, Any]:
        to_copy = [one for one in objects if one.has_records]
        counts = {"objects": len(to_copy), "bytes": sum(one.size for one in to_copy), "lines": 0, "rows": 0}
        session.run(f"delete from {self.table}")
        files: copying.Files = {}
        keys = provenance.read(store, to_copy, self.record_key) if self.record_key else {}
        for group in provenance.groups(keys) if self.record_key else filter(None, [to_copy]):
            self._copy(session, store, group)
            files |= copying.files(session)
            counts["rows"] += copying.rows_loaded(session)
            if self.record_key:
                provenance.note(session, self.table, self.record_key, group, keys)
        counts["lines"] = sum(lines for lines, _ in files.values())
        if counts["rows"] and not files:
            self.log.warning("The warehouse does not tell yet how many lines it read (AWS: SYS_LOAD_DETAIL)")
        if self.staged_objects is not None:
            ledger.note(session, self.staged_objects, self.table, objects, files, run_id)
        self.stamp(session, self.table, {})
        return counts

    def _copy(self, session: Session, store: Store, objects: list[S3Object]) -> None:
        store.write_manifest(self.manifest, objects)
        copy = Copy(
            table=self.table,
            manifest_url=self.manifest,
            iam_role=self.iam_role,
            format=self.file_format,
            jsonpaths=self.jsonpaths,
            region=self.region,
            options=self.copy_options,
        )
        self.log.info("Running:\n%s", copy.statement)
        try:
            session.run(copy.statement)
        except Exception as error:
            with suppress(Exception):  # a lost connection cannot be rolled back: what was raised first is what counts
                session.connection.rollback()
            self._require_unchanged(store, objects)
            explanation = copying.failure(session, store, copy, error)
            if explanation is None:
                raise
            raise explanation from error
