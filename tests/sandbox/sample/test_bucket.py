import hashlib
import re
from datetime import date, datetime, timezone
from pathlib import Path

import pytest

from include.sandbox.sample import generate, marker_keys


def content(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def digest(folder: Path) -> str:
    whole = hashlib.sha256()
    for key, body in sorted(content(folder).items()):
        whole.update(f"{key} {len(body)}\n".encode() + body)
    return whole.hexdigest()


def test_same_seed_same_bytes(default_bucket, tmp_path):
    generate(tmp_path)
    assert content(tmp_path) == content(default_bucket.folder)


def test_bytes_do_not_depend_on_python_or_platform(default_bucket):
    # Computed under Python 3.11 on Linux; whoever changes what the sample holds writes the new digest here.
    assert digest(default_bucket.folder) == "d136acc31d85dcceaebdcb5fd1c6346b486655b5f16b70cb976e893fa93697c2"


def test_another_seed_other_bytes(default_bucket, tmp_path):
    generate(tmp_path, seed=2019)
    assert content(tmp_path).keys() != content(default_bucket.folder).keys()
    assert all(
        content(tmp_path)[log.relative_to(default_bucket.folder).as_posix()] != log.read_bytes()
        for log in default_bucket.logs
    )


def test_a_longer_sample_begins_like_a_shorter_one(default_bucket, tmp_path):
    generate(tmp_path, days=2)
    shorter, longer = content(tmp_path), content(default_bucket.folder)
    assert {key: longer[key] for key in shorter} == shorter


def test_keys_are_shaped_like_the_bucket(bucket):
    shapes = (
        r"log_data/2018/12/2018-12-0\d-events\.json(\.bak)?",
        r"song_data/([A-Z])/([A-Z])/([A-Z])/TR\1\2\3[A-Z0-9]{13}\.json(\.bak)?",
        r"log_json_path\.json",
    )
    assert [key for key in content(bucket.folder) if not any(re.fullmatch(shape, key) for shape in shapes)] == []


def test_the_summary_counts_what_was_written(default_bucket):
    sample = default_bucket.sample
    assert sample.events == len(default_bucket.events)
    assert 2000 < sample.events < 8000
    assert sample.songs == len(default_bucket.songs) > 200
    assert (sample.start, sample.end) == (
        datetime(2018, 12, 1, tzinfo=timezone.utc),
        datetime(2018, 12, 8, tzinfo=timezone.utc),
    )


def test_days_follow_from_the_first(tmp_path):
    sample = generate(tmp_path, days=2, first_day=date(2020, 2, 29))
    assert sample.end == datetime(2020, 3, 2, tzinfo=timezone.utc)
    assert sorted(key for key in content(tmp_path) if key.endswith("events.json")) == [
        "log_data/2020/02/2020-02-29-events.json",
        "log_data/2020/03/2020-03-01-events.json",
    ]


def test_ids_are_unique(bucket):
    assert len({song["song_id"] for song in bucket.songs}) == len(bucket.songs)
    assert all(re.fullmatch("SO[A-Z0-9]{16}", song["song_id"]) for song in bucket.songs)
    assert all(re.fullmatch("AR[A-Z0-9]{16}", song["artist_id"]) for song in bucket.songs)


def test_marker_keys_name_every_folder_under_both_prefixes(bucket):
    markers = marker_keys(bucket.folder)
    assert {"log_data/", "log_data/2018/", "log_data/2018/12/", "song_data/", "song_data/A/"} <= set(markers)
    assert all((bucket.folder / marker).is_dir() for marker in markers)
    assert len(markers) == sum(path.is_dir() for path in bucket.folder.rglob("*"))


def test_refuses_a_folder_that_holds_something(tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(FileExistsError, match="is not empty"):
        generate(tmp_path)
    assert list(content(tmp_path)) == ["notes.txt"]


def test_refuses_no_days(tmp_path):
    with pytest.raises(ValueError, match="at least one day"):
        generate(tmp_path, days=0)
