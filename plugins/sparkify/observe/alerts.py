"""What was told to people: the alerts' journal."""

from __future__ import annotations

from dataclasses import dataclass

from sparkify.addresses import base
from sparkify.alerts import state
from sparkify.alerts.channels import AWS_CONNECTION
from sparkify.alerts.incidents import SCHEDULE
from sparkify.alerts.journal import OPEN, Entry, Journal
from sparkify.alerts.messages import OF_THE_DAG, about
from sparkify.alerts.reporting import WORK_VARIABLE
from sparkify.objects import hook_of
from sparkify.observe import DAG_ID
from sparkify.observe.attention import Attention, UnavailableError


@dataclass(frozen=True)
class Alert:
    """One incident as it was told.

    Args:
        entry: in the journal.
    """

    entry: Entry

    @property
    def asks_for_somebody(self) -> bool:
        """Whether it is open and stopped something; a warning does not, and the schedule itself is looked at."""
        incident = self.entry.incident
        return self.entry.status == OPEN and incident.severity == "error" and incident.name != SCHEDULE

    @property
    def url(self) -> str:
        """Where to look: the log of the task that met it, or the run that ended it."""
        incident, run = self.entry.incident, self.entry.recovery or self.entry.first
        return run.url("" if self.entry.recovery or incident.name in OF_THE_DAG else incident.task)

    @property
    def attention(self) -> Attention:
        """What a person has to do about it."""
        incident = self.entry.incident
        return Attention(about(self.entry).subject, incident.reason, incident.advice, self.url)

    def json(self) -> dict[str, str | None]:
        """As the page and scripts read it."""
        message, is_open = about(self.entry), self.entry.status == OPEN
        return {
            "at": self.entry.since,
            "severity": self.entry.incident.severity,
            "title": message.subject,
            "body": message.text,
            "resolved_at": None if is_open else self.entry.changed,
            "url": self.url,
        }


def recorded() -> list[Alert]:
    """The incidents of the journal, those that changed last first.

    Raises:
        UnavailableError: S3, where the journal is, does not answer or refuses.
    """
    from airflow.providers.amazon.aws.hooks.s3 import S3Hook
    from airflow.sdk import Variable

    try:
        client = hook_of(S3Hook, AWS_CONNECTION, state.CLIENT).get_conn()
        text, _ = state.read(client, *state.located(base(Variable.get(WORK_VARIABLE), WORK_VARIABLE), DAG_ID))
    except Exception as error:
        raise UnavailableError(
            Attention(
                "The alerts' journal cannot be read",
                f"Connection {AWS_CONNECTION!r}: {error}.",
                f"See that S3 answers, that the Variable {WORK_VARIABLE} names the work prefix, and what the "
                "connection may do.",
            )
        ) from error
    entries = Journal.read(text).entries.values() if text else []
    return [Alert(entry) for entry in sorted(entries, key=lambda entry: entry.changed, reverse=True)]
