"""Names and values with every character that means something elsewhere, through every kind of expression."""

from __future__ import annotations

import pytest

from dynamorm import ConditionFailed, F, GlobalIndex, ProjectInclude, Q

from ..libraries import integer, listing, mapping, nested, text

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


NAMED = {f"f{number}": name for number, name in enumerate(NASTY)}
FREE = {**{name: name for name in NASTY}, "deep": {name: [name, {name: 1}] for name in NASTY}}


@pytest.fixture
def model(library, dynamo_tables):
    """A model with a field for each nasty name, and an item that has each as a value, too."""

    class ByField(GlobalIndex):
        name = "by-field"
        hash_key = "f0"
        range_key = "number"
        projection = ProjectInclude("f1", "free")

    nasty = {field: text(stored=name) for field, name in NAMED.items()}
    fields = {
        "key": text(required=True),
        "number": integer(stored="the.number"),
        "free": mapping(stored="free [form]"),
        "boxes": listing(nested(nasty), stored="#boxes"),
        **nasty,
    }
    (made,) = dynamo_tables(library.model("Nasty", {"name": "nasty", "hash_key": "key"}, fields, ByField=ByField))
    made.put({"key": "1", "number": 5, "free": FREE, "boxes": [NAMED], **NAMED})
    made.put({"key": "2", "f0": "other", "free": {"x": 1}})
    return made


def keys(items):
    return sorted(item.key for item in items)


KEYS = ["a.b", "#k0", ":k0", "two words", "snake \U0001f40d", "size", "[0]", "and"]


@pytest.mark.parametrize("name", KEYS)
def test_keys_of_tables_and_indexes_may_be_called_anything(library, dynamo_tables, name):
    class ByOther(GlobalIndex):
        hash_key = "other"
        range_key = "order"
        projection = ProjectInclude()

    ByOther.name = "by-other"
    stored = {"key": f"{name}key", "order": f"{name}order", "other": name}
    fields = {
        "key": text(required=True, stored=stored["key"]),
        "order": integer(required=True, stored=stored["order"]),
        "other": text(stored=stored["other"]),
    }
    table = {"name": "nasty-keys", "hash_key": "key", "range_key": "order"}
    (made,) = dynamo_tables(library.model("NastyKeys", table, fields, ByOther=ByOther))
    made.put_unique({"key": name, "order": 1, "other": name})
    with pytest.raises(ConditionFailed):
        made.put_unique({"key": name, "order": 1})
    made.put({"key": name, "order": 2})
    assert made.get(key=name, order=1, attrs=["other"]).other == name
    assert made.exists(key=name, order=1)
    assert [item.order for item in made.query(key=name)] == [1, 2]
    assert [item.order for item in made.query(key=name, order__between=(0, 1)).filter(other__ne=None)] == [1]
    assert [item.order for item in made.query(key=name).limit(1).reverse()] == [2]
    assert [item.order for item in made.ByOther.query(other=name, order__gte=1)] == [1]
    assert [item.order for item in made.find(other=name)] == [1]
    assert [item.order for item in made.scan(key=name, order__gt=1)] == [2]
    assert len(list(made.get_batch([(name, 1), (name, 2)], attrs=["order"]))) == 2
    made.update_item(key=name, order=1, other=f"{name}!", conditions=Q(other=name) & Q(key=name))
    made.delete_item(key=name, order=1, conditions=Q(order__lte=1))
    assert not made.exists(key=name, order=1)


def test_keys_may_have_any_value(model):
    for name in NASTY:
        model.put({"key": name, "f0": name, "number": 1})
        found = model.get(key=name)
        assert (found.key, found.f0) == (name, name)
        assert keys(model.query(key=name, number=1)) == [name]
        assert keys(model.ByField.query(f0=name, number__gte=0, number__lte=4)) == [name]
        found.update(number=2)
        found.delete(conditions={"number": 2})
    assert keys(model.scan()) == ["1", "2"]


def conditions_on(model, field, name):
    return [
        Q(**{field: name}),
        Q(**{f"{field}__begins_with": name, f"{field}__contains": name}),
        Q(**{f"{field}__in": [name, "x"]}) & Q(**{f"{field}__type": "S"}),
        getattr(model, field) == name,
        model.free[name] == name,
        F("free")[name] == name,
        F("free", name).exists() & F("free", "deep", name)[0].is_in([name]),
        F("free", "deep", name)[1][name] == 1,
        model.boxes[0][field] == name,
        Q(**{f"boxes__0__{field}": name}),
        getattr(model, field) == model.free[name],
        getattr(model, field).size() == model.free["deep"][name][0].size(),
        ~Q(**{field: "other"}) & ~Q(**{field: None}),
    ]


