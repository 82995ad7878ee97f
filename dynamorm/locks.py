"""Locks that outlive a fork, and what takes the place of locks that would not.

A forked child has the one thread that forked.  A lock that another thread held stays locked in the child for good, so
that nothing in this library uses a lock of Python's own.
"""

from __future__ import annotations

import contextlib
import logging as logging  # whose own handler of forks has to be registered before the one below
import os
import sys
import threading
import weakref
from typing import TYPE_CHECKING, Any

__all__ = ["Latch", "Lock", "cached_property", "importing"]


class Lock:
    """A lock that its holder may take again, and that is free in a forked child unless the child itself holds it."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        _locks.add(self)

    def __enter__(self) -> None:
        self._lock.acquire()

    def __exit__(self, *error: Any) -> None:
        self._lock.release()


class Latch:
    """Keeps one thread waiting until another opens it, which never waits itself and may be done more than once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._lock.acquire()

    def open(self) -> None:
        with contextlib.suppress(RuntimeError):
            self._lock.release()

    def wait(self) -> None:
        self._lock.acquire()


_locks: weakref.WeakSet[Lock] = weakref.WeakSet()

importing = threading.RLock()
"""Held while a module is imported late.

Python's own locks for imports do not outlive a fork, and a module that is half imported cannot be begun anew: a fork
waits until the import has ended.
"""


def _free_all() -> None:
    importing.release()
    for lock in list(_locks):
        # there is one thread in a new child: what it cannot take is held by a thread of the parent's
        if lock._lock.acquire(blocking=False):
            lock._lock.release()
        else:
            lock._lock = threading.RLock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=importing.acquire, after_in_parent=importing.release, after_in_child=_free_all)


if TYPE_CHECKING or sys.version_info >= (3, 12):
    from functools import cached_property as cached_property
else:

    class cached_property:
        """That of Python 3.12: those before it compute under a lock, which does not outlive a fork."""

        def __init__(self, function):
            self.func = function
            self.__doc__ = function.__doc__

        def __set_name__(self, owner, name):
            self.attrname = name

        def __get__(self, instance, owner=None):
            if instance is None:
                return self
            # of several threads that computed it, all get the first one's
            return instance.__dict__.setdefault(self.attrname, self.func(instance))
