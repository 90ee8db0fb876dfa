"""Which objects a stage reads."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from airflow.sdk.exceptions import AirflowFailException

from sparkify.errors import RETRY
from sparkify.interval import Interval
from sparkify.objects import ObjectReplacedError, S3Object, Store

log = logging.getLogger(__name__)

Missing = Literal["fail", "warn", "skip"]
NAMED = 10  # objects that a message names


@dataclass(frozen=True)
class Selection:
    """The objects below a prefix that match, or those of certain days.

    Attributes:
        store: where they are.
        source: ``s3://bucket/prefix``.
        key_format: keys below it by day, with ``strftime`` codes; None to take all that match.
        pattern: shell pattern of the file names, if there is no ``key_format``.
        interval: whose days are meant, see :meth:`Interval.from_bound`.
        missing: what an expected object that is not there means.
    """

    store: Store
    source: str
    key_format: str | None
    pattern: str
    interval: Mapping[str, str] | None
    missing: Missing

    def expected(self) -> list[S3Object]:
        """List the objects; of the days also those that are not there.

        Raises:
            AirflowFailException: there is none at all below the source, or one is missing that must not.
        """
        found = self._found()
        if not any(one.has_records for one in found) and self.store.is_empty(self.source):
            raise AirflowFailException(
                f"There is no object below {self.source}: is the prefix right, and may connection "
                f"{self.store.hook.aws_conn_id!r} list it? Nothing was loaded."
            )
        self._report_missing([one.url for one in found if not one.has_records])
        return found

    def require_unchanged(self, objects: Sequence[S3Object]) -> None:
        """COPY reads whatever is there when it comes to it: only what is still there afterwards is what it read.

        Raises:
            ObjectReplacedError: one of the objects is not any more what was listed.
        """
        now = {one.key: one.etag for one in self._found()} if objects else {}
        replaced = [one.url for one in objects if now.get(one.key, "") != one.etag]
        if replaced:
            raise ObjectReplacedError(f"{', '.join(replaced[:NAMED])} changed while it was being copied. {RETRY}")

    def _found(self) -> list[S3Object]:
        if self.key_format is None:
            return self.store.under(self.source, self.pattern)
        return self.store.daily(self.source, self.key_format, Interval.from_bound(self.interval).days())

    def _report_missing(self, urls: list[str]) -> None:
        if not urls or self.missing == "skip":
            return
        text = f"{len(urls)} expected objects are missing or empty: {', '.join(urls[:NAMED])}"
        if self.missing == "fail":
            raise AirflowFailException(f"{text}. Nothing was loaded.")
        log.warning(text)
