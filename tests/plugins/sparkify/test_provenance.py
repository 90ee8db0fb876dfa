from sparkify.inspection import Inspection
from sparkify.objects import S3Object
from sparkify.provenance import groups


def seen(*keys):
    return Inspection(1, False, 1, record_keys=frozenset(keys))


def test_objects_that_share_a_key_are_copied_apart_and_others_together():
    objects = [S3Object("b", str(n)) for n in range(4)]
    found = dict(zip(objects, [seen("x"), seen("y"), seen("x", "z"), seen("z")], strict=True))
    assert groups(found) == [[objects[0], objects[1], objects[3]], [objects[2]]]


def test_objects_with_records_that_have_no_key_are_copied_together_and_apart_from_others():
    objects = [S3Object("b", str(n)) for n in range(5)]
    found = dict(zip(objects, [seen(None), seen("x"), seen("y", None), seen("y"), seen("y", None)], strict=True))
    assert groups(found) == [[objects[0], objects[2]], [objects[1], objects[3]], [objects[4]]]
