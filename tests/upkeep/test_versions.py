"""Items of old versions: read, written, and told from newer ones."""

from __future__ import annotations

import copy
import pickle

import pytest

import dynamorm
from dynamorm import (
    ConditionFailed,
    DynaModel,
    InvalidExpression,
    InvalidKey,
    ItemTooNew,
    Q,
    Transaction,
    ValidationError,
    downgrade,
    upgrade,
)

from ..libraries import integer, mapping, text
from ..traffic import sent_by

OLD = {"id": text(required=True), "name": text(), "visits": integer()}
NEW = {"id": text(required=True), "first": text(), "last": text(), "visits": integer(), "meta": mapping()}
TABLE = {"name": "people", "hash_key": "id"}


def split(item):
    item["first"], _, item["last"] = item.pop("name", "").partition(" ")


def join(item):
    item["name"] = f"{item.pop('first', '')} {item.pop('last', '')}"


def person(library, dynamo_tables, version=2, **more):
    words = {name: more.pop(name) for name in list(more) if name.endswith(("version", "attribute"))}
    steps = {"split": upgrade(2)(split), **more}
    (model,) = dynamo_tables(library.model("Person", {**TABLE, "schema_version": version, **words}, NEW, **steps))
    return model


@pytest.fixture
def new(library, dynamo_tables):
    model = person(library, dynamo_tables)
    model.Table.table.put_item(Item={"id": "1", "name": "Ann Lee", "visits": 1, "other": "kept"})
    return model


def stored(model, key="1"):
    return model.Table.table.get_item(Key={"id": key}, ConsistentRead=True).get("Item")


def test_reads_upgrade_and_change_nothing(new):
    ann = new.get(id="1")
    assert (ann.first, ann.last, ann.visits) == ("Ann", "Lee", 1)
    assert not dynamorm.inspect(ann).is_dirty and dynamorm.inspect(ann).extra == {"other": "kept"}
    assert [one.first for one in new.scan()] == ["Ann"]
    assert [one.first for one in new.query(id="1")] == ["Ann"]
    assert [one.first for one in new.get_batch(["1"])] == ["Ann"]
    twin = new(id="1")
    dynamorm.load(twin)
    assert twin.last == "Lee"
    twin.refresh()
    assert twin.first == "Ann"
    assert stored(new)["name"] == "Ann Lee"


def test_an_upgraded_instance_can_be_copied_and_pickled(new):
    ann = new.get(id="1")
    for twin in (copy.copy(ann), copy.deepcopy(ann)):
        twin.visits = 5
        twin.save(partial=True)
    assert stored(new) == {"id": "1", "first": "Ann", "last": "Lee", "visits": 5, "other": "kept", "_v": 2}


def test_a_current_item_is_written_in_one_request(new):
    new.put({"id": "2", "first": "Bob"})
    with sent_by(new) as requests:
        new.update_item(id="2", visits=1)
        new.get(id="2").update(last="Bee")
        new.delete_item(id="2")
    assert [request.operation for request in requests] == ["UpdateItem", "GetItem", "UpdateItem", "DeleteItem"]


def test_an_old_item_is_upgraded_with_what_is_written(new):
    ann = new.get(id="1")
    ann.last = "Roe"
    ann.save(partial=True)
    assert stored(new) == {"id": "1", "first": "Ann", "last": "Roe", "visits": 1, "other": "kept", "_v": 2}
    with sent_by(new) as requests:
        ann.visits = 2
        ann.save(partial=True)
    assert len(requests) == 1


def test_what_an_old_program_writes_meanwhile_is_upgraded_too(new):
    ann = new.get(id="1")
    new.Table.table.update_item(
        Key={"id": "1"}, UpdateExpression="SET #n = :n", ExpressionAttributeNames={"#n": "name"},
        ExpressionAttributeValues={":n": "Zoe Zed"},
    )  # fmt: skip
    ann.update(visits__add=4)
    assert stored(new) == {"id": "1", "first": "Zoe", "last": "Zed", "visits": 5, "other": "kept", "_v": 2}


def test_an_atomic_save_is_held_against_the_upgraded_item(new):
    ann, twin = new.get(id="1"), new.get(id="1")
    ann.visits = 2
    ann.save(atomic=True)
    assert stored(new)["visits"] == 2 and "name" not in stored(new)
    twin.visits = 3
    with pytest.raises(ConditionFailed):
        twin.save(atomic=True)


