"""What an instance that was read keeps of its item: little, and enough to tell later what has changed."""

from __future__ import annotations

import copy
import datetime as dt
import gc
import tracemalloc

import pytest

from dynamorm import DynaModel
from dynamorm.instances.loading import loaded, loader
from dynamorm.store import store_of
from dynamorm.wire.texts import text_of

MOMENT = dt.datetime(2024, 5, 6, 7, 8, 9, tzinfo=dt.timezone.utc)


def wire(number):
    """An item of its own memory, as one that was just received is."""
    item = {name: {"S": f"{name} of item {number}, with some words"} for name in ("title", "author", "about")}
    return {
        "isbn": {"S": f"978-{number}"},
        **item,
        "publisher": {"S": f"publisher {number}"},
        "language": {"S": f"language {number}"},
        "created": {"S": MOMENT.isoformat()},
        "pages": {"N": str(1000 + number)},
        "stock": {"N": str(2000 + number)},
        "sold": {"N": str(3000 + number)},
        "tags": {"L": [{"S": f"tag {number}"}, {"S": f"other {number}"}, {"S": f"third {number}"}]},
        "meta": {"M": {"shelf": {"S": f"shelf {number}"}, "room": {"S": f"room {number}"}}},
    }


@pytest.fixture
def book():
    fields = pytest.importorskip("marshmallow").fields

    class Book(DynaModel):
        class Table:
            name = "books"
            hash_key = "isbn"
            read = 1
            write = 1

        class Schema:
            isbn = fields.String(required=True)
            title = fields.String()
            author = fields.String()
            about = fields.String()
            publisher = fields.String()
            language = fields.String()
            created = fields.DateTime()
            pages = fields.Integer()
            stock = fields.Integer()
            sold = fields.Integer()
            tags = fields.List(fields.String())
            meta = fields.Dict()

    loaded(store_of(Book), wire(0))  # compiles
    return Book


def memory_of(make):
    gc.collect()
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        kept = make()
        gc.collect()
        return tracemalloc.get_traced_memory()[0] - before, kept
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("form", [wire, lambda number: text_of(wire(number))], ids=["wire form", "text"])
def test_an_instance_takes_at_most_twice_as_much_as_a_dict_of_the_same_values(book, form):
    load = loader(store_of(book))
    plain, _ = memory_of(lambda: [dict(vars(load(form(number)))) for number in range(2_000)])
    instances, _ = memory_of(lambda: [load(form(number)) for number in range(2_000)])
    assert instances <= 1.6 * plain, f"{instances / 2_000:.0f} and {plain / 2_000:.0f} bytes"


def test_changes_in_place_are_seen_against_what_was_received(book):
    one = loaded(store_of(book), wire(1))
    one.tags.append("fourth")
    one.meta["shelf"] = "elsewhere"
    assert one.is_dirty
    assert set(one.changes) == {"tags", "meta"}
    assert one.changes["tags"][0] == ["tag 1", "other 1", "third 1"]


def test_what_was_not_changed_is_not_taken_for_changed_after_anything(book):
    for take in (lambda one: one, copy.copy, copy.deepcopy):
        one = take(loaded(store_of(book), wire(1)))
        assert not one.is_dirty
        one.pages = 5
        assert one.is_dirty and set(one.changes) == {"pages"}
        one.pages = 1001
        assert not one.is_dirty


def test_a_validator_that_has_changed_its_mind_since_keeps_nobody_from_asking_for_changes():
    marshmallow = pytest.importorskip("marshmallow")
    minds = [True]

    def judge(value):
        if not minds[0]:
            raise marshmallow.ValidationError("not any more")

    class Offer(DynaModel):
        class Table:
            name = "offers"
            hash_key = "id"
            read = 1
            write = 1

        class Schema:
            id = marshmallow.fields.String(required=True)
            ends = marshmallow.fields.DateTime(validate=judge)

    one = loaded(store_of(Offer), {"id": {"S": "a"}, "ends": {"S": MOMENT.isoformat()}})
    minds[0] = False
    assert not one.is_dirty
    one.id = "b"
    assert set(one.changes) == {"id"}


def test_what_a_default_stands_for_is_remembered_as_it_was_made():
    fields = pytest.importorskip("marshmallow").fields
    count = iter(range(100))

    class Ticket(DynaModel):
        class Table:
            name = "tickets"
            hash_key = "id"
            read = 1
            write = 1

        class Schema:
            id = fields.String(required=True)
            number = fields.Integer(load_default=lambda: next(count))

    one = loaded(store_of(Ticket), {"id": {"S": "a"}, "number": {"NULL": True}})
    assert one.number == 0 and not one.is_dirty and one.number == 0
