"""Sign, send, read, judge, and again: what the two fast lanes have in common."""

from __future__ import annotations

import itertools
import logging
import os
import re
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, Protocol
from urllib.parse import urlsplit
from zlib import crc32

from botocore.awsrequest import AWSPreparedRequest, HeadersDict
from botocore.exceptions import ChecksumError, ConnectionClosedError, SSLError
from botocore.hooks import first_non_none_response
from botocore.parsers import ResponseParserError

from .answers import LeanResponse, checksum_differs, is_plausible_success, read_answer
from .botocore_private import credentials_of, parse_by_shapes
from .pool import Pool, SendingOptions
from .retries import RetryPolicy
from .sender import Answer
from .signer import FrozenCredentials, Signer, SigningTarget, signing_target
from .trust import tls_context

__all__ = ["Destination", "Exchange", "RequestParts", "StepAside"]

log = logging.getLogger("dynamorm.connection")

_VISIBLE = re.compile(r"[!-~]*\Z")
_USUAL_HEADERS = frozenset({"X-Amz-Target", "Content-Type", "User-Agent"})
_MOST_DESTINATIONS = 64
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


class StepAside(Exception):
    """This request is not for the lane; botocore is to send it."""


class Destination(NamedTuple):
    """An endpoint, ready to be sent to."""

    url: str
    target: SigningTarget
    request_line: str
    pool: Pool


class AnyGuard(Protocol):
    """What an exchange has to know of those who listen to the client's events."""

    most_attempts: int | None

    def is_asked_before_send(self, operation: str) -> bool: ...


# What botocore's ``Endpoint.make_request`` returns.
Response = tuple[LeanResponse, dict[str, Any]]


class RequestParts(NamedTuple):
    """One request before it is signed."""

    operation: str
    destination: Destination
    headers: Mapping[str, str]
    body: bytes
    signer: Signer
    # those of this moment, where they are known already; a later attempt asks again
    credentials: FrozenCredentials | None = None


class Setback(NamedTuple):
    """What an attempt came to that the retry policy has to be asked about."""

    response: Response | None
    failure: Exception | None

    def final(self) -> Response:
        """Return the response when there will be no other attempt.

        :raises Exception: the failure, if it was one.
        """
        if self.failure is not None:
            raise self.failure
        assert self.response is not None
        return self.response


