"""Where objects lie on disk: every key has a place of its own, and comes back from it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.s3.models import s3_backends

from include.sandbox import aws_server
from include.sandbox.objects import copy_into, make_room, mirrored_keys

KEYS = st.text(st.sampled_from("ab/.%\\ é'\n"), min_size=1, max_size=8)


@given(st.lists(KEYS, unique=True, max_size=12))
def test_every_set_of_keys_comes_back_as_it_was(tmp_path_factory, keys):
    folder = tmp_path_factory.mktemp("bucket")
    for key in keys:
        make_room(folder, key).write_bytes(key.encode())
    assert {key: path.read_bytes() for key, path in mirrored_keys(folder)} == {key: key.encode() for key in keys}


def test_a_plain_key_is_a_plain_path_and_none_leaves_the_folder(tmp_path):
    assert make_room(tmp_path, "log_data/2018/11/2018-11-01-events.json") == (
        tmp_path / "log_data" / "2018" / "11" / "2018-11-01-events.json"
    )
    assert make_room(tmp_path, "../../outside").resolve().is_relative_to(tmp_path)


def test_copying_the_same_bytes_again_changes_nothing(tmp_path):
    source = tmp_path / "file"
    source.write_bytes(b"one")
    assert copy_into(tmp_path / "bucket", "a/", source)
    assert not copy_into(tmp_path / "bucket", "a/", source)
    source.write_bytes(b"two")
    assert copy_into(tmp_path / "bucket", "a/", source)


@pytest.fixture
def bucket():
    """A bucket of moto's in this process."""
    backend = s3_backends[DEFAULT_ACCOUNT_ID]["aws"]
    backend.create_bucket("mirrored", "us-west-2")
    yield backend
    backend.buckets.pop("mirrored")


def test_an_object_that_is_replaced_or_removed_while_it_is_written_back_is_written_the_next_time(
    bucket, tmp_path, monkeypatch
):
    """As the live feed does; the stand-in for S3 must not end over it."""
    mirror = aws_server.ObjectMirror(tmp_path)
    for key in ("replaced", "removed", "left"):
        bucket.put_object("mirrored", key, b"old")
    with monkeypatch.context() as patch:

        def change_first(folder, key):
            if key != "left":
                bucket.put_object("mirrored", "replaced", b"new")
                bucket.delete_object("mirrored", "removed")
            return make_room(folder, key)

        patch.setattr(aws_server, "make_room", change_first)
        mirror.write_back()
    mirror.write_back()
    assert {path.name: path.read_bytes() for path in (tmp_path / "mirrored").iterdir() if "%" not in path.name} == {
        "replaced": b"new",
        "left": b"old",
    }
