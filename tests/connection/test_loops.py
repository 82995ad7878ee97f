"""Event loops of all kinds, and their ends: nothing is left behind, nobody is warned, and nobody else is disturbed."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from dynamorm import connection, exceptions

from ..profiles import examples
from .awaited import Leftovers, run_on
from .conftest import Request
from .restarting import MANNERS
from .scripted_server import ScriptedServer, answer

ROOT = Path(__file__).parent.parent.parent


def echo(request):
    """Answer a get with its key, one whose key begins with "slow" in its own time."""
    item_key = json.loads(request.body)["Key"]
    good = answer(json.dumps({"Item": item_key}).encode())
    return [0.005, good] if item_key["p"]["S"].startswith("slow") else good


@pytest.fixture
def server():
    with ScriptedServer([echo]) as server:
        yield server


@pytest.fixture
def leftovers(pools):
    return Leftovers(pools)


def ask(name, table="table"):
    return Request("GetItem", TableName=table, Key={"p": {"S": name}})


async def get(conn, name="plain"):
    assert (await conn.acall(ask(name)))["Item"] == {"p": {"S": name}}


@pytest.mark.slow
@pytest.mark.parametrize("manner", MANNERS)
def test_a_loop_that_ends_leaves_no_warning_and_no_socket(manner, transport, server):
    if manner == "uvloop":
        pytest.importorskip("uvloop")
    if transport != "direct" and manner not in ("run", "abandoned"):
        pytest.skip("ends as the others do")
    times = 100 if (transport, manner) == ("direct", "run") else examples(quick=10, long=100)
    warnings = ["-W", "error::ResourceWarning", "-W", "error::RuntimeWarning"]
    program = [sys.executable, *warnings, "-m", "tests.connection.restarting"]
    done = subprocess.run(
        [*program, server.url, transport, manner, str(times)], cwd=ROOT, capture_output=True, text=True, timeout=300
    )
    assert (done.stderr, done.returncode) == ("", 0)
    assert done.stdout == "0\n"


# Limits of time, and groups of tasks.


async def waited_for(seconds, coroutine):
    return await asyncio.wait_for(coroutine, seconds)


async def within(seconds, coroutine):
    """What ``asyncio.timeout`` does, where there is none."""
    if not hasattr(asyncio, "timeout"):
        return await asyncio.wait_for(coroutine, seconds)
    async with asyncio.timeout(seconds):
        return await coroutine


@pytest.mark.parametrize("limit", [waited_for, within])
def test_a_call_whose_time_is_over_disturbs_nobody(limit, leftovers, new_loop):
    def say(request):
        name = json.loads(request.body)["Key"]["p"]["S"]
        return [0.5, echo(request)] if name == "stalled" else echo(request)

    async def main(conn):
        await get(conn)
        others = [asyncio.ensure_future(get(conn, f"slow {number}")) for number in range(5)]
        with pytest.raises(asyncio.TimeoutError):
            await limit(0.02, get(conn, "stalled"))
        leftovers_in_use = [one for pool in leftovers.loop_pools for one in pool._in_use]
        assert len(leftovers_in_use) <= 5
        await asyncio.gather(*others)
        await asyncio.gather(*(get(conn, f"after {number}") for number in range(20)))
        leftovers.assert_none_in_use()

    with ScriptedServer([say]) as server:
        conn = connection.connection_for({}, {"endpoint_url": server.url}, "direct")
        run_on(new_loop, main(conn))
        server.drop_connections()


@pytest.mark.refused_by_aws("value", reason="what cannot be sent is refused by botocore")
@pytest.mark.skipif(not hasattr(asyncio, "TaskGroup"), reason="came with Python 3.11")
def test_a_group_of_tasks_cancels_the_others_when_one_fails(server, leftovers, new_loop):
    async def main(conn):
        await get(conn)
        with pytest.raises(BaseException) as caught:
            async with asyncio.TaskGroup() as group:
                for number in range(20):
                    group.create_task(get(conn, f"slow {number}"))
                group.create_task(conn.acall(Request("GetItem", TableName="table", Key={"p": object()})))
        assert isinstance(caught.value.exceptions[0], exceptions.RequestRefused)
        leftovers.assert_none_in_use()
        async with asyncio.TaskGroup() as group:
            for number in range(20):
                group.create_task(get(conn, f"slow {number}"))
        leftovers.assert_none_in_use()

    run_on(new_loop, main(connection.connection_for({}, {"endpoint_url": server.url}, "default")))


# Loops that cannot watch sockets.


class Blind(asyncio.SelectorEventLoop):
    """Cannot watch sockets, as the usual one of Windows."""

    def add_reader(self, *arguments):
        raise NotImplementedError


@pytest.mark.refused_by_aws("value", reason="what cannot be sent is refused by botocore")
def test_on_a_loop_that_cannot_watch_sockets_calls_go_by_thread(transport, server, leftovers):
    async def main():
        for number in range(3):
            await get(conn, f"one {number}")
        await asyncio.gather(*(get(conn, f"many {number}") for number in range(20)))
        with pytest.raises(exceptions.RequestRefused):
            await conn.acall(Request("GetItem", TableName="table", Key={"p": object()}))

    conn = connection.connection_for({}, {"endpoint_url": server.url}, transport)
    run_on(Blind, main())
    assert leftovers.idle == 0
    leftovers.assert_none_in_use()
    # one connection was opened to learn that, and no other for nothing
    assert server.connections <= 1 + 10


def test_loops_in_several_threads_share_a_connection(server, new_loop, leftovers):
    conn = connection.connection_for({}, {"endpoint_url": server.url}, "direct")
    failed = []

    async def main(number):
        for turn in range(10):
            await asyncio.gather(*(get(conn, f"{number} {turn} {one}") for one in range(5)))

    def work(number):
        try:
            run_on(new_loop, main(number))
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    leftovers.assert_none_in_use()


def test_connections_can_be_closed_from_another_thread_while_a_loop_uses_them(server, new_loop, leftovers):
    conn = connection.connection_for({}, {"endpoint_url": server.url}, "direct")

    async def main():
        for number in range(30):
            calls = [asyncio.ensure_future(get(conn, f"{number} {one}")) for one in range(12)]
            await asyncio.to_thread(conn.close)
            await asyncio.gather(*calls)
        leftovers.assert_none_in_use()
        await asyncio.to_thread(conn.close)
        while leftovers.idle:
            await asyncio.sleep(0)

    run_on(new_loop, main())
