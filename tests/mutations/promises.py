"""What this project promises beyond not having those bugs, each promise broken."""

from tests.mutations.bugs import (
    CHECKS,
    DAG,
    DAG_TESTS,
    HOURS,
    OPERATORS,
    PIECES,
    PLUGIN,
    PUBLISH,
    RULES,
    SQL,
    TESTS,
    TWICE,
)
from tests.mutations.mutation import Mutation

CHANGED = f"{TESTS}/test_changed_source.py"
RETRY = f"{TESTS}/test_clear_and_retry.py"
STALE = f"{TESTS}/test_stale_hours.py"
OBSERVE, OBSERVE_TESTS = f"{PLUGIN}/observe", f"{TESTS}/observe"
CALENDAR = f"{OBSERVE_TESTS}/test_calendar.py"
LIMITED = f"{TESTS}/test_limited_runs.py"
BLANKS = f"{TESTS}/test_trailing_blanks.py"
STAGE = f"{TESTS}/operators/test_stage_to_redshift.py"
INTERVAL = f"{TESTS}/test_interval.py"
STAR_TESTS = f"{TESTS}/test_star.py"
DECLARATION = f"{TESTS}/checks/test_declaration.py"
NEWER = f"{RETRY}::test_what_was_staged_before_a_newer_version_was_published_changes_nothing"
EDGES = f"{TESTS}/test_any_order.py::test_a_play_on_the_hour_is_of_the_hour_that_begins"
SONG_MOVES = f"{TESTS}/test_any_order.py::test_a_song_that_changes_takes_its_plays_along"

# Of two readings the later wins, whichever is published first.
VERSIONS = [
    Mutation(
        "versions_are_ignored",
        "What is published last wins, also if it was read earlier.",
        f"{PLUGIN}/macros.py",
        {
            "then {staged}.last_modified > {known}.last_modified": "then true",
            "else coalesce({staged}.loaded_at >= {known}.loaded_at, true)": "else true",
        },
        (NEWER,),
    ),
    Mutation(
        "s3s_own_clock_is_ignored",
        "Of two versions the one that was read later is believed, whatever S3 says.",
        f"{PLUGIN}/macros.py",
        {"case when {staged}.etag <> ''": "case when false and {staged}.etag <> ''"},
        (f"{TESTS}/test_macros.py::test_of_two_readings_of_an_object_the_later_is_known",),
    ),
    Mutation(
        "the_later_reading_is_ignored",
        "Where S3's clock does not tell, what is published last wins.",
        f"{PLUGIN}/macros.py",
        {"else coalesce({staged}.loaded_at >= {known}.loaded_at, true)": "else true"},
        (f"{TESTS}/test_macros.py::test_of_two_readings_of_an_object_the_later_is_known",),
    ),
    Mutation(
        "an_object_that_is_gone_is_an_old_version",
        "That there is no object counts for older than any version that there was.",
        f"{PLUGIN}/macros.py",
        {"{staged}.etag <> '' and {known}.etag <> '' and ": ""},
        (f"{CHANGED}::test_a_day_whose_object_is_gone_is_published_as_empty_hours_and_comes_back",),
    ),
    Mutation(
        "older_hours_are_published",
        "An hour is published from an older version of its object than it was published from before.",
        f"{SQL}/publish/0_hours.sql",
        {"and {{ not_older('staged', 'known') }}": "and true"},
        (NEWER,),
    ),
    Mutation(
        "older_songs_are_published",
        "A song is published from an older version of its object than it was published from before.",
        f"{SQL}/publish/1_songs.sql",
        {"where {{ not_older('staged', 'known') }}": "where true"},
        (NEWER,),
    ),
    Mutation(
        "older_versions_are_noted",
        "The books say that an older version was loaded last.",
        f"{SQL}/publish/9_bookkeeping.sql",
        {"where {{ not_older('staged', 'known') }}": "where true"},
        (NEWER,),
    ),
    Mutation(
        "plays_of_older_hours_are_published",
        "Plays are published also of hours of which a newer version was published.",
        f"{SQL}/publish/3_songplays.sql",
        {
            "inner join fresh_hours on date_trunc('hour', plays.start_time) = fresh_hours.hour\nleft join": "left join",
        },
        (NEWER,),
    ),
    Mutation(
        "match_keys_of_older_hours_are_published",
        "Plays are matched by what an older version of their hour said.",
        f"{SQL}/publish/3_songplays.sql",
        {
            "inner join fresh_hours on date_trunc('hour', plays.start_time) = fresh_hours.hour\nwhere plays.title": (
                "where plays.title"
            ),
        },
        (NEWER,),
    ),
    Mutation(
        "user_hours_of_older_hours_are_published",
        "What an older version of an hour said of its users counts beside the newer.",
        f"{SQL}/publish/5_user_hours.sql",
        {
            "inner join fresh_hours on staged.hour = fresh_hours.hour;\n\ncreate temporary table user_candidates": (
                ";\n\ncreate temporary table user_candidates"
            ),
        },
        (NEWER,),
    ),
    Mutation(
        "users_of_older_hours_are_published",
        "Users become what an older version of their hour said.",
        f"{SQL}/publish/5_user_hours.sql",
        {
            "inner join fresh_hours on staged.hour = fresh_hours.hour\nunion all": (
                "left join fresh_hours on staged.hour = fresh_hours.hour\nunion all"
            ),
        },
        (NEWER,),
    ),
    Mutation(
        "times_of_older_hours_are_published",
        "Moments are published also of hours of which a newer version was published.",
        f"{SQL}/publish/8_time.sql",
        {"inner join fresh_hours on date_trunc('hour', moments.start_time) = fresh_hours.hour": ""},
        (NEWER,),
    ),
    Mutation(
        "an_object_may_change_while_it_is_copied",
        "What COPY read is noted as the version that was listed before.",
        f"{OPERATORS}/stage_to_redshift.py",
        {
            "                selection.require_unchanged(objects)\n        except": "        except",
        },
        (f"{STAGE}::test_an_object_that_is_replaced_after_it_was_copied_is_copied_again",),
    ),
    Mutation(
        "an_object_that_broke_while_it_was_replaced_is_blamed",
        "A COPY that met an object amid its replacement is not tried again.",
        f"{OPERATORS}/stage_to_redshift.py",
        {
            "session.connection.rollback()\n            selection.require_unchanged(objects)": (
                "session.connection.rollback()"
            )
        },
        (f"{STAGE}::test_an_object_that_is_broken_only_while_it_is_copied_is_copied_again",),
    ),
    Mutation(
        "any_version_is_read_for_its_keys",
        "Records are told apart by another version than the one that was listed.",
        f"{PLUGIN}/objects.py",
        {", IfMatch=found.etag": ""},
        (f"{TESTS}/test_objects.py::test_an_object_that_was_replaced_is_not_taken_for_the_one_that_was_listed",),
    ),
]

