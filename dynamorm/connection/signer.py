"""Signature version 4 for what DynamoDB is sent: JSON posts without a query string.

The signatures are byte for byte those of ``botocore.auth.SigV4Auth``; what makes them cheap is that the
signing key lives a day, the timestamp a second, and that there is nothing to negotiate.
"""

from __future__ import annotations

import hmac
import time
from collections.abc import Mapping
from hashlib import sha256
from typing import Any, NamedTuple, Protocol
from urllib.parse import quote, urlsplit

from botocore.auth import SIGNED_HEADERS_BLACKLIST

from .header_values import refuse_unsendable, refuse_unsendable_credentials, refuse_unsendable_header

__all__ = ["FrozenCredentials", "Signer", "SigningTarget", "UnsignableRequest", "signing_target"]

# Headers that proxies may change, and which are therefore never part of a signature.
_UNSIGNED_HEADERS = frozenset(SIGNED_HEADERS_BLACKLIST)
# What is the same in all requests of a second for the same operation with the same credentials: the header lines before
# the signature, and three hashes that have taken in all that comes before what differs.  They are of the request and,
# for HMAC, of the inner and the outer text; to be copied, and never changed.
_Head = tuple[str, Any, Any, Any]
_MOST_HEADS = 256
# HMAC with its key already taken in: a copy of that costs a third of starting anew for each signature.
_Keyed = tuple[Any, Any]
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
        refuse_unsendable("the region", region)
        refuse_unsendable("the service's name for signatures", service)
        self._region = region
        self._service = service
        # The caches are replaced whole: a reader sees the old or the new one.
        self._stamp: tuple[int, str] = (-1, "")
        self._key: tuple[str, str, _Keyed | None] = ("", "", None)
        # of the last second alone
        self._heads: tuple[int, dict[Any, _Head]] = (-1, {})

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

        :raises UnsignableRequest: for headers that botocore would sign in another way
        :raises ConfigurationError: for names and values that would break out of their header
        """
        refuse_unsendable_credentials(credentials)
        stamp = self._timestamp(int(time.time() if now is None else now))
        signed = {"host": target.host}
        sent = {}
        for name, value in headers.items():
            lower = name.lower()
            if lower in _REPLACED_BY_THE_SIGNER:
                continue
            refuse_unsendable_header(name, value)
            if lower == "date":
                raise UnsignableRequest(f"a header that cannot be signed: {name!r}")
            if lower == "x-amz-content-sha256" or (lower in signed and lower != "host"):
                raise UnsignableRequest(f"a header that changes how a request is signed: {name!r}")
            sent[name] = value
            if lower not in _UNSIGNED_HEADERS:
                signed[lower] = " ".join(value.split())
        signed["x-amz-date"] = sent["X-Amz-Date"] = stamp
        token = credentials.token
        if token:
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
        second = int(time.time() if now is None else now)
        access_key, secret_key, token = credentials.access_key, credentials.secret_key, credentials.token
        name = (second, target, operation_header, content_type, access_key, secret_key, token)
        head = self._heads[1].get(name)
        if head is None:
            head = self._new_head(target, operation_header, content_type, self._timestamp(second), credentials)
            if self._heads[0] != second:
                self._heads = (second, {})
            if len(self._heads[1]) < _MOST_HEADS:
                self._heads[1][name] = head
        return f"{head[0]}{_signature(head, body)}\r\n"

    def _new_head(
        self,
        target: SigningTarget,
        operation_header: str,
        content_type: str,
        stamp: str,
        credentials: FrozenCredentials,
    ) -> _Head:
        refuse_unsendable_credentials(credentials)
        token = credentials.token
        names = "content-type;host;x-amz-date;x-amz-target"
        signed_token = sent_token = ""
        if token:
            names = "content-type;host;x-amz-date;x-amz-security-token;x-amz-target"
            signed_token = f"x-amz-security-token:{' '.join(token.split())}\n"
            sent_token = f"X-Amz-Security-Token: {token}\r\n"
        block = (
            f"content-type:{content_type}\nhost:{target.host}\nx-amz-date:{stamp}\n"
            f"{signed_token}x-amz-target:{operation_header}\n"
        )
        return self._head(
            f"X-Amz-Target: {operation_header}\r\nContent-Type: {content_type}\r\nX-Amz-Date: {stamp}\r\n"
            f"{sent_token}Authorization: ",
            f"POST\n{target.canonical_path}\n\n{block}\n{names}\n",
            names,
            stamp,
            credentials,
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
        head = self._head("", f"POST\n{canonical_path}\n\n{header_block}\n{names}\n", names, stamp, credentials)
        return f"{head[0]}{_signature(head, body)}"

    def _head(self, lines: str, before_body_hash: str, names: str, stamp: str, credentials: FrozenCredentials) -> _Head:
        scope = self._scope(stamp)
        inner, outer = self._signing_key(credentials.secret_key, stamp[:8])
        signed = inner.copy()
        signed.update(f"AWS4-HMAC-SHA256\n{stamp}\n{scope}\n".encode())
        credential = f"{credentials.access_key}/{scope}"
        return (
            f"{lines}AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders={names}, Signature=",
            sha256(before_body_hash.encode()),
            signed,
            outer,
        )

    def _scope(self, stamp: str) -> str:
        return f"{stamp[:8]}/{self._region}/{self._service}/aws4_request"

    def _timestamp(self, second: int) -> str:
        known, stamp = self._stamp
        if known != second:
            stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(second))
            self._stamp = (second, stamp)
        return stamp

    def _signing_key(self, secret: str, day: str) -> _Keyed:
        known_secret, known_day, keyed = self._key
        if keyed is None or (known_secret is not secret and known_secret != secret) or known_day != day:
            key = f"AWS4{secret}".encode()
            for part in (day, self._region, self._service, "aws4_request"):
                key = hmac.digest(key, part.encode(), "sha256")
            keyed = _keyed(key)
            self._key = (secret, day, keyed)
        return keyed


def _keyed(key: bytes) -> _Keyed:
    """The two hashes of HMAC that have taken in a key of 32 bytes; to be copied, and never changed."""
    block = key.ljust(64, b"\0")
    return sha256(bytes(byte ^ 0x36 for byte in block)), sha256(bytes(byte ^ 0x5C for byte in block))


def _signature(head: _Head, body: bytes) -> str:
    request, inner, outer = head[1].copy(), head[2].copy(), head[3].copy()
    request.update(sha256(body).hexdigest().encode())
    inner.update(request.hexdigest().encode())
    outer.update(inner.digest())
    signature: str = outer.hexdigest()
    return signature


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
