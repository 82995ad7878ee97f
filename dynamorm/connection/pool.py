"""The keep-alive connections to one endpoint.

At most ``size`` idle connections are kept; like botocore's own pool this one never makes a thread wait, so more
threads than that open connections that are closed after use.
"""

from __future__ import annotations

import socket
import ssl
from contextlib import suppress
from typing import Any, Protocol
from weakref import WeakKeyDictionary

from ..frozen import FrozenValue
from .http_connection import HttpConnection
from .http_reader import Answer
from .idle_connections import IdleConnections
from .network_errors import connecting_error, exchange_error, opening_error

__all__ = ["Pool", "SendingOptions"]

SocketOption = tuple[int, int, int]


class SendingOptions(FrozenValue):
    """What the client's configuration says about sending."""

    connect_timeout: float | None = 60.0
    read_timeout: float | None = 60.0
    size: int = 10
    socket_options: tuple[SocketOption, ...] = ()
    verify: bool | str = True
    default_bundle: str = ""


class LoopsPool(Protocol):
    """What has to be known of a loop's connections to close them."""

    def close(self) -> None: ...

    def close_all(self) -> None: ...


class Pool:
    """Connections to ``host:port``, with TLS when ``tls`` is a context."""

    def __init__(self, url: str, host: str, port: int, tls: ssl.SSLContext | None, options: SendingOptions) -> None:
        self.url = url
        self.options = options
        self._address = (host, port)
        self._tls = tls
        self._idle: IdleConnections[HttpConnection] = IdleConnections(options.size)
        # the connections to the same endpoint that event loops watch, by their loops
        self.of_loops: WeakKeyDictionary[Any, LoopsPool] = WeakKeyDictionary()

    def exchange(self, request: bytes) -> Answer:
        """Send a complete HTTP request on a good connection and return the answer.

        :raises botocore.exceptions.HTTPClientError: as botocore's own sender would:
            ``EndpointConnectionError``, ``ConnectTimeoutError``, ``ReadTimeoutError``, ``SSLError``,
            ``ConnectionClosedError``.
        """
        connection = self._idle.take() or HttpConnection(self.connected(), self.options.read_timeout)
        try:
            answer = connection.exchange(request)
        except BaseException as error:
            connection.close()
            theirs = exchange_error(self.url, error) if isinstance(error, Exception) else None
            if theirs is None:
                raise
            raise theirs from error
        self._idle.give_back(connection)
        return answer

    def close(self) -> None:
        """Close all idle connections; those in use are closed when their answer has come."""
        self._idle.close()
        for loop, pool in list(self.of_loops.items()):
            if loop.is_closed():
                pool.close_all()
            else:
                with suppress(RuntimeError):  # it was closed just now
                    loop.call_soon_threadsafe(pool.close)

    def connected(self) -> socket.socket:
        """Return a new socket that requests can be sent on; whoever asks for it is to close it.

        :raises botocore.exceptions.HTTPClientError: as :meth:`exchange` does
        """
        try:
            connected = socket.create_connection(self._address, self.options.connect_timeout)
        except Exception as error:
            theirs = connecting_error(self.url, error)
            if theirs is None:
                raise
            raise theirs from error
        try:
            connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for option in self.options.socket_options:
                connected.setsockopt(*option)
            return connected if self._tls is None else self._secure(self._tls, connected)
        except BaseException as error:
            connected.close()
            theirs = opening_error(self.url, error) if isinstance(error, Exception) else None
            if theirs is None:
                raise
            raise theirs from error

    def _secure(self, tls: ssl.SSLContext, connected: socket.socket) -> ssl.SSLSocket:
        return tls.wrap_socket(connected, server_hostname=self._address[0])
