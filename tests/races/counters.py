"""Counts up in every way that loses nothing; run as a program, many times at once.

    python -m tests.races.counters URL PREFIX LIBRARY THREADS TIMES

prints how often each way was refused, as JSON.
"""

from __future__ import annotations

import json
import sys
import threading
from collections import Counter
from collections.abc import Callable
from typing import Any

import dynamorm
from dynamorm import ConditionFailed, Transaction, VersionConflict

from ..libraries import integer, library_named, text

FIELDS = {"id": text(required=True), "n": integer(default=0), "rev": integer()}


def models(library: str) -> tuple[Any, Any]:
    """Return a model without a version, and one with."""
    written_in = library_named(library)
    plain = written_in.model("Plain", {"name": "plain", "hash_key": "id"}, FIELDS)
    versioned = written_in.model("Versioned", {"name": "versioned", "hash_key": "id", "version": "rev"}, FIELDS)
    return plain, versioned


class Counting:
    """Each method counts the item of its own name up by one; ``refused`` says how often it had to begin again."""

    def __init__(self, plain: Any, versioned: Any, threads: int) -> None:
        self.plain = plain
        self.versioned = versioned
        self.refused: Counter[str] = Counter()
        self._all_have_read = threading.Barrier(threads, timeout=60)
        self._met: set[tuple[str, int]] = set()

    def version(self) -> None:
        self._until_done("version", VersionConflict, self.versioned, lambda found: found.save())

    def version_partial(self) -> None:
        self._until_done("version_partial", VersionConflict, self.versioned, lambda found: found.save(partial=True))

    def atomic(self) -> None:
        self._until_done("atomic", ConditionFailed, self.plain, lambda found: found.save(atomic=True))

    def _until_done(self, name: str, refusal: type[Exception], model: Any, write: Callable[[Any], Any]) -> None:
        while True:
            found = model.require(id=name, consistent=True)
            found.n += 1
            me = name, threading.get_ident()
            if me not in self._met:  # the first time all have read before one writes, so that all others are refused
                self._met.add(me)
                self._all_have_read.wait()
            try:
                write(found)
                return
            except refusal:
                self.refused[name] += 1

    def incr(self) -> None:
        found = self.plain.require(id="incr")
        found.incr(n=1)
        found.save(partial=True)

    def plus(self) -> None:
        self.plain.update_item(id="plus", n__plus=1)

    def transaction(self) -> None:
        with Transaction() as tx:
            tx.update(self.plain, id="transaction", n__plus=1)
            tx.update(self.versioned, id="transaction", n__plus=1)


WAYS = ("version", "version_partial", "atomic", "incr", "plus", "transaction")


def main(url: str, prefix: str, library: str, threads: str, times: str) -> None:
    settings = {"region_name": "us-east-1", "aws_access_key_id": "local", "aws_secret_access_key": "local"}
    dynamorm.configure(endpoint_url=url, table_prefix=prefix, **settings)
    counting = Counting(*models(library), int(threads))

    def count() -> None:
        for _ in range(int(times)):
            for way in WAYS:
                getattr(counting, way)()

    running = [threading.Thread(target=count) for _ in range(int(threads))]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
    print(json.dumps(counting.refused))


if __name__ == "__main__":
    main(*sys.argv[1:])
