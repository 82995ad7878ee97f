"""Connections, one for each distinct configuration.

A :class:`Connection` takes a request in wire form to DynamoDB and brings the answer, or the error, back.  It
is shared by all models with the same configuration, and safe to share between threads.  boto3 is imported
when the first one is opened.
"""

from __future__ import annotations

import contextlib
import itertools
import logging
import os
import sys
import time
from collections.abc import Coroutine, Mapping
from typing import Any, Protocol

from ..bounded import Bounded
from ..locks import Lock, cached_property, importing
from ..signals import atell, foretell, post_request, pre_request, tell
from .configuration import Settings, chosen_transport, effective, levels, max_connections

__all__ = ["AnyRequest", "Connection", "boto3_conditions", "close_all", "connection_for"]

log = logging.getLogger("dynamorm.connection")


class AnyRequest(Protocol):
    """An operation of DynamoDB's API by name, and what goes into it, in wire form."""

    @property
    def operation(self) -> str: ...

    @property
    def payload(self) -> dict[str, Any]: ...


class Connection:
    """The way to one DynamoDB endpoint with one set of credentials.

    ``transport`` is how requests are sent, and ``used`` when it was asked for last, by a clock that counts this.
    """

    used = 0
    _kept = True

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.transport = chosen_transport(settings)
        self._lock = Lock()
        self._resource: Any = None
        if not _a_loop_runs():
            _ = self._transport

    # Opening may take a tenth of a second: in an event loop it is left to the first request, which does it in a thread.

    @cached_property
    def _boto(self) -> Any:
        with importing:
            from . import boto

        return boto

    @cached_property
    def _opened(self) -> Any:
        boto = self._boto
        with self._lock:
            return self.__dict__.get("_opened") or boto.OpenedSession(self._settings)

    @cached_property
    def _transport(self) -> Any:
        opened = self._opened
        with self._lock:
            return self.__dict__.get("_transport") or opened.transport(self.transport)

    @cached_property
    def _awaited(self) -> Any:
        transport, opened = self._transport, self._opened
        with self._lock:
            known = self.__dict__.get("_awaited")
            if known is None:
                with importing:
                    from .awaiting import AwaitedTransport  # which imports asyncio

                known = AwaitedTransport(transport, self._boto.directly(transport, lambda: opened.client))
            return known

    # Requests.

    def call(self, request: AnyRequest, sender: Any = None) -> dict[str, Any]:
        """Send one request and give DynamoDB's answer, as a boto3 client would.

        ``sender`` is what the signals ``pre_request`` and ``post_request`` are sent for: a model class.

        :raises DynamoException: every error is one of ours, with botocore's as its cause.
        """
        well_formed = getattr(request, "well_formed", False)
        if pre_request.receivers:
            tell(pre_request, sender, request=request)
            well_formed = False
        if post_request.receivers or log.isEnabledFor(logging.DEBUG):
            return self._call_watched(request, sender, self._transport)
        texts = getattr(request, "as_texts", False)
        return self._boto.call(self._transport, request.operation, request.payload, well_formed, texts)  # type: ignore[no-any-return]

    async def acall(self, request: AnyRequest, sender: Any = None) -> dict[str, Any]:
        """Send one request as :meth:`call` does, and await the answer."""
        if "_awaited" not in self.__dict__:
            with importing:
                from ..threads import once_in_thread

            await once_in_thread(self, lambda: self._awaited)
        well_formed = getattr(request, "well_formed", False)
        if pre_request.receivers:
            await atell(pre_request, sender, request=request)
            well_formed = False
        if post_request.receivers or log.isEnabledFor(logging.DEBUG):
            return await self._acall_watched(request, sender, self._boto.acall(self._awaited, self._transport, request))
        texts = getattr(request, "as_texts", False)
        answer: dict[str, Any] = await self._boto.acall(self._awaited, self._transport, request, well_formed, texts)
        return answer

    async def acall_resource(self, request: AnyRequest, sender: Any = None) -> dict[str, Any]:
        """Send one request as :meth:`call_resource` does, in a thread, and await the answer."""
        with importing:
            from ..threads import in_thread

        def call() -> dict[str, Any]:
            transport = self._boto.open_transport("boto3", self.resource.meta.client)
            return self._boto.call(transport, request.operation, request.payload, plain=True)  # type: ignore[no-any-return]

        if pre_request.receivers:
            await atell(pre_request, sender, request=request)
        return await self._acall_watched(request, sender, in_thread(call))

    def call_resource(self, request: AnyRequest, sender: Any = None) -> dict[str, Any]:
        """Send one request through boto3's resource: like :meth:`call`, with plain values in place of the wire form."""
        transport = self._boto.open_transport("boto3", self.resource.meta.client)
        if pre_request.receivers:
            tell(pre_request, sender, request=request)
        if post_request.receivers or log.isEnabledFor(logging.DEBUG):
            return self._call_watched(request, sender, transport, plain=True)
        return self._boto.call(transport, request.operation, request.payload, plain=True)  # type: ignore[no-any-return]

    def _call_watched(self, request: AnyRequest, sender: Any, transport: Any, plain: bool = False) -> dict[str, Any]:
        foretell(post_request, sender)
        watched = _Watched(request)
        try:
            watched.response = self._boto.call(transport, request.operation, request.payload, plain=plain)
            return watched.response
        except Exception as error:
            watched.failure = error
            raise
        finally:
            tell(post_request, sender, **watched.told())

    async def _acall_watched(
        self, request: AnyRequest, sender: Any, answer: Coroutine[Any, Any, dict[str, Any]]
    ) -> dict[str, Any]:
        watched = _Watched(request)
        try:
            watched.response = await answer
        except Exception as error:
            watched.failure = error
            await atell(post_request, sender, **watched.told())
            raise
        except BaseException:  # it was cancelled, and has no time for others
            tell(post_request, sender, skips_coroutines=True, **watched.told())
            raise
        await atell(post_request, sender, **watched.told())
        return watched.response

    @property
    def client(self) -> Any:
        """The low-level boto3 client of the same session and arguments."""
        return self._opened.client

    @property
    def resource(self) -> Any:
        """boto3's own resource object, with the same session and arguments; made when first asked for.

        boto3's resources are not safe across threads.
        """
        if self._resource is None:
            with self._lock:
                if self._resource is None:
                    self._resource = self._opened.resource()
        return self._resource

    def is_current(self) -> bool:
        """Whether opening the connection anew would still give the same one.

        It would not when boto3's default session has been replaced, when a library that extends botocore (moto, say)
        was imported after the client was made, or when the connection was let go.
        """
        return self._kept and ("_opened" not in self.__dict__ or self._opened.is_current())

    @property
    def endpoint_url(self) -> str:
        """Where requests are sent."""
        url: str = self._transport.endpoint_url
        return url

    def renewed(self) -> Connection:
        """Return the connection that the same settings lead to now: this one as long as it is current and kept."""
        return _open_or_share(self._settings)

    def let_go(self) -> None:
        """Close the connection for good: whoever remembers it is led to another one."""
        self._kept = False
        self.close()

    def close(self) -> None:
        """Let go of the sockets.  A connection may be used again after that; it then opens new ones."""
        if "_transport" in self.__dict__:
            self._transport.close()
        if "_opened" in self.__dict__:
            self._opened.close()
        if self._resource is not None:
            self._resource.meta.client.close()

    def start_afresh(self) -> None:
        """After a fork: the parent's sockets stay the parent's, and what its threads held is free."""
        if "_opened" in self.__dict__:
            self._opened.start_afresh(self._resource)
        self.close()


