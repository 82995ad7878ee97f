"""References to fields, and ``F`` for attributes that are no fields."""

from __future__ import annotations

import copy
import pickle

import pytest
from boto3.dynamodb.conditions import Attr

from dynamorm import F, InvalidExpression, Q

from ..libraries import natives
from .shelf import matching


def test_references_have_every_operator(shelf):
    assert matching(shelf, shelf.year > 1990) == {"A", "B"}
    year = 1999
    assert matching(shelf, year < shelf.year) == {"B"}
    assert matching(shelf, year >= shelf.year) == {"A"}
    assert matching(shelf, year == shelf.year) == {"A"}
    assert matching(shelf, shelf.title.begins_with("B")) == {"C"}
    assert matching(shelf, shelf.meta["lang"] == "en") == {"A"}
    assert matching(shelf, shelf.tags[0] == "sky") == {"B"}
    assert matching(shelf, shelf.author.is_in(["Mr. Bar", "x"])) == {"A"}
    assert matching(shelf, shelf.year.between(1, 2)) == set()
    assert matching(shelf, shelf.subtitle.is_(None)) == set("BCD")
    assert matching(shelf, shelf.title.is_("Sky")) == {"B"}
    assert matching(shelf, shelf.title.is_not("Sky")) == set("ACD")


def test_attributes_are_compared_with_attributes(shelf):
    assert matching(shelf, shelf.views > shelf.rank) == {"A"}
    assert matching(shelf, shelf.views < shelf.rank) == {"B"}
    assert matching(shelf, views__gt=shelf.rank) == {"A"}
    assert matching(shelf, Q(views__lte=F("rank"))) == {"B"}
    assert matching(shelf, shelf.views.between(shelf.rank, 100)) == {"A"}
    assert matching(shelf, shelf.rank.is_in([shelf.views, 5])) == {"B"}
    assert matching(shelf, F("meta.lang") != shelf.title) == set("ABCD")
    assert matching(shelf, shelf.publisher["founded"] < shelf.year) == {"A", "B"}
    assert matching(shelf, shelf.editions[0]["name"] < shelf.editions[1]["name"]) == {"A"}
    assert matching(shelf, shelf.title.size() > shelf.rank) == {"A"}
    assert matching(shelf, title__size__lt=shelf.rank) == {"B"}
    assert matching(shelf, shelf.rank > shelf.title.size()) == {"B"}
    assert matching(shelf, shelf.tags.contains(shelf.tags[0])) == {"A", "B"}


def test_references_are_neither_iterable_nor_containers_nor_truth_values(shelf):
    for reference in (shelf.year, F("year"), shelf.meta["x"], shelf.tags[0]):
        with pytest.raises(TypeError):
            iter(reference)
        with pytest.raises(TypeError):
            _ = 1 in reference
        with pytest.raises(TypeError):
            bool(reference)
        with pytest.raises(TypeError):
            len(reference)
        with pytest.raises(TypeError):
            list(reference)
    with pytest.raises(TypeError):
        shelf.tags[True]
    with pytest.raises(TypeError):
        shelf.tags[0:1]


def test_references_and_conditions_and_actions_pickle(own_shelf):
    conditions = [
        Q(year=1999) & ~Q(title="x"),
        Q(year=1999) | Q(title="Nothing"),
        Q(year=1999),
        own_shelf.year == 1999,
        own_shelf.publisher["name"] == "House",
        F("meta.shelf.row") == 3,
        own_shelf.views > own_shelf.rank,
        own_shelf.title.size() > own_shelf.rank,
        Attr("year").eq(1999) & Q(),
        (own_shelf.year == 1999) & Attr("year").eq(1999),
    ]
    for condition in conditions:
        for travelled in (pickle.loads(pickle.dumps(condition)), copy.deepcopy(condition), copy.copy(condition)):
            assert matching(own_shelf, travelled) == {"A"}
    for reference in (own_shelf.year, F("year")):
        assert matching(own_shelf, pickle.loads(pickle.dumps(reference)) == 1999) == {"A"}
    action = pickle.loads(pickle.dumps(own_shelf.views.add(1)))
    own_shelf.update_item(action, isbn="A")
    own_shelf.update_item(isbn="A", views=pickle.loads(pickle.dumps(F("views") + 1)))
    assert own_shelf.get(isbn="A").views == 12


def test_references_can_stand_in_sets_and_dicts(shelf):
    assert len({hash(shelf.year), hash(shelf.title), hash(F("year"))}) == 3
    assert hash(shelf.year) == hash(pickle.loads(pickle.dumps(shelf.year)))


def test_f_has_the_actions(own_shelf):
    changed = own_shelf.get(isbn="A")
    changed.update(
        F("title").set("New"),
        F("views").add(2),
        F("genres").delete({"drama"}),
        F("subtitle").remove(),
        F("tags").append("z"),
        F("meta.marks").prepend(["a"]),
        F("author").if_not_exists("Nobody"),
        F("meta.fresh").if_not_exists("yes"),
        own_shelf.copies.add(1),
        F("pub.Name").set("Renamed"),
    )
    found = natives(own_shelf.get(isbn="A", consistent=True))
    assert found["title"] == "New"
    assert found["views"] == 12
    assert found["genres"] == {"novel"}
    assert found.get("subtitle") is None
    assert found["tags"] == ["sea", "deep", "sea", "z"]
    assert found["meta"]["marks"] == ["a", 1, "two"]
    assert (found["author"], found["meta"]["fresh"], found["copies"]) == ("Mr. Bar", "yes", 4)
    assert found["publisher"]["name"] == "Renamed"
    assert natives(changed) == found


def test_a_reference_with_a_number_is_a_value_for_updates(own_shelf):
    found = own_shelf.get(isbn="A")
    found.update(
        views=F("views") + 1, copies=own_shelf.copies - 1, rank=own_shelf.copies + own_shelf.rank, year=10 - F("views")
    )
    assert (found.views, found.copies, found.rank, found.year) == (11, 2, 5, 0)
    again = own_shelf.get(isbn="A")
    assert (again.views, again.copies, again.rank, again.year) == (11, 2, 5, 0)
    found.update(F("views").set(5 + F("views")))
    assert found.views == 16
    with pytest.raises(InvalidExpression, match="two"):
        _ = F("views") + 1 + 2
