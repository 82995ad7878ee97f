"""Many contend for one value: one has it, and its guard is never without it, even if contenders are killed."""

from __future__ import annotations

import contextvars
import importlib.util
import random
import signal
import subprocess
import sys
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from dynamorm import Transaction, TransactionCanceled, UniqueViolation
from dynamorm.signals import pre_request
from dynamorm.wire.codec import decode_item

from ..libraries import LIBRARIES, library_named
from ..profiles import examples
from .contenders import EMAILS, IDS, TAKING, WAYS, is_carried_out, user_model

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
CONTENDERS = 32


def test_of_many_who_want_a_value_one_gets_it(library, dynamo_tables):
    (user,) = dynamo_tables(user_model(library))
    barrier = threading.Barrier(CONTENDERS, timeout=60)
    refused: Counter[str] = Counter()

    def take(number, email):
        way = TAKING[number % len(TAKING)]
        barrier.wait()
        if is_carried_out(way, user, str(number), email=email):
            return number
        refused[way.__name__] += 1
        return None

    with ThreadPoolExecutor(CONTENDERS) as pool:
        rounds = examples(quick=3, long=200)
        for turn in range(rounds):
            email = f"{turn}@x"
            begun = [pool.submit(contextvars.copy_context().run, take, number, email) for number in range(CONTENDERS)]
            outcomes = [one.result() for one in begun]
            (winner,) = [outcome for outcome in outcomes if outcome is not None]
            assert user.get_by(email=email).id == str(winner)
            assert [found.id for found in user.scan(email=email).consistent()] == [str(winner)]
    assert sum(refused.values()) == rounds * (CONTENDERS - 1)
    assert set(refused) == {way.__name__ for way in TAKING}
    assert user.verify_unique() == []


def test_a_value_that_is_taken_is_told_as_such_even_if_the_item_was_changed_meanwhile(library, dynamo_tables):
    (user,) = dynamo_tables(user_model(library))
    other = user_model(library)
    user.put({"id": "1", "email": "a@x"})
    changes = [lambda: other.update_item(id="1", email="b@x"), lambda: other.put({"id": "2", "email": "c@x"})]

    def change(sender, request, **more):
        while request.operation == "TransactWriteItems" and changes:
            changes.pop(0)()

    with pre_request.connected_to(change), pytest.raises(TransactionCanceled) as caught, Transaction() as tx:
        tx.update(user, id="1", email="c@x")
    assert not changes
    (failed,) = caught.value.failed
    assert isinstance(failed.error, UniqueViolation) and failed.error.holder == {"id": "2"}


def test_contenders_that_are_killed_leave_no_value_without_its_guard_and_no_guard_without_its_value(dynamo_tables):
    name = next((name for name in LIBRARIES if importlib.util.find_spec(name)), None)
    if name is None:
        pytest.skip("no schema library is installed")
    (user,) = dynamo_tables(user_model(library_named(name)))
    prefix = user.Table.full_name.removesuffix("users")
    command = [sys.executable, "-m", "tests.races.contenders", user.Table.connection.endpoint_url, prefix, name]
    drawn = random.Random(7)
    lives: Counter[str] = Counter()
    for generation in range(examples(quick=1, long=12)):
        running = [
            subprocess.Popen([*command, f"{generation} {number}"], cwd=ROOT, stdout=subprocess.PIPE, text=True)
            for number in range(3)
        ]
        assert user.verify_unique(repair=True) == [], "who writes leaves nothing half done that others could see"
        for process in drawn.sample(running, len(running)):
            # it is killed somewhere in the write after these
            lives.update(process.stdout.readline().strip() for _ in range(drawn.randrange(20, 60)))
            process.send_signal(signal.SIGKILL)
        for process in running:
            process.communicate()
            assert process.returncode == -signal.SIGKILL
        assert user.verify_unique() == []
    assert lives["done"] and lives["taken"] and set(lives) == {"done", "taken"}
    held = [found.email for found in user.scan().consistent()]
    assert len(held) == len(set(held)) and set(held) <= set(EMAILS)
    assert guards_of(user) == Counter(values_of(user))


def stored(user):
    return user.Table.table.scan(ConsistentRead=True)["Items"]


def guards_of(user):
    """Return what guards say, as they are stored: the fields, and the key of the holder."""
    return Counter((item["_unique"], item["_holder"]["id"]) for item in stored(user) if "_holder" in item)


def values_of(user):
    """Return the same of the items that have values."""
    for item in stored(user):
        if "_holder" not in item:
            yield from [(": email", item["id"])] if "email" in item else []
            yield from [(": tenant, slug", item["id"])] if {"tenant", "slug"} <= item.keys() else []


WRITERS = 6


def delete_a_guard(user, drawn):
    guards = [item for item in stored(user) if "_holder" in item]
    if guards:
        user.Table.table.delete_item(Key={"id": drawn.choice(guards)["id"]})


def plant_a_guard(user, drawn):
    """Let an item hold a value that nobody has; it may take it, and nobody else."""
    unique, holder = user._dynamorm.store.mapper.upkeep.unique, {"id": {"S": drawn.choice(IDS[:3])}}
    (taken,) = unique.taken({"email": {"S": drawn.choice(EMAILS[:2])}})
    guard = decode_item(unique.guard(taken, holder, {}))
    with suppress(ClientError):
        user.Table.table.put_item(Item=guard, ConditionExpression="attribute_not_exists(id)")


DAMAGE = {"missing": (delete_a_guard, {"missing", "taken"}), "orphaned": (plant_a_guard, {"orphaned"})}


@pytest.mark.parametrize("kind", DAMAGE)
def test_repairs_among_writers_lose_no_guard_of_a_value_and_leave_none_without_one(library, dynamo_tables, kind):
    (user,) = dynamo_tables(user_model(library))
    other = user_model(library)  # as another program has it
    damage, possible = DAMAGE[kind]
    turns, kinds = examples(quick=40, long=1_000), Counter()
    is_over = threading.Event()

    def write(number):
        drawn = random.Random(number)
        for turn in range(100 * turns):
            if turn >= turns and kinds[kind, True]:
                break
            is_carried_out(drawn.choice(WAYS), other, drawn.choice(IDS[:3]), email=drawn.choice(EMAILS[:2]))

    def go_on(work):
        while not is_over.is_set():
            work()

    def repair():
        kinds.update((finding.kind, finding.repaired) for finding in user.verify_unique(repair=True))

    drawn = random.Random(0)
    with ThreadPoolExecutor(WRITERS + 2) as pool:
        others = [pool.submit(contextvars.copy_context().run, go_on, repair)]
        others.append(pool.submit(contextvars.copy_context().run, go_on, lambda: damage(user, drawn)))
        writing = [pool.submit(contextvars.copy_context().run, write, number) for number in range(WRITERS)]
        try:
            for one in writing:
                one.result()
        finally:
            is_over.set()
        for one in others:
            one.result()
    repair()
    left = user.verify_unique(repair=True)
    assert kinds[kind, True]
    assert {kind for kind, _ in kinds} | {finding.kind for finding in left} <= possible
    # where a guard was missing, two may have got one value
    shared = Counter((f": {', '.join(finding.fields)}", finding.item["id"]) for finding in left)
    assert guards_of(user) + shared == Counter(values_of(user))
