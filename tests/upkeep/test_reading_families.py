"""Reads of several models that share a table: each item by what its own model hides, and in its own form."""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest

from dynamorm import (
    Composite,
    DynaModel,
    GlobalIndex,
    InvalidSchemaField,
    ItemTooNew,
    NotProjected,
    ProjectAll,
    ProjectInclude,
    ProjectKeys,
    Q,
    TransactionGet,
    upgrade,
)
from dynamorm.drivers import run
from dynamorm.reading.iteration import END
from dynamorm.reading.verbs import stored_items
from dynamorm.wire.texts import item_of

from ..libraries import integer, text
from .reads import assert_gives


class Models(NamedTuple):
    base: Any
    customer: Any
    order: Any
    note: Any


def shop_models(library):
    """Return models of which customers hide nothing, orders what is cancelled or expired, notes what is old."""

    class Shop(DynaModel):
        class Table:
            name = "shop"
            hash_key = "pk"
            range_key = "sk"
            discriminator = "kind"
            ttl = "until"
            billing_mode = "PAY_PER_REQUEST"
            abstract = True

        class Inverted(GlobalIndex):
            name = "inverted"
            hash_key = "all"
            range_key = "sk"
            projection = ProjectAll()

        class Some(GlobalIndex):
            name = "some"
            hash_key = "all"
            range_key = "sk"
            projection = ProjectInclude("kind", "until", "cancelled", "state")

        class Keys(GlobalIndex):
            name = "keys"
            hash_key = "all"
            range_key = "sk"
            projection = ProjectInclude("kind", "until")

        class ByKind(GlobalIndex):
            name = "by-kind"
            hash_key = "kind"
            range_key = "sk"
            projection = ProjectAll()

        class ByState(GlobalIndex):
            name = "by-state"
            hash_key = "all"
            range_key = "state_key"
            projection = ProjectAll()

    class Customer(Shop):
        pk = Composite("SHOP#{shop}")
        sk = Composite("CUSTOMER#{id}")
        all = Composite("{shop}")
        Schema = library.schema(
            {"shop": text(required=True), "id": text(required=True), "until": integer(), "state": text()}
        )

    class Order(Shop):
        pk = Composite("SHOP#{shop}")
        sk = Composite("ORDER#{id}")
        all = Composite("{shop}")
        fields = {
            "shop": text(required=True),
            "id": text(required=True),
            "until": integer(),
            "cancelled": integer(),
            "state": text(),
        }
        Schema = library.schema(fields)
        del fields

        class Table(Shop.Table):
            hide_expired = True
            hide = Q(cancelled__exists=True)

    class Note(Shop):
        pk = Composite("SHOP#{shop}")
        sk = Composite("NOTE#{id}")
        all = Composite("{shop}")
        state_key = Composite("{state}")
        Schema = library.schema(
            {"shop": text(required=True), "id": text(required=True), "state": text(), "until": integer()}
        )

        class Table(Shop.Table):
            hide = Q(state="old")

    return Models(Shop, Customer, Order, Note)


@pytest.fixture
def shop(library, dynamo_tables, clock):
    models = shop_models(library)
    dynamo_tables(models.base)
    past, later = clock.second - 1, clock.second + 9
    models.customer.put({"shop": "s", "id": "c1", "until": past})
    models.customer.put({"shop": "s", "id": "c2", "state": "old"})
    models.order.put({"shop": "s", "id": "o1", "until": past})
    models.order.put({"shop": "s", "id": "o2", "until": later, "cancelled": 1})
    models.order.put({"shop": "s", "id": "o3", "until": later, "state": "old"})
    models.order.put({"shop": "s", "id": "o4", "until": past, "cancelled": 1})
    models.note.put({"shop": "s", "id": "n1", "until": past, "state": "new"})
    models.note.put({"shop": "s", "id": "n2", "state": "old"})
    # from before there were kinds
    for number, more in ((5, {"until": past}), (6, {"cancelled": 1}), (7, {})):
        item = {"pk": "SHOP#s", "sk": f"ORDER#o{number}", "all": "s", "shop": "s", "id": f"o{number}", **more}
        models.base.Table.table.put_item(Item=item)
    return models


SHOWN = ["c1", "c2", "n1", "o3", "o7"]
UNEXPIRED = ["c1", "c2", "n1", "n2", "o2", "o3", "o6", "o7"]


