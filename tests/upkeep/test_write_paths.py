"""What a table asks for besides fields, on every way to write."""

from __future__ import annotations

from typing import Any

import pytest

from dynamorm import DynamoException, HashKeyExists, UniqueViolation, VersionConflict, downgrade, upgrade

from ..libraries import Library, integer, library_named
from ..writing.write_paths import FIELDS, PATHS, TABLE

pytestmark = pytest.mark.slow  # many, and alike with all versions of the libraries

VALUES = {"id": "1", "kind": "a", "balance": 1, "tags": ["a"], "meta": {"a": 1}}
STAMPS = ("made", "changed")
CREATING = [path for path in PATHS if path.creates]


@pytest.fixture(scope="module", params=["marshmallow"])
def library(request: pytest.FixtureRequest) -> Library:
    """Return one library: what is tried here is done to items in wire form, and there are very many paths."""
    return library_named(request.param)


def account(library, dynamo_tables, *, versioned: bool = True, **words: Any) -> Any:
    """Return a model whose table asks for something."""
    table = {"name": "accounts", **TABLE, **words}
    steps = {name: table.pop(name) for name in ("up", "down") if name in table}
    if not versioned:
        del table["version"]
    (model,) = dynamo_tables(library.model("Account", table, {**FIELDS, "until": integer()}, **steps))
    return model


def raw_items(model: Any) -> dict[str, Any]:
    """Return what is stored, by keys, without stamps, which differ."""
    found = {item["id"]: item for item in model.Table.table.scan(ConsistentRead=True)["Items"]}
    return {key: {name: value for name, value in found[key].items() if name not in STAMPS} for key in sorted(found)}


def holders(model: Any) -> dict[str, str]:
    """Return whose each guard is, by its name."""
    return {key: item["_holder"]["id"] for key, item in raw_items(model).items() if "_holder" in item}


def taken(model: Any) -> dict[str, str]:
    """Return whose each guard must be."""
    mapper = model._dynamorm.store.mapper
    items = [item for key, item in raw_items(model).items() if "_holder" not in item]
    wires = [(item["id"], {"balance": {"N": str(item["balance"])}}) for item in items if "balance" in item]
    return {one.name: key for key, wire in wires for one in mapper.upkeep.unique.taken(wire)}


def outcome(path: Any, model: Any, instance: Any) -> tuple[str | None, Any]:
    """Return the error that a write raises, if any, and what is stored afterwards."""
    try:
        path.write(model, instance)
    except DynamoException as error:
        names = [kind.__name__ for kind in type(error).__mro__ if kind.__module__ == "dynamorm.exceptions"]
        return names[0], raw_items(model)
    return None, raw_items(model)


# Unique values.


@pytest.fixture(params=[True, False], ids=["with versions", "without"])
def unique(request, library, dynamo_tables):
    return account(library, dynamo_tables, versioned=request.param, unique=["balance"])


def _takes(path: Any, model: Any) -> bool:
    return "if_version" not in path.name and (model.Table.version is not None or "unknown" not in path.name)


@pytest.mark.parametrize("path", PATHS, ids=str)
def test_guards_are_those_of_the_items(unique, path):
    if unique.Table.version is None and "unknown" in path.name:
        return  # the path is about a version
    unique.put(VALUES)
    assert holders(unique) == taken(unique) != {}
    outcome(path, unique, unique.get(id="1"))
    assert holders(unique) == taken(unique)


@pytest.mark.parametrize("path", CREATING, ids=str)
def test_a_new_item_has_its_guards(unique, path):
    path.write(unique, unique(**VALUES))
    assert holders(unique) == taken(unique)
    assert len(holders(unique)) == 1


@pytest.mark.parametrize("path", [path for path in PATHS if not path.deletes and not path.checks_only], ids=str)
def test_what_another_item_has_is_refused_and_nothing_changes(unique, path):
    if unique.Table.version is None and "unknown" in path.name:
        return
    unique.put(VALUES)
    for number in (7, 8):  # what the paths would write
        unique.put({"id": str(number), "balance": number})
    found = unique.get(id="1")
    before = raw_items(unique)
    error, after = outcome(path, unique, found)
    if path.yields or path.name == "partial save of nothing":
        assert error is None
    elif path.is_unique:
        assert error == HashKeyExists.__name__
    else:
        assert error == UniqueViolation.__name__
    after["1"].pop("zzz", None)  # which the path adds first
    assert after == before


def test_an_item_from_before_there_were_guards_can_be_written(unique):
    unique.Table.table.put_item(Item={"id": "1", "balance": 1, "kind": "old"})
    unique.patch(id="1", kind="new")
    assert holders(unique) == {}
    unique.patch(id="1", balance=2)
    assert holders(unique) == taken(unique) != {}
    unique.delete_item(id="1")
    assert raw_items(unique) == {}


# Versions of what is stored.


