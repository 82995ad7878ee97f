"""What DynamoDB takes of no expression is refused before it is sent, as an error of ours whatever it is."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dynamorm import DynamoException, ExpressionTooLong, F, InvalidExpression, Q

from ..profiles import examples
from .shelf import found, matching


def test_expressions_of_more_than_4_kb_are_refused(shelf, sent):
    long = [F(f"a{number}") != number for number in range(250)]
    names = [f"name{number}" for number in range(700)]
    for wrong in (
        lambda: list(shelf.scan(*long, *long)),
        lambda: list(shelf.query(*long, *long, isbn="A")),
        lambda: shelf.scan(*long, *long).explain(),
        lambda: shelf.put({"isbn": "A", "title": "x"}, conditions=[*long, *long]),
        lambda: shelf.delete_item(isbn="A", conditions=[*long, *long]),
        lambda: shelf.update_item(*[F(name).set(1) for name in names], isbn="A"),
        lambda: list(shelf.scan().only(*map(F, names))),
        lambda: shelf.get(isbn="A", attrs=list(map(F, names))),
        lambda: list(shelf.scan(scan_kwargs={"FilterExpression": " AND ".join(["title = title2"] * 400)})),
    ):
        with pytest.raises(ExpressionTooLong, match="4,096"):
            wrong()
    assert sent == []


def test_more_than_300_operators_are_refused(shelf, sent):
    def joined(count):
        return [F(f"a{number % 5}") != number for number in range(count)]

    with pytest.raises(ExpressionTooLong, match="301 operators"):
        list(shelf.scan(*joined(151)))
    with pytest.raises(ExpressionTooLong, match="operators"):
        list(shelf.scan(*[F(f"a{number % 5}").not_contains(number) for number in range(101)]))
    assert sent == []
    assert found(shelf, *joined(150)) == set("ABCD")
    assert found(shelf, *[F(f"a{number % 5}").between(number, 200) for number in range(105)]) == set()


@pytest.mark.parametrize(
    "steps",
    [
        ("a[" + "9" * 5_000 + "]",),
        ("a[99999999999]",),
        ("a" + ".b" * 32,),
        ("a" * 65_536,),
        ("a", ""),
        ("", "a"),
        ("a", -1),
        ("a", 2**31),
        ("a", 1.5),
        ("a", None),
        ("a", True),
        ("a", b"b"),
        ("a", ("b",)),
        ("a", "\ud800"),
        ("\ud800",),
        (b"a",),
        (None,),
        (None, "a"),
        (1, "a"),
        ("a[",),
        ("a]",),
        ("a[-1]",),
        ("a[1",),
        ("a[1]b",),
        (".",),
        ("[",),
    ],
)
def test_what_is_no_path_is_an_invalid_expression(shelf, sent, steps):
    with pytest.raises(InvalidExpression) as caught:
        list(shelf.scan(F(*steps).exists()))
    assert len(str(caught.value)) < 300
    assert sent == []


def test_keywords_that_are_no_paths_are_refused(shelf, sent):
    for name in (
        "tags__" + "9" * 5_000,
        "tags__99999999999",
        "meta__",
        "meta__a____b",
        "meta__\ud800",
        "meta" + "__a" * 32,
    ):
        with pytest.raises(InvalidExpression):
            list(shelf.scan(**{name: 1}))
    for step in ("", -1, 1.5, None, 2**31, "\ud800"):
        with pytest.raises(InvalidExpression):
            shelf.meta[step]
    for names in ({1: 2}, {None: 1}, {("a",): 1}):
        with pytest.raises(InvalidExpression, match="text"):
            list(shelf.scan(names))
    assert sent == []


def test_as_deep_as_dynamodbs_items_are_goes(shelf):
    assert matching(shelf, F("a" + ".b" * 31).exists()) == set()
    assert matching(shelf, F("a[2147483647]").exists()) == set()


STEPS = st.text(max_size=4) | st.integers() | st.none() | st.floats() | st.binary(max_size=2) | st.booleans()
PATHS = st.text("ab.[]09-é \ud800", max_size=12) | st.text(max_size=8)


@settings(
    max_examples=examples(quick=300, long=20_000),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(path=PATHS | STEPS, steps=st.lists(STEPS, max_size=3), value=st.none() | st.integers(0, 9) | st.text(max_size=2))
def test_any_path_is_taken_or_refused_as_our_own_error(book, path, steps, value):
    for make in (
        lambda: F(path, *steps) == value,
        lambda: Q(**{f"meta__{path}": value}),
        lambda: book.meta[path] == value,
        lambda: {path: value},
    ):
        with contextlib.suppress(DynamoException):
            book.scan(make()).explain()


ORDER = [
    ({"year__between": [2000, 1999]}, "the lower one first"),
    ({"title__between": ["b", "a"]}, "the lower one first"),
    ({"title__between": ["\U0001f40d", "\uffff"]}, "the lower one first"),
    ({"meta__x__between": [1, "a"]}, "one type"),
    ({"tags__size__between": [3, 2]}, "the lower one first"),
    ({"in_print__lt": True}, "lt compares text, numbers or bytes, and this is stored as BOOL"),
    ({"meta__x__gte": [1]}, "stored as L"),
    ({"meta__gt": {"a": 1}}, "stored as M"),
    ({"genres__lte": {"a"}}, "stored as SS"),
    ({"meta__x__between": [True, True]}, "stored as BOOL"),
    ({"year__begins_with": 19}, "begins_with compares text or bytes, and this is stored as N"),
    ({"meta__x__begins_with": 19}, "stored as N"),
]


@pytest.mark.parametrize(
    ("lookups", "message"), ORDER, ids=[next(iter(row[0])) + str(i) for i, row in enumerate(ORDER)]
)
def test_operands_that_dynamodb_cannot_order_are_refused(shelf, sent, lookups, message):
    for verb in (
        lambda: list(shelf.scan(**lookups)),
        lambda: shelf.delete_item(isbn="A", conditions=Q(**lookups)),
    ):
        with pytest.raises(InvalidExpression, match=message):
            verb()
    assert sent == []


def test_no_attribute_is_compared_with_itself(shelf, sent):
    for condition in (
        shelf.year == shelf.year,
        F("year") > shelf.year,
        shelf.meta["x"].is_in([1, F("meta.x")]),
        shelf.tags.size() == F("tags").size(),
    ):
        with pytest.raises(InvalidExpression, match="with itself"):
            list(shelf.scan(condition))
    assert sent == []
    assert matching(shelf, shelf.title.size() != shelf.title) == set("ABCD")


def test_bounds_in_ascending_order_are_taken_of_equal_values_too(shelf):
    assert matching(shelf, year__between=[1999, 1999]) == {"A"}
    assert matching(shelf, title__between=["Sky", "Sky"]) == {"B"}
    assert matching(shelf, title__between=["\uffff", "\U0001f40d"]) == set()
