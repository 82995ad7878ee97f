"""What DynamoDB cannot hold is refused with its path."""

from __future__ import annotations

import math
import pickle
import uuid
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dynamorm.exceptions import DynamoException, UnstorableValue
from dynamorm.wire.codec import encode_item, encode_value

from ..profiles import examples
from .values import DIGITS, leaves


def endless_list():
    loop = []
    loop.append(loop)
    return loop


BAD_LEAVES = {
    "object": object(),
    "complex": 1j,
    "fraction": Fraction(1, 3),
    "uuid": uuid.uuid4(),
    "function": len,
    "class": dict,
    "range": range(3),
    "empty set": set(),
    "empty frozenset": frozenset(),
    "mixed set": {1, "a"},
    "set of booleans": {True},
    "set with a boolean": {True, 2},
    "set with None": {None},
    "set of tuples": {(1, 2)},
    "set with NaN": {math.nan},
    "set with too much": {10**200},
    "surrogate": "a\ud800",
    "surrogate in a set": {"\udfff"},
    "NaN": math.nan,
    "huge": 10**5000,
    "many digits": Decimal(DIGITS + "9"),
}


@st.composite
def one_bad_leaf_within(draw):
    """A value with one bad leaf, its path, and what is bad."""
    bad = draw(st.sampled_from(sorted(BAD_LEAVES)))
    value, path = BAD_LEAVES[bad], ""
    names = st.sampled_from(["a", "name", "with-dash", "Übung"])
    for _ in range(draw(st.integers(0, 5))):
        dot = "" if not path or path.startswith("[") else "."
        if draw(st.booleans()):
            before = draw(st.lists(leaves, max_size=2))
            path = f"[{len(before)}]{dot}{path}"
            value = [*before, value, *draw(st.lists(leaves, max_size=1))]
            if draw(st.booleans()):
                value = tuple(value)
        else:
            name = draw(names)
            path = f"{name}{dot}{path}"
            value = {"before": draw(leaves), name: value, "after": draw(leaves)}
    return value, path, bad


@settings(max_examples=examples(quick=500, long=10_000), suppress_health_check=[HealthCheck.too_slow])
@given(one_bad_leaf_within())
def test_every_refusal_says_where(case):
    value, path, bad = case
    with pytest.raises(UnstorableValue) as caught:
        encode_value(value)
    assert caught.value.path == path
    assert str(caught.value).startswith(f"{path}: " if path else "")
    assert isinstance(caught.value, DynamoException)
    if bad != "empty set" and bad != "empty frozenset":
        with pytest.raises(UnstorableValue) as caught:
            encode_item({"top": value})
        joint = "" if not path or path.startswith("[") else "."
        assert caught.value.path == f"top{joint}{path}"


@pytest.mark.parametrize("key", [1, None, b"a", (1,), 1.5, True])
def test_keys_of_maps_have_to_be_text(key):
    with pytest.raises(UnstorableValue) as caught:
        encode_value({"outer": [{key: 1}]})
    assert caught.value.path == "outer[0]"
    with pytest.raises(UnstorableValue):
        encode_item({"outer": {key: 1}})


@pytest.mark.parametrize("encode", [encode_value, lambda value: encode_item({"outer": value})])
def test_surrogates_in_keys_are_refused(encode):
    with pytest.raises(UnstorableValue):
        encode({"\ud800": 1})


def test_what_contains_itself_is_refused():
    loop = {}
    loop["a"] = [loop]
    for encode, value in ((encode_value, endless_list()), (encode_value, loop), (encode_item, loop)):
        with pytest.raises(UnstorableValue, match="too deeply"):
            encode(value)


def test_refusals_pickle():
    with pytest.raises(UnstorableValue) as caught:
        encode_value({"a": [set()]})
    again = pickle.loads(pickle.dumps(caught.value))
    assert (str(again), again.path, again.value) == (str(caught.value), "a[0]", set())


def test_a_refusal_for_text_has_its_cause():
    with pytest.raises(UnstorableValue) as caught:
        encode_value({"a": ["\ud800"]})
    assert isinstance(caught.value.__cause__, UnicodeEncodeError)
