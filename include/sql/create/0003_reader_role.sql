-- Analysts are granted the role and read the star; the bookkeeping and the schemas of runs are not theirs to read.
grant usage on schema {{ star() }} to role {{ reader_role() }};
grant select on {{ star() }}.songplays to role {{ reader_role() }};
grant select on {{ star() }}.users to role {{ reader_role() }};
grant select on {{ star() }}.songs to role {{ reader_role() }};
grant select on {{ star() }}.artists to role {{ reader_role() }};
grant select on {{ star() }}."time" to role {{ reader_role() }};
