"""A generated sample, read only, and its events and songs as parsed JSON."""

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest

from include.sandbox.sample import Sample, generate


@dataclass(frozen=True)
class Bucket:
    """A generated sample with its content."""

    sample: Sample

    @property
    def folder(self) -> Path:
        return self.sample.folder

    @property
    def logs(self) -> list[Path]:
        return sorted(self.folder.glob("log_data/*/*/*-events.json"))

    @cached_property
    def events(self) -> list[dict[str, Any]]:
        return [json.loads(line) for path in self.logs for line in path.read_bytes().split(b"\n")]

    @cached_property
    def plays(self) -> list[dict[str, Any]]:
        return [event for event in self.events if event["page"] == "NextSong"]

    @cached_property
    def songs(self) -> list[dict[str, Any]]:
        return [json.loads(path.read_bytes()) for path in sorted(self.folder.glob("song_data/*/*/*/*.json"))]


@pytest.fixture(scope="session")
def default_bucket(tmp_path_factory) -> Bucket:
    return Bucket(generate(tmp_path_factory.mktemp("default")))


@pytest.fixture(scope="session", params=[{}, {"seed": 7, "days": 2}], ids=["default", "seed 7"])
def bucket(request, tmp_path_factory) -> Bucket:
    return Bucket(generate(tmp_path_factory.mktemp("bucket"), **request.param))
