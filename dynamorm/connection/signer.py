"""Signature version 4 for what DynamoDB is sent: JSON posts without a query string.

The signatures are byte for byte those of ``botocore.auth.SigV4Auth``; what makes them cheap is that the
signing key lives a day, the timestamp a second, and that there is nothing to negotiate.
"""

from __future__ import annotations

import hmac
import re
import time
from collections.abc import Mapping
from hashlib import sha256
from typing import NamedTuple, Protocol
from urllib.parse import quote, urlsplit

from botocore.auth import SIGNED_HEADERS_BLACKLIST

__all__ = ["FrozenCredentials", "Signer", "SigningTarget", "UnsignableRequest", "signing_target"]

# Headers that proxies may change, and which are therefore never part of a signature.
_UNSIGNED_HEADERS = frozenset(SIGNED_HEADERS_BLACKLIST)
_FORBIDDEN_IN_HEADERS = re.compile(r"[\r\n\x00]")
_HEADER_NAME = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+\Z")
_REPLACED_BY_THE_SIGNER = frozenset({"authorization", "x-amz-date", "x-amz-security-token"})


class UnsignableRequest(ValueError):
    """The request has a shape that this signer does not speak (a query string, a ``Date`` header, ...)."""


class FrozenCredentials(Protocol):
    """What botocore's ``get_frozen_credentials()`` returns."""

    @property
    def access_key(self) -> str: ...
    @property
    def secret_key(self) -> str: ...
    @property
    def token(self) -> str | None: ...


class SigningTarget(NamedTuple):
    """Where a request goes, as far as its signature is concerned."""

    host: str
    canonical_path: str


def signing_target(url: str) -> SigningTarget:
    """Take an endpoint's URL apart into the values that are signed.

    :raises UnsignableRequest: when the URL has a query string, a fragment or no host.
    """
    parts = urlsplit(url)
    if parts.query or parts.fragment or not parts.hostname:
        raise UnsignableRequest(f"not the URL of a DynamoDB endpoint: {url!r}")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    if parts.port is not None and parts.port != {"http": 80, "https": 443}.get(parts.scheme):
        host = f"{host}:{parts.port}"
    path = parts.path or "/"
    return SigningTarget(host, quote(_without_dot_segments(path), safe="/~"))


