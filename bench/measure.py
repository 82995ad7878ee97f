"""Measures one contender with one kind of items; runs in a process of its own.

What counts is the CPU time of this process alone, whoever else keeps the machine busy.
"""

from __future__ import annotations

import gc
import json
import sys
import time
from collections import deque
from collections.abc import Callable
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from .items import KINDS, Sizes

OPERATIONS = ("get", "save", "update", "query", "scan", "batch_get", "batch_write")
GROWTH = ("grow_none", "grow_few", "grow_page", "grow_all")
MANY_ROUNDS = 10
PATIENCE = 4


def seconds_of(function: Callable[[], Any], calls: int) -> float:
    gc.collect()
    begun = time.process_time()
    for _ in range(calls):
        function()
    return (time.process_time() - begun) / calls


def best_of(function: Callable[[], Any], least: float, rounds: int, once: float = 0.0) -> float:
    """Return the seconds of a call in the best of some rounds, each of which takes so many seconds at least.

    ``once`` is what a call has taken that was made before: what takes as long as many rounds is not called again.  Nor
    is the engine waited for much longer than that.
    """
    if once >= MANY_ROUNDS * least:
        return once
    alone = seconds_of(function, 1)
    if alone >= least:
        return alone
    begun = time.perf_counter()
    once = seconds_of(function, 3)
    waited = (time.perf_counter() - begun) / 3
    calls = max(1, round(min(least / once, PATIENCE * least / waited)))
    return min(seconds_of(function, calls) for _ in range(rounds))


def operations(contender: Any, sizes: Sizes) -> dict[str, tuple[Callable[[], Any], int]]:
    """What is called for each operation, and the number of items in it."""

    def grow(count: int) -> tuple[Callable[[], Any], int]:
        # Nothing is kept: whatever grows else is a heap, and what the garbage collector makes of it.
        return lambda: deque(contender.found(count), maxlen=0), count

    return {
        "get": (contender.get, 1),
        "save": (contender.save, 1),
        "update": (contender.update, 1),
        "query": (lambda: contender.query(sizes.page), sizes.page),
        "scan": (lambda: deque(contender.scan(), maxlen=0), sizes.stored),
        "batch_get": (contender.batch_get, sizes.read_batch),
        "batch_write": (contender.batch_write, sizes.write_batch),
        "grow_none": grow(0),
        "grow_few": grow(sizes.few),
        "grow_page": grow(sizes.page),
        "grow_all": grow(sizes.stored - 1),  # no item stands behind the last, whose key would be the bound
    }


def check(contender: Any, operation: str, count: int) -> None:
    """See that a contender reads what it should: figures of something else would be worth nothing.

    By this, too, the rest is made that is made when it is first needed.
    """
    if operation == "query" or operation in GROWTH:
        found = len(contender.query(count))
    elif operation == "scan":
        found = sum(1 for _ in contender.scan())
    elif operation == "batch_get":
        found = len(list(contender.batch_get()))
    elif operation == "get":
        found = 1 if contender.get() is not None else 0
    else:
        getattr(contender, operation)()
        return
    if found != count:
        raise AssertionError(f"{found} items instead of {count}")


def opened(name: str, kind: str, endpoint: str, sizes: Sizes) -> Any:
    module, _, variant = name.partition(":")
    contender = import_module(f"bench.contenders.{module}").Contender
    return contender(contender.open(endpoint, variant), KINDS[kind], sizes)


def versions(distributions: list[str]) -> dict[str, str]:
    found = {}
    for name in distributions:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def main() -> None:
    task = json.loads(sys.argv[1])
    sizes = Sizes(*task["sizes"])
    contender = opened(task["name"], task["kind"], task["endpoint"], sizes)
    # What is made when it is first needed is made now, and an update will find what it changes.
    contender.save()
    contender.get()
    seconds, failed = {}, {}
    known = operations(contender, sizes)
    gc.collect()
    gc.freeze()
    for operation in task["operations"]:
        function, count = known[operation]
        try:
            gc.collect()
            begun = time.process_time()
            check(contender, operation, count)
            # Of one item, most of the first call may have been for what is made once.
            once = time.process_time() - begun if count >= sizes.page else 0.0
            seconds[operation] = best_of(function, task["least"], task["rounds"], once) / max(count, 1)
        except NotImplementedError:
            continue
        except Exception as error:
            failed[operation] = f"{type(error).__name__}: {error}"
    print(json.dumps({"seconds": seconds, "failed": failed, "versions": versions(task["distributions"])}))
