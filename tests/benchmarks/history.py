"""A past for a star schema, as if hourly runs had published it, written by PostgreSQL itself."""

from __future__ import annotations

from contextlib import closing
from datetime import datetime

import psycopg2

from include.sandbox.services import Sandbox
from include.sandbox.state import DATABASE

BEFORE = "2018-11-30"  # what is invented ends there
PLAYS_AN_HOUR, USERS_AN_HOUR, PLAYS_A_USER = 240, 40, 200

# Play n is one of 240 of its hour, or of fewer, 15 s and some milliseconds apart. An hour has 40 users, and then it is
# the turn of the next 40: 10,000 in all for 2,000,000 plays, all of them as old as each other. A third is of a song.
STATEMENTS = """
create temporary table plays on commit drop as
select
    numbers.n,
    numbers.hour,
    numbers.hour + n % {an_hour} * interval '15 s' + n % 997 * interval '1 ms' as start_time,
    1 + (n / {an_hour} * {users} + n % {users}) % {all_users} as user_id,
    case when n % 3 = 0 then 'paid' else 'free' end as level,
    n / {an_hour} * {users} + n % {users} as session_id,
    1 + n % (select count(*) from {star}.song_catalog) as song,
    n % 3 = 0 as matched
from (
    select n, timestamp '{before}' - (({plays} - 1 - n) / {an_hour} + 1) * interval '1 hour' as hour
    from generate_series(0, {plays} - 1) as n
) as numbers;

create temporary table catalog on commit drop as
select row_number() over (order by song_id) as song, * from {star}.song_catalog;

create temporary table loads on commit drop as
select
    hour,
    hour + interval '1 hour' as at,
    md5(hour::text) as run_id,
    count(*) as plays,
    count(*) filter (where matched) as matched
from plays
group by hour;

insert into {star}.songplays
    (songplay_id, start_time, user_id, level, song_id, artist_id, session_id, location, user_agent)
select
    md5(n::text), start_time, user_id, level, case when matched then song_id end, case when matched then artist_id end,
    session_id,
    'San Francisco-Oakland-Hayward, CA',
    '"Mozilla/5.0 (Windows NT 6.3; WOW64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/36.0.1985.143 Safari/537.36"'
from plays join catalog using (song) order by n;

insert into {star}.play_match_keys (songplay_id, start_time, title, artist_name, duration)
select
    md5(n::text), start_time, case when matched then title else 'Title '::text || (n % 50000)::text end, artist_name,
    duration
from plays join catalog using (song) order by n;

insert into {star}."time" (start_time, hour, day, week, month, year, weekday)
select distinct on (start_time)
    start_time, extract(hour from start_time), extract(day from start_time), extract(week from start_time),
    extract(month from start_time), extract(year from start_time), extract(dow from start_time)
from plays order by start_time;

insert into {star}.user_hours
    (user_id, first_name, last_name, gender, level, hour, ts, session_id, item_in_session)
select distinct on (hour, user_id)
    user_id, 'First '::text || user_id::text, 'Last '::text || user_id::text, 'F', level, hour,
    extract(epoch from start_time) * 1000, session_id, 1
from plays order by hour, user_id, start_time desc;

insert into {star}.latest_user_hours
    (user_id, first_name, last_name, gender, level, hour, ts, session_id, item_in_session)
select distinct on (user_id)
    user_id, first_name, last_name, gender, level, hour, ts, session_id, item_in_session
from {star}.user_hours as h
where not exists (select from {star}.latest_user_hours as l where l.user_id = h.user_id)
order by user_id, hour desc;

insert into {star}.users (user_id, first_name, last_name, gender, level)
select user_id, first_name, last_name, gender, level
from {star}.latest_user_hours as l
where not exists (select from {star}.users as u where u.user_id = l.user_id);

insert into {star}.loaded_hours
    (hour, run_id, events, plays, fingerprint, published_at, etag, last_modified, loaded_at)
select hour, run_id, plays, plays, 1, at, md5(hour::date::text), hour::date + 1, at from loads order by hour;

insert into {star}.loaded_objects (
    bucket, object_key, etag, last_modified, size_bytes, lines_scanned, staged_table, run_id, loaded_at, day,
    rows_loaded
)
select
    'source', to_char(hour::date, '"log_data/"YYYY/MM/YYYY-MM-DD"-events.json"'), md5(hour::date::text),
    hour::date + 1, 1000000, sum(plays), 'staging_events', max(run_id), max(at), hour::date, sum(plays)
from loads group by hour::date order by hour::date;

insert into {star}.published_runs
    (run_id, interval_start, interval_end, events, plays, matched_plays, published_at, part)
select run_id, hour, hour + interval '1 hour', plays, plays, matched, at, 'everything' from loads order by hour;

insert into {star}.quality_results (run_id, check_name, severity, examined, failed, passed, checked_at)
select loads.run_id, done.check_name, done.severity, loads.plays, 0, true, loads.at
from loads cross join (select distinct check_name, severity from {star}.quality_results) as done
where loads.hour >= '{checked_since}' order by loads.hour;
"""


def write(
    sandbox: Sandbox,
    star: str,
    plays: int,
    an_hour: int = PLAYS_AN_HOUR,
    checked_since: datetime = datetime.min,
) -> None:
    """Add plays before what is published, with all that goes with them.

    Args:
        sandbox: in which it runs.
        star: the schema, in which a run has published songs already.
        plays: how many.
        an_hour: how many of them each hour has.
        checked_since: the first hour of which results of checks are kept.
    """
    statements = STATEMENTS.format(
        star=star,
        plays=plays,
        before=BEFORE,
        an_hour=an_hour,
        checked_since=checked_since.isoformat(),
        users=USERS_AN_HOUR,
        all_users=plays // PLAYS_A_USER,
    )
    with closing(psycopg2.connect(sandbox.postgres().dsn(DATABASE))) as connection:
        with connection, connection.cursor() as cursor:
            cursor.execute(statements)
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute("vacuum (analyze)")
