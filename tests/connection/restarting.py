"""A program whose event loops begin and end, to be run with warnings that are errors.

    python -W error::ResourceWarning -m tests.connection.restarting URL TRANSPORT MANNER TIMES

It prints how many sockets are open when all loops are gone; whatever else it says is a complaint.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import os
import sys
import time
from collections.abc import Callable
from typing import Any

from dynamorm import connection


class Get:
    operation = "GetItem"

    def __init__(self, name: str) -> None:
        self.name = name
        self.payload = {"TableName": "table", "Key": {"p": {"S": name}}}


async def get(conn: Any, name: str) -> None:
    assert (await conn.acall(Get(name)))["Item"]["p"]["S"] == name


async def work(conn: Any) -> None:
    """Read several items at once, and cut off one that takes its time."""
    await asyncio.gather(*(get(conn, f"plain {number}") for number in range(3)))
    cut_off = asyncio.ensure_future(get(conn, "slow"))
    await asyncio.sleep(0.001)
    cut_off.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await cut_off
    await asyncio.gather(*(get(conn, f"plain {number}") for number in range(3)))


async def leave_off(conn: Any) -> None:
    """Return in the middle of more calls than there are connections, one of which is still being opened."""
    left = [asyncio.ensure_future(get(conn, f"slow {number}")) for number in range(12)]
    await asyncio.sleep(0.003)
    assert not all(task.done() for task in left)


def run(conn: Any) -> None:
    asyncio.run(work(conn))


def run_debugging(conn: Any) -> None:
    async def patiently() -> None:
        # how long callbacks take on a busy machine is tested elsewhere
        asyncio.get_running_loop().slow_callback_duration = 60
        await work(conn)

    asyncio.run(patiently(), debug=True)


def close_at_once(conn: Any) -> None:
    loop = asyncio.new_event_loop()
    loop.run_until_complete(work(conn))
    loop.close()


def run_uvloop(conn: Any) -> None:
    import uvloop

    loop = uvloop.new_event_loop()
    loop.run_until_complete(work(conn))
    loop.close()


def abandon(conn: Any) -> None:
    # what asyncio itself says about tasks that nobody has awaited
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)
    loop = asyncio.new_event_loop()
    loop.run_until_complete(leave_off(conn))
    loop.close()


def close_connections(conn: Any) -> None:
    async def main() -> None:
        await work(conn)
        conn.close()

    asyncio.run(main())


MANNERS: dict[str, Callable[[Any], None]] = {
    "run": run,
    "debugging": run_debugging,
    "closed at once": close_at_once,
    "uvloop": run_uvloop,
    "abandoned": abandon,
    "connections closed": close_connections,
}


def open_sockets() -> int:
    gc.collect()
    if not os.path.exists("/proc/self/fd"):
        return 0
    targets = []
    for name in os.listdir("/proc/self/fd"):
        with contextlib.suppress(OSError):
            targets.append(os.readlink(f"/proc/self/fd/{name}"))
    return sum(target.startswith("socket:") for target in targets)


def main() -> None:
    url, transport, manner, times = sys.argv[1:]
    conn = connection.connection_for({}, {"endpoint_url": url}, transport)
    before = open_sockets()
    for _ in range(int(times)):
        MANNERS[manner](conn)
    if manner == "abandoned":
        run(conn)
    if transport == "boto3":
        conn.close()
    end = time.monotonic() + 30
    while open_sockets() != before and time.monotonic() < end:
        time.sleep(0.01)  # a call that was cut off goes on in its thread
    print(open_sockets() - before)


if __name__ == "__main__":
    main()
