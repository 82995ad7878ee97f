"""Models of one table: what their base reads, children of models, and items of no known kind."""

from __future__ import annotations

import pickle

import pytest

from dynamorm import (
    AbstractModel,
    Composite,
    InvalidKey,
    InvalidSchemaField,
    ProjectInclude,
    ProjectKeys,
    ValidationError,
)

from ..libraries import integer, text
from . import pickled
from .shops import CUSTOMER, ORDER, base, day, index, model, order_key, shop, table

GIFT = {**ORDER, "wish": text()}


@pytest.fixture(scope="module")
def shop_models(library):
    return shop(library)


@pytest.fixture
def models(shop_models, dynamo_tables):
    """The models of a shop, with a customer, three orders and a note."""
    dynamo_tables(shop_models.Order)
    shop_models.Customer(email="ann@x", name="Ann", city="Oslo").save()
    for number in (1, 2, 3):
        status = "late" if number == 2 else "open"
        shop_models.Order(**order_key(number), status=status, total=10 * number, place="Oslo").save()
    shop_models.Note(email="ann@x", number=7, body="...").save()
    return shop_models


def names(found):
    return [type(item).__name__ for item in found]


def put(Shop, **item):
    Shop.Table.table.put_item(Item={"pk": "CUSTOMER#ann@x", **item})


# The base.


def test_the_base_gives_instances_of_the_right_classes_in_order(models):
    Shop = models.Shop
    in_order = ["Note", "Order", "Order", "Order", "Customer"]
    assert names(Shop.query(email="ann@x")) == in_order
    assert names(Shop.query(pk="CUSTOMER#ann@x")) == in_order
    assert names(Shop.query(email="ann@x").reverse()) == in_order[::-1]
    assert names(Shop.query(email="ann@x", sk__begins_with="ORDER#")) == ["Order"] * 3
    assert names(Shop.query(email="ann@x", sk__gte="P")) == ["Customer"]
    assert sorted(names(Shop.scan())) == sorted(in_order)
    assert Shop.query(email="ann@x").count() == Shop.scan().count() == 5
    assert names(Shop.query(email="ann@x").limit(2)) == in_order[:2]
    assert names(Shop.scan().parallel(2).all()) and len(Shop.scan().parallel(2).all()) == 5
    assert Shop.query(email="eve@x").first() is None
    assert Shop.query(email="ann@x").first().number == 7
    assert not Shop.query(email="eve@x")
    assert Shop.query(email="ann@x").explain().filters == ()


def test_the_base_filters_by_fields_of_any_model(models):
    Shop = models.Shop
    assert [order.total for order in Shop.query(email="ann@x", total__gte=20)] == [20, 30]
    assert names(Shop.query(email="ann@x", city="Oslo")) == ["Customer"]
    assert names(Shop.scan(number=7)) == ["Note"]
    assert names(Shop.query(email="ann@x", placed=day(2))) == ["Order"]
    assert names(Shop.query(email="ann@x", kind="order")) == ["Order"] * 3
    with pytest.raises(InvalidSchemaField, match="has no field 'emial'; did you mean 'email'"):
        list(Shop.query(emial="ann@x"))
    with pytest.raises(InvalidKey, match=r"a query of Shop needs email=\.\.\. for pk, its hash key"):
        list(Shop.query(sk="PROFILE"))


