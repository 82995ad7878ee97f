"""What a forked child does, seen by the parent: a child that hangs is ended, and what it raised is told."""

from __future__ import annotations

import os
import select
import signal
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
PATIENCE = 30  # seconds; a child that works needs less than one


@contextmanager
def while_a_thread(holds: Any) -> Iterator[None]:
    """Let another thread hold a lock, or be inside whatever context this is, while the block runs."""
    inside, over = threading.Event(), threading.Event()

    def hold() -> None:
        with holds:
            inside.set()
            over.wait()

    thread = threading.Thread(target=hold)
    thread.start()
    assert inside.wait(PATIENCE)
    try:
        yield
    finally:
        over.set()
        thread.join()


def in_forked_child(work: Callable[[], Any]) -> None:
    """Fork, have the child do the work, and fail if it raises or hangs."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        _be_the_child(work, writing)
    os.close(writing)
    with os.fdopen(reading) as told:
        # it may hang before its first own step: in what is registered to run after a fork
        ended, _, _ = select.select([told], [], [], PATIENCE)
        if not ended:
            os.kill(child, signal.SIGKILL)
        text = told.read()
    _, status = os.waitpid(child, 0)
    assert ended, "the child hangs"
    assert (text, os.waitstatus_to_exitcode(status)) == ("", 0)


def _be_the_child(work: Callable[[], Any], writing: int) -> None:
    try:
        work()
    except BaseException:
        os.write(writing, traceback.format_exc().encode())
    finally:
        os._exit(0)