# The published tables are a function of the input.
FUNCTION = [
    Mutation(
        "relinking_is_left_out",
        "Plays do not follow a song that changes.",
        f"{PLUGIN}/star.py",
        {'    Step("publish/4_links.sql", "songs", only_if="select 1 from touched_titles limit 1"),\n': ""},
        (SONG_MOVES,),
    ),
    Mutation(
        "plays_keep_the_song_that_no_longer_matches",
        "Only the plays that a song matches now are relinked, not those that it matched before.",
        f"{SQL}/publish/1_songs.sql",
        {
            "select known.title, known.artist_name, known.duration\nfrom": (
                "select known.title, known.artist_name, -1\nfrom"
            )
        },
        (SONG_MOVES,),
    ),
    Mutation(
        "an_artist_without_songs_stays",
        "Only the artists that songs have now are made anew, not those that they had before.",
        f"{SQL}/publish/1_songs.sql",
        {
            "select artist_id from described_songs\nunion\nselect known.artist_id": (
                "select artist_id from described_songs\nunion\nselect known.artist_name"
            )
        },
        (f"{CHANGED}::test_a_song_object_that_is_removed_takes_its_song_and_links_away",),
    ),
    Mutation(
        "songs_whose_object_is_gone_stay",
        "An object that is removed from the source leaves its song behind.",
        "plugins/sparkify/ledger.py",
        {"one.url in again] + gone": "one.url in again]"},
        (f"{CHANGED}::test_a_song_object_that_is_removed_takes_its_song_and_links_away",),
    ),
    Mutation(
        "an_object_keeps_its_old_song",
        "An object that describes another song now leaves the old one behind.",
        f"{SQL}/publish/1_songs.sql",
        {"and song_objects.object_key = fresh_objects.object_key;": "and false;"},
        (f"{CHANGED}::test_a_song_object_that_becomes_another_song_takes_the_old_one_away",),
    ),
    Mutation(
        "a_song_is_what_the_first_object_says",
        "Of several descriptions of a song the one of the first object counts.",
        f"{SQL}/publish/1_songs.sql",
        {"known.title desc, known.artist_id desc": "known.object_key, known.artist_id desc"},
        (f"{CHANGED}::test_two_objects_that_describe_one_song_in_different_runs",),
    ),
    Mutation(
        "objects_that_share_a_song_are_not_told_apart",
        "Two objects that describe one song are copied together, and one takes the rows of both.",
        f"{PLUGIN}/provenance.py",
        {"keyless == is_keyless and taken.isdisjoint(keys)": "True"},
        (f"{CHANGED}::test_two_objects_that_describe_one_song_in_one_run_are_told_apart",),
    ),
    Mutation(
        "an_artist_is_what_the_last_run_says",
        "An artist is made of the songs of this run, not of all songs that are known.",
        f"{SQL}/publish/2_artists.sql",
        {"from {{ star() }}.song_catalog as known": "from described_songs as known"},
        (PIECES,),
    ),
    Mutation(
        "the_newest_song_does_not_decide",
        "An artist is what the lowest song_id says, not the newest song.",
        f"{SQL}/publish/2_artists.sql",
        {"order by coalesce(known.year, 0) desc, known.song_id asc": "order by known.song_id asc"},
        (TWICE,),
    ),
    Mutation(
        "an_artists_tie_is_decided_the_other_way",
        "Of two songs of a year the higher song_id says what an artist is.",
        f"{SQL}/publish/2_artists.sql",
        {"known.song_id asc": "known.song_id desc"},
        (TWICE,),
    ),
    Mutation(
        "an_unknown_year_is_the_newest",
        "A song without a year says what an artist is.",
        f"{SQL}/publish/2_artists.sql",
        {"coalesce(known.year, 0) desc": "coalesce(nullif(known.year, 0), 9999) desc"},
        (TWICE,),
    ),
    Mutation(
        "the_highest_song_id_wins",
        "Of several songs that match a play the highest song_id is linked.",
        f"{SQL}/create/0002_bookkeeping.sql",
        {"order by song_id\n": "order by song_id desc\n"},
        (TWICE,),
    ),
    Mutation(
        "trailing_blanks_of_titles_match",
        "A play of `Title ` is linked to the song `Title`, as Redshift compares.",
        f"{SQL}/publish/3_songplays.sql",
        {"and octet_length(plays.title) = links.title_bytes": ""},
        (BLANKS,),
    ),
    Mutation(
        "trailing_blanks_of_artists_match",
        "A play by `Name ` is linked to a song by `Name`, as Redshift compares.",
        f"{SQL}/publish/3_songplays.sql",
        {"and octet_length(plays.artist_name) = links.artist_name_bytes": ""},
        (BLANKS,),
    ),
    Mutation(
        "trailing_blanks_of_titles_relink",
        "A song `Title` that arrives late takes the plays of `Title `.",
        f"{SQL}/publish/4_links.sql",
        {"and octet_length(played.title) = links.title_bytes": ""},
        (BLANKS,),
    ),
    Mutation(
        "trailing_blanks_of_artists_relink",
        "A song by `Name` that arrives late takes the plays by `Name `.",
        f"{SQL}/publish/4_links.sql",
        {"and octet_length(played.artist_name) = links.artist_name_bytes": ""},
        (BLANKS,),
    ),
    Mutation(
        "songs_that_differ_by_a_trailing_blank_are_one",
        "Of the songs `Title` and `Title ` only one is linked, as Redshift compares.",
        f"{SQL}/create/0002_bookkeeping.sql",
        {"partition by title, octet_length(title), artist_name": "partition by title, artist_name"},
        (BLANKS,),
    ),
    Mutation(
        "the_duration_does_not_matter",
        "A play is linked by title and artist alone.",
        f"{SQL}/publish/3_songplays.sql",
        {"\n        and plays.duration = links.duration": ""},
        (TWICE,),
    ),
    Mutation(
        "an_event_that_is_delivered_twice_is_two_plays",
        "Each delivery of an event makes a play.",
        f"{SQL}/load/songplays.sql",
        {"where plays.delivery = 1": "where plays.delivery > 0"},
        (TWICE,),
    ),
    Mutation(
        "start_time_is_rounded",
        "A play of the last millisecond of an hour begins in the next.",
        f"{SQL}/create/run_schema.sql",
        {"(ts / 1000) * interval": "((ts + 500) / 1000) * interval"},
        (TWICE,),
    ),
    Mutation(
        "an_hour_prepared_twice_is_covered_twice",
        "What a run covers is counted once for each attempt of prepare.",
        f"{SQL}/create/run_schema.sql",
        {"select distinct\n    interval_start,": "select\n    interval_start,"},
        (
            f"{TESTS}/operators/test_prepare_warehouse.py"
            "::test_what_a_run_covers_stands_once_in_its_schema_however_often_it_is_prepared",
        ),
    ),
    Mutation(
        "a_page_view_is_a_play",
        "Every event of a user makes a play, and tells the user's level.",
        f"{SQL}/create/run_schema.sql",
        {"where page = 'NextSong';": "where userid is not null;"},
        (TWICE,),
    ),
    Mutation(
        "a_level_that_is_taken_back_stays",
        "A user whose latest hour is emptied keeps the level of it.",
        f"{PLUGIN}/star.py",
        {
            'Step("publish/6_user_history.sql", "users", only_if="select 1 from reconsidered_users limit 1"),': "",
        },
        (f"{CHANGED}::test_a_users_earlier_hour_decides_again_when_the_later_one_is_emptied_by_a_run_of_its_own",),
    ),
    Mutation(
        "an_older_hour_does_not_count_when_a_later_one_is_taken_back",
        "A user whose latest hour is emptied is looked for only in the hours of this run.",
        f"{SQL}/publish/5_user_hours.sql",
        {"where candidates.hour is null or candidates.hour < latest.hour;": "where candidates.hour is null;"},
        (f"{CHANGED}::test_an_hour_that_another_run_published_decides_when_a_later_one_is_emptied",),
    ),
    Mutation(
        "a_user_without_plays_stays",
        "A user whose only hour is emptied stays.",
        f"{SQL}/publish/5_user_hours.sql",
        {
            "union\nselect latest.user_id\nfrom {{ star() }}.latest_user_hours as latest\n"
            "inner join fresh_hours on latest.hour = fresh_hours.hour;": ";",
        },
        (f"{CHANGED}::test_a_user_whose_last_play_is_removed_is_gone",),
    ),
    *(
        Mutation(
            f"the_end_is_included_in_{table}",
            f"The first millisecond of the next hour is loaded into {table}.",
            f"{SQL}/load/{table}.sql",
            {"ts < {{ bind.end_ms }}": "ts <= {{ bind.end_ms }}"},
            (EDGES,),
        )
        for table in ("songplays", "users", "time")
    ),
    *(
        Mutation(
            f"the_start_is_left_out_of_{table}",
            f"The first millisecond of the hour is not loaded into {table}.",
            f"{SQL}/load/{table}.sql",
            {"ts >= {{ bind.start_ms }}": "ts > {{ bind.start_ms }}"},
            (EDGES,),
        )
        for table in ("songplays", "users", "time")
    ),
    Mutation(
        "the_hour_after_the_end_is_published",
        "A run notes that it has loaded the hour at which its interval ends.",
        f"{SQL}/publish/0_hours.sql",
        {"hours.hour < {{ bind.end }}": "hours.hour <= {{ bind.end }}"},
        (HOURS, f"{TESTS}/test_any_order.py::test_an_hour_without_plays_is_a_success"),
    ),
]

