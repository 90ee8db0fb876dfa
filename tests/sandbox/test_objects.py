"""Objects on disk: every key has a place of its own and comes back from it; the former layout is taken over."""

import os
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.sandbox.objects import BucketFolder, Kept, body, take_over

PARTS = st.text(st.characters(codec="utf-8"), max_size=4) | st.sampled_from([".", "..", "", "A", "a", "x" * 300, "%"])
KEYS = st.lists(PARTS, min_size=1, max_size=4).map("/".join).filter(lambda key: 0 < len(key.encode()) <= 1024)


@given(st.lists(KEYS, unique=True, max_size=12))
def test_every_set_of_keys_comes_back_as_it_was(tmp_path_factory, keys):
    folder = BucketFolder(tmp_path_factory.mktemp("bucket"))
    for key in keys:
        folder.put(Kept.now(key, key.encode()), key.encode())
    assert {kept.key: body(path) for kept, path in folder} == {key: key.encode() for key in keys}
    assert [kept.key for kept, _ in folder] == sorted(keys)
    for key in keys:
        folder.remove(key)
    assert not list(folder.path.iterdir())


def test_copying_the_same_bytes_again_changes_nothing(tmp_path):
    source, bucket = tmp_path / "file", BucketFolder(tmp_path / "bucket")
    source.write_bytes(b"one")
    assert bucket.copy("a/", source)
    assert not bucket.copy("a/", source)
    source.write_bytes(b"two")
    assert bucket.copy("a/", source)


@pytest.mark.parametrize(
    ("place", "key"),
    [
        ("log_data/2018/11/2018-11-01-events.json", "log_data/2018/11/2018-11-01-events.json"),
        ("a/%", "a"),
        ("a/%2F", "a/"),
        ("%2F/b", "/b"),
        ("%2E%2E/x", "../x"),
        (quote("é %\n"), "é %\n"),
    ],
)
def test_objects_of_the_former_layout_are_taken_over_with_their_times(tmp_path, place, key):
    path = tmp_path / "s3" / "bucket" / place
    path.parent.mkdir(parents=True)
    path.write_bytes(b"bytes")
    path.with_name(path.name + "%draft").write_bytes(b"half")
    os.utime(path, (1541121934, 1541121934))
    for _ in range(2):  # a second start finds nothing more
        take_over(tmp_path)
        ((kept, place_now),) = BucketFolder(tmp_path / "objects" / "bucket")
        assert (kept.key, kept.modified, body(place_now)) == (key, "2018-11-02T01:25:34+00:00", b"bytes")
    assert not (tmp_path / "s3").exists()
