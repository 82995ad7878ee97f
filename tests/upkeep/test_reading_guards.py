"""Reads never see the guards of unique values, which are items of the same table."""

from __future__ import annotations

import pytest

from dynamorm import Composite, DynaModel, GlobalIndex, ProjectAll, ProjectInclude, ProjectKeys
from dynamorm.expressions import leaves

from ..libraries import integer, text
from .reads import assert_gives

FIELDS = {
    "id": text(required=True),
    "part": text(required=True),
    "email": text(),
    "rank": integer(),
    "until": integer(),
}
IDS = ["1", "2", "3"]


class Inverted(GlobalIndex):
    name = "inverted"
    hash_key = "part"
    range_key = "id"
    projection = ProjectAll()


class InvertedKeys(Inverted):
    name = "inverted-keys"
    projection = ProjectKeys()


class InvertedSome(Inverted):
    name = "inverted-some"
    projection = ProjectInclude("rank")


class ByTime(GlobalIndex):
    name = "by-time"
    hash_key = "part"
    range_key = "until"
    projection = ProjectKeys()


INDEXES = {"Inverted": Inverted, "InvertedKeys": InvertedKeys, "InvertedSome": InvertedSome, "ByTime": ByTime}


@pytest.fixture
def user(library, dynamo_tables, clock):
    table = {"name": "users", "hash_key": "id", "range_key": "part", "unique": ["email"], "ttl": "until"}
    (model,) = dynamo_tables(library.model("User", table, FIELDS, **INDEXES))
    for number in IDS:
        model.put({"id": number, "part": "p", "email": f"{number}@x", "rank": 1, "until": clock.second + int(number)})
    return model


def attributes(read):
    return [leaf for part in read.explain().filters for leaf in leaves(part)]


def guards(model):
    return [item for item in model.Table.table.scan()["Items"] if "_holder" in item]


def test_scans_of_the_table_leave_guards_out(user, sent):
    assert len(guards(user)) == 3
    assert_gives(user.scan(), IDS)
    assert_gives(user.scan(rank=1).only("rank"), IDS)
    assert_gives(user.scan(scan_kwargs={"ProjectionExpression": "email"}), IDS)
    assert user.scan().explain().filters[0].path == ("_holder",)
    sent.clear()
    read = user.scan()
    assert len(list(read)) == read.resp["Count"] == 3 and read.scanned == 6
    assert user.scan().count() == 3 and sent[-1].payload["Select"] == "COUNT"


def test_queries_of_the_table_ask_for_nothing_more(user):
    assert_gives(user.query(id="1"), ["1"])
    assert user.query(id="1").explain().filters == ()


def test_a_query_by_the_key_of_a_guard_finds_nothing(user):
    for guard in guards(user):
        assert_gives(user.query(id=guard["id"]), [])
        assert_gives(user.query(id=guard["id"]).only("rank"), [])
        assert_gives(user.InvertedKeys.query(part=guard["part"]), [])
        assert user.get(id=guard["id"], part=guard["part"]) is None
        assert not user.exists(id=guard["id"], part=guard["part"])


@pytest.mark.parametrize("name", ["inverted", "inverted-keys", "inverted-some", "by-time"])
def test_indexes_made_of_the_tables_key_leave_guards_out(user, name):
    assert_gives(user.scan().on(name), IDS)
    assert_gives(user.query(part="p").on(name), IDS)
    assert_gives(user.query(part="unique#").on(name), [])
    assert_gives(user.scan().on(name).hydrate(), IDS)


def test_projections_of_an_index_that_does_not_say_what_is_a_guard_leave_them_out(user):
    assert_gives(user.scan().on("inverted-some").only("rank"), IDS)
    assert_gives(user.query(part="unique#").on("inverted-some").only("rank"), [])
    assert user.scan().on("inverted-keys").explain().filters == ()
    assert user.scan().on("inverted").explain().filters != ()


def test_updates_and_deletes_of_what_matches_leave_guards_to_their_items(user):
    assert user.scan().update(rank=2) == 3
    assert len(guards(user)) == 3 and all("rank" not in guard for guard in guards(user))
    assert user.scan(id="1").delete() == 1
    assert len(guards(user)) == 2
    assert user.scan(id="2").delete(recheck=False) == 1
    assert user.InvertedKeys.query(part="unique#").delete() == 0
    assert user.scan().on("inverted-keys").delete() == 1
    assert user.Table.table.scan()["Count"] == 0


def test_a_table_with_a_hash_key_only_leaves_guards_out(library, dynamo_tables):
    class ById(GlobalIndex):
        name = "by-id"
        hash_key = "id"
        projection = ProjectKeys()

    table = {"name": "users", "hash_key": "id", "unique": ["email"]}
    fields = {"id": text(required=True), "email": text()}
    (model,) = dynamo_tables(library.model("User", table, fields, ById=ById))
    model.put_batch(*({"id": number, "email": f"{number}@x"} for number in IDS))
    assert_gives(model.scan(), IDS)
    assert_gives(model.ById.scan(), IDS)
    for guard in guards(model):
        for query in (model.query(id=guard["id"]), model.ById.query(id=guard["id"])):
            assert list(query) == [] and query.count() == 0 and not query.exists() and query.page(2).items == []


