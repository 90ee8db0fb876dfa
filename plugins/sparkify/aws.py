"""boto3 sessions that share what botocore reads of AWS's services, and that read times fast.

To make a client, a session reads the descriptions of the service and of its endpoints: megabytes of JSON, and most of
the time that it takes. The sessions of this factory keep them together, so that a task finds there what was read by the
process that it is forked from (`sparkify.preload`, which also puts the factory into use).

The Amazon provider imports this at the end of its own import, so nothing else may import it before the provider.
"""

from __future__ import annotations

import os
from datetime import datetime
from functools import cached_property

import boto3
import botocore.session
from airflow.providers.amazon.aws.hooks.base_aws import BaseSessionFactory
from botocore.loaders import create_loader
from botocore.utils import parse_timestamp

# A component that a session may be given (botocore: Session.register_component), as the provider does for asynchronous
# ones. It holds what was read, and neither connections nor credentials.
LOADER = create_loader(os.environ.get("AWS_DATA_PATH"))


def moment(text: str) -> datetime:
    """Read a time as AWS writes it.

    In a listing there is one for each object, and botocore's own reader, which knows every notation, takes half of the
    time that a listing takes (botocore: ResponseParserFactory.set_parser_defaults).

    Args:
        text: mostly ISO 8601 in UTC.
    """
    try:
        return datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        return parse_timestamp(text)


class SessionFactory(BaseSessionFactory):
    """To be named in Airflow's configuration as `[aws] session_factory` (Amazon provider: "Session Factory")."""

    @cached_property
    def basic_session(self) -> boto3.session.Session:
        """A session with the connection's own keys; the provider makes those that assume a role."""
        session = botocore.session.get_session()
        session.register_component("data_loader", LOADER)
        session.get_component("response_parser_factory").set_parser_defaults(timestamp_parser=moment)
        return boto3.session.Session(botocore_session=session, **self.conn.session_kwargs)
