"""What awaited verbs call of the user's: coroutine functions are awaited, and nothing there may block the loop."""

from __future__ import annotations

import asyncio
import contextvars
import threading
from typing import Any

import pytest

from dynamorm import ManyToOne, MustBeAwaited, OneToMany, signals
from dynamorm.signals import (
    model_prepared,
    post_delete,
    post_init,
    post_request,
    post_save,
    post_update,
    pre_delete,
    pre_init,
    pre_request,
    pre_save,
    pre_update,
)

from ..books import book_values
from ..libraries import Library, installed_libraries, text
from ..stored import stored_item

VERBS = {
    "save": (pre_save, post_save, lambda book: book.save(), lambda book: book.asave()),
    "update": (pre_update, post_update, lambda book: book.update(copies=9), lambda book: book.aupdate(copies=9)),
    "partial save": (
        pre_update,
        post_update,
        lambda book: change(book).save(partial=True),
        lambda book: change(book).asave(partial=True),
    ),
    "delete": (pre_delete, post_delete, lambda book: book.delete(), lambda book: book.adelete()),
    "request": (pre_request, post_request, lambda book: book.refresh(), lambda book: book.arefresh()),
}
each_verb = pytest.mark.parametrize(("before", "after", "blocking", "awaited"), VERBS.values(), ids=VERBS)


def change(book: Any) -> Any:
    book.copies = 8
    return book


@pytest.fixture(scope="module")
def library() -> Library:
    """One library, whichever there is: what is tested here is the same for all."""
    return installed_libraries()[0]


@pytest.fixture
def found(book: Any) -> Any:
    book.put(book_values())
    return book.get(isbn=book_values()["isbn"])


def noting(seen: list[str], name: str) -> Any:
    async def note(sender: Any, **facts: Any) -> None:
        seen.append(f"{name} begins")
        await asyncio.sleep(0.001)
        seen.append(f"{name} ends")

    return note


@each_verb
def test_coroutine_receivers_are_awaited_one_after_the_other_around_what_is_sent(
    found, before, after, blocking, awaited
):
    seen: list[str] = []
    first, second, third = (noting(seen, name) for name in ("first", "second", "third"))

    def plain(sender: Any, **facts: Any) -> None:
        seen.append("plain")

    earlier = before.connected_to(first), before.connected_to(plain), before.connected_to(second)
    with earlier[0], earlier[1], earlier[2], after.connected_to(third):
        asyncio.run(awaited(found))
    assert sorted(seen[:-2]) == sorted(["first begins", "first ends", "plain", "second begins", "second ends"])
    for name in ("first", "second"):
        assert seen.index(f"{name} ends") == seen.index(f"{name} begins") + 1
    assert seen[-2:] == ["third begins", "third ends"]


@each_verb
def test_a_blocking_verb_refuses_them_before_anything_is_sent(found, sent, before, after, blocking, awaited):
    seen: list[str] = []
    note = noting(seen, "it")
    for signal in (before, after):
        del sent[:]
        refusal = pytest.raises(MustBeAwaited, match=rf"(?s){signal.name.rpartition('.')[2]}.*the awaitable verbs")
        with signal.connected_to(note), refusal:
            blocking(found)
        assert [one for one in sent if signal not in (pre_request, post_request)] == []
    assert seen == []
    assert stored_item(type(found), isbn=found.isbn)["copies"] == 3


def test_what_a_coroutine_receiver_changes_is_sent(book, found):
    async def stamp(sender: Any, instance: Any, **facts: Any) -> None:
        await asyncio.sleep(0)
        instance.author = "stamped"

    async def save() -> None:
        await found.asave()
        assert (await book.aget(isbn=found.isbn)).author == "stamped"
        found.author = "another"
        found.copies = 8
        await found.asave(partial=True)
        assert (await book.aget(isbn=found.isbn)).author == "stamped"

    with pre_save.connected_to(stamp), pre_update.connected_to(stamp):
        asyncio.run(save())


def test_errors_of_coroutine_receivers_reach_the_caller_and_nothing_is_sent(found, sent):
    async def refuse(sender: Any, **facts: Any) -> None:
        await asyncio.sleep(0)
        raise LookupError("no")

    del sent[:]
    with pre_save.connected_to(refuse), pytest.raises(LookupError, match="no"):
        asyncio.run(found.asave())
    assert sent == []


def test_making_instances_awaits_nobody(library, book, found):
    async def note(sender: Any, **facts: Any) -> None:
        raise AssertionError("nobody awaits this")

    async def read() -> None:
        await book.aget(isbn=found.isbn)

    for signal in (pre_init, post_init):
        with signal.connected_to(note):
            with pytest.raises(MustBeAwaited, match="give a plain function"):
                book(isbn="1")
            with pytest.raises(MustBeAwaited, match="give a plain function"):
                asyncio.run(read())
    with model_prepared.connected_to(note), pytest.raises(MustBeAwaited, match="give a plain function"):
        library.model("Late", {"name": "late", "hash_key": "id"}, {"id": text(required=True)})


def test_a_callable_that_returns_an_awaitable_is_awaited_too(found):
    seen: list[str] = []

    class Receiver:
        def __call__(self, sender: Any, **facts: Any) -> Any:
            return noting(seen, "it")(sender)

    receiver = Receiver()
    with pre_save.connected_to(receiver):
        asyncio.run(found.asave())
        assert seen == ["it begins", "it ends"]
        with pytest.raises(MustBeAwaited):
            found.save()


# What would block the loop.


