"""Batch reads of which several requests are under way at a time."""

from __future__ import annotations

import threading

import pytest

from dynamorm import BatchError, InvalidExpression, ValidationError
from dynamorm.many import batches
from dynamorm.many.typed_items import TypedItems
from dynamorm.signals import pre_request

from ..traffic import sent_by

KEYS = [("1", number) for number in range(450)]


@pytest.fixture
def pages(page):
    page.put_batch({"isbn": "1", "number": number, "body": f"page {number}"} for number in range(400))
    return page


@pytest.fixture
def no_pauses(monkeypatch):
    monkeypatch.setattr(batches, "jitter", lambda rounds: 0.0)


@pytest.fixture
def stingy(monkeypatch, no_pauses):
    """Let each answer leave the second half of its keys undone, as an engine on this machine never does."""
    read = TypedItems.read

    def read_half(self, keys):
        half = (len(keys) + 1) // 2
        answer = yield from read(self, keys[:half])
        if keys[half:]:
            answer["UnprocessedKeys"] = {self.place.table: {"Keys": keys[half:]}}
        return answer

    monkeypatch.setattr(TypedItems, "read", read_half)


def numbers(found):
    return sorted(page.number for page in found)


@pytest.mark.parametrize("concurrency", [1, 2, 7])
def test_everything_comes_once_and_in_order_where_that_is_asked_for(pages, concurrency):
    assert numbers(pages.get_batch(KEYS, concurrency=concurrency)) == list(range(400))
    ordered = pages.get_batch(KEYS[::-1], ordered=True, concurrency=concurrency)
    assert [one and one.number for one in ordered] == [None] * 50 + list(range(399, -1, -1))
    assert list(pages.get_batch([], concurrency=concurrency)) == []


def test_as_many_requests_as_were_asked_for_are_under_way(pages):
    together = threading.Barrier(4)

    def wait(sender, request):
        together.wait(30)  # nobody goes on before four are under way

    with pre_request.connected_to(wait, sender=pages):
        assert len(list(pages.get_batch(KEYS[:400], concurrency=4))) == 400
        assert len(pages.get_batch(KEYS[:400], ordered=True, concurrency=4)) == 400


def test_keys_are_taken_as_they_are_asked_for(pages):
    taken = []

    def keys():
        for key in KEYS:
            taken.append(key)
            yield key

    found = pages.get_batch(keys(), concurrency=2)
    assert taken == []
    next(found)
    assert len(taken) == 200
    assert numbers([next(found) for _ in range(99)]) and len(taken) == 200
    next(found)
    assert len(taken) == 300
    found.close()
    assert next(found, None) is None


@pytest.mark.parametrize("concurrency", [1, 3])
def test_what_is_left_undone_is_asked_for_again(pages, stingy, concurrency):
    assert numbers(pages.get_batch(KEYS, concurrency=concurrency)) == list(range(400))
    ordered = pages.get_batch(KEYS, ordered=True, concurrency=concurrency)
    assert [one and one.number for one in ordered] == list(range(400)) + [None] * 50


@pytest.mark.parametrize("ordered", [False, True])
def test_an_error_carries_all_that_was_read_and_all_that_was_not(pages, monkeypatch, no_pauses, ordered):
    read = TypedItems.read
    all_begun, given_up, others = threading.Event(), threading.Event(), []

    def read_some(self, keys):
        first = int(keys[0]["number"]["N"])
        if first == 100:
            assert all_begun.wait(30)
            return {"UnprocessedKeys": {self.place.table: {"Keys": keys}}}
        if first in (200, 300):
            others.append(first)
            if first == 300:
                all_begun.set()
            assert given_up.wait(30)
        return (yield from read(self, keys))

    def give_up(self, asked, _give_up=batches.BatchRead._give_up):
        given_up.set()
        return _give_up(self, asked)

    monkeypatch.setattr(TypedItems, "read", read_some)
    monkeypatch.setattr(batches.BatchRead, "_give_up", give_up)
    held = []
    with pytest.raises(BatchError, match="150 of a batch could not be read") as caught:
        found = pages.get_batch(KEYS, ordered=ordered, concurrency=3)
        held.extend(found)
    assert others == [200, 300]
    assert numbers(caught.value.done) == [*range(100), *range(200, 400)]
    assert sorted(key["number"] for key in caught.value.missing) == [*range(100, 200), *range(400, 450)]
    assert {type(one) for one in caught.value.done} == {pages}
    assert numbers(pages.get_batch([key for key in caught.value.missing if key["number"] >= 400])) == []


@pytest.mark.parametrize("concurrency", [1, 3])
def test_after_another_error_the_same_keys_are_asked_for_again(pages, no_pauses, concurrency):
    broken = []

    def fail(sender, request):
        keys = request.payload["RequestItems"][pages.Table.full_name]["Keys"]
        if keys[0]["number"]["N"] == "100" and not broken:
            broken.append(request)
            raise OSError("broken")

    with pre_request.connected_to(fail, sender=pages):
        found, errors, read = pages.get_batch(KEYS, concurrency=concurrency), 0, []
        while True:
            try:
                read.append(next(found))
            except OSError:
                errors += 1
            except StopIteration:
                break
    assert errors == 1 and numbers(read) == list(range(400))


def test_an_item_that_the_schema_refuses_raises_and_the_next_one_comes_after_it(pages):
    pages.Table.table.put_item(Item={"isbn": "1", "number": 150, "words": "many"})
    found, errors, read = pages.get_batch(KEYS, concurrency=3), 0, []
    while True:
        try:
            read.append(next(found))
        except ValidationError:
            errors += 1
        except StopIteration:
            break
    assert errors == 1 and numbers(read) == [number for number in range(400) if number != 150]


def test_no_concurrency_is_anything_but_a_positive_number(page):
    with sent_by(page) as sent:
        for wrong in (0, -1, True, "2", 1.5, None):
            with pytest.raises(InvalidExpression, match="concurrency"):
                page.get_batch([("1", 1)], concurrency=wrong)
    assert sent == []
