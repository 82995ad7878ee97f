"""Verbs that a model replaces: which one awaited verbs call, and how."""

from __future__ import annotations

import asyncio
import contextvars
import inspect
import threading
import uuid
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

import dynamorm
from dynamorm import ManyToOne, MustBeAwaited

from ..books import BOOK, BOOK_TABLE, book_values
from ..libraries import Library, installed_libraries, text
from ..stored import stored_item

seen: list[str] = []
whose: contextvars.ContextVar[str] = contextvars.ContextVar("whose", default="nobody's")


@pytest.fixture(scope="module")
def library() -> Library:
    """One library, whichever there is: what is tested here is the same for all."""
    return installed_libraries()[0]


@pytest.fixture(autouse=True)
def nothing_seen() -> None:
    seen.clear()


class Blocking:
    @classmethod
    def update_item(cls, *actions: Any, **options: Any) -> Any:
        seen.append("update_item")
        return super().update_item(*actions, **options)  # type: ignore[misc]


class Awaited:
    @classmethod
    async def aupdate_item(cls, *actions: Any, **options: Any) -> Any:
        seen.append("aupdate_item")
        await asyncio.sleep(0)
        return await super().aupdate_item(*actions, **options)  # type: ignore[misc]


class OfOneClass:
    @classmethod
    def update_item(cls, *actions: Any, **options: Any) -> Any:
        seen.append("update_item")
        return super().update_item(*actions, **options)  # type: ignore[misc]

    @classmethod
    async def aupdate_item(cls, *actions: Any, **options: Any) -> Any:
        seen.append("aupdate_item")
        return await super().aupdate_item(*actions, **options)  # type: ignore[misc]


@pytest.fixture
def made(library: Any, dynamo_tables: Any) -> Callable[..., Any]:
    """Return a book whose model derives from classes with verbs of their own, and one that is stored."""

    def make(*kinds: type) -> Any:
        base = library.model("Base", BOOK_TABLE, BOOK)
        (model,) = dynamo_tables(type(base)("Own", (*kinds, base), {}))
        dynamorm.DynaModel.put.__func__(model, book_values())
        return model.get(isbn=book_values()["isbn"])

    return make


async def partly(book: Any) -> None:
    book.copies = 8
    await book.asave(partial=True)


async def by_update(book: Any) -> None:
    await book.aupdate(copies=8)


async def by_reconciling(book: Any) -> None:
    book.copies = 8
    await book.areconcile()


THROUGH = {"partial save": partly, "update": by_update, "reconcile": by_reconciling}
through_each = pytest.mark.parametrize("write", THROUGH.values(), ids=THROUGH)
INSIDE = {
    "blocking": ((Blocking,), ["update_item"]),
    "awaited": ((Awaited,), ["aupdate_item"]),
    "the awaited one is more derived": ((Awaited, Blocking), ["aupdate_item", "update_item"]),
    "the blocking one is more derived": ((Blocking, Awaited), ["update_item"]),
    "both of one class": ((OfOneClass,), ["aupdate_item"]),
}
each_order = pytest.mark.parametrize(("kinds", "expected"), INSIDE.values(), ids=INSIDE)


@each_order
@through_each
def test_of_the_verbs_of_a_model_the_more_derived_one_is_called(made, kinds, expected, write):
    book = made(*kinds)
    asyncio.run(write(book))
    assert seen == expected
    assert stored_item(type(book), isbn=book.isbn)["copies"] == book.copies == 8


@each_order
def test_called_by_its_name_it_comes_to_the_same(made, kinds, expected):
    book = made(*kinds)
    asyncio.run(type(book).aupdate_item(isbn=book.isbn, copies=8))
    called = ["aupdate_item", *expected] if kinds == (Blocking, Awaited) else expected  # Python finds it first
    assert seen == called
    assert stored_item(type(book), isbn=book.isbn)["copies"] == 8


