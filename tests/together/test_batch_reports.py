"""What DynamoDB refuses of a batch, what is told of it meanwhile, and how it may end."""

from __future__ import annotations

import pickle
import threading
from contextlib import suppress

import pytest

from dynamorm import (
    BatchError,
    BatchWriter,
    ConnectionFailed,
    Progress,
    RequestRefused,
    TableNotFound,
    backoff,
)
from dynamorm.connection import Connection
from dynamorm.signals import pre_request

from ..forks import in_forked_child, needs_fork
from .hindrances import Withholding, numbered, refuse
from .pages import numbers, pages

LONGEST_KEY = 2_048


@pytest.mark.refused_by_aws("batch", reason="lets the engine refuse a batch")
@pytest.mark.parametrize("concurrency", [1, 3])
def test_of_a_request_that_is_refused_the_guilty_items_are_found_and_the_others_written(page, monkeypatch, concurrency):
    refuse(monkeypatch, numbered(3, 17))
    told = []
    with BatchWriter(on_invalid=told.append, concurrency=concurrency) as writer:
        for one in pages(40):
            writer.put(page, one, tag=f"tag {one['number']}")
    assert numbers(page) == [number for number in range(40) if number not in (3, 17)]
    assert sorted(one.tag for one in writer.report.failed) == ["tag 17", "tag 3"]
    for one in writer.report.failed:
        assert isinstance(one.error, RequestRefused)
        assert one.key == one.item == {"isbn": "1", "number": one.error.position}
    assert told == writer.report.failed and writer.report.written == 38


@pytest.mark.refused_by_aws("batch", reason="lets the engine refuse a batch")
def test_the_first_refusal_is_raised_when_the_others_are_written(page, monkeypatch):
    refuse(monkeypatch, numbered(3, 17))
    with pytest.raises(RequestRefused) as caught, BatchWriter(concurrency=2) as writer:
        for one in pages(40):
            writer.put(page, one)
    assert caught.value.position == 3 and caught.value.key == {"isbn": "1", "number": 3}
    assert len(numbers(page)) == 38 and len(writer.report.failed) == 2
    with pytest.raises(RequestRefused) as caught:
        page.put_batch(pages(20))
    assert caught.value.position == 3
    with pytest.raises(RequestRefused) as caught:
        page.delete_batch([("1", number) for number in range(20)])
    assert caught.value.position == 3
    assert numbers(page) == [*range(20, 40)]


@pytest.mark.refused_by_aws("key-value", reason="lets the engine refuse a key")
def test_keys_that_are_too_long_are_refused_one_by_one(book):
    with BatchWriter(on_invalid="collect") as writer:
        for key in ("1", "2" * (LONGEST_KEY + 1), "3"):
            writer.put(book, {"isbn": key, "title": "T"})
    assert sorted(one.isbn for one in book.scan()) == ["1", "3"]
    (failure,) = writer.report.failed
    assert failure.tag == 1 and isinstance(failure.error, RequestRefused)


@pytest.mark.refused_by_aws("batch", reason="lets the engine refuse a batch")
def test_an_item_that_waited_for_one_that_was_refused_is_written(page, monkeypatch):
    started = threading.Event()

    def is_guilty(entry):
        return entry.get("PutRequest", {}).get("Item", {}).get("Body") == {"S": "bad"}

    refuse(monkeypatch, is_guilty, hold=lambda request: started.set())
    with BatchWriter(on_invalid="collect", concurrency=2) as writer:
        for one in pages(25):
            writer.put(page, {**one, "body": "bad"} if one["number"] == 4 else one)
        assert started.wait(30)
        writer.put(page, {"isbn": "1", "number": 4, "body": "good"})
    assert [one.tag for one in writer.report.failed] == [4]
    assert page.get(isbn="1", number=4).body == "good" and len(numbers(page)) == 25


# What is told meanwhile.


def test_progress_is_told_after_each_answer(page, monkeypatch):
    withholding = Withholding(monkeypatch, 0.2)
    monkeypatch.setattr(backoff.random, "uniform", lambda least, most: 0)
    seen = []
    page.put_batch(pages(60), progress=seen.append)
    assert {type(one) for one in seen} == {Progress} and len(seen) == withholding.requests > 3
    assert [one.done for one in seen] == sorted(one.done for one in seen)
    assert seen[-1][:3] == (60, 0, 60) and 0 <= seen[0].seconds <= seen[-1].seconds
    seen.clear()
    page.put_batch(*pages(2), progress=seen.append)
    page.put_batch(iter(pages(1)), progress=seen.append)
    page.delete_batch([("1", 1), ("1", 1), ("1", 2)], progress=seen.append)
    assert [one[:3] for one in seen if one.done][-1] == (3, 0, 3)
    assert [one.total for one in seen if one.total != 3] == [2, None]


@pytest.mark.refused_by_aws("batch", reason="lets the engine refuse a batch")
def test_progress_counts_what_failed(page, monkeypatch):
    seen = []
    refuse(monkeypatch, numbered(3))
    with BatchWriter(progress=seen.append, on_invalid="collect") as writer:
        writer.put(page, {})
        for one in pages(4):
            writer.put(page, one)
    assert seen[-1][:3] == (3, 2, None)


