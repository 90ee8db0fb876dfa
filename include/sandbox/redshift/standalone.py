"""The stand-in on its own: in front of any PostgreSQL 16 or later, with any S3."""

from __future__ import annotations

import secrets
from urllib.parse import quote

from include.sandbox.redshift import RedshiftConfig, install, run
from include.sandbox.state import LOOPBACK, SandboxError


def serve_alone(postgres: str, s3: str, port: int, user: str, region: str, role: str | None) -> None:
    """Prepares the database `dev` of a PostgreSQL, prints the address with a new password, and serves until stopped.

    Args:
        postgres: connection URI or string of a superuser.
        s3: URL of the S3 endpoint, and of STS and IAM for COPY with a role; empty for AWS itself.
        port: TCP port on 127.0.0.1; 0 for any free one.
        user: the Redshift user; made if missing, its password is replaced.
        region: where COPY reads unless it says.
        role: ARN that `IAM_ROLE default` stands for, if any.

    Raises:
        SandboxError: PostgreSQL cannot be used, or the port is taken.
    """
    config = RedshiftConfig(postgres, LOOPBACK, port, aws_endpoint=s3, region=region, default_iam_role=role)
    password = secrets.token_urlsafe()
    install(config, user, password)

    def tell(port: int) -> None:
        print(f"postgresql://{quote(user, safe='')}:{password}@{config.host}:{port}/{config.database}", flush=True)

    try:
        run(config, tell)
    except OSError as error:
        raise SandboxError(f"The sandbox Redshift cannot listen on {config.host}:{port}: {error.strerror}.") from error
