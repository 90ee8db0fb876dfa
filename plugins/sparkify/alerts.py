"""Telling someone that a task has failed for good."""

from __future__ import annotations

import logging
from typing import Any

log = logging.getLogger(__name__)

SUBJECT_LIMIT = 100  # characters (AWS: SNS Publish)
AWS_CONNECTION = "sparkify_aws"
TOPIC_VARIABLE = "sparkify_alert_topic"


def notify_failure(context: Any) -> None:
    """Publish one message on the SNS topic of the Variable ``sparkify_alert_topic``; without one, only say so.

    An ``on_failure_callback``: Airflow calls it when no retry is left, and logs what it raises, so that a dead channel
    cannot change the failure itself.

    Args:
        context: of the failed task.
    """
    # The provider is slow to import, and most task processes never need it.
    from airflow.providers.amazon.aws.notifications.sns import SnsNotifier

    topic = context["var"]["value"].get(TOPIC_VARIABLE, "")
    if not topic:
        log.warning("No alert was sent: the Variable %s names no SNS topic.", TOPIC_VARIABLE)
        return
    ti = context["ti"]
    subject = f"{ti.dag_id}.{ti.task_id} failed"[:SUBJECT_LIMIT]
    # notify(), not the notifier itself: that would render the message as a template, and it quotes input.
    SnsNotifier(  # type: ignore[no-untyped-call]  # the provider does not annotate notify
        aws_conn_id=AWS_CONNECTION, target_arn=topic, subject=subject, message=failure_text(context)
    ).notify(context)


def failure_text(context: Any) -> str:
    """Say what failed, for which interval, why, and where to look.

    Args:
        context: of the failed task.
    """
    ti, dag_run, params = context["ti"], context["dag_run"], context.get("params") or {}
    start = params.get("start") or dag_run.data_interval_start
    end = params.get("end") or dag_run.data_interval_end
    return "\n".join(
        (
            f"Task:     {ti.dag_id}.{ti.task_id}, try {ti.try_number}",
            f"Run:      {dag_run.run_id}",
            f"Interval: [{start}, {end})",
            f"Reason:   {context.get('exception')}",
            "State:    a run is published as a whole by its task publish, or not at all.",
            "Next:     correct the cause, then clear the task with everything downstream of it.",
            f"Log:      {ti.log_url}",
        )
    )
