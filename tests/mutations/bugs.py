"""The seventeen bugs that public Sparkify pipelines share, each made in our own code or SQL."""

from tests.mutations.mutation import Mutation

DAG = "dags/sparkify.py"
SQL = "include/sql"
PLUGIN = "plugins/sparkify"
OPERATORS = f"{PLUGIN}/operators"
RULES = f"{PLUGIN}/checks"

TESTS = "tests/plugins/sparkify"
DAG_TESTS = "tests/dags/test_sparkify.py"
TWICE = f"{TESTS}/test_any_order.py::test_one_range_and_the_same_again"
HOURS = f"{TESTS}/test_any_order.py::test_only_the_hours_asked_for_are_loaded"
PIECES = f"{TESTS}/test_any_order.py::test_pieces_backwards_one_of_them_twice_songs_late"
RETRIED = f"{TESTS}/test_clear_and_retry.py::test_a_run_whose_tasks_all_run_twice_gives_the_same"
CHECKS = f"{TESTS}/operators/test_data_quality.py"
FACT = f"{TESTS}/operators/test_load_fact.py"
DIMENSION = f"{TESTS}/operators/test_load_dimension.py"
PUBLISH = f"{TESTS}/operators/test_publish.py"

# Forms of these bugs that need no test: such a DAG does not even load.
CANNOT_EXIST = {
    "bug 16, SubDagOperator, contrib hooks, apply_defaults, execution_date": "Airflow 3 has removed them",
}

