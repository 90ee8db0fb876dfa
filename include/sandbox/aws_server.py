"""The AWS stand-in: moto's server for S3, STS, IAM, SNS and SQS; what moto holds in memory is kept on disk."""

from __future__ import annotations

import functools
import logging
import os
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from moto.s3.models import s3_backends
from werkzeug.serving import make_server

from include.sandbox.aws import SOURCE_BUCKET, WORK_BUCKET, provision
from include.sandbox.objects import make_room, mirrored_keys, mirrored_path
from include.sandbox.state import HOST

WRITE_BACK_SECONDS = 2.0


class RequestHandler(MotoRequestHandler):
    """Keeps connections open between requests; a log line for each request would only slow them down."""

    protocol_version = "HTTP/1.1"

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Logs nothing."""


def serve(folder: Path, port: int, on_ready: Callable[[Mapping[str, str]], None], stopping: threading.Event) -> None:
    """Serves until told to stop, restoring the objects first and writing them back as they change.

    Args:
        folder: where the objects are kept, one sub-folder for each bucket.
        port: TCP port on `state.HOST`; 0 for any free one.
        on_ready: called once with the endpoint, the access keys and the ARNs that were made (see `provision`).
        stopping: ends the service when set.

    Raises:
        OSError: the port is taken.
    """
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    application = DomainDispatcherApplication(create_backend_app)
    # It lists a folder of 180 services on every request: half of the cost of a small GET.
    application.get_backend_for_host = functools.cache(application.get_backend_for_host)  # type: ignore[method-assign]
    server = make_server(HOST, port, OneStepWrites(application), threaded=True, request_handler=RequestHandler)
    server.daemon_threads = True  # type: ignore[attr-defined] # of ThreadingMixIn; an open connection must not delay the end
    threading.Thread(target=server.serve_forever, name="moto", daemon=True).start()
    answer = provision(f"http://{HOST}:{server.server_port}")
    mirror = ObjectMirror(folder)
    for bucket in (SOURCE_BUCKET, WORK_BUCKET):
        mirror.restore(bucket)
    on_ready(answer)
    while not stopping.wait(WRITE_BACK_SECONDS):
        mirror.write_back()
    server.shutdown()
    mirror.write_back()


class OneStepWrites:
    """Lets conditional writes in one at a time: S3 decides in one step, moto looks and then writes, in many threads.

    Args:
        application: moto, by WSGI.
    """

    def __init__(self, application: Callable[[Any, Any], Any]) -> None:
        self.application = application
        self._turn = threading.Lock()

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        """Answers one request."""
        writes = environ["REQUEST_METHOD"] == "PUT"
        if not writes or not {"HTTP_IF_MATCH", "HTTP_IF_NONE_MATCH"} & environ.keys():
            return self.application(environ, start_response)
        with self._turn:
            return self.application(environ, start_response)


class ObjectMirror:
    """Mirrors moto's buckets, in this process, to `FOLDER/BUCKET/KEY`.

    Args:
        folder: absolute folder with one sub-folder for each bucket.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._written: dict[tuple[str, str], tuple[str, datetime]] = {}

    def restore(self, bucket: str) -> None:
        """Puts what the folder holds into an existing bucket: same keys, same bytes, same times."""
        for key, path in mirrored_keys(self.folder / bucket):
            stored = _backend().put_object(bucket, key, path.read_bytes(), disable_notification=True)
            stored.last_modified = datetime.fromtimestamp(path.stat().st_mtime, timezone.utc).replace(tzinfo=None)
            self._written[bucket, key] = _version(stored)

    def write_back(self) -> None:
        """Writes objects that are new or changed since the last call, and removes those that are gone."""
        # Requests change the buckets meanwhile: a key may be gone when it is looked up, and a version closed when it is
        # read. The next call finds what there is then.
        current = {
            (name, key): stored
            for name, bucket in list(_backend().buckets.items())
            for key in list(bucket.keys)
            if (stored := bucket.keys.get(key)) is not None
        }
        for (bucket, key), stored in current.items():
            with suppress(ValueError):
                self._keep(bucket, key, stored)
        for bucket, key in self._written.keys() - current.keys():
            del self._written[bucket, key]
            mirrored_path(self.folder / bucket, key).unlink(missing_ok=True)

    def _keep(self, bucket: str, key: str, stored: Any) -> None:
        version = _version(stored)
        if self._written.get((bucket, key)) == version:
            return
        path = make_room(self.folder / bucket, key)
        draft = path.with_name(path.name + "%draft")
        draft.write_bytes(stored.value)
        modified = stored.last_modified.replace(tzinfo=timezone.utc).timestamp()
        os.utime(draft, (modified, modified))
        draft.replace(path)
        self._written[bucket, key] = version


def _backend() -> Any:  # moto ships no types
    return s3_backends[DEFAULT_ACCOUNT_ID]["aws"]


def _version(stored: Any) -> tuple[str, datetime]:
    return stored.etag, stored.last_modified