@pytest.fixture
def forum(library: Any, dynamo_tables: Any) -> Any:
    user = library.model("User", {"name": "users", "hash_key": "name"}, {"name": text(required=True)})
    way = ManyToOne(user, query=lambda thread: {"name": thread.user_name})
    many = OneToMany("Reply", query=lambda thread: {"thread": thread.subject})
    fields = {"subject": text(required=True), "user_name": text()}
    thread = library.model("Thread", {"name": "threads", "hash_key": "subject"}, fields, user=way, replies=many)
    fields = {"thread": text(required=True), "number": text(required=True)}
    reply = library.model("Reply", {"name": "replies", "hash_key": "thread", "range_key": "number"}, fields)
    dynamo_tables(user, thread, reply)
    user.put({"name": "ann"})
    reply.put_batch({"thread": "t", "number": "1"}, {"thread": "t", "number": "2"})
    made = thread(subject="t", user_name="ann")
    made.save()
    return thread.get(subject="t")


WAITING = {
    "bool of a query": (lambda thread: bool(type(thread).scan()), True, "await query.aexists()"),
    "bool of a relationship": (lambda thread: bool(thread.replies), True, "await query.aexists()"),
    "len of a relationship": (lambda thread: len(thread.replies), 2, "await relationship.aall()"),
    "a lazy relationship": (lambda thread: thread.user.name, "ann", r"await Thread.user.aget\("),
    "an item by its position": (lambda thread: thread.replies[1].number, "2", r"aall\(\)"),
}
each_wait = pytest.mark.parametrize(("wait", "expected", "remedy"), WAITING.values(), ids=WAITING)


@each_wait
@pytest.mark.parametrize("kind", ["plain", "coroutine"])
def test_what_waits_is_refused_in_receivers_that_an_awaited_verb_calls(forum, wait, expected, remedy, kind):
    def plain(sender: Any, **facts: Any) -> None:
        wait(forum)

    async def coroutine(sender: Any, **facts: Any) -> None:
        await asyncio.sleep(0)
        wait(forum)

    for signal in (pre_save, post_save):
        receiver = plain if kind == "plain" else coroutine
        with signal.connected_to(receiver), pytest.raises(MustBeAwaited, match=remedy):
            asyncio.run(forum.asave())


@each_wait
def test_it_blocks_in_receivers_of_blocking_verbs(forum, wait, expected, remedy):
    seen = []

    def look(sender: Any, **facts: Any) -> None:
        seen.append(wait(forum))

    with pre_save.connected_to(look):
        forum.save()
    assert seen == [expected]


@each_wait
def test_it_blocks_where_a_loop_runs_and_no_verb_of_ours(forum, wait, expected, remedy):
    async def in_a_notebook() -> Any:
        await type(forum).aget(subject="t")  # after which nothing of it holds
        return wait(forum)

    assert asyncio.run(in_a_notebook()) == expected


def test_a_relationship_that_leads_nowhere_needs_no_waiting(forum):
    seen: list[Any] = []

    def look(sender: Any, instance: Any, **facts: Any) -> None:
        seen.append(instance.user)

    forum.user_name = None
    with pre_save.connected_to(look):
        asyncio.run(forum.asave())
    assert seen == [None]


def test_the_remedies_work_in_receivers(forum):
    seen: list[Any] = []

    async def look(sender: Any, instance: Any, **facts: Any) -> None:
        seen.append((await sender.user.aget(instance)).name)
        seen.append(instance.user.name)  # which is loaded by now
        seen.append(await instance.replies.aexists())
        seen.append(len(await instance.replies.aall()))

    with pre_save.connected_to(look):
        asyncio.run(forum.asave())
    assert seen == ["ann", "ann", True, 2]


def test_a_blocking_verb_in_a_receiver_blocks(forum):
    seen: list[Any] = []

    def look(sender: Any, instance: Any, **facts: Any) -> None:
        seen.append((threading.get_ident(), sender.get(subject="t").user_name))

    async def save() -> int:
        await forum.asave()
        return threading.get_ident()

    with pre_save.connected_to(look):
        loops = asyncio.run(save())
    assert seen == [(loops, "ann")]


def test_other_tasks_may_wait_while_a_receiver_may_not(forum):
    entered, left = asyncio.Event(), asyncio.Event()

    async def hold(sender: Any, **facts: Any) -> None:
        entered.set()
        await left.wait()

    async def both() -> Any:
        saving = asyncio.get_running_loop().create_task(forum.asave())
        await entered.wait()
        counted = len(forum.replies)
        left.set()
        await saving
        return counted

    with pre_save.connected_to(hold):
        assert asyncio.run(both()) == 2


def test_receivers_see_the_callers_context(book, found):
    whose: contextvars.ContextVar[str] = contextvars.ContextVar("whose", default="nobody's")
    seen: list[str] = []

    async def look(sender: Any, **facts: Any) -> None:
        seen.append(whose.get())

    async def save(name: str) -> None:
        whose.set(name)
        await found.asave()

    async def both() -> None:
        await asyncio.gather(save("ann's"), save("ben's"))

    with pre_save.connected_to(look):
        asyncio.run(both())
    assert sorted(seen) == ["ann's", "ben's"]


@pytest.mark.skipif(not hasattr(signals.pre_save, "muted"), reason="older releases of blinker mute none")
def test_a_muted_signal_calls_nobody(found):
    with signals.pre_save.connected_to(noting([], "it")), signals.pre_save.muted():
        asyncio.run(found.asave())
        found.save()


def test_progress_that_is_a_coroutine_function_is_refused_where_nobody_awaits_it(book):
    async def progress(report: Any) -> None:
        raise AssertionError("nobody awaits this")

    with pytest.raises(MustBeAwaited, match="coroutine function"):
        book.put_batch([{"isbn": "1", "title": "T"}], progress=progress)