def test_the_base_reads_each_item_by_its_own_model(shop):
    base = shop.base
    assert_gives(base.scan(), SHOWN)
    assert_gives(base.query(pk="SHOP#s"), SHOWN)
    assert_gives(base.query(shop="s").only("id"), SHOWN)
    assert_gives(base.Inverted.query(all="s"), SHOWN)
    assert_gives(base.Some.query(all="s"), SHOWN)
    assert_gives(base.Some.scan().only("state"), SHOWN)
    assert_gives(base.Keys.query(all="s").hydrate(), SHOWN)
    assert_gives(base.Keys.scan().hydrate(), SHOWN)
    assert_gives(base.scan().with_hidden(), UNEXPIRED)
    assert_gives(base.Keys.query(all="s").with_hidden(), UNEXPIRED)


def test_the_base_has_its_items_told_apart_by_dynamodb_as_far_as_possible(shop):
    read = shop.base.scan()
    assert len(list(read)) == 5 and read.resp["Count"] == 7  # and two that have no kind
    read = shop.base.ByKind.query(kind="Order")
    assert [one.id for one in read] == ["o3"] and read.count() == 1
    assert read.resp["Count"] == 1 and not read._read.scope.is_local


def test_the_base_finds_the_members_of_an_index_whatever_the_index_is_made_of(shop):
    assert_gives(shop.base.ByKind.scan(), ["c1", "c2", "n1", "o3"])
    assert_gives(shop.base.ByKind.query(kind="Note"), ["n1"])
    assert_gives(shop.base.ByKind.query(kind="Customer"), ["c1", "c2"])


def test_an_index_that_does_not_hold_what_hides_items_that_it_may_have_is_refused(shop):
    with pytest.raises(NotProjected, match="'keys'"):
        shop.base.Keys.scan().count()
    with pytest.raises(NotProjected, match="cancelled"):
        list(shop.order.Keys.scan())
    assert_gives(shop.customer.Keys.scan(), ["c1", "c2"])
    assert_gives(shop.order.Keys.scan().with_hidden(), ["o2", "o3", "o6", "o7"])


def test_each_model_hides_its_own(shop):
    assert_gives(shop.customer.scan(), ["c1", "c2"])
    assert_gives(shop.order.scan(), ["o3", "o7"])
    assert_gives(shop.order.query(shop="s"), ["o3", "o7"])
    assert_gives(shop.order.query(shop="s").only("id"), ["o3", "o7"])
    assert_gives(shop.order.ByKind.scan(), ["o3"])
    assert_gives(shop.order.scan().with_hidden(), ["o2", "o3", "o6", "o7"])
    assert_gives(shop.note.scan(), ["n1"])
    assert_gives(shop.note.ByState.scan(), ["n1"])
    assert_gives(shop.note.ByState.query(all="s"), ["n1"])
    assert_gives(shop.note.ByState.query(all="s", state="old"), [])


def test_reads_by_key_through_the_base_hide_what_is_expired_only(shop):
    def key(name, id):
        return {"pk": "SHOP#s", "sk": f"{name}#{id}"}

    base = shop.base
    expected = {"c1": "CUSTOMER", "o2": "ORDER", "n2": "NOTE", "o7": "ORDER"}
    for id, name in expected.items():
        assert base.get(**key(name, id)).id == id and base.exists(**key(name, id))
    for id in ("o1", "o4", "o5"):
        assert base.get(**key("ORDER", id)) is None and not base.exists(**key("ORDER", id))
        assert base.get(**key("ORDER", id), attrs=["id"]) is None
    keys = [key("ORDER", f"o{number}") for number in range(1, 8)]
    assert sorted(one.id for one in base.get_batch(keys)) == ["o2", "o3", "o6", "o7"]
    assert sorted(one.id for one in base.get_batch(keys, attrs=["id"])) == ["o2", "o3", "o6", "o7"]
    with TransactionGet() as tx:
        got = [tx.get(base, **key("ORDER", id), attrs=["id"]) for id in ("o1", "o2")]
    assert got[0].instance is None and got[1].instance.id == "o2"