def test_the_base_gets_by_shared_parts_and_raw_keys(models):
    Shop = models.Shop
    raw = {"pk": "CUSTOMER#ann@x", "sk": "NOTE#000007"}
    assert Shop.get(**raw).number == 7
    assert Shop.get(email="ann@x", sk="PROFILE").name == "Ann"
    assert Shop.require(email="ann@x", sk="PROFILE").name == "Ann"
    assert Shop.exists(email="ann@x", sk="PROFILE")
    assert not Shop.exists(email="ann@x", sk="NOTHING")
    assert Shop.get(email="ann@x", sk="NOTHING") is None
    with pytest.raises(Shop.DoesNotExist):
        Shop.require(email="ann@x", sk="NOTHING")
    keys = [raw, ("ann@x", "PROFILE"), {"email": "ann@x", "sk": "NOTHING"}, models.Order(**order_key(2))]
    assert names(found for found in Shop.get_batch(keys, ordered=True) if found) == ["Note", "Customer", "Order"]
    assert Shop.get_batch(keys, ordered=True)[2] is None
    assert sorted(names(Shop.get_batch(keys))) == ["Customer", "Note", "Order"]
    found = Shop.get(email="ann@x", sk="PROFILE", attrs=["city"])
    assert (found.city, found.name, found.email) == ("Oslo", None, "ann@x")


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ({"email": "ann@x"}, r"no value for sk: the key of Shop is email, sk; give it by keyword: email=\.\.\., sk="),
        ({"sk": "PROFILE"}, "no value for pk"),
        ({}, "no value for pk"),
        ({"email": "ann@x", "sk": "A", "placed": day(2)}, "placed: not part of the key of Shop: email, sk"),
        ({"email": "ann@x", "sk": ""}, "Shop.sk is a key of type S, and cannot be ''"),
        ({"email": "ann@x", "sk": 5}, "Shop.sk is a key of type S, and cannot be 5"),
    ],
)
def test_keys_of_the_base_have_to_be_whole(models, sent, key, said):
    for verb in (models.Shop.get, models.Shop.exists, models.Shop.require):
        with pytest.raises(InvalidKey, match=said):
            verb(**key)
    assert sent == []


def test_the_indexes_of_the_base(models):
    Shop = models.Shop
    assert [order.total for order in Shop.GSI1.query(gsi1pk="STATUS#open")] == [10, 30]
    assert names(Shop.GSI1.query(gsi1pk="CITY#Oslo")) == ["Customer"]
    assert sorted(names(Shop.GSI1.scan())) == ["Customer", "Order", "Order", "Order"]
    assert sorted(names(Shop.Keys.query(keyspk="PLACE#Oslo"))) == ["Customer", "Order", "Order", "Order"]
    assert [found.total for found in Shop.Keys.query(keyspk="PLACE#Oslo", keyssk__lt="A").hydrate()] == [10, 20, 30]
    with pytest.raises(InvalidKey, match=r"needs gsi1pk=\.\.\."):
        list(Shop.GSI1.query(status="open"))


def test_the_base_finds_its_index(models):
    Shop = models.Shop
    assert [order.total for order in Shop.find(gsi1pk="STATUS#open")] == [10, 30]
    assert Shop.find(gsi1pk="STATUS#open").explain().index_name == "gsi1"
    assert len(Shop.find(email="ann@x").all()) == 5
    assert Shop.find(email="ann@x").explain().index_name is None
    with pytest.raises(InvalidKey, match=r"find\(\) of Shop needs a hash key: one of email, .*gsi1pk"):
        list(Shop.find(city="Oslo"))


def test_items_by_their_models(models):
    found = models.Shop.query(email="ann@x").by_model()
    assert [order.total for order in found[models.Order]] == [10, 20, 30]
    assert [customer.name for customer in found[models.Customer]] == ["Ann"]
    nobody = models.Shop.query(email="eve@x").by_model()
    assert nobody[models.Order] == []
    assert dict(nobody) == {}


def test_pages_of_the_base(models):
    query, seen, cursor = models.Shop.query(email="ann@x"), [], None
    for _ in range(3):
        page = query.page(2, cursor)
        seen += names(page.items)
        cursor = page.next_cursor
    assert (seen, cursor) == (["Note", "Order", "Order", "Order", "Customer"], None)
    assert names(query.page(2, page.previous_cursor).items) == ["Order", "Order"]
    assert names(query.start(models.Note(email="ann@x", number=7))) == ["Order", "Order", "Order", "Customer"]
    with pytest.raises(InvalidKey, match="it has no gsi1pk, and so no place"):
        list(models.Shop.GSI1.query(gsi1pk="A").start(models.Note(email="ann@x", number=7)))
    assert names(query.start({"pk": "CUSTOMER#ann@x", "sk": "NOTE#000007"})) == ["Order", "Order", "Order", "Customer"]
    assert names(query.only("total")) == ["Note", "Order", "Order", "Order", "Customer"]
    assert [found.total for found in query.only("total") if type(found) is models.Order] == [10, 20, 30]


@pytest.mark.parametrize(
    "write",
    [
        lambda Shop: Shop(email="ann@x"),
        lambda Shop: Shop.put({"email": "ann@x"}),
        lambda Shop: Shop.put_unique({"email": "ann@x"}),
        lambda Shop: Shop.put_batch([{"email": "ann@x"}]),
        lambda Shop: Shop.update_item(pk="A", sk="B", total=1),
        lambda Shop: Shop.upsert(pk="A", sk="B", total=1),
        lambda Shop: Shop.query(email="ann@x").update(total=1),
    ],
)
def test_the_base_writes_nothing(models, sent, write):
    with pytest.raises(AbstractModel, match=r"Shop is abstract, .*use one of its models .*Customer.*Order"):
        write(models.Shop)
    assert sent == []


