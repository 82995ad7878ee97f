"""What can be read only once is made a list, or a set, where it comes in: looking at it changes nothing."""

from __future__ import annotations

import pytest

from dynamorm import ValidationError
from dynamorm.schema.iterators import settled
from dynamorm.spec import FieldSpec

from ..libraries import collection, integer, listing, mapping, natives, nested, text
from ..stored import stored_item
from ..traffic import sent_by

FIELDS = {
    "id": text(required=True),
    "tags": listing(text()),
    "rows": listing(listing(integer())),
    "genres": collection(text()),
    "free": mapping(),
    "note": text(at_most=3),
    "numbers": listing(integer()),
    "inner": nested({"few": listing(integer(), stored="Few")}),
}
GIVEN = {
    "tags": (
        ["b", "a", "b"],
        [
            lambda: map(str.strip, [" b", "a ", "b"]),
            lambda: (letter for letter in "bab"),
            lambda: filter(None, ["b", "", "a", "b"]),
            lambda: iter(["b", "a", "b"]),
            lambda: {1: "b", 2: "a", 3: "b"}.values(),
        ],
    ),
    "rows": (
        [[1], [2, 3]],
        [lambda: map(list, [[1], [2, 3]]), lambda: [[1], iter([2, 3])], lambda: (iter(row) for row in ([1], [2, 3]))],
    ),
    "genres": ({"a", "b"}, [lambda: iter("ab"), lambda: {"b": 1, "a": 2}.keys(), lambda: reversed(["a", "b"])]),
    "free": (
        {"a": [1, 2], "b": {"c": [3]}},
        [lambda: {"a": iter([1, 2]), "b": {"c": {"x": 3}.values()}}],
    ),
}
EVERY = [(name, expected, make) for name, (expected, ways) in GIVEN.items() for make in ways]
every = pytest.mark.parametrize(("name", "expected", "make"), EVERY)


@pytest.fixture
def thing(library, dynamo_tables):
    (model,) = dynamo_tables(library.model("Thing", {"name": "things", "hash_key": "id"}, FIELDS))
    return model


def look(instance):
    """Look at an instance in every way that takes reading its values."""
    for _ in range(2):
        natives(instance), instance.to_dict(), instance.validate(), instance.is_dirty, instance.changes, repr(instance)
        instance.to_item()


def as_it_was(thing, name, expected):
    item = thing.get(id="1", consistent=True)
    return natives(item)[name] == expected and not item.is_dirty


@every
def test_what_a_constructor_is_given(library, thing, name, expected, make):
    instance = thing(id="1", **{name: make()})
    if (library.name, name) == ("pydantic", "free"):
        # pydantic does not look into free-form data, and nobody does so instead for each new instance
        for look_at in (instance.to_dict, instance.save):
            with pytest.raises(ValidationError, match="only once"):
                look_at()
        assert list(instance.free["a"]) == [1, 2]
        return
    look(instance)
    assert getattr(instance, name) == expected
    for _ in range(2):
        instance.save()
        assert as_it_was(thing, name, expected)
    assert not instance.is_dirty


@every
def test_what_is_assigned(thing, name, expected, make):
    instance = thing(id="1")
    setattr(instance, name, make())
    look(instance)
    for _ in range(2):
        instance.save()
        assert as_it_was(thing, name, expected)
    instance = thing.get(id="1")
    setattr(instance, name, make())
    assert not instance.is_dirty
    thing.put({"id": "1"})
    instance = thing.get(id="1")
    setattr(instance, name, make())
    assert instance.is_dirty and list(instance.changes) == [name]
    with sent_by(thing) as requests:
        instance.save(partial=True)
        instance.save(partial=True)
    assert len(requests) == 1 and as_it_was(thing, name, expected)
    assert getattr(instance, name) == expected


@every
def test_what_is_put_or_updated(thing, name, expected, make):
    thing.put({"id": "1", name: make()})
    assert as_it_was(thing, name, expected)
    thing.put({"id": "1"})
    thing.update_item(id="1", **{name: make()})
    assert as_it_was(thing, name, expected)
    thing.put({"id": "1"})
    instance = thing.get(id="1")
    instance.update(**{name: make()})
    assert as_it_was(thing, name, expected)
    assert getattr(instance, name) == expected and not instance.is_dirty
    made = thing.upsert(id="2", **{name: make()})
    assert getattr(made, name) == expected


def test_elements_that_are_appended_or_added(thing):
    thing.put({"id": "1", "tags": ["a"], "genres": {"a", "z"}, "rows": [[1]]})
    thing.update_item(id="1", tags__append=(letter for letter in "bc"), genres__add=iter("bc"), rows__0=iter([2, 3]))
    thing.update_item(id="1", genres__delete=iter("z"))
    assert stored_item(thing, id="1") == {
        "id": "1",
        "tags": ["a", "b", "c"],
        "genres": {"a", "b", "c"},
        "rows": [[2, 3]],
    }


def test_an_iterator_that_was_put_into_a_list_is_refused_rather_than_used_up(thing):
    instance = thing(id="1", rows=[[1]], free={"a": 1})
    instance.save()
    instance.rows.append(iter([2]))
    assert instance.is_dirty and instance.is_dirty
    for save in (instance.save, lambda: instance.save(partial=True), instance.to_dict, instance.validate):
        with sent_by(thing) as requests, pytest.raises(ValidationError, match="rows"):
            save()
        assert requests == []
    assert list(instance.rows[-1]) == [2]
    instance.rows[-1] = [2]
    instance.free["b"] = iter("x")
    with pytest.raises(ValidationError, match="free"):
        instance.save()
    assert list(instance.free["b"]) == ["x"]


