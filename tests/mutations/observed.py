"""What lineage and metrics promise, each promise broken."""

from tests.mutations.bugs import OPERATORS, PLUGIN, TESTS
from tests.mutations.mutation import Mutation

METRICS = f"{TESTS}/test_metrics.py"
LINEAGE = f"{TESTS}/test_lineage.py"

OBSERVED = [
    Mutation(
        "a_publication_is_not_counted",
        "The alarm on a missing publication goes off although all is well.",
        f"{OPERATORS}/publish.py",
        {"metrics.PUBLISH.add(1, self.tags)": "pass"},
        (f"{METRICS}::test_a_run_tells_what_it_did",),
    ),
    Mutation(
        "a_backfill_says_how_far_behind_it_is",
        "Whoever loads an old hour again is told that the tables are years behind.",
        f"{OPERATORS}/publish.py",
        {'run.run_type == "scheduled" and run.data_interval_end': "run.data_interval_end"},
        (f"{METRICS}::test_only_scheduled_runs_tell_how_far_behind_they_are",),
    ),
    Mutation(
        "what_is_rejected_in_a_stage_that_fails_is_not_counted",
        "The worst input of all shows in no metric.",
        f"{OPERATORS}/stage_to_redshift.py",
        {"metrics.REJECTED.add(len(error.rejected), self.tags)": "pass"},
        (f"{METRICS}::test_what_fails_is_told_as_well",),
    ),
    Mutation(
        "each_run_has_datasets_of_its_own",
        "Every hour adds tables to the lineage that nobody sees again.",
        f"{PLUGIN}/lineage/names.py",
        {r'RUN_SCHEMA.sub(r"\1_run", text)': "text"},
        (f"{LINEAGE}::test_another_run_names_the_same_datasets",),
    ),
    Mutation(
        "views_are_not_seen_through",
        "Which song a play is of seems to come from nowhere.",
        f"{PLUGIN}/lineage/loads.py",
        {"flow = Flow.of([*views, *map(stable, scripts)])": "flow = Flow.of(list(map(stable, scripts)))"},
        (f"{LINEAGE}::test_each_published_column_leads_to_the_members_of_the_records_that_it_is_made_of",),
    ),
    Mutation(
        "an_artists_name_has_no_origin",
        "A column is called otherwise in the query than in the table that it fills, and its lineage ends there.",
        "include/sql/publish/2_artists.sql",
        {"believed.artist_name as name": "believed.artist_name"},
        (f"{LINEAGE}::test_each_published_column_leads_to_the_members_of_the_records_that_it_is_made_of",),
    ),
    Mutation(
        "failed_checks_are_not_asserted",
        "The lineage shows the checks that passed, and of those that stop a run nothing.",
        f"{OPERATORS}/data_quality.py",
        {
            "            self._results = results\n": "",
            "            self._stop_on_errors(results)\n": (
                "            self._stop_on_errors(results)\n            self._results = results\n"
            ),
        },
        (f"{LINEAGE}::test_checks_that_fail_are_told_as_assertions_that_do_not_hold",),
    ),
]  # fmt: skip
