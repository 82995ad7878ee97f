"""Single items by the parts of their keys, and what instances show of computed keys."""

from __future__ import annotations

import copy
import datetime as dt
import pickle

import pytest

from dynamorm import Composite, DynaModelException, InvalidKey, InvalidSchemaField, Q, ValidationError

from ..libraries import integer, moment, text
from . import pickled
from .shops import day, index, order_key, shop

KEY = {"pk": "CUSTOMER#ann@x", "sk": "ORDER#2024-05-02T12:30:15#o2"}


@pytest.fixture(scope="module")
def shop_models(library):
    return shop(library)


@pytest.fixture
def models(shop_models, dynamo_tables):
    """The models of a shop, with a customer and two of her orders."""
    dynamo_tables(shop_models.Order)
    shop_models.Customer(email="ann@x", name="Ann", city="Oslo").save()
    for number in (2, 3):
        shop_models.Order(**order_key(number), status="open", total=number, place="Oslo").save()
    return shop_models


def strange(Order, **changes):
    """Store an item as other writers may, with what they leave out as ``None``."""
    item = {**KEY, "kind": "order", "status": "open", "total": 2, **changes}
    Order.Table.table.put_item(Item={name: value for name, value in item.items() if value is not None})


# Get.


def test_get_takes_parts_raw_keys_and_both(models):
    Order, parts = models.Order, order_key(2)
    for key in (
        parts,
        KEY,
        {"email": "ann@x", "sk": KEY["sk"]},
        {"pk": KEY["pk"], "placed": day(2), "id": "o2"},
        {**parts, "placed": "2024-05-02T12:30:15+00:00"},
        {**parts, "placed": day(2).astimezone(dt.timezone(dt.timedelta(hours=5)))},
        {**parts, **KEY},
    ):
        assert Order.get(**key).total == 2, key
        assert Order.require(**key).total == 2
        assert Order.exists(**key)
        assert [order.total for order in Order.get_batch([key])] == [2]
    assert Order.get(**order_key(4)) is None
    with pytest.raises(Order.DoesNotExist, match="there is no Order with email="):
        Order.require(**order_key(4))


@pytest.mark.parametrize(
    ("key", "said"),
    [
        (
            {},
            r"no value for email, placed, id: the key of Order is made of email, placed, id; give it by keyword: email",
        ),
        ({"email": "ann@x"}, "no value for placed, id"),
        ({"email": "ann@x", "placed": None, "id": "o2"}, "no value for placed"),
        ({"pk": "CUSTOMER#ann@x"}, "no value for .*placed, id"),
        ({"sk": KEY["sk"]}, "no value for email"),
        ({**order_key(2), "status": "open"}, "status: not part of the key of Order, which is email, placed, id"),
        ({**KEY, "status": "open"}, "status: not part of the key"),
        ({**order_key(2), "kind": "order"}, "kind: not part of the key"),
        ({**KEY, "gsi1pk": "STATUS#open"}, "gsi1pk: not part of the key"),
        ({**KEY, "email": "bob@x"}, r"email='bob@x' contradicts pk='CUSTOMER#ann@x'"),
        ({**KEY, "id": "o3"}, r"id='o3' contradicts sk='ORDER#2024-05-02T12:30:15#o2'"),
        ({"pk": "", "sk": "A"}, "cannot be ''"),
        ({"pk": 5, "sk": "A"}, "is a key of type S, and cannot be 5"),
        ({"pk": "A" * 2_049, "sk": "A"}, "has 2,049 bytes, and DynamoDB takes 2,048"),
        ({"email": "A" * 2_048, "sk": "A"}, "has 2,057 bytes"),
        ({"email": "ann@x", "placed": day(2), "id": "A" * 1_024}, "takes 1,024 at most in this place"),
    ],
)
def test_keys_that_are_not_whole_or_too_much_are_refused(models, sent, key, said):
    for verb in (models.Order.get, models.Order.exists, models.Order.delete_item):
        with pytest.raises(InvalidKey, match=said):
            verb(**key)
    with pytest.raises(InvalidKey, match=said):
        list(models.Order.get_batch([key]))
    assert sent == []


def test_unknown_names_in_keys_are_refused(models, sent):
    with pytest.raises(InvalidSchemaField, match="'emial'; did you mean 'email'"):
        models.Order.get(emial="ann@x", placed=day(2), id="o2")
    assert sent == []


