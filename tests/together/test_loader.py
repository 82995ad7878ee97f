"""``dynamorm.loader()``: what is read by key in one tick of an event loop is read together."""

from __future__ import annotations

import asyncio

import pytest

import dynamorm
from dynamorm import InvalidKey, RequestRefused, ServiceError


@pytest.fixture
def shelf(book):
    book.put_batch(*({"isbn": f"{number:03}", "title": f"title {number}"} for number in range(150)))
    return book


def operations(sent):
    found = [request.operation for request in sent]
    sent.clear()
    return found


def read_together(shelf, sent, *calls):
    async def read():
        async with dynamorm.loader():
            return await asyncio.gather(*[call() for call in calls], return_exceptions=True)

    sent.clear()
    return asyncio.run(read())


def getting(shelf, isbn, **options):
    return lambda: shelf.aget(isbn=isbn, **options)


def test_the_reads_of_one_tick_are_batch_gets(shelf, sent):
    found = read_together(shelf, sent, *[getting(shelf, f"{number:03}") for number in range(150)])
    assert [one.title for one in found] == [f"title {number}" for number in range(150)]
    assert operations(sent) == ["BatchGetItem", "BatchGetItem"]


def test_what_is_not_there_is_none_and_each_caller_has_an_instance_of_its_own(shelf, sent):
    first, again, nothing, there, demanded = read_together(
        shelf,
        sent,
        getting(shelf, "001"),
        getting(shelf, "001"),
        getting(shelf, "nothing"),
        lambda: shelf.aexists(isbn="002"),
        lambda: shelf.arequire(isbn="nothing"),
    )
    assert first == again and first is not again
    assert nothing is None
    assert there is True
    assert isinstance(demanded, shelf.DoesNotExist)
    (batch,) = [request for request in sent if request.operation == "BatchGetItem"]
    ((_, asked),) = batch.payload["RequestItems"].items()
    assert len(asked["Keys"]) == 2


def test_only_reads_with_equal_options_go_together(shelf, sent):
    found = read_together(
        shelf,
        sent,
        getting(shelf, "001"),
        getting(shelf, "002", consistent=True),
        getting(shelf, "003", consistent=True),
        getting(shelf, "004", attrs=["title"]),
        getting(shelf, "005", attrs=["title"]),
    )
    assert [one.title for one in found] == [f"title {number}" for number in range(1, 6)]
    assert [one.is_partial for one in found] == [False] * 3 + [True] * 2
    assert sorted(operations(sent)) == ["BatchGetItem", "BatchGetItem", "GetItem"]


def test_one_cancelled_waiter_cancels_nobody(shelf, sent):
    async def read():
        async with dynamorm.loader():
            tasks = [asyncio.create_task(shelf.aget(isbn=f"{number:03}")) for number in range(10)]
            await asyncio.sleep(0)
            tasks[3].cancel()
            late = asyncio.create_task(shelf.aget(isbn="020"))
            await asyncio.sleep(0)
            tasks[4].cancel()
            return await asyncio.gather(*tasks, late, return_exceptions=True)

    found = asyncio.run(read())
    assert [number for number, one in enumerate(found) if isinstance(one, asyncio.CancelledError)] == [3, 4]
    assert [one.isbn for one in found if not isinstance(one, BaseException)] == [
        *(f"{number:03}" for number in range(10) if number not in (3, 4)),
        "020",
    ]


@pytest.mark.refused_by_aws("key-value", reason="DynamoDB refuses the batch for the sake of one key")
def test_a_key_that_is_refused_concerns_its_caller_alone(shelf, sent):
    good, wrong, bad = read_together(
        shelf, sent, getting(shelf, "001"), getting(shelf, "x" * 2049), lambda: shelf.aget(title="no key")
    )
    assert good.title == "title 1"
    assert isinstance(wrong, RequestRefused)
    assert isinstance(bad, InvalidKey)


def test_an_error_of_all_is_everybodys(shelf):
    async def read():
        async with dynamorm.loader():
            lost = shelf.using(table_name="no-such-table")
            return await asyncio.gather(lost.aget(isbn="1"), lost.aget(isbn="2"), return_exceptions=True)

    assert [isinstance(one, ServiceError) for one in asyncio.run(read())] == [True, True]


def test_it_ends_with_its_block_and_may_be_nested(shelf, sent):
    async def read():
        async with dynamorm.loader():
            async with dynamorm.loader():
                await asyncio.gather(shelf.aget(isbn="001"), shelf.aget(isbn="002"))
            await asyncio.gather(shelf.aget(isbn="001"), shelf.aget(isbn="002"))
        await asyncio.gather(shelf.aget(isbn="001"), shelf.aget(isbn="002"))

    sent.clear()
    asyncio.run(read())
    assert operations(sent) == ["BatchGetItem", "BatchGetItem", "GetItem", "GetItem"]


def test_other_verbs_and_other_loops_go_their_own_way(shelf, sent):
    async def read():
        async with dynamorm.loader():
            await asyncio.gather(shelf.aput({"isbn": "new", "title": "new"}), shelf.query(isbn="001").aall())
            in_thread = await asyncio.to_thread(lambda: asyncio.run(shelf.aget(isbn="001")))
            return in_thread, await asyncio.to_thread(shelf.get, isbn="002")

    sent.clear()
    assert [one.title for one in asyncio.run(read())] == ["title 1", "title 2"]
    assert sorted(operations(sent)) == ["GetItem", "GetItem", "PutItem", "Query"]
