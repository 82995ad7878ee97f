"""A bank: money moves between accounts by transactions, through a network that fails, and none is made or lost."""

from __future__ import annotations

import contextvars
import random
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import pytest
from botocore.config import Config

import dynamorm
from dynamorm import ConnectionFailed, Throttled, Transaction, TransactionCanceled, TransactionGet, Unavailable

from ..connection.faults.proxy import FaultProxy
from ..libraries import integer, text
from ..profiles import examples

pytestmark = pytest.mark.slow

ACCOUNTS = 50
EACH = 100
THREADS = 8
# thousandths of all attempts
RATES = {
    "reset before the engine saw it": 40,
    "reset after the engine saw it": 40,
    "close without an answer": 20,
    "cut short": 20,
    "flip a bit": 30,
    "status 500": 30,
    "throttle": 30,
}
FAILURES = (ConnectionFailed, Throttled, Unavailable)


@pytest.fixture
def account(library, dynamo_tables):
    fields = {"id": text(required=True), "balance": integer(required=True), "moves": integer(default=0)}
    (model,) = dynamo_tables(library.model("Account", {"name": "bank", "hash_key": "id"}, fields))
    model.put_batch(*({"id": str(number), "balance": EACH} for number in range(ACCOUNTS)))
    return model


def test_the_total_is_constant_throughout(account):
    chance, outcomes, totals = random.Random(20_240_506), Counter(), Counter()
    plans = [
        [(*chance.sample(range(ACCOUNTS), 2), chance.randrange(1, EACH)) for _ in range(examples(quick=12, long=400))]
        for _ in range(THREADS)
    ]
    for plan in plans:
        plan.append((0, 1, ACCOUNTS * EACH + 1))  # more than there is
    is_over = threading.Event()

    def transfer(payer, payee, amount):
        with Transaction() as tx:
            tx.update(account, id=str(payer), balance__minus=amount, moves__plus=1, conditions={"balance__gte": amount})
            tx.update(account, id=str(payee), balance__plus=amount, moves__plus=1)

    def clerk(plan):
        done = Counter()
        for step in plan:
            try:
                transfer(*step)
                done["moved"] += 1
            except TransactionCanceled as error:
                assert {reason.code for reason in error.failed} == {"ConditionalCheckFailed"}
                done["refused"] += 1
            except FAILURES:
                done["unknown"] += 1
        return done

    def auditor():
        seen = Counter()
        while not is_over.is_set() or not seen:
            try:
                with TransactionGet() as tx:
                    read = [tx.get(account, id=str(number)) for number in range(ACCOUNTS)]
                seen[sum(one.instance.balance for one in read)] += 1
            except FAILURES:
                continue
        return seen

    upstream = urlsplit(account.Table.connection.endpoint_url)
    config = Config(connect_timeout=5, read_timeout=5, retries={"mode": "standard", "total_max_attempts": 3})
    with (
        FaultProxy(upstream.hostname, upstream.port, seed=7, rates=RATES) as proxy,
        dynamorm.using(endpoint_url=f"http://127.0.0.1:{proxy.port}", config=config),
        ThreadPoolExecutor(THREADS + 1) as pool,
    ):
        audit = pool.submit(contextvars.copy_context().run, auditor)
        clerks = [pool.submit(contextvars.copy_context().run, clerk, plan) for plan in plans]
        for one in clerks:
            outcomes.update(one.result())
        is_over.set()
        totals.update(audit.result())
        faults = sum(proxy.counts.values()) - proxy.counts["none"]
    found = list(account.scan().consistent())
    assert len(found) == ACCOUNTS
    assert set(totals) == {ACCOUNTS * EACH}, totals
    assert sum(one.balance for one in found) == ACCOUNTS * EACH and all(one.balance >= 0 for one in found)
    # each transfer was carried out once, however often it was sent; of those without an answer nobody knows
    moved = sum(one.moves for one in found) // 2
    assert outcomes["moved"] <= moved <= outcomes["moved"] + outcomes["unknown"]
    assert outcomes["moved"] and outcomes["refused"] and faults, (outcomes, faults)