@each_order
def test_blocking_verbs_do_not_see_awaited_ones(made, kinds, expected):
    book = made(*kinds)
    book.copies = 8
    book.save(partial=True)
    assert seen == ([] if kinds == (Awaited,) else ["update_item"])
    assert stored_item(type(book), isbn=book.isbn)["copies"] == 8


class Saving:
    def save(self, *arguments: Any, **options: Any) -> Any:
        seen.append(f"save {whose.get()} {threading.current_thread() is threading.main_thread()}")
        self.author = "stamped"
        return super().save(*arguments, **options)  # type: ignore[misc]


async def one(book: Any) -> None:
    await book.asave()


async def several(book: Any) -> None:
    await dynamorm.asave(book)


@pytest.mark.parametrize("save", [one, several], ids=["asave", "dynamorm.asave"])
def test_a_blocking_verb_runs_in_a_thread_with_the_callers_context(made, save):
    book = made(Saving)

    async def main() -> None:
        whose.set("ann's")
        await save(book)

    asyncio.run(main())
    assert seen == ["save ann's False"]
    assert stored_item(type(book), isbn=book.isbn)["author"] == "stamped"


def test_the_loop_goes_on_while_it_blocks(made):
    entered, left = threading.Event(), threading.Event()

    class Slow:
        def save(self, *arguments: Any, **options: Any) -> Any:
            entered.set()
            assert left.wait(30)
            return super().save(*arguments, **options)  # type: ignore[misc]

    book = made(Slow)

    async def main() -> None:
        saving = asyncio.get_running_loop().create_task(book.asave())
        while not entered.is_set():
            await asyncio.sleep(0.001)
        assert await type(book).aget(isbn=book.isbn) is not None
        left.set()
        await saving

    asyncio.run(main())


def test_it_may_block_as_much_as_it_likes(made):
    class Looking:
        def save(self, *arguments: Any, **options: Any) -> Any:
            seen.append(str(bool(type(self).scan())))  # type: ignore[attr-defined]
            return super().save(*arguments, **options)  # type: ignore[misc]

    book = made(Looking)

    async def main() -> None:
        await book.asave()
        await dynamorm.asave([book])

    asyncio.run(main())
    assert seen == ["True", "True"]


def test_its_errors_reach_the_caller(made):
    class Refusing:
        def save(self, *arguments: Any, **options: Any) -> Any:
            raise LookupError("no")

    book = made(Refusing)
    with pytest.raises(LookupError, match="no"):
        asyncio.run(book.asave())
    with pytest.raises(LookupError, match="no") as caught:
        asyncio.run(dynamorm.asave(book))
    assert caught.value.left == [book]  # type: ignore[attr-defined]


def test_a_coroutine_function_under_the_blocking_name_is_awaited_and_refused_elsewhere(made):
    class Mistaken:
        async def save(self, *arguments: Any, **options: Any) -> Any:
            seen.append("save")

    book = made(Mistaken)
    asyncio.run(book.asave())
    asyncio.run(dynamorm.asave(book))
    assert seen == ["save", "save"]
    with pytest.raises(MustBeAwaited):
        dynamorm.save(book)
    assert seen == ["save", "save"]


VERBS: dict[str, Callable[[Any], Awaitable[Any]]] = {
    "get": lambda book: type(book).aget(isbn=book.isbn),
    "require": lambda book: type(book).arequire(isbn=book.isbn),
    "exists": lambda book: type(book).aexists(isbn=book.isbn),
    "get_batch": lambda book: type(book).aget_batch([book.isbn]),
    "refresh": lambda book: book.arefresh(),
    "put": lambda book: type(book).aput(book_values()),
    "put_batch": lambda book: type(book).aput_batch(book_values()),
    "delete_batch": lambda book: type(book).adelete_batch(book.isbn),
    "create": lambda book: type(book).acreate(isbn=uuid.uuid4().hex, title="T"),
    "get_or_create": lambda book: type(book).aget_or_create(isbn=uuid.uuid4().hex, defaults={"title": "T"}),
    "delete": lambda book: book.adelete(),
    "delete_item": lambda book: type(book).adelete_item(isbn=book.isbn),
    "update": lambda book: book.aupdate(copies=8),
    "upsert": lambda book: type(book).aupsert(isbn=book.isbn, title="T"),
    "patch": lambda book: type(book).apatch(isbn=book.isbn, copies=8),
    "reconcile": lambda book: book.areconcile(),
}