def test_items_of_other_models_are_not_there(models):
    key = {"pk": "CUSTOMER#ann@x", "sk": "PROFILE"}
    assert models.Order.get(**key) is None
    assert not models.Order.exists(**key)
    assert models.Customer.exists(**key)
    with pytest.raises(models.Order.DoesNotExist):
        models.Order.require(**key)
    order = models.Order(**order_key(9))
    order.save()
    models.Order.Table.table.update_item(
        Key={"pk": order.pk, "sk": order.sk},
        UpdateExpression="SET #k = :k",
        ExpressionAttributeNames={"#k": "kind"},
        ExpressionAttributeValues={":k": "Note"},
    )
    with pytest.raises(models.Order.DoesNotExist):
        order.refresh()


# Batches.


def test_batches_take_every_form_of_a_key(models):
    Order = models.Order
    keys = [
        order_key(2),
        ("ann@x", day(3), "o3"),
        KEY,
        Order(**order_key(2)),
        {"pk": "CUSTOMER#ann@x", "sk": "PROFILE"},
        ("ann@x", day(4), "o4"),
    ]
    assert sorted(order.id for order in Order.get_batch(keys)) == ["o2", "o3"]
    found = Order.get_batch(keys, ordered=True)
    assert [order and order.id for order in found] == ["o2", "o3", "o2", "o2", None, None]
    assert [order and order.total for order in Order.get_batch(keys, ordered=True, attrs=["total"])] == [
        2,
        3,
        2,
        2,
        None,
        None,
    ]
    with pytest.raises(InvalidKey, match="the key of Order is email, placed, id"):
        list(Order.get_batch([("ann@x", day(2))]))
    with pytest.raises(InvalidKey, match="the key of Order is email, placed, id"):
        list(Order.get_batch(["ann@x"]))


def test_parts_of_an_item_have_its_key(models):
    found = models.Order.get(**order_key(2), attrs=["total"])
    assert (found.email, found.placed, found.id, found.total, found.status) == ("ann@x", day(2), "o2", 2, None)
    assert (found.pk, found.sk) == (KEY["pk"], KEY["sk"])
    assert found.gsi1pk is None


# What the key alone tells.


def test_what_an_item_does_not_hold_is_read_back_from_its_key(models):
    Order = models.Order
    strange(Order)
    for found in (
        Order.get(**KEY),
        Order.query(email="ann@x", sk=KEY["sk"]).one(),
        next(iter(Order.get_batch([KEY]))),
        models.Shop.get(**KEY),
        Order.scan(status="open", total=2).one(),
    ):
        assert (found.email, found.placed, found.id, found.total) == ("ann@x", day(2), "o2", 2)
        assert found.extra == {}
    found.status = "late"
    found.save()
    assert Order.Table.get(**KEY)["gsi1pk"] == "STATUS#late"
    assert Order.get(**KEY).status == "late"


def test_a_part_that_is_not_told_exactly_is_not_read_back(library, dynamo_tables):
    fields = {"email": text(required=True), "placed": moment(required=True), "note": text()}
    model = library.model(
        "Visit",
        {"name": "visits", "hash_key": "pk", "range_key": "sk"},
        fields,
        pk=Composite("{email!l}"),
        sk=Composite("{placed:%Y-%m-%d}"),
    )
    (visit,) = dynamo_tables(model)
    visit(email="Ann@X", placed=day(2), note="a").save()
    assert visit.get(email="ANN@x", placed=day(2)).email == "Ann@X"
    visit.Table.table.put_item(Item={"pk": "ann@x", "sk": "2024-05-03", "email": "ann@x"})
    with pytest.raises(ValidationError, match="placed"):
        visit.get(pk="ann@x", sk="2024-05-03")
    visit.Table.table.put_item(Item={"pk": "bob@x", "sk": "2024-05-02"})
    with pytest.raises(ValidationError, match="email"):
        visit.get(pk="bob@x", sk="2024-05-02")


# Instances.


def test_instances_show_computed_keys_as_their_values_are_now(models):
    order = models.Order(**order_key(2), status="open", total=7)
    assert (order.pk, order.sk) == (KEY["pk"], KEY["sk"])
    assert (order.gsi1pk, order.gsi1sk) == ("STATUS#open", "000000000007")
    order.status, order.total = "done", 8
    assert (order.gsi1pk, order.gsi1sk) == (None, None)
    order.status = "late"
    assert (order.gsi1pk, order.gsi1sk) == ("STATUS#late", "000000000008")
    assert models.Order(email="ann@x").sk is None


