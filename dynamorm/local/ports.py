"""Ports that nobody else has."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator

HOST = "127.0.0.1"


def get_random_port() -> int:
    """Return a TCP port that was free a moment ago, chosen by the operating system."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


@contextlib.contextmanager
def claimed_port() -> Iterator[int]:
    """Yield a free TCP port that no other process, as long as it asks here too, is given meanwhile.

    No engine takes over a listening socket, so between our closing the port and its opening it there is a gap
    in which two programs could be told the same number.  The UDP port of the same number is held as a token
    during that gap: it costs nothing, is refused to the second who asks, and vanishes with the process that
    holds it.
    """
    while True:
        port = get_random_port()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as token:
            try:
                token.bind((HOST, port))
            except OSError:
                continue
            yield port
            return


def is_taken(port: int) -> bool:
    """Return whether something on this machine accepts connections on the port."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.settimeout(1)
        return probe.connect_ex((HOST, port)) == 0