@pytest.mark.parametrize("verb", VERBS)
def test_each_verb_calls_what_the_model_has_in_place_of_the_blocking_one(made, verb):
    plain = getattr(dynamorm.DynaModel, verb)

    def own(target: Any, *arguments: Any, **options: Any) -> Any:
        seen.append(verb)
        return (plain.__func__ if inspect.ismethod(plain) else plain)(target, *arguments, **options)

    kind = type("Kind", (), {verb: classmethod(own) if inspect.ismethod(plain) else own})
    blocking = made()
    result = asyncio.run(_settled(VERBS[verb](blocking)))
    own_book = made(kind)
    seen.clear()
    assert asyncio.run(_settled(VERBS[verb](own_book))) == result
    assert seen == [verb]


async def _settled(awaitable: Awaitable[Any]) -> Any:
    result = await awaitable
    return [type(one).__name__ for one in result] if isinstance(result, (list, tuple)) else type(result).__name__


def test_handles_call_them_in_their_place(made):
    class Reading:
        @classmethod
        def get(cls, *arguments: Any, **keys: Any) -> Any:
            seen.append(f"get from {cls.Table.full_name}")  # type: ignore[attr-defined]
            return super().get(*arguments, **keys)  # type: ignore[misc]

    class AwaitedReading:
        @classmethod
        async def aget(cls, *arguments: Any, **keys: Any) -> Any:
            seen.append(f"aget from {cls.Table.full_name}")  # type: ignore[attr-defined]
            return await super().aget(*arguments, **keys)  # type: ignore[misc]

    for kinds, names in (((Reading,), ["get"]), ((AwaitedReading,), ["aget"]), ((AwaitedReading, Reading), None)):
        book = made(*kinds)
        handle = type(book).using(table_prefix="elsewhere-")
        table = handle.Table.full_name

        async def main(handle: Any = handle) -> None:
            await handle.Table.acreate_table()
            await handle.aput({"isbn": "1", "title": "elsewhere"})
            assert (await handle.aget(isbn="1")).title == "elsewhere"
            assert (await handle.arequire(isbn="1")).title == "elsewhere"
            await handle.Table.adelete()

        seen.clear()
        asyncio.run(main())
        assert seen == [f"{name} from {table}" for name in names or ["aget", "get"]] * 2


def test_relationships_read_and_prefetch_through_them(library, dynamo_tables):
    class Reading:
        @classmethod
        async def aget(cls, *arguments: Any, **keys: Any) -> Any:
            seen.append("aget")
            return await super().aget(*arguments, **keys)  # type: ignore[misc]

        @classmethod
        def get_batch(cls, *arguments: Any, **options: Any) -> Any:
            seen.append(f"get_batch {threading.current_thread() is threading.main_thread()}")
            return super().get_batch(*arguments, **options)  # type: ignore[misc]

    base = library.model("Base", {"name": "users", "hash_key": "name"}, {"name": text(required=True)})
    user = type(base)("User", (Reading, base), {})
    way = ManyToOne(user, query=lambda thread: {"name": thread.user})
    fields = {"subject": text(required=True), "user": text()}
    thread = library.model("Thread", {"name": "threads", "hash_key": "subject"}, fields, by=way)
    dynamo_tables(user, thread)
    user.put({"name": "ann"})
    threads = [thread(subject="1", user="ann"), thread(subject="2", user="ann")]

    async def main() -> None:
        assert (await thread.by.aget(threads[0])).name == "ann"
        await thread.by.aprefetch(threads)

    asyncio.run(main())
    assert seen == ["aget", "get_batch False"]
    assert threads[1].by.name == "ann"