class _Watched:
    """What came of a request, for who listens."""

    response: dict[str, Any] | None = None
    failure: Exception | None = None

    def __init__(self, request: AnyRequest) -> None:
        self._request = request
        self._begun = time.perf_counter()

    def told(self) -> dict[str, Any]:
        """Return what receivers of ``post_request`` are told, and write it to the log."""
        seconds = time.perf_counter() - self._begun
        request, answer, failure = self._request, self.response or {}, self.failure
        attempts = getattr(failure, "attempts", None) or answer.get("ResponseMetadata", {}).get("RetryAttempts", 0) + 1
        consumed = answer.get("ConsumedCapacity")
        # the names of operation and table, and figures: never keys or values
        log.debug(
            "%s on %s: %s in %.1f ms, attempts: %d, capacity: %s",
            request.operation,
            request.payload.get("TableName") or "several tables",
            "answered" if failure is None else getattr(failure, "code", "") or type(failure).__name__,
            seconds * 1000,
            attempts,
            _units(consumed),
        )
        return {
            "request": request,
            "response": self.response,
            "seconds": seconds,
            "attempts": attempts,
            "consumed": consumed,
            "error": failure,
        }


def _a_loop_runs() -> bool:
    """Whether an event loop runs in this thread."""
    events = sys.modules.get("asyncio.events")
    return events is not None and events._get_running_loop() is not None