def test_the_base_deletes_what_matches(models):
    assert models.Shop.query(email="ann@x", total__gte=20).delete() == 2
    assert models.Shop.query(email="ann@x").delete(dry_run=True) == 3
    assert models.Shop.query(email="ann@x").delete() == 3
    assert models.Shop.scan().count() == 0


def test_items_of_unknown_kinds_are_invalid(models):
    Shop = models.Shop
    put(Shop, sk="A", kind="parcel")
    put(Shop, sk="ODD")
    with pytest.raises(ValidationError, match="no model of Shop has items of the kind 'parcel'"):
        Shop.get(email="ann@x", sk="A")
    with pytest.raises(ValidationError, match="which model of Shop it belongs to"):
        Shop.get(email="ann@x", sk="ODD")
    with pytest.raises(ValidationError, match="parcel"):
        list(Shop.query(email="ann@x"))
    assert len(Shop.query(email="ann@x").on_invalid("skip").all()) == 5
    seen = []
    assert len(Shop.scan().on_invalid(seen.append).all()) == 5
    assert sorted(error.raw["sk"] for error in seen) == ["A", "ODD"]
    assert Shop.exists(email="ann@x", sk="A")
    # the models do not see them
    assert len(models.Order.scan().all()) == models.Order.scan().count() == 3
    assert models.Order.get(pk="CUSTOMER#ann@x", sk="A") is None
    assert models.Customer.get(pk="CUSTOMER#ann@x", sk="ODD") is None


def test_items_of_no_kind_are_told_by_their_keys(models):
    Shop = models.Shop
    put(Shop, sk="NOTE#000009", body="old")
    put(Shop, sk="ORDER#2024-05-09T12:30:15#o9", total=90)
    assert (Shop.get(email="ann@x", sk="NOTE#000009").number, models.Note.get(email="ann@x", number=9).body) == (
        9,
        "old",
    )
    assert names(Shop.query(email="ann@x")) == ["Note", "Note", "Order", "Order", "Order", "Order", "Customer"]
    assert [order.total for order in models.Order.query(email="ann@x", placed__gt=day(2))] == [30]
    assert models.Order.query(email="ann@x").count() == 4
    assert models.Order.scan(total=90).one().placed == day(9)


def test_an_item_of_another_kind_under_a_models_key_is_not_its_own(models):
    put(models.Shop, sk="ORDER#2024-05-09T12:30:15#o9", kind="Note", total=90)
    assert models.Order.query(email="ann@x").count() == len(models.Order.query(email="ann@x").all()) == 3
    assert models.Order.get(**order_key(9)) is None


def test_handles_of_the_base(models, dynamo_tables):
    hers = models.Shop.using(given={"email": "ann@x"})
    assert names(hers.query()) == ["Note", "Order", "Order", "Order", "Customer"]
    assert hers.get(sk="PROFILE").name == "Ann"
    assert hers.get_batch(["PROFILE", ("ann@x", "NOTE#000007")], ordered=True)[1].number == 7
    with pytest.raises(InvalidKey, match="contradicts the handle"):
        list(hers.query(email="bob@x"))
    with pytest.raises(InvalidKey, match="city: not part of the key of Shop"):
        models.Shop.using(given={"city": "Oslo"})
    here = models.Shop.Table.full_name
    other = models.Shop.using(table_name=here + "-other")
    other.Table.create_table()
    try:
        assert other.scan().all() == []
        models.Order.using(table_name=here + "-other")(**order_key(1), total=5).save()
        assert [found.total for found in other.scan()] == [5]
        assert [found.total for found in other.query(email="ann@x")] == [5]
        found = other.query(email="ann@x").one()
        found.update(total=6)
        assert (other.query(email="ann@x").one().total, models.Order.get(**order_key(1)).total) == (6, 10)
    finally:
        other.Table.delete()


