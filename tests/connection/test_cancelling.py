"""A call that is cancelled leaves nothing behind: no connection, no turn, and no answer for anybody else."""

from __future__ import annotations

import asyncio
import datetime
import gc
import itertools
import json
import os
import random
import time
from collections import Counter

import pytest
from botocore.credentials import RefreshableCredentials

from dynamorm import connection
from dynamorm.connection import awaiting

from ..profiles import examples
from .awaited import Leftovers, awaited_place, run_on
from .conftest import Request, create_table, key
from .scripted_server import ScriptedServer, answer

HOPELESS = answer(b'{"__type":"x#InternalServerError"}', b"500 Internal Server Error")
KINDS = {
    "default": ("default", {}),
    "direct": ("direct", {"config": {"read_timeout": 20}}),
    "before client": ("direct", {}),
    "boto3": ("boto3", {}),
}
ONE_AT_A_TIME = {"config": {"max_pool_connections": 1}}


class Echo:
    """Answers a get with its key; a key that begins with "broken" with an error at first, "slow" with a pause."""

    def __init__(self):
        self._asked = set()

    def __call__(self, request):
        item_key = json.loads(request.body)["Key"]
        name = item_key["p"]["S"]
        good = answer(json.dumps({"Item": item_key}).encode())
        if name.startswith("broken") and name not in self._asked:
            self._asked.add(name)
            return HOPELESS
        return [0.01, good] if name.startswith("slow") else good


@pytest.fixture
def server():
    with ScriptedServer([Echo()]) as server:
        yield server


@pytest.fixture
def leftovers(pools):
    return Leftovers(pools)


@pytest.fixture
def quick_retries(monkeypatch, replace_backoff):
    replace_backoff(lambda seconds: None)

    async def sleep(seconds):
        await asyncio.sleep(0.001)

    monkeypatch.setattr(awaiting, "sleep", sleep)


numbers = itertools.count()


async def get(conn, manner="plain"):
    """Ask for something that was never asked for, and see that it is what comes."""
    wanted = {"p": {"S": f"{manner} {next(numbers)}"}}
    answered = await conn.acall(Request("GetItem", TableName="table", Key=wanted))
    assert answered["Item"] == wanted


async def eventually(holds):
    end = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < end
        await asyncio.sleep(0.001)


# Cancelling by hand, at each point in turn.


async def step_to(coroutine, number, way):
    """Carry a coroutine out up to the n-th point at which it waits, and cancel it there; returns the point's name.

    ``None`` if the coroutine ended before.  It is cancelled as a task would be, that is ``while`` the future is
    pending or just ``after`` it was done, or is thrown ``away``.
    """
    for step in itertools.count():
        try:
            future = coroutine.send(None)
        except StopIteration:
            return None
        place = awaited_place(coroutine)
        if step == number and way != "after":
            if way == "away":
                coroutine.close()
                return place
            if future is not None:
                future.cancel()
            break
        if future is None:
            await asyncio.sleep(0)
        else:
            future._asyncio_future_blocking = False
            await asyncio.wait([future])
        if step == number:
            break
    with pytest.raises(asyncio.CancelledError):
        coroutine.throw(asyncio.CancelledError())
    return place


async def cancel_everywhere(open_one, manner, way, server, leftovers):
    """Cancel a call at each of its points, and see each time that all is whole; returns the points' names."""
    places = set()
    for number in itertools.count():
        conn = open_one()
        place = await step_to(get(conn, manner), number, way)
        leftovers.assert_none_in_use()
        if conn.transport != "boto3":
            # what was being opened is closed when it is there
            await eventually(lambda: len(server._open) == leftovers.idle)
        await get(conn)
        await get(conn, "slow")
        leftovers.assert_none_in_use()
        if place is None:
            return places
        places.add(place)


WAYS = ["while", "after", "away"]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", KINDS)
def test_the_first_call_can_be_cancelled_anywhere(
    kind, way, server, leftovers, new_loop, quick_retries, nobody_extends_botocore
):
    transport, options = KINDS[kind]

    def open_anew():
        connection.close_all()
        return connection.connection_for({}, {"endpoint_url": server.url, **options}, transport)

    places = run_on(new_loop, cancel_everywhere(open_anew, "broken", way, server, leftovers))
    opening = {"once_in_thread", "in_thread"}
    assert places == (opening if kind == "boto3" else opening | {"exchange", "sleep"})


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", ["default", "direct"])
def test_a_call_that_is_tried_again_can_be_cancelled_anywhere(
    kind, way, server, leftovers, new_loop, quick_retries, nobody_extends_botocore
):
    transport, options = KINDS[kind]
    conn = connection.connection_for({}, {"endpoint_url": server.url, **options}, transport)

    async def main():
        await get(conn, "broken")  # after which nothing of it is done in a thread
        return await cancel_everywhere(lambda: conn, "broken", way, server, leftovers)

    assert run_on(new_loop, main()) == {"exchange", "sleep"}


