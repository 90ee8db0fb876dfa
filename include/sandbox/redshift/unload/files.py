"""Where an UNLOAD's files go: their names, the manifest, what is there already (AWS: r_UNLOAD)."""

from __future__ import annotations

import json
from typing import Any

from boto3.s3.transfer import TransferConfig
from botocore.exceptions import BotoCoreError, ClientError

from include.sandbox.redshift.copy.manifest import parts_of
from include.sandbox.redshift.copy.sources import service_error
from include.sandbox.redshift.errors import RedshiftError
from include.sandbox.redshift.unload.command import UnloadCommand
from include.sandbox.redshift.unload.parts import Part
from include.sandbox.redshift.unload.result import CHARACTERS, NAMES, NUMERIC, Field

ENDINGS = {"gzip": ".gz", "bzip2": ".bz2", "zstd": ".zst"}
NOT_EMPTY = (
    "Specified unload destination on S3 is not empty. Consider using a different bucket / prefix, manually removing "
    "the target files in S3, or using the ALLOWOVERWRITE option."
)
# Threads would outlive an UNLOAD that is cancelled.
TRANSFER = TransferConfig(use_threads=False)


class Files:
    """The objects that an UNLOAD writes.

    Args:
        client: a boto3 S3 client.
        command: the UNLOAD.
    """

    def __init__(self, client: Any, command: UnloadCommand) -> None:
        self._client = client
        self._command = command
        self._bucket, self._prefix = parts_of(command.target)
        self._encryption = {"ServerSideEncryption": "AES256"} if command.encrypted else {}
        self._counts: dict[str, int] = {}
        self._entries: list[dict[str, Any]] = []

    def prepare(self) -> None:
        """Removes what is in the way (CLEANPATH), or refuses to overwrite it.

        Raises:
            RedshiftError: something is there, or S3 refuses.
        """
        if self._command.clean and not self._command.partition:
            self.clear("")
        elif not self._command.overwrite and not self._command.clean and self._listed(self._prefix, 1):
            raise RedshiftError(NOT_EMPTY)

    def clear(self, folder: str) -> None:
        """Removes the files in a partition's folder, or all that the target's prefix matches."""
        while found := self._listed(self._root() + folder if folder else self._prefix, 1000):
            self._call("delete_objects", Delete={"Objects": [{"Key": item["Key"]} for item in found]})

    def _listed(self, prefix: str, most: int) -> list[Any]:
        return list(self._call("list_objects_v2", Prefix=prefix, MaxKeys=most).get("Contents", ()))

    def _root(self) -> str:
        """With PARTITION BY a slash is added to the prefix if needed."""
        return self._prefix if not self._command.partition or self._prefix.endswith("/") else self._prefix + "/"

    def send(self, folder: str, part: Part) -> None:
        """Sends a finished part.

        Raises:
            RedshiftError: S3 refuses it.
        """
        number = self._counts.get(folder, 0)
        self._counts[folder] = number + 1
        name = f"0000_part_{number:02}" if self._command.parallel else f"{number:03}"
        key = f"{self._root()}{folder}{name}{self._ending()}"
        size = part.file.seek(0, 2)
        part.file.seek(0)
        self._transfer("upload_fileobj", part.file, self._bucket, key, Config=TRANSFER, ExtraArgs=self._encryption)
        part.file.close()
        self._entries.append(
            {"url": f"s3://{self._bucket}/{key}", "meta": {"content_length": size, "record_count": part.records}}
        )

    def _ending(self) -> str:
        command = self._command
        if command.extension is not None:
            return f".{command.extension}"
        return ".parquet" if command.format == "parquet" else ENDINGS.get(command.compression or "", "")

    def manifest(self, fields: list[Field]) -> None:
        """Writes the manifest if there is to be one; COPY of Parquet needs the sizes also in a plain one."""
        if not self._command.manifest:
            return
        entries, command = self._entries, self._command
        content: dict[str, Any] = {"entries": entries}
        if command.verbose:
            totals = {
                name: sum(entry["meta"][name] for entry in entries) for name in ("content_length", "record_count")
            }
            content |= {
                "schema": {"elements": [{"name": field.name, "type": _type(field)} for field in fields]},
                "meta": totals, "author": {"name": "Amazon Redshift", "version": "1.0.0"},
            }  # fmt: skip
        elif command.format == "parquet":
            content["entries"] = [
                {"url": entry["url"], "meta": {"content_length": entry["meta"]["content_length"]}} for entry in entries
            ]
        else:
            content["entries"] = [{"url": entry["url"]} for entry in entries]
        body = json.dumps(content, indent=2).encode()
        self._call("put_object", Key=f"{self._prefix}manifest", Body=body, **self._encryption)

    def _call(self, operation: str, **arguments: Any) -> Any:
        return self._transfer(operation, Bucket=self._bucket, **arguments)

    def _transfer(self, operation: str, *arguments: Any, **named: Any) -> Any:
        try:
            return getattr(self._client, operation)(*arguments, **named)
        except (ClientError, BotoCoreError) as error:
            raise service_error(error, self._command.target) from error


def _type(field: Field) -> dict[str, Any]:
    """Returns a type as a verbose manifest has it; the page shows no names for the dimensions."""
    if field.type in CHARACTERS:
        return {"base": NAMES[field.type], "max_length": field.length}
    if field.type == NUMERIC and field.precision:
        return {"base": NAMES[field.type], "precision": field.precision[0], "scale": field.precision[1]}
    return {"base": NAMES[field.type]}