class Exchange:
    """Carries requests of one client to their answers, without botocore's own sending.

    ``client`` gives the client, and is asked when a request takes more than one good answer.
    """

    def __init__(
        self,
        client: Callable[[], Any],
        guard: AnyGuard,
        options: SendingOptions,
        sleep: Callable[[float], None] | None = None,
    ) -> None:
        self.policy = RetryPolicy(client, sleep)
        self.client = client
        self.options = options
        self._guard = guard
        self._lock = threading.Lock()
        self._destinations: dict[str, Destination] = {}
        self._signers: dict[str, Signer] = {}
        self._tls: Any = None

    def destination(self, url: str) -> Destination:
        """Return where to send what goes to ``url``; the same for the same URL.

        :raises StepAside: for URLs that only botocore knows how to reach.
        """
        known = self._destinations.get(url)
        return known if known is not None else self._new_destination(url)

    def signer(self, region: str, service: str) -> Signer:
        """Return the signer for a region, which keeps its signing key."""
        name = f"{service} {region}"
        known = self._signers.get(name)
        if known is None:
            known = self._signers[name] = Signer(region, service)
        return known

    def perform(self, parts: RequestParts, context: dict[str, Any]) -> Response:
        """Send a request until it is answered or the client's retry policy gives up.

        Returns what botocore's ``Endpoint.make_request`` would, for errors of DynamoDB's too.

        :raises botocore.exceptions.BotoCoreError: when there was no answer to be had.
        """
        attempt = 1
        while True:
            outcome = self._attempt(parts, attempt, context)
            if not isinstance(outcome, Setback):
                return outcome
            if not self.policy.wait_for_next_attempt(
                parts.operation, attempt, outcome.response, outcome.failure, context
            ):
                return outcome.final()
            attempt += 1
            log.info("%s is tried again (attempt %d)", parts.operation, attempt)

    def _attempt(self, parts: RequestParts, attempt: int, context: dict[str, Any]) -> Response | Setback:
        request = self._signed(parts, attempt, context)
        try:
            if isinstance(request, bytes):
                url = parts.destination.url
                status, headers, body = parts.destination.pool.exchange(request)
            else:
                (status, headers, body), url = self._show_and_send(parts, request)
        except Exception as error:
            # botocore asks its retry policy about whatever went wrong here, and so do we
            return Setback(None, error)
        http = LeanResponse(url, status, headers, body)
        if checksum_differs(headers, body):
            return _damaged(http, attempt)
        if status == 200 and "content-encoding" not in headers:
            parsed = read_answer(parts.operation, body)
            if parsed is not None:
                parsed["ResponseMetadata"] = _metadata(http, attempt)
                return http, parsed
        try:
            parsed = self._read_by_shapes(parts.operation, http, attempt)
        except ConnectionClosedError as error:
            return Setback(None, error)
        return (http, parsed) if status == 200 else Setback((http, parsed), None)

    def inherit(self, other: Exchange) -> None:
        """Go on with the connections that another one has opened for the same settings."""
        if self.options == other.options:
            with self._lock:
                self._destinations = {**other._destinations, **self._destinations}

    def close(self) -> None:
        """Close all idle connections."""
        for destination in list(self._destinations.values()):
            destination.pool.close()

    def _new_destination(self, url: str) -> Destination:
        parts = urlsplit(url)
        path = parts.path or "/"
        try:
            target = signing_target(url)
            port = parts.port
        except ValueError as error:
            raise StepAside(str(error)) from None
        if parts.scheme not in ("http", "https") or not _VISIBLE.match(path) or parts.username is not None:
            raise StepAside("the endpoint's URL is an unusual one")
        # what botocore makes of it, and shows to those who listen
        address = url if parts.path else f"{url}/"
        with self._lock:
            known = self._destinations.get(address)
            if known is not None:
                self._destinations[url] = known
                return known
            secure = parts.scheme == "https"
            if secure and self._tls is None:
                try:
                    self._tls = tls_context(self.options.verify, self.options.default_bundle)
                except OSError as error:
                    reason = OSError(f"the certificates in {self.options.verify!r} cannot be used: {error}")
                    raise SSLError(endpoint_url=url, error=reason) from error
            pool = Pool(
                address, parts.hostname or "", port or (443 if secure else 80), self._tls if secure else None,
                self.options,
            )  # fmt: skip
            line = f"POST {path} HTTP/1.1\r\nHost: {target.host}\r\nAccept-Encoding: identity\r\n"
            known = Destination(address, target, line, pool)
            if len(self._destinations) >= _MOST_DESTINATIONS:
                raise StepAside("the client talks to too many endpoints")
            self._destinations[url] = self._destinations[address] = known
            return known

    def _signed(self, parts: RequestParts, attempt: int, context: dict[str, Any]) -> bytes | AWSPreparedRequest:
        """Sign with the credentials of this moment: bytes, or a prepared request to be shown first."""
        operation, destination, headers, body, signer, credentials = parts
        if attempt != 1 or credentials is None:
            credentials = credentials_of(self.client()).get_frozen_credentials()
        guard = self._guard
        if guard.is_asked_before_send(operation) or not _USUAL_HEADERS.issuperset(headers):
            return self._signed_for_show(parts, attempt, context, credentials)
        user_agent = headers.get("User-Agent", "")
        if "\n" in user_agent or "\r" in user_agent:
            raise StepAside("the user agent is no header value")
        head = signer.head_for_json_post(
            destination.target, headers["X-Amz-Target"], headers["Content-Type"], body, credentials
        )
        return (
            f"{destination.request_line}{head}User-Agent: {user_agent}\r\n"
            f"{_retry_lines(attempt, context, guard.most_attempts)}Content-Length: {len(body)}\r\n\r\n"
        ).encode() + body

    def _signed_for_show(
        self, parts: RequestParts, attempt: int, context: dict[str, Any], credentials: FrozenCredentials
    ) -> AWSPreparedRequest:
        headers = parts.signer.sign(parts.destination.target, parts.headers, parts.body, credentials)
        for line in _retry_lines(attempt, context, self._guard.most_attempts).splitlines():
            name, _, value = line.partition(": ")
            headers[name] = value
        headers["Content-Length"] = str(len(parts.body))
        shown: Any = HeadersDict(headers)
        return AWSPreparedRequest("POST", parts.destination.url, shown, parts.body, False)

    def _show_and_send(self, parts: RequestParts, request: AWSPreparedRequest) -> tuple[Answer, str]:
        """Send a request, or take the answer of one who listens."""
        destination = parts.destination
        events = self.client().meta.events
        responses = events.emit(f"before-send.dynamodb.{parts.operation}", request=request)
        given = first_non_none_response(responses)
        if given is not None:
            headers = {name.lower(): str(value) for name, value in given.headers.items()}
            return Answer(given.status_code, headers, given.content), given.url
        if request.url != destination.url:
            destination = self.destination(request.url)
        return destination.pool.exchange(_written(destination, request)), destination.url

    def _read_by_shapes(self, operation: str, http: LeanResponse, attempt: int) -> dict[str, Any]:
        """Have botocore read an answer that is out of the ordinary.

        :raises ConnectionClosedError: when it is no answer of DynamoDB's at all: that may be tried again.
        """
        try:
            if "content-encoding" in http.lowered_headers:
                raise ResponseParserError("the answer is compressed")
            if http.status_code < 300 and not (http.status_code == 200 and is_plausible_success(http.body)):
                raise ResponseParserError("the answer is a success without its content")
            parsed = parse_by_shapes(self.client(), operation, http)
            if not isinstance(parsed, dict):
                raise ResponseParserError("the answer is no JSON object")
        except (ResponseParserError, AttributeError, TypeError, ValueError, KeyError) as error:
            raise ConnectionClosedError(endpoint_url=http.url, error=error) from error
        parsed.setdefault("ResponseMetadata", {})["RetryAttempts"] = attempt - 1
        return parsed


