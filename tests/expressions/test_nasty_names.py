"""Names and values with every character that means something elsewhere, through every kind of expression."""

from __future__ import annotations

import pytest

from dynamorm import ConditionFailed, F, GlobalIndex, ProjectInclude, Q

from ..contract.models import LIBRARIES, integer, listing, mapping, nested, text

NASTY = [
    "a.b",
    "two words",
    "#hash",
    "#c0",
    ":colon",
    ":c0",
    "it's",
    'say "x"',
    "back\\slash",
    "snake \U0001f40d",
    "ünïcode 漢",
    "[0]",
    "a[1].b",
    "(x)) OR (y",
    "a = b, c",
    "SELECT",
    "and",
    "NULL",
    "name",
    "size",
    "attribute_exists(x)",
    "0",
    "-",
    "a__gt",
    "line\nbreak",
    "{0} %s $x",
]


@pytest.fixture(params=LIBRARIES)
def library(request):
    return LIBRARIES[request.param]()


def model_with(library, name):
    """A model whose attributes are all stored under a nasty name."""

    class ByField(GlobalIndex):
        name = "by-field"
        hash_key = "field"
        range_key = "order"
        projection = ProjectInclude("free")

    fields = {
        "key": text(required=True, stored=f"{name}key"),
        "order": integer(required=True, stored=f"{name}order"),
        "field": text(stored=name),
        "number": integer(stored=f"{name}number"),
        "free": mapping(stored=f"{name}free"),
        "boxes": listing(nested({"x": text(stored=name), "n": integer(stored=f"{name}n")}), stored=f"{name}boxes"),
    }
    table = {"name": "nasty", "hash_key": "key", "range_key": "order"}
    return library.model("Nasty", table, fields, ByField=ByField)


@pytest.fixture(params=NASTY)
def nasty(request):
    return request.param


@pytest.fixture
def model(library, nasty, dynamo_tables):
    (made,) = dynamo_tables(model_with(library, nasty))
    made.put(
        {
            "key": nasty,
            "order": 1,
            "field": nasty,
            "number": 5,
            "free": {nasty: nasty, "deep": {nasty: [nasty, {nasty: 1}]}},
            "boxes": [{"x": nasty, "n": 1}],
        }
    )
    made.put({"key": nasty, "order": 2, "field": "other", "free": {"x": 1}})
    return made


def orders(items):
    return sorted(item.order for item in items)


def test_nasty_names_and_values_find_their_items(model, nasty):
    assert model.get(key=nasty, order=1).free[nasty] == nasty
    assert model.exists(key=nasty, order=1)
    assert orders(model.query(key=nasty)) == [1, 2]
    assert orders(model.query(key=nasty, order__gte=1, order__lte=1)) == [1]
    assert orders(model.query(key=nasty, field=nasty)) == [1]
    assert orders(model.ByField.query(field=nasty, order__gt=0, free__exists=True)) == [1]
    assert orders(model.find(field=nasty)) == [1]
    for condition in (
        Q(field=nasty),
        Q(field__begins_with=nasty, field__contains=nasty),
        Q(field__in=[nasty, "x"]) & Q(field__type="S"),
        model.field == nasty,
        model.free[nasty] == nasty,
        F("free")[nasty] == nasty,
        F("free", nasty).exists() & F("free", "deep", nasty)[0].is_in([nasty]),
        F("free", "deep", nasty)[1][nasty] == 1,
        model.boxes[0]["x"] == nasty,
        Q(boxes__0__x=nasty, boxes__0__n__lt=2),
        Q(free={nasty: nasty, "deep": {nasty: [nasty, {nasty: 1}]}}),
        model.field == model.free[nasty],
        ~Q(field="other") & ~Q(number=None),
    ):
        assert orders(model.scan(condition)) == [1]
        assert orders(model.query(condition, key=nasty)) == [1]


def test_nasty_names_are_projected(model, nasty):
    for attrs in (["field"], [nasty], [model.field]):
        found = model.get(key=nasty, order=1, attrs=attrs)
        assert (found.field, found.free, found.is_partial) == (nasty, None, True)
    found = model.get(key=nasty, order=1, attrs=[model.free[nasty], model.boxes[0]["x"]])
    assert (found.free, found.field, len(found.boxes)) == ({nasty: nasty}, None, 1)
    (found,) = model.query(key=nasty, order=1).only("field", "number")
    assert (found.field, found.number, found.free) == (nasty, 5, None)
    (found,) = model.scan(field=nasty).specific_attributes(["number"])
    assert (found.field, found.number) == (None, 5)
    found = list(model.get_batch([(nasty, 1), (nasty, 2)], attrs=["field"]))
    assert sorted(item.field for item in found) == sorted([nasty, "other"])


def test_nasty_names_and_values_are_updated(model, nasty):
    new = f"{nasty}{nasty}"
    model.update_item(key=nasty, order=1, field=new, number__plus=1, boxes__append={"x": new})
    model.update_item(key=nasty, order=1, boxes__0__n=7, boxes__1__x=F("boxes")[0]["x"])
    found = model.get(key=nasty, order=1)
    assert (found.field, found.number, len(found.boxes)) == (new, 6, 2)
    found.update(model.free[nasty].set(new), F("free", "deep", nasty)[1][nasty].add(1), F("free", new).if_not_exists(0))
    again = model.get(key=nasty, order=1)
    assert again.free == found.free == {nasty: new, new: 0, "deep": {nasty: [nasty, {nasty: 2}]}}
    again.free[new] = {nasty: 1}
    del again.free[nasty]
    again.save(partial=True)
    assert model.get(key=nasty, order=1).free == {new: {nasty: 1}, "deep": {nasty: [nasty, {nasty: 2}]}}
    again.update(F("free", new).remove(), field=None)
    again = model.get(key=nasty, order=1)
    assert (again.free, again.field) == ({"deep": {nasty: [nasty, {nasty: 2}]}}, None)


def test_nasty_names_and_values_are_conditions_of_writes(model, nasty):
    found = model.get(key=nasty, order=1)
    wrong = [Q(field=f"{nasty}x"), model.free[nasty] != nasty, Q(number__gt=9), {"field": "other"}]
    for condition in wrong:
        with pytest.raises(ConditionFailed) as caught:
            found.save(conditions=condition)
        assert caught.value.current == found
        with pytest.raises(ConditionFailed):
            found.update(number=0, conditions=condition)
        with pytest.raises(ConditionFailed):
            model.delete_item(key=nasty, order=1, conditions=condition)
    with pytest.raises(ConditionFailed):
        model.put_unique({"key": nasty, "order": 1})
    right = Q(field=nasty) & (model.free[nasty] == nasty) & Q(number__between=[5, 5])
    found.save(conditions=right)
    found.update(number=6, conditions=right)
    found.delete(conditions=Q(number=6, field=nasty))
    assert model.get(key=nasty, order=1) is None
