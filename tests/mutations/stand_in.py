"""What would be wrong with the stand-in for Redshift if its clients were not kept apart, each planted."""

from tests.mutations.mutation import Mutation

SERVER, LOGIN = "include/sandbox/redshift/server.py", "include/sandbox/redshift/login.py"
HOSTILE = ("tests/sandbox/redshift/test_hostile.py",)
PROTOCOL = ("tests/sandbox/redshift/test_protocol.py",)

STAND_IN = [
    Mutation(
        "a_broken_connection_ends_without_a_word",
        "Who breaks the protocol is not told.",
        SERVER,
        {"            last = fatal(str(error), PROTOCOL_VIOLATION).fields()": "            pass"},
        HOSTILE,
    ),
    Mutation(
        "a_broken_connection_never_ends",
        "Who breaks the protocol stays connected.",
        SERVER,
        {"            await client.close()": "            client.flush()"},
        HOSTILE,
    ),
    Mutation(
        "a_broken_connection_ends_all_others",
        "Who breaks the protocol takes the other clients along.",
        SERVER,
        {
            "            last = fatal(str(error), PROTOCOL_VIOLATION).fields()": (
                "            last = fatal(str(error), PROTOCOL_VIOLATION).fields()\n"
                "            for task in self._tasks - {asyncio.current_task()}:\n"
                "                task.cancel()"
            )
        },
        HOSTILE,
    ),
    Mutation(
        "what_is_broken_ends_the_process",
        "A string without an end ends the stand-in.",
        "include/sandbox/redshift/wire.py",
        {'            raise ProtocolError("invalid string in message")': "            raise SystemExit(1)"},
        HOSTILE,
    ),
    Mutation(
        "what_is_broken_is_a_failure_of_our_own",
        "A string without an end is logged as the stand-in's own failure.",
        "include/sandbox/redshift/wire.py",
        {'            raise ProtocolError("invalid string in message")': "            raise ValueError(body)"},
        HOSTILE,
    ),
    Mutation(
        "the_session_in_postgresql_stays",
        "PostgreSQL is not told that a client has left.",
        SERVER,
        {"            await session.backend.channel.close()": "            pass"},
        HOSTILE,
    ),
    Mutation(
        "a_failed_login_leaves_a_connection",
        "The connection to PostgreSQL stays open when a login fails.",
        LOGIN,
        {"            await backend.close()\n            if isinstance": "            if isinstance"},
        HOSTILE,
    ),
    Mutation(
        "an_error_hides_the_sync_behind_it",
        "Sync is not answered after an error.",
        "include/sandbox/redshift/extended.py",
        {'if found.kind == b"S":': 'if found.kind == b"S" and not self.skipping:'},
        HOSTILE,
    ),
    Mutation(
        "what_was_stopped_is_not_read_again",
        "The short way waits for an answer that nobody reads.",
        "include/sandbox/redshift/express.py",
        {
            "        self._session.backend.channel.listen()  # what stopped it has been taken, or is one message\n": "",
        },
        PROTOCOL,
    ),
    Mutation(
        "rows_that_came_meanwhile_are_waited_for",
        "Rows that came while the client was slow ring for nobody.",
        "include/sandbox/redshift/backend.py",
        {"            else:\n                await self._wait()": "            await self._wait()"},
        PROTOCOL,
    ),
    Mutation(
        "the_status_is_always_idle",
        "ReadyForQuery does not tell that a transaction is open.",
        "include/sandbox/redshift/transaction.py",
        {'return "I" if self.internal else self._backend.status': 'return "I"'},
        ("tests/sandbox/redshift/test_protocol.py", "tests/sandbox/redshift/test_transactions.py"),
    ),
]