# Write, audit, publish: in one transaction, under the mutex, and only what is current, checked and proved.
PUBLICATION = [
    Mutation(
        "the_mutex_is_not_locked",
        "Two publications run at the same time.",
        f"{OPERATORS}/publish.py",
        {'        session.run(f"lock {self.mutex_table}")\n': ""},
        (f"{PUBLISH}::test_it_waits_for_another_publication_while_readers_do_not",),
    ),
    Mutation(
        "the_snapshot_is_taken_before_the_lock",
        "A publication does not see what was published while it waited.",
        f"{OPERATORS}/publish.py",
        {
            'session.run(f"lock {self.mutex_table}")': (
                'session.run("select 1")\n        session.run(f"lock {self.mutex_table}")'
            ),
        },
        (f"{PUBLISH}::test_its_snapshot_is_taken_by_the_lock_and_by_nothing_before",),
    ),
    Mutation(
        "stamps_are_read_before_the_lock",
        "A publication looks at its inputs before it waits, and takes its snapshot then.",
        f"{OPERATORS}/publish.py",
        {
            "self._take_mutex(session, run_id)\n            self.read_inputs(session)": (
                "self.read_inputs(session)\n            self._take_mutex(session, run_id)"
            )
        },
        (f"{PUBLISH}::test_its_snapshot_is_taken_by_the_lock_and_by_nothing_before",),
    ),
    Mutation(
        "a_lost_conflict_is_final",
        "A publication that loses a conflict fails.",
        f"{PLUGIN}/errors.py",
        {"retry=retry_if_exception(is_conflict)": "retry=retry_if_exception(lambda error: False)"},
        (f"{PUBLISH}::test_a_conflict_that_it_loses_is_tried_again",),
    ),
    Mutation(
        "stamps_are_not_checked_by_the_publication",
        "What was staged again is published together with what was loaded before.",
        f"{OPERATORS}/publish.py",
        {"            self.read_inputs(session)\n": ""},
        (f"{RETRY}::test_staging_again_without_loading_again_is_refused",),
    ),
    Mutation(
        "stamps_are_not_checked_by_the_checks",
        "What was loaded before is checked although it was staged again.",
        f"{OPERATORS}/data_quality.py",
        {"inputs = self.read_inputs(session)": "inputs = {}"},
        (f"{RETRY}::test_staging_again_without_loading_again_is_refused",),
    ),
    Mutation(
        "stamps_are_not_checked_by_the_fact",
        "The fact is loaded from a staging table that nobody has filled.",
        f"{OPERATORS}/load_fact.py",
        {"inputs = self.read_inputs(session)": "inputs = {}"},
        (f"{RETRY}::test_a_task_of_a_finished_run_cleared_alone_says_what_to_clear",),
    ),
    Mutation(
        "stamps_are_not_checked_by_the_dimensions",
        "A dimension is loaded from a staging table that nobody has filled.",
        f"{OPERATORS}/load_dimension.py",
        {"inputs = self.read_inputs(session)": "inputs = {}"},
        (f"{RETRY}::test_a_task_of_a_finished_run_cleared_alone_says_what_to_clear",),
    ),
    Mutation(
        "a_stamp_does_not_tell_of_its_inputs",
        "A table counts as current whatever has become of those it was filled from.",
        f"{PLUGIN}/stamps.py",
        {"if _current(stamps, name).stamp != used:": "if not stamps:"},
        (f"{RETRY}::test_staging_again_without_loading_again_is_refused",),
    ),
    Mutation(
        "any_stamp_of_a_table_counts",
        "An older attempt may count for the newest.",
        f"{PLUGIN}/stamps.py",
        {"order by stamped_at": "order by stamped_at desc"},
        (f"{RETRY}::test_what_was_loaded_again_is_published_once_it_is_checked_again",),
    ),
    Mutation(
        "a_failed_check_is_stamped",
        "What has failed its checks may be published.",
        f"{OPERATORS}/data_quality.py",
        {
            "            self._stop_on_errors(results)\n            self.stamp(session, str(self.task_id), inputs)": (
                "            self.stamp(session, str(self.task_id), inputs)\n            self._stop_on_errors(results)"
            ),
        },
        (f"{CHECKS}::test_only_checks_that_pass_are_stamped",),
    ),
    Mutation(
        "unchecked_rows_are_published",
        "A publication does not ask whether its rows have been checked.",
        DAG,
        {'*PUBLISHED, "check_quality"],': "*PUBLISHED],"},
        (f"{RETRY}::test_what_was_loaded_again_is_published_once_it_is_checked_again",),
    ),
    Mutation(
        "results_of_failed_checks_are_not_kept",
        "A run that fails its checks leaves no result.",
        f"{OPERATORS}/data_quality.py",
        {
            '            self._keep(session, results, str(context["run_id"]))\n': "",
            "            self._stop_on_errors(results)\n": (
                "            self._stop_on_errors(results)\n"
                '            self._keep(session, results, str(context["run_id"]))\n'
            ),
        },
        (f"{RETRY}::test_a_broken_rule_of_severity_error_stops_before_publication_and_keeps_its_result",),
    ),
    Mutation(
        "the_publication_proves_nothing",
        "What is about to be committed is not looked at.",
        f"{OPERATORS}/publish.py",
        {"            self._prove(session)\n": ""},
        (f"{PUBLISH}::test_a_proof_that_does_not_hold_rolls_back_and_is_named",),
    ),
    Mutation(
        "the_pipeline_gives_no_proofs",
        "The DAG's publication is given nothing to prove.",
        DAG,
        {"        proofs=together(BEFORE_COMMIT, DECLARED.tables, PERSONAL),\n": ""},
        (f"{RETRY}::test_what_the_checks_did_not_see_the_publication_proves_and_rolls_back",),
    ),
    Mutation(
        "hours_that_were_not_staged_are_replaced",
        "A publication replaces the hours that the text of its interval says, whatever its run has staged.",
        f"{SQL}/check/replaced_hours.sql",
        {"        else 1\n": "        else 0\n"},
        (f"{TESTS}/test_replaced_hours.py",),
    ),
    Mutation(
        "hours_of_which_a_part_was_replaced_stay_loaded",
        "An hour whose second half an earlier version replaced still counts as loaded.",
        f"{SQL}/create/0007_hours_not_whole.sql",
        {"published_runs.interval_start > loaded_hours.hour\n        or ": ""},
        (f"{TESTS}/test_hours_not_whole.py",),
    ),
    Mutation(
        "links_are_not_proved",
        "A play may lead to a user or a moment that is not there.",
        f"{PLUGIN}/star.py",
        {"BEFORE_COMMIT = [\n    *LINKED,": "BEFORE_COMMIT = ["},
        (f"{RETRY}::test_what_the_checks_did_not_see_the_publication_proves_and_rolls_back",),
    ),
    Mutation(
        "a_failed_runs_schema_is_dropped",
        "A run that failed cannot go on from the task that failed.",
        f"{OPERATORS}/clean_up.py",
        {"if published or self.only == CHECKS:": "if True:"},
        (f"{RETRY}::test_a_failed_run_keeps_its_schema_and_goes_on_from_the_failed_task",),
    ),
    Mutation(
        "schemas_of_failed_runs_stay_for_ever",
        "A failed run that nobody retries keeps its schema.",
        f"{OPERATORS}/clean_up.py",
        {"doomed = self._expired(session)": "doomed = []"},
        (f"{RETRY}::test_a_failed_run_that_nobody_retried_is_cleaned_up_when_it_expires",),
    ),
    Mutation(
        "a_retried_runs_schema_expires",
        "A run that is retried late loses its schema to another run's clean-up.",
        f"{OPERATORS}/clean_up.py",
        {"max(created_at)": "min(created_at)"},
        (f"{RETRY}::test_a_run_that_is_retried_late_keeps_its_schema",),
    ),
    Mutation(
        "a_killed_task_leaves_its_statement",
        "The statement of a task that is killed goes on.",
        f"{OPERATORS}/warehouse.py",
        {"warehouse.cancel(self.get_db_hook(), self._pid)": "pass"},
        (f"{PUBLISH}::test_a_killed_task_ends_its_statement_in_the_warehouse",),
    ),
    Mutation(
        "a_statement_may_take_for_ever",
        "The server does not end what takes too long.",
        f"{PLUGIN}/warehouse.py",
        {"set statement_timeout to {int(statement_timeout / timedelta(milliseconds=1))}": "set statement_timeout to 0"},
        (f"{PUBLISH}::test_a_statement_that_takes_too_long_is_ended_by_the_server_and_may_be_tried_again",),
    ),
    Mutation(
        "changes_do_not_wait_for_each_other",
        "Parallel first runs change the schema at the same time.",
        f"{PLUGIN}/migrations.py",
        {'        session.run(f"lock {schema}.publish_mutex")\n': ""},
        (f"{TESTS}/operators/test_prepare_warehouse.py::test_a_change_waits_for_another_run_and_is_not_applied_again",),
    ),
    Mutation(
        "analysts_read_the_books",
        "The reader role may read more than the five tables.",
        f"{SQL}/create/0003_reader_role.sql",
        {
            "grant usage on schema": (
                "grant select on all tables in schema {{ star() }} to role {{ reader_role() }};\ngrant usage on schema"
            )
        },
        (f"{TESTS}/operators/test_prepare_warehouse.py::test_analysts_read_the_star_and_nothing_else",),
    ),
]

