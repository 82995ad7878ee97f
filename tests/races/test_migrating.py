"""A migration that is killed again and again while others go on writing: all is rewritten, and nothing is lost."""

from __future__ import annotations

import contextvars
import importlib.util
import json
import random
import signal
import subprocess
import sys
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from dynamorm import ItemTooNew
from dynamorm.tending.migrating import Migration

from ..libraries import LIBRARIES, library_named
from ..profiles import examples
from .migration import SEGMENTS, models

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
MOMENTS = ("sending", "renaming", "sent", "writing", "sending")


class Writer:
    """Counts up, marks and renames items, and keeps account of what was carried out.

    Writers count and mark the same items, every so manieth of all; each renames those of its own, so that the last name
    that it gives is the one that stays.
    """

    def __init__(self, number, model, many, step):
        self.model = model
        self.counted, self.marked, self.named = Counter(), {}, {}
        self.refused = 0
        self._number = number
        self._shared = range(0, many, step)
        self._own = range(3 * number, many, 12)
        self._drawn = random.Random(number)

    def write_until(self, is_over):
        turn = 0
        while not is_over.is_set():
            try:
                (self._count, self._mark, self._rename)[turn % 3](turn)
            except ItemTooNew:
                self.refused += 1
            turn += 1
            is_over.wait(0.02)  # so that the migration gets on, too

    def _count(self, turn):
        id = str(self._drawn.choice(self._shared))
        self.model.update_item(id=id, n__plus=1)
        self.counted[id] += 1

    def _mark(self, turn):
        id, mark = str(self._drawn.choice(self._shared)), f"{self._number}:{turn}"
        self.model.update_item(id=id, marks__add={mark})
        self.marked.setdefault(id, set()).add(mark)

    def _rename(self, turn):
        id, name = str(self._drawn.choice(self._own)), f"Writer{self._number} {turn}"
        first, last = name.split()
        self.model.update_item(id=id, **({"name": name} if self._number == 0 else {"first": first, "last": last}))
        self.named[id] = name


def test_nothing_is_lost_and_everything_is_rewritten(dynamo_tables, tmp_path):
    library = next((name for name in LIBRARIES if importlib.util.find_spec(name)), None)
    if library is None:
        pytest.skip("no schema library is installed")
    old, both, new = models(library_named(library))
    dynamo_tables(old)
    many = examples(quick=1_500, long=50_000)
    old.put_batch([{"id": str(number), "name": f"Ann {number}", "n": 0} for number in range(many)], concurrency=4)
    # who writes the new form rewrites what it meets, so that it leaves most to the migration
    writers = [Writer(number, model, many, 3) for number, model in enumerate((old, both, both))]
    writers.append(Writer(3, new, many, 21))
    is_over = threading.Event()
    with ThreadPoolExecutor(len(writers)) as pool:
        running = [pool.submit(contextvars.copy_context().run, one.write_until, is_over) for one in writers]
        try:
            outcome = migrate_and_be_killed(new, library, tmp_path / "people.json", many)
        finally:
            is_over.set()
        for one in running:
            one.result()
    assert outcome.looked_at == many and outcome.failed == 0
    assert not list(tmp_path.iterdir())
    assert_nothing_is_lost(everything(new), writers, many)


def migrate_and_be_killed(new, library, checkpoint, many):
    """Migrate in processes that are killed one after the other; return what the last one came to."""
    prefix, page = new.Table.full_name.removesuffix("people"), examples(quick=40, long=500)
    where = [new.Table.connection.endpoint_url, prefix, library, str(checkpoint), str(page)]
    command = [sys.executable, "-m", "tests.races.migration", *where]
    drawn = random.Random(many)
    for moment in MOMENTS:
        times = drawn.randrange(many // 30, many // 10) if moment in ("sending", "sent") else drawn.randrange(3, 7)
        killed = subprocess.run([*command, moment, str(times)], cwd=ROOT, capture_output=True, text=True, timeout=600)
        assert (killed.returncode, killed.stderr) == (-signal.SIGKILL, "")
        assert len(json.loads(checkpoint.read_text())["segments"]) == SEGMENTS
    ended = subprocess.run([*command, "never", "0"], cwd=ROOT, stdout=subprocess.PIPE, text=True, timeout=600)
    assert ended.returncode == 0
    return Migration(*json.loads(ended.stdout))


def everything(model):
    """Return all that is stored, by key."""
    pages = model.Table.client.get_paginator("scan").paginate(TableName=model.Table.full_name, ConsistentRead=True)
    return {item["id"]["S"]: item for page in pages for item in page["Items"]}


def assert_nothing_is_lost(stored, writers, many):
    assert len(stored) == many
    assert {item["_v"]["N"] for item in stored.values()} == {"2"}
    assert not [item for item in stored.values() if "name" in item]
    assert {id: int(item["n"]["N"]) for id, item in stored.items() if item["n"]["N"] != "0"} == sum(
        (one.counted for one in writers), Counter()
    )
    marked = {}
    for id, marks in (pair for one in writers for pair in one.marked.items()):
        marked.setdefault(id, set()).update(marks)
    assert {id: set(item["marks"]["SS"]) for id, item in stored.items() if "marks" in item} == marked
    names = {str(number): f"Ann {number}" for number in range(many)}
    for one in writers:
        names.update(one.named)
        assert one.counted and one.marked and one.named
    assert {id: f"{item['first']['S']} {item['last']['S']}" for id, item in stored.items()} == names
    assert writers[0].refused, "an old program is told that it is too old"
