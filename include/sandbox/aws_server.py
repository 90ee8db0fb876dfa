"""The AWS stand-in: moto's server for S3, STS, IAM, SNS and SQS; what its S3 acknowledges is on disk."""

from __future__ import annotations

import functools
import logging
import os
import re
import secrets
import threading
from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

# moto answers any origin unless this is set before it is imported (moto: settings.py). It takes the first part of a
# host's name for a bucket; boto3 puts that in the path.
os.environ.update(MOTO_DISABLE_GLOBAL_CORS="true", S3_IGNORE_SUBDOMAIN_BUCKETNAME="true")

from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.iam.models import iam_backends
from moto.moto_server.werkzeug_app import (
    DomainDispatcherApplication,
    MotoRequestHandler,
    create_backend_app,
)
from moto.s3.exceptions import InvalidBucketName
from moto.s3.models import FakeKey, s3_backends
from moto.s3.utils import _VersionedKeyStore
from werkzeug.serving import make_server

from include.sandbox.aws import provision
from include.sandbox.guard import Guard
from include.sandbox.objects import BucketFolder, Kept, body
from include.sandbox.state import HOST, LOOPBACK, REGION

BUCKET_NAME = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")  # AWS: bucketnamingrules


class RequestHandler(MotoRequestHandler):
    """Keeps connections open between requests; a log line for each request would only slow them down."""

    protocol_version = "HTTP/1.1"

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Logs nothing."""


def serve(folder: Path, port: int, on_ready: Callable[[Mapping[str, str]], None], stopping: threading.Event) -> None:
    """Serves until told to stop, with the buckets and objects that are kept.

    Args:
        folder: where the objects are kept, one sub-folder for each bucket.
        port: TCP port on `state.HOST`; 0 for any free one.
        on_ready: called once with the endpoint, the access keys and the ARNs that were made (see `provision`).
        stopping: ends the service when set.

    Raises:
        OSError: the port is taken.
    """
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    keep_buckets(folder)
    application = DomainDispatcherApplication(create_backend_app)
    # It lists a folder of 180 services on every request: half of the cost of a small GET.
    application.get_backend_for_host = functools.cache(application.get_backend_for_host)  # type: ignore[method-assign]
    root = {
        "aws_access_key_id": f"ROOT{secrets.token_hex(8).upper()}",
        "aws_secret_access_key": secrets.token_urlsafe(),
    }
    guard = Guard(OneStepWrites(application), frozenset({HOST, LOOPBACK, "localhost"}), _Secrets(root))
    server = make_server(HOST, port, guard, threaded=True, request_handler=RequestHandler)
    server.daemon_threads = True  # type: ignore[attr-defined] # of ThreadingMixIn; an open connection must not delay the end
    threading.Thread(target=server.serve_forever, name="moto", daemon=True).start()
    on_ready(provision(f"http://{HOST}:{server.server_port}", root))
    stopping.wait()
    server.shutdown()


class _Secrets:
    """The secrets of the access keys that were given out: the root's, of users, and temporary ones of roles."""

    def __init__(self, root: Mapping[str, str]) -> None:
        self._root = root

    def __call__(self, key_id: str) -> str | None:
        if key_id == self._root["aws_access_key_id"]:
            return self._root["aws_secret_access_key"]
        key = iam_backends[DEFAULT_ACCOUNT_ID]["aws"].access_keys.get(key_id)
        return key.secret_access_key if key and key.status == "Active" else None


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


def keep_buckets(folder: Path) -> None:
    """Makes moto's S3, in this process, keep its buckets in a folder, beginning with those that are there.

    Args:
        folder: absolute folder with one sub-folder for each bucket; made if missing.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    backend = s3_backends[DEFAULT_ACCOUNT_ID]["aws"]
    backend.buckets = KeptBuckets(folder)
    for bucket in sorted(folder.iterdir()):
        backend.create_bucket(bucket.name, REGION)


class KeptBuckets(dict[str, Any]):
    """moto's buckets by name: each is made and removed on disk first.

    Only an S3 request that removes a bucket does so here; moto's reset, which forgets all, does not.

    Args:
        folder: absolute folder with one sub-folder for each bucket.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder = folder

    def __setitem__(self, name: str, bucket: Any) -> None:
        if not BUCKET_NAME.fullmatch(name):
            raise InvalidBucketName
        kept = BucketFolder(self.folder / name)
        kept.path.mkdir(exist_ok=True, mode=0o700)
        kept.forget_drafts()
        bucket.keys = KeptKeys(kept)
        for found, path in kept:
            bucket.keys.restore(found, _restored(name, found, path))
        super().__setitem__(name, bucket)

    def pop(self, name: str, *default: Any) -> Any:
        """Removes a bucket, which is empty."""
        if name in self:
            (self.folder / name).rmdir()
        return super().pop(name, *default)


class KeptKeys(_VersionedKeyStore):
    """moto's objects of one bucket by key: each is written, replaced and removed on disk first.

    Where the disk refuses, the request fails and both keep what they had. Of a versioned bucket the newest versions
    are kept.

    Args:
        folder: of the bucket.
    """

    def __init__(self, folder: BucketFolder) -> None:
        super().__init__()
        self.folder = folder
        self._turn = threading.RLock()  # in one order on disk and in memory

    def restore(self, kept: Kept, stored: Any) -> None:
        """Puts in what is on disk already."""
        super().setlist(kept.key, [stored])

    def __setitem__(self, key: str, value: Any) -> None:
        self.setlist(key, [*self.getlist(key, []), value])

    def setlist(self, key: str, list_: Any) -> None:
        """Takes the versions of an object, the newest last."""
        newest = list_[-1] if list_ else None
        if not isinstance(newest, FakeKey):  # none is left, or the newest marks that it is deleted
            with self._turn:
                self.folder.remove(key)
                super().setlist(key, list_)
            return
        modified = newest.last_modified.replace(tzinfo=timezone.utc).isoformat()
        kept = Kept(key, newest.etag.strip('"'), modified)
        draft = self.folder.draft(kept, newest.value)
        with self._turn:
            self.folder.commit(kept, draft)
            super().setlist(key, list_)

    def pop(self, key: str) -> None:  # type: ignore[override] # as moto's
        """Removes an object."""
        with self._turn:
            self.folder.remove(key)
            super().pop(key)


def _restored(bucket: str, kept: Kept, path: Path) -> Any:
    stored = FakeKey(
        kept.key, body(path), DEFAULT_ACCOUNT_ID, REGION, etag=kept.etag, version_id="null", bucket_name=bucket
    )
    stored.last_modified = datetime.fromisoformat(kept.modified).astimezone(timezone.utc).replace(tzinfo=None)
    return stored