def _written(destination: Destination, request: AWSPreparedRequest) -> bytes:
    """The bytes of a request that listeners have seen, and may have changed."""
    lines = [destination.request_line]
    for name, value in request.headers.items():
        text = value.decode("utf-8") if isinstance(value, bytes) else str(value)
        if "\r" in text or "\n" in text:
            raise ValueError(f"header {name} holds a line break")
        if name.lower() not in ("host", "accept-encoding", "content-length", "transfer-encoding"):
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
        now = time.time_ns() >> 10 & 0xFFFFFFFFFFFF
        retries = context["retries"] = {"invocation-id": f"{_process}-{next(_calls) & 0xFFFF:04x}-{now:012x}"}
    most = retries.get("max", announced)
    limit = "" if most is None else f"; max={most}"
    return f"amz-sdk-invocation-id: {retries['invocation-id']}\r\namz-sdk-request: attempt={attempt}{limit}\r\n"


def _damaged(http: LeanResponse, attempt: int) -> Setback:
    expected = http.lowered_headers["x-amz-crc32"]
    if not expected.isdecimal():
        # the policy would stumble over this one
        return Setback(None, ConnectionClosedError(endpoint_url=http.url, error="no checksum"))
    mismatch = ChecksumError(checksum_type="crc32", expected_checksum=expected, actual_checksum=str(crc32(http.body)))
    return Setback((http, {"ResponseMetadata": _metadata(http, attempt)}), mismatch)


def _metadata(http: LeanResponse, attempt: int) -> dict[str, Any]:
    headers = http.lowered_headers
    metadata: dict[str, Any] = {
        "HTTPStatusCode": http.status_code,
        "HTTPHeaders": headers,
        "RetryAttempts": attempt - 1,
    }
    request_id = headers.get("x-amzn-requestid")
    if request_id is not None:
        metadata["RequestId"] = request_id
    return metadata
