"""What went wrong on a socket, as the errors that botocore's own sender raises."""

from __future__ import annotations

import ssl

from botocore.exceptions import (
    BotoCoreError,
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    ReadTimeoutError,
    SSLError,
)

from .http_reader import NotUnderstood, PeerClosed

__all__ = ["connecting_error", "exchange_error", "opening_error"]


def connecting_error(url: str, error: Exception) -> BotoCoreError | None:
    """Return botocore's error for one that was raised before there was a socket, ``None`` for those of others."""
    if isinstance(error, TimeoutError):
        return ConnectTimeoutError(endpoint_url=url, error=error)
    if isinstance(error, (OSError, UnicodeError)):
        return EndpointConnectionError(endpoint_url=url, error=error)
    return None


def opening_error(url: str, error: Exception) -> BotoCoreError | None:
    """Return botocore's error for one that was raised while a new socket was made ready, or ``None``."""
    if isinstance(error, TimeoutError):
        return ConnectTimeoutError(endpoint_url=url, error=error)
    if isinstance(error, (ssl.SSLError, ssl.CertificateError)):
        return SSLError(endpoint_url=url, error=error)
    if isinstance(error, OSError):
        return ConnectionClosedError(endpoint_url=url, error=error)
    return None


def exchange_error(url: str, error: Exception) -> BotoCoreError | None:
    """Return botocore's error for one that was raised while an answer was waited for, or ``None``."""
    if isinstance(error, TimeoutError):
        return ReadTimeoutError(endpoint_url=url, error=error)
    if isinstance(error, ssl.SSLError) and not isinstance(error, (ssl.SSLEOFError, ssl.SSLZeroReturnError)):
        return SSLError(endpoint_url=url, error=error)
    if isinstance(error, (OSError, PeerClosed, NotUnderstood)):
        return ConnectionClosedError(endpoint_url=url, error=error)
    return None
