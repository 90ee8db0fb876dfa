"""The page in include/docs says what the files ask and read, and shows a picture of each answer."""

import re

import pytest
from PIL import Image

from include.reports.questions import NAMES, OVERVIEW, SQL, sql, text
from include.sandbox.state import REPOSITORY

DOCS = REPOSITORY / "include" / "docs"
PAGE = (DOCS / "reports.md").read_text()
TABLES = re.compile(r'sparkify\."?(\w+)')


def test_its_table_is_that_of_the_files():
    lines = re.findall(r"^\| `(\w+)` \| (.*) \| (.*) \|$", PAGE, re.MULTILINE)
    assert [(name, asks) for name, asks, _ in lines] == [(name, text(name)) for name in NAMES]
    for name, _, reads in lines:
        assert reads.split(", ") == list(dict.fromkeys(TABLES.findall(sql(name, "sparkify")))), name


@pytest.mark.parametrize("name", [name for name in NAMES if name != OVERVIEW])
def test_it_shows_a_picture_of_the_question(name):
    assert f"](reports/{name}.png)" in PAGE
    path = DOCS / "reports" / f"{name}.png"
    assert path.stat().st_size < 100_000
    with Image.open(path) as image:
        assert image.info["Title"] == text(name)


def test_it_shows_no_picture_of_what_is_not_asked():
    assert {path.stem for path in (DOCS / "reports").iterdir()} == set(NAMES) - {OVERVIEW}


def test_each_file_reads_the_published_star_schema_only():
    for path in (SQL / "reports").glob("*.sql"):
        assert set(TABLES.findall(sql(path.stem, "sparkify"))) <= {"songplays", "users", "songs", "artists", "time"}