def test_the_table_of_the_base_is_that_of_its_models(models):
    described = models.Shop.Table.spec
    assert {index.name for index in described.indexes} == {"gsi1", "keys", "by-kind"}
    for one in (models.Customer, models.Order, models.Note):
        spec = one.Table.spec
        assert spec.replace(indexes=()) == described.replace(indexes=())
        assert set(spec.indexes) == set(described.indexes)


def test_the_base_travels(library, dynamo_tables):
    dynamo_tables(pickled.Order)
    pickled.Order(**order_key(2), status="open", total=2).save()
    for query in (
        pickled.Shop.scan(),
        pickled.Shop.query(email="ann@x"),
        pickled.Shop.GSI1.query(gsi1pk="STATUS#open"),
    ):
        assert [order.id for order in pickle.loads(pickle.dumps(query))] == ["o2"]


# Children of models.


def test_a_child_is_read_with_its_parent_and_alone(library, dynamo_tables):
    shared = index("gsi1")
    by_status = type(
        "ByStatus", (shared,), {"hash_key": Composite("STATUS#{status}"), "range_key": Composite("{total:08d}")}
    )
    keys = {"pk": Composite("{email}"), "sk": Composite("ORDER#{id}")}
    words = {"name": "orders", "hash_key": "pk", "range_key": "sk", "discriminator": "kind"}
    Order = library.model("Order", words, ORDER, **keys, ByStatus=by_status)
    Gift = model(library, "Gift", Order, GIFT)
    dynamo_tables(Order)
    for number, kind in enumerate([Order, Gift, Order, Gift], 1):
        kind(**order_key(number), status="open", total=number, **({"wish": "w"} if kind is Gift else {})).save()
    assert names(Order.query(email="ann@x")) == ["Order", "Gift", "Order", "Gift"]
    assert names(Gift.query(email="ann@x")) == ["Gift", "Gift"]
    assert (Order.query(email="ann@x").count(), Gift.query(email="ann@x").count()) == (4, 2)
    assert names(Order.ByStatus.query(status="open", total__gte=2)) == ["Gift", "Order", "Gift"]
    assert names(Gift.ByStatus.query(status="open", total__gte=3)) == ["Gift"]
    assert names(sorted(Order.scan(), key=lambda order: order.total)) == ["Order", "Gift", "Order", "Gift"]
    assert names(Gift.scan()) == ["Gift", "Gift"]
    assert Gift.query(email="ann@x").first().total == 2
    key = {"email": "ann@x", "id": "o2"}
    assert (type(Order.get(**key)), Order.get(**key).wish) == (Gift, "w")
    assert Gift.get(email="ann@x", id="o1") is None
    assert names(Order.get_batch([key], ordered=True)) == ["Gift"]
    assert Gift.get_batch([{"email": "ann@x", "id": "o1"}, key], ordered=True)[0] is None
    assert Gift.exists(**key)
    assert not Gift.exists(email="ann@x", id="o1")
    assert Order.query(email="ann@x", total__lte=2).update(status="late") == 2
    assert names(Order.ByStatus.query(status="late")) == ["Order", "Gift"]
    assert names(Order.query(email="ann@x").page(3).items) == ["Order", "Gift", "Order"]
    assert len(Gift.query(email="ann@x").page(1).items) == 1
    assert Gift.query(email="ann@x").page(2).next_cursor is None
    (by_kind,) = Order.query(email="ann@x").explain().filters
    assert repr(by_kind) == "(kind in 'Gift', 'Order') | (kind not_exists)"
    assert Gift.query(email="ann@x").delete() == 2
    assert names(Order.query(email="ann@x")) == ["Order", "Order"]


def test_a_child_with_another_key_is_found_by_what_both_have(library, dynamo_tables):
    keys = {"pk": Composite("{email}"), "sk": Composite("ORDER#{placed:%Y-%m-%d}")}
    words = {"name": "orders", "hash_key": "pk", "range_key": "sk", "discriminator": "kind"}
    Order = library.model("Order", words, ORDER, **keys)
    Parcel = model(library, "Parcel", Order, {**ORDER, "weight": integer()}, sk=Composite("PARCEL#{id}"))
    dynamo_tables(Order)
    Order(**order_key(1), total=1).save()
    Parcel(**order_key(2), total=2).save()
    assert names(Order.query(email="ann@x")) == ["Order", "Parcel"]
    assert names(Order.query(email="ann@x", placed__gte=day(2))) == ["Parcel"]
    assert [repr(part) for part in Order.query(email="ann@x", placed__gte=day(2)).explain().keys] == ["pk eq 'ann@x'"]
    assert names(Parcel.query(email="ann@x", id="o2")) == ["Parcel"]
    assert type(Order.get(pk="ann@x", sk="PARCEL#o2")) is Parcel
    Order.Table.table.update_item(Key={"pk": "ann@x", "sk": "PARCEL#o2"}, UpdateExpression="REMOVE kind")
    assert type(Order.get(pk="ann@x", sk="PARCEL#o2")) is Parcel


