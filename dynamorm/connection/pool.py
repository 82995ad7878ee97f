"""The keep-alive connections to one endpoint.

At most ``size`` idle connections are kept; like botocore's own pool this one never makes a thread wait, so more
threads than that open connections that are closed after use.
"""

from __future__ import annotations

import socket
import ssl

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


class Pool:
    """Connections to ``host:port``, with TLS when ``tls`` is a context."""

    def __init__(self, url: str, host: str, port: int, tls: ssl.SSLContext | None, options: SendingOptions) -> None:
        self._url = url
        self._address = (host, port)
        self._tls = tls
        self._options = options
        self._idle: IdleConnections[HttpConnection] = IdleConnections(options.size)

    def exchange(self, request: bytes) -> Answer:
        """Send a complete HTTP request on a good connection and return the answer.

        :raises botocore.exceptions.HTTPClientError: as botocore's own sender would:
            ``EndpointConnectionError``, ``ConnectTimeoutError``, ``ReadTimeoutError``, ``SSLError``,
            ``ConnectionClosedError``.
        """
        connection = self._idle.take() or self._open()
        try:
            answer = connection.exchange(request)
        except BaseException as error:
            connection.close()
            theirs = exchange_error(self._url, error) if isinstance(error, Exception) else None
            if theirs is None:
                raise
            raise theirs from error
        self._idle.give_back(connection)
        return answer

    def close(self) -> None:
        """Close all idle connections; those in use are closed when their answer has come."""
        self._idle.close()

    def _open(self) -> HttpConnection:
        try:
            connected = socket.create_connection(self._address, self._options.connect_timeout)
        except Exception as error:
            theirs = connecting_error(self._url, error)
            if theirs is None:
                raise
            raise theirs from error
        try:
            connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for option in self._options.socket_options:
                connected.setsockopt(*option)
            secured = connected if self._tls is None else self._secure(self._tls, connected)
            return HttpConnection(secured, self._options.read_timeout)
        except BaseException as error:
            connected.close()
            theirs = opening_error(self._url, error) if isinstance(error, Exception) else None
            if theirs is None:
                raise
            raise theirs from error

    def _secure(self, tls: ssl.SSLContext, connected: socket.socket) -> ssl.SSLSocket:
        return tls.wrap_socket(connected, server_hostname=self._address[0])
