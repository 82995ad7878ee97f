"""Measure one contender in a process of its own: ``python -m bench.measure NAME ENDPOINT CALLS ROUNDS``.

Prints, as JSON, the CPU seconds of one call of each operation: the best of the rounds.  A contender is a
module of ``bench.contenders`` with a function ``prepare(endpoint)`` that returns callables for ``get``,
``save`` and ``update``.
"""

from __future__ import annotations

import importlib
import json
import sys
import time
from collections.abc import Callable

OPERATIONS = ("get", "save", "update")
LEAST_ROUND = 0.15  # seconds of CPU


def cpu_of(function: Callable[[], object], calls: int) -> float:
    begun = time.process_time()
    for _ in range(calls):
        function()
    return (time.process_time() - begun) / calls


def main(name: str, endpoint: str, calls: int, rounds: int) -> None:
    module, _, variant = name.partition(":")
    contender = importlib.import_module(f"bench.contenders.{module}")
    prepared = contender.prepare(endpoint, variant) if variant else contender.prepare(endpoint)
    best: dict[str, float] = {}
    for operation in OPERATIONS:
        function = prepared[operation]
        once = cpu_of(function, 50)
        # what is quick is called more often, so that a round is long against what disturbs it
        enough = max(calls, int(LEAST_ROUND / once))
        best[operation] = min(cpu_of(function, enough) for _ in range(rounds))
    print(json.dumps(best))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
