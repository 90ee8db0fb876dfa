"""Ways in which somebody would hear too little, too much, or what is nobody's business."""

from tests.mutations.bugs import DAG, DAG_TESTS, PLUGIN, TESTS
from tests.mutations.mutation import Mutation

PACKAGE = f"{PLUGIN}/alerts"
INCIDENTS = f"{TESTS}/alerts/test_incidents.py"
CHANNELS = f"{TESTS}/alerts/test_channels.py"
OVERTAKEN = f"{TESTS}/alerts/test_state.py::test_what_another_process_writes_between_reading_and_writing_is_kept"
AGAIN = f"{INCIDENTS}::test_fail_fail_again_recover_gives_two_messages_on_every_channel"

ALERTS = [
    Mutation(
        "an_alert_is_a_template",
        "Input that looks like a template is rendered in the alert, or keeps it back.",
        f"{PACKAGE}/channels.py",
        {"MAIL_BODY.format(html.escape(message.text)),\n    ).notify({})": "message.text,\n    )({})"},
        (AGAIN,),
    ),
    Mutation(
        "input_is_markup_in_a_mail",
        "Input that looks like HTML is shown as what it describes.",
        f"{PACKAGE}/channels.py",
        {"MAIL_BODY.format(html.escape(message.text))": "MAIL_BODY.format(message.text)"},
        (f"{CHANNELS}::test_marks_of_html_and_slack_are_text_and_the_webhook_has_the_facts",),
    ),
    Mutation(
        "every_failing_hour_is_told",
        "An incident is told again by each hour that meets it.",
        f"{PACKAGE}/journal.py",
        {"        if known and known.status == OPEN:": "        if known and known.status == RECOVERED:"},
        (AGAIN,),
    ),
    Mutation(
        "the_first_of_many_writers_is_not_known",
        "Tasks that fail at the same moment each make the journal, and each tell.",
        f"{PACKAGE}/state.py",
        {', IfNoneMatch="*")': ")"},
        (OVERTAKEN,),
    ),
    Mutation(
        "the_last_writer_wins",
        "What another task wrote into the journal meanwhile is lost.",
        f"{PACKAGE}/state.py",
        {", IfMatch=etag)": ")"},
        (OVERTAKEN,),
    ),
    Mutation(
        "an_earlier_hour_ends_an_incident",
        "An old hour that is loaded again calls the failure of the latest one over.",
        f"{PACKAGE}/journal.py",
        {"        if run.end >= self.until:": "        if run.end or self.until:"},
        (f"{INCIDENTS}::test_an_hour_before_the_last_that_failed_does_not_end_it_and_that_hour_does",),
    ),
    Mutation(
        "the_end_of_a_run_tells_again",
        "What a task has told, the DAG processor tells again when others have recovered.",
        f"{PACKAGE}/callbacks.py",
        {", second_hand=True)": ")"},
        (
            f"{INCIDENTS}::test_a_task_that_is_killed_is_told_by_the_end_of_its_run_and_one_that_told_itself_is_not_told_again",
        ),
    ),
    Mutation(
        "a_failed_check_is_told_twice",
        "The checks say what failed, and then the task says that it did.",
        f"{PACKAGE}/journal.py",
        {"        if incident.name != incident.task:": "        if incident.name == incident.task:"},
        (f"{INCIDENTS}::test_an_error_can_say_which_checks_failed_and_each_is_told_in_place_of_the_task",),
    ),
    Mutation(
        "a_killed_task_is_not_told",
        "Nobody hears of a task whose process is killed.",
        DAG,
        {"    on_failure_callback=notify_run_failure,\n": ""},
        (f"{DAG_TESTS}::test_someone_is_told_of_whatever_goes_wrong",),
    ),
    Mutation(
        "a_backfilled_hour_is_late",
        "Each hour of a backfill is told to be late.",
        f"{PACKAGE}/callbacks.py",
        {'dag_run["run_type"] != "scheduled" or ': ""},
        (f"{INCIDENTS}::test_old_hours_and_runs_that_have_ended_are_not_late",),
    ),
    Mutation(
        "a_failed_run_is_late_too",
        "A run that has failed, and told so, is told to be late as well.",
        f"{PACKAGE}/callbacks.py",
        {' or dag_run["state"] not in ("queued", "running")': ""},
        (f"{INCIDENTS}::test_old_hours_and_runs_that_have_ended_are_not_late",),
    ),
    Mutation(
        "a_dead_channel_hides_the_others",
        "After a channel that is dead, nobody is told.",
        f"{PACKAGE}/channels.py",
        {"        except Exception as error:": "        except ImportError as error:"},
        (f"{CHANNELS}::test_a_dead_channel_hides_nothing_and_is_told_when_it_lives_again",),
    ),
    Mutation(
        "a_channel_that_was_dead_is_never_told",
        "A channel that was dead when the incident began does not hear of it.",
        f"{PACKAGE}/journal.py",
        {
            "[channel for channel in entry.owed if channel not in channels]": "[]",
            "self.owed = [channel for channel in channels if channel not in self.told]": (
                "self.owed = self.owed if self.runs else list(channels)"
            ),
        },
        (f"{CHANNELS}::test_a_dead_channel_hides_nothing_and_is_told_when_it_lives_again",),
    ),
    Mutation(
        "a_dead_journal_hides_the_message",
        "Without S3 nobody is told anything.",
        f"{PACKAGE}/reporting.py",
        {"            self.send(self.note(Journal()))": "            self.note(Journal())"},
        (f"{CHANNELS}::test_without_the_bucket_of_the_journal_each_failure_is_told",),
    ),
    Mutation(
        "a_webhooks_address_is_logged",
        "The log holds the address of a webhook that is dead, which is its password.",
        f"{PACKAGE}/channels.py",
        {"ADDRESS.sub('(address)', str(error))": "str(error)"},
        (f"{CHANNELS}::test_a_webhooks_address_is_not_in_what_an_error_is_said_to_be",),
    ),
    Mutation(
        "that_nobody_listens_is_said_for_each_message",
        "Without a channel, each failure says so.",
        f"{PACKAGE}/reporting.py",
        {" and not journal.silent:": ":"},
        (f"{CHANNELS}::test_without_a_channel_it_is_said_once_and_a_channel_that_is_chosen_later_is_told",),
    ),
]
