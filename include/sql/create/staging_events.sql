-- In the order of the jsonpaths file, which is positional; names are its keys, folded to lower case as Redshift does.
-- "userId": "" loads as NULL into a number (AWS: copy-parameters-data-conversion).
create table if not exists {{ events }} (
    artist varchar(1024),
    auth varchar(64),
    firstname varchar(1024),
    gender varchar(16),
    iteminsession integer,
    lastname varchar(1024),
    length double precision,
    level varchar(16),
    location varchar(1024),
    method varchar(16),
    page varchar(64),
    registration double precision,
    sessionid bigint,
    song varchar(1024),
    status integer,
    ts bigint,
    useragent varchar(1024),
    userid bigint
)
distkey (ts)
sortkey (ts);
