"""What goes wrong within the stand-in itself: an error of the one statement, with its traceback in the log."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from include.sandbox.redshift.errors import INTERNAL_ERROR, TOO_COMPLEX, BackendError, RedshiftError

logger = logging.getLogger(__name__)


@contextmanager
def reported(what: str) -> Iterator[None]:
    """Turns what nobody has foreseen into an error for the client, whose session goes on.

    Args:
        what: what is being done, for the message.

    Raises:
        RedshiftError: something failed.
    """
    try:
        yield
    except (RedshiftError, BackendError, ConnectionError):  # foreseen, or the connection's end
        raise
    except RecursionError:
        raise RedshiftError("stack depth limit exceeded", TOO_COMPLEX, hint="Nest it less deeply.") from None
    except Exception:
        logger.exception("%s failed", what)
        message = f"the sandbox itself failed at {what}: this is a fault of the sandbox, not of the statement"
        raise RedshiftError(message, INTERNAL_ERROR, hint="The sandbox's log has the traceback.") from None