# Which hours are stale, and who loads them.
STALENESS = [
    Mutation(
        "a_new_version_alone_is_stale",
        "Every hour of an object that has changed is loaded again, whether or not its events have.",
        f"{SQL}/stale/hours.sql",
        {"and published.fingerprint <> coalesce(current_events.fingerprint, 0)": "and true"},
        (f"{STALE}::test_the_same_events_in_another_version_are_not_stale_and_not_read_twice",),
    ),
    Mutation(
        "the_fingerprint_counts_events",
        "An hour whose events have changed, and not their number, is not stale.",
        f"{SQL}/stale/fingerprints.sql",
        {"sum(strtol(substring(md5(": "sum(0 * strtol(substring(md5("},
        (f"{STALE}::test_a_change_of_any_column_changes_the_fingerprint",),
    ),
    Mutation(
        "the_fingerprint_leaves_a_column_out",
        "An hour in which somebody's level is corrected is not stale.",
        f"{SQL}/stale/fingerprints.sql",
        {"|| '|' || coalesce(level, '~')": ""},
        (f"{STALE}::test_a_change_of_any_column_changes_the_fingerprint",),
    ),
    Mutation(
        "what_was_found_the_same_is_read_again",
        "A version that holds the same events is looked at again every hour.",
        f"{OPERATORS}/reprocess_stale.py",
        {'session.script(self.confirm, {"since": timestamp(since)})': "pass"},
        (f"{STALE}::test_the_same_events_in_another_version_are_not_stale_and_not_read_twice",),
    ),
    Mutation(
        "stale_hours_are_forgotten",
        "An hour is found stale once, and counts as loaded from then on.",
        f"{SQL}/stale/confirm.sql",
        {"and loaded_hours.hour not in (select hour from #stale_hours)": ""},
        (f"{STALE}::test_a_changed_hour_of_yesterday_is_handed_to_one_range_run",),
    ),
    Mutation(
        "manual_runs_look_back",
        "A run that a person has started starts another one.",
        f"{OPERATORS}/reprocess_stale.py",
        {'context["dag_run"].run_type != "scheduled" or ': ""},
        (f"{STALE}::test_only_scheduled_runs_look_back",),
    ),
    Mutation(
        "looking_back_cannot_be_turned_off",
        "A look back of 0 days still looks.",
        f"{OPERATORS}/reprocess_stale.py",
        {"since = end - timedelta(days=int(self.days))": "since = end - timedelta(days=3)"},
        (f"{STALE}::test_how_far_it_looks_back_is_a_variable",),
    ),
    Mutation(
        "hours_of_the_runs_own_day_are_not_looked_at",
        "An hour of the day that the run has staged is never stale.",
        f"{OPERATORS}/reprocess_stale.py",
        {"self.search, staged)": "self.search)"},
        (f"{STALE}::test_a_changed_hour_of_the_runs_own_day_is_found_in_what_it_staged",),
    ),
    Mutation(
        "a_changed_object_gives_the_same_run",
        "What has changed once more is taken for what has been loaded again already.",
        f"{PLUGIN}/staleness.py",
        {'f"{found.url} {found.etag}"': 'f"{found.url}"'},
        (f"{STALE}::test_an_hour_that_changes_twice_is_loaded_again_twice",),
    ),
    Mutation(
        "a_fingerprint_is_not_recorded",
        "An hour is published without what its events add up to.",
        f"{SQL}/publish/9_bookkeeping.sql",
        {"coalesce(staged.fingerprint, 0)": "0"},
        (f"{STALE}::test_the_same_events_in_another_version_are_not_stale_and_not_read_twice",),
    ),
]