BUGS = [
    # 1. The whole source is read again every hour, or what only begins like it.
    Mutation(
        "bug_01_songs_are_copied_again_every_hour",
        "Song objects are copied whether or not they have changed.",
        f"{PLUGIN}/ledger.py",
        {"known.get((one.bucket, one.key)) != one.etag or one.url in again": "True"},
        (TWICE,),
    ),
    Mutation(
        "bug_01_all_logs_are_copied_every_hour",
        "Every run copies the log objects of all days.",
        DAG,
        {"key_format=LOG_KEY_FORMAT,": 'pattern="*-events.json",'},
        (f"{TESTS}/test_any_order.py::test_the_books_say_what_was_loaded",),
    ),
    Mutation(
        "bug_01_every_hour_of_the_day_is_loaded",
        "An hourly run takes all plays of the day's object.",
        f"{SQL}/load/songplays.sql",
        {"ts >= {{ bind.start_ms }}\n        and ts < {{ bind.end_ms }}": "true"},
        (HOURS,),
    ),
    Mutation(
        "bug_01_prefix_instead_of_exact_key",
        "A backup whose key begins like that of the day's object is taken for it.",
        f"{PLUGIN}/objects.py",
        {" if found.key == name)": ")"},
        (f"{TESTS}/test_objects.py::test_exact_names_take_nothing_that_begins_like_them",),
    ),
    # 2. Staging grows with every run.
    Mutation(
        "bug_02_staging_appends",
        "COPY adds to the rows that an earlier attempt has staged.",
        f"{OPERATORS}/stage_to_redshift.py",
        {'session.run(f"delete from {self.table}")\n': "pass\n"},
        (f"{TESTS}/operators/test_stage_to_redshift.py::test_staging_replaces_what_an_earlier_run_left",),
    ),
    Mutation(
        "bug_02_objects_of_staging_append",
        "The objects that an earlier attempt has staged stay noted beside those of this one.",
        f"{PLUGIN}/ledger.py",
        {'session.run(f"delete from {table} where staged_table = %(name)s", {"name": name})': "pass"},
        (RETRIED,),
    ),
    # 3. A retry adds the same rows once more.
    Mutation(
        "bug_03_fact_appends",
        "The fact's slice is added and not replaced.",
        f"{OPERATORS}/load_fact.py",
        {'session.script(f"delete from {self.table} where {self.replace_where}", self.parameters)': "0"},
        (f"{FACT}::test_one_slice_is_replaced_and_twice_is_once",),
    ),
    Mutation(
        "bug_03_dimension_overwrite_appends",
        "A dimension that is to be overwritten keeps its old rows.",
        f"{OPERATORS}/load_dimension.py",
        {'session.script(f"delete from {self.table}")': "0"},
        (f"{DIMENSION}::test_each_mode_does_what_it_says_and_twice_is_once",),
    ),
    Mutation(
        "bug_03_dimension_merge_appends",
        "A merge does not replace the rows whose key is there.",
        f"{OPERATORS}/load_dimension.py",
        {'session.script(f"delete from {self.table} using {incoming} where {same}")': "0"},
        (f"{DIMENSION}::test_each_mode_does_what_it_says_and_twice_is_once",),
    ),
    Mutation(
        "bug_03_dimension_append_adds_twice",
        "An append by key adds rows whose key is there.",
        f"{OPERATORS}/load_dimension.py",
        {" where not exists (select 1 from {self.table} where {same})": ""},
        (f"{DIMENSION}::test_each_mode_does_what_it_says_and_twice_is_once",),
    ),
    Mutation(
        "bug_03_published_plays_append",
        "The plays of an hour that is loaded again are added to those that are published.",
        f"{SQL}/publish/3_songplays.sql",
        {"date_trunc('hour', songplays.start_time) = fresh_hours.hour;": "false;"},
        (TWICE,),
    ),
    Mutation(
        "bug_03_published_times_append",
        "The moments of an hour that is loaded again are added to those that are published.",
        f"{SQL}/publish/8_time.sql",
        {"date_trunc('hour', \"time\".start_time) = fresh_hours.hour;": "false;"},
        (TWICE,),
    ),
    Mutation(
        "bug_03_match_keys_append",
        "What a play was matched by before it was corrected goes on being matched.",
        f"{SQL}/publish/3_songplays.sql",
        {"date_trunc('hour', play_match_keys.start_time) = fresh_hours.hour;": "false;"},
        (f"{TESTS}/test_changed_source.py::test_a_play_that_is_corrected_no_longer_follows_its_old_song",),
    ),
    Mutation(
        "bug_03_user_hours_append",
        "What an hour said of its users before it was corrected goes on counting.",
        f"{SQL}/publish/5_user_hours.sql",
        {"and user_hours.hour = fresh_hours.hour;": "and false;"},
        (f"{TESTS}/test_changed_source.py::test_hours_that_are_emptied_one_after_the_other_leave_no_trace_of_a_user",),
    ),
    # 4. Delete and insert are not one transaction.
    Mutation(
        "bug_04_publication_commits_between_its_scripts",
        "Each script of a publication is committed by itself.",
        f"{OPERATORS}/publish.py",
        {
            "session.script(step.sql, self.parameters)": (
                "session.script(step.sql, self.parameters)\n                    session.connection.commit()"
            )
        },
        (f"{PUBLISH}::test_a_script_that_fails_takes_back_those_before_it",),
    ),
    Mutation(
        "bug_04_publication_without_a_transaction",
        "Each statement of a publication is committed by itself.",
        f"{OPERATORS}/publish.py",
        {"with self.session() as session, session.transaction():": "with self.session() as session:"},
        (f"{PUBLISH}::test_a_script_that_fails_takes_back_those_before_it",),
    ),
    Mutation(
        "bug_04_fact_is_emptied_first",
        "A fact's slice is deleted for all to see before its new rows are there.",
        f"{OPERATORS}/load_fact.py",
        {"with session.transaction():": "if True:"},
        (f"{FACT}::test_what_fails_leaves_the_slice",),
    ),
    Mutation(
        "bug_04_dimension_is_emptied_first",
        "A dimension is deleted for all to see before its new rows are there.",
        f"{OPERATORS}/load_dimension.py",
        {"with session.transaction():": "if True:"},
        (f"{DIMENSION}::test_what_fails_half_way_leaves_the_old_rows",),
    ),
    Mutation(
        "bug_04_dimension_is_truncated",
        "A dimension is emptied by TRUNCATE, which commits.",
        f"{OPERATORS}/load_dimension.py",
        {'session.script(f"delete from {self.table}")': 'session.script(f"truncate {self.table}")'},
        (f"{DIMENSION}::test_what_fails_half_way_leaves_the_old_rows",),
    ),
    Mutation(
        "bug_04_published_users_are_truncated",
        "A publication empties a table by TRUNCATE, which commits half of it.",
        f"{SQL}/publish/7_users.sql",
        {
            "delete from {{ star() }}.users\nusing touched_users\nwhere users.user_id = touched_users.user_id;": (
                "truncate {{ star() }}.users;"
            ),
        },
        ("tests/sql/test_templates.py::test_values_are_bound_and_published_tables_are_never_truncated",),
    ),
    Mutation(
        "bug_04_staging_is_emptied_first",
        "A COPY that fails leaves an empty staging table.",
        f"{OPERATORS}/stage_to_redshift.py",
        {"with session.transaction():": "if True:"},
        (f"{TESTS}/operators/test_stage_to_redshift.py::test_a_failed_copy_leaves_the_staged_rows_of_before",),
    ),
    # 5. Runs at the same time share tables.
    Mutation(
        "bug_05_all_runs_share_one_schema",
        "Staging tables are shared by all runs.",
        f"{PLUGIN}/macros.py",
        {"_run_{hashlib.sha256(run_id.encode()).hexdigest()[:12]}": "_run_{hashlib.sha256().hexdigest()[:12]}"},
        (f"{TESTS}/test_macros.py::test_no_two_runs_share_a_schema",),
    ),
    Mutation(
        "bug_05_runs_of_two_dags_share_one_schema",
        "Runs of the same name of two DAGs work in one schema.",
        f"{PLUGIN}/macros.py",
        {"{context['dag_run'].dag_id}/": ""},
        (f"{TESTS}/test_macros.py::test_no_two_runs_share_a_schema",),
    ),
    Mutation(
        "bug_05_runs_share_a_manifest",
        "A run may copy the objects of another one.",
        DAG,
        {'manifest=f"{WORK}/{RUN}/events.manifest"': 'manifest=f"{WORK}/events.manifest"'},
        (f"{DAG_TESTS}::test_no_task_writes_where_another_run_does_before_it_publishes",),
    ),
    # 6. Keys in SQL, and so in logs.
    Mutation(
        "bug_06_key_in_copy",
        "COPY is authorised by keys that stand in its text.",
        f"{PLUGIN}/copying.py",
        {'f"iam_role {role}",': "f\"credentials 'aws_iam_role={role};aws_access_key_id=AK'\","},
        (f"{TESTS}/test_copying.py::test_the_statement_carries_a_role_and_nothing_else_that_authorises",),
    ),
    Mutation(
        "bug_06_key_among_the_options_of_copy",
        "The DAG hands keys to COPY as options.",
        DAG,
        {'"copy_options": [': '"copy_options": ["access_key_id \'{{ conn.sparkify_aws.login }}\'", '},
        (f"{DAG_TESTS}::test_copy_is_authorised_by_a_role_alone",),
    ),
    # 7. A check that cannot fail.
    Mutation(
        "bug_07_every_check_passes",
        "A check passes whatever it has found.",
        f"{RULES}/results.py",
        {"return self.check.at_most.holds(self.failed, self.examined)": "return True"},
        (CHECKS,),
    ),
    Mutation(
        "bug_07_no_check_stops_a_run",
        "A check of severity error is told and stops nothing.",
        f"{RULES}/results.py",
        {'return not self.passed and self.check.severity == "error"': "return False"},
        (CHECKS,),
    ),
    Mutation(
        "bug_07_not_null_counts_nothing",
        "The check for missing values finds none.",
        f"{RULES}/rules.py",
        {'f"{column} is null")': 'f"{column} is null and {column} is not null")'},
        (CHECKS,),
    ),
    Mutation(
        "bug_07_unique_counts_nothing",
        "The check for rows that share a key finds none.",
        f"{RULES}/rules.py",
        {"count(*) - 1 as failed": "count(*) - count(*) as failed"},
        (CHECKS,),
    ),
    Mutation(
        "bug_07_references_looks_at_matches_only",
        "The check for values that are no key of the parent looks only at those that are.",
        f"{RULES}/rules.py",
        {"left join (select distinct": "inner join (select distinct"},
        (CHECKS,),
    ),
    Mutation(
        "bug_07_a_condition_is_never_broken",
        "The check of a condition finds no row that breaks it.",
        f"{RULES}/rules.py",
        {'f"not ({condition})"': 'f"not ({condition}) and {condition}"'},
        (CHECKS,),
    ),
    Mutation(
        "bug_07_proofs_prove_nothing",
        "A publication commits whatever its proofs have found.",
        f"{OPERATORS}/publish.py",
        {"        if broken:": "        if not broken and broken:"},
        (f"{PUBLISH}::test_a_proof_that_does_not_hold_rolls_back_and_is_named",),
    ),
    # 8. Nothing but count(*) > 0, and the first failure ends it.
    Mutation(
        "bug_08_only_count_of_rows",
        "A check passes if there is any row.",
        f"{RULES}/results.py",
        {"return self.check.at_most.holds(self.failed, self.examined)": "return self.examined > 0"},
        (CHECKS,),
    ),
    Mutation(
        "bug_08_the_pipeline_only_counts",
        "All that is asked of what is about to be published is that there are rows.",
        f"{PLUGIN}/star.py",
        {
            "BEFORE_PUBLICATION = [": (
                'BEFORE_PUBLICATION = expect(f"{RUN}.songplays", holds("rows", "true"), zero_rows="fail")\nNOT_USED = ['
            )
        },
        (f"{TESTS}/test_bad_input.py::test_what_is_worse_stops_the_run_with_all_of_it_kept",),
    ),
    Mutation(
        "bug_08_nothing_passes_where_rows_are_expected",
        "An empty table passes a check that expects rows.",
        f"{RULES}/results.py",
        {'return self.check.zero_rows == "pass"': "return True"},
        (CHECKS,),
    ),
    Mutation(
        "bug_08_the_first_failure_ends_it",
        "Only the first of several failures is told.",
        f"{OPERATORS}/data_quality.py",
        {
            "blocking = [result for result in results if result.blocks]": (
                "blocking = [result for result in results if result.blocks][:1]"
            )
        },
        (f"{CHECKS}::test_all_rules_are_tried_and_a_warning_alone_does_not_fail",),
    ),
    # 9. numeric(18,0): fractions are lost.
    Mutation(
        "bug_09_length_of_events_without_fraction",
        "The length of a play is staged in whole seconds, and matches no song.",
        f"{SQL}/create/staging_events.sql",
        {"length double precision": "length numeric(18, 0)"},
        (TWICE,),
    ),
    Mutation(
        "bug_09_duration_of_songs_without_fraction",
        "The duration of a song is staged in whole seconds.",
        f"{SQL}/create/run_schema.sql",
        {"duration double precision,\n    num_songs": "duration numeric(18, 0),\n    num_songs"},
        (TWICE,),
    ),
    Mutation(
        "bug_09_published_duration_without_fraction",
        "The duration of a song is published in whole seconds.",
        f"{SQL}/create/0001_star_schema.sql",
        {"duration double precision": "duration numeric(18, 0)"},
        (TWICE,),
    ),
    Mutation(
        "bug_09_coordinates_without_fraction",
        "Artists are published at whole degrees.",
        f"{SQL}/create/0001_star_schema.sql",
        {"latitude double precision": "latitude numeric(18, 0)", "longitude double precision": "longitude numeric"},
        (TWICE,),
    ),
    Mutation(
        "bug_09_match_keys_without_fraction",
        "A song that arrives late finds only the plays that last whole seconds.",
        f"{SQL}/create/0002_bookkeeping.sql",
        {
            "artist_name varchar(1024),\n    duration double precision,\n    primary key": (
                "artist_name varchar(1024),\n    duration numeric(18, 0),\n    primary key"
            )
        },
        (PIECES,),
    ),
    # 10. A key that two plays share.
    Mutation(
        "bug_10_key_without_item_in_session",
        "Two plays of a session in one millisecond have one key.",
        f"{SQL}/load/songplays.sql",
        {"|| '|' || iteminsession::varchar ": ""},
        (TWICE,),
    ),
    Mutation(
        "bug_10_one_play_a_moment_of_a_session",
        "Of two plays of a session in one millisecond one is lost.",
        f"{SQL}/load/songplays.sql",
        {
            "|| '|' || iteminsession::varchar ": "",
            "partition by userid, sessionid, iteminsession, ts": "partition by userid, sessionid, ts",
        },
        (TWICE,),
    ),
    Mutation(
        "bug_10_one_play_a_second_of_a_session",
        "Of two plays of a session in one second one is lost.",
        f"{SQL}/load/songplays.sql",
        {
            "|| '|' || ts::varchar": "|| '|' || (ts / 1000)::varchar",
            "partition by userid, sessionid, iteminsession, ts": "partition by userid, sessionid, ts / 1000",
        },
        (TWICE,),
    ),
    Mutation(
        "bug_10_start_time_in_seconds",
        "A play begins at a whole second.",
        f"{SQL}/create/run_schema.sql",
        {" + mod(ts, 1000) * interval '1 millisecond'": ""},
        (TWICE,),
    ),
    # 11. Users: several rows, or a level that is not the latest.
    Mutation(
        "bug_11_a_user_for_each_level",
        "An hour has a row for each different description of a user.",
        f"{SQL}/load/users.sql",
        {"partition by userid, ts / 3600000": "partition by userid, level, ts / 3600000"},
        (TWICE,),
    ),
    Mutation(
        "bug_11_earliest_level_counts",
        "A user has the level of the first play of the hour.",
        f"{SQL}/load/users.sql",
        {"order by ts desc, ": "order by ts asc, "},
        (TWICE,),
    ),
    Mutation(
        "bug_11_a_tie_is_decided_by_text",
        "Of two plays of one moment, item 9 is later than item 10.",
        f"{SQL}/load/users.sql",
        {"sessionid desc, iteminsession desc": "sessionid desc, iteminsession::varchar desc"},
        (TWICE,),
    ),
    Mutation(
        "bug_11_an_older_hour_overwrites_a_newer_one",
        "A user becomes what the hour says that was loaded last.",
        f"{SQL}/publish/5_user_hours.sql",
        {"where fresh_hours.hour is null;": "where false;"},
        (PIECES,),
    ),
    Mutation(
        "bug_11_published_user_of_the_earliest_hour",
        "A user is what the earliest hour says.",
        f"{SQL}/publish/7_users.sql",
        {"order by hour desc": "order by hour asc"},
        (TWICE,),
    ),
    Mutation(
        "bug_11_published_user_for_each_hour",
        "A user has a row for each hour.",
        f"{SQL}/publish/7_users.sql",
        {"where latest.recency = 1": "where latest.recency > 0"},
        (TWICE,),
    ),
    # 12. DISTINCT on all attributes: several rows for a key.
    Mutation(
        "bug_12_an_artist_for_each_name",
        "A run has a row for each description of an artist.",
        f"{SQL}/load/artists.sql",
        {"where believed.preference = 1": "where believed.preference > 0"},
        (TWICE,),
    ),
    Mutation(
        "bug_12_published_artist_for_each_song",
        "An artist is published once for each song.",
        f"{SQL}/publish/2_artists.sql",
        {"where believed.preference = 1": "where believed.preference > 0"},
        (TWICE,),
    ),
    Mutation(
        "bug_12_a_song_for_each_description",
        "A song that two objects describe is published twice.",
        f"{SQL}/publish/1_songs.sql",
        {"where described.preference = 1": "where described.preference > 0"},
        (f"{TESTS}/test_changed_source.py::test_two_objects_that_describe_one_song_in_one_run_are_told_apart",),
    ),
    Mutation(
        "bug_12_a_moment_for_each_play",
        "A moment at which two users play something has two rows.",
        f"{SQL}/load/time.sql",
        {"select distinct start_time": "select start_time"},
        (TWICE,),
    ),
    # 13. Plays without a song are lost, and nobody counts them.
    Mutation(
        "bug_13_unmatched_plays_are_dropped",
        "A play that matches no song is not published.",
        f"{SQL}/publish/3_songplays.sql",
        {"left join {{ star() }}.song_links": "inner join {{ star() }}.song_links"},
        (TWICE,),
    ),
    Mutation(
        "bug_13_match_rate_is_not_measured",
        "All plays are counted as matched.",
        f"{SQL}/publish/9_bookkeeping.sql",
        {"count(song_id) as matched_plays": "count(*) as matched_plays"},
        (f"{TESTS}/test_any_order.py::test_the_books_say_what_was_loaded",),
    ),
    # 14. Nobody becomes a user.
    Mutation(
        "bug_14_nobody_is_a_user",
        "An event with an empty userId makes a play, and a user without an id.",
        f"{PLUGIN}/contracts.py",
        {'        Rule("userid", "a play has a user", f"{PLAYED}userid is null"),\n': ""},
        (
            f"{TESTS}/test_quarantine.py::test_a_record_stays_in_longer_versions_of_its_object_and_goes_with_its_correction",
        ),
    ),
    Mutation(
        "bug_14_nobody_is_user_0",
        "All events with an empty userId are those of one user.",
        f"{PLUGIN}/staging.py",
        {
            "        rule = first_broken(rules)\n": "        rule = first_broken(rules)\n"
            '        if "events" in table:\n'
            '            self.session.run(f"update {table} set userid = 0 where userid is null")\n'
        },
        (
            f"{TESTS}/test_quarantine.py::test_a_record_stays_in_longer_versions_of_its_object_and_goes_with_its_correction",
        ),
    ),
    # 15. The scheduler loads history that nobody asked for.
    Mutation(
        "bug_15_catchup",
        "Unpausing the DAG loads every hour since 2018.",
        DAG,
        {"catchup=False": "catchup=True"},
        (f"{DAG_TESTS}::test_the_schedule_gives_each_run_one_hour_and_no_history",),
    ),
    Mutation(
        "bug_15_catchup_in_default_args",
        "The DAG does not read what stands in default_args, so that the installation's setting decides.",
        DAG,
        {"    catchup=False,\n": "", '"owner": "data-platform",': '"owner": "data-platform", "catchup": False,'},
        (f"{DAG_TESTS}::test_history_is_not_loaded_whatever_the_installation_says",),
    ),
    Mutation(
        "bug_15_start_date_is_now",
        "The first hour is another one each time that the DAG is parsed.",
        DAG,
        {"start_date=datetime(2018, 11, 1, tzinfo=timezone.utc)": "start_date=datetime.now(timezone.utc)"},
        (f"{DAG_TESTS}::test_history_is_not_loaded_whatever_the_installation_says",),
    ),
    # 16. What Airflow 3 does not forgive.
    Mutation(
        "bug_16_unpadded_month",
        "The object of a day in January is looked for below 2018/1.",
        f"{PLUGIN}/star.py",
        {"%Y/%m/%Y-%m-%d-events.json": "%Y/%-m/%Y-%-m-%d-events.json"},
        (f"{DAG_TESTS}::test_keys_of_days_are_padded",),
    ),
    Mutation(
        "bug_16_variable_is_read_at_parse_time",
        "Parsing the DAG asks the metadata database.",
        DAG,
        {
            "    Param,\n)": "    Param,\n    Variable,\n)",
            "SOURCE, WORK = \"{{ address('sparkify_source') }}\",": (
                'SOURCE, WORK = Variable.get("sparkify_source", default="s3://source"),'
            ),
        },
        (f"{DAG_TESTS}::test_no_dag_opens_a_connection_or_reads_a_variable_when_it_is_parsed",),
    ),
    Mutation(
        "bug_16_connection_is_read_at_parse_time",
        "Parsing the DAG looks a connection up.",
        DAG,
        {
            "    Param,\n)": "    Param,\n    Connection,\n)",
            'IAM_ROLE = "': 'REGION = Connection.get("sparkify_aws").extra_dejson\nIAM_ROLE = "',
        },
        (f"{DAG_TESTS}::test_no_dag_opens_a_connection_or_reads_a_variable_when_it_is_parsed",),
    ),
    Mutation(
        "bug_16_the_hourly_run_drops_tables",
        "A run that is prepared again finds its tables gone.",
        f"{SQL}/create/run_schema.sql",
        {
            "create schema if not exists {{ run() }};": (
                "drop schema if exists {{ run() }} cascade;\ncreate schema if not exists {{ run() }};"
            )
        },
        (f"{TESTS}/test_clear_and_retry.py::test_a_failed_run_keeps_its_schema_and_goes_on_from_the_failed_task",),
    ),
    # 17. Nobody is told.
    Mutation(
        "bug_17_no_alert_on_failure",
        "A task that fails for good calls nobody.",
        DAG,
        {'        "on_failure_callback": notify_failure,\n': ""},
        (f"{DAG_TESTS}::test_every_task_keeps_the_policy",),
    ),
    Mutation(
        "bug_17_alert_is_not_sent",
        "The failure is looked at and goes to nobody.",
        f"{PLUGIN}/alerts/callbacks.py",
        {"    if found is None:\n        found = [": "    if found is None:\n        found = [] and ["},
        (f"{TESTS}/alerts/test_incidents.py::test_what_fails_again_after_it_was_over_is_told_again",),
    ),
]
