"""Who may ask the AWS stand-in: signed requests only, from no web page, and for AWS's services only."""

from __future__ import annotations

import errno
import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any
from xml.sax.saxutils import escape

from include.sandbox.signatures import RefusedError, verify

logger = logging.getLogger(__name__)

# moto's own, beside the services: reset, recorder, a machine's metadata.
ADMINISTRATION = ("/moto-api", "/latest/meta-data/", "/latest/api/", "/favicon.ico")
MOST_DRAINED = 1 << 20


@dataclass(frozen=True)
class Guard:
    """Refuses requests as AWS would, and answers a disk that cannot be written as S3 does an error of its own.

    A page in a browser can reach the loopback: it is known by its Origin, or, if it has bent its own host's name to
    this address (DNS rebinding), by the Host that the browser asks for; and it cannot sign.

    Args:
        application: moto, by WSGI.
        hosts: names by which the stand-in is called, without port.
        secret_of: gives the secret of an access key id; None if there is no such key.
    """

    application: Callable[[Any, Any], Any]
    hosts: frozenset[str]
    secret_of: Callable[[str], str | None]

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Answers one request."""
        try:
            self._check(environ)
            answer: Iterable[bytes] = self.application(environ, start_response)
            return answer
        except RefusedError as error:
            # A client that is still sending would get no answer but a reset.
            environ["wsgi.input"].read(min(int(environ.get("CONTENT_LENGTH") or 0), MOST_DRAINED))
            return _error(environ, start_response, "403 Forbidden", error.code, str(error))
        except OSError as error:
            logger.exception("%s %s failed", environ["REQUEST_METHOD"], environ["RAW_URI"])
            what = "no space left on device" if error.errno in {errno.ENOSPC, errno.EDQUOT} else error.strerror
            message = f"The sandbox could not keep this on its disk, so it is not stored: {what}."
            return _error(environ, start_response, "500 Internal Server Error", "InternalError", message)

    def _check(self, environ: dict[str, Any]) -> None:
        host = environ.get("HTTP_HOST", "")
        if host.rpartition(":")[0] not in self.hosts:
            raise RefusedError("AccessDenied", f"The sandbox does not answer to the name {host!r}.")
        if environ.get("HTTP_ORIGIN", f"http://{host}") != f"http://{host}":
            raise RefusedError("AccessDenied", "The sandbox does not answer pages of other origins.")
        if environ["PATH_INFO"].startswith(ADMINISTRATION):
            raise RefusedError("AccessDenied", "These are not routes of AWS.")
        verify(environ, self.secret_of)


def _error(environ: dict[str, Any], start_response: Any, status: str, code: str, message: str) -> list[bytes]:
    """Answers in the form of S3 within that of the other services; botocore reads the code from either."""
    error = f"<Code>{escape(code)}</Code><Message>{escape(message)}</Message>"
    scope = environ.get("HTTP_AUTHORIZATION", "").partition(",")[0].split("/")
    other_service = len(scope) > 3 and scope[3] != "s3"
    body = f"<ErrorResponse><Error>{error}</Error></ErrorResponse>" if other_service else f"<Error>{error}</Error>"
    content = f'<?xml version="1.0" encoding="UTF-8"?>\n{body}'.encode()
    start_response(status, [("Content-Type", "application/xml"), ("Content-Length", str(len(content)))])
    return [] if environ["REQUEST_METHOD"] == "HEAD" else [content]
