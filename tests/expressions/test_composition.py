"""Conditions compose, and none is lost on the way."""

from __future__ import annotations

import pytest
from boto3.dynamodb.conditions import Attr

from dynamorm import F, InvalidExpression, Q

from .shelf import matching


def test_conditions_compose(shelf):
    old, long = Q(year__lt=2000), Q(title__size__gt=3)
    assert matching(shelf, old & long) == {"A"}
    assert matching(shelf, old | long) == set("ACD")
    assert matching(shelf, ~long) == {"B"}
    assert matching(shelf, ~(old | ~long)) == {"C", "D"}
    assert matching(shelf, ~~old) == {"A"}
    assert matching(shelf, Q(year__gt=1000, title__contains="k")) == {"B"}
    assert matching(shelf, ~Q(year__gt=1000, title__contains="k")) == set("ACD")
    assert matching(shelf, old, long, isbn="A") == {"A"}
    assert matching(shelf, (shelf.year == 1999) | (shelf.year == 2005) & (shelf.title == "x")) == {"A"}
    assert matching(shelf, Q(tags__not_contains="sea") | Q(tags__not_contains="sky")) == set("ABCD")
    assert matching(shelf, ~Q(tags__not_contains="sea")) == {"A"}
    assert matching(shelf, Q(year__exists=True) & (Q(tags__not_contains="sea"))) == {"B"}


def test_conditions_are_not_changed_by_composing(shelf):
    old = Q(year__lt=2000)
    _ = old & Q(title="x"), old | Q(title="x"), ~old
    assert matching(shelf, old) == {"A"}


def test_an_empty_q_is_neutral(own_shelf):
    everything = set("ABCD")
    assert matching(own_shelf, Q()) == everything
    assert matching(own_shelf, Q() & Q()) == everything
    assert matching(own_shelf, ~Q()) == everything
    for empty in (Q(), ~Q(), Q() | Q()):
        assert matching(own_shelf, empty & Q(year=1999)) == {"A"}
        assert matching(own_shelf, Q(year=1999) & empty) == {"A"}
        assert matching(own_shelf, empty | Q(year=1999)) == {"A"}
        assert matching(own_shelf, Q(year=1999) | empty) == {"A"}
    own_shelf.put({"isbn": "F", "title": "F"}, conditions=Q())
    assert matching(own_shelf, Attr("year").eq(1999) & Q()) == {"A"}
    assert matching(own_shelf, Attr("year").eq(1999) | Q()) == {"A"}


def test_none_among_conditions_is_neutral(own_shelf):
    assert matching(own_shelf, None, Q(year=1999), None) == {"A"}
    assert matching(own_shelf, Q(year=1999) & None) == {"A"}
    assert matching(own_shelf, None & Q(year=1999)) == {"A"}
    assert matching(own_shelf, None | Q(year=1999)) == {"A"}
    assert [found.isbn for found in own_shelf.query(None, isbn="A").filter(None)] == ["A"]
    own_shelf.delete_item(isbn="A", conditions=None)


def test_no_condition_is_a_truth_value(shelf):
    conditions = [
        Q(),
        Q(year=1),
        Q(year=1) & Q(title="x"),
        Q(year=1) | Q(title="x"),
        ~Q(year=1),
        shelf.year == 1,
        F("x").exists(),
        shelf.year.size() > 1,
    ]
    for condition in conditions:
        with pytest.raises(TypeError, match="truth value"):
            bool(condition)
    with pytest.raises(TypeError, match="truth value"):
        _ = 1 < shelf.year < 3
    with pytest.raises(TypeError, match="truth value"):
        _ = Q(year=1) and Q(year=2)


def test_what_is_no_condition_does_not_compose(shelf, sent):
    for wrong in (1, "year = 1", {"year": 1}):
        with pytest.raises(TypeError):
            Q(year=1) & wrong
        with pytest.raises(TypeError):
            wrong | Q(year=1)
    for wrong in (1, "year = 1", object()):
        with pytest.raises(InvalidExpression):
            list(shelf.scan(wrong))
    assert sent == []


def test_a_q_given_to_an_index_query_is_not_dropped(shelf):
    assert [found.isbn for found in shelf.ByAuthor.query(Q(author="Mr. Bar"))] == ["A"]
    assert list(shelf.ByAuthor.query(Q(author="Mr. Bar"), Q(title="x"))) == []
    assert list(shelf.ByAuthor.query(Q(author="Mr. Bar") & Q(title="x"))) == []
    assert list(shelf.ByAuthor.query(Q(title="x"), author="Mr. Bar")) == []
    assert list(shelf.ByAuthor.query(author="Mr. Bar").filter(~Q(title="The Depths"))) == []
    assert [found.isbn for found in shelf.ByAuthor.query(Q(author="Mr. Bar", year__gt=1990, views=10))] == ["A"]
    assert list(shelf.ByAuthor.scan(Q(title="x"))) == []


def test_conditions_say_what_they_are(shelf):
    assert repr(Q(year__lt=2000) & ~Q(title="x")) == "Q(year__lt=2000) & ~Q(title='x')"
    assert repr(shelf.meta["lang"]) == "Book.meta['lang']"
    assert "Book.year" in repr(shelf.year > 1)
    assert repr(F("a.b[0]")) == "F('a')['b'][0]"
