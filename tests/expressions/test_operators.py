"""What each operator of a condition means, and what ``None`` means to it."""

from __future__ import annotations

import decimal

import pytest
from boto3.dynamodb.conditions import Attr, In

from dynamorm import F, InvalidExpression, InvalidKey, Q

from .shelf import found, matching

# Operators.


OPERATORS = [
    ("year", 1999, lambda year: year == 1999, Attr("year").eq(1999), "A"),
    ("year__eq", 1999, lambda year: year.eq(1999), Attr("year").eq(1999), "A"),
    ("year__ne", 1999, lambda year: year != 1999, Attr("year").ne(1999), "BCD"),
    ("year__lt", 2005, lambda year: year < 2005, Attr("year").lt(2005), "A"),
    ("year__lte", 2005, lambda year: year <= 2005, Attr("year").lte(2005), "AB"),
    ("year__gt", 1999, lambda year: year > 1999, Attr("year").gt(1999), "B"),
    ("year__gte", 1999, lambda year: year >= 1999, Attr("year").gte(1999), "AB"),
    ("year__between", (1999, 2004), lambda year: year.between(1999, 2004), Attr("year").between(1999, 2004), "A"),
    ("year__in", [1999, 7], lambda year: year.is_in([1999, 7]), Attr("year").is_in([1999, 7]), "A"),
    ("year__is_in", (2005,), lambda year: year.is_in({2005}), Attr("year").is_in([2005]), "B"),
    ("year__exists", True, lambda year: year.exists(), Attr("year").exists(), "AB"),
    ("year__not_exists", True, lambda year: year.not_exists(), Attr("year").not_exists(), "CD"),
    ("year__type", "N", lambda year: year.type("N"), Attr("year").attribute_type("N"), "AB"),
    ("subtitle__type", "NULL", lambda sub: sub.type("NULL"), Attr("sub").attribute_type("NULL"), "D"),
    ("subtitle__attribute_type", "S", lambda sub: sub.attribute_type("S"), Attr("sub").attribute_type("S"), "A"),
    ("title__begins_with", "The", lambda title: title.begins_with("The"), Attr("title").begins_with("The"), "A"),
    ("title__contains", "ep", lambda title: title.contains("ep"), Attr("title").contains("ep"), "A"),
    ("tags__contains", "sea", lambda tags: tags.contains("sea"), Attr("tags").contains("sea"), "A"),
    ("genres__contains", "poem", lambda genres: genres.contains("poem"), Attr("genres").contains("poem"), "B"),
    ("tags__not_contains", "sea", lambda tags: tags.not_contains("sea"), ~Attr("tags").contains("sea"), "BCD"),
    ("title__size", 4, lambda title: title.size() == 4, Attr("title").size().eq(4), "CD"),
    ("title__size__eq", 3, lambda title: title.size().eq(3), Attr("title").size().eq(3), "B"),
    ("title__size__ne", 4, lambda title: title.size() != 4, ~Attr("title").size().eq(4), "AB"),
    ("title__size__lt", 4, lambda title: title.size() < 4, Attr("title").size().lt(4), "B"),
    ("title__size__lte", 4, lambda title: title.size() <= 4, Attr("title").size().lte(4), "BCD"),
    ("title__size__gt", 4, lambda title: title.size() > 4, Attr("title").size().gt(4), "A"),
    ("tags__size__gte", 2, lambda tags: tags.size() >= 2, Attr("tags").size().gte(2), "A"),
    ("tags__size__between", (1, 2), lambda tags: tags.size().between(1, 2), Attr("tags").size().between(1, 2), "B"),
    ("genres__size__in", [2, 9], lambda genres: genres.size().is_in([2, 9]), In(Attr("genres").size(), [2, 9]), "A"),
    ("meta__size__is_in", [5], lambda meta: meta.size().is_in([5]), In(Attr("meta").size(), [5]), "B"),
]


