"""One value, however odd, by every way into the table: each way stores the same, and what is stored can be read."""

from __future__ import annotations

import collections
import datetime as dt
import enum
import uuid
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dynamorm import DynamoException, inspect

from ..libraries import collection, exact, integer, listing, mapping, nested, real, text
from ..profiles import examples
from ..stored import stored_item

FIELDS = {
    "id": text(required=True),
    "name": text(),
    "count": integer(),
    "weight": real(),
    "price": exact(),
    "tags": listing(text()),
    "numbers": listing(integer()),
    "genres": collection(text()),
    "free": mapping(),
    "inner": nested({"a": text(), "b": listing(integer())}),
}


class Text(str):
    __slots__ = ()


class Whole(int):
    pass


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


class Entries(dict):
    pass


texts = st.sampled_from(["", "a", " b ", "ä", "5", "1E2"])
numbers = st.sampled_from(
    [0, 1, -7, 10**20, 5.0, 0.1, -0.0, Decimal("5.00"), Decimal("1E+2"), Decimal("0E-5"), Decimal("-0.0"), True]
)
odd_texts = st.one_of(
    texts,
    texts.map(Text),
    numbers,
    st.sampled_from([dt.date(2024, 5, 6), uuid.UUID(int=5), b"x", ["a"], Level.HIGH]),
)
odd_numbers = st.one_of(numbers, texts, st.sampled_from([Whole(3), Level.HIGH, None, "x", [1]]))
plain = st.recursive(
    st.one_of(texts, texts.map(Text), st.sampled_from([0, Whole(3), 1.5, Decimal("2.50"), True, b"x", None])),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.lists(inner, max_size=3).map(tuple),
        st.dictionaries(texts.filter(bool), inner, max_size=3),
        st.dictionaries(texts.filter(bool), inner, max_size=3).map(Entries),
        st.dictionaries(texts.filter(bool), inner, max_size=3).map(collections.OrderedDict),
    ),
    max_leaves=6,
)

# how elements are held: what cannot be read twice has to be made anew for each way
HOLDERS: dict[str, Any] = {
    "list": list,
    "tuple": tuple,
    "iterator": iter,
    "generator": lambda elements: (element for element in elements),
    "filter": lambda elements: filter(lambda element: True, elements),
    "values": lambda elements: dict(enumerate(elements)).values(),
    "keys": lambda elements: dict.fromkeys(elements).keys(),
    "deque": collections.deque,
    "set": set,
}


def held(elements: Any) -> Any:
    """Draw a way to make one value again and again: elements in some holder."""
    lists = st.lists(elements, max_size=4)
    return st.tuples(st.sampled_from(sorted(HOLDERS)), lists).map(lambda drawn: _maker(*drawn))


def _maker(holder: str, elements: list[Any]) -> Any:
    def make() -> Any:
        return HOLDERS[holder](elements)

    make.__name__ = f"{holder} of {elements!r}"
    return make


def as_it_is(value: Any) -> Any:
    def make() -> Any:
        return value

    make.__name__ = repr(value)
    return make


def in_a_dict(parts: tuple[Any, Any, Any]) -> Any:
    kind, first, make_second = parts

    def make() -> Any:
        return kind({"a": first, "b": make_second()})

    make.__name__ = f"{kind.__name__} of {first!r} and {make_second.__name__}"
    return make


hashable = st.one_of(texts, texts.map(Text))
drawn = st.one_of(
    st.tuples(st.just("name"), odd_texts.map(as_it_is)),
    st.tuples(st.sampled_from(["count", "weight", "price"]), odd_numbers.map(as_it_is)),
    st.tuples(st.sampled_from(["tags", "genres"]), held(hashable)),
    st.tuples(st.just("numbers"), held(st.sampled_from([0, 1, Whole(3), Level.HIGH, 5.0, "7"]))),
    st.tuples(st.just("free"), st.dictionaries(texts.filter(bool), plain, max_size=3).map(as_it_is)),
    st.tuples(
        st.just("inner"), st.tuples(st.sampled_from([dict, Entries]), texts, held(st.integers(0, 9))).map(in_a_dict)
    ),
)


def put(model, values):
    model.put({"id": "1", **values})


def construct(model, values):
    model(id="1", **values).save()


def construct_and_save_partially(model, values):
    model.delete_item(id="1")
    model(id="1", **values).save(partial=True)


def assign(model, values):
    instance = model(id="1")
    for name, value in values.items():
        setattr(instance, name, value)
    assert instance.is_dirty == inspect(instance).is_dirty
    instance.save()
    assert not instance.is_dirty
    instance.save()


def assign_and_save_partially(model, values):
    model.put({"id": "1"})
    instance = model.get(id="1", consistent=True)
    for name, value in values.items():
        setattr(instance, name, value)
    instance.save(partial=True)
    assert not instance.is_dirty
    instance.save()


def update(model, values):
    model.put({"id": "1"})
    instance = model.get(id="1", consistent=True)
    instance.update(**values)
    assert not instance.is_dirty
    instance.save()


def update_by_key(model, values):
    model.put({"id": "1"})
    model.update_item(id="1", **values)


WAYS = [put, construct, construct_and_save_partially, assign, assign_and_save_partially, update, update_by_key]


@pytest.fixture
def thing(library, dynamo_tables):
    (model,) = dynamo_tables(library.model("Thing", {"name": "things", "hash_key": "id"}, FIELDS))
    return model


def outcome(way, model, values):
    """Return what is stored by a way, or that it is refused; nobody but us may refuse."""
    try:
        way(model, values)
    except DynamoException:
        return "refused"
    found = model.get(id="1", consistent=True)
    assert not found.is_dirty
    before = stored_item(model, id="1")
    found.save()
    assert stored_item(model, id="1") == before
    return before


@settings(
    max_examples=examples(quick=25, long=2_000),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(drawn=drawn)
def test_every_way_stores_the_same(thing, drawn):
    name, make = drawn
    outcomes = {way.__name__: outcome(way, thing, {name: make()}) for way in WAYS}
    first = outcomes["put"]
    assert all(repr(_comparable(one)) == repr(_comparable(first)) for one in outcomes.values()), (
        make.__name__,
        outcomes,
    )


def _comparable(stored: Any) -> Any:
    """Return a value as something whose text is the same where the value is."""
    if isinstance(stored, dict):
        return {name: _comparable(stored[name]) for name in sorted(stored)}
    if isinstance(stored, list):
        return [_comparable(one) for one in stored]
    return sorted(map(str, stored)) if isinstance(stored, set) else stored
