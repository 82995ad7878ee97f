"""A program that tells how much of an event loop's own CPU time each callback takes.

    python -m tests.connection.loop_time SCENARIO ENDPOINT [LIBRARY or TRANSPORT]

It prints, as JSON, the milliseconds that the longest callbacks took, each with what was called.
"""

from __future__ import annotations

import asyncio
import gc
import json
import sys
import time
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

import dynamorm

Work = Callable[[], Coroutine[Any, Any, None]]
# what is done before a loop runs, and then there
Scenario = Callable[[str, str], Work]
KEYS = {"aws_access_key_id": "A", "aws_secret_access_key": "B", "region_name": "us-east-1"}
MOST_SHOWN = 3


class Get:
    operation = "GetItem"
    payload = {"TableName": "notes", "Key": {"id": {"S": "1"}}}


class Failing:
    operation = "GetItem"
    payload = {"TableName": "missing", "Key": {"id": {"S": "1"}}}


def connect(url: str, transport: str) -> Any:
    return dynamorm.connection.connection_for(KEYS, {"endpoint_url": url}, transport)


async def first_call(url: str, transport: str) -> None:
    assert (await connect(url, transport).acall(Get()))["Item"]["id"] == {"S": "1"}


async def many_first_calls(url: str, transport: str) -> None:
    conn = connect(url, transport)
    await asyncio.gather(*(conn.acall(Get()) for _ in range(100)))


async def first_error(url: str, transport: str) -> None:
    conn = connect(url, transport)
    for _ in range(3):
        try:
            await conn.acall(Failing())
        except dynamorm.exceptions.TableNotFound:
            pass
        else:
            raise AssertionError("an error was expected")
        await conn.acall(Get())


def refreshed_credentials(url: str, transport: str) -> Work:
    import datetime

    from botocore.credentials import RefreshableCredentials

    def fetched() -> dict[str, str]:
        time.sleep(0.2)
        # fetched again for each call, so near is their end
        end = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=30)
        return {"access_key": "A", "secret_key": "B", "token": "C", "expiry_time": end.isoformat()}

    conn = connect(url, transport)
    credentials = RefreshableCredentials.create_from_metadata(fetched(), fetched, "test")
    conn.client._request_signer._credentials = credentials

    async def work() -> None:
        for _ in range(3):
            await conn.acall(Get())

    return work


def note_model(library: str) -> Any:
    """Return a model of small items in the words of a library."""
    from ..libraries import collection, integer, library_named, listing, mapping, moment, text

    fields = {
        "id": text(required=True),
        "number": integer(),
        "title": text(),
        "tags": listing(text()),
        "genres": collection(text()),
        "meta": mapping(),
        "made": moment(),
        "pad": text(),
    }
    return library_named(library).model("Note", {"name": "notes", "hash_key": "id"}, fields)


def with_model(work: Callable[[Any], Coroutine[Any, Any, None]]) -> Scenario:
    """Return a scenario that is about a model, which is defined before its loop runs."""

    def scenario(url: str, library: str) -> Work:
        model = note_model(library)
        dynamorm.configure(endpoint_url=url, **KEYS)
        return partial(work, model)

    return scenario


def in_loop(work: Callable[[str, str], Coroutine[Any, Any, None]]) -> Scenario:
    """Return a scenario all of which happens while its loop runs."""
    return lambda url, option: partial(work, url, option)


async def get_one(model: Any) -> None:
    assert (await model.aget(id="1")).id == "1"


async def save_one(model: Any) -> None:
    note = await model.aget(id="1")
    note.number = 7
    await note.asave()
    await model(id="2", number=1, title="new").asave()


async def scan_to_a_list(model: Any) -> None:
    # to let go of thousands of instances takes time, too, but whose they are decides when
    _kept.append(await model.scan().aall())
    assert len(_kept[0]) > 5_000


async def scan_one_by_one(model: Any) -> None:
    count = 0
    async for _ in model.scan():
        count += 1
    assert count > 5_000


async def scan_by_pages(model: Any) -> None:
    count = 0
    async for page in model.scan().apages():
        _kept.append(page.items)
        count += len(page.items)
    assert count > 5_000


async def count_all(model: Any) -> None:
    assert await model.scan().acount() > 5_000


async def get_batch(model: Any) -> None:
    keys = [{"id": str(number)} for number in range(100)]
    assert len([note async for note in model.get_batch(keys)]) == 100


async def put_batch(model: Any) -> None:
    await model.aput_batch(*({"id": str(number), "title": "x" * 300} for number in range(2_000)))


SCENARIOS: dict[str, Scenario] = {
    "first call": in_loop(first_call),
    "many first calls": in_loop(many_first_calls),
    "first error": in_loop(first_error),
    "refreshed credentials": refreshed_credentials,
    "first get of a model": with_model(get_one),
    "first saves of a model": with_model(save_one),
    "scan to a list": with_model(scan_to_a_list),
    "scan one by one": with_model(scan_one_by_one),
    "scan by pages": with_model(scan_by_pages),
    "count": with_model(count_all),
    "get batch": with_model(get_batch),
    "put batch": with_model(put_batch),
}

_kept: list[Any] = []
_took: list[tuple[float, str]] = []


def measure_callbacks() -> None:
    run = asyncio.Handle._run

    def timed(handle: Any) -> None:
        begun = time.thread_time()
        run(handle)
        spent = time.thread_time() - begun
        if spent > 0.001:
            _took.append((round(spent * 1000, 2), repr(handle._callback)[:300]))

    asyncio.Handle._run = timed  # type: ignore[method-assign]


def main() -> None:
    scenario, url, option = sys.argv[1:]
    work = SCENARIOS[scenario](url, option)
    # which collects for whoever happens to run when it is time, and all that there is in the program
    gc.disable()
    measure_callbacks()
    asyncio.run(work())
    print(json.dumps(sorted(_took, reverse=True)[:MOST_SHOWN]))


if __name__ == "__main__":
    main()
