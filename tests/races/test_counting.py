"""Many processes and threads count one number up at once, in every way that there is: the sum is exact."""

from __future__ import annotations

import contextvars
import importlib.util
import json
import subprocess
import sys
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from dynamorm import ConditionFailed, HashKeyExists, VersionConflict

from ..libraries import LIBRARIES, boolean, integer, text
from ..profiles import examples
from .counters import WAYS, models

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
PROCESSES = 8
THREADS = 4


def test_nothing_is_lost_however_many_count(dynamo_tables):
    library = next((name for name in LIBRARIES if importlib.util.find_spec(name)), None)
    if library is None:
        pytest.skip("no schema library is installed")
    plain, versioned = dynamo_tables(*models(library))
    for way in WAYS:
        plain.put({"id": way, "n": 0})
        versioned.put({"id": way, "n": 0})
    times = examples(quick=2, long=40)
    connection = plain.Table.connection
    prefix = plain.Table.full_name.removesuffix("plain")
    command = [sys.executable, "-m", "tests.races.counters", connection.endpoint_url, prefix, library]
    running = [
        subprocess.Popen([*command, str(THREADS), str(times)], cwd=ROOT, stdout=subprocess.PIPE, text=True)
        for _ in range(PROCESSES)
    ]
    refused: Counter[str] = Counter()
    for process in running:
        printed, _ = process.communicate()
        assert process.returncode == 0
        refused.update(json.loads(printed))
    expected = PROCESSES * THREADS * times
    counted = {way: plain.require(id=way, consistent=True).n for way in WAYS if "version" not in way}
    counted.update((way, versioned.require(id=way, consistent=True).n) for way in WAYS if "version" in way)
    assert counted == dict.fromkeys(WAYS, expected)
    assert versioned.require(id="version").rev == expected + 1
    assert versioned.require(id="transaction").n == versioned.require(id="transaction").rev - 1 == expected
    # of the threads of a process, which all read before one writes, all but one are refused at the least
    for way in ("version", "version_partial", "atomic"):
        assert refused[way] >= PROCESSES * (THREADS - 1)


CONTENDERS = 32


@pytest.mark.parametrize("kind", ["condition", "version", "atomic", "unique"])
def test_a_lock_never_has_two_holders(library, dynamo_tables, kind):
    fields = {"id": text(required=True), "is_held": boolean(default=False), "holder": text(), "rev": integer()}
    table = {"name": f"locks-{kind}", "hash_key": "id", **({"version": "rev"} if kind == "version" else {})}
    (lock,) = dynamo_tables(library.model("Lock", table, fields))
    if kind != "unique":
        lock.put({"id": "1"})

    def take(me):
        """Try once; return whether the lock is mine."""
        if kind == "unique":
            try:
                lock.put_unique({"id": "1", "holder": me})
            except HashKeyExists:
                return False
            return True
        found = lock.require(id="1", consistent=True)
        if found.is_held:
            return None
        found.is_held, found.holder = True, me
        # all have seen it free before anyone writes
        barrier.wait()
        try:
            if kind == "condition":
                found.save(partial=True, conditions={"is_held": False})
            else:
                found.save(partial=True, atomic=kind == "atomic")
        except ConditionFailed as error:
            assert isinstance(error, VersionConflict) == (kind == "version")
            return False
        return True

    def give_back():
        if kind == "unique":
            lock.delete_item(id="1")
        else:
            found = lock.require(id="1", consistent=True)
            found.update(is_held=False, holder=None)

    barrier = threading.Barrier(CONTENDERS, timeout=60)
    refused, lost = 0, 0
    with ThreadPoolExecutor(CONTENDERS) as pool:
        for _ in range(examples(quick=6, long=200)):
            taken = [
                pool.submit(contextvars.copy_context().run, take, f"contender {number}") for number in range(CONTENDERS)
            ]
            outcomes = [one.result() for one in taken]
            holders = [number for number, outcome in enumerate(outcomes) if outcome]
            assert len(holders) == 1, "one holder, and never two"
            assert lock.require(id="1", consistent=True).holder == f"contender {holders[0]}"
            refused += outcomes.count(False)
            lost += outcomes.count(None)
            give_back()
    assert refused and not lost


def test_get_or_create_like_races_make_one_item(library, dynamo_tables):
    """Whoever stores first wins, and everybody else is told of it."""
    fields = {"id": text(required=True), "by": text()}
    (model,) = dynamo_tables(library.model("Thing", {"name": "things", "hash_key": "id"}, fields))
    barrier = threading.Barrier(CONTENDERS, timeout=60)

    def make(me, name):
        thing = model(id=name, by=me)
        barrier.wait()
        try:
            thing.save(unique=True)
        except HashKeyExists as error:
            return error.current.by
        return me

    with ThreadPoolExecutor(CONTENDERS) as pool:
        for number in range(examples(quick=4, long=100)):
            begun = [
                pool.submit(contextvars.copy_context().run, make, f"contender {one}", f"thing {number}")
                for one in range(CONTENDERS)
            ]
            winners = {one.result() for one in begun}
            assert len(winners) == 1 and model.require(id=f"thing {number}").by in winners
