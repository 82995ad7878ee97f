"""The size of an item, as DynamoDB counts it."""

from __future__ import annotations

from decimal import Decimal

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dynamorm import ItemTooLarge
from dynamorm.wire.codec import encode_item, encode_value
from dynamorm.wire.sizes import LARGEST_ITEM, checked_size, size_of_item, size_of_value
from dynamorm.wire.texts import binary_as_text

from .values import storable


@pytest.mark.parametrize(
    ("value", "size"),
    [
        ("", 0),
        ("abc", 3),
        ("é", 2),
        ("😀", 4),
        (b"\x00\xff", 2),
        (0, 1),
        (7, 2),
        (12, 2),
        (123, 3),
        (-123, 4),
        (100_000, 2),
        (Decimal("0.0012"), 2),
        (Decimal("1.5"), 3),
        (Decimal("123.456"), 5),
        (Decimal("-0.5"), 3),
        (Decimal("-1.5E+100"), 3),
        (int("9" * 38), 20),
        (True, 1),
        (None, 1),
        ([], 3),
        (["a", "bc"], 3 + 2 + 3),
        ({}, 3),
        ({"ab": 1}, 3 + 1 + 2 + 2),
        ({"a": [{"b": None}]}, 3 + 1 + 1 + 3 + 1 + 3 + 1 + 1 + 1),
        ({"a", "bc"}, 3),
        ({1, 22}, 4),
        ({b"a", b"bcd"}, 4),
    ],
)
def test_the_size_of_a_value(value, size):
    assert size_of_value(encode_value(value)) == size
    assert size_of_item({"é": encode_value(value)}) == 2 + size


@given(st.dictionaries(st.text(max_size=5), storable, max_size=4))
def test_the_text_of_an_item_is_never_shorter_than_its_size(values):
    item = encode_item(values)
    assert size_of_item(item) <= checked_size(item, "it")
    assert checked_size(item, "it") == len(orjson.dumps(item, default=binary_as_text))


def of_size(size: int, *, wide: bool = False) -> dict:
    """Return an item of so many bytes, whose text is longer than that if it is ``wide``."""
    character, length = ("\x01", 1) if wide else ("é", 2)
    item = {"p": {"S": "k"}, "n": {"N": "-12"}, "m": {"M": {"l": {"L": [{"BOOL": True}]}}}, "long": {"S": ""}}
    left = size - size_of_item(item)
    item["long"] = {"S": character * (left // length) + "x" * (left % length)}
    return item


@pytest.mark.parametrize("wide", [False, True])
def test_what_is_too_large_is_refused_and_nothing_else(wide):
    assert size_of_item(of_size(LARGEST_ITEM, wide=wide)) == LARGEST_ITEM
    assert checked_size(of_size(LARGEST_ITEM, wide=wide), "Book") >= LARGEST_ITEM
    with pytest.raises(ItemTooLarge) as caught:
        checked_size(of_size(LARGEST_ITEM + 1, wide=wide), "Book")
    assert str(caught.value) == (
        "Book: an item of 409,601 bytes was not sent; DynamoDB takes 409,600 at most, names included. Its largest "
        f"attributes are long ({LARGEST_ITEM + 1 - 17:,}), m (11), n (4)"
    )


def test_texts_that_are_no_unicode_are_counted_too():
    assert size_of_item({"p": {"S": "\ud800"}}) == 4
    assert checked_size({"p": {"S": "\ud800"}}, "it") == 4
