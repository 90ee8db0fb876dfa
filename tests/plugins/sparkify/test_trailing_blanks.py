"""Redshift ignores trailing blanks when it compares VARCHAR. PostgreSQL does not, but for its type BPCHAR."""

import json
import re
import shutil
from contextlib import closing

import psycopg2

from include.sandbox.state import DATABASE, USER

LOG = "log_data/2018/12/2018-12-01-events.json"


def compare_as_redshift(pipeline, schema):
    """Give the columns by which plays are linked that type, past the stand-in, which does not know it."""
    create_links = re.search(r"create view .*?;", pipeline.run().rendered("prepare").changes[1], re.DOTALL).group()
    columns = pipeline.sql(
        "select table_name, column_name from information_schema.columns where column_name in ('title', 'artist_name') "
        f"and table_schema = '{schema}' and table_name not in ('staging_songs', 'song_links')"
    )
    with closing(psycopg2.connect(pipeline.sandbox.postgres().dsn(DATABASE))) as connection:
        cursor = connection.cursor()
        cursor.execute(f"set role {USER}; drop view {pipeline.name}.song_links")
        for table, column in columns:
            cursor.execute(f"alter table {schema}.{table} alter column {column} type bpchar")
        cursor.execute(create_links)
        connection.commit()


def test_titles_and_names_that_differ_by_a_trailing_blank_are_different(pipeline, folder, expected, tmp_path):
    source = shutil.copytree(folder, tmp_path / "source")
    plays = [json.loads(line) for line in (source / LOG).read_bytes().splitlines()]
    played = {(play["song"], play["artist"], play["length"]): play for play in plays if play["page"] == "NextSong"}
    for path in sorted(source.glob("song_data/**/*.json")):
        song = json.loads(path.read_bytes())
        if play := played.get((song["title"], song["artist_name"], song["duration"])):
            break
    title, name = f"{song['title']} ", f"{song['artist_name']} "
    others = [play, {**play, "song": title}, {**play, "artist": name}, {**play, "song": title, "artist": name}]
    lines = [{**other, "userId": "950", "itemInSession": n} for n, other in enumerate(others)]
    (source / LOG).write_bytes(
        b"\n".join([(source / LOG).read_bytes(), *(json.dumps(line).encode() for line in lines)])
    )
    twin = {**song, "song_id": "SO" + "0" * 16, "title": title}
    path.with_name("TRTWIN.json").write_text(json.dumps(twin))

    pipeline.upload(source)
    pipeline.run().task("prepare")
    compare_as_redshift(pipeline, pipeline.name)
    for _ in range(2):  # of new songs plays are linked twice, once more by what follows songs; then as they arrive only
        run = pipeline.run()
        compare_as_redshift(pipeline, run.task("prepare")["run_schema"])
        run.all()
        assert pipeline.published() == expected(source=source)

    path.write_text(json.dumps({**song, "year": 1999}))
    pipeline.upload(source)
    pipeline.run("2018-12-25T05", "2018-12-25T06").all()
    assert pipeline.published() == expected(source=source)