def test_what_the_base_deletes_is_what_it_shows(shop, clock):
    assert shop.base.query(shop="s").delete(dry_run=True) == 5
    assert shop.base.query(shop="s").delete() == 5
    left = {item["id"] for item in shop.base.Table.table.scan()["Items"]}
    assert left == {"o1", "o2", "o4", "o5", "o6", "n2"}
    assert shop.base.scan().with_hidden().delete(recheck=False) == 3
    assert shop.order.scan().with_hidden().count() == 0


def test_what_a_model_of_the_base_hides_by_now_is_not_deleted(shop):
    def hide(progress):
        shop.base.Table.update(pk="SHOP#s", sk="ORDER#o3", cancelled=1)

    assert shop.base.query(shop="s").delete(progress=hide) == 4
    assert shop.order.get(shop="s", id="o3").cancelled == 1


def test_a_cursor_of_the_base_serves_after_another_model_is_defined(library, shop):
    cursor = shop.base.query(shop="s").page(2).next_cursor

    class Late(shop.base):
        pk = Composite("SHOP#{shop}")
        sk = Composite("LATE#{id}")
        all = Composite("{shop}")
        Schema = library.schema({"shop": text(required=True), "id": text(required=True), "until": integer()})

        class Table(shop.base.Table):
            hide_expired = True

    Late.put({"shop": "s", "id": "l1"})
    assert [one.id for one in shop.base.query(shop="s").page(9, cursor).items] == ["l1", "n1", "o3", "o7"]


def test_a_model_reads_its_childrens_items_by_what_they_hide(library, dynamo_tables, clock):
    class Item(DynaModel):
        class Table:
            name = "items"
            hash_key = "group"
            range_key = "id"
            discriminator = "kind"
            ttl = "until"
            billing_mode = "PAY_PER_REQUEST"
            hide = Q(gone__exists=True)

        Schema = library.schema(
            {"group": text(required=True), "id": text(required=True), "gone": integer(), "until": integer()}
        )

    class Session(Item):
        class Table(Item.Table):
            hide_expired = True
            hide = None

    class Kept(Item):
        class Table(Item.Table):
            unique = ("gone",)

    dynamo_tables(Item)
    for model, letter in ((Item, "a"), (Session, "b"), (Kept, "c")):
        model.put({"group": "g", "id": f"{letter}1"})
        model.put({"group": "g", "id": f"{letter}2", "gone": 1})
        model.put({"group": "g", "id": f"{letter}3", "until": clock.second})
    Item.Table.table.put_item(Item={"group": "g", "id": "d1"})
    Item.Table.table.put_item(Item={"group": "g", "id": "d2", "gone": 1})
    for read in (Item.query(group="g"), Item.query(group="g").only("id")):
        assert_gives(read, ["a1", "a3", "b1", "b2", "c1", "c3", "d1"])
    assert_gives(Item.scan(), ["a1", "a3", "b1", "b2", "c1", "c3", "d1"])
    assert_gives(Session.query(group="g").only("id"), ["b1", "b2", "d1", "d2"])
    assert_gives(Kept.query(group="g"), ["c1", "c3", "d1"])
    assert_gives(Item.query(group="g").with_hidden(), ["a1", "a2", "a3", "b1", "b2", "c1", "c2", "c3", "d1", "d2"])
    assert Item.query(group="g").update(until=clock.second + 5) == 7
    assert Item.query(group="g").with_hidden().delete() == 10
    assert {item["id"] for item in Item.Table.table.scan()["Items"]} == {"b3"}


def test_raw_reads_may_take_in_what_is_expired_and_hidden(shop):
    def stored(read, **options):
        iteration = stored_items(read._read.replaced(**options))
        found = []
        while (item := run(iteration.next_item())) is not END:
            found.append(item_of(item)["id"]["S"])
        return sorted(found)

    orders = [f"o{number}" for number in range(1, 8)]
    assert stored(shop.order.scan()) == ["o3", "o7"]
    assert stored(shop.order.scan(), with_hidden=True) == ["o2", "o3", "o6", "o7"]
    assert stored(shop.order.scan(), with_expired=True) == ["o1", "o3", "o5", "o7"]
    assert stored(shop.order.scan(), with_hidden=True, with_expired=True) == orders
    assert stored(shop.base.scan(), with_hidden=True, with_expired=True) == ["c1", "c2", "n1", "n2", *orders]


# What the base says for all.