def test_a_composite_cannot_be_assigned_or_deleted(models):
    order = models.Order(**order_key(2))
    with pytest.raises(AttributeError, match=r"Order\.sk is computed from placed, id; assign these, and it follows"):
        order.sk = "A"
    with pytest.raises(AttributeError, match=r"Customer\.sk is computed from nothing; assign nothing to it"):
        models.Customer(email="ann@x").sk = "A"
    with pytest.raises(AttributeError, match="computed"):
        del order.pk
    assert models.Order(**order_key(2), pk="A", gsi1pk="B", kind="C").pk == KEY["pk"]


def test_computed_keys_are_no_values(models):
    order = models.Order.get(**order_key(2))
    values = {"email", "placed", "id", "status", "total", "place"}
    assert order.to_dict().keys() == order.to_dict(native=True).keys() == values
    assert order.extra == {}
    assert order.changes == {}
    order.status = "late"
    assert order.changes.keys() == {"status"}
    assert repr(order) == f"<Order email='ann@x', placed={order.placed!r}, id='o2'>"
    assert models.Order(**order.to_dict()).pk == order.pk


def test_items_that_are_stored_have_them(models):
    stored = models.Order.Table.get(**KEY)
    assert stored == {
        **KEY,
        "kind": "order",
        "gsi1pk": "STATUS#open",
        "gsi1sk": "000000000002",
        "keyspk": "PLACE#Oslo",
        "keyssk": "2024-05-02",
        "email": "ann@x",
        "placed": stored["placed"],
        "id": "o2",
        "status": "open",
        "total": 2,
        "place": "Oslo",
    }
    order = models.Order.get(**KEY)
    assert order.to_item().keys() == stored.keys()
    assert models.Order.from_item(order.to_item()) == order
    order.total = None
    order.save()
    assert "gsi1sk" not in models.Order.Table.get(**KEY)


def test_equality_goes_by_the_key(models):
    first, second = models.Order.get(**KEY), models.Order.get(**order_key(2))
    assert first == second
    assert hash(first) == hash(second)
    assert len({first, second}) == 1
    assert first != models.Order.get(**order_key(3))
    assert first != models.Customer.get(email="ann@x")
    second.status = "late"
    assert first == models.Order.get(**KEY)


def test_copies_and_pickles(library, dynamo_tables):
    dynamo_tables(pickled.Order)
    order = pickled.Order(**order_key(2), status="open", total=2)
    order.save()
    for twin in (copy.copy(order), copy.deepcopy(order), pickle.loads(pickle.dumps(order))):
        assert (twin, twin.pk, twin.gsi1pk, twin.is_dirty) == (order, order.pk, "STATUS#open", False)
        twin.status = "late"
        assert (twin.gsi1pk, order.gsi1pk) == ("STATUS#late", "STATUS#open")


def test_the_class_has_references(models):
    assert repr(models.Order.pk == "A") == "Order.pk.eq('A')"
    assert models.Order.scan(models.Order.gsi1pk.exists()).count() == 2
    assert models.Order.scan(Q(gsi1pk__begins_with="STATUS#")).count() == 2
    assert models.Order.scan(kind="order").count() == 2


def test_from_item_refuses_another_kind(models):
    with pytest.raises(DynaModelException, match="of another kind"):
        models.Order.from_item(models.Customer.get(email="ann@x").to_item())


def test_refresh_and_reads_after_writes(models):
    order = models.Order.get(**KEY)
    models.Order.get(**KEY).update(status="late")
    order.refresh()
    assert (order.status, order.gsi1pk, order.extra) == ("late", "STATUS#late", {})


# Handles.


