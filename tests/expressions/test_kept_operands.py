"""Operands are what they were when they were given, whatever becomes of the objects that held them."""

from __future__ import annotations

import copy
import pickle

import pytest
from boto3.dynamodb.conditions import Attr

from dynamorm import F, Q

from ..libraries import natives
from .shelf import found


def years():
    yield 1999
    yield 7


@pytest.mark.parametrize(
    "make",
    [
        lambda shelf: Q(year__in=years()),
        lambda shelf: Q(year__is_in=iter([1999, 7])),
        lambda shelf: Q(year__in=map(int, ["1999"])),
        lambda shelf: Q(year__in={1999: "x"}.keys()),
        lambda shelf: Q(year__between=iter([1998, 2000])),
        lambda shelf: shelf.year.is_in(years()),
        lambda shelf: F("year").is_in(years()),
        lambda shelf: shelf.year.is_in(x for x in [1999]) | Q(year=3),
        lambda shelf: ~~Q(year__in=years()),
        lambda shelf: Attr("year").is_in([1999]) & Q(year__in=years()),
        lambda shelf: shelf.tags == (tag for tag in ["sea", "deep", "sea"]),
    ],
)
def test_what_can_be_gone_through_once_can_be_asked_for_again_and_again(shelf, make):
    condition = make(shelf)
    query = shelf.scan(condition)
    for _ in range(3):
        assert [item.isbn for item in query] == ["A"]
        assert query.count() == 1
        assert found(shelf, condition) == {"A"}
    assert found(shelf, pickle.loads(pickle.dumps(condition))) == found(shelf, copy.deepcopy(condition)) == {"A"}


def test_an_iterator_given_as_a_keyword_makes_a_query_that_can_be_used_again(shelf):
    for query in (
        shelf.scan(year__in=years()),
        shelf.scan({"year__in": years()}),
        shelf.scan([{"year__in": years()}]),
        shelf.scan().filter(year__in=years()),
        shelf.scan(scan_kwargs={"FilterExpression": Attr("year").is_in([1999])}),
        shelf.query(isbn="A", year__in=years()),
        shelf.find(isbn="A", year__in=years()),
    ):
        assert [item.isbn for item in query] == [item.isbn for item in query] == ["A"]
        assert query.exists() and query.count() == 1


def test_a_list_that_is_changed_afterwards_changes_no_condition(shelf):
    for make in (
        lambda values: Q(year__in=values),
        lambda values: Q(views=1) | Q(year__in=values),
        lambda values: shelf.year.is_in(values),
        lambda values: F("year").is_in(values),
        lambda values: Q() & Attr("year").is_in(values),
    ):
        values = [1999]
        condition = make(values)
        values[:] = [2005]
        assert found(shelf, condition) == {"A"}
    values = [1999]
    queries = [shelf.scan(year__in=values), shelf.scan({"year__in": values}), shelf.scan().filter(year__in=values)]
    values.append(2005)
    for query in queries:
        assert [item.isbn for item in query] == ["A"]


def test_what_is_inside_an_operand_is_kept_too(shelf):
    house = {"name": "House", "city": "Turku", "founded": 1890}
    row = {"row": 3, "side": ["left"]}
    tags, bounds, genres = ["sea", "deep", "sea"], [1999, 2000], {"novel", "drama"}
    conditions = [
        Q(publisher=house),
        shelf.publisher == house,
        Q(tags=tags),
        shelf.tags.eq(tags),
        Q(year__between=bounds),
        Q(genres=genres),
    ]
    other = Q(meta__shelf=row)
    house["name"] = "Other"
    row["side"].append("right")
    tags.pop()
    bounds[0] = 2000
    genres.clear()
    for condition in conditions:
        assert found(shelf, condition) == {"A"}
    assert other.named == {"meta__shelf": {"row": 3, "side": ["left"]}}


def test_values_of_actions_are_kept(own_shelf):
    tags, publisher, numbers = ["z"], {"name": "New"}, [1]
    actions = [
        own_shelf.tags.append(tags),
        F("publisher").set(publisher),
        F("meta.fresh").if_not_exists(numbers),
        F("meta.marks").prepend(letter for letter in "ab"),
    ]
    tags.append("more")
    publisher["name"] = "Changed"
    numbers.append(2)
    own_shelf.put({**natives(own_shelf.get(isbn="A")), "isbn": "E"})
    for key in ("A", "E"):
        own_shelf.update_item(*actions, isbn=key)
        changed = natives(own_shelf.get(isbn=key))
        assert changed["tags"] == ["sea", "deep", "sea", "z"]
        assert changed["publisher"]["name"] == "New"
        assert changed["meta"]["fresh"] == [1]
        assert changed["meta"]["marks"] == ["a", "b", 1, "two"]


def test_operands_that_cannot_be_copied_are_refused_as_ever(shelf):
    class Stubborn:
        def __deepcopy__(self, memo):
            raise RuntimeError("no copies")

    around: list = []
    around.append(around)
    for wrong in (Stubborn(), around):
        condition = Q(meta__x=wrong)
        with pytest.raises(Exception, match="Validation failed"):
            list(shelf.scan(condition))