def test_an_iterator_beside_a_value_that_takes_more_to_convert_is_not_used_up(thing):
    import datetime as dt

    class Text(str):
        __slots__ = ()

    for note, kept in ((dt.date(1, 1, 1), None), (Text("abc"), "abc")):
        values = {"id": "1", "tags": iter(["a", "b"]), "note": note}
        if kept is None:
            with pytest.raises(ValidationError):
                thing(**values)
            continue
        assert thing(**values).tags == ["a", "b"]
        thing.put({**values, "tags": iter(["a", "b"])})
        assert stored_item(thing, id="1") == {"id": "1", "tags": ["a", "b"], "note": kept}


def test_attributes_that_are_no_fields_keep_the_iterators_that_are_assigned_to_them(thing):
    instance = thing(id="1")
    instance.waiting = iter([1, 2])
    assert next(instance.waiting) == 1 and list(instance.waiting) == [2]


def test_a_value_without_iterators_stays_the_very_object_that_was_assigned(thing):
    instance, tags, free = thing(id="1"), ["a"], {"a": [1, {"b": (1, 2)}]}
    instance.tags, instance.free = tags, free
    assert instance.tags is tags and instance.free is free


def fickle():
    """Return a set whose copies give the elements in another order: it was large, and they are small."""
    numbers = set(range(1000))
    for number in set(numbers) - {1, 16}:
        numbers.discard(number)
    assert list(numbers) != list(set(numbers))
    return numbers


SETS = [
    ("numbers", fickle),
    ("numbers", lambda: frozenset([16, 1])),
    ("rows", lambda: [fickle()]),
    ("rows", lambda: (fickle(), [1])),
    ("rows", lambda: {(16, 1), (2, 3)}),
    ("inner", lambda: {"few": fickle()}),
    ("inner", lambda: {"Few": fickle()}),
    ("inner", lambda: {"few": dict.fromkeys([16, 1]).keys()}),
]


@pytest.mark.parametrize(("name", "make"), SETS)
def test_a_set_for_a_list_is_a_list_from_the_start(thing, name, make):
    def check_saves(instance):
        assert not isinstance(getattr(instance, name), (set, frozenset))
        for options in ({}, {"partial": True}, {}):
            instance.save(**options)
            assert not instance.is_dirty
        assert thing.get(id="1", consistent=True).to_dict() == instance.to_dict()

    check_saves(thing(id="1", **{name: make()}))
    instance = thing(id="1")
    setattr(instance, name, make())
    check_saves(instance)
    thing.put({"id": "1"})
    instance = thing.get(id="1")
    setattr(instance, name, make())
    instance.save(partial=True)
    assert not instance.is_dirty
    instance.update(**{name: make()})
    check_saves(instance)
    thing.put({"id": "1", name: make()})
    check_saves(thing.get(id="1"))


def test_a_set_is_a_list_where_a_map_holds_lists_and_stays_a_set_where_anything_goes(thing):
    numbers = FieldSpec("numbers", "numbers", "numbers", kind="list")
    by_name = FieldSpec("by_name", "by_name", "by_name", kind="map", element=numbers)
    ((_, found),) = settled({"a": fickle()}, by_name).items()
    assert isinstance(found, list) and sorted(found) == [1, 16]
    given = fickle()
    instance = thing(id="1")
    instance.free = {"a": given}
    assert instance.free["a"] is given


def test_a_field_of_pydantic_for_any_iterable_holds_a_list(dynamo_tables):
    pydantic = pytest.importorskip("pydantic")
    from collections.abc import Iterable
    from typing import Annotated

    from dynamorm import DynaModel

    class Inner(pydantic.BaseModel):
        numbers: Iterable[int]

    class Outer(DynaModel):
        class Table:
            name = "outers"
            hash_key = "id"
            billing_mode = "PAY_PER_REQUEST"

        class Schema(pydantic.BaseModel):
            id: str
            numbers: Iterable[int] | None = None
            few: Annotated[Iterable[str], pydantic.Field(max_length=2)] = ()
            inner: Inner | None = None
            rows: list[Iterable[int]] | None = None

    dynamo_tables(Outer)
    given = {"numbers": map(int, "12"), "few": iter("a"), "inner": {"numbers": iter("34")}, "rows": [iter([5]), (6,)]}
    instance = Outer(id="1", **given)
    look(instance)
    instance.save()
    for found in (Outer.get(id="1"), next(iter(Outer.scan()))):
        look(found)
        assert (found.numbers, found.few, found.rows) == ([1, 2], ["a"], [[5], [6]])
        assert found.inner.numbers == [3, 4] and not found.is_dirty
        found.save()
    found.numbers.append(7)
    found.inner.numbers = range(3)
    assert sorted(found.changes) == ["inner", "numbers"]
    found.save(partial=True)
    assert (Outer.get(id="1").numbers, Outer.get(id="1").inner.numbers) == ([1, 2, 7], [0, 1, 2])
    found.update(numbers=iter("89"))
    assert found.numbers == Outer.get(id="1").numbers == [8, 9]
    with pytest.raises(ValidationError):
        Outer(id="1", few=iter("abc"))
    with pytest.raises(ValidationError):
        Outer(id="1", numbers=iter("x"))
