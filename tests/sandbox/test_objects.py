"""Where objects lie on disk: every key has a place of its own, and comes back from it."""

from hypothesis import given
from hypothesis import strategies as st

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
