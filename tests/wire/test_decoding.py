"""Decoding what is not in DynamoDB's form."""

from __future__ import annotations

import contextlib
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dynamorm.exceptions import UnreadableItem
from dynamorm.wire.codec import decode_item, decode_number, decode_value

from ..profiles import examples

GARBAGE = [
    None,
    1,
    "text",
    [],
    {},
    {"S": "a", "N": "1"},
    {"X": "a"},
    {1: "a"},
    {"S": 1},
    {"S": None},
    {"N": 1},
    {"N": "one"},
    {"N": ""},
    {"N": None},
    {"N": "NaN"},
    {"N": "Infinity"},
    {"N": "1_000"},
    {"N": " 1"},
    {"N": "\u0661"},
    {"B": 5},
    {"B": "text"},
    {"B": None},
    {"B": [1, 2]},
    {"BOOL": "true"},
    {"BOOL": 1},
    {"L": {"S": "a"}},
    {"L": "ab"},
    {"L": b"ab"},
    {"N": "1E+999999999"},
    {"N": "1E+9999"},
    {"N": "1" * 5000},
    {"M": {1: {"S": "a"}}},
    {"L": None},
    {"M": []},
    {"M": None},
    {"SS": "ab"},
    {"SS": [1]},
    {"SS": None},
    {"NS": ["x"]},
    {"NS": [1]},
    {"NS": "12"},
    {"NS": None},
    {"BS": ["x"]},
    {"BS": [5]},
    {"BS": b"ab"},
    {"BS": None},
]


@pytest.mark.parametrize("wire", GARBAGE, ids=repr)
def test_garbage_is_refused_with_its_path(wire):
    with pytest.raises(UnreadableItem):
        decode_value(wire)
    with pytest.raises(UnreadableItem) as caught:
        decode_item({"a": {"L": [{"S": "x"}, {"M": {"b": wire}}]}})
    assert caught.value.path == "a[1].b"
    with pytest.raises(UnreadableItem) as caught:
        decode_value({"M": {"outer": {"L": [wire]}}})
    assert caught.value.path == "outer[0]"


@settings(max_examples=examples(quick=300, long=5_000))
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=3) | st.binary(max_size=3) | st.floats(),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["S", "N", "B", "BOOL", "NULL", "L", "M", "SS", "NS", "BS"]), inner, max_size=2
            )
        ),
        max_leaves=6,
    )
)
def test_decoding_fails_in_one_way_only(wire):
    with contextlib.suppress(UnreadableItem):
        decode_value(wire)


@pytest.mark.parametrize("items", ["text", 5, None, []])
def test_an_item_that_is_no_map_is_refused(items):
    with pytest.raises(UnreadableItem):
        decode_item(items)


def test_depth_that_python_cannot_follow_is_an_error_of_ours():
    wire = {"S": "x"}
    for _ in range(100_000):
        wire = {"L": [wire]}
    with pytest.raises(UnreadableItem):
        decode_value(wire)
    with pytest.raises(UnreadableItem):
        decode_item({"a": wire})
    while "L" in wire:  # freeing it all at once would recurse in C on some Pythons
        wire = wire["L"].pop()


def test_dynamodbs_own_forms_of_numbers_are_read():
    assert decode_number("1E+2") == 100 and type(decode_number("1E+2")) is int
    assert decode_number("1.0") == 1 and type(decode_number("1.0")) is int
    assert decode_number("-0") == 0
    assert decode_number("0.10") == Decimal("0.1")
    assert decode_number("1E-130") == Decimal("1E-130")
