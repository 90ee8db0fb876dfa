"""Reports what a run met: the journal decides what is news, the channels tell it."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from typing import Any

from sparkify.addresses import base
from sparkify.alerts.channels import AWS_CONNECTION, CHANNELS, Send, configured, described, send
from sparkify.alerts.incidents import Incident, MetIn, moment
from sparkify.alerts.journal import Entry, Journal
from sparkify.alerts.messages import about
from sparkify.alerts.state import State

log = logging.getLogger(__name__)

WORK_VARIABLE = "sparkify_work"
VARIABLES = (WORK_VARIABLE, *(variable for variable, _ in CHANNELS.values()))


def report(context: Mapping[str, Any], incidents: Sequence[Incident] = (), healthy: Iterable[str] = ()) -> None:
    """Tell of incidents, once each, and of those that are over. Never raises: an alert must not change its task.

    Args:
        context: Airflow's, of the task or the callback.
        incidents: what this run met; see :class:`Incident` for their names.
        healthy: names of what it found to be well. That they were well before is the usual case, and costs one look.
    """
    report_by(context, incidents, set(healthy).__contains__)


def report_by(
    context: Mapping[str, Any],
    incidents: Sequence[Incident],
    healthy: Callable[[str], bool],
    *,
    second_hand: bool = False,
) -> None:
    """Do what :func:`report` does, where what is well is told by its name.

    Args:
        context: Airflow's, of the task or the callback.
        incidents: what this run met.
        healthy: whether the run found that the incident of a name is over.
        second_hand: whether the task may have told it before; see :meth:`Journal.fail`.
    """
    try:
        # What the task has read of connections is masked as in its log; the SDK has no public name for that.
        from airflow.sdk._shared.secrets_masker import redact

        variables = _variables(context)
        clean = [replace(incident, reason=str(redact(incident.reason))) for incident in incidents]
        found = _Report(MetIn.of(context), clean, healthy, second_hand, configured(variables))
        found.tell(variables[WORK_VARIABLE])
    except Exception:
        log.exception("Perhaps not told: %s. The task is what it was", [incident.name for incident in incidents])


@dataclass
class _Report:
    run: MetIn
    incidents: Sequence[Incident]
    healthy: Callable[[str], bool]
    second_hand: bool
    channels: Mapping[str, Send]
    now: datetime = field(default_factory=lambda: datetime.now(timezone.utc))
    owner: str = field(default_factory=lambda: secrets.token_hex(8))

    def tell(self, work: str) -> None:
        try:
            state = State(AWS_CONNECTION, base(work, WORK_VARIABLE), self.run.dag_id)
            news = state.change(self.note)
        except Exception as error:
            # Better told twice than never.
            log.warning("The journal of alerts cannot be kept below %s: %s", work, described(error))
            self.send(self.note(Journal()))
            return
        if news:
            told = self.send(news)
            state.change(lambda journal: journal.settle(self.owner, told))

    def send(self, news: Mapping[str, Entry]) -> dict[str, list[str]]:
        """Tell the channels that are owed it; returns those that took it, by the incidents' names."""
        return {
            name: send(about(entry), {way: by for way, by in self.channels.items() if way in entry.owed})
            for name, entry in news.items()
        }

    def note(self, journal: Journal) -> dict[str, Entry]:
        """Write into the journal what the run met; returns what is to be told."""
        for incident in self.incidents:
            journal.fail(incident, self.run, self.now, self.channels, second_hand=self.second_hand)
        journal.succeed(self.healthy, self.run, moment(self.now))
        journal.forget(self.now)
        if self.incidents and not self.channels and not journal.silent:
            log.warning("Nobody is alerted, now or later: none of the Variables %s chooses a channel", VARIABLES[1:])
        journal.silent = not self.channels and (journal.silent or bool(self.incidents))
        met = {incident.name for incident in self.incidents}
        return journal.take(self.owner, self.now, lambda name: name in met or self.healthy(name), self.channels)


def _variables(context: Mapping[str, Any]) -> dict[str, str]:
    """The Variables that matter; a deadline's context does not bring them."""
    from airflow.sdk import Variable

    value = context["var"]["value"].get if "var" in context else Variable.get
    return {name: value(name, "") or "" for name in VARIABLES}
