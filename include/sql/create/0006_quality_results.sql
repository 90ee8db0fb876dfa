-- What a check allowed and found, in words, and some of the rows that broke it, their personal fields masked: what a
-- person needs who reads a result when the rows themselves are gone with the schema of their run.
alter table {{ star() }}.quality_results add column threshold varchar(64);
alter table {{ star() }}.quality_results add column message varchar(1024);
alter table {{ star() }}.quality_results add column sample varchar(2048);
