"""``async with BatchWriter()``: writes that are taken by tasks of one loop."""

from __future__ import annotations

import asyncio

import pytest

from dynamorm import BatchWriter, DynamoTableException, MustBeAwaited, ValidationError


def values(number):
    return {"isbn": f"{number:03}", "title": f"title {number}"}


def stored(book):
    return sorted(one.isbn for one in book.scan())


def test_tasks_share_a_writer(book, sent):
    async def write():
        async with BatchWriter(concurrency=2) as writer:
            await asyncio.gather(*[writer.aput(book, values(number)) for number in range(110)])
            await asyncio.gather(*[writer.adelete(book, isbn=f"{number:03}") for number in range(10)])
        return writer.report

    report = asyncio.run(write())
    assert stored(book) == [f"{number:03}" for number in range(10, 110)]
    assert report.written + report.replaced == 120
    batches = [request for request in sent if request.operation == "BatchWriteItem"]
    assert 4 <= len(batches) <= 6


def test_what_is_refused_raises_and_nothing_more_is_sent(book, sent):
    async def write():
        async with BatchWriter() as writer:
            await writer.aput(book, values(1))
            await writer.aput(book, {"title": "no key"})

    with pytest.raises(ValidationError) as refused:
        asyncio.run(write())
    assert refused.value.position == 1
    assert [request.operation for request in sent if request.operation == "BatchWriteItem"] == []


def test_a_coroutine_is_told_of_what_is_refused_and_how_far_it_came(book):
    refused, told = [], []

    async def note(failure):
        await asyncio.sleep(0)
        refused.append(failure.tag)

    async def tell(progress):
        await asyncio.sleep(0)
        told.append(progress.done)

    async def write():
        async with BatchWriter(on_invalid=note, progress=tell) as writer:
            for number in range(30):
                await writer.aput(book, values(number) if number != 7 else {"title": "no key"}, tag=f"line {number}")

    asyncio.run(write())
    assert refused == ["line 7"]
    assert told[-1] == 29
    assert len(stored(book)) == 29


def test_a_cancelled_block_sends_nothing_more(book):
    async def write():
        async with BatchWriter() as writer:
            for number in range(3):
                await writer.aput(book, values(number))
            await asyncio.sleep(60)

    async def cancel():
        task = asyncio.create_task(write())
        await asyncio.sleep(0.05)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        return task.cancelled()

    assert asyncio.run(cancel())
    assert stored(book) == []


def test_each_kind_of_block_has_its_own_verbs(book):
    async def wrong():
        async with BatchWriter() as writer:
            writer.put(book, values(1))

    async def wrong_too():
        with BatchWriter() as writer:
            await writer.aput(book, values(1))

    async def late():
        async with BatchWriter() as writer:
            pass
        await writer.adelete(book, isbn="1")

    with pytest.raises(MustBeAwaited, match=r"await writer\.aput"):
        asyncio.run(wrong())
    for call in (wrong_too, late):
        with pytest.raises(DynamoTableException, match="async with BatchWriter"):
            asyncio.run(call())
    assert stored(book) == []