@pytest.mark.parametrize("way", WAYS)
def test_a_call_whose_credentials_are_fetched_can_be_cancelled_anywhere(
    way, server, leftovers, new_loop, nobody_extends_botocore
):
    def fetched():
        # so near to their end that they are fetched again for each call
        end = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=30)
        return {"access_key": "A", "secret_key": "B", "token": "C", "expiry_time": end.isoformat()}

    conn = connection.connection_for({}, {"endpoint_url": server.url}, "default")
    conn.client._request_signer._credentials = RefreshableCredentials.create_from_metadata(fetched(), fetched, "test")

    async def cancel():
        await get(conn)  # which opens it
        return await cancel_everywhere(lambda: conn, "plain", way, server, leftovers)

    assert run_on(new_loop, cancel()) == {"in_thread", "exchange"}


@pytest.mark.parametrize("way", WAYS)
def test_a_call_that_waits_for_its_turn_can_be_cancelled(way, server, leftovers, new_loop):
    conn = connection.connection_for({}, {"endpoint_url": server.url, **ONE_AT_A_TIME}, "direct")

    async def main():
        await get(conn)
        others = [asyncio.ensure_future(get(conn, "slow")) for _ in range(3)]
        await asyncio.sleep(0)
        assert await step_to(get(conn), 0, way) == "wait"
        later = [asyncio.ensure_future(get(conn)) for _ in range(3)]
        await asyncio.gather(*others, *later)
        leftovers.assert_none_in_use()
        assert leftovers.idle == server.connections == 1

    run_on(new_loop, main())


# Cancelling at random.


HASHES, RANGES = 21, 20


def stored(p, s):
    return {**key(f"item {p}", s), "v": {"S": f"{p}/{s}"}}


def open_files():
    return len(os.listdir("/proc/self/fd"))


async def cancel_at_random(conn, table, chance, operations, cancellations):
    """Read as 50 tasks, each its own items, and cancel so many of the reads; returns where they were."""
    cancelled, answered = Counter(), 0
    # more than are to be, since those that are quicker than this is cannot be
    to_cancel = set(chance.sample(range(operations), cancellations * 4))

    async def read(number):
        nonlocal answered
        wanted = key(f"item {number % HASHES}", number % RANGES)
        request = Request("GetItem", TableName=table, Key=wanted, ConsistentRead=number % 2 == 0)
        reading = asyncio.ensure_future(conn.acall(request))
        if number in to_cancel and sum(cancelled.values()) < cancellations:
            where = chance.choice(["wait", "exchange", "", ""])
            if where:  # as soon as it is there: that some are does not hang on how fast things go
                while not reading.done() and awaited_place(reading.get_coro()) != where:
                    await asyncio.sleep(0)
            elif chance.random() < 0.3:
                for _ in range(chance.randrange(8)):
                    await asyncio.sleep(0)
            else:
                await asyncio.sleep(chance.random() * 0.02)
            place = awaited_place(reading.get_coro()) if not reading.done() else ""
            if reading.cancel():
                cancelled[place] += 1
        try:
            assert (await reading)["Item"] == stored(number % HASHES, number % RANGES)
            answered += 1
        except asyncio.CancelledError:
            assert number in to_cancel

    async def work(numbers):
        for number in numbers:
            await read(number)

    await asyncio.gather(*(work(range(worker, operations, 50)) for worker in range(50)))
    assert answered == operations - sum(cancelled.values())
    return cancelled


@pytest.mark.parametrize("transport", ["default", "direct"])
def test_nothing_goes_astray_when_calls_are_cancelled_at_random(transport, opened, leftovers, new_loop):
    operations = examples(quick=1_500, long=20_000)
    seed = opened("boto3")
    table = create_table(seed)
    for p in range(HASHES):
        puts = [{"PutRequest": {"Item": stored(p, s)}} for s in range(RANGES)]
        seed.call(Request("BatchWriteItem", RequestItems={table: puts}))
    conn = opened(transport)

    async def main():
        before = open_files()
        cancelled = await cancel_at_random(conn, table, random.Random(11), operations, operations // 10)
        leftovers.assert_none_in_use()
        assert sum(cancelled.values()) >= operations // 10
        assert {"wait", "exchange"} <= cancelled.keys(), cancelled
        assert leftovers.idle <= 10
        conn.close()
        await eventually(lambda: leftovers.idle == 0)
        gc.collect()
        await eventually(lambda: not os.path.exists("/proc/self/fd") or open_files() <= before)

    run_on(new_loop, main())