# A limited run redoes its part, and says of no hour that it was loaded.
LIMITED_RUNS = [
    Mutation(
        "a_limited_run_counts_as_loading_its_hours",
        "An hour of which only the plays were redone is noted as loaded.",
        f"{SQL}/publish/9_bookkeeping.sql",
        {"    and {{ bind.only }} = 'everything';": ";", "\nwhere {{ bind.only }} = 'everything';": ";"},
        (f"{LIMITED}::test_facts_only",),
    ),
    Mutation(
        "dimensions_alone_are_made_of_new_songs_only",
        "A run that is limited to the dimensions leaves the songs as they are.",
        f"{SQL}/publish/1_songs.sql",
        {"where {{ bind.only }} = 'dimensions'": "where false"},
        (f"{LIMITED}::test_dimensions_only",),
    ),
    Mutation(
        "a_limited_run_is_not_checked",
        "The checks are left out where a load is.",
        DAG,
        {'        trigger_rule="none_failed",  # a limited run skips some of the loads\n': ""},
        (f"{LIMITED}::test_dimensions_only",),
    ),
    Mutation(
        "checks_alone_look_at_nothing_published",
        "A run that is limited to the checks does not look at the published tables.",
        DAG,
        {"[*BEFORE_PUBLICATION, *OF_PUBLISHED]": "[*BEFORE_PUBLICATION, *OF_PUBLISHED[:1]]"},
        (f"{LIMITED}::test_checks_only",),
    ),
]

