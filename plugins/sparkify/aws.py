"""boto3 sessions that share what botocore reads of AWS's services.

To make a client, a session reads the descriptions of the service and of its endpoints: megabytes of JSON, and most of
the time that it takes. The sessions of this factory keep them together, so that a task finds there what was read by the
process that it is forked from (`sparkify.preload`, which also puts the factory into use).

The Amazon provider imports this at the end of its own import, so nothing else may import it before the provider.
"""

from __future__ import annotations

import os
from functools import cached_property

import boto3
import botocore.session
from airflow.providers.amazon.aws.hooks.base_aws import BaseSessionFactory
from botocore.loaders import create_loader

# A component that a session may be given (botocore: Session.register_component), as the provider does for asynchronous
# ones. It holds what was read, and neither connections nor credentials.
LOADER = create_loader(os.environ.get("AWS_DATA_PATH"))


class SessionFactory(BaseSessionFactory):
    """To be named in Airflow's configuration as `[aws] session_factory` (Amazon provider: "Session Factory")."""

    @cached_property
    def basic_session(self) -> boto3.session.Session:
        """A session with the connection's own keys; the provider makes those that assume a role."""
        session = botocore.session.get_session()
        session.register_component("data_loader", LOADER)
        return boto3.session.Session(botocore_session=session, **self.conn.session_kwargs)