def test_a_handle_gives_parts(models, sent):
    hers = models.Order.using(given={"email": "ann@x"})
    assert hers.get(placed=day(2), id="o2").total == 2
    assert hers.get(**order_key(2)).total == 2
    assert [order.id for order in hers.query()] == ["o2", "o3"]
    assert [order.id for order in hers.query(placed__gt=day(2))] == ["o3"]
    assert [order.id for order in hers.get_batch([(day(2), "o2"), ("ann@x", day(3), "o3")], ordered=True)] == [
        "o2",
        "o3",
    ]
    assert hers(placed=day(5), id="o5").pk == "CUSTOMER#ann@x"
    assert hers.get(sk=KEY["sk"]).total == 2
    assert hers.get(**KEY).total == 2
    hers(placed=day(5), id="o5", status="open", total=5).save()
    assert hers.exists(placed=day(5), id="o5")
    before = len(sent)
    with pytest.raises(InvalidKey, match="contradicts the handle, which gives email='ann@x'"):
        hers.get(**order_key(2, "bob@x"))
    with pytest.raises(InvalidKey, match="contradicts"):
        hers.get(pk="CUSTOMER#bob@x", sk=KEY["sk"])
    with pytest.raises(InvalidKey, match="contradicts"):
        list(hers.query(email="bob@x"))
    with pytest.raises(InvalidKey, match="status: not part of the key of Order: email, placed, id"):
        models.Order.using(given={"status": "open"})
    assert len(sent) == before


def test_a_handle_has_a_table_of_its_own(models, dynamo_tables):
    here = models.Order.Table.full_name
    there = models.Order.using(table_name=here + "-other", given={"email": "ann@x"})
    there.Table.create_table()
    try:
        there(placed=day(2), id="o2", total=99, status="open").save()
        assert (there.get(placed=day(2), id="o2").total, models.Order.get(**order_key(2)).total) == (99, 2)
        assert [order.total for order in there.ByStatus.query(status="open")] == [99]
        assert models.Order.using(table_name=here).get(**KEY).total == 2
    finally:
        there.Table.delete()


# Other tables.


def test_keys_of_several_fields_joined(library, dynamo_tables):
    fields = {"author": text(required=True), "year": integer(required=True), "title": text(), "pages": integer()}
    shared = index("gsi1")
    by_title = type(
        "ByTitle",
        (shared,),
        {
            "hash_key": Composite(
                "author", "title", merge=lambda author, title: f"{author}/{title}" if title else None
            ),
            "range_key": Composite("pages", merge=lambda pages: pages * 2, type=int),
        },
    )
    model = library.model(
        "Book", {"name": "books", "hash_key": "pk"}, fields, pk=Composite("author", "year", sep="#"), ByTitle=by_title
    )
    (book,) = dynamo_tables(model)
    book(author="Le#Guin", year=1969, title="Left", pages=300).save()
    book(author="Le", year=1970).save()
    assert book.get(author="Le#Guin", year=1969).pk == "Le$0Guin#1969"
    assert book.get(author="Le#Guin", year=1969).gsi1sk == 600
    assert book.get(author="Le", year=1970).gsi1pk is None
    assert [found.year for found in book.ByTitle.query(author="Le#Guin", title="Left")] == [1969]
    assert [found.year for found in book.ByTitle.query(author="Le#Guin", title="Left", pages=300)] == [1969]
    assert [found.year for found in book.ByTitle.query(author="Le#Guin", title="Left", gsi1sk__lte=600)] == [1969]
    assert list(book.ByTitle.query(author="Le#Guin", title="Left", pages=200)) == []
    assert list(book.ByTitle.query(author="Le#Guin", title="Left", pages__gt=200))
    with pytest.raises(InvalidKey):
        list(book.ByTitle.query(author="Le"))


def test_an_item_from_before_there_were_composites(library, dynamo_tables):
    fields = {"email": text(required=True), "name": text(), "city": text()}
    shared = index("gsi1")
    by_city = type("ByCity", (shared,), {"hash_key": Composite("{city}"), "range_key": Composite("{name}")})
    former = library.model("Person", {"name": "people", "hash_key": "email"}, fields)
    latter = library.model(
        "Person", {"name": "people", "hash_key": "email", "discriminator": "kind"}, fields, ByCity=by_city
    )
    dynamo_tables(latter)
    former(email="ann@x", name="Ann", city="Oslo").save()
    assert list(latter.ByCity.query(city="Oslo")) == []
    assert [found.name for found in latter.query(email="ann@x")] == ["Ann"]
    assert latter.scan().count() == len(latter.scan().all()) == 1
    ann = latter.get(email="ann@x")
    ann.save()
    assert latter.ByCity.query(city="Oslo").one() == ann
    assert former.Table.get(email="ann@x")["kind"] == "Person"
