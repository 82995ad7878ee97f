"""Batches of what ``async for`` goes through, and other verbs that take iterables."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

import dynamorm
from dynamorm import MustBeAwaited, ValidationError
from dynamorm.signals import pre_request

from ..libraries import Library, installed_libraries


@pytest.fixture(scope="module")
def library() -> Library:
    """One library, whichever there is: what is tested here is the same for all."""
    return installed_libraries()[0]


def page_of(number: int, **values: Any) -> dict[str, Any]:
    return {"isbn": "1", "number": number, **values}


class Pages:
    """Pages that come one by one, as over a network; what has been asked for is counted."""

    def __init__(self, many: int, wrong: dict[int, Any] | None = None) -> None:
        self.given = 0
        self._many = many
        self._wrong = wrong or {}

    def __aiter__(self) -> Pages:
        return self

    async def __anext__(self) -> Any:
        if self.given == self._many:
            raise StopAsyncIteration
        await asyncio.sleep(0)
        wrong = self._wrong.get(self.given)
        if isinstance(wrong, Exception):
            raise wrong
        self.given += 1
        return wrong or page_of(self.given - 1)

    def __await__(self) -> Any:
        raise AssertionError("what can be awaited, too, is gone through all the same")


async def generated(many: int) -> AsyncIterator[Any]:
    for number in range(many):
        await asyncio.sleep(0)
        yield page_of(number)


def numbers(model: Any) -> list[int]:
    return sorted(page.number for page in model.scan())


@pytest.mark.parametrize("concurrency", [1, 3])
@pytest.mark.parametrize("kind", [Pages, generated])
def test_any_number_is_stored_and_deleted(page, kind, concurrency):
    told: list[Any] = []

    async def main() -> None:
        await page.aput_batch(kind(60), concurrency=concurrency, progress=told.append)
        assert numbers(page) == list(range(60))
        await page.adelete_batch(kind(58), concurrency=concurrency)

    asyncio.run(main())
    assert numbers(page) == [58, 59]
    assert [report.total for report in told] == [None] * len(told)
    assert max(report.done for report in told) == 60


def test_nothing_is_taken_long_before_it_is_sent(page):
    pages, ahead = Pages(200), []

    def note(sender: Any, request: Any) -> None:
        ahead.append(pages.given - 25 * len(ahead))

    with pre_request.connected_to(note, sender=page):
        asyncio.run(page.aput_batch(pages))
    assert len(ahead) == 8 and max(ahead) <= 50


def test_of_an_iterable_that_is_empty_nothing_is_sent(page, sent):
    del sent[:]
    asyncio.run(page.aput_batch(generated(0)))
    asyncio.run(page.adelete_batch(Pages(0)))
    assert sent == []


@pytest.mark.parametrize("position", [0, 30, 59])
def test_all_before_an_item_that_is_refused_are_written_and_it_is_named(page, position):
    wrong = {"isbn": "1", "number": position, "words": "many"}
    with pytest.raises(ValidationError) as caught:
        asyncio.run(page.aput_batch(Pages(60, {position: wrong})))
    assert (caught.value.position, caught.value.key) == (position, {"isbn": "1", "number": position})
    assert numbers(page) == list(range(position))


def test_a_key_in_no_form_is_named_too(page):
    page.put_batch(page_of(number) for number in range(40))
    with pytest.raises(dynamorm.InvalidKey) as caught:
        asyncio.run(page.adelete_batch(Pages(40, {30: ("1", 2, 3)})))
    assert caught.value.position == 30
    assert numbers(page) == list(range(30, 40))


@pytest.mark.parametrize("position", [0, 30])
def test_an_error_of_the_iterables_own_reaches_the_caller_after_what_is_under_way(page, position):
    error = LookupError("the line is cut")
    with pytest.raises(LookupError, match="the line is cut") as caught:
        asyncio.run(page.aput_batch(Pages(60, {position: error}), concurrency=2))
    assert caught.value is error
    # what had been handed on by then, as of iterables that are no async ones
    assert numbers(page) == list(range(position // 25 * 25))


def test_a_cancelled_batch_lets_go_of_the_iterable(page):
    ended = []

    async def endless() -> AsyncIterator[Any]:
        try:
            for number in range(1_000_000):
                yield page_of(number % 100)
                await asyncio.sleep(0)
        finally:
            ended.append("it is closed")

    async def main() -> None:
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(page.aput_batch(endless()), 0.1)

    asyncio.run(main())
    assert ended == ["it is closed"]


@pytest.mark.parametrize("kind", [Pages, generated])
@pytest.mark.parametrize("verb", ["put_batch", "delete_batch"])
def test_a_blocking_verb_refuses_it_and_says_what_to_do(page, sent, verb, kind):
    pages, remedy = kind(3), rf"{verb}\(\) cannot go through a value of type .*use the awaitable verb"
    del sent[:]
    with pytest.raises(MustBeAwaited, match=remedy):
        getattr(page, verb)(pages)
    assert sent == []
    # which took nothing of it
    asyncio.run(page.aput_batch(pages))
    assert numbers(page) == [0, 1, 2]


def test_blocking_verbs_of_several_refuse_it_too(page):
    async def made() -> AsyncIterator[Any]:
        yield page(isbn="1", number=1)

    for verb in (dynamorm.load, dynamorm.save, dynamorm.delete, dynamorm.sync):
        with pytest.raises(MustBeAwaited, match="use the awaitable verb"):
            verb(made())


def test_awaited_verbs_of_several_take_it(page):
    async def instances(*given: int) -> AsyncIterator[Any]:
        for number in given:
            yield page(isbn="1", number=number)

    async def main() -> None:
        await dynamorm.asave(instances(1, 2), page(isbn="1", number=3), instances(4))
        assert numbers(page) == [1, 2, 3, 4]
        await dynamorm.aload(instances(1, 2))
        await dynamorm.adelete(instances(3, 1))

    asyncio.run(main())
    assert numbers(page) == [2, 4]


def test_a_query_is_gone_through_without_blocking_the_loop(page, monkeypatch):
    page.put_batch(page_of(number) for number in range(60))

    def refuse(*arguments: Any) -> Any:
        raise AssertionError("the loop is blocked")

    async def main() -> None:
        monkeypatch.setattr(type(iter(page.scan())), "__next__", refuse)
        await page.aput_batch(page.scan(number__lt=3))
        await page.adelete_batch(page.scan(number__lt=30).page_size(7))
        await dynamorm.aload(page.scan(number__gte=58))
        await dynamorm.adelete(page.scan(number__lt=58))

    asyncio.run(main())
    monkeypatch.undo()
    assert numbers(page) == [58, 59]


def test_blocking_verbs_go_through_a_query_as_before(page):
    page.put_batch(page_of(number) for number in range(60))
    page.delete_batch(page.scan(number__lt=30))
    assert numbers(page) == list(range(30, 60))


def test_what_is_no_iterable_of_either_kind_is_an_item(page):
    for given in (7, object()):
        with pytest.raises(dynamorm.DynamoException) as caught:
            asyncio.run(page.aput_batch(given))
        assert caught.value.position == 0