def _up(item):
    item["balance"] = item.pop("amount", 0)
    if item.get("label") is not None:
        item["kind"] = item.pop("label")


def _down(item):
    item["amount"] = item.pop("balance", 0)
    if "kind" in item:
        item["label"] = item.pop("kind")


def _as_old(item: dict[str, Any]) -> dict[str, Any]:
    old = {name: value for name, value in item.items() if name != "_v"}
    _down(old)
    return old


@pytest.fixture
def changing(library, dynamo_tables):
    return account(library, dynamo_tables, schema_version=2, up=upgrade(2)(_up))


@pytest.fixture
def writing_old(library, dynamo_tables):
    words = {"schema_version": 2, "write_version": 1, "up": upgrade(2)(_up), "down": downgrade(2)(_down)}
    return account(library, dynamo_tables, **words)


@pytest.mark.parametrize("path", PATHS, ids=str)
def test_an_item_of_an_old_version_becomes_what_one_of_the_new_would(changing, path):
    changing.put(VALUES)
    new = changing.Table.table.get_item(Key={"id": "1"})["Item"]
    expected = outcome(path, changing, changing.get(id="1"))
    changing.Table.table.put_item(Item=_as_old(new))
    found = changing.get(id="1")
    assert (found.balance, found.kind) == (1, "a")
    error, stored = outcome(path, changing, found)
    if path.checks_only or path.name == "partial save of nothing" or path.yields or path.is_unique:
        assert (error, stored["1"]) == (expected[0], {**_as_old(expected[1]["1"])})
    else:
        assert (error, stored) == expected
        assert path.deletes or (stored["1"]["_v"], "amount" in stored["1"]) == (2, False)


@pytest.mark.parametrize("path", PATHS, ids=str)
def test_an_old_version_is_written_as_long_as_it_is_to_be(writing_old, path):
    writing_old.put(VALUES)
    assert raw_items(writing_old)["1"] == {**_as_old(VALUES), "rev": 1}
    found = writing_old.get(id="1")
    error, stored = outcome(path, writing_old, found)
    assert error == (HashKeyExists.__name__ if path.is_unique else None)
    if path.deletes:
        assert stored == {}
        return
    changes = not (path.is_unique or path.yields or path.checks_only or path.name == "partial save of nothing")
    assert "balance" not in stored["1"] and "_v" not in stored["1"]
    assert stored["1"]["amount"] in ((7, 8) if changes else (1,))
    assert writing_old.get(id="1").balance == stored["1"]["amount"]


@pytest.mark.parametrize("path", CREATING, ids=str)
def test_a_new_item_is_of_the_version_that_is_written(changing, writing_old, path):
    for model, name in ((writing_old, "amount"), (changing, "balance")):
        path.write(model, model(**VALUES))
        stored = raw_items(model)["1"]
        assert stored[name] in (1, 7, 8)
        assert ("_v" in stored) is (name == "balance")
        model.Table.table.delete_item(Key={"id": "1"})


@pytest.mark.parametrize("path", [path for path in PATHS if path.carries and "nothing" not in path.name], ids=str)
def test_a_conflict_is_seen_in_an_item_of_an_old_version(changing, path):
    changing.put(VALUES)
    found = changing.get(id="1")
    new = changing.Table.table.get_item(Key={"id": "1"})["Item"]
    changing.Table.table.put_item(Item={**_as_old(new), "rev": 5})
    error, stored = outcome(path, changing, found)
    assert error == (HashKeyExists if path.is_unique else VersionConflict).__name__
    stored["1"].pop("zzz", None)
    assert stored["1"]["amount"] == 1 and stored["1"]["rev"] == 5


# Items that are expired.


@pytest.fixture
def expiring(library, dynamo_tables, clock):
    return account(library, dynamo_tables, ttl="until", hide_expired=True)


@pytest.mark.parametrize("path", PATHS, ids=str)
@pytest.mark.parametrize("is_new", [True, False], ids=["a new instance", "a loaded one"])
def test_an_expired_item_counts_as_none(expiring, clock, path, is_new):
    if "unknown" in path.name:
        return  # the path changes the item first
    item = {**VALUES, "until": clock.second + 10}
    expiring.put(item)
    stored = expiring.Table.table.get_item(Key={"id": "1"})["Item"]

    def instance() -> Any:
        return expiring(**VALUES) if is_new else expiring.get(id="1")

    first, second = instance(), instance()
    expiring.Table.table.delete_item(Key={"id": "1"})
    expected = outcome(path, expiring, first)
    expiring.Table.table.put_item(Item={**stored, "extra": "of the expired one"})
    clock.pass_by(11)
    error, after = outcome(path, expiring, second)
    assert error == expected[0]
    if error is not None or expected[1] == {}:
        assert after == {} or after["1"]["extra"] == "of the expired one"
    else:
        assert after == expected[1]
