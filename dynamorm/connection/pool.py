"""The keep-alive connections to one endpoint, for any number of threads.

A connection is checked before it is used again and thrown away when it has been idle for longer than DynamoDB
keeps it, when anything went wrong on it, or when the process forks.  At most ``size`` idle connections are
kept; like botocore's own pool this one never makes a thread wait, so more threads than that open connections
that are closed after use.
"""

from __future__ import annotations

import contextlib
import os
import socket
import ssl
import time
import weakref
from collections import deque

from botocore.exceptions import (
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    ReadTimeoutError,
    SSLError,
)

from ..frozen import FrozenValue
from .sender import Answer, NotUnderstood, PeerClosed, WireConnection

__all__ = ["LONGEST_IDLE", "Pool", "SendingOptions"]

# DynamoDB closes a connection that has been idle for about a minute; with half of that no request meets the
# closing.
LONGEST_IDLE = 30.0

SocketOption = tuple[int, int, int]


class SendingOptions(FrozenValue):
    """What the client's configuration says about sending."""

    connect_timeout: float | None = 60.0
    read_timeout: float | None = 60.0
    size: int = 10
    socket_options: tuple[SocketOption, ...] = ()
    verify: bool | str = True
    default_bundle: str = ""


class Pool:
    """Connections to ``host:port``, with TLS when ``tls`` is a context."""

    def __init__(self, url: str, host: str, port: int, tls: ssl.SSLContext | None, options: SendingOptions) -> None:
        self._url = url
        self._address = (host, port)
        self._tls = tls
        self._options = options
        self._idle: deque[WireConnection] = deque()
        self._finalizer = weakref.finalize(self, _close_all, self._idle)
        _POOLS.add(self)

    def exchange(self, request: bytes) -> Answer:
        """Send a complete HTTP request on a good connection and return the answer.

        :raises botocore.exceptions.HTTPClientError: as botocore's own sender would:
            ``EndpointConnectionError``, ``ConnectTimeoutError``, ``ReadTimeoutError``, ``SSLError``,
            ``ConnectionClosedError``.
        """
        connection = self._take()
        try:
            answer = connection.exchange(request)
        except TimeoutError as error:
            connection.close()
            raise ReadTimeoutError(endpoint_url=self._url, error=error) from error
        except ssl.SSLError as error:
            connection.close()
            if isinstance(error, (ssl.SSLEOFError, ssl.SSLZeroReturnError)):
                raise ConnectionClosedError(endpoint_url=self._url, error=error) from error
            raise SSLError(endpoint_url=self._url, error=error) from error
        except (OSError, PeerClosed, NotUnderstood) as error:
            connection.close()
            raise ConnectionClosedError(endpoint_url=self._url, error=error) from error
        except BaseException:
            connection.close()
            raise
        self._give_back(connection)
        return answer

    def close(self) -> None:
        """Close all idle connections; those in use are closed when their answer has come."""
        _close_all(self._idle)

    def _take(self) -> WireConnection:
        oldest = time.monotonic() - LONGEST_IDLE
        while True:
            try:
                connection = self._idle.pop()
            except IndexError:
                return self._open()
            if connection.idle_since > oldest and connection.is_quiet():
                return connection
            connection.close()

    def _give_back(self, connection: WireConnection) -> None:
        if not connection.reusable or len(self._idle) >= self._options.size:
            connection.close()
            return
        now = connection.idle_since = time.monotonic()
        self._idle.append(connection)
        # The oldest are on the left; whoever is the last to use the pool tidies it.
        try:
            while self._idle[0].idle_since < now - LONGEST_IDLE:
                self._idle.popleft().close()
        except IndexError:
            pass  # other threads took them

    def _open(self) -> WireConnection:
        try:
            plain = socket.create_connection(self._address, self._options.connect_timeout)
        except TimeoutError as error:
            raise ConnectTimeoutError(endpoint_url=self._url, error=error) from error
        except (OSError, UnicodeError) as error:
            raise EndpointConnectionError(endpoint_url=self._url, error=error) from error
        try:
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for option in self._options.socket_options:
                plain.setsockopt(*option)
            connected = self._secure(plain) if self._tls is not None else plain
            return WireConnection(connected, self._options.read_timeout)
        except TimeoutError as error:
            plain.close()
            raise ConnectTimeoutError(endpoint_url=self._url, error=error) from error
        except (ssl.SSLError, ssl.CertificateError) as error:
            plain.close()
            raise SSLError(endpoint_url=self._url, error=error) from error
        except OSError as error:
            plain.close()
            raise ConnectionClosedError(endpoint_url=self._url, error=error) from error
        except BaseException:
            plain.close()
            raise

    def _secure(self, plain: socket.socket) -> ssl.SSLSocket:
        assert self._tls is not None
        return self._tls.wrap_socket(plain, server_hostname=self._address[0])

    def _forget(self) -> None:
        """In a forked child: let go of the parent's connections without a word to the other side."""
        _close_all(self._idle)


def _close_all(idle: deque[WireConnection]) -> None:
    with contextlib.suppress(IndexError):
        while True:
            idle.pop().close()


_POOLS: weakref.WeakSet[Pool] = weakref.WeakSet()


def _forget_connections_of_the_parent() -> None:
    for pool in list(_POOLS):
        pool._forget()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_connections_of_the_parent)
