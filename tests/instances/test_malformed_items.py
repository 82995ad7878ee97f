"""Whatever stands in an item in place of DynamoDB's form is an exception of ours that names the attribute."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dynamorm import DynaModel
from dynamorm.exceptions import DynamoException, ValidationError

from ..libraries import integer, listing, mapping, nested, text
from ..profiles import examples

# schematics calls its own deprecated functions
pytestmark = pytest.mark.filterwarnings("ignore:Call to deprecated function:DeprecationWarning")

DEEP: Any = {"L": []}
for _ in range(100_000):
    DEEP = {"L": [DEEP]}
MALFORMED: dict[str, Any] = {
    "a number": 5,
    "nothing": None,
    "a text": "x",
    "a list": [],
    "an empty dict": {},
    "two tags": {"S": "x", "N": "1"},
    "an unknown tag": {"X": "x"},
    "a tag that is no text": {5: "x"},
    "a number as text": {"S": 5},
    "a text as number": {"N": "x"},
    "a number that is none": {"N": 5},
    "infinity": {"N": "Infinity"},
    "a huge number": {"N": "1E400"},
    "digits of another script": {"N": "\u0665"},
    "a list as map": {"M": []},
    "a map as list": {"L": {}},
    "a text as list": {"L": "x"},
    "a map of numbers": {"M": {"a": 5}},
    "a map of numbered names": {"M": {5: {"S": "x"}}},
    "a list of numbers": {"L": [5]},
    "a text as set": {"SS": "x"},
    "a set of numbers as texts": {"SS": [5]},
    "a set of texts as numbers": {"NS": ["x"]},
    "a set of lists": {"SS": [[]]},
    "a text as bytes": {"B": 5},
    "a set of texts as bytes": {"BS": [5]},
    "a word as truth": {"BOOL": "true"},
    "deep": DEEP,
}
# in a record, whose attributes have other names, so that nobody looks at it
UNDECLARED_INSIDE = "a map of numbers"
ITEM = {"id": {"S": "1"}, "n": {"N": "1"}}


@pytest.fixture(scope="module")
def thing(library: Any) -> Any:
    fields = {
        "id": text(required=True),
        "n": integer(),
        "words": listing(text()),
        "free": mapping(),
        "inner": nested({"x": text(), "deeper": nested({"y": integer()})}),
    }
    return library.model("Thing", {"name": "things", "hash_key": "id"}, fields)


def ways(model: Any, item: Any) -> list[Any]:
    mapper = model._dynamorm.store.mapper
    return [
        lambda: model.from_item(item),
        lambda: mapper.load(item, "whole"),
        lambda: mapper.load(item, "partial"),
        lambda: mapper.load(item, "trusted"),
    ]


@pytest.mark.parametrize("name", ["id", "n", "words", "free", "inner", "unknown"])
@pytest.mark.parametrize("malformed", MALFORMED)
def test_what_is_malformed_is_told_with_its_attribute(thing: Any, name: str, malformed: str) -> None:
    item = {**ITEM, name: MALFORMED[malformed]}
    for way in ways(thing, item):
        try:
            read = way()
        except DynamoException as error:
            assert name in str(error)
        else:
            # nobody looks at what is not declared, or not yet
            assert name == "unknown" or (name == "inner" and malformed == UNDECLARED_INSIDE), read
            if name == "unknown" and isinstance(read, DynaModel):
                with pytest.raises(DynamoException):
                    _ = read.extra


@pytest.mark.parametrize("inside", ["x", "deeper"])
@pytest.mark.parametrize("malformed", MALFORMED)
def test_so_is_what_is_malformed_inside(thing: Any, inside: str, malformed: str) -> None:
    is_passed_over = inside == "deeper" and malformed == UNDECLARED_INSIDE
    for way in ways(thing, {**ITEM, "inner": {"M": {inside: MALFORMED[malformed]}}}):
        if is_passed_over:
            assert way() is not None
            continue
        with pytest.raises(DynamoException, match="inner"):
            way()


NO_ITEMS: dict[str, Any] = {
    "a number": 5,
    "nothing": None,
    "a text": "x",
    "a list": [],
    "pairs": [("id", {"S": "1"})],
    "an object": object(),
    "plain values": {"id": 5},
}


@pytest.mark.parametrize("what", NO_ITEMS)
def test_what_is_no_item_is_refused(thing: Any, what: str) -> None:
    for way in ways(thing, NO_ITEMS[what]):
        with pytest.raises(DynamoException):
            way()


@pytest.mark.parametrize("raw", [5, "x", [1], (1,)], ids=repr)
def test_raw_values_are_a_mapping(thing: Any, raw: Any) -> None:
    with pytest.raises(DynamoException):
        thing.new_from_raw(raw)


_tags = st.sampled_from(["S", "N", "B", "BOOL", "NULL", "L", "M", "SS", "NS", "BS", "X", ""])
_contents = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3) | st.binary(max_size=3) | st.floats(),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(_tags | st.text(max_size=2), inner, max_size=2) | st.tuples(inner)
    ),
    max_leaves=8,
)


@given(values=st.dictionaries(st.sampled_from(["id", "n", "words", "free", "inner", "other"]), _contents))
@settings(max_examples=examples(quick=60, long=3000))
def test_nothing_but_our_exceptions_comes_out(thing: Any, values: Any) -> None:
    for way in ways(thing, {**ITEM, **values}):
        try:
            read = way()
            if isinstance(read, DynaModel):
                _ = read.to_item(), read.is_dirty, read.extra, repr(read), read.to_dict()
        except DynamoException as error:
            assert str(error) and repr(error)


def test_the_text_of_an_error_holds_the_key(thing: Any) -> None:
    with pytest.raises(ValidationError, match=r"stored Thing with key \{'id': '1'\}"):
        thing.from_item({"id": {"S": "1"}, "n": {"N": "x"}})