def _units(consumed: Any) -> Any:
    if isinstance(consumed, Mapping):
        return consumed.get("CapacityUnits")
    if isinstance(consumed, list):
        return sum(one.get("CapacityUnits", 0) for one in consumed)
    return "not asked for"


def boto3_conditions() -> Any:
    """Return boto3's module of conditions, imported when it is first asked for."""
    with importing:
        from boto3.dynamodb import conditions

    return conditions


_connections: dict[Any, Connection] = {}
# Contexts come and go (a ``using`` for each request of a web server); what is remembered for them must not pile up.
_remembered: Bounded[Any, Connection] = Bounded(256)
_uses = itertools.count(1)
_lock = Lock()


def connection_for(
    session_kwargs: Mapping[str, Any] | None = None,
    resource_kwargs: Mapping[str, Any] | None = None,
    transport: str | None = None,
    context: Settings | None = None,
) -> Connection:
    """Return the connection that settings lead to, opening it at its first use.

    :param context: settings in place of those of the context around
    """
    # settings are replaced, never changed, so the objects themselves say whether anything is different
    question = (
        levels(context),
        transport,
        _frozen(session_kwargs) if session_kwargs else None,
        _frozen(resource_kwargs) if resource_kwargs else None,
    )
    known = _remembered.get(question)
    if known is not None and known.is_current():
        known.used = next(_uses)
        return known
    connection = _open_or_share(effective(session_kwargs, resource_kwargs, transport, context))
    _remembered.pop(question, None)  # one that is not current any more
    return _remembered.remember(question, connection)


def _open_or_share(settings: Settings) -> Connection:
    key = (
        settings.session,
        chosen_transport(settings),
        _frozen(settings.session_kwargs),
        _frozen(settings.client_kwargs),
    )
    with _lock:
        connection = _connections.get(key)
        if connection is None or not connection.is_current():
            if connection is not None:
                connection.let_go()
            connection = _connections[key] = Connection(settings)
        connection.used = next(_uses)
        while len(_connections) > max_connections():
            _let_go(min(_connections, key=lambda key: _connections[key].used))
        return connection


def _let_go(key: Any) -> None:
    """Close a connection, and forget all that leads to it, credentials included."""
    connection = _connections.pop(key)
    for question, known in list(_remembered.items()):
        if known is connection:
            _remembered.pop(question, None)
    connection.let_go()


def _frozen(value: Any) -> Any:
    if isinstance(value, Mapping):
        return frozenset((name, _frozen(inner)) for name, inner in value.items())
    if isinstance(value, (list, set, tuple)):
        return (type(value).__name__, *map(_frozen, value))
    return value


def close_all() -> None:
    """Close every open connection; the next operation opens its own."""
    with _lock:
        closing = list(_connections.values())
        _connections.clear()
        _remembered.clear()
    for connection in closing:
        connection.let_go()


def _start_afresh_in_the_child() -> None:
    """After a fork: the parent's sockets stay the parent's, botocore's own pool included."""
    for connection in _connections.values():
        with contextlib.suppress(Exception):
            connection.start_afresh()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_start_afresh_in_the_child)
