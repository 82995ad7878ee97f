"""The codec: values in DynamoDB's form, and back again."""

from __future__ import annotations

import types
from decimal import Decimal
from enum import IntEnum

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from dynamorm.wire.codec import decode_item, decode_value, encode_item, encode_value

from ..profiles import examples
from .values import came_back, storable, texts, with_types


@pytest.mark.slow
@settings(max_examples=examples(quick=1_000, long=50_000), suppress_health_check=[HealthCheck.too_slow])
@given(storable)
@example({"": [(), {}, {"a": None}]})
@example({0.1, Decimal("0.1")})
@example(Decimal("-0"))
@example(-0.0)
def test_what_is_accepted_comes_back_equal_and_of_the_same_type(value):
    assert with_types(decode_value(encode_value(value))) == with_types(came_back(value))


@settings(max_examples=examples(quick=300, long=3_000))
@given(st.dictionaries(texts, storable, max_size=4))
def test_an_item_comes_back_without_what_is_none(values):
    def sparse(inner):
        kept = {name: sparse(each) if isinstance(each, dict) else came_back(each) for name, each in inner.items()}
        return {name: each for name, each in kept.items() if each is not None}

    assert with_types(decode_item(encode_item(values))) == with_types(sparse(values))


class Colour(IntEnum):
    RED = 1


class Word(str):
    pass


@pytest.mark.parametrize(
    ("value", "wire"),
    [
        (True, {"BOOL": True}),
        (False, {"BOOL": False}),
        (Colour.RED, {"N": "1"}),
        (Word("x"), {"S": "x"}),
        ("", {"S": ""}),
        (b"", {"B": b""}),
        (None, {"NULL": True}),
        ([], {"L": []}),
        ({}, {"M": {}}),
        ([None], {"L": [{"NULL": True}]}),
        ({"a": None}, {"M": {"a": {"NULL": True}}}),
        (types.MappingProxyType({"a": 1}), {"M": {"a": {"N": "1"}}}),
        ({"b", "a"}, {"SS": ["a", "b"]}),
        ({"k": 1}.keys(), {"SS": ["k"]}),
        ({2, 10}, {"NS": ["10", "2"]}),
        ({0.1, Decimal("0.1")}, {"NS": ["0.1"]}),
        ({b"b", b"a"}, {"BS": [b"a", b"b"]}),
    ],
)
def test_the_form_of_each_kind(value, wire):
    encoded = encode_value(value)
    assert encoded == wire
    ((content),) = encoded.values()
    assert type(content) is type(*wire.values())


def test_an_item_drops_none_and_empty_sets_inside_maps_but_not_inside_lists():
    values = {"gone": None, "empty": set(), "map": {"gone": None, "also": frozenset(), "kept": 1}, "list": [None, 1]}
    assert encode_item(values) == {
        "map": {"M": {"kept": {"N": "1"}}},
        "list": {"L": [{"NULL": True}, {"N": "1"}]},
    }
    deep = encode_item({"list": [{"null": None, "empty": set(), "map": {"null": None, "empty": set()}}]})
    null = {"NULL": True}
    assert deep == {"list": {"L": [{"M": {"null": null, "map": {"M": {"null": null}}}}]}}