# Checks tell what is wrong and how bad it is, and nothing about a person.
OF_CHECKS = [
    Mutation(
        "a_share_is_not_looked_at",
        "A threshold that is a share lets everything pass.",
        f"{RULES}/check.py",
        {"return failed <= self.allowed * examined": "return failed <= examined"},
        (f"{CHECKS}::test_a_threshold_is_a_count_or_a_share",),
    ),
    Mutation(
        "a_count_is_not_looked_at",
        "A threshold that is a count lets nothing pass.",
        f"{RULES}/check.py",
        {"return failed <= self.allowed\n": "return failed <= 0\n"},
        (f"{CHECKS}::test_a_threshold_is_a_count_or_a_share",),
    ),
    Mutation(
        "each_check_scans_by_itself",
        "Checks of the same rows do not share a scan.",
        f"{RULES}/examination.py",
        {"else (check.table, check.where)": "else (check.table, check.where, check.name)"},
        (f"{CHECKS}::test_checks_of_the_same_rows_share_one_scan",),
    ),
    Mutation(
        "the_condition_of_a_check_is_ignored",
        "A check looks at all rows of its table.",
        f"{RULES}/examination.py",
        {"\\nwhere {checks[0].where}": "\\nwhere true"},
        (f"{CHECKS}::test_only_the_rows_asked_for_are_looked_at",),
    ),
    Mutation(
        "a_sample_shows_rows_that_are_right",
        "The sample is of any rows.",
        f"{RULES}/examination.py",
        {" and ({rule.broken})": ""},
        (f"{CHECKS}::test_a_rule_that_is_broken_fails_for_the_right_reason",),
    ),
    Mutation(
        "a_sample_shows_persons",
        "A sample shows personal fields as they are.",
        f"{RULES}/declaration.py",
        {"_masked(column, personal.get(column))": "_masked(column, None)"},
        (f"{CHECKS}::test_a_sample_shows_whole_rows_but_nothing_about_a_person",),
    ),
    Mutation(
        "the_dag_names_no_personal_columns",
        "The samples of the DAG's checks show personal fields.",
        DAG,
        {"*OF_PUBLISHED], DECLARED.tables, PERSONAL)": "*OF_PUBLISHED], DECLARED.tables)"},
        (f"{STAR_TESTS}::test_an_error_leaves_what_is_published_and_shows_rows_but_no_person",),
    ),
    Mutation(
        "a_sample_is_as_long_as_it_gets",
        "A sample is longer than what is kept of it.",
        f"{RULES}/results.py",
        {'return cut("\\n".join(lines), SAMPLE_BYTES)': 'return "\\n".join(lines)'},
        (f"{CHECKS}::test_a_sample_is_short",),
    ),
    Mutation(
        "warnings_are_not_handed_on",
        "The task's result does not say which checks warned.",
        f"{OPERATORS}/data_quality.py",
        {"warnings = named(result for result in results if not result.passed)": "warnings = named([])"},
        (f"{CHECKS}::test_all_rules_are_tried_and_a_warning_alone_does_not_fail",),
    ),
    Mutation(
        "columns_are_not_looked_up",
        "A column that is not there is met when the check runs, not when the DAG is parsed.",
        f"{RULES}/declaration.py",
        {"            if column not in known:": "            if column not in known and not known:"},
        (f"{DECLARATION}::test_a_mistake_names_the_check_and_what_is_allowed",),
    ),
    Mutation(
        "two_checks_may_have_one_name",
        "Two checks keep their results under one name.",
        f"{RULES}/declaration.py",
        {"for name, times in names.items() if times > 1": "for name, times in names.items() if times > 9"},
        (f"{DECLARATION}::test_a_name_is_unique",),
    ),
    Mutation(
        "added_columns_are_not_known",
        "A column that a later schema change adds cannot be checked.",
        f"{PLUGIN}/declared.py",
        {"tables[key_of(table)][column] = _type(declaration)": "pass"},
        (f"{TESTS}/test_declared.py::test_what_the_sql_may_say",),
    ),
    Mutation(
        "every_hour_of_the_week_is_alike",
        "An hour is compared with those of other weekdays.",
        f"{SQL}/check/row_count.sql",
        {"weeks.week * interval '7 days' as hour": "weeks.week * interval '169 hours' as hour"},
        (f"{STAR_TESTS}::test_an_hour_with_far_fewer_or_more_plays_than_usual_is_told",),
    ),
    Mutation(
        "one_odd_week_decides",
        "What is usual is the mean, not the median.",
        f"{SQL}/check/row_count.sql",
        {"percentile_cont(0.5) within group (order by plays) as plays": "avg(plays) as plays"},
        (f"{STAR_TESTS}::test_one_odd_week_does_not_decide_what_is_usual",),
    ),
    Mutation(
        "little_history_is_enough",
        "An hour is judged by one earlier week.",
        f"{SQL}/check/row_count.sql",
        {"case when usual.weeks >= 4 then 1": "case when usual.weeks >= 1 then 1"},
        (f"{STAR_TESTS}::test_too_little_history_passes_and_says_so",),
    ),
    Mutation(
        "a_backfill_of_one_old_hour_is_stale",
        "Hours that are not loaded count as hours without plays.",
        f"{SQL}/check/freshness.sql",
        {
            "case when known.plays > 0 or known.hours >= {{ fresh_hours }} then 1": "case when true then 1",
            "case when known.plays = 0 and known.hours >= {{ fresh_hours }} then 1": "case when known.plays = 0 then 1",
        },
        (f"{STAR_TESTS}::test_hours_that_are_not_loaded_say_nothing_about_the_source",),
    ),
    Mutation(
        "a_source_that_dries_up_is_fresh",
        "Plays of any time before count as fresh.",
        f"{SQL}/check/freshness.sql",
        {
            "recent.since <= loaded_hours.hour then loaded_hours.plays": (
                "recent.since is not null then loaded_hours.plays"
            )
        },
        (f"{STAR_TESTS}::test_a_source_that_has_dried_up_is_told",),
    ),
    Mutation(
        "songs_of_the_run_match_nothing",
        "The match rate does not know the songs that the run brings.",
        f"{SQL}/check/match_rate.sql",
        {"from {{ run() }}.songs\n": "from {{ run() }}.songs where false\n"},
        (f"{STAR_TESTS}::test_a_play_is_matched_by_a_published_song_or_one_of_the_run",),
    ),
]

