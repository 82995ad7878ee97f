"""Small immutable values."""

from __future__ import annotations

import copy
import pickle
from functools import cached_property
from typing import ClassVar

import pytest

from dynamorm.frozen import Frozen, FrozenValue


class Place(FrozenValue):
    _unshown: ClassVar[frozenset[str]] = frozenset({"secret"})

    town: str
    street: str = "Main Street"
    secret: int = 0

    @cached_property
    def shout(self) -> str:
        return self.town.upper()


class House(Place):
    number: int = 1


class Loner(Frozen):
    name: str


def test_attributes_come_in_their_order_by_name_or_by_default():
    assert vars(Place("Berlin")) == {"town": "Berlin", "street": "Main Street", "secret": 0}
    assert vars(Place("Berlin", secret=7)) == {"town": "Berlin", "street": "Main Street", "secret": 7}
    assert vars(Place("Berlin", "Long Lane", 3)) == vars(Place(secret=3, street="Long Lane", town="Berlin"))
    assert list(vars(House("Berlin", "Long Lane", 3, 9))) == ["town", "street", "secret", "number"]


@pytest.mark.parametrize(
    ("values", "named", "told"),
    [
        ((), {}, "Place needs town"),
        (("a", "b", 3, 4), {}, "Place takes each of town, street, secret once"),
        (("a",), {"town": "b"}, "Place takes each of town, street, secret once"),
        (("a",), {"city": "b"}, "Place has no city"),
        ((), {"city": "b", "street": "c"}, "Place needs town"),
    ],
)
def test_wrong_arguments_are_refused(values, named, told):
    with pytest.raises(TypeError, match=told):
        Place(*values, **named)


def test_nothing_can_be_changed():
    place = Place("Berlin")
    with pytest.raises(AttributeError, match=r"Place\.town cannot be set"):
        place.town = "Bonn"
    with pytest.raises(AttributeError, match=r"Place\.town cannot be deleted"):
        del place.town
    assert place.replace(town="Bonn") == Place("Bonn") and place == Place("Berlin")


def test_values_are_equal_by_content_and_others_by_identity():
    place = Place("Berlin")
    assert place.shout == "BERLIN"
    assert place == Place("Berlin") and hash(place) == hash(Place("Berlin"))
    assert place != Place("Bonn") and place != House("Berlin") and place != "Berlin"
    assert Loner("a") != Loner("a")


def test_the_text_shows_all_but_what_is_not_to_be_shown():
    assert repr(House("Berlin", number=5)) == "House(town='Berlin', street='Main Street', number=5)"


def test_copies_and_pickles_are_equal():
    house = House("Berlin", number=5)
    assert pickle.loads(pickle.dumps(house)) == house
    assert copy.copy(house) == copy.deepcopy(house) == house
