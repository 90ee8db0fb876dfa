from sparkify import provenance
from sparkify.objects import S3Object


def test_what_identifies_records_is_read_as_copy_reads_it():
    body = b'{"id": 1.0, "x": {"id": 9}}\n\n{"id":"b"}{"x":1}[2]\n{"id":"c" broken {"id":"d"}'
    assert provenance.record_keys(body, "id") == {"1.0", "b"}


def test_objects_that_share_a_key_are_copied_apart_and_others_together():
    objects = [S3Object("b", str(n)) for n in range(4)]
    keys = dict(zip(objects, [{"x"}, {"y"}, {"x", "z"}, {"z"}], strict=True))
    assert provenance.groups(keys) == [[objects[0], objects[1], objects[3]], [objects[2]]]