# An error says what to do; nothing that a retry cannot cure is retried; values never become SQL.
ERRORS = [
    Mutation(
        "everything_is_retried",
        "What a retry cannot cure is retried.",
        f"{PLUGIN}/errors.py",
        {"    if is_conflict(error):\n": "    if True:\n"},
        (f"{TESTS}/test_errors.py::test_the_same_statement_would_fail_again",),
    ),
    Mutation(
        "digits_of_a_request_are_a_conflict",
        "An error of S3 whose request id holds 1023 is retried as a conflict.",
        f"{PLUGIN}/errors.py",
        {'r"(?<![\\w/.-])10(18|23)(?![\\w/.-])"': 'r"10(18|23)"'},
        (f"{TESTS}/test_errors.py::test_the_same_digits_elsewhere_are_no_conflict",),
    ),
    Mutation(
        "a_key_by_the_hour_is_accepted",
        "An object of each hour is looked for at midnight, and the hour is published empty.",
        f"{PLUGIN}/feasible.py",
        {"    _require_whole_days(key_format)\n": ""},
        (f"{TESTS}/test_feasible.py::test_keys_by_hour_are_an_import_error_that_says_what_to_write",),
    ),
    Mutation(
        "a_flag_in_a_uri_is_true",
        "iam=false asks IAM for a password.",
        f"{PLUGIN}/connections.py",
        {"if wanted is bool and text in BOOLEANS:": "if wanted is bool and text in ():"},
        (f"{TESTS}/test_connections.py::test_text_that_means_yes_still_asks_iam",),
    ),
    Mutation(
        "a_missing_variable_is_waited_for",
        "A Variable that nobody has set is looked for again and again.",
        f"{OPERATORS}/warehouse.py",
        {
            "        with connections.required():\n            super().render_template_fields(context, jinja_env)": (
                "        super().render_template_fields(context, jinja_env)"
            )
        },
        (f"{TESTS}/test_connections.py::test_a_variable_that_is_missing_is_named_and_not_waited_for",),
    ),
    Mutation(
        "a_slash_at_the_end_is_part_of_the_source",
        "A bucket that is written with a slash at its end is searched below an empty folder.",
        f"{PLUGIN}/addresses.py",
        {'filter(None, parts[2].split("/"))': 'parts[2].split("/")[1:]'},
        (f"{TESTS}/test_addresses.py::test_a_bucket_is_written_with_or_without_slashes",),
    ),
    Mutation(
        "the_bad_record_is_not_named",
        "A COPY that fails says only that it failed.",
        f"{PLUGIN}/copying.py",
        {'return "Load into table" in message(error)': "return False"},
        (f"{STAGE}::test_a_failed_copy_leaves_the_staged_rows_of_before",),
    ),
    Mutation(
        "a_record_is_kept_by_every_run",
        "Every run over an object puts its bad records into quarantine once more.",
        f"{PLUGIN}/quarantine.py",
        {"if record_id not in known]": "if True]"},
        (f"{TESTS}/test_quarantine.py::test_many_runs_over_one_object_keep_a_record_once",),
    ),
    Mutation(
        "records_that_are_alike_are_kept_as_one",
        "Two bad records with the same content are one in quarantine.",
        f"{PLUGIN}/rejection.py",
        {"        twins[content] += 1\n": ""},
        (f"{TESTS}/test_quarantine.py::test_records_that_are_alike_are_kept_each",),
    ),
    Mutation(
        "what_is_corrected_stays_in_quarantine",
        "A record that its object does not hold any more is open for ever.",
        f"{SQL}/publish/9_bookkeeping.sql",
        {"    quarantine.resolved_at is null\n    and": "    false\n    and"},
        (
            f"{TESTS}/test_quarantine.py::test_a_record_stays_in_longer_versions_of_its_object_and_goes_with_its_correction",
        ),
    ),
    Mutation(
        "any_number_of_bad_records_is_tolerated",
        "A run publishes what is left of an object, however little that is.",
        f"{PLUGIN}/quarantine.py",
        {"return counted <= int(self.records) and": "return True or"},
        (f"{TESTS}/test_quarantine.py::test_more_than_is_tolerated_fails_with_all_of_it_kept",),
    ),
    Mutation(
        "a_run_that_fails_keeps_nothing",
        "Only a run that goes on puts records into quarantine.",
        f"{OPERATORS}/stage_to_redshift.py",
        {"            self._keep(session, error.rejected, run_id)\n": ""},
        (f"{TESTS}/test_quarantine.py::test_more_than_is_tolerated_fails_with_all_of_it_kept",),
    ),
    Mutation(
        "events_of_other_days_are_published_by_range_runs",
        "An event in another day's object is published or not, by what else a run covers.",
        f"{PLUGIN}/staging.py",
        {"if found in seen and seen[found].is_misplaced]": "if False]"},
        (f"{TESTS}/test_quarantine.py::test_an_event_of_another_day_is_not_published_by_any_run",),
    ),
    Mutation(
        "counts_need_not_reconcile",
        "A record that COPY loses is lost.",
        f"{PLUGIN}/staging.py",
        {"    if records != loaded.rows + len(loaded.errors):": "    if False:"},
        (f"{TESTS}/test_quarantine.py::test_counts_that_do_not_reconcile_fail_the_run",),
    ),
    Mutation(
        "lines_need_not_reconcile",
        "A line that COPY does not scan is lost.",
        f"{PLUGIN}/staging.py",
        {"scanned not in seen[found].scannable": "False"},
        (f"{TESTS}/test_quarantine.py::test_a_line_that_the_warehouse_has_not_scanned_fails_the_run",),
    ),
    Mutation(
        "objects_are_looked_into_every_hour",
        "Every run reads its objects once more, whether or not they have changed.",
        DAG,
        {'        inspected_objects=f"{STAR}.loaded_objects",\n': ""},
        (f"{TESTS}/test_quarantine.py::test_an_object_is_looked_into_once_in_each_version",),
    ),
    Mutation(
        "drift_is_never_an_error",
        "A feed that is frozen changes all the same.",
        f"{PLUGIN}/drift.py",
        {'if told and policy == "freeze":': "if False:"},
        (f"{TESTS}/test_quarantine.py::test_drift_is_judged_by_the_policy_of_the_stage",),
    ),
    Mutation(
        "one_file_that_is_no_song_stops_everything",
        "A file of many lines below the songs' prefix is more bad records than any run goes on with.",
        DAG,
        {"            per_object=True,\n": ""},
        (f"{TESTS}/test_quarantine.py::test_song_objects_without_a_song_stop_nothing_until_they_are_too_many",),
    ),
    Mutation(
        "an_unknown_level_stops_whole_ranges",
        "A play of a level that nobody knows fails the checks of every run over its hour.",
        f"{PLUGIN}/contracts.py",
        {"{PLAYED}level not in (": "{PLAYED}false and level not in ("},
        (f"{TESTS}/test_bad_input.py::test_bad_records_of_an_object_are_kept_and_the_others_load",),
    ),
    Mutation(
        "a_song_says_which_object_it_is_from",
        "A song with a key like a column of ours is of the object that it names, and is lost.",
        f"{OPERATORS}/stage_to_redshift.py",
        {"            columns=self._columns,\n": ""},
        (f"{TESTS}/test_bad_input.py::test_odd_songs_that_are_no_worse_load",),
    ),
    Mutation(
        "bad_records_stop_the_search_for_stale_hours",
        "One record that cannot be loaded ends the search.",
        f"{OPERATORS}/reprocess_stale.py",
        {"[copying.SKIP_BAD_RECORDS, *self.copy_options]": "self.copy_options"},
        (f"{TESTS}/test_quarantine.py::test_bad_records_do_not_stop_the_search_for_stale_hours",),
    ),
    Mutation(
        "a_prefix_without_objects_is_an_empty_success",
        "A source whose name is wrong loads nothing and succeeds.",
        f"{PLUGIN}/selection.py",
        {" and self.store.is_empty(self.source):": " and False:"},
        (f"{TESTS}/test_bad_input.py::test_a_prefix_with_nothing_but_folder_markers_is_without_any_object",),
    ),
    Mutation(
        "folder_markers_are_objects",
        "A source of nothing but folder markers loads nothing and succeeds.",
        f"{PLUGIN}/objects.py",
        {'not found.key.endswith("/")': "found"},
        (f"{TESTS}/test_objects.py::test_folder_markers_alone_are_nothing",),
    ),
    Mutation(
        "a_missing_object_is_never_told",
        "An object that is expected and not there is passed over.",
        f"{PLUGIN}/selection.py",
        {'if self.missing == "fail":': "if False:"},
        (f"{STAGE}::test_a_missing_object_fails_or_is_skipped_as_asked",),
    ),
    Mutation(
        "an_event_without_a_time_is_lost",
        "An event without ts is in no interval, and nobody is told.",
        f"{PLUGIN}/contracts.py",
        {'        Rule("ts", "an event has a time", "ts is null"),\n': ""},
        (f"{TESTS}/test_bad_input.py::test_bad_records_of_an_object_are_kept_and_the_others_load",),
    ),
    Mutation(
        "a_literal_can_be_left",
        "A quote in a name ends the literal that it stands in.",
        f"{PLUGIN}/copying.py",
        {""".replace("'", "''") + "'\"""": """ + "'\""""},
        (f"{TESTS}/test_copying.py::test_a_literal_cannot_be_left",),
    ),
    Mutation(
        "a_name_can_be_more_than_a_name",
        "The name of a schema may bring a statement along.",
        f"{PLUGIN}/macros.py",
        {"IDENTIFIER.fullmatch(name)": "IDENTIFIER.match(name)"},
        (f"{TESTS}/test_macros.py::test_a_name_that_needs_quoting_is_refused",),
    ),
]