def test_items_with_a_key_that_only_looks_like_that_of_a_guard_are_read(user):
    user.put({"id": "unique#1", "part": "p", "rank": 1})
    assert_gives(user.query(id="unique#1"), ["unique#1"])
    assert_gives(user.scan().on("inverted-keys"), [*IDS, "unique#1"])


@pytest.fixture
def shop(library, dynamo_tables, clock):
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
            hash_key = "sk"
            range_key = "pk"
            projection = ProjectAll()

        class InvertedKeys(GlobalIndex):
            name = "inverted-keys"
            hash_key = "sk"
            range_key = "pk"
            projection = ProjectKeys()

        class ByKind(GlobalIndex):
            name = "by-kind"
            hash_key = "kind"
            range_key = "pk"
            projection = ProjectKeys()

    class Customer(Shop):
        pk = Composite("CUSTOMER#{id}")
        sk = Composite("PROFILE")
        Schema = library.schema({"id": text(required=True), "email": text(), "until": integer()})

        class Table(Shop.Table):
            unique = ("email",)

    class Order(Shop):
        pk = Composite("CUSTOMER#{customer}")
        sk = Composite("ORDER#{id}")
        Schema = library.schema({"id": text(required=True), "customer": text(required=True), "until": integer()})

    dynamo_tables(Shop)
    for number in IDS:
        Customer.put({"id": number, "email": f"{number}@x", "until": clock.second + 9})
    Order.put({"id": "a", "customer": "1"})
    Order.put({"id": "b", "customer": "2"})
    Shop.Customer, Shop.Order = Customer, Order
    return Shop


def test_reads_of_the_base_of_several_models_leave_guards_out(shop):
    assert shop.Table.table.scan()["Count"] == 8
    for read in (shop.scan(), shop.Inverted.scan(), shop.InvertedKeys.scan(), shop.ByKind.scan()):
        assert_gives(read, [*IDS, "a", "b"])
    assert_gives(shop.scan().only("id"), [*IDS, "a", "b"])
    assert_gives(shop.ByKind.scan().only("id").hydrate(), [*IDS, "a", "b"])
    assert_gives(shop.query(pk="CUSTOMER#1"), ["a", "1"])
    assert_gives(shop.Inverted.query(sk="PROFILE"), IDS)
    for name in ("inverted", "inverted-keys"):
        assert_gives(shop.query(sk="unique#").on(name), [])
    assert_gives(shop.ByKind.query(kind="Order"), ["a", "b"])
    assert_gives(shop.ByKind.query(kind="unique#"), [])
    guard = next(item for item in shop.Table.table.scan()["Items"] if "_holder" in item)
    assert_gives(shop.query(pk=guard["pk"]), [])
    assert shop.get(pk=guard["pk"], sk=guard["sk"]) is None and not shop.exists(pk=guard["pk"], sk=guard["sk"])


def test_reads_of_each_of_several_models_leave_guards_out(shop):
    for model, ids in ((shop.Customer, IDS), (shop.Order, ["a", "b"])):
        for read in (model.scan(), model.Inverted.scan(), model.InvertedKeys.scan(), model.ByKind.scan()):
            assert_gives(read, ids)
        assert_gives(model.InvertedKeys.query(sk="unique#"), [])
    assert_gives(shop.Customer.ByKind.query(kind="unique#"), [])
    # whose kind is another one
    assert [part.path[0] for part in attributes(shop.Customer.scan())] == ["kind", "kind"]


def test_what_the_base_deletes_leaves_no_guards(shop):
    assert shop.query(pk="CUSTOMER#1").delete() == 2
    assert shop.query(pk="CUSTOMER#2").delete(recheck=False) == 2
    assert shop.scan().delete() == 1
    assert shop.Table.table.scan()["Count"] == 0


def test_models_told_apart_by_their_keys_alone_leave_guards_out(library, dynamo_tables):
    class Shop(DynaModel):
        class Table:
            name = "shop"
            hash_key = "pk"
            billing_mode = "PAY_PER_REQUEST"
            abstract = True

    class Customer(Shop):
        pk = Composite("CUSTOMER#{id}")
        Schema = library.schema({"id": text(required=True), "email": text()})

        class Table(Shop.Table):
            unique = ("email",)

    class Order(Shop):
        pk = Composite("ORDER#{id}")
        Schema = library.schema({"id": text(required=True)})

    dynamo_tables(Customer)
    Customer.put_batch({"id": "1", "email": "a@x"}, {"id": "2", "email": "b@x"})
    Order.put({"id": "a"})
    assert_gives(Customer.scan(), ["1", "2"])
    assert_gives(Order.scan(), ["a"])
