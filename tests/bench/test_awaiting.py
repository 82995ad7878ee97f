"""What is awaited is measured as what blocks is: as many calls, as many of them at the same time."""

from __future__ import annotations

import asyncio
import threading

import boto3
import pytest

from bench.awaiting import AT_ONCE, AWAITABLE, CONNECTIONS, IN_A_ROW, awaited, blocking, results_of
from bench.items import Sizes

SIZES = Sizes(page=3)


class Counted:
    """Counts its gets, those that are under way at the same time, and the saves."""

    def __init__(self, found="item"):
        self.found = found
        self.calls = self.under_way = self.most = 0
        self.lock = threading.Lock()

    def enter(self):
        with self.lock:
            self.calls += 1
            self.under_way += 1
            self.most = max(self.most, self.under_way)

    def leave(self):
        with self.lock:
            self.under_way -= 1


class Blocking(Counted):
    met = None

    def get(self):
        self.enter()
        if self.met is not None:
            self.met.wait(timeout=5)
        self.leave()
        return self.found

    def save(self):
        self.get()

    def query(self, count):
        return [self.found] * count


class Awaited(Counted):
    begun = ended = False

    async def begin(self):
        self.begun = asyncio.get_running_loop()

    async def end(self):
        self.ended = asyncio.get_running_loop()

    async def aget(self):
        self.enter()
        await asyncio.sleep(0)
        self.leave()
        return self.found

    async def asave(self):
        await self.aget()

    async def aquery(self, count):
        return [self.found] * count


@pytest.fixture
def of_blocking():
    contender = Blocking()
    return contender, blocking(contender, SIZES)


@pytest.fixture
def of_awaited():
    loop = asyncio.new_event_loop()
    contender = Awaited()
    yield contender, awaited(contender, SIZES, loop)
    loop.close()


@pytest.mark.parametrize(("which", "at_once"), [("of_blocking", CONNECTIONS), ("of_awaited", AT_ONCE)])
def test_calls_are_made_as_often_as_they_are_counted(which, at_once, request):
    contender, known = request.getfixturevalue(which)
    assert tuple(known) == AWAITABLE
    for operation, calls, most in (("get", IN_A_ROW, 1), ("save", IN_A_ROW, 1), ("at_once", AT_ONCE, at_once)):
        contender.calls = contender.most = 0
        # each call waits for as many others as there are threads
        contender.met = threading.Barrier(CONNECTIONS) if operation == "at_once" else None
        function, count = known[operation]
        assert (len(function()), count, contender.calls) == (calls, calls, calls)
        assert contender.most == most
    function, count = known["query"]
    assert (len(function()), count) == (3, 3)


@pytest.mark.parametrize("contender", [Blocking(), Awaited()], ids=["blocking", "awaited"])
def test_every_operation_has_a_figure(contender):
    answer = results_of(contender, SIZES, 1e-6, 1)
    assert (tuple(answer["seconds"]), answer["failed"]) == (AWAITABLE, {})


def test_who_is_awaited_begins_and_ends_on_the_loop_that_is_measured():
    contender = Awaited()
    results_of(contender, SIZES, 1e-6, 1)
    assert contender.begun is contender.ended
    assert contender.ended.is_closed()


@pytest.mark.parametrize("contender", [Blocking(found=None), Awaited(found=None)], ids=["blocking", "awaited"])
def test_who_finds_nothing_is_not_measured(contender):
    answer = results_of(contender, SIZES, 1e-6, 1)
    assert tuple(answer["seconds"]) == ("save",)
    assert answer["failed"]["at_once"] == "AssertionError: 0 items instead of 100"


def test_clients_have_as_many_connections_as_there_are_threads():
    client = boto3.client("dynamodb", region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b")
    assert client.meta.config.max_pool_connections == CONNECTIONS
