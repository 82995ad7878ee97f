"""The memory that items take once they are read; runs in a process of its own."""

from __future__ import annotations

import gc
import json
import sys
import tracemalloc

from .items import Sizes
from .measure import opened


def main() -> None:
    task = json.loads(sys.argv[1])
    sizes = Sizes(*task["sizes"])
    contender = opened(task["name"], task["kind"], task["endpoint"], sizes)
    contender.query(sizes.few)  # what is made once is made now
    gc.collect()
    tracemalloc.start()
    items = contender.query(task["count"])
    gc.collect()
    taken, _ = tracemalloc.get_traced_memory()
    print(json.dumps({"bytes": taken / len(items)}))
