"""What an error of the warehouse means: will a retry cure it, and what does it say."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import ParamSpec, TypeVar

from airflow.sdk.exceptions import AirflowException, AirflowFailException
from tenacity import before_sleep_log, retry, retry_if_exception, stop_after_attempt, wait_random_exponential

log = logging.getLogger(__name__)

P = ParamSpec("P")
T = TypeVar("T")

CONFLICT_ATTEMPTS = 8
LONGEST_WAIT = 30.0  # seconds

# SQLSTATE classes that the same statement will meet again: feature not supported, data, integrity, authorisation,
# no such database or schema, syntax or undefined object (PostgreSQL: appendix A, which Redshift's codes follow).
PERMANENT_CLASSES = ("0A", "22", "23", "28", "3D", "3F", "42")

# Of what the drivers raise without asking the server, and so without a SQLSTATE, the class says whose fault it is
# (PEP 249); those of Python that they let through are a program's own.
PERMANENT_ERRORS = ("ProgrammingError", "NotSupportedError", "DataError", "IntegrityError")
# Not every ValueError: that of a socket that is closed is none.
CLIENT_FAULTS = (TypeError, LookupError, AttributeError, UnicodeError)

# An OperationalError or InterfaceError is a passing one, unless it says that the settings or the statement are wrong:
# psycopg keeps no SQLSTATE of a login that is refused, and neither driver has one for what it refuses itself.
PERMANENT_CLIENT_WORDS = re.compile(
    "authentication failed|no pg_hba.conf entry|no password (was )?(supplied|provided)"
    "|(database|role|user) .* does not exist|refuses SSL|does not support SSL|certificate verify failed"
    "|connection (parameter|option)|can't be of type|by redshift_connector|supported in the query"
)

# Redshift reports what COPY met in S3 and IAM as XX000, so its words have to tell (AWS: s3serviceexception-error).
PERMANENT_WORDS = (
    "ASSUMEROLE",
    "Access Denied",
    "AccessDenied",
    "NoSuchBucket",
    "Invalid credentials",
    "Load into table",
    "Number of jsonpaths",
    "Invalid JSONPath",
    "Problem reading manifest",
    "does not exist",
    "must be addressed using the specified endpoint",
)

# S3 failing or not answering while COPY reads the manifest or an object is over by itself, whatever was being read.
TRANSIENT = re.compile(r"Status 5\d\d|timed out|timeout|Could not connect|Connection was closed", re.IGNORECASE)

# What Redshift answers to the transaction that loses: it has to be run again (AWS: c_serial_isolation).
# Its numbers stand alone: the same digits in a request id or a key of S3 mean nothing.
CONFLICT = re.compile(
    r"(?<![\w/.-])10(18|23)(?![\w/.-])"
    "|conflict with concurrent transaction|could not serialize|deadlock detected"
)

NO_RETRY = "A retry would meet it again: correct the cause, then clear this task with everything downstream of it."
RETRY = "It is tried again while retries are left."


def sqlstate(error: BaseException) -> str | None:
    """The SQLSTATE of a driver's exception, or None; redshift_connector keeps it in a dict, psycopg in an attribute."""
    fields = _fields(error)
    return fields.get("C") or getattr(error, "sqlstate", None) or getattr(error, "pgcode", None)


def message(error: BaseException) -> str:
    """The server's own words: message and detail, without the driver's wrapping."""
    fields = _fields(error)
    said = "\n".join(filter(None, (fields.get("M"), fields.get("D")))) or _wrapped(error)
    if isinstance(error, CLIENT_FAULTS):
        return f"{type(error).__name__}: {error}"  # a KeyError says a name and nothing else
    return said or str(error).strip() or type(error).__name__


def is_permanent(error: BaseException) -> bool:
    """Whether the same statement would fail again."""
    state = sqlstate(error)
    if is_conflict(error):
        return False
    if state is None:
        return _is_of_client(error)
    return state[:2] in PERMANENT_CLASSES or (
        state == "XX000"
        and any(words in message(error) for words in PERMANENT_WORDS)
        and not TRANSIENT.search(message(error))
    )


def is_conflict(error: BaseException) -> bool:
    """Whether another transaction won, so that running this one again will do."""
    state = sqlstate(error)
    return state in ("40001", "40P01") or (
        state is not None and state[:2] == "XX" and CONFLICT.search(message(error)) is not None
    )


def retry_conflicts(transaction: Callable[P, T]) -> Callable[P, T]:
    """Make a function that runs a transaction again, after a while, as long as another transaction wins.

    Args:
        transaction: runs it as a whole; can be repeated.
    """
    persistent = retry(
        retry=retry_if_exception(is_conflict),
        wait=wait_random_exponential(max=LONGEST_WAIT),
        stop=stop_after_attempt(CONFLICT_ATTEMPTS),
        before_sleep=before_sleep_log(log, logging.INFO),
        reraise=True,
    )
    return persistent(transaction)


@contextmanager
def explained(conn_id: str, action: str) -> Iterator[None]:
    """Turn a driver's exception into one that says which connection, what was tried, and whether a retry may help.

    Args:
        conn_id: the Airflow connection in use.
        action: what was being done, for the person who reads the message.

    Raises:
        AirflowFailException: a retry cannot cure it.
        AirflowException: a retry may cure it.
    """
    try:
        yield
    except AirflowException:
        raise
    except Exception as error:
        state = sqlstate(error)
        code = f" (SQLSTATE {state})" if state else ""
        text = f"{action} failed on connection {conn_id!r}: {message(error)}{code}."
        if is_permanent(error):
            raise AirflowFailException(f"{text} {NO_RETRY}") from error
        raise AirflowException(f"{text} {RETRY}") from error


def _is_of_client(error: BaseException) -> bool:
    """Whether what no server has answered is a matter of the program or of the connection's settings."""
    kinds = {kind.__name__ for kind in type(error).__mro__}
    if kinds.isdisjoint(("OperationalError", "InterfaceError")):
        return isinstance(error, CLIENT_FAULTS) or not kinds.isdisjoint(PERMANENT_ERRORS)
    return PERMANENT_CLIENT_WORDS.search(message(error)) is not None


def _wrapped(error: BaseException) -> str:
    """What redshift_connector says when it was not the server that spoke: its own words, and what it met."""
    is_pair = len(error.args) == 2 and isinstance(error.args[1], BaseException)
    return f"{error.args[0]}: {error.args[1]}" if is_pair else ""


def _fields(error: BaseException) -> dict[str, str]:
    return error.args[0] if error.args and isinstance(error.args[0], dict) else {}
