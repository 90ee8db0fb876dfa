"""Who COPY is for S3: an IAM role, assumed through STS, or keys (AWS: copy-parameters-authorization)."""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from include.sandbox.redshift.config import RedshiftConfig
from include.sandbox.redshift.errors import RedshiftError
from include.sandbox.redshift.threads import CREW

MALFORMED = (
    "Invalid credentials. Must be of the format: credentials 'aws_access_key_id=<access-key-id>;"
    "aws_secret_access_key=<secret-access-key>[;token=<temporary-session-token>]'"
)
# One for all: it keeps the service descriptions, which take longer to read than a small COPY. Creating clients from it
# is not safe among threads.
_SESSION, _CREATING = boto3.session.Session(), threading.Lock()
OWN_KEYS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")  # of the stand-in, where its S3 asks for any
KEY, SECRET, TOKEN = "aws_access_key_id", "aws_secret_access_key", "token"


@dataclass(frozen=True)
class Authorization:
    """What COPY was given.

    Args:
        roles: ARNs of a role, and of the roles it goes on to assume.
        default_role: use the cluster's default role.
        key: access key id.
        secret: secret access key.
        token: session token of temporary keys.
    """

    roles: tuple[str, ...] = ()
    default_role: bool = False
    key: str | None = None
    secret: str | None = None
    token: str | None = None

    def __repr__(self) -> str:
        return f"Authorization(roles={self.roles}, default_role={self.default_role})"


def from_text(text: str) -> Authorization:
    """Reads the text after CREDENTIALS.

    Raises:
        RedshiftError: it has another form than the two documented ones.
    """
    pairs = dict(part.partition("=")[::2] for part in text.split(";"))
    if set(pairs) == {"aws_iam_role"}:
        return Authorization(roles=tuple(pairs["aws_iam_role"].split(",")))
    if not {KEY, SECRET} <= set(pairs) <= {KEY, SECRET, TOKEN} or not all(pairs.values()):
        raise RedshiftError(MALFORMED)
    return Authorization(key=pairs[KEY], secret=pairs[SECRET], token=pairs.get(TOKEN))


def s3_client(config: RedshiftConfig, authorization: Authorization, region: str | None, user: str) -> Any:
    """Returns a boto3 S3 client with the credentials that COPY gets.

    Args:
        config: the endpoint and the default role.
        authorization: what COPY was given.
        region: AWS region of the bucket; None for the cluster's.
        user: the Redshift user, for the message when a role cannot be assumed.

    Raises:
        RedshiftError: there is no such role.
    """
    keys: dict[str, Any] = {}
    roles = authorization.roles
    if authorization.default_role:
        if config.default_iam_role is None:
            raise RedshiftError("no default IAM role is set for this cluster; name one: IAM_ROLE 'arn:aws:iam::…'")
        roles = (config.default_iam_role,)
    if authorization.key is not None:
        keys = _keys(authorization.key, authorization.secret, authorization.token)
    for role in roles:
        keys = _assume(config, role.strip(), keys, user)
    return _client(config, "s3", keys, region)


def _assume(config: RedshiftConfig, role: str, keys: dict[str, Any], user: str) -> dict[str, Any]:
    refused = RedshiftError(f'User {user} does not have ASSUMEROLE permission on IAM role "{role}" for COPY')
    if not role.startswith("arn:") or ":role/" not in role:
        raise RedshiftError(f'"{role}" is not the ARN of an IAM role (arn:aws:iam::<account>:role/<name>)')
    # Only for the stand-in: moto lets anyone assume a role that does not exist.
    own_key, own_secret = (os.environ.get(name, "redshift") for name in OWN_KEYS)
    service = keys or _keys(own_key, own_secret, None)
    try:
        _client(config, "iam", service).get_role(RoleName=role.rsplit("/", 1)[1])
        given = _client(config, "sts", service).assume_role(RoleArn=role, RoleSessionName="redshift-copy")[
            "Credentials"
        ]
    except ClientError as error:
        status = error.response["ResponseMetadata"]["HTTPStatusCode"]
        if status >= 500:
            raise RedshiftError(f"STS failed to assume {role}: {error},Status {status}") from error
        refused.detail = str(error)
        raise refused from error
    except BotoCoreError as error:
        raise RedshiftError(f"cannot reach STS at {config.aws_endpoint} to assume {role}: {error}") from error
    return _keys(given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"])


def _keys(key: str, secret: str | None, token: str | None) -> dict[str, Any]:
    return {"aws_access_key_id": key, "aws_secret_access_key": secret, "aws_session_token": token}


def _client(config: RedshiftConfig, service: str, keys: dict[str, Any], region: str | None = None) -> Any:
    settings = Config(
        connect_timeout=min(5, config.aws_seconds), read_timeout=config.aws_seconds,
        retries={"mode": "standard", "total_max_attempts": 3}, max_pool_connections=CREW,
        response_checksum_validation="when_required",  # a twentieth of COPY's time, for what TCP has checked
    )  # fmt: skip
    with _CREATING:
        return _SESSION.client(  # type: ignore[call-overload] # the service is no literal
            service,
            endpoint_url=config.aws_endpoint or None,
            region_name=region or config.region,
            config=settings,
            **keys,
        )