def test_nasty_names_and_values_are_filtered_by(model):
    everything = [conditions_on(model, field, name) for field, name in NAMED.items()]
    for of_one_name in everything:
        assert keys(model.scan(*of_one_name)) == ["1"]
        assert keys(model.query(*of_one_name, key="1")) == ["1"]
        assert keys(model.scan(~Q() & ~of_one_name[0])) == ["2"]
    for of_one_form in zip(*everything, strict=True):
        assert keys(model.scan(*of_one_form)) == ["1"]
    assert keys(model.scan(free=FREE, boxes=[NAMED])) == ["1"]
    assert keys(model.ByField.query(f0=NASTY[0], free__exists=True, f1=NASTY[1])) == ["1"]


def test_nasty_names_are_projected(model):
    for field, name in NAMED.items():
        for attrs in ([field], [name], [getattr(model, field)]):
            found = model.get(key="1", attrs=attrs)
            assert (getattr(found, field), found.free, found.is_partial) == (name, None, True)
    everything = [*NAMED, *(model.free[name] for name in NASTY), *(model.boxes[0][field] for field in NAMED)]
    found = model.get(key="1", attrs=everything)
    assert {field: getattr(found, field) for field in NAMED} == NAMED
    assert found.free == {name: name for name in NASTY}
    assert (len(found.boxes), found.number) == (1, None)
    (found,) = model.query(key="1").only(*NAMED)
    assert ({field: getattr(found, field) for field in NAMED}, found.free) == (NAMED, None)
    (found,) = model.scan(**NAMED).specific_attributes(["number"])
    assert (found.f1, found.number) == (None, 5)
    found = list(model.get_batch(["1", "2"], attrs=list(NAMED)))
    assert sorted(item.f0 for item in found) == sorted([NASTY[0], "other"])


def test_nasty_names_and_values_are_updated(model):
    model.update_item(key="1", **{field: f"{name}!" for field, name in NAMED.items()}, boxes__append=NAMED)
    model.update_item(key="1", **{f"boxes__1__{field}": F("boxes")[0][field] for field in NAMED}, number__plus=1)
    found = model.get(key="1")
    assert {field: getattr(found, field) for field in NAMED} == {field: f"{name}!" for field, name in NAMED.items()}
    assert (found.number, len(found.boxes), found.free) == (6, 2, FREE)
    for name in NASTY:
        new = f"{name}?"
        found.update(
            model.free[name].set(new), F("free", "deep", name)[1][name].add(1), F("free", new).if_not_exists(0)
        )
    again = model.get(key="1")
    expected = {
        **{name: f"{name}?" for name in NASTY},
        **{f"{name}?": 0 for name in NASTY},
        "deep": {name: [name, {name: 2}] for name in NASTY},
    }
    assert again.free == found.free == expected
    for name in NASTY:
        again.free[f"{name}?"] = {name: 1}
        del again.free[name]
    again.save(partial=True)
    expected = {**{f"{name}?": {name: 1} for name in NASTY}, "deep": expected["deep"]}
    assert model.get(key="1").free == expected
    again.update(*(F("free", f"{name}?").remove() for name in NASTY), f1=None)
    again = model.get(key="1")
    assert (again.free, again.f1) == ({"deep": expected["deep"]}, None)


def test_nasty_names_and_values_are_conditions_of_writes(model):
    found = model.get(key="1")
    for field, name in NAMED.items():
        wrong = Q(**{field: f"{name}x"}) | (model.free[name] != name) | Q(number__gt=9)
        right = Q(**{field: name}) & (model.free[name] == name) & Q(number__between=[5, 5])
        with pytest.raises(ConditionFailed) as caught:
            found.save(conditions=wrong)
        assert caught.value.current == found
        with pytest.raises(ConditionFailed):
            found.update(number=0, conditions=wrong)
        with pytest.raises(ConditionFailed):
            model.delete_item(key="1", conditions={field: f"{name}x"})
        found.save(conditions=right)
        found.update(number=5, conditions=right)
    found.delete(conditions=NAMED)
    assert model.get(key="1") is None