def family(library, hide):
    class Base(DynaModel):
        class Table:
            name = "base"
            hash_key = "pk"
            range_key = "sk"
            discriminator = "kind"
            ttl = "until"
            hide_expired = True
            billing_mode = "PAY_PER_REQUEST"
            abstract = True

        Table.hide = hide

    class Thing(Base):
        pk = Composite("THING#{id}")
        sk = Composite("THING")
        fields = {"id": text(required=True), "gone": integer(), "until": integer()}
        Schema = library.schema(fields)
        del fields

    class Plain(Base):
        pk = Composite("PLAIN#{id}")
        sk = Composite("PLAIN")
        Schema = library.schema({"id": text(required=True), "until": integer()})

    return Base, Thing, Plain


def test_a_model_of_a_base_that_lacks_the_field_hides_nothing(library, dynamo_tables, clock):
    base, thing, plain = family(library, Q(gone__exists=True))
    dynamo_tables(base)
    thing.put_batch({"id": "t1"}, {"id": "t2", "gone": 1}, {"id": "t3", "until": clock.second - 1})
    plain.put_batch({"id": "p1"}, {"id": "p2", "until": clock.second - 1})
    plain.Table.table.put_item(Item={"pk": "PLAIN#p3", "sk": "PLAIN", "kind": "Plain", "id": "p3", "gone": 1})
    assert_gives(thing.scan(), ["t1"])
    assert_gives(plain.scan(), ["p1", "p3"])
    assert_gives(base.scan(), ["t1", "p1", "p3"])
    assert_gives(base.scan().with_hidden(), ["t1", "t2", "p1", "p3"])


def test_an_index_need_not_hold_what_hides_items_that_it_has_none_of(library, dynamo_tables):
    class Base(DynaModel):
        class Table:
            name = "base"
            hash_key = "pk"
            discriminator = "kind"
            billing_mode = "PAY_PER_REQUEST"
            abstract = True

        class Listed(GlobalIndex):
            name = "listed"
            hash_key = "list"
            range_key = "pk"
            projection = ProjectInclude("kind", "id")

    class Thing(Base):
        pk = Composite("THING#{id}")
        Schema = library.schema({"id": text(required=True), "gone": integer()})

        class Table(Base.Table):
            hide = Q(gone__exists=True)

    class Plain(Base):
        pk = Composite("PLAIN#{id}")
        list = Composite("{id!l}")
        Schema = library.schema({"id": text(required=True)})

    dynamo_tables(Base)
    Thing.put({"id": "t"})
    Plain.put({"id": "p"})
    assert_gives(Base.Listed.scan(), ["p"])
    assert_gives(Base.Listed.query(list="p"), ["p"])
    assert_gives(Base.scan(), ["p", "t"])


def test_what_all_models_hide_alike_is_told_dynamodb_once(library, dynamo_tables, clock):
    base, thing, plain = family(library, Q(id__begins_with="x"))
    dynamo_tables(base)
    thing.put_batch({"id": "1"}, {"id": "x2"})
    plain.put_batch({"id": "3"}, {"id": "x4"}, {"id": "5", "until": clock.second})
    assert_gives(base.scan(), ["1", "3"])
    explained = base.scan().explain()
    assert [repr(part) for part in explained.filters] == [
        f"~(until lte {clock.second})",
        "~(id begins_with 'x')",
    ]
    read = base.scan()
    list(read)
    assert read.resp["Count"] == 2 and not read._read.scope.is_local


def test_models_of_a_base_without_a_discriminator_need_not_have_the_field_either(library, dynamo_tables):
    class Base(DynaModel):
        class Table:
            name = "base"
            hash_key = "pk"
            billing_mode = "PAY_PER_REQUEST"
            hide = Q(gone__exists=True)
            abstract = True

    class Thing(Base):
        pk = Composite("THING#{id}")
        Schema = library.schema({"id": text(required=True), "gone": integer()})

    class Plain(Base):
        pk = Composite("PLAIN#{id}")
        Schema = library.schema({"id": text(required=True)})

    dynamo_tables(Thing)
    Thing.put_batch({"id": "t1"}, {"id": "t2", "gone": 1})
    Plain.put({"id": "p"})
    assert_gives(Thing.scan(), ["t1"])
    assert_gives(Plain.scan(), ["p"])


