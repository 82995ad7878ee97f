"""Whatever is wrong with a cursor is an ``InvalidCursor``, and nothing is sent for it."""

from __future__ import annotations

import base64
import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import dynamorm
from dynamorm import ConfigurationError, InvalidCursor, InvalidKey
from dynamorm.reading.cursors import decode_cursor, encode_cursor

from ..libraries import binary, integer, text
from ..profiles import examples
from ..scores import games

MARK = b"m" * 12
TYPES = {"user": "S", "number": "N", "blob": "B"}
KEY = {"user": {"S": "ann"}, "number": {"N": "1.5"}, "blob": {"B": b"\x00\xff"}}


def made_of(body: bytes) -> str:
    return base64.urlsafe_b64encode(MARK + body).decode().rstrip("=")


def test_a_cursor_gives_its_key_back():
    for secret in (None, b"secret"):
        assert decode_cursor(encode_cursor(KEY, MARK, secret), MARK, secret, TYPES) == KEY


@pytest.mark.parametrize("length", [100, 2_700, 60_000, 100_000, 1_000_000])
def test_cursors_nested_as_deep_as_they_are_long_are_refused(score, sent, length):
    query = score.query(user="ann")
    mark = query._read.mark()
    for letter in ("[", '{"a":', "["):
        body = (letter * length)[:length].encode()
        for cursor in (made_of(body), base64.urlsafe_b64encode(mark + body).decode(), letter * length):
            with pytest.raises(InvalidCursor) as caught:
                query.page(2, cursor)
            assert len(str(caught.value)) < 250
            with pytest.raises(InvalidCursor):
                list(query.start(cursor))
    assert sent == []


PLAIN = {"user": ["S", "ann"], "number": ["N", "1"], "blob": ["B", "AA=="]}


@pytest.mark.parametrize(
    "change",
    [
        {"user": ["N", "1"]},
        {"user": ["S", ""]},
        {"user": ["S", 5]},
        {"user": ["S", None]},
        {"user": ["S", ["a"]]},
        {"user": ["S", "\ud800"]},
        {"user": "S"},
        {"user": ["S"]},
        {"user": {"S": "a", "N": "b"}},
        {"user": None},
        {"user": 5},
        {"number": ["N", "many"]},
        {"number": ["N", "NaN"]},
        {"number": ["N", "1e400"]},
        {"number": ["N", "9" * 60]},
        {"number": ["N", "9" * 5_000]},
        {"number": ["N", ""]},
        {"number": ["N", 1]},
        {"blob": ["B", "é"]},
        {"blob": ["B", "A"]},
        {"blob": ["B", ""]},
        {"blob": ["S", "AA=="]},
        {"other": ["S", "x"]},
    ],
)
def test_keys_that_dynamodb_would_not_take_are_refused(change):
    cursor = made_of(json.dumps({**PLAIN, **change}).encode())
    with pytest.raises(InvalidCursor):
        decode_cursor(cursor, MARK, None, TYPES)
    assert decode_cursor(made_of(json.dumps(PLAIN).encode()), MARK, None, TYPES)["number"] == {"N": "1"}


@pytest.mark.parametrize(
    "body", [b"", b"null", b"5", b"[]", b"{}", b'"x"', b"NaN", b"{", b"\xff", b'{"user": 1}', b"[" * 500, b"1" * 5_000]
)
def test_what_is_no_key_is_refused(body):
    with pytest.raises(InvalidCursor):
        decode_cursor(made_of(body), MARK, None, TYPES)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["user", "S", "x"]), inner, max_size=3),
    max_leaves=6,
)
BODIES = (
    st.binary(max_size=60)
    | JSON.map(lambda value: json.dumps(value).encode())
    | st.fixed_dictionaries({name: st.tuples(st.sampled_from("SNBL"), JSON) for name in TYPES}).map(
        lambda value: json.dumps(value).encode()
    )
)
CURSORS = st.text() | st.binary() | JSON | BODIES.map(made_of) | st.text("AQ-_=+/\n ", max_size=30)


