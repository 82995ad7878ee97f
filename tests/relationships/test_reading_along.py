"""``query.prefetch(relationship)``: parents that come with each page, blocking and awaited."""

from __future__ import annotations

import asyncio

import pytest

from dynamorm import MisusedExpression, ValidationError


@pytest.fixture
def threads(forum):
    forum.User.put_batch(*({"name": f"user {number}", "motto": str(number)} for number in range(30)))
    forum.Thread.put_batch(
        *({"forum_name": "python", "subject": f"{number:03}", "user_name": f"user {number}"} for number in range(30))
    )
    return forum.Thread.query(forum_name="python")


def test_each_page_comes_with_its_parents_in_one_request(forum, threads, requests):
    read = threads.page_size(10).prefetch(forum.Thread.user)
    assert [thread.user.motto for thread in read] == [str(number) for number in range(30)]
    assert [one for one in requests if one == "BatchGetItem"] == ["BatchGetItem"] * 3
    assert set(requests) == {"Query", "BatchGetItem"}


def test_it_is_so_when_it_is_awaited(forum, threads, requests):
    async def mottos():
        return [thread.user.motto async for thread in threads.page_size(10).prefetch(forum.Thread.user)]

    assert asyncio.run(mottos()) == [str(number) for number in range(30)]
    assert requests.count("BatchGetItem") == 3
    assert set(requests) == {"Query", "BatchGetItem"}


@pytest.mark.parametrize("ways", ["all", "page", "pages", "read_ahead", "first", "limit"])
def test_every_way_of_reading_brings_them(forum, threads, requests, ways):
    read = threads.prefetch(forum.Thread.user)
    found = {
        "all": lambda: read.all(),
        "page": lambda: read.page(5).items,
        "pages": lambda: [item for page in read.page_size(20).pages() for item in page.items],
        "read_ahead": lambda: list(read.page_size(10).read_ahead()),
        "first": lambda: [read.first()],
        "limit": lambda: list(read.limit(3)),
    }[ways]()
    requests.clear()
    assert [thread.user.name for thread in found] == [thread.user_name for thread in found]
    assert found
    assert requests == []


def test_only_so_many_are_read_along_as_are_given(forum, threads, sent):
    list(threads.limit(3).prefetch(forum.Thread.user))
    (batch,) = [request for request in sent if request.operation == "BatchGetItem"]
    ((_, asked),) = batch.payload["RequestItems"].items()
    assert len(asked["Keys"]) == 3


def test_an_item_that_the_schema_refuses_raises_where_it_stands(forum, threads):
    forum.Thread.Table.update(forum_name="python", subject="001", views="no number")
    read = iter(threads.prefetch(forum.Thread.user))
    assert next(read).user.motto == "0"
    with pytest.raises(ValidationError):
        next(read)
    assert next(read).user.motto == "2"
    kept = threads.on_invalid("skip").prefetch(forum.Thread.user).all()
    assert [thread.subject for thread in kept] == [f"{number:03}" for number in range(30) if number != 1]


def test_without_a_relationship_it_reads_ahead_as_it_did(threads):
    assert len(threads.page_size(10).prefetch().all()) == 30
    assert len(threads.page_size(10).prefetch().prefetch(False).all()) == 30


def test_what_leads_nowhere_is_refused_before_anything_is_asked(forum, threads, requests):
    requests.clear()
    for wrong in ("user", forum.User.threads, forum.Reply.user, 1):
        with pytest.raises(MisusedExpression, match="that lead to one instance"):
            threads.prefetch(wrong)
    assert requests == []
