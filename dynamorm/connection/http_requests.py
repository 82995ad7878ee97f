"""Requests as they go onto the wire: their headers, signed, in front of their bodies."""

from __future__ import annotations

import itertools
import os
import time
from collections.abc import Mapping
from typing import Any, NamedTuple

from botocore.awsrequest import AWSPreparedRequest, HeadersDict

from ..bounded import Bounded
from .destinations import Destination
from .header_values import refuse_unsendable, refuse_unsendable_header
from .signer import FrozenCredentials, Signer

__all__ = ["USUAL_HEADERS", "WRITTEN_ANYWAY", "Route", "prepared_request", "request_bytes", "shown_request_bytes"]

# all the headers that ``request_bytes`` can write
USUAL_HEADERS = frozenset({"X-Amz-Target", "Content-Type", "User-Agent"})
# what is written here for every request, whatever was given
WRITTEN_ANYWAY = frozenset({"host", "accept-encoding", "content-length", "transfer-encoding"})
# The names of calls have to differ and are no secrets, so that the system is asked for chance once a process.
_process = ""
_calls = itertools.count()


def _name_process() -> None:
    global _process
    digits = os.urandom(8).hex()
    _process = f"{digits[:8]}-{digits[8:12]}-{digits[12:]}"


_name_process()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_name_process)

# user agents that no header is broken by
_sendable_agents: Bounded[str, bool] = Bounded(64)


class Route(NamedTuple):
    """How requests for an operation go out: where to, with which headers, and signed by whom.

    ``is_usual`` says that there are no other headers than those that :func:`request_bytes` writes.
    """

    operation: str
    destination: Destination
    headers: Mapping[str, str]
    signer: Signer
    is_usual: bool


def request_bytes(
    route: Route,
    body: bytes,
    credentials: FrozenCredentials,
    attempt: int,
    context: dict[str, Any],
    announced_attempts: int | None,
) -> bytes:
    """Return a signed request with the usual headers.

    :raises ConfigurationError: for what would break out of its header
    """
    _operation, destination, headers, signer, _is_usual = route
    user_agent = headers.get("User-Agent", "")
    if user_agent not in _sendable_agents:
        refuse_unsendable("the user agent", user_agent)
        _sendable_agents.remember(user_agent, True)
    head = signer.head_for_json_post(
        destination.target, headers["X-Amz-Target"], headers["Content-Type"], body, credentials
    )
    return (
        f"{destination.request_line}{head}User-Agent: {user_agent}\r\n"
        f"{_retry_lines(attempt, context, announced_attempts)}Content-Length: {len(body)}\r\n\r\n"
    ).encode() + body


def prepared_request(
    route: Route,
    body: bytes,
    credentials: FrozenCredentials,
    attempt: int,
    context: dict[str, Any],
    announced_attempts: int | None,
) -> AWSPreparedRequest:
    """Return a signed request in the form in which botocore shows it to those who listen to ``before-send``."""
    headers = route.signer.sign(route.destination.target, route.headers, body, credentials)
    for line in _retry_lines(attempt, context, announced_attempts).splitlines():
        name, _, value = line.partition(": ")
        headers[name] = value
    headers["Content-Length"] = str(len(body))
    shown: Any = HeadersDict(headers)
    return AWSPreparedRequest("POST", route.destination.url, shown, body, False)


def shown_request_bytes(destination: Destination, request: AWSPreparedRequest) -> bytes:
    """Return the bytes of a request that listeners have seen, and may have changed."""
    lines = [destination.request_line]
    for name, value in request.headers.items():
        text = value.decode("utf-8") if isinstance(value, bytes) else str(value)
        refuse_unsendable_header(name, text)
        if name.lower() not in WRITTEN_ANYWAY:
            lines.append(f"{name}: {text}\r\n")
    body = request.body
    if isinstance(body, str):
        body = body.encode("utf-8")
    if not isinstance(body, bytes):
        raise TypeError("the body of the request is not bytes")
    lines.append(f"Content-Length: {len(body)}\r\n\r\n")
    return "".join(lines).encode("utf-8") + body


def _retry_lines(attempt: int, context: dict[str, Any], announced: int | None) -> str:
    """The two header lines that tell AWS which attempt of which call this is."""
    retries = context.get("retries")
    if retries is None:
        # the time keeps machines apart that go on from the same image of memory
        number = (next(_calls) & 0xFFFF) << 48 | time.time_ns() >> 10 & 0xFFFFFFFFFFFF
        # four digits of the call's number, a hyphen, and twelve of the time
        name = f"{_process}-{number.to_bytes(8, 'big').hex('-', 6)}"
        context["retries"] = {"invocation-id": name}
        most = announced
    else:
        name, most = retries["invocation-id"], retries.get("max", announced)
    limit = "" if most is None else f"; max={most}"
    return f"amz-sdk-invocation-id: {name}\r\namz-sdk-request: attempt={attempt}{limit}\r\n"
