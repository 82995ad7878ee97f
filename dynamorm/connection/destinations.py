"""Where requests are sent to: the endpoints of one client, each with its connections."""

from __future__ import annotations

import re
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from botocore.exceptions import SSLError

from ..locks import Lock
from .pool import Pool, SendingOptions
from .signer import SigningTarget, signing_target
from .tls import tls_context

__all__ = ["Destination", "Destinations", "LeftToBotocore"]

_VISIBLE = re.compile(r"[!-~]*\Z")
_MOST_DESTINATIONS = 64


class LeftToBotocore(Exception):
    """This request cannot be sent here; botocore is to send it."""


class Destination(NamedTuple):
    """An endpoint, ready to be sent to."""

    url: str
    target: SigningTarget
    request_line: str
    pool: Pool


class Destinations:
    """The endpoints that requests have gone to so far, by their URLs."""

    def __init__(self, options: SendingOptions) -> None:
        self._options = options
        self._lock = Lock()
        self._known: dict[str, Destination] = {}
        self._tls: Any = None

    def get(self, url: str) -> Destination:
        """Return where to send what goes to ``url``; the same for the same URL.

        :raises LeftToBotocore: for URLs that only botocore knows how to reach.
        """
        known = self._known.get(url)
        return known if known is not None else self._new(url)

    def inherit(self, other: Destinations) -> None:
        """Go on with the connections that another one has opened for the same settings."""
        if self._options == other._options:
            with self._lock:
                self._known = {**other._known, **self._known}

    def close(self) -> None:
        """Close all idle connections."""
        for destination in list(self._known.values()):
            destination.pool.close()

    def _new(self, url: str) -> Destination:
        parts = urlsplit(url)
        path = parts.path or "/"
        try:
            target = signing_target(url)
            port = parts.port
        except ValueError as error:
            raise LeftToBotocore(str(error)) from None
        if (
            parts.scheme not in ("http", "https")
            or not _VISIBLE.match(target.host + path)
            or parts.username is not None
        ):
            raise LeftToBotocore("the endpoint's URL is an unusual one")
        # what botocore makes of it, and shows to those who listen
        address = url if parts.path else f"{url}/"
        with self._lock:
            known = self._known.get(address)
            if known is not None:
                self._known[url] = known
                return known
            secure = parts.scheme == "https"
            tls = self._tls_context(url) if secure else None
            pool = Pool(address, parts.hostname or "", port or (443 if secure else 80), tls, self._options)
            line = f"POST {path} HTTP/1.1\r\nHost: {target.host}\r\nAccept-Encoding: identity\r\n"
            known = Destination(address, target, line, pool)
            if len(self._known) >= _MOST_DESTINATIONS:
                raise LeftToBotocore("the client talks to too many endpoints")
            self._known[url] = self._known[address] = known
            return known

    def _tls_context(self, url: str) -> Any:
        if self._tls is None:
            try:
                self._tls = tls_context(self._options.verify, self._options.default_bundle)
            except OSError as error:
                reason = OSError(f"the certificates in {self._options.verify!r} cannot be used: {error}")
                raise SSLError(endpoint_url=url, error=reason) from error
        return self._tls
