"""Takes the alerts that go out by e-mail, Slack and webhook: an SMTP server and an HTTP server."""

from __future__ import annotations

import email
import email.policy
import json
import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hmac import compare_digest
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope, LoginPassword
from werkzeug import Request, Response
from werkzeug.serving import WSGIRequestHandler, make_server

from include.sandbox.inbox import FOLDER, SMTP_USER, Letter, keep
from include.sandbox.state import HOST, State


def serve(state: State, on_ready: Callable[[Mapping[str, Any]], None], stopping: threading.Event) -> None:
    """Serves until told to stop.

    Args:
        state: with the ports and the secrets `smtp` and `webhook`: the password of the SMTP user, and the path of the
            HTTP server that only who was told it knows.
        on_ready: called once everything is served.
        stopping: ends the service when set.

    Raises:
        OSError: a port is taken.
    """
    logging.getLogger("mail.log").setLevel(logging.WARNING)  # aiosmtpd's: a line for each command
    folder = state.root / FOLDER
    mail = Controller(
        MailBox(folder), hostname=HOST, port=state.ports["smtp"], authenticator=Login(state.secret("smtp")),
        auth_required=True, auth_require_tls=False,  # nobody else can listen on loopback, or between containers
    )  # fmt: skip
    mail.start()
    sink = WebhookSink(folder, state.secret("webhook"))
    http = make_server(HOST, state.ports["webhook"], sink, threaded=True, request_handler=QuietHandler)
    threading.Thread(target=http.serve_forever, name="webhook", daemon=True).start()
    on_ready({})
    stopping.wait()
    http.shutdown()
    mail.stop()


@dataclass(frozen=True)
class Login:
    """Lets in who knows the password.

    Args:
        password: of the only user.
    """

    password: str

    def __call__(
        self, _server: object, _session: object, _envelope: object, _mechanism: str, data: object
    ) -> AuthResult:
        """Answers aiosmtpd, which calls it for every login."""
        known = isinstance(data, LoginPassword) and data.login == SMTP_USER.encode()
        right = isinstance(data, LoginPassword) and compare_digest(data.password, self.password.encode())
        return AuthResult(success=known and right)


@dataclass(frozen=True)
class MailBox:
    """Keeps every mail.

    Args:
        folder: where.
    """

    folder: Path

    async def handle_DATA(self, _server: object, _session: object, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        """Keeps a mail, as aiosmtpd hands it over."""
        mail = email.message_from_bytes(envelope.original_content or b"", policy=email.policy.default)
        body = mail.get_body(("html", "plain"))
        keep(self.folder, Letter.received("mail", str(mail["Subject"]), body.get_content() if body else ""))
        return "250 kept"


@dataclass(frozen=True)
class WebhookSink:
    """Keeps what is posted to its path; Slack's own webhooks are answered as Slack does, on a path below it.

    Args:
        folder: where.
        path: the secret part of the address.
    """

    folder: Path
    path: str

    def __call__(self, environ: Any, start_response: Any) -> Any:
        """Answers one request, by WSGI."""
        return self._answer(Request(environ))(environ, start_response)

    def _answer(self, request: Request) -> Response:
        channel = {f"/{self.path}": "webhook", f"/slack/{self.path}": "slack"}.get(request.path)
        if channel is None or request.method != "POST":
            return Response("no such address", 404)
        posted = request.get_json()
        keep(self.folder, Letter.received(channel, posted.get("subject", ""), posted["text"], json.dumps(posted)))
        return Response("ok")


class QuietHandler(WSGIRequestHandler):
    """Logs no address: it is the password."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Logs nothing."""
