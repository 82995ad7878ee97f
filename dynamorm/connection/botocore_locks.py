"""The locks of botocore and urllib3, which a forked child finds as the parent's threads left them.

Like ``botocore_private``, this file reads what is private to botocore.  A lock that a thread of the parent's held at
the moment of the fork (credentials being refreshed, a pool being looked into) would never be free in the child.
"""

from __future__ import annotations

import threading
from typing import Any

from .botocore_private import handlers_of

__all__ = ["renew_locks"]

_LOCKS = (type(threading.Lock()), type(threading.RLock()))
# The modules whose objects are looked into: they hold locks, or what holds them.
_HOLDERS = (
    "botocore.awsrequest",
    "botocore.credentials",
    "botocore.httpsession",
    "botocore.retries",
    "botocore.tokens",
    "queue",
    "urllib3",
)


def renew_locks(session: Any, *clients: Any) -> None:
    """Let a session and the clients that come from it go on in a forked child."""
    renewing = _Renewing()
    renewing.look_into(getattr(session, "_credentials", None))
    for client in clients:
        renewing.look_into(getattr(client._endpoint, "http_session", None))
        renewing.look_into(getattr(client._request_signer, "_credentials", None))
        for handler in handlers_of(client):
            renewing.look_into(getattr(handler, "__self__", None))


class _Renewing:
    def __init__(self) -> None:
        self._seen: set[int] = set()

    def look_into(self, holder: Any) -> None:
        if id(holder) in self._seen:
            return
        self._seen.add(id(holder))
        if isinstance(holder, (list, tuple)):
            parts = list(holder)
        elif isinstance(holder, dict):
            parts = list(holder.values())
        elif type(holder).__module__.startswith(_HOLDERS) and hasattr(holder, "__dict__"):
            _renew_locks_of(holder)
            parts = list(vars(holder).values())
        else:
            return
        for part in parts:
            self.look_into(part)


def _renew_locks_of(holder: Any) -> None:
    attributes = list(vars(holder).items())
    renewed: dict[int, Any] = {}
    for name, value in attributes:
        if isinstance(value, _LOCKS) and not _is_free(value):
            renewed[id(value)] = threading.Lock() if isinstance(value, _LOCKS[0]) else threading.RLock()
            setattr(holder, name, renewed[id(value)])
    for name, value in attributes:
        if isinstance(value, threading.Condition) and id(getattr(value, "_lock", None)) in renewed:
            setattr(holder, name, threading.Condition(renewed[id(getattr(value, "_lock", None))]))


def _is_free(lock: Any) -> bool:
    # there is one thread in a new child, so that nobody else takes it meanwhile
    if lock.acquire(blocking=False):
        lock.release()
        return True
    return False
