"""Does one kind of bad input to an object of the running sandbox's source bucket."""

from __future__ import annotations

import tempfile
from fnmatch import fnmatchcase
from pathlib import Path

from rich.console import Console

from include.sandbox.aws import SOURCE_BUCKET, objects_below
from include.sandbox.sample.corrupt import KINDS, corrupt
from include.sandbox.services import app_client
from include.sandbox.state import SandboxError, State


def spoil(state: State, kind: str, key: str | None, console: Console) -> None:
    """Spoils an object and says what must become of it; `seed` puts it right again.

    Args:
        state: of the running sandbox.
        kind: a name in `include.sandbox.sample.corrupt.KINDS`.
        key: the object; None for the first that the kind is about.
        console: where to print.

    Raises:
        SandboxError: there is no such object.
    """
    s3 = app_client(state)
    pattern = KINDS[kind].glob.replace("**/", "*")
    found = [entry["Key"] for entry in objects_below(s3, SOURCE_BUCKET) if fnmatchcase(entry["Key"], pattern)]
    chosen = key or next(iter(sorted(found)), None)
    if chosen not in found:
        raise SandboxError(f"The source bucket has no object {key or pattern} for {kind} to spoil.")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / str(chosen)
        path.parent.mkdir(parents=True)
        path.write_bytes(s3.get_object(Bucket=SOURCE_BUCKET, Key=str(chosen))["Body"].read())
        done = corrupt(Path(folder), kind, chosen)
        if path.exists():
            s3.put_object(Bucket=SOURCE_BUCKET, Key=done.key, Body=path.read_bytes())
        else:
            s3.delete_object(Bucket=SOURCE_BUCKET, Key=done.key)
    where = f", line {done.line}" if done.line else ""
    why = f": {KINDS[kind].reason}" if KINDS[kind].reason else ""
    console.print(
        f"{kind}: s3://{SOURCE_BUCKET}/{done.key}{where}. It must be {KINDS[kind].fate}{why}.",
        markup=False, highlight=False, soft_wrap=True,
    )  # fmt: skip
