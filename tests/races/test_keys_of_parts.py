"""Many threads change the fields that keys of one item are made of: the keys always are what the fields say."""

from __future__ import annotations

import contextvars
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from dynamorm import Composite, ConditionFailed, GlobalIndex, ProjectAll, Q, Transaction, TransactionCanceled
from dynamorm.signals import pre_request

from ..libraries import integer, text
from ..profiles import examples

pytestmark = pytest.mark.slow

THREADS = 16
STATUSES = ("open", "late", "done")


@pytest.fixture
def order(library, dynamo_tables):
    class ByStatus(GlobalIndex):
        name = "by_status"
        hash_key = "status_key"
        range_key = "total_key"
        projection = ProjectAll()

    fields = {"id": text(required=True), "status": text(), "total": integer(), "note": text()}
    (model,) = dynamo_tables(
        library.model(
            "Order",
            {"name": "orders", "hash_key": "id"},
            fields,
            status_key=Composite("STATUS#{status}", when=Q(status__in=["open", "late"])),
            total_key=Composite("{total:06d}#{status}"),
            ByStatus=ByStatus,
        )
    )
    model.put({"id": "1", "status": "open", "total": 0})
    return model


def keys_of(item):
    """Return the computed keys of an item, by what its fields say."""
    keys = {"total_key": f"{int(item['total']):06d}#{item['status']}"}
    if item["status"] != "done":
        keys["status_key"] = f"STATUS#{item['status']}"
    return keys


class Writers:
    """Each method adds one to the total, or changes the status; those that are refused begin again."""

    def __init__(self, order):
        self.order = order
        self.refused = Counter()

    def incr(self, number):
        found = self.order.require(id="1", consistent=True)
        found.incr(total=1)
        found.save(partial=True)
        return 1

    def plus(self, number):
        self.order.require(id="1", consistent=True).update(total__plus=1)
        return 1

    def status(self, number):
        found = self.order.require(id="1", consistent=True)
        found.status = STATUSES[number % len(STATUSES)]
        found.save(partial=True)
        return 0

    def given(self, number):
        while True:
            found = self.order.require(id="1", consistent=True)
            given = {"total": found.total, "status": found.status}
            try:
                self.order.update_item(id="1", total__plus=1, given=given)
                return 1
            except ConditionFailed:
                self.refused["given"] += 1

    def transaction(self, number):
        while True:
            found = self.order.require(id="1", consistent=True)
            try:
                with Transaction() as tx:
                    tx.update(found, total__plus=1, status=STATUSES[number % len(STATUSES)])
                return 1
            except TransactionCanceled as canceled:
                assert isinstance(canceled.failed[0].error, ConditionFailed)
                self.refused["transaction"] += 1


WAYS = ("incr", "plus", "status", "given", "transaction")


def test_keys_are_never_half_right_and_no_increment_is_lost(order):
    writers, rounds = Writers(order), examples(quick=6, long=200)
    updates, seen = Counter(), Counter()
    barrier, is_over = threading.Barrier(THREADS, timeout=60), threading.Event()

    def count(sender, request, **more):
        if request.operation == "UpdateItem":
            updates[threading.get_ident()] += 1

    def write(thread):
        added = 0
        for number in range(rounds):
            barrier.wait()  # all begin at once, so that they meet
            way = WAYS[(thread + number) % len(WAYS)]
            added += getattr(writers, way)(thread + number)
        return added

    def watch():
        while not is_over.is_set():
            item = order.Table.table.get_item(Key={"id": "1"}, ConsistentRead=True)["Item"]
            assert {name: item[name] for name in ("status_key", "total_key") if name in item} == keys_of(item)
            seen[item["total"]] += 1

    def in_context(pool, work, *arguments):
        return pool.submit(contextvars.copy_context().run, work, *arguments)

    with pre_request.connected_to(count, sender=order), ThreadPoolExecutor(THREADS + 1) as pool:
        watching = in_context(pool, watch)
        running = [in_context(pool, write, thread) for thread in range(THREADS)]
        try:
            added = sum(one.result() for one in running)
        finally:
            is_over.set()
        watching.result()
    item = order.Table.get(id="1")
    assert item["total"] == added
    assert {name: item[name] for name in ("status_key", "total_key") if name in item} == keys_of(item)
    sent = sum(1 for thread in range(THREADS) for number in range(rounds) if (thread + number) % 5 != 4)
    assert sum(updates.values()) - writers.refused["given"] > sent, "updates were refused, and sent again"
    assert writers.refused["given"] and writers.refused["transaction"]
    assert len(seen) > 1
