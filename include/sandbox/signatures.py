"""Signature Version 4, as AWS checks it: who has signed a request, and with the right secret (AWS: reference_sigv)."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from functools import lru_cache
from hashlib import sha256
from io import BytesIO
from typing import Any
from urllib.parse import parse_qsl, quote, unquote

ALGORITHM = "AWS4-HMAC-SHA256"
UNRESERVED = "-_.~"
TIMESTAMP = "%Y%m%dT%H%M%SZ"


class RefusedError(Exception):
    """A request is not from who it says; `code` and the message are S3's (AWS: ErrorResponses).

    Args:
        code: S3's name of the error.
        message: what is wrong.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True)
class Signed:
    """What a request says about its signature.

    Args:
        credential: `ACCESS_KEY/DATE/REGION/SERVICE/aws4_request`.
        headers: lower-case names of the headers that are signed.
        signature: in hexadecimal digits.
        time: when it was signed, as `TIMESTAMP`.
        payload: the hash of the body that is signed, or one of AWS's words for none; empty if it is the body's own.
    """

    credential: str
    headers: tuple[str, ...]
    signature: str
    time: str
    payload: str


def verify(environ: dict[str, Any], secret_of: Callable[[str], str | None]) -> None:
    """Checks the signature of a request.

    The hash of S3's body, which is signed, is not compared with the body: that would read every upload twice.

    Args:
        environ: the request, by WSGI; `RAW_URI` is the path and query as they were sent.
        secret_of: gives the secret that belongs to an access key id; None if there is no such key.

    Raises:
        RefusedError: there is no signature, its key is unknown, or it is wrong or expired.
    """
    query = dict(parse_qsl(environ.get("QUERY_STRING", ""), keep_blank_values=True))
    signed = _from_query(query) if "X-Amz-Signature" in query else _from_header(environ)
    parts = signed.credential.rsplit("/", 4)
    secret = secret_of(parts[0])
    if len(parts) != 5 or secret is None:
        raise RefusedError("InvalidAccessKeyId", "The AWS access key id does not exist in the sandbox.")
    _, day, region, service, _ = parts
    request = _canonical(environ, signed, service)
    scope = "/".join(parts[1:])
    text = "\n".join([ALGORITHM, signed.time, scope, sha256(request.encode()).hexdigest()])
    expected = hmac.new(_signing_key(secret, day, region, service), text.encode(), sha256).hexdigest()
    if not hmac.compare_digest(expected.encode(), signed.signature.encode()):
        raise RefusedError("SignatureDoesNotMatch", "The signature is not the one that the secret access key makes.")


def _from_header(environ: Mapping[str, Any]) -> Signed:
    algorithm, _, rest = environ.get("HTTP_AUTHORIZATION", "").partition(" ")
    fields = dict(field.strip().partition("=")[::2] for field in rest.split(","))
    if algorithm != ALGORITHM or not {"Credential", "SignedHeaders", "Signature"} <= fields.keys():
        raise RefusedError("AccessDenied", "The request is not signed with AWS Signature Version 4.")
    return Signed(
        fields["Credential"], tuple(fields["SignedHeaders"].split(";")), fields["Signature"],
        environ.get("HTTP_X_AMZ_DATE", ""), environ.get("HTTP_X_AMZ_CONTENT_SHA256", ""),
    )  # fmt: skip


def _from_query(query: Mapping[str, str]) -> Signed:
    names = ("X-Amz-Credential", "X-Amz-SignedHeaders", "X-Amz-Date", "X-Amz-Expires")
    if not all(query.get(name) for name in names):
        raise RefusedError("AuthorizationQueryParametersError", f"A presigned URL needs {', '.join(names)}.")
    credential, headers, time, seconds = (query[name] for name in names)
    try:
        signed = datetime.strptime(time, TIMESTAMP).replace(tzinfo=timezone.utc)
        expired = datetime.now(timezone.utc) > signed + timedelta(seconds=int(seconds))
    except (ValueError, OverflowError) as error:
        raise RefusedError("AuthorizationQueryParametersError", f"A presigned URL's time: {error}") from error
    if expired:
        raise RefusedError("AccessDenied", "Request has expired")
    return Signed(credential, tuple(headers.split(";")), query["X-Amz-Signature"], time, "UNSIGNED-PAYLOAD")


def _canonical(environ: dict[str, Any], signed: Signed, service: str) -> str:
    path, _, query = environ["RAW_URI"].partition("?")
    pairs = (part.partition("=")[::2] for part in query.split("&") if part)
    encoded = sorted(
        (quote(unquote(name), safe=UNRESERVED), quote(unquote(value), safe=UNRESERVED))
        for name, value in pairs
        if name != "X-Amz-Signature"
    )
    return "\n".join([
        environ["REQUEST_METHOD"],
        path if service == "s3" else quote(path, safe="/" + UNRESERVED),  # S3's path is encoded once, others' twice
        "&".join(f"{name}={value}" for name, value in encoded),
        *(f"{name}:{' '.join(_header(environ, name).split())}" for name in signed.headers),
        "",
        ";".join(signed.headers),
        signed.payload or _hash_of_body(environ),
    ])  # fmt: skip


def _header(environ: Mapping[str, Any], name: str) -> str:
    variable = name.upper().replace("-", "_")
    return str(environ.get(variable if variable in {"CONTENT_TYPE", "CONTENT_LENGTH"} else f"HTTP_{variable}", ""))


def _hash_of_body(environ: dict[str, Any]) -> str:
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    environ["wsgi.input"] = BytesIO(body)
    return sha256(body).hexdigest()


@lru_cache(maxsize=1024)
def _signing_key(secret: str, *scope: str) -> bytes:
    key = f"AWS4{secret}".encode()
    for part in (*scope, "aws4_request"):
        key = hmac.new(key, part.encode(), sha256).digest()
    return key