def test_conditions_are_about_the_current_form(new):
    with pytest.raises(ConditionFailed) as caught:
        new.update_item(id="1", visits=9, conditions=Q(first="Bob"))
    assert caught.value.current.first == "Ann"
    new.update_item(id="1", visits=9, conditions=Q(first="Ann"))
    assert stored(new)["visits"] == 9
    new.Table.table.put_item(Item={"id": "1", "name": "Ann Lee"})
    new.delete_item(id="1", conditions=Q(last="Lee"))
    assert stored(new) is None


def test_what_updates_return_is_in_the_current_form(new):
    assert new.patch(id="1", visits__add=1).first == "Ann"
    new.Table.table.put_item(Item={"id": "1", "name": "Ann Lee", "visits": 1})
    answer = new.update_item(id="1", visits__add=1, update_item_kwargs={"ReturnValues": "UPDATED_NEW"})
    assert answer["Attributes"] == {"visits": 2, "_v": 2}  # which an update by key sets where it makes an item
    new.Table.table.put_item(Item={"id": "1", "name": "Ann Lee", "visits": 1})
    ann = new.get(id="1")
    ann.update(visits__add=1, return_all=True)
    assert (ann.visits, ann.last) == (2, "Lee")
    assert not dynamorm.inspect(ann).is_dirty


def test_transactions_upgrade_what_they_write(new):
    new.Table.table.put_item(Item={"id": "2", "name": "Bob Bee"})
    ann = new.get(id="1")
    with Transaction() as tx:
        tx.update(ann, last="Roe")
        tx.update(new, id="2", visits=4)
        tx.put(new, {"id": "3", "first": "Cy"})
    assert stored(new)["last"] == "Roe" and ann.last == "Roe"
    assert stored(new, "2") == {"id": "2", "first": "Bob", "last": "Bee", "visits": 4, "_v": 2}


def test_text_of_conditions_and_updates_is_refused(new):
    text_of_update = {"UpdateExpression": "SET visits = :v", "ExpressionAttributeValues": {":v": 1}}
    with pytest.raises(InvalidExpression, match=r"UpdateExpression is given as text, and the table has upkeep"):
        new.update_item(id="1", update_item_kwargs=text_of_update)


def test_newer_items_are_left_alone(library, new, dynamo_tables):
    newer = person(library, dynamo_tables, 3, nothing=upgrade(3)(lambda item: None))
    newer.put({"id": "9", "first": "Nia"})
    for touch in (
        lambda: new.get(id="9"),
        lambda: list(new.scan()),
        lambda: new.update_item(id="9", visits=1),
        lambda: new.delete_item(id="9", conditions=Q(first="Nia")),
    ):
        with pytest.raises(ItemTooNew, match=r"version 3, and schema_version = 2 is the newest one"):
            touch()
    assert [one.id for one in new.scan().on_invalid("skip")] == ["1"]
    assert stored(new, "9") == {"id": "9", "first": "Nia", "_v": 3}
    error = pickle.loads(pickle.dumps(_raised(lambda: new.get(id="9"))))
    assert isinstance(error, ItemTooNew)


def _raised(call):
    try:
        call()
    except Exception as error:
        return error
    raise AssertionError("nothing was raised")


def test_a_function_that_fails_says_so(library, dynamo_tables):
    def fail(item):
        raise KeyError("no")

    model = person(library, dynamo_tables, split=upgrade(2)(fail))
    model.Table.table.put_item(Item={"id": "1"})
    with pytest.raises(ValidationError, match=r"@upgrade\(2\) fail failed: KeyError: 'no'"):
        model.get(id="1")
    with pytest.raises(ValidationError, match=r"@upgrade\(2\) fail failed"):
        model.update_item(id="1", visits=1)
    assert list(model.scan().on_invalid("skip")) == []
    model = person(library, dynamo_tables, split=upgrade(2)(lambda item: 7))
    with pytest.raises(ValidationError, match=r"returned a int, and not a dict"):
        model.get(id="1")


def test_a_function_may_return_another_dict(library, dynamo_tables):
    model = person(library, dynamo_tables, split=upgrade(2)(lambda item: {"id": item["id"], "first": "x"}))
    model.Table.table.put_item(Item={"id": "1", "name": "y", "visits": 3})
    assert (model.get(id="1").first, model.get(id="1").visits) == ("x", None)


def test_a_function_cannot_change_the_key(library, dynamo_tables):
    model = person(library, dynamo_tables, split=upgrade(2)(lambda item: item.update(id="other")))
    model.Table.table.put_item(Item={"id": "1"})
    with pytest.raises(InvalidKey, match=r"changes 'id', a part of the primary key, of the item with {'id': '1'}"):
        model.get(id="1")


