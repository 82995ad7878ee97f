"""A child that is forked beside an event loop leaves the parent's loop and its connections alone, and has its own."""

from __future__ import annotations

import asyncio
import json

import pytest

from dynamorm import connection

from ..forks import in_forked_child, needs_fork
from .awaited import Leftovers, run_on
from .conftest import Request
from .scripted_server import ScriptedServer, answer

pytestmark = [
    needs_fork,
    # forking beside the threads of a server is what programs do that use pools of processes
    pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning"),
]


def echo(request):
    item_key = json.loads(request.body)["Key"]
    good = answer(json.dumps({"Item": item_key}).encode())
    return [0.2, good] if item_key["p"]["S"].startswith("slow") else good


@pytest.fixture
def server():
    with ScriptedServer([echo]) as server:
        yield server


async def get(conn, name):
    request = Request("GetItem", TableName="table", Key={"p": {"S": name}})
    assert (await conn.acall(request))["Item"] == {"p": {"S": name}}


@pytest.mark.parametrize("way", ["closes", "asks", "asks on a loop of its own", "does nothing"])
def test_a_child_takes_nothing_from_the_loop_of_its_parent(way, server, pools, new_loop):
    leftovers = Leftovers(pools)
    conn = connection.connection_for({}, {"endpoint_url": server.url}, "direct")

    def work():
        if way == "closes":
            connection.close_all()
        elif way == "asks":
            again = connection.connection_for({}, {"endpoint_url": server.url}, "direct")
            name = {"p": {"S": "child"}}
            assert again.call(Request("GetItem", TableName="table", Key=name))["Item"] == name
        elif way == "asks on a loop of its own":
            asyncio.set_event_loop(None)
            run_on(asyncio.new_event_loop, several(conn, "child"))

    async def several(conn, prefix):
        await asyncio.gather(*(get(conn, f"{prefix} {number}") for number in range(5)))

    async def main():
        await several(conn, "before")
        idle, opened = leftovers.idle, server.connections
        assert idle >= 1
        under_way = asyncio.ensure_future(get(conn, "slow"))
        await asyncio.sleep(0.05)
        in_forked_child(work)
        childs = server.connections - opened
        # the parent's own connections are watched as before: its answer comes, and no other is opened
        await asyncio.wait_for(under_way, 30)
        assert leftovers.idle == idle
        await several(conn, "after")
        assert server.connections == opened + childs
        # and it still notices that the other side closes them
        server.drop_connections()
        await asyncio.sleep(0.1)
        assert not any(one.reusable for pool in leftovers.loop_pools for one in pool._idle._idle)
        await several(conn, "again")
        leftovers.assert_none_in_use()

    run_on(new_loop, main())


def test_a_child_whose_parent_runs_a_loop_may_run_one_when_it_left_the_parents(server):
    """As a server does that forks workers after it has made itself ready."""
    conn = connection.connection_for({}, {"endpoint_url": server.url}, "default")
    asyncio.run(get(conn, "parent"))

    def work():
        asyncio.run(get(conn, "child"))

    in_forked_child(work)
    asyncio.run(get(conn, "parent again"))


def test_a_child_takes_nothing_from_a_loop_that_its_parent_goes_on_with_later(server, pools, new_loop):
    conn = connection.connection_for({}, {"endpoint_url": server.url}, "direct")
    loop = new_loop()
    loop.run_until_complete(get(conn, "before"))
    in_forked_child(connection.close_all)
    loop.run_until_complete(asyncio.wait_for(get(conn, "after"), 30))
    assert server.connections == 1
    loop.close()
