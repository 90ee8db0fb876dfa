"""The ways to tell someone: the providers' own notifiers, each chosen by an Airflow Variable.

They are called by ``notify``, never as the callbacks that they also are: that would render the message as a template,
and it quotes input. All wait for seconds only, since Airflow gives a callback 20 s after the end of its task
(configuration reference: `[core] task_success_overtime`).
"""

from __future__ import annotations

import html
import logging
import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from sparkify.alerts.messages import Message
from sparkify.objects import hook_of

log = logging.getLogger(__name__)

AWS_CONNECTION = "sparkify_aws"
MAIL_CONNECTION = "sparkify_smtp"
SECONDS = 5  # to connect, and to be answered
MAIL_BODY = "<pre>{}</pre>"
# A webhook's address is its password; errors of HTTP clients quote it.
ADDRESS = re.compile(r"\w+://\S+|\burl: \S+")

Send = Callable[[Message], None]


def configured(variables: Mapping[str, str]) -> dict[str, Send]:
    """The channels that are chosen.

    Args:
        variables: the Airflow Variables of ``CHANNELS``; an empty one does not choose its channel.

    Returns:
        What sends a message, by the channel's name.
    """
    chosen = ((name, variables.get(variable, "")) for name, (variable, _) in CHANNELS.items())
    return {name: partial(CHANNELS[name][1], where) for name, where in chosen if where}


def send(message: Message, channels: Mapping[str, Send]) -> list[str]:
    """Tell it on each channel; one that is dead is logged, and those after it are told nevertheless.

    Returns:
        The names of the channels that took it.
    """
    told = []
    for name, by in channels.items():
        try:
            by(message)
        except Exception as error:
            log.warning("The alert %r did not get through by %s: %s", message.subject, name, described(error))
        else:
            told.append(name)
            log.info("Alerted by %s: %s", name, message.subject)
    return told


def described(error: BaseException) -> str:
    """An error of a channel, without addresses."""
    return f"{type(error).__name__}: {ADDRESS.sub('(address)', str(error))}"


def _sns(topic: str, message: Message) -> None:
    from airflow.providers.amazon.aws.hooks.sns import SnsHook
    from airflow.providers.amazon.aws.notifications.sns import SnsNotifier

    client = {"connect_timeout": SECONDS, "read_timeout": SECONDS, "retries": {"total_max_attempts": 1}}
    notifier: Any = SnsNotifier(target_arn=topic, subject=message.subject, message=message.text)
    notifier.hook = hook_of(SnsHook, AWS_CONNECTION, client)
    notifier.notify({})  # the provider does not annotate it


def _mail(addresses: str, message: Message) -> None:
    from airflow.providers.smtp.notifications.smtp import SmtpNotifier

    # How long it waits is the connection's to say (SMTP provider: extra `timeout`, `retry_limit`).
    SmtpNotifier(
        smtp_conn_id=MAIL_CONNECTION,
        to=[address.strip() for address in addresses.split(",")],
        subject=message.subject,
        html_content=MAIL_BODY.format(html.escape(message.text)),
    ).notify({})


def _slack(connection: str, message: Message) -> None:
    from airflow.providers.slack.notifications.slack_webhook import SlackWebhookNotifier

    # Slack reads `<!channel>` as a call to everyone (Slack: "Escaping text").
    text = f"*{message.subject}*\n```{html.escape(message.text, quote=False)}```"
    notifier = SlackWebhookNotifier(slack_webhook_conn_id=connection, text=text, timeout=SECONDS)
    notifier.notify({})  # type: ignore[no-untyped-call]  # the provider does not annotate it


def _webhook(connection: str, message: Message) -> None:
    from airflow.providers.http.notifications.http import HttpNotifier
    from airflow.sdk import Connection
    from airflow.sdk.log import mask_secret

    mask_secret(urlsplit(str(Connection.get(connection).host)).path.strip("/") or None)
    body: dict[str, Any] = {"subject": message.subject, "text": message.text, **message.data}
    HttpNotifier(http_conn_id=connection, json=body, extra_options={"timeout": SECONDS}).notify({})


CHANNELS: dict[str, tuple[str, Callable[[str, Message], None]]] = {
    "sns": ("sparkify_alert_topic", _sns),
    "mail": ("sparkify_alert_mail", _mail),
    "slack": ("sparkify_alert_slack", _slack),
    "webhook": ("sparkify_alert_webhook", _webhook),
}
