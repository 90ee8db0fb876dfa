"""What the reports promise, each promise broken."""

from tests.mutations.mutation import Mutation

SQL = "include/sql/reports"
PYTHON = "include/reports"
QUESTIONS = "tests/reports/test_questions.py"
COMMAND = "tests/reports/test_command.py"
CHARTS = "tests/reports/test_charts.py"
WEEK, DAY_LATER = "date_trunc('week', songplays.start_time", "+ interval '1 day'"
BEFORE_END = "where songplays.start_time < {{ bind.end }}"

REPORTS = [
    Mutation(
        "plays_without_a_song_are_dropped",
        "What no song was matched to is not in the ranking, and the shares are of the rest.",
        f"{SQL}/top_songs.sql",
        {"left join ranked on": "inner join ranked on"},
        (f"{QUESTIONS}::test_plays_without_a_song_are_counted_apart_not_dropped",),
    ),
    Mutation(
        "the_end_is_in_the_range",
        "Two ranges that meet both have the play at the moment between them.",
        f"{SQL}/overview.sql",
        {"start_time < {{ bind.end }}": "start_time <= {{ bind.end }}"},
        (f"{QUESTIONS}::test_a_range_without_plays_has_no_answers",),
    ),
    Mutation(
        "weeks_begin_on_sunday",
        "A play on Sunday is of the week of the Monday after.",
        f"{SQL}/retention.sql",
        {
            f"{WEEK}) as": f"{WEEK} {DAY_LATER}) as",
            f"user_id, {WEEK})": f"user_id, {WEEK} {DAY_LATER})",
        },
        (f"{QUESTIONS}::test_a_week_ends_on_sunday_also_at_the_turn_of_the_year",),
    ),
    Mutation(
        "old_users_are_new_in_every_range",
        "A cohort has the users whose first play in the range it is, not of all.",
        f"{SQL}/retention.sql",
        {BEFORE_END: f"{BEFORE_END} and songplays.start_time >= {{{{ bind.start }}}}"},
        (f"{QUESTIONS}::test_who_played_before_the_range_is_no_new_user_in_it",),
    ),
    Mutation(
        "weeks_without_anybody_are_left_out",
        "A week in which nobody of a cohort came back has no row.",
        f"{SQL}/retention.sql",
        {"left join active": "inner join active"},
        (f"{QUESTIONS}::test_a_week_in_which_nobody_came_back_is_told_as_nought",),
    ),
    Mutation(
        "a_session_is_its_number",
        "Two users with the same session number have one session.",
        f"{SQL}/sessions.sql",
        {"        songplays.user_id,\n": "", "group by songplays.user_id, songplays": "group by songplays"},
        (f"{QUESTIONS}::test_two_users_with_the_same_session_number_have_two_sessions",),
    ),
    Mutation(
        "a_session_ends_with_the_range",
        "What a session has after the end of the range is cut off.",
        f"{SQL}/sessions.sql",
        {"songplays\n    group by": "songplays\n    where songplays.start_time < {{ bind.end }}\n    group by"},
        (f"{QUESTIONS}::test_a_session_across_midnight_belongs_to_the_day_that_it_begins_in_and_is_whole",),
    ),
    Mutation(
        "a_session_has_one_level",
        "A session in which the level changed counts as paid.",
        f"{SQL}/sessions.sql",
        {"else 'both' end": "else 'paid' end"},
        (f"{QUESTIONS}::test_a_session_in_which_the_level_changes_is_of_both_and_its_plays_are_of_one",),
    ),
    Mutation(
        "who_was_paid_before_converts",
        "A paid play before the first free one counts for a conversion.",
        f"{SQL}/conversion.sql",
        {" and played.start_time > firsts.first_free": ""},
        (f"{QUESTIONS}::test_who_goes_from_paid_to_free_did_not_convert_and_who_pays_again_did",),
    ),
    Mutation(
        "the_last_hour_is_left_out",
        "A report without TO ends where the hour of the last play begins.",
        f"{PYTHON}/questions.py",
        {"end or last + timedelta(hours=1)": "end or last"},
        (f"{QUESTIONS}::test_where_a_range_is_open_it_takes_the_hours_of_the_plays",),
    ),
    Mutation(
        "charts_of_another_range_stay",
        "Where there is nothing to draw, the chart of an earlier range stays and passes for this one.",
        f"{PYTHON}/charts.py",
        {"path.unlink(missing_ok=True)": "pass"},
        (f"{CHARTS}::test_nothing_gives_no_picture_and_leaves_none_of_another_range",),
    ),
    Mutation(
        "a_ranking_hides_what_it_leaves_out",
        "The chart does not say how many plays are of no known song.",
        f"{PYTHON}/charts.py",
        {"plays\\nbesides {_others(rows)}": "plays"},
        (f"{CHARTS}::test_a_ranking_says_how_many_plays_it_leaves_out",),
    ),
    Mutation(
        "reports_are_asked_by_the_owner",
        "The sandbox's reports may write.",
        "include/sandbox/analyst.py",
        {"return connect(state, ANALYST, password)": "return connect(state)"},
        (f"{COMMAND}::test_the_sandbox_is_asked_as_an_analyst_who_is_made_when_missing",),
    ),
]
