-- What every run needs before it may look at anything else: the schema, the list of applied schema changes,
-- and the mutex that serialises schema changes and publications.
create schema if not exists {{ star() }};

create table if not exists {{ star() }}.schema_versions (
    version integer not null,
    file_name varchar(256) not null,
    applied_at timestamp not null default sysdate,
    primary key (version)
)
diststyle all;

create table if not exists {{ star() }}.publish_mutex (
    holder varchar(256),
    taken_at timestamp
)
diststyle all;
