"""That bodies of tests of blocking verbs really go the awaited way: what ``adapter.py`` and ``bodies.py`` promise."""

from __future__ import annotations

import importlib
import sys
import threading
from typing import Any

import pytest

import dynamorm
from dynamorm import BatchWriter, Transaction, drivers
from dynamorm.signals import pre_request, pre_save

from ..books import book_values
from . import bodies
from .adapter import awaited_face


@pytest.fixture
def threads(book: Any) -> Any:
    """The names of the threads in which requests were sent."""
    names: list[str] = []

    def note(sender: Any, request: Any) -> None:
        names.append(threading.current_thread().name)

    with awaited_face(), pre_request.connected_to(note, sender=book):
        yield names


USES = {
    "get": lambda book: book.get(isbn="1"),
    "save": lambda book: book(isbn="1", title="T").save(),
    "query": lambda book: book.query(isbn="1").first(),
    "iterating": lambda book: list(book.scan()),
    "pages": lambda book: list(book.scan().pages()),
    "get_batch": lambda book: list(book.get_batch(["1"])),
    "put_batch": lambda book: book.put_batch(book_values()),
    "load": lambda book: dynamorm.load(found(book)),
    "transaction": lambda book: in_block(Transaction(), lambda tx: tx.put(book, book_values())),
    "writer": lambda book: in_block(BatchWriter(), lambda writer: writer.put(book, book_values())),
}


def found(book: Any) -> Any:
    book(isbn="1", title="T").save()
    return book.get(isbn="1")


def in_block(block: Any, use: Any) -> None:
    with block as entered:
        use(entered)


@pytest.mark.slow
@pytest.mark.parametrize("use", USES.values(), ids=USES)
def test_verbs_are_carried_out_on_the_loop(book, threads, use):
    use(book)
    # transactions have many models, and thus no sender
    assert threads == ["tests-loop"] * len(threads)
    assert threads or use is USES["transaction"]


def test_no_module_keeps_the_blocking_driver():
    with awaited_face():
        left = [
            module.__name__
            for module in list(sys.modules.values())
            if module.__name__.startswith("dynamorm.") and module is not drivers
            if vars(module).get("run") is drivers.run or vars(module).get("perform") is drivers.perform
        ]
    assert left == []


def test_receivers_on_the_loop_may_block(book, threads):
    seen = []

    def look(sender: Any, **facts: Any) -> None:
        seen.append(sender.get(isbn="1"))

    with pre_save.connected_to(look):
        book(isbn="1", title="T").save()
    assert seen == [None] and set(threads) == {"tests-loop"}


def test_what_is_left_out_is_there():
    for module, names in bodies.LEFT_OUT.items():
        assert module in bodies.OF_ALL_LIBRARIES + bodies.OF_ONE_LIBRARY
        tests = importlib.import_module(f"tests.{module}")
        assert [name for name in names if not hasattr(tests, name)] == []