@pytest.mark.parametrize(("name", "value", "refer", "theirs", "expected"), OPERATORS, ids=[row[0] for row in OPERATORS])
def test_an_operator_is_the_same_as_keyword_q_reference_and_boto3_condition(
    shelf, name, value, refer, theirs, expected
):
    field = name.partition("__")[0]
    expected = set(expected)
    assert matching(shelf, **{name: value}) == expected
    assert found(shelf, Q(**{name: value})) == expected
    assert found(shelf, refer(getattr(shelf, field))) == expected
    assert found(shelf, refer(F(field))) == expected
    assert found(shelf, theirs) == expected
    assert matching(shelf, ~Q(**{name: value})) == set("ABCD") - expected


@pytest.mark.parametrize("operator", ["exists", "not_exists"])
def test_existence_takes_true_and_nothing_else(shelf, sent, operator):
    for value in (False, None, 1):
        with pytest.raises(TypeError, match="opposite"):
            list(shelf.scan(**{f"year__{operator}": value}))
    assert sent == []


@pytest.mark.parametrize("value", ["2", 2.0, True, None, decimal.Decimal(2)])
def test_a_size_is_compared_with_an_integer_alone(shelf, sent, value):
    with pytest.raises(InvalidExpression, match="size"):
        list(shelf.scan(tags__size__gte=value))
    assert sent == []


def test_a_type_is_one_of_dynamodbs_codes(shelf, sent):
    for wrong in ("string", "s", None, str):
        with pytest.raises(InvalidExpression):
            list(shelf.scan(year__type=wrong))
    assert sent == []


def test_several_values_are_asked_of_operators_that_take_several(shelf, sent):
    for name, value in [
        ("year__between", 1999),
        ("year__between", [1999]),
        ("year__between", [1, 2, 3]),
        ("title__in", "The Depths"),
        ("year__in", 1999),
    ]:
        with pytest.raises(InvalidExpression, match=name):
            list(shelf.scan(**{name: value}))
    assert sent == []
    assert matching(shelf, year__in=range(1950, 2000)) == {"A"}
    assert [found.isbn for found in shelf.scan(year__in=(year for year in [2005]))] == ["B"]


def test_keys_are_never_filters_by_another_operator(shelf, sent):
    with pytest.raises(InvalidKey, match="scan"):
        list(shelf.query(isbn__begins_with="A"))
    assert sent == []
    assert matching(shelf, isbn__begins_with="A") == {"A"}


# None.


def test_none_means_absent_or_null(shelf):
    for absent in (Q(subtitle=None), Q(subtitle__eq=None), shelf.subtitle == None, shelf.subtitle.is_(None)):  # noqa: E711
        assert matching(shelf, absent) == set("BCD")
        assert matching(shelf, ~absent) == {"A"}
    present = [Q(subtitle__ne=None), shelf.subtitle != None, shelf.subtitle.is_not(None), F("sub").is_not(None)]  # noqa: E711
    for condition in present:
        assert matching(shelf, condition) == {"A"}
        assert matching(shelf, ~condition) == set("BCD")
    assert matching(shelf, Q(subtitle=None) | Q(year=1999)) == set("ABCD")
    assert matching(shelf, Q(subtitle=None) & Q(year=2005)) == {"B"}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("lt", None),
        ("lte", None),
        ("gt", None),
        ("gte", None),
        ("begins_with", None),
        ("contains", None),
        ("not_contains", None),
        ("type", None),
        ("in", None),
        ("in", [1, None]),
        ("between", [None, 1]),
        ("size", None),
        ("size__gt", None),
    ],
)
def test_none_inside_other_operators_is_an_error(shelf, sent, name, value):
    with pytest.raises(InvalidExpression):
        list(shelf.scan(**{f"tags__{name}": value}))
    assert sent == []


def test_boto3s_own_none_is_null_and_nothing_else(shelf):
    assert matching(shelf, Attr("sub").eq(None)) == {"D"}