class Signer:
    """Signs for one region and service; may be shared by threads."""

    def __init__(self, region: str, service: str = "dynamodb") -> None:
        self._region = region
        self._service = service
        # Both caches are replaced whole, never changed: a reader sees the old or the new one.
        self._stamp: tuple[int, str] = (-1, "")
        self._key: tuple[str, str, bytes] = ("", "", b"")

    def sign(
        self,
        target: SigningTarget,
        headers: Mapping[str, str],
        body: bytes,
        credentials: FrozenCredentials,
        now: float | None = None,
    ) -> dict[str, str]:
        """Return the headers to send: those given, ``X-Amz-Date``, the session token and ``Authorization``.

        ``Host`` is signed and left out of the result unless it was given.

        :raises UnsignableRequest: for headers that botocore would sign in another way, and for values that
            would break out of their header.
        """
        stamp = self._timestamp(time.time() if now is None else now)
        signed = {"host": target.host}
        sent = {}
        for name, value in headers.items():
            lower = name.lower()
            if lower in _REPLACED_BY_THE_SIGNER:
                continue
            if not _HEADER_NAME.match(name) or _FORBIDDEN_IN_HEADERS.search(value) or lower == "date":
                raise UnsignableRequest(f"a header that cannot be signed: {name!r}")
            if lower == "x-amz-content-sha256" or (lower in signed and lower != "host"):
                raise UnsignableRequest(f"a header that changes how a request is signed: {name!r}")
            sent[name] = value
            if lower not in _UNSIGNED_HEADERS:
                signed[lower] = " ".join(value.split())
        signed["x-amz-date"] = sent["X-Amz-Date"] = stamp
        token = credentials.token
        if token:
            if _FORBIDDEN_IN_HEADERS.search(token):
                raise UnsignableRequest("a session token that is no header value")
            signed["x-amz-security-token"] = " ".join(token.split())
            sent["X-Amz-Security-Token"] = token
        names = sorted(signed)
        block = "".join([f"{name}:{signed[name]}\n" for name in names])
        sent["Authorization"] = self._authorization(
            target.canonical_path, block, ";".join(names), body, credentials, stamp
        )
        return sent

    def head_for_json_post(
        self,
        target: SigningTarget,
        operation_header: str,
        content_type: str,
        body: bytes,
        credentials: FrozenCredentials,
        now: float | None = None,
    ) -> str:
        """Return the header lines of a post whose headers are the operation and the content type.

        The same as :meth:`sign` for ``{"X-Amz-Target": operation_header, "Content-Type": content_type}``, as
        text that goes onto the wire as it is (``Host`` and body length are the caller's).
        """
        stamp = self._timestamp(time.time() if now is None else now)
        token = credentials.token
        if token:
            if _FORBIDDEN_IN_HEADERS.search(token):
                raise UnsignableRequest("a session token that is no header value")
            names = "content-type;host;x-amz-date;x-amz-security-token;x-amz-target"
            block = (
                f"content-type:{content_type}\nhost:{target.host}\nx-amz-date:{stamp}\n"
                f"x-amz-security-token:{' '.join(token.split())}\nx-amz-target:{operation_header}\n"
            )
            extra = f"X-Amz-Security-Token: {token}\r\n"
        else:
            names = "content-type;host;x-amz-date;x-amz-target"
            block = (
                f"content-type:{content_type}\nhost:{target.host}\nx-amz-date:{stamp}\n"
                f"x-amz-target:{operation_header}\n"
            )
            extra = ""
        authorization = self._authorization(target.canonical_path, block, names, body, credentials, stamp)
        return (
            f"X-Amz-Target: {operation_header}\r\nContent-Type: {content_type}\r\nX-Amz-Date: {stamp}\r\n"
            f"{extra}Authorization: {authorization}\r\n"
        )

    def _authorization(
        self,
        canonical_path: str,
        header_block: str,
        names: str,
        body: bytes,
        credentials: FrozenCredentials,
        stamp: str,
    ) -> str:
        day = stamp[:8]
        request = f"POST\n{canonical_path}\n\n{header_block}\n{names}\n{sha256(body).hexdigest()}"
        scope = f"{day}/{self._region}/{self._service}/aws4_request"
        text = f"AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{sha256(request.encode()).hexdigest()}"
        signature = hmac.digest(self._signing_key(credentials.secret_key, day), text.encode(), "sha256").hex()
        return (
            f"AWS4-HMAC-SHA256 Credential={credentials.access_key}/{scope}, "
            f"SignedHeaders={names}, Signature={signature}"
        )

    def _timestamp(self, now: float) -> str:
        second = int(now)
        known, stamp = self._stamp
        if known != second:
            stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(second))
            self._stamp = (second, stamp)
        return stamp

    def _signing_key(self, secret: str, day: str) -> bytes:
        known_secret, known_day, key = self._key
        if (known_secret is not secret and known_secret != secret) or known_day != day:
            key = f"AWS4{secret}".encode()
            for part in (day, self._region, self._service, "aws4_request"):
                key = hmac.digest(key, part.encode(), "sha256")
            self._key = (secret, day, key)
        return key


def _without_dot_segments(path: str) -> str:
    kept: list[str] = []
    for segment in path.split("/"):
        if not segment or segment == ".":
            continue
        if segment == "..":
            if kept:
                kept.pop()
        else:
            kept.append(segment)
    front = "/" if path.startswith("/") else ""
    back = "/" if path.endswith("/") and kept else ""
    return front + "/".join(kept) + back
