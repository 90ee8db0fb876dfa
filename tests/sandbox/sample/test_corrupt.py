import gzip
import json
import shutil
from pathlib import Path

import pytest

from include.sandbox.sample.corrupt import KINDS, Object, Value, corrupt


@pytest.fixture
def folder(default_bucket, tmp_path) -> Path:
    """Two logs, two songs and the jsonpaths file of the sample."""
    songs = sorted(default_bucket.folder.glob("song_data/**/*.json"))
    for path in (*default_bucket.logs[:2], *songs[:2], default_bucket.folder / "log_json_path.json"):
        copy = tmp_path / path.relative_to(default_bucket.folder)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, copy)
    return tmp_path


def content(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def spoil(folder: Path, kind: str, **where):
    """Spoil the folder, and return what was said, the object before, and the object after (None if gone)."""
    before = content(folder)
    done = corrupt(folder, kind, **where)
    after = content(folder)
    assert {key for key in before if before[key] != after.get(key)} == {done.key}
    assert after.keys() <= before.keys()
    return done, before[done.key], after.get(done.key)


@pytest.mark.parametrize("kind", KINDS)
def test_spoils_one_object_and_says_where(folder, kind):
    done, before, after = spoil(folder, kind)
    assert done.kind == kind
    if done.line is None:
        assert (done.column, done.value) == (None, None)
    else:
        good, bad = before.split(b"\n"), after.split(b"\n")
        if kind == "blank_line":
            assert bad.pop(done.line - 1) == b""
            assert bad == good
            return
        assert [number for number, pair in enumerate(zip(good, bad, strict=True), 1) if pair[0] != pair[1]] == [
            done.line
        ]
        assert done.value in bad[done.line - 1]


@pytest.mark.parametrize("kind", [kind for kind in KINDS if isinstance(KINDS[kind], Value)])
def test_a_bad_value_leaves_the_rest_of_its_record(folder, kind):
    done, before, after = spoil(folder, kind)
    good, bad = before.split(b"\n")[done.line - 1], after.split(b"\n")[done.line - 1]
    name = f'"{done.column}":'.encode()
    assert name + done.value in bad
    head, tail = bad.split(name + done.value)
    assert good.startswith(head + name)
    assert good.endswith(tail)


@pytest.mark.parametrize(
    "kind", [kind for kind in KINDS if KINDS[kind].glob.startswith("log_data") and not isinstance(KINDS[kind], Object)]
)
def test_the_first_play_is_the_one_that_goes_bad(folder, kind):
    done, before, _ = spoil(folder, kind)
    pages = [json.loads(line)["page"] for line in before.split(b"\n")]
    assert pages.index("NextSong") + 1 == done.line
    assert done.key == "log_data/2018/12/2018-12-01-events.json"


def test_where_can_be_chosen(folder):
    key = "log_data/2018/12/2018-12-02-events.json"
    done, _, _ = spoil(folder, "broken_json", key=key, line=5)
    assert (done.key, done.line) == (key, 5)


def test_too_long_values_exceed_every_varchar(folder):
    done, _, after = spoil(folder, "value_too_long_in_bytes")
    value = json.loads(after.split(b"\n")[done.line - 1])[done.column]
    assert len(value) <= 65_535 < len(value.encode())


def test_nul_in_both_notations(folder):
    done, _, after = spoil(folder, "nul_character")
    assert json.loads(after.split(b"\n")[done.line - 1])["firstName"] == "Nul\x00la"
    done, _, after = spoil(folder, "nul_byte")
    assert after.count(b"\x00") == 1


@pytest.mark.parametrize("kind", ["broken_json", "text_for_object", "song_broken_json", "nul_byte"])
def test_lines_that_no_parser_takes(folder, kind):
    done, _, after = spoil(folder, kind)
    with pytest.raises(json.JSONDecodeError):
        json.loads(after.split(b"\n")[done.line - 1])


def test_bytes_that_are_no_utf8(folder):
    _, _, after = spoil(folder, "invalid_utf8")
    with pytest.raises(UnicodeDecodeError):
        after.decode()


def test_objects_that_are_not_what_their_name_says(folder):
    _, before, after = spoil(folder, "gzip_file")
    assert gzip.decompress(after) == before
    _, before, after = spoil(folder, "empty_file", key="log_data/2018/12/2018-12-02-events.json")
    assert before
    assert after == b""


def test_a_truncated_file_loses_its_end_only(folder):
    _, before, after = spoil(folder, "truncated_file")
    assert before.startswith(after)
    assert before.count(b"\n") == after.count(b"\n")


def test_bad_jsonpaths(folder):
    _, before, after = spoil(folder, "jsonpaths_too_short")
    assert json.loads(after)["jsonpaths"] == json.loads(before)["jsonpaths"][1:]
    _, _, after = spoil(folder, "jsonpaths_broken")
    with pytest.raises(json.JSONDecodeError):
        json.loads(after)
    _, _, after = spoil(folder, "jsonpaths_missing")
    assert after is None


def test_an_unknown_kind_is_refused_with_the_known_ones(folder):
    with pytest.raises(ValueError, match=r"'moths'.*value_too_long, .*broken_json"):
        corrupt(folder, "moths")


def test_a_folder_without_such_objects_is_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"events\.json to spoil by empty_file"):
        corrupt(tmp_path, "empty_file")