@settings(max_examples=examples(quick=300, long=30_000), suppress_health_check=[HealthCheck.too_slow])
@given(cursor=CURSORS, secret=st.none() | st.binary(min_size=1))
def test_anything_given_as_a_cursor_is_its_key_or_an_invalid_cursor(cursor, secret):
    try:
        key = decode_cursor(cursor, MARK, secret, TYPES)
    except InvalidCursor:
        return
    assert secret is None and (key is None or {name: next(iter(value)) for name, value in key.items()} == TYPES)


@settings(
    max_examples=examples(quick=100, long=5_000),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(cursor=CURSORS.filter(lambda cursor: cursor is not None))
def test_pages_refuse_anything_else_before_asking(score, sent, cursor):
    sent.clear()
    with pytest.raises(InvalidCursor):
        score.query(user="ann").page(2, cursor)
    assert sent == []


def test_a_raw_key_is_no_cursor_of_a_page(score, sent):
    sent.clear()
    for wrong in ({"user": "ann", "game": "g1"}, score(user="ann", game="g1"), b"cursor", 5, ["x"]):
        with dynamorm.using(cursor_key="secret"), pytest.raises(InvalidCursor, match="next_cursor"):
            score.query(user="ann").page(2, wrong)
    assert sent == []


def test_keys_of_every_type_travel_in_cursors_however_long(library, dynamo_tables):
    fields = {"blob": binary(required=True), "number": integer(required=True), "name": text()}
    (model,) = dynamo_tables(
        library.model("Blob", {"name": "blobs", "hash_key": "blob", "range_key": "number"}, fields)
    )
    long = bytes(range(256)) * 8
    for number in (1, 2, 10**37):
        model.put({"blob": long, "number": number})
    query = model.query(blob=long)
    page = query.page(2)
    assert [one.number for one in query.page(2, page.next_cursor).items] == [10**37]


def test_the_longest_keys_travel_in_cursors(score):
    user, game = "\x01" * 2_048, "\x02" * 1_024
    for points in (1, 2):
        score.put({"user": user, "game": game[points:], "points": points})
    query = score.ByPoints.query(user=user)
    assert games(query.page(1, query.page(1).next_cursor).items) == [game[2:]]


@pytest.mark.parametrize("wrong", ["", b"", 5, True, ["key"], bytearray(b"key"), "\ud800", object()])
def test_a_cursor_key_signs_or_is_refused(wrong):
    with pytest.raises(ConfigurationError, match="cursor_key"):
        dynamorm.configure(cursor_key=wrong)
    with pytest.raises(ConfigurationError, match="cursor_key"), dynamorm.using(cursor_key=wrong):
        raise AssertionError  # pragma: no cover
    dynamorm.configure(cursor_key=None)


@pytest.mark.parametrize(
    "start",
    [
        {},
        {"user": "ann"},
        {"user": "ann", "game": "g1", "points": 3},
        {"user": "ann", "game": 5},
        {"user": "ann", "game": ""},
        {"user": "ann", "game": None},
        {"user": ["ann"], "game": "g1"},
        {"User": "ann", "game": "g1"},
    ],
)
def test_raw_keys_that_are_no_positions_are_refused(score, sent, start):
    sent.clear()
    for read in (
        score.query(user="ann").start(start),
        score.query(user="ann", query_kwargs={"ExclusiveStartKey": start}),
    ):
        with pytest.raises(InvalidKey, match="start"):
            list(read)
    with pytest.raises(InvalidKey, match="points"):
        list(score.ByPoints.query(user="ann").start({"user": "ann", "game": "g1"}))
    assert sent == []


def test_positions_of_another_hash_key_are_refused(score, sent):
    ben = score.get(user="ben", game="g1")
    query = score.query(user="ann")
    sent.clear()
    for start in ({"user": "ben", "game": "g1"}, ben):
        with pytest.raises(InvalidKey, match="no position in a query of Score with user eq 'ann'"):
            list(query.start(start))
    with pytest.raises(InvalidKey, match="with game eq 'g1'"):
        list(score.query(user="ann", game="g1").start({"user": "ann", "game": "g2"}))
    forged = encode_cursor({"user": {"S": "ben"}, "game": {"S": "g1"}}, query._read.mark(), None)
    with pytest.raises(InvalidCursor, match="belongs to another query"):
        query.page(2, forged)
    assert sent == []
    assert games(score.scan().start(ben)) is not None