@pytest.mark.parametrize("concurrency", [1, 3])
def test_an_error_of_progress_ends_the_batch(page, concurrency):
    def progress(so_far):
        raise LookupError("mine")

    with pytest.raises(LookupError, match="mine"), BatchWriter(concurrency=concurrency, progress=progress) as writer:
        for one in pages(200):
            writer.put(page, one)
    report = writer.report
    assert 25 <= report.written <= 25 * concurrency
    assert len(numbers(page)) == report.written
    assert report.written + len(report.missing) <= 200
    with pytest.raises(LookupError, match="mine"):
        page.put_batch(pages(30), progress=progress)


# Early ends.


def test_an_iterable_that_fails_is_not_left_before_what_is_under_way_is_done(page, monkeypatch):
    call, done = Connection.call, []

    def slowly(connection, request, sender=None):
        if request.operation == "BatchWriteItem":
            assert failed.wait(30)
            threading.Event().wait(0.1)
            done.append(request)
        return call(connection, request, sender)

    def source():
        yield from pages(30)
        failed.set()
        raise LookupError("mine")

    failed = threading.Event()
    monkeypatch.setattr(Connection, "call", slowly)
    with pytest.raises(LookupError, match="mine"):
        page.put_batch(source(), concurrency=2)
    assert len(done) == 1 and numbers(page) == [*range(25)]


@pytest.mark.parametrize("kind", [LookupError, KeyboardInterrupt])
def test_on_an_exception_in_the_block_nothing_more_is_sent(page, monkeypatch, kind):
    call, under_way, go_on = Connection.call, threading.Event(), threading.Event()

    def slowly(connection, request, sender=None):
        if request.operation == "BatchWriteItem":
            under_way.set()
            assert go_on.wait(30)
        return call(connection, request, sender)

    monkeypatch.setattr(Connection, "call", slowly)
    with pytest.raises(kind), BatchWriter(concurrency=2) as writer:
        for one in pages(30):
            writer.put(page, one)
        assert under_way.wait(30)
        threading.Timer(0.2, go_on.set).start()
        raise kind("mine")
    # what is under way was awaited
    assert writer.report.written == 25
    assert [one.tag for one in writer.report.missing] == [25, 26, 27, 28, 29]
    assert numbers(page) == [*range(25)]


@needs_fork
def test_a_forked_child_is_told_that_it_lost_what_was_under_way(page, monkeypatch):
    call, under_way, go_on = Connection.call, threading.Event(), threading.Event()

    def slowly(connection, request, sender=None):
        if request.operation == "BatchWriteItem":
            under_way.set()
            assert go_on.wait(30)
        return call(connection, request, sender)

    def end_in_child():
        with pytest.raises(BatchError, match="25 of a batch are not known to be written: the process was forked"):
            writer.__exit__(None, None, None)
        assert {type(one.error) for one in writer.report.missing} == {ConnectionFailed}

    monkeypatch.setattr(Connection, "call", slowly)
    writer = BatchWriter(concurrency=2)
    with writer:
        for one in pages(25):
            writer.put(page, one)
        assert under_way.wait(30)
        in_forked_child(end_in_child)
        go_on.set()
    assert writer.report.written == 25 and numbers(page) == [*range(25)]


def test_an_interrupt_of_a_request_leaves_its_items_unknown(page, monkeypatch):
    call = Connection.call

    def interrupted(connection, request, sender=None):
        call(connection, request, sender)
        raise KeyboardInterrupt

    monkeypatch.setattr(Connection, "call", interrupted)
    with pytest.raises(KeyboardInterrupt), BatchWriter() as writer:
        for one in pages(27):
            writer.put(page, one)
    assert writer.report.written == 0 and len(writer.report.missing) == 25


@pytest.mark.parametrize("concurrency", [1, 2])
def test_an_error_of_a_receiver_goes_on_and_the_batch_is_over(page, concurrency):
    def receiver(sender, request):
        raise LookupError("mine")

    with pre_request.connected_to(receiver, sender=page):
        with pytest.raises(LookupError, match="mine"), BatchWriter(concurrency=concurrency) as writer:
            for one in pages(60):
                writer.put(page, one)
        assert writer.report.written == 0
        assert sum(isinstance(one.error, LookupError) for one in writer.report.missing) >= 25
        with pytest.raises(LookupError, match="mine"):
            page.put_batch(pages(30), concurrency=concurrency)
        # whoever goes on after it is told in the end
        with pytest.raises(BatchError, match="are not known to be written: mine") as caught, BatchWriter() as writer:
            for one in pages(30):
                with suppress(LookupError):
                    writer.put(page, one)
        assert len(caught.value.missing) == 26


def test_after_an_early_end_nothing_more_is_taken(book, page):
    book.Table.delete()
    with pytest.raises(BatchError) as caught, BatchWriter() as writer:
        writer.put(book, {"isbn": "1", "title": "T"})
        for one in pages(23):
            writer.put(page, one)
        with pytest.raises(BatchError) as first:
            writer.put(page, {"isbn": "1", "number": 99})
        with pytest.raises(BatchError) as second:
            writer.put(page, {"isbn": "1", "number": 100})
    assert caught.value is first.value is second.value
    assert isinstance(caught.value.__cause__, TableNotFound) and "TableNotFound" not in str(caught.value)
    assert caught.value.done == 0 and len(caught.value.missing) == len(caught.value.report.missing) == 25
    twin = pickle.loads(pickle.dumps(caught.value))
    assert str(twin) == str(caught.value) and len(twin.report.missing) == 25
    assert twin.report.missing[0].key == {"isbn": "1"}
