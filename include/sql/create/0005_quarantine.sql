-- Every record that was not loaded, or that loaded and broke a rule of its feed's contract. One record of one object is
-- one row, however often the object is read; it is resolved when what is published of the object is without it.
create table if not exists {{ star() }}.quarantine (
    record_id char(32) not null, -- hash of the object's address, the record's bytes, and which of such twins it is
    staged_table varchar(256) not null,
    bucket varchar(256) not null,
    object_key varchar(1024) not null,
    etag varchar(256) not null,
    day timestamp, -- of the object, if its key promises one
    line_number bigint, -- of the record's last line
    byte_position integer, -- of the fault in the value
    column_name varchar(256),
    value varchar(1024),
    reason varchar(1024) not null,
    rule varchar(256), -- of the contract; null for what the warehouse could not load
    error_code integer, -- AWS: r_Load_Error_Reference; null for what broke a rule
    record varchar(16384), -- its beginning, if it is longer
    run_id varchar(256) not null,
    quarantined_at timestamp not null,
    resolved_by varchar(256),
    resolved_at timestamp
)
diststyle even
sortkey (quarantined_at);

-- What was seen in an object before it was copied, so that the same version need not be looked at again.
alter table {{ star() }}.loaded_objects add column records_rejected bigint;
alter table {{ star() }}.loaded_objects add column inspection varchar(16384);

-- The counts of each publication, which reconcile to one record.
alter table {{ star() }}.published_runs add column lines_scanned bigint;
alter table {{ star() }}.published_runs add column rows_loaded bigint;
alter table {{ star() }}.published_runs add column records_rejected bigint;
alter table {{ star() }}.published_runs add column plays_staged bigint;
alter table {{ star() }}.published_runs add column plays_quarantined bigint;
alter table {{ star() }}.published_runs add column duplicate_plays bigint;
