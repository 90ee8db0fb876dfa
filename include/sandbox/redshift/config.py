"""What the sandbox Redshift is told when it starts."""

from __future__ import annotations

from dataclasses import dataclass

from psycopg2.extensions import make_dsn, parse_dsn


@dataclass(frozen=True)
class RedshiftConfig:
    """Where the sandbox Redshift listens and what it uses.

    Args:
        postgres_dsn: connection URI or string of the superuser of the embedded PostgreSQL; any database.
        host: address to listen on.
        port: TCP port to listen on; 0 for any free one.
        database: the only database that clients may connect to.
        aws_endpoint: URL of the S3, STS and IAM endpoint that COPY uses; empty for AWS itself.
        region: the cluster's AWS region; COPY without REGION reads from it.
        aws_seconds: how long that endpoint may say nothing until a request is given up, and sent again twice at most.
        default_iam_role: ARN that `IAM_ROLE default` stands for; None if the cluster has no default role.
    """

    postgres_dsn: str
    host: str
    port: int
    database: str = "dev"
    aws_endpoint: str = ""
    aws_seconds: float = 20
    region: str = "us-west-2"
    default_iam_role: str | None = None

    def superuser_dsn(self, database: str | None = None) -> str:
        """Returns the superuser's connection string to a database, the configured one unless told."""
        return str(make_dsn(self.postgres_dsn, dbname=database or self.database))

    @property
    def backend_address(self) -> tuple[str, int]:
        """Host and port of the embedded PostgreSQL."""
        parts = parse_dsn(self.postgres_dsn)
        return parts.get("host", "127.0.0.1"), int(parts.get("port", "5432"))
