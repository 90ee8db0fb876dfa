-- The star schema. Redshift does not enforce primary and foreign keys: the planner trusts them, so the quality
-- checks and the publication prove them (AWS: t_Defining_constraints).
--
-- Text from outside gets 1,024 bytes: Redshift counts bytes, not characters, and a column pays for what it holds, not
-- for what it may hold. Durations and coordinates are doubles: a bare NUMERIC is (18,0) and would cut the fraction
-- on which a play is matched to its song (AWS: r_Numeric_types201).

-- Dimensions are small and joined from every slice, so each node keeps a whole copy (AWS: c_choosing_dist_sort).
create table if not exists {{ star() }}.users (
    user_id bigint not null,
    first_name varchar(1024),
    last_name varchar(1024),
    gender varchar(16),
    level varchar(16) not null,
    primary key (user_id)
)
diststyle all
sortkey (user_id);

create table if not exists {{ star() }}.songs (
    song_id varchar(64) not null,
    title varchar(1024),
    artist_id varchar(64),
    year integer,
    duration double precision,
    primary key (song_id)
)
diststyle all
sortkey (song_id);

create table if not exists {{ star() }}.artists (
    artist_id varchar(64) not null,
    name varchar(1024),
    location varchar(1024),
    latitude double precision,
    longitude double precision,
    primary key (artist_id)
)
diststyle all
sortkey (artist_id);

-- One row for each moment at which something was played: as large as the fact, so it is spread by the column on which
-- both are joined, and sorted like the fact.
create table if not exists {{ star() }}."time" (
    start_time timestamp not null,
    hour integer not null,
    day integer not null,
    week integer not null,
    month integer not null,
    year integer not null,
    weekday integer not null,
    primary key (start_time)
)
distkey (start_time)
sortkey (start_time);

-- The fact is spread by start_time like "time": its only join partner that is not on every node. It is sorted by it
-- because analysts ask for ranges of it, and because a run replaces exactly one range.
create table if not exists {{ star() }}.songplays (
    songplay_id char(32) not null,
    start_time timestamp not null,
    user_id bigint not null,
    level varchar(16) not null,
    song_id varchar(64),
    artist_id varchar(64),
    session_id bigint not null,
    location varchar(1024),
    user_agent varchar(1024),
    primary key (songplay_id),
    foreign key (start_time) references {{ star() }}."time" (start_time),
    foreign key (user_id) references {{ star() }}.users (user_id),
    foreign key (song_id) references {{ star() }}.songs (song_id),
    foreign key (artist_id) references {{ star() }}.artists (artist_id)
)
distkey (start_time)
sortkey (start_time);