# Which hours a run covers, and what the DAG is.
RUNS = [
    Mutation(
        "the_schedule_gives_no_interval",
        "In Airflow 3 a bare cron string gives every run an interval of no length.",
        DAG,
        {'schedule=CronDataIntervalTimetable("0 * * * *", timezone="UTC")': 'schedule="0 * * * *"'},
        (f"{DAG_TESTS}::test_the_schedule_gives_each_run_one_hour_and_no_history",),
    ),
    Mutation(
        "a_backfill_obeys_params",
        "Each hour of a backfill loads the whole range of the DAG's params.",
        f"{PLUGIN}/interval.py",
        {"    if run_type in OF_THE_TIMETABLE:": "    if not start and run_type in OF_THE_TIMETABLE:"},
        (f"{INTERVAL}::test_a_run_of_the_timetable_is_given_no_range",),
    ),
    Mutation(
        "half_an_interval_will_do",
        "A run that is given only a start goes on with something else.",
        f"{PLUGIN}/interval.py",
        {"    if start and end:": "    if start or end:"},
        (f"{INTERVAL}::test_params_that_are_no_range_are_refused_with_what_would_be_one",),
    ),
    Mutation(
        "half_an_hour_will_do",
        "A run may begin within an hour, and replaces it by half of it.",
        f"{PLUGIN}/interval.py",
        {"interval.start != _hour(interval.start) or interval.end != _hour(interval.end)": "False"},
        (
            f"{INTERVAL}::test_params_that_are_no_range_are_refused_with_what_would_be_one",
            f"{INTERVAL}::test_the_interval_of_the_timetable_is_checked_as_that_of_params_is",
        ),
    ),
    Mutation(
        "a_range_may_be_longer_than_can_be_counted",
        "The hours of a range beyond the 100,000th are never published.",
        f"{PLUGIN}/interval.py",
        {"interval.end - interval.start > LONGEST": "False"},
        (f"{INTERVAL}::test_params_that_are_no_range_are_refused_with_what_would_be_one",),
    ),
    Mutation(
        "a_logical_date_is_taken_for_the_hours_that_airflow_makes_of_it",
        "A run by hand with a logical date and no params loads the hour before it, or the last one of now.",
        f"{PLUGIN}/interval.py",
        {"    if run_type in OF_THE_TIMETABLE:": "    if not start and dag_run.data_interval_start is not None:"},
        (f"{INTERVAL}::test_without_params_it_is_refused_and_the_ways_that_are_right_are_named",),
    ),
    Mutation(
        "hours_that_are_not_over_are_loaded",
        "A mistyped year loads empty hours of the future.",
        f"{PLUGIN}/interval.py",
        {"    elif interval.end > full:": "    elif False:"},
        (f"{INTERVAL}::test_no_range_ends_after_the_last_full_hour",),
    ),
    Mutation(
        "the_clock_of_the_worker_alone_counts",
        "The run of an hour fails for good where the worker's clock is a second behind the scheduler's.",
        f"{PLUGIN}/interval.py",
        {"max(datetime.now(timezone.utc), dag_run.run_after)": "datetime.now(timezone.utc)"},
        (f"{INTERVAL}::test_a_worker_whose_clock_is_behind_runs_the_hour_that_is_over_for_the_scheduler",),
    ),
    Mutation(
        "years_are_written_without_zeros",
        "Linux writes the year 12 as 12, which SQL reads as a month.",
        f"{PLUGIN}/interval.py",
        {'moment.replace(tzinfo=None).isoformat(" ", "seconds")': 'f"{moment:%Y-%m-%d %H:%M:%S}"'},
        (f"{INTERVAL}::test_a_moment_is_one_text_in_sql_which_is_that_moment",),
    ),
    Mutation(
        "the_last_day_is_left_out",
        "The object of the last day is not staged.",
        f"{PLUGIN}/interval.py",
        {"timedelta(days=1, microseconds=-1)": "timedelta(microseconds=-1)"},
        (f"{INTERVAL}::test_days_are_those_that_hold_a_moment_of_the_interval",),
    ),
    Mutation(
        "the_clean_up_decides_over_the_run",
        "A run that failed is shown as a success, since its clean-up succeeded.",
        DAG,
        {", on_failure_fail_dagrun=True": ""},
        (f"{DAG_TESTS}::test_prepare_and_cleanup_are_setup_and_teardown",),
    ),
]

# Who operates it is told the truth about the hours.
OBSERVED = [
    Mutation(
        "strangers_see_the_page",
        "The page and what it asks are for anybody who knows the address.",
        f"{OBSERVE}/app.py",
        {'    dependencies=[Depends(requires_access_dag("GET", param_dag_id=DAG_ID))],\n': ""},
        (f"{OBSERVE_TESTS}/test_app.py::test_who_is_not_signed_in_gets_nothing",),
    ),
    Mutation(
        "a_failure_is_forgotten",
        "An hour whose run has failed is told as loaded, since it had been published before.",
        f"{OBSERVE}/runs.py",
        {"if hour not in published_at or published_at[hour] < run.changed": "if hour not in published_at"},
        (f"{CALENDAR}::test_a_failed_run_counts_until_its_hour_is_published",),
    ),
    Mutation(
        "a_run_that_makes_up_for_an_outage_is_late",
        "What the scheduler starts after it was off is late from the first moment.",
        f"{OBSERVE}/runs.py",
        {"self.changed <= due < now": "due < now"},
        (f"{CALENDAR}::test_a_scheduled_run_is_late_45_minutes_after_its_hour_unless_it_was_made_after_that",),
    ),
    Mutation(
        "published_hours_are_late",
        "An hour that a backfill has loaded is late nevertheless.",
        f"{OBSERVE}/calendar.py",
        {'if calendar.state(hour) in ("", "missing"):': "if True:"},
        (f"{CALENDAR}::test_hours_are_late_that_the_scheduler_has_made_no_run_of_and_published_ones_never_are",),
    ),
    Mutation(
        "hours_to_come_are_missing",
        "The rest of today counts as missing.",
        f"{OBSERVE}/calendar.py",
        {"1 << min(24, max(0, (now - day) // HOUR))": "1 << 24"},
        (f"{CALENDAR}::test_hours_of_an_object_are_missing_once_they_are_over_and_before_that_not_due",),
    ),
    Mutation(
        "warnings_ask_for_somebody",
        "`make status` fails as long as anything warns.",
        f"{OBSERVE}/alerts.py",
        {' and incident.severity == "error"': ""},
        (f"{CALENDAR}::test_hours_that_the_schedule_sees_to_warnings_and_what_is_over_need_nobody",),
    ),
]

PROMISES = [*VERSIONS, *FUNCTION, *PUBLICATION, *STALENESS, *LIMITED_RUNS, *OF_CHECKS, *ERRORS, *RUNS, *OBSERVED]