@pytest.mark.parametrize("value", ["2", 0, -1, None, "x"])
def test_what_is_no_version_is_refused(new, value):
    new.Table.table.put_item(Item={"id": "7", "_v": value})
    with pytest.raises(ValidationError, match=r"is no version of a stored item"):
        new.get(id="7")


def test_versions_are_taken_one_after_the_other(library, dynamo_tables):
    def count(item):
        item["visits"] = item.get("visits", 0) + 10

    model = person(library, dynamo_tables, 3, count=upgrade(3)(count))
    model.Table.table.put_item(Item={"id": "1", "name": "A B"})
    model.Table.table.put_item(Item={"id": "2", "first": "C", "visits": 1, "_v": 2})
    assert [(one.first, one.visits) for one in model.get_batch(["1", "2"], ordered=True)] == [("A", 10), ("C", 11)]
    model.patch(id="2", visits__add=1)
    assert stored(model, "2") == {"id": "2", "first": "C", "visits": 12, "_v": 3}


def test_the_first_version_is_stored_as_if_there_were_none(library, dynamo_tables):
    (model,) = dynamo_tables(library.model("Person", {**TABLE, "schema_version": 1}, OLD))
    model.put({"id": "1", "name": "A"})
    model.patch(id="1", visits=1)
    assert stored(model) == {"id": "1", "name": "A", "visits": 1}


def test_the_version_can_be_stored_under_another_name(library, dynamo_tables):
    model = person(library, dynamo_tables, schema_version_attribute="form")
    model.put({"id": "1", "first": "A"})
    assert stored(model) == {"id": "1", "first": "A", "form": 2}
    assert "form" not in model.get(id="1").to_dict()
    assert dynamorm.inspect(model.get(id="1")).extra == {}


# Two releases at work.


@pytest.fixture
def both(library, new, dynamo_tables):
    return person(library, dynamo_tables, write_version=1, join=downgrade(2)(join))


def test_a_new_program_writes_as_old_ones_do_until_told_otherwise(library, new, both):
    ann = both.get(id="1")
    ann.update(last="Roe")
    assert (ann.last, stored(both)) == ("Roe", {"id": "1", "name": "Ann Roe", "visits": 1, "other": "kept"})
    both.update_item(id="2", first="Bob", last="Bee")
    both.put({"id": "3", "first": "Cy", "last": "D"})
    both.put_batch({"id": "4", "first": "Di", "last": "E"})
    assert [stored(both, key)["name"] for key in "234"] == ["Bob Bee", "Cy D", "Di E"]
    assert [one.first for one in new.get_batch(["2", "3", "4"], ordered=True)] == ["Bob", "Cy", "Di"]


def test_what_a_later_program_wrote_stays_in_its_form(new, both):
    new.patch(id="1", visits=2)
    both.patch(id="1", last="Roe")
    assert stored(both) == {"id": "1", "first": "Ann", "last": "Roe", "visits": 2, "other": "kept", "_v": 2}


def test_numbers_of_an_old_item_are_counted_exactly(both):
    ann, twin = both.get(id="1"), both.get(id="1")
    ann.update(visits__add=1)
    twin.update(visits__add=1)
    assert stored(both)["visits"] == 3


# Several models in one table.


def test_items_of_other_models_are_not_upgraded(library, dynamo_tables):
    class Base(DynaModel):
        class Table:
            name = "people"
            hash_key = "id"
            discriminator = "kind"
            billing_mode = "PAY_PER_REQUEST"
            abstract = True

    class Versioned(Base.Table):
        schema_version = 2

    def of_person(item):
        assert item["kind"] == "Person"
        split(item)

    model = library.model("Person", Versioned, NEW, bases=(Base,), split=upgrade(2)(of_person))

    class Unversioned(Base.Table):
        pass

    other = library.model("Robot", Unversioned, OLD, bases=(Base,))
    dynamo_tables(model, other)
    other.put({"id": "1", "name": "R2"})
    model.Table.table.put_item(Item={"id": "2", "name": "Ann Lee", "kind": "Person"})
    with pytest.raises(ConditionFailed, match=r"is no Person: its kind is 'Robot'"):
        model.update_item(id="1", first="x")
    with pytest.raises(ConditionFailed, match=r"is no Person: its kind is 'Robot'"):
        model.put({"id": "1", "first": "x"})
    assert {(type(one), one.id) for one in Base.scan()} == {(other, "1"), (model, "2")}
    model.patch(id="2", visits=1)
    assert stored(model, "2") == {"id": "2", "first": "Ann", "last": "Lee", "visits": 1, "kind": "Person", "_v": 2}
    Base.delete_item(id="2")
    assert stored(model, "2") is None