def test_an_index_by_kind_needs_one_kind(library, dynamo_tables):
    models = shop(library)
    child = model(
        library,
        "Child",
        models.Note,
        {"email": text(required=True), "number": integer(required=True)},
        sk=Composite("CHILD#{number:04d}"),
    )
    with pytest.raises(InvalidKey, match=r"a query of Note on index 'by-kind' needs kind=\.\.\., its hash key"):
        list(models.Note.ByKind.query())
    dynamo_tables(models.Note)
    assert list(models.Note.ByKind.query(kind="Child")) == list(child.ByKind.query()) == []


# Models that are told apart by their keys alone.


def test_models_without_a_discriminator_are_told_by_their_keys(library, dynamo_tables):
    shop = base(declared=table(discriminator=None))
    email = {"pk": Composite("C#{email}")}
    keys = {"hash_key": Composite("CITY#{city}"), "range_key": Composite("{name}")}
    by_city = type("ByCity", (index("keys", ProjectInclude("city")),), keys)
    Customer = model(library, "Customer", shop, CUSTOMER, **email, sk=Composite("PROFILE"), ByCity=by_city)
    Order = model(library, "Order", shop, ORDER, **email, sk=Composite("ORDER#{id}"))
    dynamo_tables(Customer)
    Customer(email="ann@x", name="Ann", city="Oslo").save()
    for number in (1, 2):
        Order(**order_key(number), total=number).save()
    assert names(Order.scan()) == ["Order", "Order"]
    assert Order.scan().count() == 2
    assert names(Customer.scan()) == ["Customer"]
    assert names(Order.query(pk="C#ann@x", sk__gte="A")) == ["Order", "Order"]
    assert names(Customer.query(pk="C#ann@x", sk__gte="A")) == ["Customer"]
    assert Customer.query(pk="C#ann@x", sk__gte="A").count() == 1
    assert Order.get(pk="C#ann@x", sk="PROFILE") is None
    assert not Order.exists(pk="C#ann@x", sk="PROFILE")
    assert Customer.ByCity.query(city="Oslo").only("city").one().city == "Oslo"
    assert Order.scan().delete() == 2
    assert Customer.scan().count() == 1
    with pytest.raises(AbstractModel):
        shop.query(email="ann@x")


def test_a_lone_model_with_composites_reads_all_there_is(library, dynamo_tables):
    words = {"name": "orders", "hash_key": "pk", "range_key": "sk"}
    Order = library.model("Order", words, ORDER, pk=Composite("{email}"), sk=Composite("ORDER#{id}"))
    dynamo_tables(Order)
    item = {"pk": "ann@x", "sk": "FORMER#o1", "email": "ann@x", "id": "o1", "placed": "2024-05-01T12:30:15+00:00"}
    Order.Table.table.put_item(Item=item)
    assert [order.id for order in Order.scan()] == ["o1"]
    assert "FilterExpression" not in Order.query(email="ann@x").explain().request.payload
    assert Order.scan().explain().filters == ()
    assert "Select" in Order.scan()._read.built(count=True).request.payload


def test_a_key_of_plain_fields_may_have_kinds(library, dynamo_tables):
    words = {"name": "people", "hash_key": "email", "discriminator": "kind", "discriminator_value": "person"}
    by_city = index("by-city", ProjectKeys(), hash_key="city", range_key="name")
    Person = library.model("Person", words, CUSTOMER, ByCity=by_city)
    dynamo_tables(Person)
    Person(email="ann@x", name="Ann", city="Oslo").save()
    Person.Table.table.put_item(Item={"email": "bob@x", "kind": "other"})
    assert [found.name for found in Person.scan()] == ["Ann"]
    assert Person.scan().count() == 1
    assert Person.get(email="bob@x") is None
    assert [found.name for found in Person.ByCity.query(city="Oslo")] == ["Ann"]
    assert Person.query(email="bob@x").first() is None