def test_a_model_that_says_itself_what_it_hides_needs_the_field(library):
    base, *_ = family(library, None)
    with pytest.raises(InvalidSchemaField, match=r"Other\.Table: hide .*Other has no field 'gone'"):

        class Other(base):
            pk = Composite("OTHER#{id}")
            sk = Composite("OTHER")
            Schema = library.schema({"id": text(required=True), "until": integer()})

            class Table(base.Table):
                hide = Q(gone__exists=True)


def test_items_of_no_known_kind_go_to_on_invalid_whatever_is_hidden(shop):
    shop.base.Table.table.put_item(Item={"pk": "SHOP#s", "sk": "ZZZ#1", "kind": "Zebra", "all": "s"})
    assert sorted(one.id for one in shop.base.scan().on_invalid("skip")) == SHOWN
    refused = []
    assert [one.id for one in shop.base.Keys.query(all="s").hydrate().on_invalid(refused.append)] == SHOWN
    assert len(refused) == 1 and "Zebra" in str(refused[0])
    assert shop.base.query(shop="s").count() == 6


# Forms.


def split(item):
    item["first"], _, item["last"] = item.pop("name").partition(" ")


@pytest.fixture
def staff(library, dynamo_tables):
    class Staff(DynaModel):
        class Table:
            name = "staff"
            hash_key = "pk"
            range_key = "sk"
            discriminator = "kind"
            billing_mode = "PAY_PER_REQUEST"
            abstract = True

        class ByTeam(GlobalIndex):
            name = "by-team"
            hash_key = "all"
            range_key = "sk"
            projection = ProjectKeys()

    class Person(Staff):
        pk = Composite("TEAM#{team}")
        sk = Composite("PERSON#{id}")
        all = Composite("{team}")
        Schema = library.schema(
            {"team": text(required=True), "id": text(required=True), "first": text(), "last": text(), "rank": integer()}
        )
        split = upgrade(2)(split)

        class Table(Staff.Table):
            schema_version = 2

    class Robot(Staff):
        pk = Composite("TEAM#{team}")
        sk = Composite("ROBOT#{id}")
        all = Composite("{team}")
        Schema = library.schema({"team": text(required=True), "id": text(required=True), "first": text()})

    dynamo_tables(Staff)
    Person.put({"team": "a", "id": "1", "first": "F1", "last": "L1"})
    raw = {"pk": "TEAM#a", "all": "a", "team": "a", "kind": "Person"}
    Staff.Table.table.put_item(Item={**raw, "sk": "PERSON#2", "id": "2", "name": "F2 L2"})
    Robot.put({"team": "a", "id": "3", "first": "R"})
    return Models(Staff, Person, Robot, None)


def test_the_base_upgrades_each_item_by_its_own_model(staff, sent):
    base = staff.base
    assert [one.first for one in base.query(team="a")] == ["F1", "F2", "R"]
    sent.clear()
    assert [one.first for one in base.query(team="a").only("first")] == ["F1", "F2", "R"]
    assert [request.operation for request in sent] == ["Query", "BatchGetItem"]
    assert str(sent[1].payload).count("'sk':") == 1
    found = list(base.ByTeam.query(all="a"))
    assert [one.first for one in found] == ["F1", "F2", None]
    assert_gives(base.ByTeam.query(all="a"), ["1", "2", "3"])
    assert_gives(base.scan().only("first"), ["1", "2", "3"])
    one = base.get(pk="TEAM#a", sk="PERSON#2", attrs=["first"])
    assert one.first == "F2" and one.last is None and type(one) is staff.customer
    found = base.get_batch([{"pk": "TEAM#a", "sk": "PERSON#2"}, {"pk": "TEAM#a", "sk": "ROBOT#3"}], attrs=["first"])
    assert sorted(one.first for one in found) == ["F2", "R"]


def test_a_newer_item_met_by_the_base_goes_to_on_invalid(staff):
    staff.base.Table.update(pk="TEAM#a", sk="PERSON#1", _v=3)
    for read in (staff.base.scan(), staff.base.scan().only("first"), staff.base.ByTeam.scan()):
        with pytest.raises(ItemTooNew):
            list(read)
        assert sorted(one.id for one in read.on_invalid("skip")) == ["2", "3"]
