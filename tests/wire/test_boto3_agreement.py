"""Whatever boto3 encodes is encoded alike here, and boto3 reads it."""

from __future__ import annotations

import contextlib
import decimal
from decimal import Decimal

import boto3
import pytest
from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from dynamorm.exceptions import UnstorableValue
from dynamorm.wire.codec import decode_value, encode_value

from ..profiles import examples
from .values import boto_form, came_back, storable, texts, with_types

anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.decimals()
    | texts
    | st.binary(max_size=6)
    | st.sets(st.integers() | st.booleans() | texts | st.decimals(allow_nan=False), max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts | st.integers(0, 3), inner, max_size=3),
    max_leaves=6,
)


def is_accepted_by_boto3_alone(value):
    """What boto3 encodes and DynamoDB then refuses, or stores as something else; all of it is an error here."""
    if isinstance(value, (set, frozenset)):
        return not value or any(isinstance(each, bool) or is_accepted_by_boto3_alone(each) for each in value)
    if isinstance(value, dict):
        return any(not isinstance(name, str) or is_accepted_by_boto3_alone(each) for name, each in value.items())
    if isinstance(value, list):
        return any(map(is_accepted_by_boto3_alone, value))
    return isinstance(value, Decimal) and not value.is_finite()


@settings(max_examples=examples(quick=500, long=10_000), suppress_health_check=[HealthCheck.too_slow])
@given(anything | storable)
def test_whatever_boto3_accepts_we_encode_alike(value):
    assume(not is_accepted_by_boto3_alone(value))
    try:
        expected = boto_form(TypeSerializer().serialize(value))
    except (TypeError, ValueError, OverflowError, decimal.DecimalException):
        return
    assert boto_form(encode_value(value)) == expected
    assert with_types(decode_value(encode_value(value))) == with_types(came_back(value))


@settings(max_examples=examples(quick=500, long=5_000))
@given(storable)
def test_boto3_reads_what_we_write(value):
    def plain(read):
        if isinstance(read, dict):
            return {name: plain(each) for name, each in read.items()}
        if isinstance(read, list):
            return [plain(each) for each in read]
        if isinstance(read, set):
            return {plain(each) for each in read}
        return bytes(read.value) if hasattr(read, "value") else read

    with contextlib.suppress(decimal.Underflow):  # see above
        assert plain(TypeDeserializer().deserialize(encode_value(value))) == came_back(value)


def test_binary_values_of_boto3s_resource_are_encoded_and_decoded():
    wrapped = boto3.dynamodb.types.Binary(b"\x00\xff")
    assert encode_value(wrapped) == {"B": b"\x00\xff"}
    assert encode_value({wrapped}) == {"BS": [b"\x00\xff"]}
    assert decode_value({"B": wrapped}) == b"\x00\xff"
    assert decode_value({"BS": [wrapped]}) == {b"\x00\xff"}


@pytest.mark.parametrize("value", [{True}, {True, 2}, set(), Decimal("-Infinity"), Decimal("-NaN"), {1: "a"}], ids=repr)
def test_what_boto3_alone_accepts_is_refused(value):
    TypeSerializer().serialize(value)
    assert is_accepted_by_boto3_alone(value)
    with pytest.raises(UnstorableValue):
        encode_value(value)
