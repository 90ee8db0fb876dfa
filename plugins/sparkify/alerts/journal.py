"""How incidents begin, repeat and end: the journal of one DAG, as plain data.

An incident is one DAG and one task or check, across hours: a task that fails in each of 24 hours is one incident. It
is over when the same task or check succeeds for an interval that ends no earlier than the latest one that failed. Hours
that failed before and have not succeeded since are named then, and `make status` counts them until they are loaded. (An
incident that waited for each of its hours would stay open for ever if one is given up, and hide the next failure.)
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from sparkify.alerts.incidents import Incident, MetIn, moment

OPEN, RECOVERED = "open", "recovered"
KEPT = timedelta(days=30)  # incidents that are over
KEPT_AT_MOST = 100
REMEMBERED = 48  # intervals and runs of one incident: two days of hours
REASON_LIMIT = 3000  # characters: what a block of a Slack message may hold; the log has all of it
# Who takes a message upon himself and is killed has not sent it. Callbacks are given 20 s after the end of a task and
# 50 s in the DAG processor (Airflow: `[core] task_success_overtime`, `[dag_processor] dag_file_processor_timeout`).
LEASE = timedelta(seconds=60)
# The DAG processor may come to a failed run after others have shown that the incident is over.
ECHO = timedelta(minutes=5)
SENT_AGAIN_FOR = timedelta(days=1)  # to a channel that was dead


@dataclass
class Entry:
    """One incident in the journal.

    Args:
        incident: as it was first met.
        first: the run in which that was.
        since: when that was.
        status: ``open`` or ``recovered``.
        changed: since when it has that status.
        count: how many runs met it.
        runs: ids of the latest of them.
        failed: the latest intervals that failed and have not succeeded since, by start and end.
        until: the latest end of an interval that failed.
        recovery: the run that showed that it is over.
        told: channels that know of it.
        owed: channels that do not know the status yet.
        owner: who has taken it upon himself to tell them.
        taken: when he did.
    """

    incident: Incident
    first: MetIn
    since: str
    status: str = OPEN
    changed: str = ""
    count: int = 0
    runs: list[str] = field(default_factory=list)
    failed: list[list[str]] = field(default_factory=list)
    until: str = ""
    recovery: MetIn | None = None
    told: list[str] = field(default_factory=list)
    owed: list[str] = field(default_factory=list)
    owner: str = ""
    taken: str = ""

    @classmethod
    def begin(cls, incident: Incident, run: MetIn, now: str, channels: Iterable[str]) -> Entry:
        """The first time that an incident is met."""
        text = incident.reason
        if len(text) > REASON_LIMIT:
            text = f"{text[:REASON_LIMIT]}…\n(cut here: the log has all of it)"
        entry = cls(replace(incident, reason=text), run, since=now, changed=now)
        entry.repeat(run, channels)
        return entry

    def repeat(self, run: MetIn, channels: Iterable[str]) -> None:
        """Note that a run met it; the same run again is not another. A channel that is new is told as well."""
        self.owed = [channel for channel in channels if channel not in self.told]
        if run.run_id not in self.runs:
            self.count += 1
            self.runs = [*self.runs, run.run_id][-REMEMBERED:]
            if run.end:
                self.failed = sorted([*self.failed, [run.start, run.end]])[-REMEMBERED:]
                self.until = max(self.until, run.end)

    def succeed(self, run: MetIn, now: str) -> None:
        """Note that a run did not meet it: it is over, unless later intervals failed."""
        self.failed = [[start, end] for start, end in self.failed if not (run.start <= start and end <= run.end)]
        if run.end >= self.until:
            # Who never heard of the failure need not hear of its end; who is being told of it will have.
            heard = [*self.told, *(self.owed if self.owner else [])]
            self.status, self.changed, self.recovery, self.owed, self.owner = RECOVERED, now, run, heard, ""

    def is_free(self, owner: str, now: datetime) -> bool:
        """Whether an owner may take it: nobody else is telling it, and it is still worth telling."""
        others = self.owner and self.owner != owner and self.taken > moment(now - LEASE)
        return not others and (self.status == OPEN or self.changed > moment(now - SENT_AGAIN_FOR))

    def has_told(self, run: MetIn, since: str) -> bool:
        """Whether a failure of a run has been told, and is not long over."""
        return run.run_id in self.runs and (self.status == OPEN or self.changed > since)


@dataclass
class Journal:
    """All incidents of a DAG, by name.

    Args:
        entries: the open ones, and those that ended lately.
        silent: whether it was said that there is no channel.
    """

    entries: dict[str, Entry] = field(default_factory=dict)
    silent: bool = False

    @classmethod
    def read(cls, text: str) -> Journal:
        """Read what :meth:`text` wrote."""
        data = json.loads(text)
        return cls({name: _entry(entry) for name, entry in data["entries"].items()}, data["silent"])

    def text(self) -> str:
        """The journal as JSON."""
        return json.dumps(asdict(self), indent=1, sort_keys=True)

    def fail(
        self, incident: Incident, run: MetIn, now: datetime, channels: Iterable[str], *, second_hand: bool = False
    ) -> None:
        """Note that a run met an incident.

        Args:
            incident: what it met.
            run: the run.
            now: the time.
            channels: who is to be told.
            second_hand: whether this is only what the end of the run tells: the task may have told it before.
        """
        known = self.entries.get(incident.name)
        if self._checks_told(incident, run) or (second_hand and known and known.has_told(run, moment(now - ECHO))):
            return
        if known and known.status == OPEN:
            known.repeat(run, channels)
        else:
            self.entries[incident.name] = Entry.begin(incident, run, moment(now), channels)

    def succeed(self, healthy: Callable[[str], bool], run: MetIn, now: str) -> None:
        """Note that a run succeeded in what some incidents are about.

        Args:
            healthy: tells by an incident's name.
            run: the run.
            now: the time.
        """
        for name, entry in self.entries.items():
            if entry.status == OPEN and healthy(name):
                entry.succeed(run, now)

    def take(
        self, owner: str, now: datetime, about: Callable[[str], bool], channels: Iterable[str]
    ) -> dict[str, Entry]:
        """Take upon oneself to tell what nobody is telling.

        Args:
            owner: who; the same again gets the same again.
            now: the time.
            about: tells, by an incident's name, whether the owner has to do with it.
            channels: those that there are.

        Returns:
            The incidents, by name, whose ``owed`` channels are to be told.
        """
        found = {}
        for name, entry in self.entries.items():
            if not set(channels).isdisjoint(entry.owed) and about(name) and entry.is_free(owner, now):
                entry.owner, entry.taken, found[name] = owner, moment(now), entry
        return found

    def settle(self, owner: str, told: dict[str, list[str]]) -> None:
        """Note which channels know now, and let what is still owed go.

        Args:
            owner: who told them.
            told: the channels, by the incidents' names.
        """
        for name, channels in told.items():
            entry = self.entries.get(name)
            if entry and entry.owner == owner:
                entry.told = [*entry.told, *(channel for channel in channels if channel not in entry.told)]
                entry.owed = [channel for channel in entry.owed if channel not in channels]
                entry.owner = ""

    def forget(self, now: datetime) -> None:
        """Drop what ended long ago, and the oldest of what is too much."""
        since = moment(now - KEPT)
        kept = [(name, entry) for name, entry in self.entries.items() if entry.status == OPEN or entry.changed > since]
        latest = sorted(kept, key=lambda pair: (pair[1].status == OPEN, pair[1].changed))[-KEPT_AT_MOST:]
        self.entries = dict(latest)

    def _checks_told(self, incident: Incident, run: MetIn) -> bool:
        """Whether the checks of a task have told why it failed in a run: that it did is no news then."""
        if incident.name != incident.task:
            return False
        checks = (entry for name, entry in self.entries.items() if name.startswith(f"{incident.task}/"))
        return any(run.run_id in entry.runs and entry.incident.severity == "error" for entry in checks)


def _entry(data: dict[str, Any]) -> Entry:
    incident, first, recovery = Incident(**data.pop("incident")), MetIn(**data.pop("first")), data.pop("recovery")
    return Entry(incident, first, recovery=MetIn(**recovery) if recovery else None, **data)
